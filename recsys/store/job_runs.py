"""RunLog: steps and outcomes of job runs, and small notes by name."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, insert, select, update

from recsys.store.database import Database
from recsys.store.outbox import Notice, add_notice
from recsys.store.schema import notes, run_steps, runs

_ERROR = 500  # characters of a night's error that its notice holds


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A finished step of a run."""

    name: str
    seconds: float
    at: float  # Unix seconds of its end
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a job; `finished` is None while it runs, or when it was killed."""

    id: int
    kind: str
    status: str  # running, or what finish_run said
    started: float
    finished: float | None
    detail: dict[str, Any]
    steps: tuple[StepRecord, ...]


def _night(run: int, status: str, detail: Mapping[str, Any], seconds: float) -> Notice:
    """Return the notice of a night that has ended."""
    key = f"night:{run}:{status}:{secrets.token_hex(4)}"  # taken up again, it may end again
    if status in ("published", "refused"):
        reason = str(detail.get("gate", {}).get("reason", ""))
        data = {"run": run, "version": str(detail.get("version", "")), "reason": reason}
        return Notice(f"night_{status}", data | {"seconds": seconds}, key, "nights")
    error = str(detail.get("error", status))[:_ERROR]
    data = {"run": run, "error": error, "seconds": seconds}
    return Notice("night_failed", data, key, "nights")


class RunLog:
    """Part of Store: runs and notes."""

    db: Database

    def start_run(self, kind: str) -> int:
        """Note that a job starts; return the number of the run."""
        row = {"kind": kind, "status": "running", "started": time.time(), "detail": "{}"}
        with self.db.write() as connection:
            statement = insert(runs).values(row).returning(runs.c.id)
            return int(connection.execute(statement).scalar_one())

    def record_step(
        self, run: int, name: str, seconds: float, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Note that a step of a run is finished."""
        row = {
            "run": run,
            "name": name,
            "seconds": seconds,
            "at": time.time(),
            "detail": json.dumps(dict(detail or {})),
        }
        with self.db.write() as connection:
            connection.execute(insert(run_steps).values(row))

    def finish_run(self, run: int, status: str, detail: Mapping[str, Any] | None = None) -> None:
        """Note how a run ended: published, refused, failed, …; of a night with a notice."""
        result = dict(detail or {})
        values = {"status": status, "finished": time.time(), "detail": json.dumps(result)}
        change = update(runs).where(runs.c.id == run).values(values)
        with self.db.write() as connection:
            row = connection.execute(change.returning(runs.c.kind, runs.c.started)).first()
            if row is not None and row.kind == "nightly":
                seconds = max(0.0, time.time() - row.started)
                add_notice(connection, _night(run, status, result, seconds))

    def runs(self, limit: int = 20, before: int | None = None) -> list[Run]:
        """Return the latest runs, newest first; `before`: of numbers below this one."""
        query = select(runs).order_by(runs.c.id.desc()).limit(limit)
        return self._runs(query if before is None else query.where(runs.c.id < before))

    def run(self, number: int) -> Run | None:
        """Return a run by its number, None when there is none."""
        return next(iter(self._runs(select(runs).where(runs.c.id == number))), None)

    def last_run(self, kind: str, ended: bool = False, status: str = "") -> Run | None:
        """Return the newest run of a kind, that `ended`, or of a status; None without one."""
        query = select(runs).where(runs.c.kind == kind).order_by(runs.c.id.desc()).limit(1)
        if ended:
            query = query.where(runs.c.finished.is_not(None))
        if status:
            query = query.where(runs.c.status == status)
        return next(iter(self._runs(query)), None)

    def _runs(self, query: Select[Any]) -> list[Run]:
        with self.db.read() as connection:
            found = connection.execute(query).all()
            of_these_runs = self.db.among(run_steps.c.run, [row.id for row in found])
            done = connection.execute(
                select(run_steps).where(of_these_runs).order_by(run_steps.c.id)
            )
            steps: dict[int, list[StepRecord]] = {row.id: [] for row in found}
            for row in done:
                step = StepRecord(row.name, row.seconds, row.at, json.loads(row.detail))
                steps[row.run].append(step)
        return [
            Run(
                row.id,
                row.kind,
                row.status,
                row.started,
                row.finished,
                json.loads(row.detail),
                tuple(steps[row.id]),
            )
            for row in found
        ]

    def get_note(self, key: str) -> str | None:
        """Return the note of a name, None when there is none."""
        with self.db.read() as connection:
            return connection.execute(select(notes.c.value).where(notes.c.key == key)).scalar()

    def set_note(self, key: str, value: str) -> None:
        """Write or replace the note of a name."""
        with self.db.write() as connection:
            if not self.db.insert_new(connection, (notes.c.key, notes.c.value), [(key, value)]):
                connection.execute(update(notes).where(notes.c.key == key).values(value=value))

    def add_note(self, key: str, value: str) -> bool:
        """Write a note unless there is one of this name; say whether it was written."""
        with self.db.write() as connection:
            columns = (notes.c.key, notes.c.value)
            return self.db.insert_new(connection, columns, [(key, value)]) > 0
