"""Erasure: removal of all data of one user, with a receipt.

    receipt = erase(store, home, "ann")

Bundles hold no user and no event, logs hold pseudonyms only. What a store cannot reach is kept and
named: files that were ingested stay with their owners, and so do backups.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from recsys.errors import StoreError
from recsys.store.audit_log import unlink
from recsys.store.database import Database
from recsys.store.dialogues import remove_dialogues
from recsys.store.exposures import forget_shown
from recsys.store.file_locks import LockedError, alone_with, only_one
from recsys.store.outbox import remove_notices
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import controls, erasures, events, follows, items, users
from recsys.store.store import Store
from recsys.store.user_merges import MergeLog
from recsys.store.users import remove_rows

HEARD = Path("tone") / "heard.npz"  # in the home: tones of the last night's comments, by hash
EMPTIED = "write_ahead_log_emptied"  # a note: Unix seconds before the log was last emptied
NOTICES = "notices"  # in receipts
MESSAGES = "stream_rejects"  # in receipts
LINKS = "audit_links"  # from a user to their entries in the audit log; in receipts
KEEP = 90 * 86_400.0  # seconds that a row tells workers and late writers of an erasure


@dataclass(frozen=True, slots=True)
class Place:
    """What went from one place."""

    place: str  # store, shown lists, reject files, night files, …
    removed: dict[str, int]
    how: str  # a sentence


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure removed, where, and what it does not reach."""

    person: str  # the pseudonym, as in the logs
    at: float  # Unix seconds
    places: tuple[Place, ...]
    kept: tuple[str, ...] = ()  # sentences
    owed: bool = False  # a reader kept SQLite's write-ahead log from being emptied: try again
    log_emptied: float | None = None  # Unix seconds; None: not yet, or not SQLite

    @property
    def removed(self) -> dict[str, int]:
        """What went, by table or sort of file, over all places."""
        return {name: n for place in self.places for name, n in place.removed.items()}

    @property
    def empty(self) -> bool:
        """Whether nothing was held, but for entries of the audit log."""
        return not any(n for name, n in self.removed.items() if name != LINKS)


