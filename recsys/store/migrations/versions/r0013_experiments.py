"""Experiments, and the team of each place of an interleaved list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table and the column."""
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("exposures")}
    if "team" not in columns:
        op.add_column("exposures", sa.Column("team", sa.Text))
    op.create_table(
        "experiments",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False, server_default=""),
        sa.Column("started", sa.Double),
        sa.Column("stopped", sa.Double),
        sa.Column("decided", sa.Double),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("decision", sa.Text, nullable=False, server_default=""),
        sa.Column("planned_units", _NUMBER, nullable=False, server_default="0"),
        sa.Column("planned_guardrail_units", _NUMBER, nullable=False, server_default="0"),
    )
