"""Events by day on PostgreSQL; nothing on SQLite."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table of events the first partition of a partitioned one."""
    if op.get_bind().dialect.name == "sqlite":
        return
    # here: not needed on SQLite
    from recsys.store.partitions.conversion import exchange

    exchange(op.get_bind())