class Erasures:
    """The log of erasures: by pseudonym, so that workers forget too, and for a while only."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def after(self, id: int) -> list[tuple[int, str]]:
        """Return (id, pseudonym) of the erasures with a greater id, ascending."""
        query = select(erasures.c.id, erasures.c.person).where(erasures.c.id > id)
        with self.db.read() as connection:
            return [(row, who) for row, who in connection.execute(query.order_by(erasures.c.id))]

    def last_of(self, person: str) -> float | None:
        """Return when a user was erased last, Unix seconds; None when never, or long ago."""
        query = select(func.max(erasures.c.at)).where(erasures.c.person == person)
        with self.db.read() as connection:
            return connection.execute(query).scalar()

    def recent(self, moment: float) -> dict[str, float]:
        """Return when users were erased last, by pseudonym, at a moment or after it."""
        query = select(erasures.c.person, func.max(erasures.c.at)).where(erasures.c.at >= moment)
        with self.db.read() as connection:
            rows = connection.execute(query.group_by(erasures.c.person))
            return {person: at for person, at in rows}

    def since(self, moment: float) -> bool:
        """Whether anybody was erased at a moment, Unix seconds, or after it."""
        query = select(func.count()).select_from(erasures).where(erasures.c.at >= moment)
        with self.db.read() as connection:
            return connection.execute(query).scalar_one() > 0


def erase(store: Store, home: Path, user_id: str) -> Receipt:
    """Remove all that is held of a user, ids merged into them included.

    An empty receipt when nothing is.

    The rows of the store go in one transaction. A night at work keeps its snapshot, in which users
    are numbers, until it ends.
    """
    names = Pseudonyms.of_store(store)
    person = names.of(user_id)
    merged = [old for old, _ in MergeLog(store.db).of_user(user_id)]
    rejects = {"reject_files": 0, "reject_lines": 0}
    for name in (user_id, *merged):
        for kind, count in _clean_rejects(home / "rejects", name).items():
            rejects[kind] += count
    removed, at, days = _erase_rows(store, person, user_id, merged)
    messages = {MESSAGES: removed.pop(MESSAGES)}
    links, sent = ({name: removed.pop(name)} for name in (LINKS, NOTICES))
    shown = {name: removed.pop(name) for name in ("exposures", "outcomes")}
    known = any(removed.values()) or any(shown.values())
    emptied = empty_log(store)
    places = [
        Place("store", removed, _described(store.db, emptied)),
        Place("shown lists", shown, "kept under a pseudonym; lists not written yet are dropped"),
        Place("reject files", rejects, "lines that hold the id were cut out"),
        Place("rejected messages", messages, "messages of streams that hold the id were deleted"),
        _forget_nights(home, known),
        _forget_sentiments(home, known),
        Place("audit log", links, "entries stay, and nothing leads from them to the person"),
        Place("notices", sent, "deleted; those that were delivered are with their receivers"),
        Place("answers kept by workers", {}, "dropped by each worker within a second"),
        Place("bundles", {}, "hold no user id and no event"),
        Place("logs", {}, "hold the pseudonym only"),
    ]
    if store.archive is not None:
        count, how = store.archive.forget_days(days)
        places.append(Place("archive", {"archive_files": count}, how))
    owed = store.db.on_sqlite and not emptied
    when = time.time() if emptied else None
    return Receipt(person, at, tuple(places), _kept(store, user_id), owed, when)


def empty_log(store: Store) -> bool:
    """Try to empty SQLite's write-ahead log of deleted rows, and note when; say whether it is."""
    begun = time.time()
    if not store.db.forget_deleted():
        return False
    if erased_in_log(store):
        store.set_note(EMPTIED, repr(begun))
    return True


def erased_in_log(store: Store) -> bool:
    """Whether the write-ahead log may hold rows of erased users still; never on PostgreSQL."""
    emptied = log_emptied(store)
    return store.db.on_sqlite and Erasures(store.db).since(emptied or 0.0)


def log_emptied(store: Store) -> float | None:
    """Return when the log was last emptied after an erasure, Unix seconds; None: never."""
    note = store.get_note(EMPTIED)
    return None if note is None else float(note)


def _erase_rows(
    store: Store, person: str, user_id: str, merged: Sequence[str]
) -> tuple[dict[str, int], float, list[int]]:
    """Remove a user's rows; return how many went, when, and the days of their archived events."""
    days: list[int] = []
    with store.db.write() as connection:
        at = time.time()
        if store.archive is not None:
            number = select(users.c.id).where(users.c.user_id == user_id).scalar_subquery()
            days = store.archive.days_of(connection, events.c.user == number)
        removed = remove_rows(connection, user_id) | forget_shown(connection, person)
        removed["dialogue_turns"] = remove_dialogues(connection, person)
        removed[NOTICES] = remove_notices(connection, person)
        from recsys.store.stream_rejects import erase_rejects  # here: few workers need it

        removed[MESSAGES] = erase_rejects(connection, (user_id, *merged))
        connection.execute(delete(erasures).where(erasures.c.at < at - KEEP))
        if any(removed.values()):
            connection.execute(insert(erasures).values(person=person, at=at))
        removed[LINKS] = unlink(connection, person)
    return removed, at, days


def _described(db: Database, emptied: bool) -> str:
    if not db.on_sqlite:
        return "rows deleted; PostgreSQL gives their space to others at its next vacuum"
    if emptied:
        return "rows overwritten with zeros, the write-ahead log emptied"
    return (
        "rows overwritten with zeros; the write-ahead log is emptied once its readers are done: the"
        " service tries every five seconds, and erasing again tells when it was"
    )


