"""Steering: what people decided about their own lists, as masks and bounded parts of scores."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.data.controls import Control
from recsys.ranking.lists import near_words
from recsys.ranking.query import Filters, Interaction
from recsys.ranking.rules import allowed
from recsys.ranking.scoring import neighbour_sums, reach_of, words_of
from recsys.ranking.stand_ins import stand_ins
from recsys.ranking.standing import BLOCK, Table
from recsys.state.live import LiveState

NUDGE = 1.5  # what one boost adds, in standard deviations of the scores
MOST = 3.0  # what all of a person's boosts add to one item, at most, either way
COUNTED = 100  # latest boosts and lowerings that count
LIKENESSES = 20  # of them, those of items: each costs a look at the whole catalogue
NEAREST = 1_000  # items that an index is asked for, which are like one by their words
ALIKE = 0.1  # likeness below which a boost of an item does not reach another
FOLLOW = "follow"  # action of the one control that stands for all follows
FOLLOWED = 0.5  # what following an author adds, in boosts
NEAR_AMONG = 5_000  # labels that a misspelt one is compared with
_SIGNS = {"boost": 1.0, "less": -1.0}


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of one control the rows get that it reaches."""

    control: Control
    rows: Rows  # ascending
    strengths: Floats  # -1..1

    def at(self, row: int) -> float:
        """Return what a row gets, 0 where the control does not reach."""
        place = int(np.searchsorted(self.rows, row))
        there = place < len(self.rows) and self.rows[place] == row
        return float(self.strengths[place]) if there else 0.0


