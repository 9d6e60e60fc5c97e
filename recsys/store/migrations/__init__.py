"""Migrations: Alembic revisions that bring the tables of a store to those of recsys.store.schema.

Each revision is a module of `versions`, numbered from 0001; schema.SCHEMA is the number of the
newest one. Opening a store reads its number with one query and imports Alembic only where the
numbers differ.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, delete, insert, inspect, select

from recsys.errors import StoreError
from recsys.store.database import Database
from recsys.store.day_signatures import day_of
from recsys.store.schema import SCHEMA, VERSION_TABLE, events, metadata, notes, schema_version

FOLDER = Path(__file__).parent

log = logging.getLogger(__name__)


def revision(number: int) -> str:
    """Return the name of a revision, as Alembic and the version table hold it: 12 -> "0012"."""
    return f"{number:04d}"


def prepare(db: Database) -> None:
    """Create the tables of an empty store, or upgrade those of an older one; in one transaction.

    A store that is up to date is only read. A large one on PostgreSQL is prepared for partitions
    by day before that transaction, while others write. Processes that open a store at the same
    time wait for the one that upgrades it. StoreError when the store is newer than this program,
    or when it is older and cannot be written.
    """
    with db.read() as connection:
        found = _stored(connection)
    if _up_to_date(found):
        return
    try:
        if not db.on_sqlite and revision(4) <= found < revision(17):
            # here: needed once in the life of a store
            from recsys.store.partitions.conversion import convert_beforehand, is_large

            if is_large(db):
                convert_beforehand(db)
        with db.write() as connection:
            found = _stored(connection)  # another process may have been first
            if not _up_to_date(found):
                _upgrade(connection)
    except StoreError as error:
        if not found:  # a new store, or one that cannot be reached
            raise
        raise StoreError(
            f"the store has schema {int(found)}, this program needs {SCHEMA}, and the upgrade"
            f" failed: {error}"
        ) from error
    if found:
        log.info("the store was upgraded from schema %s to %d", int(found), SCHEMA)


def _stored(connection: Connection) -> str:
    """Return the revision of a store; empty when it has none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return connection.execute(select(schema_version.c.version_num)).scalar() or ""


def _up_to_date(found: str) -> bool:
    if found and (not found.isdecimal() or int(found) > SCHEMA):
        raise StoreError(
            f"the store has schema {found.lstrip('0')}, this program knows {SCHEMA} and earlier:"
            " install the newer recsys that upgraded the store, or restore a backup made before"
        )
    return found == revision(SCHEMA)


def _upgrade(connection: Connection) -> None:
    if inspect(connection).has_table(notes.name):
        run_revisions(connection)
    else:
        create_tables(connection)
        connection.execute(insert(schema_version).values(version_num=revision(SCHEMA)))
    # versions before Alembic read this note, and refuse a store that is newer than they are
    connection.execute(delete(notes).where(notes.c.key == "schema"))
    connection.execute(insert(notes).values(key="schema", value=str(SCHEMA)))


def create_tables(connection: Connection) -> None:
    """Create all tables of an empty store."""
    if connection.dialect.name == "sqlite":
        metadata.create_all(connection)
        return
    # here: not needed on SQLite
    from recsys.store.partitions.auxiliary_tables import (
        create_beside,
        create_events,
        create_triggers,
    )
    from recsys.store.partitions.daily_partitions import AHEAD, create_days

    tables = [table for table in metadata.sorted_tables if table is not events]
    metadata.create_all(connection, tables)
    create_events(connection)
    create_beside(connection)
    today = day_of(time.time())
    create_days(connection, today, today + AHEAD + 1)
    create_triggers(connection)


def run_revisions(connection: Connection, folder: Path = FOLDER) -> None:
    """Run the revisions that a store lacks, inside the transaction of the connection.

    A store made before Alembic came (no version table) begins at revision 0001, which creates the
    tables that are missing.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"Alembic: {error}") from error
