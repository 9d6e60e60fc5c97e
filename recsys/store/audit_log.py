"""Audit log: reads and changes of user data by caller; append-only and hash-chained.

Each entry's hash covers the entry and the hash before it, so that an entry that was changed, moved,
or removed from the middle is found by `verify`. The hash of the newest entry, kept elsewhere, also
shows whether the end was cut off or the whole log was written anew.

A user stands in an entry as a random subject. `audit_subjects` links subjects to pseudonyms; an
erasure deletes the links, and what is left cannot be traced back to the user: no key or id leads
to it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from recsys.store.database import Database
from recsys.store.group_commit import GroupCommit
from recsys.store.schema import audit, audit_subjects, notes

START, HEAD = "audit_start", "audit_head"  # notes: hash before the oldest entry, of the newest
GENESIS = "0" * 64  # the hash before the first entry of all
RETENTION = "retention"  # action of the entry that a pruning leaves
_NAMES = ("actor", "roles", "action", "right", "subject", "object", "outcome", "request")
_DAY = 86_400.0
_BATCH = 5_000  # entries that a verification holds in memory


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written of one act; `AuditLog` adds the time and the hash."""

    actor: str  # id of a key; loopback, no key; command:<account>; service
    roles: str  # of the key, separated by commas
    action: str  # route, such as "GET /users/{user_id}/profile", or command: "recsys erase"
    right: str = ""  # that the route needs
    subject: str = ""  # of the user concerned, see audit_subjects; empty: nobody, or several
    object: str = ""  # what else it concerns: an item's id, a version, "12 items"
    outcome: str = "done"  # done, refused, missing, invalid, failed
    request: str = ""  # id of the request, as in the service's log


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is read."""

    id: int
    at: float  # Unix seconds
    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at the whole chain has found."""

    entries: int  # that were read
    head: str  # hash of the newest entry; GENESIS without any
    problems: tuple[str, ...]  # sentences; empty: the log is as it was written


