"""Rows of home pages in the exposure log, and the pins of operators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("exposures", sa.Column("home_row", sa.Text))
    op.create_table(
        "pins",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("starts", sa.Double),
        sa.Column("ends", sa.Double),
        sa.Column("created", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
