"""Tables of the store, the same on SQLite and PostgreSQL but for keys and indexes of `events`.

Ids from outside are stored once, in `users` and `items`; everything else refers to their numbers.
`events`, `item_changes`, `follow_changes`, `controls`, `erasures` and `merges` are logs: rows are
added at the end, in the order of their ids. Stores made by earlier versions are brought to these
tables by recsys.store.migrations.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA = 17  # number of the newest revision in migrations/versions; a newer store is refused

LIVE, HIDDEN, DELETED = 0, 1, 2  # items.state
STATES = ("live", "hidden", "deleted")

metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# ids sort by code point on both databases, so that a page ends at the same place
_ID = Text().with_variant(Text(collation="C"), "postgresql")


def _id() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True)


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    # no foreign key: numbers are looked up or given in the very transaction that uses them, and
    # the check would cost a tenth of an ingest's time
    return Column(name, _NUMBER, nullable=False)


def _log(*arguments: Any) -> Table:
    # without AUTOINCREMENT SQLite gives the id of an erased last row to the next one, and a
    # reader of "id > last seen" would miss it
    return Table(*arguments, sqlite_autoincrement=True)


users = Table(
    "users",
    metadata,
    _id(),
    Column("user_id", _ID, nullable=False, unique=True),
    Column("known", SmallInteger, nullable=False, server_default="0"),  # 0: only from events
    _words("name"),
    _words("interests"),  # JSON list
    _words("language"),
)

items = Table(
    "items",
    metadata,
    _id(),
    Column("item_id", _ID, nullable=False, unique=True),
    Column("known", SmallInteger, nullable=False, server_default="0"),  # 0: only from events
    Column("state", SmallInteger, nullable=False, server_default="0"),
    _words("title"),
    _words("text"),
    _words("tags"),  # JSON list
    _words("category"),
    _words("author_id"),
    Column("created_at", Double),
    _words("url"),
    _words("metadata"),  # JSON object
    Column("available_from", Double),
    Column("expires_at", Double),
    Column("parent_id", _ID, nullable=False, server_default=""),  # stays when it is deleted
)
Index(
    "items_parent",
    items.c.parent_id,
    sqlite_where=items.c.parent_id != "",
    postgresql_where=items.c.parent_id != "",
)

kinds = Table("kinds", metadata, _id(), Column("name", Text, nullable=False, unique=True))

events = _log(
    "events",
    metadata,
    _id(),
    _number("user"),
    _number("item"),
    _number("kind"),
    Column("value", Double),
    Column("text", Text),
    Column("timestamp", Double),  # as the sender gave it, not after `received`
    Column("moment", Double, nullable=False),  # the timestamp, else `received`
    Column("received", Double, nullable=False),
    Column("key", BigInteger, nullable=False),  # what makes the event the same event again
    # led by the user, the key needs 64 bits only, and an insert touches neighbouring pages; these
    # are SQLite's: `events` of PostgreSQL is created by recsys.store.partitions.auxiliary_tables
    UniqueConstraint("user", "key"),
    Index("events_history", "user", "moment", "id"),
)

shares = _log(  # of events that spread an item; what an erased user leaves is a gap
    "shares",
    metadata,
    _id(),
    Column("event", _NUMBER, unique=True),  # NULL: of an erased user
    _number("item"),
    _number("user"),  # below 0: erased
    _number("shared_from"),  # the user from whose act it came; 0: not known; below 0: erased
    Column("moment", Double, nullable=False),
    Index("shares_item", "item"),
    Index("shares_user", "user"),
    Index("shares_from", "shared_from"),
)

item_changes = _log(
    "item_changes",
    metadata,
    _id(),
    _number("item"),
    Column("at", Double, nullable=False),
)

prints = Table(
    "prints",
    metadata,
    Column("print", BigInteger, primary_key=True, autoincrement=False),
    Column("item", _NUMBER, primary_key=True, autoincrement=False),
    Index("prints_item", "item"),
)

follows = Table(
    "follows",
    metadata,
    Column("user", _NUMBER, primary_key=True, autoincrement=False),
    Column("author_id", _ID, primary_key=True),  # empty when a user is followed
    Column("followed_user_id", _ID, primary_key=True),
)
for _name, _column in (("author", follows.c.author_id), ("followed", follows.c.followed_user_id)):
    # who follows somebody; a query has to repeat that the id is not empty
    Index(
        f"follows_{_name}",
        _column,
        follows.c.user,
        sqlite_where=_column != "",
        postgresql_where=_column != "",
    )

authors = Table(  # of items and of follows
    "authors",
    metadata,
    _id(),
    Column("author_id", _ID, nullable=False, unique=True),
    _words("name"),
)

blocks = Table(  # what the controls of kind `user` and action `block` leave in force
    "blocks",
    metadata,
    Column("user", _NUMBER, primary_key=True, autoincrement=False),
    Column("blocked", _NUMBER, primary_key=True, autoincrement=False),
    Index("blocks_blocked", "blocked"),
)

follow_changes = _log(  # of follows and blocks; numbers only, kept for a day
    "follow_changes",
    metadata,
    _id(),
    _number("user"),
    _number("author"),  # 0: none
    _number("other"),  # the user who is followed or blocked; 0: none
    Column("change", SmallInteger, nullable=False),  # see recsys.store.follows.Change
    Column("at", Double, nullable=False, index=True),
)

controls = _log(
    "controls",
    metadata,
    _id(),
    _number("user"),
    Column("action", Text, nullable=False),  # see recsys.store.user_controls
    Column("kind", Text, nullable=False),
    Column("value", _ID, nullable=False),
    Column("at", Double, nullable=False),
    Index("controls_user", "user", "id"),
)

erasures = _log(
    "erasures",
    metadata,
    _id(),
    Column("person", Text, nullable=False),  # a keyed pseudonym: who it was cannot be read off
    Column("at", Double, nullable=False),
    Index("erasures_person", "person"),
)

merges = _log(
    "merges",
    metadata,
    _id(),
    _number("user"),
    Column("from_id", _ID, nullable=False),  # what was merged into the user
    Column("from_person", Text, nullable=False),  # pseudonyms, for lists shown meanwhile
    Column("person", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("merges_user", "user", "id"),
    Index("merges_from_person", "from_person"),
)

runs = _log(
    "runs",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("finished", Double),
    _words("detail"),  # JSON object
)

run_steps = Table(
    "run_steps",
    metadata,
    _id(),
    _number("run"),
    Column("name", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("at", Double, nullable=False),
    _words("detail"),  # JSON object
    Index("run_steps_run", "run"),
)

notes = Table(
    "notes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

exposures = Table(
    "exposures",
    metadata,
    Column("recommendation_id", String(32), primary_key=True),
    Column("time", Float, nullable=False, index=True),
    Column("bundle", String(100), nullable=False),
    Column("person", String(32), nullable=False),  # pseudonym; empty: a session
    Column("kind", String(16), nullable=False),  # cold, short, long, session
    Column("items", Text, nullable=False),  # JSON: [[item id, position, source], …]
    Column("arm", Text),  # JSON: {experiment: arm}; NULL: none
    Column("propensity", Text),  # JSON: probability of each placement; NULL: an older row
    Column("slot_kind", Text),  # JSON: kind of each place; NULL: an older row
    Column("home_row", Text),  # JSON: row of a home page of each place; NULL: no home page
    Column("team", Text),  # JSON: arm of each place of an interleaved list; NULL: any other list
    Index("exposures_person", "person", "time"),
)

pins = Table(
    "pins",
    metadata,
    _id(),
    Column("item_id", Text, nullable=False),
    _number("position"),  # from 1
    Column("starts", Double),  # Unix seconds; NULL: at once
    Column("ends", Double),  # Unix seconds; NULL: never
    Column("created", Double, nullable=False),
    sqlite_autoincrement=True,
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recommendation_id", String(32), nullable=False, index=True),
    Column("item_id", String(512), nullable=False),
    Column("event", String(64), nullable=False),
    Column("time", Float, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("rate", Float),  # requests a second; NULL: the setting's
    Column("created", Float, nullable=False),
    Column("revoked", Float),
)

api_key_roles = Table(  # keys without a row were made before roles existed
    "api_key_roles",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("role", String(16), primary_key=True),
)

audit = _log(  # see recsys.store.audit_log
    "audit",
    metadata,
    _id(),
    Column("at", Double, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("subject", String(32), nullable=False, index=True),
    Column("object", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_subjects = Table(
    "audit_subjects",
    metadata,
    Column("subject", String(32), primary_key=True),  # random: nothing else leads to a user
    Column("person", String(32), nullable=False, index=True),  # pseudonym
    Column("at", Double, nullable=False),
)

notices = _log(  # see recsys.store.outbox
    "notices",
    metadata,
    _id(),
    Column("uid", String(32), nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("person", String(32), nullable=False, index=True),  # pseudonym; empty: nobody
    Column("data", Text, nullable=False),  # JSON object
    Column("created", Double, nullable=False),
)

destinations = _log(
    "destinations",
    metadata,
    _id(),
    Column("channel", String(16), nullable=False),  # webhook or mail
    Column("address", Text, nullable=False),
    _words("kinds"),  # JSON list; empty: all
    _words("signing_key"),
    Column("created", Double, nullable=False),
    Column("confirmed", Double),
    Column("disabled", Double),
    UniqueConstraint("channel", "address"),
)

deliveries = _log(
    "deliveries",
    metadata,
    _id(),
    Column("notice", _NUMBER, nullable=False, index=True),
    Column("destination", _NUMBER, nullable=False),
    Column("subject", Text, nullable=False),  # of the notice
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", Double, nullable=False, server_default="0"),
    _words("error"),
    Column("at", Double, nullable=False, server_default="0"),
    Index("deliveries_due", "state", "due"),
    Index("deliveries_order", "destination", "subject", "id"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", _NUMBER, nullable=False),
    Column("until", Double, nullable=False),
)

watches = _log(  # see recsys.store.watches
    "watches",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("query", Text, nullable=False),
    _words("group"),  # alerts of one group are one notice; empty: each watch its own
    Column("level", String(16), nullable=False),
    Column("least_people", Integer, nullable=False),
    Column("digest", String(16), nullable=False),
    Column("created", Double, nullable=False),
    _words("created_by"),
    Column("items_left", _NUMBER),  # items with smaller numbers are still to be counted; null: none
    Column("comments_left", _NUMBER),  # the same of events
    Column("backfill_from", _NUMBER, nullable=False, server_default="0"),  # sum of both at first
)

watch_matches = Table(  # texts of the last days that a watch holds for; watch 0: all texts
    "watch_matches",
    metadata,
    Column("watch", _NUMBER, primary_key=True, autoincrement=False),
    Column("source", SmallInteger, primary_key=True, autoincrement=False),  # 0 item, 1 comment
    Column("ref", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("hour", Integer, nullable=False),  # since 1970
    Column("author", BigInteger, nullable=False),  # keyed hash; -1: unknown
    Column("script", SmallInteger, nullable=False),  # 1: with Han signs
    Column("tone", SmallInteger, nullable=False),  # 0 negative, 1 neutral, 2 positive
    Column("p_negative", Float, nullable=False),
    Column("p_positive", Float, nullable=False),
    Index("watch_matches_hour", "watch", "hour"),
    Index("watch_matches_at", "at"),
    Index("watch_matches_text", "source", "ref"),
)

watch_counts = Table(
    "watch_counts",
    metadata,
    Column("watch", _NUMBER, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("script", SmallInteger, primary_key=True, autoincrement=False),
    Column("texts", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("p_negative", Double, nullable=False),  # sums of probabilities
    Column("p_positive", Double, nullable=False),
    Column("people", Integer, nullable=False),
    Column("negative_people", Integer, nullable=False),
)

alerts = _log(
    "alerts",
    metadata,
    _id(),
    _number("watch"),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("began", Double, nullable=False),
    Column("fired", Double),
    Column("acknowledged", Double),
    Column("resolved", Double),
    Column("notified", Double),
    _words("note"),
    _words("by"),
    Column("body", Text, nullable=False),  # JSON: figures of the test, terms, entities, memory
    Index("alerts_watch", "watch", "kind"),
)

alert_evidence = Table(
    "alert_evidence",
    metadata,
    Column("alert", _NUMBER, primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),  # central, first, spread, contrary
    Column("source", SmallInteger, nullable=False),
    Column("ref", _NUMBER, nullable=False),
    Column("at", Double, nullable=False),
    Index("alert_evidence_text", "source", "ref"),
)

silences = _log(
    "silences",
    metadata,
    _id(),
    Column("watch", _NUMBER),  # null: all of the group
    Column("group", Text),  # null: any; both null: all watches
    Column("starts", Double, nullable=False),
    Column("ends", Double, nullable=False),
    _words("reason"),
    _words("created_by"),
)

experiments = Table(  # see recsys.experiments.experiment_lifecycle
    "experiments",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("definition", Text, nullable=False),  # JSON object
    Column("created", Double, nullable=False),
    _words("created_by"),
    Column("started", Double),
    Column("stopped", Double),
    Column("decided", Double),
    _words("reason"),
    _words("decision"),
    Column("planned_units", _NUMBER, nullable=False, server_default="0"),
    Column("planned_guardrail_units", _NUMBER, nullable=False, server_default="0"),
)

detected_events = Table(  # see recsys.store.detected_events
    "detected_events",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=False),
    _words("name"),
    Column("began", Double, nullable=False),
    Column("detected", Double, nullable=False),
    Column("last", Double, nullable=False),
    Column("over", SmallInteger, nullable=False, server_default="0"),
    Column("body", Text, nullable=False),  # JSON: terms, entities
    Index("detected_events_last", "last"),
)

detected_event_texts = Table(
    "detected_event_texts",
    metadata,
    Column("event", _NUMBER, primary_key=True, autoincrement=False),
    Column("source", SmallInteger, primary_key=True, autoincrement=False),  # 0 item, 1 comment
    Column("ref", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("hour", Integer, nullable=False),  # since 1970
    Column("author", BigInteger, nullable=False),  # keyed hash; -1: unknown
    Index("detected_event_texts_text", "source", "ref"),
)

stream_positions = Table(  # see recsys.store.stream_positions
    "stream_positions",
    metadata,
    Column("source", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("position", Text, nullable=False),  # of the next message; empty: nothing was read yet
    Column("epoch", _NUMBER, nullable=False),  # grows with each consumer that takes it over
    Column("holder", Text, nullable=False),
    Column("at", Double, nullable=False),
)

stream_rejects = _log(  # messages that hold no event, whole, until they are retried or dropped
    "stream_rejects",
    metadata,
    _id(),
    Column("source", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("position", Text, nullable=False),
    Column("column", Text, nullable=False),  # empty: the message as a whole is wrong
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sent", Double),  # when the broker took it, Unix seconds
    Column("at", Double, nullable=False),
)

dialogues = Table(  # see recsys.store.dialogues
    "dialogues",
    metadata,
    Column("id", String(32), primary_key=True),
    _words("person"),  # pseudonym of the user; empty: a visitor
    Column("expires", Double, nullable=False),
    Column("turns", Integer, nullable=False),  # so far
    Column("state", Text, nullable=False),  # JSON
    Index("dialogues_person", "person"),
    Index("dialogues_expires", "expires"),
)

dialogue_turns = Table(
    "dialogue_turns",
    metadata,
    Column("dialogue", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("at", Double, nullable=False),
    Column("text", Text, nullable=False),  # of the message
    Column("answer", Text, nullable=False),  # JSON
    Index("dialogue_turns_at", "at"),
)

# which revision a store has; one row. Its own name: a shared PostgreSQL database may hold the
# `alembic_version` of another program
VERSION_TABLE = "recsys_schema"
schema_version = Table(VERSION_TABLE, metadata, Column("version_num", String(32), primary_key=True))
