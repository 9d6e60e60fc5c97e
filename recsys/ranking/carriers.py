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
TELLING = 0.05  # of what a group gives, below which an item is neither named nor counted
LISTED = 10  # items listed with their shares


@dataclass(frozen=True, slots=True)
class Carriers:
    """What a history gives to the scores of some rows, in groups; entry by entry, as lists.

    Plain lists: a page has twenty rows of a few dozen entries, where each call of NumPy costs more
    than the loop it saves.
    """

    live: LiveState
    rows: Sequence[int]  # of the history
    hidden: Sequence[bool]  # entries that are not to be named
    given: Sequence[Sequence[float]]  # per row, by each entry
    order: Sequence[Sequence[int]]  # per row, the entry that gives most first
    by: Sequence[str]  # per row: author, topic; empty: neither stands for half
    own: Sequence[Sequence[bool]]  # per row, the entries of that author or topic
    codes: Sequence[int]  # per row, of that author or topic

    @classmethod
    def of(
        cls, live: LiveState, history: History, rows: Rows, given: Floats, muted: Mask | None
    ) -> Carriers:
        """Gather; `given`: (history, rows)."""
        hidden = np.zeros(len(history), bool) if muted is None else muted[history.rows]
        by, own, codes = np.full(len(rows), "", object), np.zeros(given.shape, bool), rows * 0
        half = HALF * np.maximum(given, 0).sum(axis=0)
        for kind, labels in (("topic", live.topics), ("author", live.labels["author"])):
            theirs = labels[rows]
            same = (labels[history.rows][:, None] == theirs) & (theirs >= 0)
            held = np.where(same, given, 0)
            whole = held.sum(axis=0)
            telling = (held > np.maximum(TELLING * whole, 0)).sum(axis=0)
            enough = (telling >= SEVERAL) & (half > 0) & (whole >= half)
            by[enough], codes[enough], own[:, enough] = kind, theirs[enough], same[:, enough]
        order = np.argsort(-given, axis=0, kind="stable")
        return cls(
            live, history.rows.tolist(), hidden.tolist(), given.T.tolist(), order.T.tolist(),
            by.tolist(), own.T.tolist(), codes.tolist(),
        )  # fmt: skip

    def reasons(self, place: int) -> list[Reason]:
        """Return a row's groups as reasons, to be told by `tell`; together all that was given."""
        values, own, by = self.given[place], self.own[place], self.by[place]
        giving = [at for at in self.order[place] if values[at]]
        if not by:
            return [self._reason("", "", giving, values)] if giving else []
        rest = [at for at in giving if not own[at]]
        name = name_of(self.live, by, self.codes[place])
        found = [self._reason(by, name, [at for at in giving if own[at]], values)]
        return [*found, self._reason("", "", rest, values)] if rest else found

    def _reason(
        self, by: str, name: str, entries: Sequence[int], values: Sequence[float]
    ) -> Reason:
        total = sum([values[at] for at in entries])
        shown = [at for at in entries if not self.hidden[at]]
        among = sum([values[at] > max(TELLING * total, 0.0) for at in shown])
        items = tuple([(self.live.item_id(self.rows[at]), values[at]) for at in shown[:LISTED]])
        first = items[0][0] if items else None
        return Reason("because_you", 0.0, "", first, total, items, by, name, among)


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
