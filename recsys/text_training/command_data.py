"""Command data: the examples of the package, and copies with other subjects and neighbours."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from pathlib import Path

from recsys.dialogue.learned_model import FILE
from recsys.text_training.command_examples import (
    Example,
    example_of,
    joined,
    with_subjects,
    words_of,
)

log = logging.getLogger(__name__)

DATA = FILE.parent
SEED = 0
JOINED = 0.35  # messages of two commands that are put together, as a share of all


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
    return made, origins


def with_pairs(
    made: Sequence[Example], origins: Sequence[int], rng: random.Random
) -> tuple[list[Example], list[int]]:
    """Return examples and origins, and further ones that say two of one command each."""
    made, origins = list(made), list(origins)
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
    "why.title": "why:{x}",
    "around": "around:{x}",
    "undo.x": "undo:{x}",
    "outside": "cannotdo",
    **{f"show.{one}": f"show:{one}" for one in ("more", "profile", "controls")},
}
