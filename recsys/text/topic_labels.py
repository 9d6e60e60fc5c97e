"""Topic labels: the one word, phrase, tag or category that names a topic, or none.

A label covers a good part of the topic's texts and is at home there: most texts that carry it
belong to the topic. Where nothing does, the topic has no label, and titles of its items stand for
it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.arrays import Rows
from recsys.text import topic_words
from recsys.text.entity_marks import pieces
from recsys.text.han_phrases import han_phrases
from recsys.text.topics import Topics

HAN_LONGEST = 6  # signs of a Chinese phrase
LONGEST = 40  # characters of a tag or category
_PRESENTABLE = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’&/-])+")  # no codes: digits, dots, underscores
BLOCK = 20_000  # texts that Chinese phrases are sought in


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """What makes a label; see the tests for how the thresholds were read."""

    covered: float = 0.3  # share of the topic's texts that a word must stand in
    marked: float = 0.5  # the same for a tag or category, which people gave on purpose
    home: float = 0.5  # more than this share of all texts with a label must belong to the topic
    fewest: int = 5  # texts of the topic that carry it
    shortest: int = 4  # letters of a word


def with_labels(topics: Topics, texts: Sequence[str], marks: Sequence[Sequence[str]]) -> Topics:
    """Return topics with the labels of both levels; arguments as in `labels`."""
    upper = np.where(topics.items >= 0, topics.parents[topics.items], -1).astype(np.int32)
    return replace(
        topics,
        labels=labels(texts, marks, topics.items, len(topics)),
        parent_labels=labels(texts, marks, upper, len(topics.parent_ids)),
    )


def labels(
    texts: Sequence[str],
    marks: Sequence[Sequence[str]],
    members: Rows,
    count: int,
    config: LabelConfig = LabelConfig(),
) -> tuple[str, ...]:
    """Return the label of each of `count` topics, empty for none.

    `texts`: titles and texts, without tags; `marks`: tags and category of each text; `members`:
    the topic of each text, -1: none.
    """
    sizes = np.bincount(members[members >= 0], minlength=count)
    best: list[tuple[bool, float, str]] = [(False, 0.0, "")] * count
    given = {mark.casefold() for own in marks for mark in own}
    for least, candidates in (
        (config.marked, _marks(marks)),
        (config.covered, _words(texts, config.shortest, given)),
        (config.covered, _phrases(texts)),
    ):
        for name, rows in candidates:
            found = Counter(members[list(rows)].tolist())
            found.pop(-1, None)
            if not found:
                continue
            topic, held = found.most_common(1)[0]
            cover, home = held / max(int(sizes[topic]), 1), held / len(rows)
            if held >= config.fewest and cover >= least and home > config.home:
                given_on_purpose = least == config.marked
                best[topic] = max(best[topic], (given_on_purpose, cover * home, name))
    return tuple(name for *_, name in best)


def _gathered(found: Iterator[tuple[str, int]]) -> Iterator[tuple[str, list[int]]]:
    rows: dict[str, dict[int, None]] = {}
    for name, row in found:
        rows.setdefault(name, {})[row] = None
    for name, own in rows.items():
        yield name, list(own)


def _marks(marks: Sequence[Sequence[str]]) -> Iterator[tuple[str, list[int]]]:
    return _gathered(
        (mark, row)
        for row, own in enumerate(marks)
        for mark in own
        if _PRESENTABLE.fullmatch(mark) and len(mark) <= LONGEST
    )


def _words(
    texts: Sequence[str], shortest: int, given: Collection[str]
) -> Iterator[tuple[str, list[int]]]:
    return _gathered(
        (word, row)
        for row, text in enumerate(texts)
        for word in topic_words.words(text)
        if len(word) >= shortest and word.isalpha() and not _han(word) and word not in given
    )


def _phrases(texts: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield Chinese words and phrases with their texts: whole, never halves of words."""
    some = [(row, text) for row, text in enumerate(texts) if any(map(_han, text))][:BLOCK]
    cut = [pieces(text) for _, text in some]
    known = {name for name, _ in han_phrases(cut, 5, HAN_LONGEST)}
    return _gathered(
        (run[at : at + length], row)
        for (row, _), one in zip(some, cut, strict=True)
        for run in one.runs
        for length in range(2, HAN_LONGEST + 1)
        for at in range(len(run) - length + 1)
        if run[at : at + length] in known
    )


def _han(text: str) -> bool:
    return any("\u3400" <= sign <= "\u9fff" for sign in text)
