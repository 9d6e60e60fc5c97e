"""Carriers: which part of a history carries an item, gathered until it is worth telling.

Each event of a long history gives little; together they may give most. What an author or a topic
of the item holds is told under its name where it is at least half of what the history gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.messages import told
from recsys.ranking import reasons
from recsys.ranking.history import History
from recsys.ranking.query import Reason
from recsys.state.live import LiveState
from recsys.state.names import name_of

HALF = 0.5  # of what a history gives, from which an author or a topic stands for it
SEVERAL = 2  # items of the history at least, for the same
NAMED = 2  # titles in a sentence
LISTED = 10  # items listed with their shares


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a history, and what it gives to one row's score."""

    by: str  # author, topic; empty: all the rest
    name: str  # of the author or topic
    places: Rows  # in the history, what gives most first
    values: Floats  # what each gives

    @property
    def value(self) -> float:
        """What the group gives."""
        return float(self.values.sum())


def groups(live: LiveState, history: History, values: Floats, row: int) -> list[Group]:
    """Return a history's parts of a row's score in groups; together they are all of them."""
    rest = values != 0
    if not rest.any():
        return []
    found = []
    half = HALF * float(np.maximum(values, 0).sum())
    for kind, codes in (("author", live.labels["author"]), ("topic", live.topics)):
        own = rest & (codes[history.rows] == codes[row]) & bool(codes[row] >= 0)
        held = values[own]
        if (held > 0).sum() >= SEVERAL and half > 0 and float(held.sum()) >= half:
            found.append(_group(kind, name_of(live, kind, int(codes[row])), own, values))
            rest &= ~own
            break
    if rest.any():
        found.append(_group("", "", rest, values))
    return found


def _group(by: str, name: str, own: Mask, values: Floats) -> Group:
    places: Rows = np.flatnonzero(own).astype(np.int32)
    places = places[np.argsort(-values[places], kind="stable")]
    return Group(by, name, places, values[places])


def reason(live: LiveState, history: History, group: Group, hidden: Mask | None) -> Reason:
    """Return a group as a reason, its text to be told by `tell`.

    `hidden`: entries of the history that are not to be named, (n,).
    """
    places, values = group.places, group.values
    if hidden is not None:
        places, values = places[~hidden[places]], values[~hidden[places]]
    listed = history.rows[places[:LISTED]].tolist()
    items = tuple(
        (live.item_id(row), float(value)) for row, value in zip(listed, values, strict=False)
    )
    first = items[0][0] if items else None
    among = int((values > 0).sum())
    return Reason(
        "because_you", 0.0, "", first, group.value, items, group.by, group.name, among
    )


def tell(one: Reason, titles: Sequence[str], weights: Sequence[float], language: str) -> str:
    """Return the sentence of a reason of the history; `titles` and `weights` of items to name."""
    if not titles:
        return told(reasons.UNNAMED[one.by], language, name=one.label)
    items = reasons.named(titles, max(one.among - len(titles), 0), language)
    key = reasons.BY.get(one.by, reasons.SENTENCES[one.kind])
    if not one.by and min(weights) >= 1:
        key = reasons.LIKED
    elif not one.by and max(weights) < 0:
        key = reasons.DISLIKED
    return told(key, language, items=items, name=one.label)