class AuditLog:
    """The audit log of one store; `clock` gives the time of entries, Unix seconds."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.time) -> None:
        self.db = db
        self._clock = clock
        self._appending: GroupCommit[Sequence[Entry], int] = GroupCommit(self._append)

    def subject(self, person: str) -> str:
        """Return the subject that stands for a user, by their pseudonym; a new one at first."""
        if found := self.known_subject(person):
            return found
        with self.db.write() as connection:
            if found := _subject(connection, person):
                return found
            row = {"subject": secrets.token_hex(12), "person": person, "at": self._clock()}
            connection.execute(sa.insert(audit_subjects).values(row))
            return str(row["subject"])

    def known_subject(self, person: str) -> str:
        """Return the oldest subject that stands for a user; empty when none does."""
        with self.db.read() as connection:
            return _subject(connection, person)

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries at the end; they are durable when this returns."""
        if entries:
            self._appending.add(entries)

    def _append(self, groups: Sequence[Sequence[Entry]]) -> Sequence[int]:
        with self.db.write() as connection:
            self._write(connection, [entry for group in groups for entry in group])
        return [len(group) for group in groups]

    def _write(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        last, rows = _head(connection), []
        for entry in entries:
            at = self._clock()
            last = _hash(last, at, entry)
            rows.append({"at": at, "hash": last, **_values(entry)})
        connection.execute(sa.insert(audit), rows)
        _set_note(connection, HEAD, last)

    def page(
        self,
        actor: str = "",
        person: str = "",
        subject: str = "",
        action: str = "",
        since: float | None = None,
        until: float | None = None,
        before: int | None = None,
        n: int = 100,
    ) -> list[StoredEntry]:
        """Return entries, the newest first; `action` is a part of it.

        `person`, a pseudonym, and `subject`: entries of either.

        `before`: ids below this one, for the next page.
        """
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(n)
        if actor:
            query = query.where(audit.c.actor == actor)
        if person or subject:
            own = sa.select(audit_subjects.c.subject).where(audit_subjects.c.person == person)
            given = sa.and_(audit.c.subject == subject, sa.literal(bool(subject)))
            query = query.where(sa.or_(audit.c.subject.in_(own), given))
        if action:
            query = query.where(audit.c.action.contains(action, autoescape=True))
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if before is not None:
            query = query.where(audit.c.id < before)
        with self.db.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def last_id(self) -> int:
        """Return the number of the newest entry, 0 without any."""
        with self.db.read() as connection:
            return connection.execute(sa.select(sa.func.max(audit.c.id))).scalar() or 0

    def verify(self, head: str = "") -> Verification:
        """Read the whole log and compute its chain anew.

        `head`: a hash that an earlier verification gave; it must still be in the chain.
        """
        problems: list[str] = []
        with self.db.snapshot() as connection:
            start, noted = _note(connection, START), _note(connection, HEAD)
            last, count, seen, accounted = start or GENESIS, 0, head in ("", start), not start
            for row in self._all(connection):
                count += 1
                expected = _hash(last, row.at, row.entry)
                if row.hash != expected:
                    problems.append(
                        f"entry {row.id} does not follow from the one before: it was changed, or"
                        " entries before it were removed or added"
                    )
                accounted |= row.entry.action == RETENTION and row.entry.object.endswith(start)
                last = row.hash
                seen |= last == head
            if last != (noted or last):
                problems.append("the newest entries are missing: the noted end is another one")
            if not accounted:
                problems.append("the oldest entries are missing, and no retention accounts for it")
            if not seen:
                problems.append(f"no entry has the hash {head}: the log was cut off or replaced")
        return Verification(count, last, tuple(problems))

    @staticmethod
    def _all(connection: sa.Connection) -> Iterator[StoredEntry]:
        last = 0
        while True:
            query = sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(_BATCH)
            rows = connection.execute(query).all()
            yield from map(_stored, rows)
            if len(rows) < _BATCH:
                return
            last = rows[-1].id

    def prune(self, before: float) -> int:
        """Delete the oldest entries up to a time, and links to subjects that no entry has any more.

        Return the number of entries. It is recorded in an entry. At most once a day.
        """
        with self.db.write() as connection:
            oldest = connection.execute(
                sa.select(audit.c.at).order_by(audit.c.id).limit(1)
            ).scalar()
            if oldest is None or oldest >= before - _DAY:
                return 0
            newer = sa.select(sa.func.min(audit.c.id)).where(audit.c.at >= before)
            newest = sa.select(sa.func.max(audit.c.id))
            first = connection.execute(newer).scalar() or connection.execute(newest).scalar_one()
            gone = sa.select(audit.c.hash).where(audit.c.id < first).order_by(audit.c.id.desc())
            start = connection.execute(gone.limit(1)).scalar()
            if start is None:
                return 0
            count = connection.execute(sa.delete(audit).where(audit.c.id < first)).rowcount
            named = sa.exists().where(audit.c.subject == audit_subjects.c.subject)
            old = audit_subjects.c.at < before
            connection.execute(sa.delete(audit_subjects).where(old, ~named))
            _set_note(connection, START, start)
            day = datetime.fromtimestamp(before, UTC).date()
            result = f"{count} entries before {day} deleted; the chain continues from {start}"
            self._write(connection, [Entry("service", "", RETENTION, object=result)])
        return count


def unlink(connection: sa.Connection, person: str) -> int:
    """Delete the links from a user to their subjects; return how many there were."""
    change = sa.delete(audit_subjects).where(audit_subjects.c.person == person)
    return connection.execute(change).rowcount


def relink(connection: sa.Connection, person: str, to: str) -> None:
    """Let the subjects of a user stand for another one, into whom they were merged."""
    change = sa.update(audit_subjects).where(audit_subjects.c.person == person)
    connection.execute(change.values(person=to))


def _subject(connection: sa.Connection, person: str) -> str:
    query = (
        sa.select(audit_subjects.c.subject)
        .where(audit_subjects.c.person == person)
        .order_by(audit_subjects.c.at)
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def _head(connection: sa.Connection) -> str:
    query = sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    return connection.execute(query).scalar() or _note(connection, START) or GENESIS


def _hash(before: str, at: float, entry: Entry) -> str:
    values = json.dumps([before, at, *astuple(entry)], ensure_ascii=True)
    return hashlib.sha256(values.encode("ascii")).hexdigest()


def _values(entry: Entry) -> dict[str, str]:
    return dict(zip(_NAMES, astuple(entry), strict=True))


def _stored(row: Any) -> StoredEntry:
    values = row._mapping
    entry = Entry(**{name: str(values[name]) for name in _NAMES})
    return StoredEntry(int(values["id"]), float(values["at"]), entry, str(values["hash"]))


def _note(connection: sa.Connection, key: str) -> str:
    return connection.execute(sa.select(notes.c.value).where(notes.c.key == key)).scalar() or ""


def _set_note(connection: sa.Connection, key: str, value: str) -> None:
    change = sa.update(notes).where(notes.c.key == key).values(value=value)
    if not connection.execute(change).rowcount:
        connection.execute(sa.insert(notes).values(key=key, value=value))