def _clean_rejects(folder: Path, user_id: str) -> dict[str, int]:
    files = lines = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            while (cut := _cut(path, user_id)) is None:
                pass  # another erasure has cut the file meanwhile
        except FileNotFoundError:  # read in again meanwhile, without a bad row
            continue
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({error.strerror})") from error
        files, lines = files + bool(cut), lines + cut
    return {"reject_files": files, "reject_lines": lines}


def _cut(path: Path, user_id: str) -> int | None:
    """Leave the lines that hold an id out of a file; return how many. An ingest at work waits.

    None where the file was replaced before it could be held.
    """
    with path.open(encoding="utf-8", errors="surrogateescape") as file, alone_with(file) as there:
        if not there:
            return None
        before = file.readlines()
        after = [line for line in before if not _names(line, user_id)]
        if len(after) < len(before):
            aside = path.with_suffix(".part")
            aside.write_text("".join(after), "utf-8", "surrogateescape")
            aside.replace(path)
            if not after:
                path.unlink()
    return len(before) - len(after)


def _names(line: str, user_id: str) -> bool:
    """Whether a line of a reject file holds an id: as a value of its row, or as a word of it."""
    try:
        reject = json.loads(line)
        raw, reason = str(reject["raw"]), str(reject["reason"])
    except (ValueError, TypeError, KeyError):
        raw, reason = line, ""
    try:
        row = json.loads(raw)
    except ValueError:
        row = None
    if isinstance(row, dict) and user_id in map(str, row.values()):
        return True
    text = reason if isinstance(row, dict) else raw + "\n" + reason
    return re.search(rf"(?<!\w){re.escape(user_id)}(?!\w)", text) is not None


def _forget_nights(home: Path, known: bool) -> Place:
    """Remove what a killed night left, which has the events under numbers instead of ids."""
    runs = home / "runs"
    folders = [path for path in runs.glob("*") if path.is_dir()] if known else []
    if not folders:
        return Place("night files", {"night_folders": 0}, "none are there")
    try:
        with only_one(home, "nightly"):
            for folder in folders:
                shutil.rmtree(folder)
    except LockedError:
        how = "a night is at work: its files, in which users are numbers, go when it ends"
        return Place("night files", {"night_folders": 0}, how)
    return Place("night files", {"night_folders": len(folders)}, "a killed night begins anew")


def _forget_sentiments(home: Path, known: bool) -> Place:
    """Remove the cache of comment sentiment (hashes, scores); the next night rebuilds it."""
    there = known and (home / HEARD).exists()
    if there:
        (home / HEARD).unlink(missing_ok=True)
    how = "dropped, the next night reads comments anew" if there else "none are there"
    return Place("tones of comments", {"tone_files": int(there)}, how)


def _kept(store: Store, user_id: str) -> tuple[str, ...]:
    """Return what is left in sentences: what the user wrote is not what they did."""
    named = {
        "items": select(func.count()).select_from(items).where(items.c.author_id == user_id),
        "follows": select(func.count()).select_from(follows).where(follows.c.author_id == user_id),
        "controls of others": select(func.count())
        .select_from(controls)
        .where(controls.c.kind == "author", controls.c.value == user_id),
    }
    with store.db.read() as connection:
        counts = {name: connection.execute(query).scalar_one() for name, query in named.items()}
    found = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    authored = f"{found} name this id as an author: DELETE /items/<id> removes items"
    files = (
        "files that were ingested, and backups, are not ours: ingested again, they bring it back"
    )
    from recsys.store.stream_positions import StreamPositions  # here: few workers need it

    if not StreamPositions(store.db).all():
        return ((authored,) if found else ()) + (files,)
    topics = (
        "topics of brokers are not ours: `recsys consume` leaves out what they hold of this id from"
        f" before now, for {KEEP / 86_400:.0f} days"
    )
    return ((authored,) if found else ()) + (files, topics)
