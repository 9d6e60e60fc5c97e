"""Alerts of watches: their states, evidence by id, and silences."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.schema import alert_evidence, alerts, events, silences

PENDING, FIRING, ACKNOWLEDGED, RESOLVED = "pending", "firing", "acknowledged", "resolved"
STATES = (PENDING, FIRING, ACKNOWLEDGED, RESOLVED)
KINDS = ("negative", "volume", "flood")
ROLES = ("central", "first", "spread", "contrary")
MOST_SILENCES = 1_000  # that are in force or to come


@dataclass(frozen=True, slots=True)
class Alert:
    """A burst on a watch."""

    id: int
    watch: int
    kind: str  # one of KINDS
    state: str  # one of STATES
    began: float  # Unix seconds; also those below
    fired: float | None
    acknowledged: float | None
    resolved: float | None
    notified: float | None
    note: str
    by: str  # who acknowledged or resolved it; empty: the service
    body: Mapping[str, Any]  # figures of the test, terms, entities; memory of the last looks


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that stands for an alert; it goes when the text does."""

    alert: int
    place: int
    role: str  # one of ROLES
    source: int  # 0 item, 1 comment
    ref: int
    at: float


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which alerts of a watch, of a group or of all are not sent."""

    id: int
    watch: int | None
    group: str | None
    starts: float
    ends: float
    reason: str
    created_by: str

    def covers(self, watch: int, group: str, now: float) -> bool:
        """Whether alerts of a watch are not sent at a moment."""
        mine = self.watch in (None, watch) and self.group in (None, group)
        return mine and self.starts <= now < self.ends


class Alerts:
    """The alerts of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def page(
        self,
        state: str = "",
        watch: int | None = None,
        kind: str = "",
        before: int | None = None,
        n: int = 100,
    ) -> list[Alert]:
        """Return alerts, the newest first; those that are pending only where they are asked for."""
        query = sa.select(alerts).order_by(alerts.c.id.desc()).limit(n)
        query = query.where(alerts.c.state == state if state else alerts.c.state != PENDING)
        if watch is not None:
            query = query.where(alerts.c.watch == watch)
        if kind:
            query = query.where(alerts.c.kind == kind)
        if before is not None:
            query = query.where(alerts.c.id < before)
        return self._alerts(query)

    def one(self, id: int) -> Alert | None:
        """Return an alert, None when there is none."""
        found = self._alerts(sa.select(alerts).where(alerts.c.id == id))
        return found[0] if found else None

    def open(self, since: float) -> list[Alert]:
        """Return the alerts that are not resolved, or were after a moment; oldest first."""
        some = (alerts.c.state != RESOLVED) | (alerts.c.resolved >= since)
        return self._alerts(sa.select(alerts).where(some).order_by(alerts.c.id))

    def between(self, start: float, end: float) -> list[Alert]:
        """Return the alerts that fired from a moment until before another, oldest first."""
        some = (alerts.c.fired >= start) & (alerts.c.fired < end)
        return self._alerts(sa.select(alerts).where(some).order_by(alerts.c.id))

    def counts(self) -> dict[str, int]:
        """Return how many alerts there are, by state."""
        query = sa.select(alerts.c.state, sa.func.count()).group_by(alerts.c.state)
        with self.db.read() as connection:
            found = {state: int(count) for state, count in connection.execute(query)}
        return dict.fromkeys(STATES, 0) | found

    def _alerts(self, query: sa.Select[Any]) -> list[Alert]:
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            values = dict(row._mapping)
            values["body"] = json.loads(values["body"])
            found.append(Alert(**values))
        return found

    def add(self, connection: sa.Connection, values: Mapping[str, Any]) -> int:
        """Add an alert in a transaction; return its id."""
        made = sa.insert(alerts).values(_row(values)).returning(alerts.c.id)
        return int(connection.execute(made).scalar_one())

    def change(self, connection: sa.Connection, id: int, values: Mapping[str, Any]) -> None:
        """Change an alert in a transaction."""
        connection.execute(sa.update(alerts).where(alerts.c.id == id).values(_row(values)))

    def drop(self, connection: sa.Connection, id: int) -> None:
        """Delete an alert that never fired, in a transaction."""
        connection.execute(sa.delete(alerts).where(alerts.c.id == id))

    def set_state(self, id: int, state: str, note: str, by: str) -> Alert | None:
        """Acknowledge or resolve an alert by hand; None when there is none.

        DataError when it is in no state from which that is possible.
        """
        possible = {ACKNOWLEDGED: (FIRING,), RESOLVED: (FIRING, ACKNOWLEDGED)}[state]
        at = {"acknowledged" if state == ACKNOWLEDGED else "resolved": time.time()}
        values = {"state": state, "note": note, "by": by, **at}
        with self.db.write() as connection:
            change = sa.update(alerts).where(alerts.c.id == id, alerts.c.state.in_(possible))
            done = connection.execute(change.values(values)).rowcount
        found = self.one(id)
        if found is not None and not done:
            raise DataError(
                f"alert {id} is {found.state}: only one that is {' or '.join(possible)}"
                f" can be {state}"
            )
        return found

    def evidence(self, alert: int) -> list[Evidence]:
        """Return what is left of the evidence of an alert, in order."""
        query = sa.select(alert_evidence).where(alert_evidence.c.alert == alert)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(alert_evidence.c.place)).all()
        return [Evidence(*row) for row in rows]

    def set_evidence(
        self, connection: sa.Connection, alert: int, found: Sequence[Evidence]
    ) -> None:
        """Replace the evidence of an alert in a transaction; without comments that are gone."""
        connection.execute(sa.delete(alert_evidence).where(alert_evidence.c.alert == alert))
        rows = [
            {name: getattr(one, name) for name in Evidence.__dataclass_fields__} for one in found
        ]
        if rows:
            connection.execute(sa.insert(alert_evidence), rows)
            gone = ~sa.exists().where(events.c.id == alert_evidence.c.ref)
            mine = (alert_evidence.c.alert == alert) & (alert_evidence.c.source == 1)
            connection.execute(sa.delete(alert_evidence).where(mine, gone))

    def silences(self) -> list[Silence]:
        """Return all silences, those that are over included, oldest first."""
        with self.db.read() as connection:
            rows = connection.execute(sa.select(silences).order_by(silences.c.id)).all()
        return [Silence(*row) for row in rows]

    def add_silence(
        self, watch: int | None, group: str | None, starts: float, ends: float, reason: str, by: str
    ) -> Silence:
        """Add a silence. DataError for one that never holds, and where there are too many."""
        now = time.time()
        if ends <= max(now, starts):
            raise DataError(f"the silence ends at {ends:.0f}, not after its start and now")
        values = (watch, group, starts, ends, reason, by)
        names = ("watch", "group", "starts", "ends", "reason", "created_by")
        with self.db.write() as connection:
            query = sa.select(sa.func.count()).select_from(silences).where(silences.c.ends > now)
            if connection.execute(query).scalar_one() >= MOST_SILENCES:
                raise DataError(f"there are {MOST_SILENCES} silences, the most there may be")
            made = sa.insert(silences).values(dict(zip(names, values, strict=True)))
            number = connection.execute(made.returning(silences.c.id)).scalar_one()
        return Silence(int(number), *values)

    def remove_silence(self, id: int) -> bool:
        """Remove a silence; return whether there was one."""
        with self.db.write() as connection:
            return bool(connection.execute(sa.delete(silences).where(silences.c.id == id)).rowcount)

    def prune(self, before: float) -> None:
        """Delete alerts that were resolved, and silences that ended, before a moment."""
        old = sa.select(alerts.c.id).where(alerts.c.resolved < before, alerts.c.state == RESOLVED)
        with self.db.write() as connection:
            connection.execute(sa.delete(alert_evidence).where(alert_evidence.c.alert.in_(old)))
            connection.execute(
                sa.delete(alerts).where(alerts.c.resolved < before, alerts.c.state == RESOLVED)
            )
            connection.execute(sa.delete(silences).where(silences.c.ends < before))


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    if "body" in found:
        found["body"] = json.dumps(found["body"], ensure_ascii=False)
    return found
