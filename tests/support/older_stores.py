"""Stores as earlier schemas had them: what later revisions added is taken away."""

import sqlalchemy as sa

# revision -> statements that undo it
UNDO = {
    5: [f"ALTER TABLE exposures DROP COLUMN {name}" for name in ("arm", "propensity", "slot_kind")],
    6: ["DROP TABLE audit", "DROP TABLE audit_subjects"],
    7: [f"ALTER TABLE items DROP COLUMN {name}" for name in ("available_from", "expires_at")],
    9: ["DROP TABLE pins", "ALTER TABLE exposures DROP COLUMN home_row"],
    10: [
        "DROP INDEX follows_author",
        "DROP INDEX follows_followed",
        *(f"DROP TABLE {name}" for name in ("authors", "blocks", "follow_changes")),
    ],
    11: [
        f"DROP TABLE {name}"
        for name in (
            "watches",
            "watch_matches",
            "watch_counts",
            "alerts",
            "alert_evidence",
            "silences",
        )
    ],
    12: ["DROP TABLE shares", "DROP INDEX items_parent", "ALTER TABLE items DROP COLUMN parent_id"],
    14: ["DROP TABLE detected_events", "DROP TABLE detected_event_texts"],
    16: ["DROP TABLE dialogues", "DROP TABLE dialogue_turns"],
    15: ["DROP TABLE stream_positions", "DROP TABLE stream_rejects"],
    13: ["DROP TABLE experiments", "ALTER TABLE exposures DROP COLUMN team"],
    8: [f"DROP TABLE {name}" for name in ("deliveries", "destinations", "notices", "leases")],
}


# on PostgreSQL alone, before all others: events are one table again
UNPARTITION = (
    "CREATE TABLE events_whole (LIKE events INCLUDING DEFAULTS)",
    "INSERT INTO events_whole SELECT * FROM events",
    "ALTER SEQUENCE events_id_seq OWNED BY events_whole.id",
    "DROP TABLE events CASCADE",
    "DROP TABLE recent_events, recent_floors, event_batches, event_keys",
    *(f"DROP FUNCTION recsys_events_{name}" for name in ("added", "removed", "changed")),
    "ALTER TABLE events_whole RENAME TO events",
    "ALTER TABLE events ADD PRIMARY KEY (id)",
    'ALTER TABLE events ADD UNIQUE ("user", key)',
    'CREATE INDEX events_history ON events ("user", moment, id)',
)


def take_back(connection: sa.Connection, schema: int) -> None:
    """Bring a new store to an earlier schema, 3 or later; 4 has changed values only."""
    if schema < 17 and connection.dialect.name == "postgresql":
        for statement in UNPARTITION:
            connection.execute(sa.text(statement))
    for revision in sorted(UNDO, reverse=True):
        for statement in UNDO[revision] if revision > schema else ():
            connection.execute(sa.text(statement))
    connection.execute(sa.text(f"UPDATE recsys_schema SET version_num = '{schema:04}'"))
