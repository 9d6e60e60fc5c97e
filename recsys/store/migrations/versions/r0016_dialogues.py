"""Dialogues and their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "dialogues",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person", sa.Text, nullable=False, server_default=""),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("dialogues_person", "dialogues", ["person"])
    op.create_index("dialogues_expires", "dialogues", ["expires"])
    op.create_table(
        "dialogue_turns",
        sa.Column("dialogue", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("dialogue_turns_at", "dialogue_turns", ["at"])
