"""When an item may be listed: from one moment on, until another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add both columns; NULL is no limit."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("items")}
    for name in ("available_from", "expires_at"):
        if name not in known:
            op.add_column("items", sa.Column(name, sa.Double))
