"""Experiments of a store: made as drafts, changed while they are, then only started and stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from recsys.errors import DataError
from recsys.experiments.definition import (
    STATES,
    Experiment,
    State,
    as_definition,
    check_together,
    of_definition,
)
from recsys.experiments.unit_counts import usual_counts
from recsys.store.database import Database
from recsys.store.experiments import ExperimentRow, ExperimentRows

NEXT: Mapping[State, tuple[State, ...]] = {
    "draft": ("running",),
    "running": ("stopped",),
    "stopped": ("decided",),
    "decided": (),
}
_COLUMNS = tuple(name for name in ExperimentRow.__dataclass_fields__ if name not in ("id",))
_OWN = tuple(name for name in _COLUMNS if name != "definition")


class Experiments:
    """The experiments of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._rows = ExperimentRows(db)

    def every(self) -> list[Experiment]:
        """Return all experiments, oldest first."""
        return [_of_row(row) for row in self._rows.every()]

    def one(self, id: str) -> Experiment | None:
        """Return an experiment, None when there is none of this id."""
        return next((one for one in self.every() if one.id == id), None)

    def bundles_in_use(self) -> frozenset[str]:
        """Return the versions that drafts and running experiments name."""
        some = [one for one in self.every() if one.state in ("draft", "running")]
        return frozenset[str]().union(*(one.bundles for one in some))

    def add(self, one: Experiment) -> Experiment:
        """Add a draft; DataError where its id was used before."""
        now = time.time()
        if one.end is not None and one.end <= now:
            raise DataError(f"experiment {one.id!r} ends ({one.end:.0f}) before it could run")
        made = replace(one, state="draft", created=now)
        self._rows.add(_row(made))
        return made

    def redefine(
        self, id: str, changes: Mapping[str, Any], check: Callable[[Experiment], None]
    ) -> Experiment | None:
        """Change parts of the definition of a draft; DataError where it is none any more.

        `check`: raises DataError for what cannot be. None when there is no experiment of this id.
        """

        def change(one: Experiment, _: Sequence[Experiment]) -> Experiment:
            if one.state != "draft":
                raise DataError(
                    f"experiment {id!r} is {one.state}: its definition cannot change any more;"
                    " make another one"
                )
            given = as_definition(one) | dict(changes)
            own = {name: getattr(one, name) for name in _OWN}
            changed = of_definition(id, given, **own)
            check(changed)
            return changed

        return self._change(id, change)

    def move(
        self,
        id: str,
        state: State,
        reason: str = "",
        decision: str = "",
        bundles: frozenset[str] | None = None,
    ) -> Experiment | None:
        """Take an experiment to its next state; DataError where that is not `state`.

        `bundles`: versions that there are, which a start checks; None: not checked. `decision`: an
        arm's name; one that was decided without a name takes it later. None when there is no
        experiment of this id.
        """
        now = time.time()
        planned: tuple[int, int] | None = None
        if state == "running" and (draft := self.one(id)) is not None:
            from recsys.experiments.experiment_plan import planned_units  # here: few need it

            planned = planned_units(draft, usual_counts(self.db))

        def change(one: Experiment, every: Sequence[Experiment]) -> Experiment:
            names_late = state == one.state == "decided" and not one.decision and bool(decision)
            if state not in NEXT[one.state] and not names_late:
                after = " or ".join(NEXT[one.state]) or "nothing else"
                raise DataError(f"experiment {id!r} is {one.state}: it can become {after}")
            if state == "running":
                _check_start(one, every, now, bundles)
                units, rails = planned or (one.planned_units, one.planned_guardrail_units)
                return replace(
                    one,
                    state=state,
                    started=now,
                    planned_units=units,
                    planned_guardrail_units=rails,
                )
            if state == "stopped":
                return replace(one, state=state, stopped=min(now, one.ends), reason=reason)
            names = [arm.name for arm in one.arms]
            if decision not in ("", *names):
                raise DataError(
                    f"experiment {id!r}: decision {decision!r} is none of {', '.join(names)}"
                )
            return replace(one, state=state, decided=now, decision=decision, reason=one.reason)

        return self._change(id, change)

    def stop_running(self, id: str, reason: str) -> bool:
        """Stop an experiment unless it has stopped already; return whether this call did it."""
        done: list[str] = []

        def change(one: Experiment, _: Sequence[Experiment]) -> Experiment:
            if one.state != "running":
                return one
            done.append(id)
            return replace(one, state="stopped", stopped=min(time.time(), one.ends), reason=reason)

        self._change(id, change)
        return bool(done)

    def _change(
        self, id: str, change: Callable[[Experiment, Sequence[Experiment]], Experiment]
    ) -> Experiment | None:
        def of_rows(row: ExperimentRow, rows: Sequence[ExperimentRow]) -> ExperimentRow:
            return _row(change(_of_row(row), [_of_row(each) for each in rows]))

        row = self._rows.change(id, of_rows)
        return None if row is None else _of_row(row)


def _check_start(
    one: Experiment, every: Sequence[Experiment], now: float, bundles: frozenset[str] | None
) -> None:
    if one.end is not None and one.end <= now:
        raise DataError(f"experiment {one.id!r} ends ({one.end:.0f}) before now")
    if bundles is not None and (missing := one.bundles - bundles):
        raise DataError(
            f"experiment {one.id!r} names the bundle {min(missing)!r}, which is not there; see"
            " `recsys bundles list`"
        )
    check_together([each for each in every if each.state == "running"] + [one])


def _row(one: Experiment) -> ExperimentRow:
    values = {name: value for name, value in asdict(one).items() if name in _OWN}
    return ExperimentRow(id=one.id, definition=json.dumps(as_definition(one)), **values)


def _of_row(row: ExperimentRow) -> Experiment:
    if row.state not in STATES:
        raise DataError(f"experiment {row.id!r} has the state {row.state!r}, of a later version")
    return of_definition(
        row.id, json.loads(row.definition), **{name: getattr(row, name) for name in _OWN}
    )
