"""How items spread: parents of items, and shares with the user from whose act they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KINDS = "'share', 'shared', '分享', 'repost', 'reposted', 'retweet', 'reblog', 'reshare', '转发'"


def upgrade() -> None:
    """Add the column and the table; shares that the store holds become rows of it."""
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("items")}
    if "parent_id" not in columns:
        op.add_column("items", sa.Column("parent_id", _ID, nullable=False, server_default=""))
    given = sa.text("parent_id <> ''")
    op.create_index(
        "items_parent", "items", ["parent_id"], sqlite_where=given, postgresql_where=given
    )
    op.create_table(
        "shares",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("event", _NUMBER, unique=True),
        sa.Column("item", _NUMBER, nullable=False),
        sa.Column("user", _NUMBER, nullable=False),
        sa.Column("shared_from", _NUMBER, nullable=False),
        sa.Column("moment", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    for name, column in (("item", "item"), ("user", "user"), ("from", "shared_from")):
        op.create_index(f"shares_{name}", "shares", [column])
    op.execute(
        'INSERT INTO shares (event, item, "user", shared_from, moment)'
        ' SELECT e.id, e.item, e."user", 0, e.moment FROM events e'
        f" JOIN kinds k ON k.id = e.kind WHERE k.name IN ({_KINDS}, 'forward', 'forwarded')"
    )
