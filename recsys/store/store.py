"""Store: events, items, users and runs in SQLite or PostgreSQL, by URL.

    store = Store.open("sqlite:///data/var/store.db")
    store.add_events(event for _, event in read_events("events.csv"))

Every method is one transaction, or, where it takes many rows, one per batch. All raise StoreError
when the database cannot be reached, is locked for too long, or is full.
"""

from __future__ import annotations

from types import TracebackType

from sqlalchemy import Engine, func, select

from recsys.store.acts_by_store_numbers import ActLog
from recsys.store.author_names import AuthorLog
from recsys.store.database import Database
from recsys.store.error_translation import BUSY
from recsys.store.event_writer import Added
from recsys.store.events import EventLog, StoredEvent
from recsys.store.group_commit import GroupCommit
from recsys.store.items import ItemChange, ItemLog
from recsys.store.job_runs import Run, RunLog, StepRecord
from recsys.store.migrations import prepare
from recsys.store.schema import LIVE, events, items, users
from recsys.store.shares import ShareLog
from recsys.store.text_fingerprints import FingerprintStore
from recsys.store.training_follows import TrainingFollows
from recsys.store.user_controls import Control, ControlLog
from recsys.store.users import People

__all__ = ["Added", "Control", "ItemChange", "Run", "StepRecord", "Store", "StoredEvent"]


class Store(
    EventLog,
    ActLog,
    ShareLog,
    ItemLog,
    People,
    TrainingFollows,
    AuthorLog,
    ControlLog,
    RunLog,
    FingerprintStore,
):
    """The one place where events, items and users are kept; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.appending = GroupCommit(self._append)

    @classmethod
    def open(cls, url: str, bulk: bool = False, wait: float = BUSY, archive: str = "") -> Store:
        """Open sqlite:///path or postgresql://…, created or upgraded where needed.

        `bulk` and `wait` as in Database; `archive`: URL of the archive of events, empty: none. A
        store that is up to date is only read. StoreError when it was upgraded by a newer version of
        this program.
        """
        db = Database.open(url, bulk, wait)
        try:
            prepare(db)
        except BaseException:
            db.engine.dispose()
            raise
        store = cls(db)
        if archive:
            # loaded where an archive is used
            from recsys.store.event_archive import EventArchive

            store.archive = EventArchive(archive)
        return store

    @property
    def engine(self) -> Engine:
        """The engine, for other tables in the same database."""
        return self.db.engine

    def close(self) -> None:
        """Close all connections."""
        self.db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def counts(self) -> dict[str, int]:
        """Return the number of live items with a description, of events, and of users."""
        shown = (items.c.known == 1) & (items.c.state == LIVE)
        queries = {
            "items": select(func.count()).select_from(items).where(shown),
            "events": select(func.count()).select_from(events),
            "users": select(func.count()).select_from(users),
        }
        with self.db.snapshot() as connection:
            return {name: connection.execute(q).scalar_one() for name, q in queries.items()}
