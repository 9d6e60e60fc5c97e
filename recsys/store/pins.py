"""Pins: items placed by an operator at a position of lists for a period."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.schema import pins as _pins

MOST = 100  # pins at one time: each request looks at all of them


@dataclass(frozen=True, slots=True)
class Pin:
    """One pin."""

    id: int
    item_id: str
    position: int  # from 1
    starts: float | None  # Unix seconds; None: since it was made
    ends: float | None  # Unix seconds, not included; None: until it is removed
    created: float

    def holds(self, now: float) -> bool:
        """Return whether the pin is in force at a moment."""
        return (self.starts is None or self.starts <= now) and (
            self.ends is None or now < self.ends
        )


class Pins:
    """The pins of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def list(self) -> list[Pin]:
        """Return all pins, those that are over or still to come included, oldest first."""
        with self.db.read() as connection:
            rows = connection.execute(sa.select(_pins).order_by(_pins.c.id)).all()
        return [Pin(*row) for row in rows]

    def add(
        self, item_id: str, position: int, starts: float | None = None, ends: float | None = None
    ) -> Pin:
        """Add a pin. DataError for one that never holds, and where there are too many."""
        now = time.time()
        if position < 1:
            raise DataError(f"position {position} is below 1")
        if ends is not None and ends <= max(now, starts or now):
            raise DataError(f"ends {ends:.0f} is not after its start and now: the pin never holds")
        values = {
            "item_id": item_id,
            "position": position,
            "starts": starts,
            "ends": ends,
            "created": now,
        }
        with self.db.write() as connection:
            over = _pins.c.ends.is_not(None) & (_pins.c.ends <= now)
            query = sa.select(sa.func.count()).select_from(_pins).where(~over)
            if connection.execute(query).scalar_one() >= MOST:
                raise DataError(f"there are {MOST} pins, the most there may be: remove some")
            made = connection.execute(sa.insert(_pins).values(**values)).inserted_primary_key
        assert made is not None
        return Pin(int(made[0]), item_id, position, starts, ends, now)

    def remove(self, id: int) -> bool:
        """Remove a pin; return whether there was one."""
        with self.db.write() as connection:
            return bool(connection.execute(sa.delete(_pins).where(_pins.c.id == id)).rowcount)
