"""The log of merges of two users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "merges",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("user", _NUMBER, nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("from_person", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("merges_user", "merges", ["user", "id"])
    op.create_index("merges_from_person", "merges", ["from_person"])
