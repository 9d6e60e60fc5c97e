"""The log of follows and blocks, display names of authors, and who follows somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the tables and indexes; give numbers to the authors and users who are followed."""
    op.create_table(
        "authors",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("author_id", _ID, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "blocks",
        sa.Column("user", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("blocked", _NUMBER, primary_key=True, autoincrement=False),
    )
    op.create_index("blocks_blocked", "blocks", ["blocked"])
    op.create_table(
        "follow_changes",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("user", _NUMBER, nullable=False),
        sa.Column("author", _NUMBER, nullable=False),
        sa.Column("other", _NUMBER, nullable=False),
        sa.Column("change", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_follow_changes_at", "follow_changes", ["at"])
    for name, column in (("author", "author_id"), ("followed", "followed_user_id")):
        given = sa.text(f"{column} <> ''")
        op.create_index(
            f"follows_{name}",
            "follows",
            [column, "user"],
            sqlite_where=given,
            postgresql_where=given,
        )
    op.execute(
        "INSERT INTO authors (author_id)"
        " SELECT DISTINCT author_id FROM follows WHERE author_id <> ''"
    )
    op.execute(
        "INSERT INTO users (user_id) SELECT DISTINCT followed_user_id FROM follows"
        " WHERE followed_user_id <> ''"
        " AND followed_user_id NOT IN (SELECT user_id FROM users)"
    )
