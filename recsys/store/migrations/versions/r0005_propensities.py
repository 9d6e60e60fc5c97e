"""Arm, propensities and kinds of places of shown lists; NULL in rows that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    for name in ("arm", "propensity", "slot_kind"):
        op.add_column("exposures", sa.Column(name, sa.Text))
