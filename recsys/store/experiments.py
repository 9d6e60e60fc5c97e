"""Rows of experiments: definitions as JSON, with their states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.schema import experiments as _experiments

MOST = 1_000  # experiments that a store keeps


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One row; times in Unix seconds."""

    id: str
    state: str
    definition: str  # JSON object
    created: float
    created_by: str = ""
    started: float | None = None
    stopped: float | None = None
    decided: float | None = None
    reason: str = ""
    decision: str = ""
    planned_units: int = 0
    planned_guardrail_units: int = 0


class ExperimentRows:
    """The experiments of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def every(self) -> list[ExperimentRow]:
        """Return all experiments, oldest first."""
        with self.db.read() as connection:
            return _rows(connection)

    def add(self, row: ExperimentRow) -> None:
        """Add an experiment; DataError where the id is taken, or where there are too many."""
        with self.db.write() as connection:
            known = _rows(connection)
            if any(one.id == row.id for one in known):
                raise DataError(
                    f"there is an experiment {row.id!r}: an id is the salt of the arms, and is"
                    " used once"
                )
            if len(known) >= MOST:
                raise DataError(f"there are {MOST} experiments, the most there may be")
            connection.execute(sa.insert(_experiments).values(**asdict(row)))

    def change(
        self, id: str, change: Callable[[ExperimentRow, Sequence[ExperimentRow]], ExperimentRow]
    ) -> ExperimentRow | None:
        """Replace a row by what `change` makes of it and of all rows; None when there is none.

        `change` runs in the transaction, so that what it checks still holds when it is written.
        """
        with self.db.write() as connection:
            known = _rows(connection)
            found = next((one for one in known if one.id == id), None)
            if found is None:
                return None
            new = change(found, known)
            if new != found:
                values = {name: value for name, value in asdict(new).items() if name != "id"}
                same = _experiments.c.id == id
                connection.execute(sa.update(_experiments).where(same).values(**values))
            return new


def _rows(connection: sa.Connection) -> list[ExperimentRow]:
    order = (_experiments.c.created, _experiments.c.id)
    return [
        ExperimentRow(*row) for row in connection.execute(sa.select(_experiments).order_by(*order))
    ]
