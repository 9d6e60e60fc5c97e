"""Training of the learned model of commands: three linear models over hashed features.

    python -m recsys.text_training.command_training    # writes recsys/dialogue/data/commands.npz

The utterances are those of recsys/dialogue/data/command_utterances_*.tsv, and the sentences of the
intent classifier. Where a message holds several commands, the place at which one ends is not
labelled: it is first guessed by punctuation and joining words, then chosen by the model itself.
"""

from __future__ import annotations

import argparse
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from scipy.sparse import csr_array

from recsys.dialogue.learned_features import (
    boundary_features,
    end_features,
    inner_features,
    pair_features,
    segment_features,
    spans,
    start_features,
)
from recsys.dialogue.learned_model import BAD, FILE, Hashes, LearnedModel, LinearBlock, hashes
from recsys.text_training.command_examples import (
    Example,
    boundary_choices,
    example_of,
    joined,
    window,
    with_boundary,
    with_subjects,
    words_of,
)

log = logging.getLogger(__name__)

DATA = FILE.parent
SEED = 0
JOINED = 0.35  # messages of two commands that are put together, as a share of all
COPIES = 1  # of an utterance with targets, with other targets
LEAST_EXAMPLES = 2  # utterances that hold a feature
SEGMENT_PENALTY = 0.01
BOUNDARY_PENALTY = 0.3
SPAN_PENALTY = 0.3
BAD_PER_EXAMPLE = 1
STEPS = 60
SEGMENT_STEPS = 120  # of the model of segments

Floats64 = NDArray[np.float64]


class Matrix:
    """Rows of hashed features that become a sparse matrix over those of enough examples."""

    def __init__(self) -> None:
        self.rows: list[Hashes] = []
        self.origins: list[int] = []

    def add(self, features: Hashes, origin: int) -> int:
        """Add a row of an example and return its number."""
        self.rows.append(features)
        self.origins.append(origin)
        return len(self.rows) - 1

    def built(self, unit: bool = False, least: int = LEAST_EXAMPLES) -> tuple[csr_array, Hashes]:
        """Return the matrix and its features. `unit`: rows have the length of one feature."""
        sizes = np.array([len(row) for row in self.rows])
        everything = np.concatenate(self.rows)
        origins = np.repeat(np.array(self.origins), sizes)
        pairs = np.unique(everything.astype(np.uint64) << np.uint64(20) | origins.astype(np.uint64))
        names, counts = np.unique(pairs >> np.uint64(20), return_counts=True)
        kept = names[counts >= least].astype(np.uint32)
        columns = np.searchsorted(kept, everything)
        columns[columns == len(kept)] = 0
        known = kept[columns] == everything
        scale = 1 / np.sqrt(np.maximum(sizes, 1)) if unit else np.ones(len(sizes))
        row = np.repeat(np.arange(len(sizes)), sizes)[known]
        values = scale[row].astype(np.float32)
        shape = (len(sizes), len(kept))
        return csr_array((values, (row, columns[known])), shape=shape), kept


def _minimised(
    loss: Callable[[Floats64], tuple[float, Floats64]], size: int, steps: int
) -> Floats64:
    found, _, _ = fmin_l_bfgs_b(loss, np.zeros(size), m=8, maxiter=steps)
    return np.asarray(found)


def _block(features: Hashes, weights: Floats64, bias: Floats64) -> LinearBlock:
    kept = np.abs(weights).max(axis=1) > np.abs(weights).max() / 254
    features, weights = features[kept], weights[kept]
    scale = np.maximum(np.abs(weights).max(axis=0, initial=1e-9), 1e-9) / 127
    return LinearBlock(
        features,
        np.rint(weights / scale).astype(np.int8),
        scale.astype(np.float32),
        bias.astype(np.float32),
    )


def _binary(
    matrix: csr_array, labels: Floats64, penalty: float, steps: int = STEPS
) -> tuple[Floats64, Floats64]:
    """Return (n_features, n_labels) weights and (n_labels,) biases of logistic regressions."""
    count, width = matrix.shape[1], labels.shape[1]

    def loss(flat: Floats64) -> tuple[float, Floats64]:
        weights = flat.reshape(count + 1, width).astype(np.float32)
        scores = matrix @ weights[:-1] + weights[-1]
        value = float((np.logaddexp(0, scores) - labels * scores).sum())
        wrong = 1 / (1 + np.exp(-scores)) - labels
        gradient = np.vstack([matrix.T @ wrong + penalty * weights[:-1], wrong.sum(axis=0)])
        return value + 0.5 * penalty * float((weights[:-1] ** 2).sum()), gradient.ravel().astype(
            np.float64
        )

    made = _minimised(loss, (count + 1) * width, steps).reshape(count + 1, width)
    return made[:-1], made[-1]


