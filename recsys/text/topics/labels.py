"""Topic labels: selection of the name of each topic, or none.

A name covers a good part of the topic's texts and is specific to it: most texts that carry it
belong to the topic. It is a tag or category, a noun or noun phrase of the texts, or two of these.
Where nothing qualifies, the topic has no name, and titles of its items stand for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from recsys.array_types import Rows
from recsys.text.topics.label_candidates import Term, terms
from recsys.text.topics.model import Topics

LONGEST = 40  # characters of a tag or category
SPELLED = 2_000  # texts that are searched for the spelling of a slug
_PRESENTABLE = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’&/-])+")  # no codes: digits, dots, underscores
_AND = {"en": " and ", "de": " und ", "fr": " et ", "es": " y ", "it": " e ", "pt": " e "}
_AND |= {"nl": " en ", "sv": " och ", "da": " og ", "no": " og ", "pl": " i ", "cs": " a "}


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """Thresholds of a name; RESULTS has the judged names they were chosen on."""

    covered: float = 0.25  # share of the topic's texts that a single term must stand in
    together: float = 0.18  # the same for two terms together
    each: float = 0.07  # the same for each of two
    marked: float = 0.5  # the same for a tag or category, which users gave on purpose
    covered_han: float = 0.18  # the same three of Chinese terms, whose texts are often titles
    together_han: float = 0.16
    each_han: float = 0.05
    shared: int = 2  # texts that have both of two terms
    specific: float = 0.5  # more than this share of all texts with a name belong to the topic
    specific_each: float = 0.6  # the same for each of two terms
    joint: float = 0.16  # cover times specificity: enough for any name, needed for a Chinese one
    spread: float = 0.6  # share of the topic's texts from which a less specific name is enough
    lift: float = 2.5  # times that such a name is more frequent in the topic than elsewhere
    fewest: int = 5  # texts of the topic that carry it


@dataclass(frozen=True, slots=True)
class _Mark:
    """A tag or category as the name of a topic."""

    name: str
    topic: int
    cover: float  # share of the topic's texts that have it
    specific: float  # share of all texts with it that belong to the topic

    @classmethod
    def of(cls, name: str, topic: int, counts: Counter[int], sizes: Rows, total: int) -> _Mark:
        """Return the mark for one topic; `counts`: texts that have it, by topic."""
        held = counts[topic]
        return cls(name, topic, held / int(sizes[topic]), held / total)


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
    found, languages, read = terms(
        texts, members, count, config.fewest, config.each, config.each_han
    )
    sizes = np.bincount(members[read], minlength=count)
    given = {mark.casefold() for own in marks for mark in own}
    best = [""] * count
    for one in sorted(_marks(marks, members, count, config), key=lambda m: m.cover * m.specific):
        if languages[one.topic] != "zh" or _han(one.name):
            best[one.topic] = _presentable(one.name, texts)
    for topic, own in enumerate(found):
        if not best[topic]:
            kept = [term for term in own if term.name.casefold() not in given]
            best[topic] = _name(
                kept, int(sizes[topic]), len(read), members, languages[topic], config
            )
    return tuple(best)


def _marks(
    marks: Sequence[Sequence[str]], members: Rows, count: int, config: LabelConfig
) -> list[_Mark]:
    sizes = np.bincount(members[members >= 0], minlength=count).astype(np.int32)
    rows_of: dict[str, dict[int, None]] = {}
    for row, own in enumerate(marks):
        for mark in own:
            if _PRESENTABLE.fullmatch(mark.replace("_", "-")) and len(mark) <= LONGEST:
                rows_of.setdefault(mark, {})[row] = None
    found = []
    for mark, rows in rows_of.items():
        counts = Counter(members[list(rows)].tolist())
        counts.pop(-1, None)
        if not counts:
            continue
        most = _Mark.of(mark, counts.most_common(1)[0][0], counts, sizes, len(rows))
        densest = max(counts, key=lambda topic: counts[topic] / sizes[topic])
        other = _Mark.of(mark, densest, counts, sizes, len(rows))
        lift = other.cover * len(members) / len(rows)
        if most.specific > config.specific and most.cover >= config.marked:
            kept = most
        elif other.cover >= config.spread and lift > config.lift:
            kept = other
        else:
            continue
        if counts[kept.topic] >= config.fewest:
            found.append(kept)
    return found


def _presentable(mark: str, texts: Sequence[str]) -> str:
    """Return a tag as a name: the words of a slug apart, unless texts write it with hyphens."""
    parts = re.split("[-_]", mark)
    if len(parts) == 1 or mark != mark.lower() or not all(map(str.isalpha, parts)):
        return mark
    step = max(len(texts) // SPELLED, 1)
    some = texts[::step][:SPELLED]
    if "_" not in mark and sum(mark in text.lower() for text in some) > 1:
        return mark
    return " ".join(_spelled(word, some) for word in parts)


def _spelled(word: str, texts: Sequence[str]) -> str:
    """Return a word as texts write it most often; as it is where none has it."""
    pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    found = Counter(one for text in texts for one in pattern.findall(text))
    return found.most_common(1)[0][0] if found else word


def _name(
    found: Sequence[Term],
    size: int,
    n_texts: int,
    members: Rows,
    language: str,
    config: LabelConfig,
) -> str:
    """Return the best single term, else the best two terms, else nothing."""
    single = [
        (one.held / len(one.rows) * one.held, one.name)
        for one in found
        if _alone(one, size, n_texts, config)
    ]
    if single:
        return max(single)[1]
    pairs = []
    several = [one for one in found if one.held >= config.specific_each * len(one.rows)]
    for first, second in combinations(several, 2):
        both = len(first.rows & second.rows)
        if both < config.shared or _alike(first.name, second.name):
            continue
        rows = first.rows | second.rows
        held = sum(members[row] == first.topic for row in rows)
        least = config.together_han if first.han and second.han else config.together
        if held >= least * size:
            ordered = sorted((first, second), key=lambda one: (-one.held, one.name))
            pairs.append((held * held / len(rows), ordered))
    if not pairs:
        return ""
    _, best = max(pairs, key=lambda pair: pair[0])
    joint = "、" if all(one.han for one in best) else _AND.get(language, " & ")
    return joint.join(one.name for one in best)


def _alone(term: Term, size: int, n_texts: int, config: LabelConfig) -> bool:
    """Return whether a term may name its topic of `size` texts, of `n_texts` in all, by itself."""
    cover, usual = term.held / size, len(term.rows) / n_texts
    least = config.covered_han if term.han else config.covered
    specific = term.held / len(term.rows)
    joint = cover * specific >= config.joint
    if cover >= least and (joint or (specific > config.specific and not term.han)):
        return True
    return cover >= config.spread and cover > config.lift * usual


def _alike(one: str, other: str) -> bool:
    """Return whether two terms are forms of one word, share a Han sign, or hold one another."""
    first, second = sorted((one.casefold(), other.casefold()), key=len)
    if first in second or set(first.split()) & set(second.split()):
        return True
    if _han(first) and set(first) & set(second):
        return True
    start = max(len(first) - 2, 3)
    return first[:start] == second[:start]


def _han(text: str) -> bool:
    return any("\u3400" <= sign <= "\u9fff" for sign in text)
