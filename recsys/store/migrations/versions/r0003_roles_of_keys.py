"""The roles of keys; keys without a role were made before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "api_key_roles",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("role", sa.String(16), primary_key=True),
    )
