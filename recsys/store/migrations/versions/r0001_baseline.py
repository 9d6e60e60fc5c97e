"""The tables of stores made before Alembic came, as of commit 2c9a487. Missing ones are created."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create what is missing."""
    _table(
        "users",
        _id(),
        sa.Column("user_id", _ID, nullable=False, unique=True),
        sa.Column("known", sa.SmallInteger, nullable=False, server_default="0"),
        _words("name"),
        _words("interests"),
        _words("language"),
    )
    _table(
        "items",
        _id(),
        sa.Column("item_id", _ID, nullable=False, unique=True),
        sa.Column("known", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.SmallInteger, nullable=False, server_default="0"),
        _words("title"),
        _words("text"),
        _words("tags"),
        _words("category"),
        _words("author_id"),
        sa.Column("created_at", sa.Double),
        _words("url"),
        _words("metadata"),
    )
    _table("kinds", _id(), sa.Column("name", sa.Text, nullable=False, unique=True))
    _table(
        "events",
        _id(),
        _number("user"),
        _number("item"),
        _number("kind"),
        sa.Column("value", sa.Double),
        sa.Column("text", sa.Text),
        sa.Column("timestamp", sa.Double),
        sa.Column("moment", sa.Double, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("user", "key"),
        sqlite_autoincrement=True,
    )
    _index("events_history", "events", "user", "moment", "id")
    _table(
        "item_changes",
        _id(),
        _number("item"),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    _table(
        "prints",
        sa.Column("print", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("item", _NUMBER, primary_key=True, autoincrement=False),
    )
    _index("prints_item", "prints", "item")
    _table(
        "follows",
        sa.Column("user", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("author_id", _ID, primary_key=True),
        sa.Column("followed_user_id", _ID, primary_key=True),
    )
    _table(
        "controls",
        _id(),
        _number("user"),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", _ID, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("controls_user", "controls", "user", "id")
    _table(
        "erasures",
        _id(),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("erasures_person", "erasures", "person")
    _table(
        "runs",
        _id(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("finished", sa.Double),
        _words("detail"),
        sqlite_autoincrement=True,
    )
    _table(
        "run_steps",
        _id(),
        _number("run"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        _words("detail"),
    )
    _index("run_steps_run", "run_steps", "run")
    _table(
        "notes",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    _table(
        "exposures",
        sa.Column("recommendation_id", sa.String(32), primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("bundle", sa.String(100), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("items", sa.Text, nullable=False),
    )
    _index("exposures_person", "exposures", "person", "time")
    _index("ix_exposures_time", "exposures", "time")
    _table(
        "outcomes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recommendation_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(512), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
    )
    _index("ix_outcomes_recommendation_id", "outcomes", "recommendation_id")
    _table(
        "api_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("rate", sa.Float),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
    )


def _table(name: str, *columns: Any, **options: Any) -> None:
    op.create_table(name, *columns, if_not_exists=True, **options)


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), if_not_exists=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, primary_key=True)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, nullable=False)