def _multinomial(
    matrix: csr_array, labels: NDArray[np.intp], width: int, penalty: float, steps: int = STEPS
) -> tuple[Floats64, Floats64]:
    count = matrix.shape[1]
    places = np.arange(len(labels))

    def loss(flat: Floats64) -> tuple[float, Floats64]:
        weights = flat.reshape(count + 1, width).astype(np.float32)
        scores = matrix @ weights[:-1] + weights[-1]
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        total = chances.sum(axis=1, keepdims=True)
        value = float(np.log(total).sum() - scores[places, labels].sum())
        chances /= total
        chances[places, labels] -= 1
        gradient = np.vstack([matrix.T @ chances + penalty * weights[:-1], chances.sum(axis=0)])
        return value + 0.5 * penalty * float((weights[:-1] ** 2).sum()), gradient.ravel().astype(
            np.float64
        )

    made = _minimised(loss, (count + 1) * width, steps).reshape(count + 1, width)
    return made[:-1], made[-1]


def fit_boundaries(examples: Sequence[Example], origins: Sequence[int]) -> LinearBlock:
    """Return the model of where segments begin."""
    matrix, labels = Matrix(), []
    for example, origin in zip(examples, origins, strict=True):
        begins = {one.first for one in example.commands}
        for at in range(1, len(example.message.tokens)):
            if example.message.tokens[at].is_word:
                matrix.add(hashes(boundary_features(example.message, at)), origin)
                labels.append(at in begins)
    built, features = matrix.built()
    weights, bias = _binary(built, np.array(labels, float)[:, None], BOUNDARY_PENALTY)
    return _block(features, weights, bias)


def fit_segments(
    examples: Sequence[Example], origins: Sequence[int], seed: int = SEED, steps: int = STEPS
) -> tuple[LinearBlock, tuple[str, ...], tuple[str, ...]]:
    """Return the model of what segments ask, its intents and its flags."""
    rng = random.Random(seed)
    matrix, intents, flags = Matrix(), [], []
    for example, origin in zip(examples, origins, strict=True):
        message = example.message
        own = {(one.first, one.end) for one in example.commands}
        for one in example.commands:
            matrix.add(np.unique(hashes(segment_features(message, one.first, one.end))), origin)
            intents.append(one.intent)
            flags.append(one.flags)
        edges = [0, *(one.first for one in example.commands[1:]), len(message.tokens)]
        likely = boundary_choices(message, 1, len(message.tokens) - 1)[:3]
        wrong = [(0, len(message.tokens))] if len(example.commands) > 1 else []
        if likely:
            cut = rng.choice(likely)
            wrong += [
                part
                for first, end in pairwise(edges)
                if first < cut < end
                for part in ((first, cut), (cut, end))
            ]
        for first, end in wrong:
            if (first, end) not in own and end > first:
                matrix.add(np.unique(hashes(segment_features(message, first, end))), origin)
                intents.append(BAD)
                flags.append(frozenset())
    built, features = matrix.built(unit=True)
    names = tuple(sorted(set(intents)))
    labels = np.array([names.index(one) for one in intents])
    weights, bias = _multinomial(built, labels, len(names), SEGMENT_PENALTY, steps)
    counts = Counter(one for part in flags for one in part)
    flag_names = tuple(sorted(name for name, count in counts.items() if count >= 2))
    told = np.array([[name in part for name in flag_names] for part in flags], float)
    of_flags = [place for place, one in enumerate(intents) if one != BAD]
    more, more_bias = _binary(built[of_flags], told[of_flags], SEGMENT_PENALTY, steps)
    both = _block(features, np.hstack([weights, more]), np.r_[bias, more_bias])
    return both, names, flag_names


