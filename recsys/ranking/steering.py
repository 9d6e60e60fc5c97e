"""Steering: what people decided about their own lists, as masks and bounded parts of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.data.controls import Control
from recsys.ranking.query import Filters, Interaction
from recsys.ranking.rules import allowed
from recsys.ranking.scoring import neighbour_sums, words_of
from recsys.ranking.stand_ins import stand_ins
from recsys.state.live import LiveState

NUDGE = 1.5  # what one boost adds, in standard deviations of the scores
MOST = 3.0  # what all of a person's boosts add to one item, at most, either way


@dataclass(frozen=True, slots=True)
class Nudges:
    """What each boost or lowering adds to every row's score; all zeros is none."""

    controls: tuple[Control, ...]
    values: Floats  # (controls, size)

    @property
    def total(self) -> Floats:
        """What they add together, (size,)."""
        return np.asarray(self.values.sum(axis=0), np.float32)

    @classmethod
    def of(cls, live: LiveState, controls: Sequence[Control], spread: float, size: int) -> Nudges:
        """Weigh the controls in force; `spread`: the standard deviation of the scores."""
        active = tuple(c for c in controls if c.action in ("boost", "less"))
        signs = {"boost": 1.0, "less": -1.0}
        strength = np.zeros((len(active), size), np.float32)
        for place, one in enumerate(active):
            strength[place] = signs[one.action] * _reach(live, one, size)
        total = strength.sum(axis=0)
        bound = MOST / NUDGE / np.maximum(np.abs(total), MOST / NUDGE)
        return cls(active, np.asarray(NUDGE * spread * strength * bound, np.float32))


def _reach(live: LiveState, control: Control, size: int) -> Floats:
    """Return how much of a control each row gets, 0 to 1."""
    if control.kind == "item":
        return likeness(live, live.row(control.value), size)
    return carrying(live, control, size).astype(np.float32)


def likeness(live: LiveState, row: int, size: int) -> Floats:
    """Return how like an item every row is, 0 to 1: by its readers or by words, what says more."""
    if row < 0:
        return np.zeros(size, np.float32)
    one: Rows = np.array([row], np.int32)
    standing = stand_ins(live, one)
    near = np.maximum(neighbour_sums(live, standing, standing.weights)[:size], 0)
    near = near / max(float(near.max(initial=0)), 1e-30)
    base, vector = len(live.model), words_of(live, one)[0]
    words = np.concatenate([live.model.words @ vector, live.new_words[: size - base] @ vector])
    found = np.maximum(near, np.clip(words, 0, 1))
    if row < size:
        found[row] = 1.0
    return np.asarray(found, np.float32)


def carrying(live: LiveState, control: Control, size: int) -> Mask:
    """Return which rows a control is about."""
    if control.kind == "everything":
        return np.ones(size, bool)
    mask = np.zeros(size, bool)
    if control.kind == "item":
        row = live.row(control.value)
        mask[[row] if 0 <= row < size else []] = True
    elif control.kind == "topic":
        topics = live.model.topics
        if topics is not None and control.value.isdecimal():
            rows = topics.rows.get(int(control.value), np.zeros(0, np.int32))
            mask = np.isin(live.topics[:size], rows)
    elif control.kind == "tag":
        mask = _tagged(live, control.value, size)
    else:
        code = live.code(control.kind, control.value)
        mask = (live.labels[control.kind][:size] == code) & (code >= 0)
    return mask


def _tagged(live: LiveState, tag: str, size: int) -> Mask:
    tagged = allowed(live, Filters(tags=frozenset({tag})), 0.0)[:size]
    return tagged


def muted(live: LiveState, controls: Sequence[Control], size: int) -> Mask:
    """Return which rows a person never wants to see."""
    mask = np.zeros(size, bool)
    for one in controls:
        if one.action == "mute":
            mask |= carrying(live, one, size)
    return mask


def remembered(
    live: LiveState, interactions: Sequence[Interaction], controls: Sequence[Control]
) -> tuple[Interaction, ...]:
    """Return the events that still count: without those that a person wants forgotten.

    To forget concerns what was done before it was asked; events without a time count as before.
    """
    kept = tuple(interactions)
    for one in controls:
        if one.action != "forget":
            continue
        mask = carrying(live, one, live.size)
        kept = tuple(
            each for each in kept
            if (each.timestamp is not None and each.timestamp > one.at)
            or not _within(live.row(each.item_id), mask)
        )  # fmt: skip
    return kept


def _within(row: int, mask: Mask) -> bool:
    return 0 <= row < len(mask) and bool(mask[row])
