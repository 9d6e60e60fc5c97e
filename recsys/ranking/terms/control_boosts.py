"""Controls: bounded boost of what a user asked to see more or less of, and of follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking import user_controls
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import Attribution, Part, RequestContext, ScoreTerm, UserTerm
from recsys.ranking.terms.social import AUTHORS
from recsys.serving.label_names import value_of
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control

BOOST = 1.5  # what one boost adds, in standard deviations of the scores
MOST = 3.0  # what all of a user's boosts add to one item, at most, either way
MAX_CONTROLS = 100  # latest boosts and lowerings that count
MAX_LIKENESSES = 20  # of them, those of items: each costs a look at the whole catalogue
MIN_LIKENESS = 0.1  # below which a boost of an item does not reach another
FOLLOW = "follow"  # action of the one control that stands for all follows
FOLLOWED = 0.5  # what following an author adds, in boosts
_SIGNS = {"boost": 1.0, "less": -1.0}


@dataclass(frozen=True, slots=True)
class ControlTargets:
    """The rows that one control concerns, and how much of it each gets."""

    control: Control
    rows: Rows  # ascending
    strengths: Floats  # -1..1

    def at(self, rows: Rows) -> Floats:
        """Return what rows get, 0 where the control does not concern them."""
        if not len(self.rows):
            return np.zeros(len(rows), np.float32)
        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: Floats = np.where(self.rows[places] == rows, self.strengths[places], np.float32(0))
        return found


@dataclass(frozen=True, slots=True)
class UserControls(UserTerm):
    """What the boosts and lowerings of one user add to scores."""

    live: LiveState
    targets: tuple[ControlTargets, ...]
    total: Floats  # (size,): strengths of all, bounded
    unit: float  # of score, per strength
    followed: Mapping[int, str]  # names of authors whom the user follows, by code
    names: Mapping[str, str] = field(default_factory=dict)  # display names of authors, by id

    @property
    def scores_rows(self) -> bool:
        """Always: without controls the term is not bound."""
        return True

    @property
    def followed_rows(self) -> Rows:
        """The rows of the items by followees, ascending."""
        own = [one.rows for one in self.targets if one.control.action == FOLLOW]
        return own[0] if own else np.zeros(0, np.int32)

    def score(self, rows: Rows) -> Floats:
        """Return what is added to the score of rows."""
        return np.asarray(np.float32(self.unit) * self.total[rows], np.float32)

    def bound(self, table: ItemFeatureTable) -> Floats:
        """Return the most that a row of each block gains."""
        most = np.zeros(table.low.shape[1], np.float32)
        for one in self.targets:
            rows = one.rows[one.rows < table.size]
            np.maximum.at(most, table.block_of(rows), self.score(rows))
        return most

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return what each control adds; the bound shrinks all of them alike."""
        given = np.stack([one.at(rows) for one in self.targets])
        added = given.sum(axis=0)
        scale = np.divide(
            np.float32(self.unit) * self.total[rows],
            added,
            out=np.zeros(len(rows), np.float32),
            where=added != 0,
        )
        parts: list[Part] = []
        for one, strengths in zip(self.targets, given, strict=True):
            parts += self._parts(one.control, rows, scale * strengths)
        return Attribution(tuple(parts))

    def _parts(self, control: Control, rows: Rows, values: Floats) -> list[Part]:
        if control.action == FOLLOW:
            codes = self.live.labels["author"][rows]
            return [
                Part("followed", np.where(codes == code, values, np.float32(0)), label=name)
                for code, name in self.followed.items()
                if (codes == code).any()
            ]
        if control.kind == "item":
            return [Part("steered", values, item_id=control.value)]
        name = user_controls.name_of(self.live, control)
        if control.kind in ("author", "user"):
            name = self.names.get(control.value, name)
        by = control.value if control.kind == "topic" and not name else ""
        return [Part("steered", values, label=name, by=by)]


class Controls(ScoreTerm):
    """Σ over controls of sign · strength · unit, bounded."""

    name = "controls"
    sources = {"steered": "steered", "followed": "followed"}

    def bind_request(self, context: RequestContext) -> UserControls | None:
        """Weigh the controls in force; None without any.

        What is muted is not to be named, so a boost of it does nothing. What a control says of an
        author counts instead of that they are followed.
        """
        live, size, out = context.live, context.size, context.muted
        active = [c for c in context.query.controls if c.action in _SIGNS][-MAX_CONTROLS:]
        items = [c for c in active if c.kind == "item"]
        if out is not None:
            items = [c for c in items if not _within(live.row(c.value), out)]
        items = items[-MAX_LIKENESSES:]
        targets = [_targets(live, c, size) for c in active if c.kind != "item" or c in items]
        decided = {c.value for c in active if c.kind == "author"}
        names = dict(context.query.names)
        followed = {}
        for code, name in _followed(context):
            if name not in decided:
                followed[code] = names.get(name, name)
        if followed:
            # where a night learned what a follow says, the term of followed authors adds it
            learned = AUTHORS in live.model.score_model.linear
            strength = 0.0 if learned and context.history.social is not None else FOLLOWED
            targets.append(_follow_targets(live, followed, size, strength))
        if not targets:
            return None
        total = np.zeros(size, np.float32)
        for one in targets:
            total[one.rows] += one.strengths
        bound = np.float32(MOST / BOOST)
        total = np.clip(total, -bound, bound)
        unit = BOOST * context.spread if total.any() else 0.0
        return UserControls(live, tuple(targets), total, unit, followed, names)


def _targets(live: LiveState, control: Control, size: int) -> ControlTargets:
    if control.kind == "item":
        values = user_controls.likeness(live, live.row(control.value), size)
    else:
        values = user_controls.carrying(live, control, size).astype(np.float32)
    rows: Rows = np.flatnonzero(values >= MIN_LIKENESS).astype(np.int32)
    return ControlTargets(control, rows, np.float32(_SIGNS[control.action]) * values[rows])


def _followed(context: RequestContext) -> Iterator[tuple[int, str]]:
    """Yield code and id of each followed author of whom there are items."""
    live, social = context.live, context.history.social
    if social is not None:
        for code in social.authors.tolist():
            yield code, value_of(live, "author", code)
        return
    for name in context.query.follows:
        if (code := live.code("author", name)) >= 0:
            yield code, name


def _follow_targets(
    live: LiveState, followed: Mapping[int, str], size: int, strength: float
) -> ControlTargets:
    """Return the targets of all follows: one look at the catalogue, however many they are."""
    codes = np.zeros(live.label_count("author") + 1, bool)  # the last for items without an author
    codes[list(followed)] = True
    rows = np.flatnonzero(codes[live.labels["author"][:size]])
    strengths = np.full(len(rows), strength, np.float32)
    return ControlTargets(Control(0, FOLLOW, "author", "", 0.0), rows.astype(np.int32), strengths)


def _within(row: int, mask: Mask) -> bool:
    return 0 <= row < len(mask) and bool(mask[row])
