"""Labels of the items of a live state, posted items included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.serving import label_names
from recsys.serving.live_state import LiveState
from recsys.trends.item_series_membership import ITEM, Labels

Places = NDArray[np.int64]


def labels_of(live: LiveState, kind: str, rows: Rows) -> tuple[Places, Rows]:
    """Return (place in `rows`, code) of every label of one kind; rows lie below `live.size`."""
    if kind == ITEM:
        return np.arange(len(rows)), live.recent_activity.first_rows(rows)
    if kind in ("topic", "category", "author"):
        codes = (live.topics if kind == "topic" else live.labels[kind])[rows]
        known = np.flatnonzero(codes >= 0)
        return known, codes[known].astype(np.int32)
    if kind == "tag":
        catalogue = live.model.catalogue
        return _many(Labels(catalogue.tag_ends, catalogue.tags), live.new_tags, rows)
    known_names = live.model.entities
    nothing = np.zeros(len(live.model) + 1, np.int64)
    known_labels = Labels(nothing, nothing[:0].astype(np.int32))
    if known_names is not None:
        known_labels = Labels(known_names.ends, known_names.codes)
    return _many(known_labels, live.mentions.posted, rows)


def rows_of(live: LiveState, kind: str, code: int) -> Rows:
    """Return the rows of the items that have a label, gone ones included, ascending."""
    rows: Rows = np.arange(live.size, dtype=np.int32)
    place, codes = labels_of(live, kind, rows)
    found: Rows = rows[place[codes == code]]
    return found


def name_of(live: LiveState, kind: str, ref: int) -> str:
    """Return what to call a series: an item's id, a topic's name, a tag, a category, a name."""
    if kind == ITEM:
        return live.item_id(ref)
    if kind == "entity":
        return live.mentions.mention(ref).name
    return label_names.name_of(live, kind, ref)


def _many(known: Labels, posted: Sequence[Rows], rows: Rows) -> tuple[Places, Rows]:
    base = len(known)
    place, codes = known.expand(rows)
    late = np.flatnonzero(rows >= base)
    if not len(late):
        return place, codes
    own = [posted[row - base] for row in rows[late].tolist()]
    places = np.repeat(late, [len(each) for each in own])
    return np.concatenate([place, places]), np.concatenate([codes, *own])