def fit_spans(
    examples: Sequence[Example], origins: Sequence[int]
) -> tuple[LinearBlock, tuple[str, ...]]:
    """Return the model of targets, and the intents that have one."""
    groups = tuple(sorted({one.intent for e in examples for one in e.commands if one.target}))
    matrix = Matrix()
    starts, stops, lows, highs, pairs, owner, gold, group_of = [], [], [], [], [], [], [], []
    row_group: list[int] = []

    def add(features: Hashes, origin: int, group: int) -> int:
        row_group.append(group)
        return matrix.add(features, origin)

    number = 0
    for example, origin in zip(examples, origins, strict=True):
        message = example.message
        for one in example.commands:
            if one.target is None:
                continue
            choices = spans(message, one.first, one.end)
            if one.target not in choices:
                continue
            group = 1 + groups.index(one.intent)
            first, end = one.first, one.end
            start = {
                at: add(hashes(start_features(message, first, at)), origin, group)
                for at in range(first, end)
            }
            stop = {
                at: add(hashes(end_features(message, end, at)), origin, group)
                for at in range(first + 1, end + 1)
            }
            inner = {
                at: add(hashes(inner_features(message, at)), origin, group)
                for at in range(first, end)
            }
            for left, right in choices:
                starts.append(start[left])
                stops.append(stop[right])
                lows.append(inner[left])
                highs.append(inner[right - 1])
                pairs.append(add(hashes(pair_features(message, left, right)), origin, group))
                owner.append(number)
                gold.append((left, right) == one.target)
            group_of.append(group)
            number += 1
    built, features = matrix.built()
    owner_of, told = np.array(owner), np.array(gold, float)
    row_groups = np.array(row_group)
    rows = np.arange(len(row_groups))
    of = [np.array(part) for part in (starts, stops, pairs)]
    low, high = np.array(lows), np.array(highs)
    first_of = np.searchsorted(owner_of, np.arange(number))
    width = 1 + len(groups)
    transposed = built.T.tocsr()

    def loss(flat: Floats64) -> tuple[float, Floats64]:
        weights = flat.reshape(-1, width).astype(np.float32)
        by_row = built @ weights
        score = (by_row[:, 0] + by_row[rows, row_groups]).astype(np.float64)
        summed = np.concatenate([[0.0], np.cumsum(score)])
        total = sum(score[part] for part in of) + summed[high + 1] - summed[low]
        most = np.maximum.reduceat(total, first_of)
        chances = np.exp(total - most[owner_of])
        sums = np.add.reduceat(chances, first_of)
        value = float((np.log(sums) + most).sum() - total @ told)
        wrong = chances / sums[owner_of] - told
        slope = sum(np.bincount(part, wrong, len(rows)) for part in of)
        change = np.bincount(low, wrong, len(rows) + 1) - np.bincount(
            high + 1, wrong, len(rows) + 1
        )
        slope = slope + np.cumsum(change)[:-1]
        by_group = np.zeros((len(rows), width), np.float32)
        by_group[:, 0] = slope
        by_group[rows, row_groups] = slope
        gradient = transposed @ by_group + SPAN_PENALTY * weights
        return value + 0.5 * SPAN_PENALTY * float((weights**2).sum()), gradient.ravel().astype(
            np.float64
        )

    made = _minimised(loss, built.shape[1] * width, STEPS).reshape(-1, width)
    return _block(features, made, np.zeros(width)), groups


def fit_commands(
    examples: Sequence[Example], sentences: Sequence[Example] = (), seed: int = SEED
) -> LearnedModel:
    """Return the model of examples; boundaries inside them are chosen anew once.

    `sentences`: further examples of one command each, without copies.
    """
    rng = random.Random(seed)
    pools = subject_pools([*examples, *sentences])
    made, origins = augmented(examples, pools, rng, 0)
    block, intents, flags = fit_segments(made, origins, seed)
    empty = LinearBlock(
        np.zeros(1, np.uint32),
        np.zeros((1, 1), np.int8),
        np.ones(1, np.float32),
        np.zeros(1, np.float32),
    )
    boundary = fit_boundaries(made, origins)
    rough = LearnedModel(intents, flags, (), boundary, block, empty)
    examples = [realigned(one, rough) for one in examples]
    made, origins = augmented([*examples, *sentences], pools, rng, COPIES, len(examples))
    log.info("%d messages of %d examples", len(made), len(examples))
    block, intents, flags = fit_segments(made, origins, seed, SEGMENT_STEPS)
    log.info("segments: %s", block.weights.shape)
    span, groups = fit_spans(made, origins)
    log.info("targets: %s", span.weights.shape)
    return LearnedModel(intents, flags, groups, fit_boundaries(made, origins), block, span)


def realigned(example: Example, model: LearnedModel) -> Example:
    """Return an example with the boundaries that a model finds likeliest, given its intents."""
    for number in range(1, len(example.commands)):
        low, high = window(example, number)
        begins = model.boundaries(example.message)
        best, chosen = -np.inf, None
        before, own = example.commands[number - 1], example.commands[number]
        for at in boundary_choices(example.message, low, high):
            left = model.intents_of(example.message, before.first, at)
            right = model.intents_of(example.message, at, own.end)
            score = (
                float(np.log(begins[at] + 1e-9))
                + float(left[model.intents.index(before.intent)])
                + float(right[model.intents.index(own.intent)])
            )
            if score > best:
                best, chosen = score, at
        if chosen is not None:
            example = with_boundary(example, number, chosen)
    return example


