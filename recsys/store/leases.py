"""Leases: exclusive right of one process to a task for a time; tokens detect late holders.

A lease ends by itself when its holder is killed. Each new holder gets a greater token (a fencing
token): writes of a holder that was suspended are refused in the transaction that checks it.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from recsys.errors import StoreError
from recsys.store.database import Database
from recsys.store.schema import leases


class StaleLease(StoreError):
    """Another process holds the lease; what the caller wanted to write was not written."""


class Leases:
    """The leases of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def take(self, name: str, holder: str, seconds: float) -> int | None:
        """Return the token of a lease, taken or prolonged; None while another holds it.

        Time is the database's, so that clocks of several machines need not agree.
        """
        with self.db.read() as connection:  # while another holds it, nothing is written
            row = connection.execute(sa.select(leases).where(leases.c.name == name)).first()
            if row is not None and row.holder != holder and _holds(row, connection, seconds):
                return None
        with self.db.write() as connection:
            row = connection.execute(sa.select(leases).where(leases.c.name == name)).first()
            now = _now(connection)
            if row is None:
                values = {"name": name, "holder": holder, "token": 1, "until": now + seconds}
                connection.execute(sa.insert(leases).values(values))
                return 1
            mine = row.holder == holder
            if not mine and _holds(row, connection, seconds):
                return None
            token = int(row.token) + (not mine)
            change = sa.update(leases).where(leases.c.name == name)
            connection.execute(change.values(holder=holder, token=token, until=now + seconds))
            return token

    def release(self, name: str, token: int) -> None:
        """End a lease, unless another has taken it."""
        change = sa.update(leases).where(leases.c.name == name, leases.c.token == token)
        with self.db.write() as connection:
            connection.execute(change.values(until=0.0, holder=""))


def check_lease(connection: sa.Connection, name: str, token: int) -> None:
    """Raise StaleLease unless a token is the newest of its lease."""
    held = connection.execute(sa.select(leases.c.token).where(leases.c.name == name)).scalar()
    if held != token:
        raise StaleLease(f"another process has taken the lease {name!r}")


def _holds(row: sa.Row[tuple[object, ...]], connection: sa.Connection, seconds: float) -> bool:
    """Whether a lease has not ended; one that ends later than it could precedes a clock jump."""
    left = float(row.until) - _now(connection)
    return 0.0 < left <= 2.0 * seconds + 60.0


def _now(connection: sa.Connection) -> float:
    if connection.dialect.name == "sqlite":
        return time.time()  # one machine
    query = sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))
    return float(connection.execute(query).scalar_one())