@dataclass(frozen=True, slots=True)
class Nudges:
    """What a person's boosts and lowerings add to scores."""

    reaches: tuple[Reach, ...]
    total: Floats  # (size,): strengths of all, bounded
    unit: float  # of score, per strength
    followed: Mapping[int, str]  # authors whom the person follows, by code

    @classmethod
    def of(
        cls,
        live: LiveState,
        controls: Sequence[Control],
        spread: float,
        size: int,
        out: Mask | None = None,
        follows: Sequence[str] = (),
    ) -> Nudges | None:
        """Weigh the controls in force; None without any. `spread`: deviation of the scores.

        `out`: what is muted, which is not to be named; so to boost it does nothing. `follows`:
        authors; what a control says of an author counts instead of that they are followed.
        """
        active = [c for c in controls if c.action in _SIGNS][-COUNTED:]
        items = [c for c in active if c.kind == "item"]
        if out is not None:
            items = [c for c in items if not _within(live.row(c.value), out)]
        items = items[-LIKENESSES:]
        reaches = tuple(_reach(live, c, size) for c in active if c.kind != "item" or c in items)
        decided = {c.value for c in active if c.kind == "author"}
        found = {live.code("author", name): name for name in follows if name not in decided}
        followed = {code: name for code, name in found.items() if code >= 0}
        if followed:
            reaches += (_follow_reach(live, followed, size),)
        total = np.zeros(size, np.float32)
        for one in reaches:
            total[one.rows] += one.strengths
        bound = np.float32(MOST / NUDGE)
        if not reaches:
            return None
        return cls(reaches, np.clip(total, -bound, bound), NUDGE * spread, followed)

    def scores(self, rows: Rows) -> Floats:
        """Return what is added to the score of rows, (n,)."""
        return np.asarray(np.float32(self.unit) * self.total[rows], np.float32)

    def bounds(self, table: Table) -> Floats:
        """Return the most that a row of each block gains, (blocks,)."""
        most = np.zeros(table.low.shape[1], np.float32)
        for one in self.reaches:
            rows = one.rows[one.rows < table.size]
            np.maximum.at(most, table.place[rows] // BLOCK, self.scores(rows))
        return most

    def parts(self, row: int) -> list[tuple[Control, float]]:
        """Return what each control adds to a row; together they are its `scores`."""
        found = [(one.control, one.at(row)) for one in self.reaches]
        added = sum(strength for _, strength in found)
        scale = self.unit * float(self.total[row]) / added if added else 0.0
        return [(control, scale * strength) for control, strength in found if strength]


def name_of(live: LiveState, control: Control) -> str:
    """Return what to call the label that a control is about."""
    topics = live.model.topics
    if control.kind != "topic" or topics is None:
        return control.value
    number = _number(control.value)
    if number in topics.ids:
        return topics.name(topics.ids.index(number))
    if number in topics.parent_ids:
        return topics.parent_name(topics.parent_ids.index(number))
    return control.value


def _number(text: str) -> int:
    """Return a topic's number, -1 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() else -1


def _reach(live: LiveState, control: Control, size: int) -> Reach:
    if control.kind == "item":
        values = likeness(live, live.row(control.value), size)
    else:
        values = carrying(live, control, size).astype(np.float32)
    rows: Rows = np.flatnonzero(values >= ALIKE).astype(np.int32)
    return Reach(control, rows, np.float32(_SIGNS[control.action]) * values[rows])


def _follow_reach(live: LiveState, followed: Mapping[int, str], size: int) -> Reach:
    """Return the reach of all follows: one look at the catalogue, however many they are."""
    rows = np.flatnonzero(np.isin(live.labels["author"][:size], list(followed)))
    strengths = np.full(len(rows), FOLLOWED, np.float32)
    return Reach(Control(0, FOLLOW, "author", "", 0.0), rows.astype(np.int32), strengths)


def likeness(live: LiveState, row: int, size: int) -> Floats:
    """Return how like an item every row is, 0 to 1: by its readers or by words, what says more.

    Where an index knows the words, only the NEAREST count for like it by these.
    """
    if not 0 <= row < size:
        return np.zeros(size, np.float32)
    one: Rows = np.array([row], np.int32)
    standing = stand_ins(live, one)
    reach = reach_of(live, standing)
    near = np.maximum(neighbour_sums(live, standing, standing.weights, reach)[:size], 0)
    near = near / max(float(near.max(initial=0)), 1e-30)
    words = near_words(live, words_of(live, one)[0], NEAREST)[:size]
    found = np.maximum(near, np.clip(words, 0, 1))
    found[row] = 1.0
    return np.asarray(found, np.float32)


def carrying(live: LiveState, control: Control, size: int) -> Mask:
    """Return which rows a control is about; none for a label that nothing carries."""
    mask = np.zeros(size, bool)
    if control.kind == "everything":
        mask[:] = True
    elif control.kind == "item":
        row = live.row(control.value)
        mask[[row] if 0 <= row < size else []] = True
    elif control.kind == "words":
        rows = live.phrases.rows([control.value])
        mask[rows[: np.searchsorted(rows, size)]] = True
    elif control.kind in ("topic", "tag"):
        mask = allowed(live, _carriers(control), 0.0, unlisted=True)[:size]
    else:
        mask = np.isin(live.labels[control.kind][:size], live.codes(control.kind, control.value))
    return mask


def _carriers(control: Control) -> Filters:
    if control.kind == "tag":
        return Filters(tags=frozenset({control.value}))
    return Filters(topic=frozenset({_number(control.value)}))


def muted(live: LiveState, controls: Sequence[Control], size: int) -> Mask | None:
    """Return which rows a person never wants to see; None where nothing is muted."""
    mutes = [one for one in controls if one.action == "mute"]
    if not mutes:
        return None
    mask = np.zeros(size, bool)
    tags = frozenset(one.value for one in mutes if one.kind == "tag")
    if tags:  # all at once: a look at the tags of the whole catalogue costs most
        mask |= allowed(live, Filters(tags=tags), 0.0, unlisted=True)[:size]
    words = [one.value for one in mutes if one.kind == "words"]
    if words:
        rows = live.phrases.rows(words)
        mask[rows[: np.searchsorted(rows, size)]] = True
    for one in mutes:
        if one.kind not in ("tag", "words"):
            mask |= carrying(live, one, size)
    return mask


def remembered(
    live: LiveState, interactions: Sequence[Interaction], controls: Sequence[Control]
) -> tuple[Interaction, ...]:
    """Return the events that still count: without those that a person wants forgotten.

    To forget concerns what was done before it was asked; so do events without a time.
    """
    kept = tuple(interactions)
    for one in controls:
        if one.action == "forget":
            mask = carrying(live, one, live.size)
            kept = tuple(
                each
                for each in kept
                if (each.timestamp is not None and each.timestamp > one.at)
                or not _within(live.row(each.item_id), mask)
            )
    return kept


def unknown_label(live: LiveState, kind: str, value: str) -> str:
    """Return what to tell of a label that no item has, with the nearest there are; "" if one has.

    `kind`: topic, author, category, tag, language, entity, words or item.
    """
    known: Iterable[str] = ()
    if kind == "topic":
        topics = live.model.topics
        if topics is not None and _number(value) in topics.rows:
            return ""
        known = [] if topics is None else map(str, topics.rows)
    elif kind == "item":
        if live.row(value) >= 0:
            return ""
    elif kind == "entity":
        if live.mentions.code(value) >= 0:
            return ""
    elif kind == "words":
        if len(live.phrases.rows([value])):
            return ""
    else:
        if live.codes(kind, value):
            return ""
        known = itertools.islice(live.spelt(kind), NEAR_AMONG)
    near = get_close_matches(value, list(known), 2, 0.6)
    return f"no item has {kind} {value!r}" + (f"; is {' or '.join(near)} meant?" if near else "")


def _within(row: int, mask: Mask) -> bool:
    return 0 <= row < len(mask) and bool(mask[row])
