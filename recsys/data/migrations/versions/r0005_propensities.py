"""Arm, propensities and kinds of places of shown lists; NULL in rows that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("exposures")}
    for name in [n for n in ("arm", "propensity", "slot_kind") if n not in known]:
        op.add_column("exposures", sa.Column(name, sa.Text))