def subject_pools(
    examples: Sequence[Example],
) -> dict[tuple[bool, bool], list[str]]:
    """Return the subjects of examples by language (Chinese or not) and whether they are titles."""
    pools: dict[tuple[bool, bool], set[str]] = {}
    for example in examples:
        for one in example.commands:
            words = words_of(example, one)
            if words and "<" not in words:
                title = one.intent in ("like", "why.title")
                pools.setdefault((example.message.han, title), set()).add(
                    words if title else words.lower()
                )
    return {key: sorted(words) for key, words in pools.items()}


def augmented(
    examples: Sequence[Example],
    pools: dict[tuple[bool, bool], list[str]],
    rng: random.Random,
    copies: int,
    copied: int | None = None,
) -> tuple[list[Example], list[int]]:
    """Return examples with copies that have other targets, and which example each is of.

    `copied`: so many of the first examples are copied; None: all.
    """
    made, origins = [], []
    for origin, example in enumerate(examples):
        made.append(example)
        origins.append(origin)
        title = any(one.intent in ("like", "why.title") for one in example.commands)
        pool = pools.get((example.message.han, title)) or pools.get((example.message.han, False))
        for _ in range(copies if pool and (copied is None or origin < copied) else 0):
            other = with_subjects(example, pool or [], rng)
            if other is not None:
                made.append(other)
                origins.append(origin)
    if not copies:
        return made, origins
    single = [place for place, one in enumerate(made) if len(one.commands) == 1]
    for number in range(int(JOINED * len(made)) if single else 0):
        first, second = rng.choice(single), rng.choice(single)
        both = joined(made[first], made[second], rng)
        if both is not None:
            made.append(both)
            origins.append(origins[second if number % 2 else first])
    return made, origins


def read_examples(paths: Sequence[Path]) -> list[Example]:
    """Return the examples of tables of utterances; those that cannot be placed are left out."""
    found = []
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            expected, _, text = line.partition("\t")
            example, why = example_of(expected, text)
            if example is None:
                log.info("%s: %s: %s", path.name, why, text)
            else:
                found.append(example)
    return found


def template_examples(paths: Sequence[Path], seed: int = SEED) -> list[Example]:
    """Return the examples of tables of sentences in which {x} stands for a subject."""
    rng = random.Random(seed)
    subjects = {
        language: [one.strip() for one in words.split(";")]
        for language, words in _rows(DATA / "training_subjects.tsv")
    }
    found = []
    for path in paths:
        for intent, language, sentences in _rows(path):
            for sentence in map(str.strip, sentences.split(";")):
                subject = rng.choice(subjects[language])
                expected = TEMPLATE_INTENTS.get(intent, intent).replace("{x}", subject)
                if "{x}" not in sentence and "{x}" in TEMPLATE_INTENTS.get(intent, ""):
                    continue
                example, _ = example_of(expected, sentence.replace("{x}", subject))
                if example is not None:
                    found.append(example)
    return found


def _rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


TEMPLATES = ("training_utterances.tsv", "command_frames.tsv")
TEMPLATE_INTENTS = {
    **{f"steer.{one}": f"steer:{one}:{{x}}" for one in ("more", "less", "mute", "only", "forget")},
    **{f"lasting.{one}": f"steer:{one}!:{{x}}" for one in ("more", "less", "mute", "only")},
    "find": "find:{x}",
    "like": "find~{x}",
    "why": "why:this",
    "around": "around:{x}",
    "undo.x": "undo:{x}",
    "outside": "cannotdo",
    **{f"show.{one}": f"show:{one}" for one in ("more", "profile", "controls")},
}


def trained(folder: Path = DATA) -> LearnedModel:
    """Return the model of the utterances and sentences of the package."""
    examples = read_examples(sorted(folder.glob("command_utterances_*.tsv")))
    return fit_commands(examples, template_examples([folder / name for name in TEMPLATES]))


def main() -> None:
    """Write the model of the package."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = trained()
    np.savez_compressed(FILE, **model.arrays())  # type: ignore[arg-type]
    log.info("%s: %s", FILE, ", ".join(model.intents))


if __name__ == "__main__":
    main()
