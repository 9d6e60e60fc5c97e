"""Implicature: what naming one label says about the items that somebody means.

People name what tells the wanted item from what they are shown (rational speech acts; Frank and
Goodman, Science 2012). A label that most of the list has would not have been named by somebody who
wants an item with a rarer one: such items rank lower, and come back when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.dialogue.conversation import Critique
from recsys.serving.live_state import LiveState

RARITY = 1.0  # of the log-odds that a tag is named, per listed item that lacks it
LAPSE = 0.2  # share of wishes that say nothing of the other tags
UNTOLD = 0.05  # chance that years are named although a tag would have told the item apart
STRENGTH = 2.0  # of the log-likelihood, in standard deviations of the scores


def log_likelihood(live: LiveState, critiques: Sequence[Critique], rows: Rows) -> Floats | None:
    """Return (n,) the log-likelihood of what was said if an item were meant; None: it says nothing.

    Only "only" of a tag or of years says something, as an item has several tags.
    """
    found: NDArray[np.float64] | None = None
    for one in critiques:
        steer = one.steer
        if steer is None or steer.action != "only" or steer.target.kind not in ("tag", "years"):
            continue
        reference = np.array([row for row in map(live.row, one.reference) if row >= 0], np.int32)
        if not len(reference):
            continue
        if steer.target.kind == "tag":
            part = _of_tag(live, steer.target.value, reference, rows)
        else:
            part = _of_years(live, reference, rows)
        found = part if found is None else found + part
    return None if found is None else np.asarray(found, np.float32)


def _of_tag(live: LiveState, tag: str, reference: Rows, rows: Rows) -> NDArray[np.float64]:
    place, codes = tags_of(live, rows)
    listed = _counts(live, reference)
    weight = np.exp(-RARITY * listed)
    total = np.bincount(place, weight[codes], minlength=len(rows))
    named = np.isin(codes, live.codes("tag", tag))
    own = np.bincount(place[named], weight[codes[named]], minlength=len(rows))
    chance = own / np.maximum(total, 1e-12)
    among = max(int((listed > 0).sum()), 1)
    return np.log((1 - LAPSE) * chance + LAPSE / among)


def _of_years(live: LiveState, reference: Rows, rows: Rows) -> NDArray[np.float64]:
    place, codes = tags_of(live, rows)
    telling = _counts(live, reference)[codes] < len(reference)
    told = np.bincount(place[telling], minlength=len(rows)) > 0
    return np.log(np.where(told, UNTOLD, 1 - LAPSE))


def _counts(live: LiveState, rows: Rows) -> NDArray[np.int64]:
    _, codes = tags_of(live, rows)
    return np.bincount(codes, minlength=live.label_count("tag"))


def tags_of(live: LiveState, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (place among the rows, tag code) pairs, by place."""
    catalogue = live.model.catalogue
    base = len(catalogue)
    old = rows[rows < base]
    lengths = (catalogue.tag_ends[old + 1] - catalogue.tag_ends[old]).astype(np.intp)
    place = np.repeat(np.flatnonzero(rows < base), lengths)
    starts = np.repeat(catalogue.tag_ends[old] - np.r_[0, np.cumsum(lengths)[:-1]], lengths)
    codes = catalogue.tags[starts + np.arange(len(place))] if len(place) else catalogue.tags[:0]
    later = [(at, live.new_tags[rows[at] - base]) for at in np.flatnonzero(rows >= base).tolist()]
    if later:
        place = np.concatenate([place, *(np.full(len(own), at) for at, own in later)])
        codes = np.concatenate([codes, *(own for _, own in later)])
    return place.astype(np.intp), codes.astype(np.intp)
