"""Detected events, and which texts belong to each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "detected_events",
        _key("id"),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("began", "detected", "last")),
        sa.Column("over", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("detected_events_last", "detected_events", ["last"])
    op.create_table(
        "detected_event_texts",
        _key("event"),
        _key("source", sa.SmallInteger()),
        _key("ref"),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("author", sa.BigInteger, nullable=False),
    )
    op.create_index("detected_event_texts_text", "detected_event_texts", ["source", "ref"])


def _key(name: str, kind: sa.types.TypeEngine[int] = _NUMBER) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)
