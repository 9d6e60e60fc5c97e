"""The outbox: notices, where they go, how their delivery goes, and leases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "notices",
        _id(),
        sa.Column("uid", sa.String(32), nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_person", "notices", ["person"])
    op.create_table(
        "destinations",
        _id(),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        _words("kinds"),
        _words("signing_key"),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("confirmed", sa.Double),
        sa.Column("disabled", sa.Double),
        sa.UniqueConstraint("channel", "address"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        _id(),
        sa.Column("notice", _NUMBER, nullable=False),
        sa.Column("destination", _NUMBER, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due", sa.Double, nullable=False, server_default="0"),
        _words("error"),
        sa.Column("at", sa.Double, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_notice", "deliveries", ["notice"])
    op.create_index("deliveries_due", "deliveries", ["state", "due"])
    op.create_index("deliveries_order", "deliveries", ["destination", "subject", "id"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", _NUMBER, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, primary_key=True)


def _words(name: str) -> Any:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
