"""Parts: what the scores of some rows are made of; together with one base they are the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.data.controls import Control
from recsys.ranking import priors, scoring, steering
from recsys.ranking.carriers import Carriers
from recsys.ranking.query import Reason
from recsys.ranking.request import Request
from recsys.ranking.shares import splits
from recsys.state.counters import DAY

NOW = 2 * DAY  # seconds since an item was taken up last within which it may be trending


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of distinct rows, computed for all of them at once.

    What items bring along is told against the mean of the catalogue, so that it speaks for an item
    only where that stands out.
    """

    request: Request
    rows: Rows
    given: Floats  # (history, rows): by each item of the history
    carriers: Carriers  # the same in groups
    brought: Mapping[str, Sequence[float]]  # kind -> per row: by all else but what was asked for
    quiet: Mapping[str, Sequence[bool]]  # kind -> per row: people would not take it for a reason

    @classmethod
    def of(cls, request: Request, rows: Rows, corrections: Floats) -> Parts:
        """Split the scores of rows; `corrections`: what the trees added to each."""
        live, blend, table = request.live, request.live.model.blend, request.table
        given = splits(live, request.profile, blend, rows)
        brought: dict[str, Floats] = {}
        above: dict[str, Mask] = {}
        own = request.brought(rows)
        stand_out = (own - table.usual[:, None]) * request.weights[:, None]
        for name, values in zip(request.names, stand_out[: len(request.names)], strict=True):
            kind = priors.KINDS[name]
            brought[kind] = brought.get(kind, np.zeros(len(rows), np.float32)) + values
            place = request.names.index(name)
            more = own[place] > table.usual[place]
            above[kind] = above.get(kind, np.zeros(len(rows), bool)) | (more & (values > 0))
        brought["fresh"] = _fresh(request, rows)
        if blend.lift:  # what nobody can point at yet loses less to what the history points at
            brought["fresh"] = brought["fresh"] + stand_out[len(request.names)]
        if request.steering.any():
            asked = scoring.words_of(live, rows) @ request.steering.T
            brought["search"], brought["interests"] = asked.T
        if request.penalty:
            brought["flagged"] = -np.float32(request.penalty) * live.marks.score[rows]
        if request.surge is not None:
            brought["rising"] = request.surge.scores(rows)
        if request.again is not None:
            brought["again"] = request.again.scores(rows)
        brought["context"] = corrections
        if request.again is not None:
            given = _as_one(request.again.known(rows), given, brought)
        told = Carriers.of(live, request.history, rows, given, request.muted)
        lists = {kind: values.tolist() for kind, values in brought.items()}
        quiet = {kind: (~told_).tolist() for kind, told_ in above.items()}
        if "trending" in above:
            late = live.counters.last[rows] < live.counters.newest - NOW
            quiet["trending"] = (~above["trending"] | late).tolist()
        quiet["fresh"] = (~live.listing.recorded[rows]).tolist()
        if "search" in brought:
            quiet["search"] = (~request.search_matches(rows)).tolist()
        return cls(request, rows, given, told, lists, quiet)

    def of_row(self, place: int) -> list[Reason]:
        """Return every part of one row, each item of the history by itself, in no order."""
        given = zip(self.request.history.rows.tolist(), self.given[:, place].tolist(), strict=True)
        return [
            Reason("because_you", 0.0, "", self.request.live.item_id(entry), value)
            for entry, value in given
            if value
        ] + self._others(place)

    def gathered(self, place: int) -> list[Reason]:
        """Return every part of one row, those of the history in groups worth telling."""
        return self.carriers.reasons(place) + self._others(place)

    def _others(self, place: int) -> list[Reason]:
        nudges = self.request.nudges
        values = {kind: each[place] for kind, each in self.brought.items()}
        steered = nudges.parts(int(self.rows[place])) if nudges is not None else []
        row, again = int(self.rows[place]), self.request.again
        if values.get("again") and again is not None and again.regular(row):
            values["regular"] = values.pop("again")
        quiet = {kind: each[place] for kind, each in self.quiet.items()}
        return [
            Reason(kind, 0.0, "", None, value, quiet=quiet.get(kind, False))
            for kind, value in values.items()
            if value
        ] + [self._asked(control, value, row) for control, value in steered]

    def _asked(self, control: Control, value: float, row: int) -> Reason:
        if control.action == steering.FOLLOW:
            nudges, code = self.request.nudges, int(self.request.live.labels["author"][row])
            name = "" if nudges is None else nudges.followed.get(code, "")
            return Reason("followed", 0.0, "", None, value, label=name)
        if control.kind == "item":
            return Reason("steered", 0.0, "", control.value, value)
        name = steering.name_of(self.request.live, control)
        by = control.value if control.kind == "topic" and not name else ""
        return Reason("steered", 0.0, "", None, value, by=by, label=name)


def _as_one(again: Mask, given: Floats, brought: dict[str, Floats]) -> Floats:
    """Let one part stand for all that speaks for what was taken up before, and return `given`.

    Where that is not positive the parts stay as they are.
    """
    total = given.sum(axis=0) + np.sum(list(brought.values()), axis=0)
    one = again & (total > 0)
    for kind, values in brought.items():
        brought[kind] = np.where(one, total if kind == "again" else np.float32(0), values)
    return np.asarray(np.where(one, np.float32(0), given), np.float32)


def _fresh(request: Request, rows: Rows) -> Floats:
    """Return what rows gain by not having been passed over, against the mean of the catalogue."""
    live, blend = request.live, request.live.model.blend
    if not blend.passed:
        return np.zeros(len(rows), np.float32)
    own, usual = (
        scoring.passed_scores(live, request.history, blend, some)
        for some in (rows, request.table.sample)
    )
    return np.asarray(own - usual.mean(), np.float32)
