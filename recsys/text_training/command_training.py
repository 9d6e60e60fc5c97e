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
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.array_types import Floats
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
from recsys.dialogue.message_tokens import (
    LONGEST_NOUN,
    NOUNS_FILE,
    TokenizedMessage,
    hashes_of_nouns,
)
from recsys.dialogue.pattern_readings import pattern_reading
from recsys.text.language.nouns import chinese_nouns
from recsys.text_training.command_data import (
    DATA,
    SEED,
    TEMPLATES,
    augmented,
    read_examples,
    subject_pools,
    template_examples,
    with_pairs,
)
from recsys.text_training.command_examples import (
    Example,
    boundary_choices,
    window,
    with_boundary,
)
from recsys.text_training.hashed_regression import (
    Floats64,
    Matrix,
    logistic,
    minimised,
    quantised,
    stochastic,
)

log = logging.getLogger(__name__)

COPIES = 1  # of an utterance with targets, with other targets
BOUNDARY_PENALTY = 0.3
SPAN_PENALTY = 0.3
SPAN_STEPS = 50
MOST_CHOICES = 6  # boundaries that are tried when they are chosen anew


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
    weights, bias = logistic(built, np.array(labels, float)[:, None], BOUNDARY_PENALTY)
    return quantised(features, weights, bias)


def _of_segment(message: TokenizedMessage, first: int, end: int) -> Hashes:
    reading = pattern_reading(message, first, end)
    return np.unique(hashes(segment_features(message, first, end, reading)))


def fit_segments(
    examples: Sequence[Example], origins: Sequence[int], seed: int = SEED
) -> tuple[LinearBlock, tuple[str, ...], tuple[str, ...]]:
    """Return the model of what segments ask, its intents and its flags."""
    rng = random.Random(seed)
    matrix, intents, flags = Matrix(), [], []
    for example, origin in zip(examples, origins, strict=True):
        message = example.message
        own = {(one.first, one.end) for one in example.commands}
        for one in example.commands:
            matrix.add(_of_segment(message, one.first, one.end), origin)
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
                matrix.add(_of_segment(message, first, end), origin)
                intents.append(BAD)
                flags.append(frozenset())
    built, features = matrix.built(unit=True)
    names = tuple(sorted(set(intents)))
    labels = np.array([names.index(one) for one in intents])
    counts = Counter(one for part in flags for one in part)
    flag_names = tuple(sorted(name for name, count in counts.items() if count >= 2))
    marked = np.array([[name in part for name in flag_names] for part in flags], np.float32)
    told = labels != names.index(BAD) if BAD in names else np.ones(len(labels), bool)
    weights, bias = stochastic(built, labels, len(names), marked, told, seed)
    log.info("segments: %s of %d", weights.shape, len(labels))
    return quantised(features, weights, bias), names, flag_names


def _by_group(matrix: csr_array, groups: NDArray[np.intp], width: int) -> csr_array:
    """Return rows with each feature twice: for all groups, and for the group of the row."""
    own = np.repeat(groups, np.diff(matrix.indptr))
    first = matrix.indices.astype(np.int64) * width
    indices = np.column_stack([first, first + own]).ravel()
    shape = (matrix.shape[0], matrix.shape[1] * width)
    return csr_array((np.repeat(matrix.data, 2), indices, matrix.indptr * 2), shape=shape)


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
            reading = pattern_reading(message, first, end)
            start = {
                at: add(hashes(start_features(message, first, at, reading)), origin, group)
                for at in range(first, end)
            }
            stop = {
                at: add(hashes(end_features(message, end, at, reading)), origin, group)
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
                pair = hashes(pair_features(message, left, right, reading))
                pairs.append(add(pair, origin, group))
                owner.append(number)
                gold.append((left, right) == one.target)
            group_of.append(group)
            number += 1
    built, features = matrix.built()
    owner_of, told = np.array(owner), np.array(gold, float)
    width = 1 + len(groups)
    expanded = _by_group(built, np.array(row_group), width)
    transposed = expanded.T.tocsr()
    rows = expanded.shape[0]
    of = [np.array(part) for part in (starts, stops, pairs)]
    low, high = np.array(lows), np.array(highs)
    first_of = np.searchsorted(owner_of, np.arange(number))

    def loss(flat: Floats64) -> tuple[float, Floats64]:
        score = (expanded @ flat.astype(np.float32)).astype(np.float64)
        summed = np.concatenate([[0.0], np.cumsum(score)])
        total = sum(score[part] for part in of) + summed[high + 1] - summed[low]
        most = np.maximum.reduceat(total, first_of)
        chances = np.exp(total - most[owner_of])
        sums = np.add.reduceat(chances, first_of)
        value = float((np.log(sums) + most).sum() - total @ told)
        wrong = chances / sums[owner_of] - told
        slope = sum(np.bincount(part, wrong, rows) for part in of)
        change = np.bincount(low, wrong, rows + 1) - np.bincount(high + 1, wrong, rows + 1)
        slope = (slope + np.cumsum(change)[:-1]).astype(np.float32)
        gradient = transposed @ slope + SPAN_PENALTY * flat
        return value + 0.5 * SPAN_PENALTY * float((flat**2).sum()), gradient

    made = minimised(loss, built.shape[1] * width, SPAN_STEPS).reshape(-1, width)
    return quantised(features, made, np.zeros(width)), groups


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
    span, groups = fit_spans(made, origins)
    log.info("targets: %s", span.weights.shape)
    made, origins = with_pairs(made, origins, rng)
    log.info("%d messages of %d examples", len(made), len(examples))
    block, intents, flags = fit_segments(made, origins, seed)
    return LearnedModel(intents, flags, groups, fit_boundaries(made, origins), block, span)


def realigned(example: Example, model: LearnedModel) -> Example:
    """Return an example with the boundaries that a model finds likeliest, given its intents."""
    for number in range(1, len(example.commands)):
        low, high = window(example, number)
        begins = model.boundaries(example.message)
        best, chosen = -np.inf, None
        before, own = example.commands[number - 1], example.commands[number]
        choices = boundary_choices(example.message, low, high)
        for at in sorted(choices, key=lambda one: -begins[one])[:MOST_CHOICES]:
            left = _logs(model, example.message, before.first, at)
            right = _logs(model, example.message, at, own.end)
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


def _logs(model: LearnedModel, message: TokenizedMessage, first: int, end: int) -> Floats:
    return model.intents_of(message, first, end, pattern_reading(message, first, end))


def trained(folder: Path = DATA) -> LearnedModel:
    """Return the model of the utterances and sentences of the package."""
    examples = read_examples(sorted(folder.glob("command_utterances_*.tsv")))
    return fit_commands(examples, template_examples([folder / name for name in TEMPLATES]))


def main() -> None:
    """Write the model of the package, and the nouns that it knows."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    nouns = (noun for signs in range(2, LONGEST_NOUN + 1) for noun in chinese_nouns(signs))
    np.savez_compressed(NOUNS_FILE, nouns=hashes_of_nouns(nouns))
    model = trained()
    np.savez_compressed(FILE, **model.arrays())  # type: ignore[arg-type]
    log.info("%s: %s", FILE, ", ".join(model.intents))


if __name__ == "__main__":
    main()
