"""Filters: rows that may be shown, and the selection of a page from ranked candidates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.metadata_filter import passing
from recsys.ranking.query import Filters
from recsys.serving.live_item_labels import labels_of
from recsys.serving.live_state import LiveState


def allowed(live: LiveState, filters: Filters, now: float, unlisted: bool = False) -> Mask:
    """Return which of the rows 0..live.size-1 may be listed and pass the filters, a new array.

    `now`: of the filters by age. `unlisted`: what may not be listed passes too. Replies to other
    items pass where the filters or, if these do not say, the setting admits them.
    """
    size = live.size
    mask = np.ones(size, bool) if unlisted else live.listed()[:size].copy()
    if not unlisted and live.replies.count:
        if not live.replies.admitted(filters.replies, size):
            mask &= ~live.replies.mask[:size]
    if filters.empty:
        return mask
    for name in ("category", "author", "language"):
        unknown = name == "language" and not filters.strict_language
        allowed_labels, excluded = getattr(filters, name), getattr(filters, f"not_{name}")
        mask &= _label_mask(live, name, allowed_labels, excluded, unknown)
    if filters.tags:
        mask &= _tag_mask(live, filters.tags)
    if filters.not_tags:
        mask &= ~_tag_mask(live, filters.not_tags)
    if filters.topic:
        mask &= _topic_mask(live, filters.topic)
    if filters.not_topic:
        mask &= ~_topic_mask(live, filters.not_topic)
    if filters.entity:
        mask &= _entity_mask(live, filters.entity)
    if filters.not_entity:
        mask &= ~_entity_mask(live, filters.not_entity)
    age = now - live.created[:size]
    if filters.max_age is not None:
        mask &= age <= filters.max_age
    if filters.min_age is not None:
        mask &= age >= filters.min_age
    if filters.where:
        mask &= passing(live, filters.where, size)
    return mask


def without_older_copies(live: LiveState, mask: Mask) -> None:
    """Take all but the newest of each group of copies out of a mask, in place.

    Where the earliest of a group has an author, only items of that author may stand for it, so
    that nobody's copy takes the place of somebody else's work. Equal dates: the later row.
    """
    group, created = live.marks.group, live.created
    rows = np.flatnonzero(mask & (group[: len(mask)] >= 0))
    if not len(rows):
        return
    dates = np.where(np.isfinite(created[rows]), created[rows], -np.inf)
    rows = rows[np.lexsort((rows, dates, group[rows]))]
    first = np.r_[True, np.diff(group[rows]) != 0]
    lead = live.labels["author"][rows][first][np.cumsum(first) - 1]
    own = rows[(live.labels["author"][rows] == lead) | (lead < 0)]
    newest = own[np.r_[np.diff(group[own]) != 0, True]]
    mask[rows] = False
    mask[newest] = True


def _label_mask(
    live: LiveState, name: str, included: frozenset[str], excluded: frozenset[str], unknown: bool
) -> Mask:
    """Return which rows have one of the wanted labels and none of the unwanted.

    `unknown`: rows without a label are wanted too.
    """
    codes = live.labels[name][: live.size]
    mask = np.ones(live.size, bool)
    if included:
        own = np.isin(codes, [code for text in included for code in live.codes(name, text)])
        mask &= own & (codes >= 0) | (codes < 0) & unknown
    if excluded:
        own = np.isin(codes, [code for text in excluded for code in live.codes(name, text)])
        mask &= ~own | (codes < 0)
    return mask


def _tag_mask(live: LiveState, tags: frozenset[str]) -> Mask:
    codes = [code for text in tags for code in live.codes("tag", text)]
    catalogue, mask = live.model.catalogue, np.zeros(live.size, bool)
    owner = np.repeat(np.arange(len(catalogue)), np.diff(catalogue.tag_ends))
    mask[owner[np.isin(catalogue.tags, codes)]] = True
    for place, own in enumerate(live.new_tags[: live.size - len(catalogue)]):
        mask[len(catalogue) + place] = bool(np.isin(own, codes).any())
    return mask


def _topic_mask(live: LiveState, ids: frozenset[int]) -> Mask:
    topics = live.model.topics
    if topics is None:
        return np.zeros(live.size, bool)
    rows = [row for id in ids for row in topics.rows.get(id, ())]
    return np.isin(live.topics[: live.size], rows)


def _entity_mask(live: LiveState, names: frozenset[str]) -> Mask:
    mask = np.zeros(live.size, bool)
    place, codes = labels_of(live, "entity", np.arange(live.size, dtype=np.int32))
    mask[place[np.isin(codes, [c for c in map(live.mentions.code, names) if c >= 0])]] = True
    return mask


def diversified(rows: Rows, scores: Floats, vectors: Floats, weight: float, n: int) -> Rows:
    """Return positions of the first `n` picks by maximal marginal relevance.

    Each pick has the largest (1 - weight) · score - weight · (greatest cosine with the picks so
    far), scores scaled to 0..1 over the pool (Carbonell and Goldstein, SIGIR 1998).
    """
    if not len(rows):
        return np.zeros(0, np.int32)
    spread = float(np.ptp(scores)) or 1.0
    relevance = (scores - scores.min()) / spread
    nearest = np.zeros(len(rows), np.float32)
    picked: list[int] = []
    left = np.ones(len(rows), bool)
    for _ in range(min(n, len(rows))):
        value = np.where(left, (1 - weight) * relevance - weight * nearest, -np.inf)
        best = int(value.argmax())
        picked.append(best)
        left[best] = False
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return np.array(picked, np.int32)


def capped(rows: Rows, limits: Sequence[tuple[Rows, int]]) -> Mask:
    """Return which rows of a ranked list stay when no label may occur more often than its cap.

    `limits`: (the label's code of every row, cap). What one cap drops does not count for another.
    """
    keep = np.ones(len(rows), bool)
    if not limits:
        return keep
    seen: list[dict[int, int]] = [{} for _ in limits]
    own = [codes[rows].tolist() for codes, _ in limits]
    for place, labels in enumerate(zip(*own, strict=True)):
        counts = [held.get(code, 0) for held, code in zip(seen, labels, strict=True)]
        keep[place] = all(
            code < 0 or count < cap
            for code, count, (_, cap) in zip(labels, counts, limits, strict=True)
        )
        if keep[place]:
            for held, code, count in zip(seen, labels, counts, strict=True):
                held[code] = count + 1
    return keep
