"""Watches over texts with their counts, alerts with their evidence, and silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "watches",
        _id(),
        _text("name", unique=True),
        _text("query"),
        _words("group"),
        _text("level", sa.String(16)),
        sa.Column("least_people", sa.Integer, nullable=False),
        _text("digest", sa.String(16)),
        _time("created"),
        _words("created_by"),
        sa.Column("items_left", _NUMBER),
        sa.Column("comments_left", _NUMBER),
        sa.Column("backfill_from", _NUMBER, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "watch_matches",
        _key("watch"),
        _key("source", sa.SmallInteger),
        _key("ref"),
        _time("at"),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("author", sa.BigInteger, nullable=False),
        sa.Column("script", sa.SmallInteger, nullable=False),
        sa.Column("tone", sa.SmallInteger, nullable=False),
        sa.Column("p_negative", sa.Float, nullable=False),
        sa.Column("p_positive", sa.Float, nullable=False),
    )
    op.create_index("watch_matches_hour", "watch_matches", ["watch", "hour"])
    op.create_index("watch_matches_at", "watch_matches", ["at"])
    op.create_index("watch_matches_text", "watch_matches", ["source", "ref"])
    op.create_table(
        "watch_counts",
        _key("watch"),
        _key("hour", sa.Integer),
        _key("script", sa.SmallInteger),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("texts", "negative", "positive")
        ),
        _time("p_negative"),
        _time("p_positive"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("people", "negative_people")),
    )
    op.create_table(
        "alerts",
        _id(),
        sa.Column("watch", _NUMBER, nullable=False),
        _text("kind", sa.String(16)),
        _text("state", sa.String(16)),
        _time("began"),
        *(sa.Column(name, sa.Double) for name in ("fired", "acknowledged", "resolved", "notified")),
        _words("note"),
        _words("by"),
        _text("body"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_index("alerts_watch", "alerts", ["watch", "kind"])
    op.create_table(
        "alert_evidence",
        _key("alert"),
        _key("place", sa.SmallInteger),
        _text("role", sa.String(16)),
        sa.Column("source", sa.SmallInteger, nullable=False),
        sa.Column("ref", _NUMBER, nullable=False),
        _time("at"),
    )
    op.create_index("alert_evidence_text", "alert_evidence", ["source", "ref"])
    op.create_table(
        "silences",
        _id(),
        sa.Column("watch", _NUMBER),
        sa.Column("group", sa.Text),
        _time("starts"),
        _time("ends"),
        _words("reason"),
        _words("created_by"),
        sqlite_autoincrement=True,
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, primary_key=True)


def _key(
    name: str, kind: sa.types.TypeEngine[int] | type[sa.types.TypeEngine[int]] = _NUMBER
) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _text(
    name: str,
    kind: sa.types.TypeEngine[str] | type[sa.types.TypeEngine[str]] = sa.Text,
    unique: bool = False,
) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, unique=unique)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
