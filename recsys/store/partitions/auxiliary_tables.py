"""Tables beside the partitioned `events` of PostgreSQL, and the triggers that keep them right.

    events          by RANGE (moment): a partition per day, UTC; `events_before` holds what is
                    older than the first of them, `events_default` what is later than the last
    recent_events   a copy of the latest events of each user
    recent_floors   users of whom `recent_events` lacks the oldest events
    event_batches   what each statement added: the last id, and the range of moments
    event_keys      identities of events whose moment is that of their arrival

Triggers fire once per statement, in its transaction, whichever program changes events. They fire
for statements on `events`; a statement on a partition by its own name changes nothing else.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Double, Index, MetaData, Table, Text

partitioned = MetaData()  # tables that only PostgreSQL has


def _number(name: str, primary_key: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False, primary_key=primary_key)


recent_events = Table(
    "recent_events",
    partitioned,
    _number("user", primary_key=True),
    Column("moment", Double, primary_key=True),
    _number("id", primary_key=True),
    _number("item"),
    _number("kind"),
    Column("value", Double),
    Column("text", Text),
    Column("timestamp", Double),
    Column("received", Double, nullable=False),
)

recent_floors = Table(
    "recent_floors",
    partitioned,
    _number("user", primary_key=True),
    Column("moment", Double, nullable=False),  # of the newest event that is left out
    _number("older"),  # how many are left out
    _number("last"),  # their greatest id
)

event_batches = Table(
    "event_batches",
    partitioned,
    _number("last", primary_key=True),  # greatest id that a statement added
    Column("least", Double, nullable=False),  # moments
    Column("most", Double, nullable=False),
    Column("at", Double, nullable=False),
)

event_keys = Table(
    "event_keys",
    partitioned,
    _number("user", primary_key=True),
    _number("key", primary_key=True),
    Column("moment", Double, nullable=False),
    Index("event_keys_moment", "moment", postgresql_using="brin"),
)

_COLUMNS = '"user", moment, id, item, kind, value, text, timestamp, received'
_EVENTS = """
CREATE TABLE events (
    id bigint NOT NULL DEFAULT nextval('events_id_seq'),
    "user" bigint NOT NULL,
    item bigint NOT NULL,
    kind bigint NOT NULL,
    value double precision,
    text text,
    timestamp double precision,
    moment double precision NOT NULL,
    received double precision NOT NULL,
    key bigint NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (id, moment),
    CONSTRAINT events_identity UNIQUE ("user", moment, key)
) PARTITION BY RANGE (moment)
"""
_ADDED = f"""
CREATE OR REPLACE FUNCTION recsys_events_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recent_events ({_COLUMNS})
        SELECT {_COLUMNS} FROM added ORDER BY "user", moment, id;
    INSERT INTO event_batches (last, least, most, at)
        SELECT max(id), min(moment), max(moment), extract(epoch FROM clock_timestamp())
        FROM added HAVING max(id) IS NOT NULL
        ON CONFLICT (last) DO UPDATE SET least = least(event_batches.least, excluded.least),
            most = greatest(event_batches.most, excluded.most);
    RETURN NULL;
END $$
"""
_REMOVED = """
CREATE OR REPLACE FUNCTION recsys_events_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM recent_events r USING removed o
        WHERE r."user" = o."user" AND r.moment = o.moment AND r.id = o.id RETURNING r.id
    ), older AS (
        SELECT o."user", count(*) AS n FROM removed o
        WHERE NOT EXISTS (SELECT FROM gone g WHERE g.id = o.id) GROUP BY o."user"
    )
    UPDATE recent_floors f SET older = f.older - o.n FROM older o WHERE f."user" = o."user";
    DELETE FROM recent_floors WHERE older <= 0 AND "user" IN (SELECT "user" FROM removed);
    DELETE FROM event_keys k USING removed o WHERE k."user" = o."user" AND k.key = o.key;
    RETURN NULL;
END $$
"""
_CHANGED = """
CREATE OR REPLACE FUNCTION recsys_events_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE recent_events r SET "user" = n."user", moment = n.moment, item = n.item, kind = n.kind,
        value = n.value, text = n.text, timestamp = n.timestamp, received = n.received
        FROM was o JOIN became n USING (id)
        WHERE r."user" = o."user" AND r.moment = o.moment AND r.id = o.id;
    INSERT INTO recent_floors ("user", moment, older, last)
        SELECT p."to", f.moment, f.older, f.last FROM (
            SELECT DISTINCT o."user" AS "from", n."user" AS "to"
            FROM was o JOIN became n USING (id) WHERE o."user" <> n."user"
        ) p JOIN recent_floors f ON f."user" = p."from"
        ON CONFLICT ("user") DO UPDATE SET
            moment = greatest(recent_floors.moment, excluded.moment),
            older = recent_floors.older + excluded.older,
            last = greatest(recent_floors.last, excluded.last);
    DELETE FROM recent_floors f USING was o JOIN became n USING (id)
        WHERE o."user" <> n."user" AND f."user" = o."user";
    UPDATE event_keys k SET "user" = n."user" FROM was o JOIN became n USING (id)
        WHERE o."user" <> n."user" AND k."user" = o."user" AND k.key = o.key
        AND NOT EXISTS (SELECT FROM event_keys t WHERE t."user" = n."user" AND t.key = o.key);
    RETURN NULL;
END $$
"""
_TRIGGERS = {
    "recsys_events_added": ("INSERT", "NEW TABLE AS added"),
    "recsys_events_removed": ("DELETE", "OLD TABLE AS removed"),
    "recsys_events_changed": ("UPDATE", "OLD TABLE AS was NEW TABLE AS became"),
}


def create_beside(connection: Connection) -> None:
    """Create the tables beside `events` and the functions of the triggers, where they are not."""
    partitioned.create_all(connection)
    for function in (_ADDED, _REMOVED, _CHANGED):
        connection.exec_driver_sql(function)
    # what was added before this moment is not known; the row says from which id on it is
    connection.exec_driver_sql(
        "INSERT INTO event_batches (last, least, most, at)"
        " SELECT coalesce(max(id), 0), 0, 0, 0 FROM events ON CONFLICT DO NOTHING"
    )


def create_triggers(connection: Connection) -> None:
    """Let changes of the table `events` change the tables beside it."""
    for name, (what, tables) in _TRIGGERS.items():
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} AFTER {what} ON events REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def drop_triggers(connection: Connection) -> None:
    """Undo `create_triggers`."""
    for name in _TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON events")


def create_events(connection: Connection) -> None:
    """Create `events` without a partition, over the sequence that gives ids."""
    connection.exec_driver_sql("CREATE SEQUENCE IF NOT EXISTS events_id_seq")
    connection.exec_driver_sql(_EVENTS)
    connection.exec_driver_sql("ALTER SEQUENCE events_id_seq OWNED BY events.id")
