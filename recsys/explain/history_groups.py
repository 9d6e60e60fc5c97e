"""AttributionGroups: history items grouped by shared author or topic, so that a reason can cite the
group.

Each event of a long history gives little; together they may give most. What an author or a topic
of the item holds is named where it is at least half of what the history gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.i18n import translate
from recsys.ranking import reason_templates as reasons
from recsys.ranking.history import History
from recsys.ranking.query import Reason
from recsys.serving.label_names import name_of
from recsys.serving.live_state import LiveState

HALF = 0.5  # of what a history gives, from which an author or a topic stands for it
SEVERAL = 2  # items of the history at least, for the same
NAMED = 2  # titles in a sentence
TELLING = 0.05  # of what a group gives, below which an item is neither named nor counted
LIKED = np.float32(0.5)  # weight of a rating from which a user would call it liked
WEAK = 0.25  # of what the history gives to the item it speaks for most; below, it is no reason
LISTED = 10  # items listed with their shares


@dataclass(frozen=True, slots=True)
class AttributionGroups:
    """What a history gives to the scores of some rows, in groups; entry by entry, as lists.

    Plain lists: a page has twenty rows of a few dozen entries, where each call of NumPy costs more
    than the loop it saves. What concerns all rows at once is NumPy's.
    """

    live: LiveState
    ids: Sequence[str]  # of the history's items
    hidden: Sequence[bool]  # entries that are not to be named
    refused: Sequence[bool]  # entries that were not positive: never named as a cause
    given: Sequence[Sequence[float]]  # per row, by each entry
    order: Sequence[Sequence[int]]  # per row, the entry that gives most first
    by: Sequence[str]  # per row: author, topic; empty: neither stands for half
    own: Sequence[Sequence[bool]]  # per row, the entries of that author or topic
    codes: Sequence[int]  # per row, of that author or topic
    totals: Sequence[tuple[float, float]]  # per row: by the others, by those of author or topic
    giving: Sequence[tuple[bool, bool]]  # per row, whether any of them gives anything
    best: float  # most that the history gives to any of the rows
    unlike: Sequence[bool]  # per row, whether a user would not accept the history as a reason
    texts: dict[str, str] = field(default_factory=dict)  # of items that were compared with names

    @classmethod
    def of(
        cls,
        live: LiveState,
        history: History,
        rows: Rows,
        given: Floats,
        muted: Mask | None,
        unlike: Mask | None = None,
    ) -> AttributionGroups:
        """Gather; `given`: (history, rows).

        `unlike` (rows,): for which the history is no reason that a user would accept.
        """
        hidden = ~live.listing.nameable(history.rows, live.clock())
        if muted is not None:
            hidden |= muted[history.rows]
        refused = history.weights < (LIKED if live.model.rated else np.float32(1e-6))
        by, own, codes = np.full(len(rows), "", object), np.zeros(given.shape, bool), rows * 0
        half = HALF * np.maximum(given, 0).sum(axis=0)
        for kind, labels in (("topic", live.topics), ("author", live.labels["author"])):
            theirs = labels[rows]
            if theirs.max(initial=-1) < 0:  # nothing is known of these rows
                continue
            same = (labels[history.rows][:, None] == theirs) & (theirs >= 0)
            held = np.where(same, given, 0)
            whole = held.sum(axis=0)
            informative = (held > np.maximum(TELLING * whole, 0)).sum(axis=0)
            enough = (informative >= SEVERAL) & (half > 0) & (whole >= half)
            by[enough], codes[enough], own[:, enough] = kind, theirs[enough], same[:, enough]
        parted = np.stack([np.where(own, 0, given), np.where(own, given, 0)])
        mine = np.ascontiguousarray(given.T)
        return cls(
            live,
            live.item_ids(history.rows),
            (hidden | refused).tolist(),
            refused.tolist(),
            mine.tolist(),
            np.argsort(-mine, axis=1, kind="stable").tolist(),
            by.tolist(),
            own.T.tolist(),
            codes.tolist(),
            parted.sum(axis=1, dtype=np.float64).T.tolist(),
            (parted != 0).any(axis=1).T.tolist(),
            float(given.sum(axis=0).max(initial=0.0)),
            [False] * len(rows) if unlike is None else unlike.tolist(),
        )

    def reasons(self, place: int) -> list[Reason]:
        """Return a row's groups as reasons, to be worded by `reason_text`; together all that was
        given.
        """
        by, (others, own) = self.by[place], self.giving[place]
        weak = self.unlike[place] or sum(self.totals[place]) < WEAK * self.best
        found = []
        if own:
            name = name_of(self.live, by, self.codes[place])
            group = self._reason(place, by, name, True, weak)
            if by == "topic" and group.items and not self._shows(group.items[:NAMED], name):
                return [self._reason(place, "", "", None, weak)]
            found.append(group)
        if others:
            found.append(self._reason(place, "", "", False, weak))
        return found

    def _reason(self, place: int, by: str, name: str, own: bool | None, weak: bool) -> Reason:
        """Return the reason of those of the group, or of the others; `own` None: of all."""
        values, theirs, totals = self.given[place], self.own[place], self.totals[place]
        hidden, refused, ids = self.hidden, self.refused, self.ids
        total = sum(totals) if own is None else totals[own]
        informative, among, yes = max(TELLING * total, 0.0), 0, 0.0
        by = by if name else ""
        items: list[tuple[str, float]] = []
        for at in self.order[place]:
            value = values[at]
            mine = own is None or theirs[at] == own
            if value > 0 and mine and not refused[at]:
                yes += value
            if value <= informative and len(items) >= LISTED:
                break  # what follows gives less still
            if not value or not mine or hidden[at]:
                continue
            among += value > informative
            if len(items) < LISTED:
                items.append((ids[at], value))
        first = items[0][0] if items else None
        quiet = weak or yes < HALF * total
        return Reason("because_you", 0.0, "", first, total, tuple(items), by, name, among, quiet)

    def _shows(self, items: Sequence[tuple[str, float]], name: str) -> bool:
        """Return whether a word of a topic's name stands in one of some items."""
        words = [word for part in name.casefold().split(",") if (word := part.strip())]
        return any(word in self._text(item) for item, _ in items for word in words)

    def _text(self, item: str) -> str:
        found = self.texts.get(item)
        if found is None:
            one = self.live.document(self.live.row(item))
            labels = [*one.get("tags", ()), one.get("category", "")]  # type: ignore[misc]
            parts = (str(part) for part in (one.get("title", ""), *labels, one.get("text", "")))
            found = self.texts[item] = "\n".join(parts).casefold()
        return found


def reason_text(one: Reason, titles: Sequence[str], weights: Sequence[float], language: str) -> str:
    """Return the sentence of a reason of the history; `titles`, quoted, and `weights` of items."""
    if not titles:
        return translate(reasons.UNNAMED[one.by], language, name=one.label)
    items = reasons.joined(titles, max(one.among - len(titles), 0), language)
    key = reasons.BY.get(one.by, reasons.SENTENCES[one.kind])
    if not one.by and min(weights) >= 1:
        key = reasons.LIKED
    elif not one.by and max(weights) < 0:
        key = reasons.DISLIKED
    return translate(key, language, items=items, name=one.label)
