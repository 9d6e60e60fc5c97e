"""EventArchive: copies of the store's events by day of arrival, in an object store.

    events/day=2026-11-28/<signature>.parquet

The store stays the truth: a night compares the signature of each day with the store's, reads the
days that agree from here and all others from the store, and writes those that are over. A file is
whole or absent, and one that does not agree is never used.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import ColumnElement, Connection

from recsys.errors import ObjectStoreError
from recsys.object_storage.object_store import ObjectMissing, ObjectStore
from recsys.store.day_signatures import (
    DAY,
    DaySignature,
    day_name,
    days_of_events,
    signature_of,
)
from recsys.store.event_columns import EventRows

_EVENTS = "events/"
_KEY = re.compile(r"events/day=(\d{4}-\d\d-\d\d)/([0-9a-f]{24})\.parquet")

log = logging.getLogger(__name__)


class EventArchive:
    """The archive of one store under a URL; nothing is sent until it is used."""

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def _objects(self) -> ObjectStore:
        # loaded where an archive is used
        from recsys.object_storage.opening import open_objects

        return open_objects(self.url)

    def keys(self, days: Collection[int] | None = None) -> dict[str, int]:
        """Return the day per key of the files that are there, of all days or of some."""
        found = {}
        prefixes = [_EVENTS] if days is None else [_prefix(day) for day in days]
        for prefix in prefixes:
            for one in self._objects.list(prefix):
                if (match := _KEY.fullmatch(one.key)) is not None:
                    found[one.key] = _number(match[1])
        return found

    def read(self, day: int, signature: DaySignature) -> EventRows | None:
        """Return the events of a day, None when the file is not there or not as it should be."""
        # loaded at night only
        from recsys.store.event_parquet import DamagedDay, decode_day

        key = key_of(day, signature)
        try:
            rows = decode_day(self._objects.get(key).data)
        except ObjectMissing:
            return None
        except DamagedDay as error:
            log.warning("%s/%s is damaged and is written anew: %s", self.url, key, error)
            return None
        if len(rows) == 0 or signature_of(rows) != signature:
            log.warning("%s/%s does not hold what it should and is written anew", self.url, key)
            return None
        return rows

    def write(self, day: int, rows: EventRows) -> None:
        """Write the events of a day, all of them."""
        # loaded at night only
        from recsys.store.event_parquet import encode_day

        self._objects.put(key_of(day, signature_of(rows)), encode_day(rows))

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files."""
        self._objects.delete(keys)

    def forget(self, days: Collection[int]) -> int:
        """Remove all files of some days; return how many there were."""
        keys = self.keys(days)
        self.remove(keys)
        return len(keys)

    def days_of(self, connection: Connection, condition: ColumnElement[bool]) -> list[int]:
        """Return the days on which events of the store that meet a condition arrived."""
        return days_of_events(connection, condition)

    def forget_days(self, days: Collection[int]) -> tuple[int, str]:
        """Remove the files of some days; return how many there were, and what was done in words.

        Where the archive cannot be reached, the next night removes them: they no longer agree with
        the store.
        """
        if not days:
            return 0, "no file held any event"
        try:
            count = self.forget(days)
        except ObjectStoreError as error:
            log.warning("files of %d days are left to the next night: %s", len(days), error)
            how = f"cannot be reached, the next night removes files of {len(days)} days: {error}"
            return 0, how
        return count, "files of days with these events removed; the next night writes them anew"


def key_of(day: int, signature: DaySignature) -> str:
    """Return the key of the file of a day."""
    return f"{_prefix(day)}{signature.text}.parquet"


def _prefix(day: int) -> str:
    return f"{_EVENTS}day={day_name(day)}/"


def _number(name: str) -> int:
    moment = datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC)
    return int(moment.timestamp() // DAY)
