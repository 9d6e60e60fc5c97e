"""Positions of streams, and messages that were rejected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "stream_positions",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("epoch", _NUMBER, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "stream_rejects",
        sa.Column("id", _NUMBER, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "topic")),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("column", "reason")),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("sent", sa.Double),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
