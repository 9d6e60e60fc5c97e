"""Merges: transfer of all data of one user id to another, in one transaction.

    merge_users(store, "ann", "visitor-77")

A visitor who signs up, or a user with two accounts. The old id is unknown afterwards; what is
sent under it later belongs to a new user, and merging again moves that too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from recsys.errors import DataError
from recsys.store.audit_log import relink
from recsys.store.database import Database
from recsys.store.dialogues import move_dialogues
from recsys.store.follows import log_all_of, log_gone, set_blocks
from recsys.store.outbox import move_notices
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import (
    blocks,
    controls,
    events,
    exposures,
    follows,
    merges,
    users,
)
from recsys.store.shares import move_shares
from recsys.store.store import Store
from recsys.store.user_controls import (
    MOST,
    MOST_DISMISSED,
    Control,
    beside,
    blocked_in,
    in_force,
)
from recsys.store.watches import forget_comments


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge moved."""

    user_id: str
    from_id: str
    person: str  # pseudonym of the user, as in the logs
    from_person: str  # the same of the old id
    at: float  # Unix seconds, of the first merge of the two where nothing was left to move
    moved: dict[str, int]  # rows by table; `duplicates`: events that both had, kept once
    again: bool = False  # the old id had been merged before, and nothing was held of it


class MergeLog:
    """The log of merges: ids that became part of a user, erased with them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def of_user(self, user_id: str) -> list[tuple[str, float]]:
        """Return (old id, Unix seconds) of what was merged into a user, the first first."""
        query = (
            select(merges.c.from_id, merges.c.at)
            .join(users, users.c.id == merges.c.user)
            .where(users.c.user_id == user_id)
            .order_by(merges.c.id)
        )
        with self.db.read() as connection:
            return [(name, at) for name, at in connection.execute(query)]

    def after(self, id: int) -> list[tuple[int, str, str]]:
        """Return (id, old pseudonym, pseudonym) of the merges with a greater id, ascending."""
        query = select(merges.c.id, merges.c.from_person, merges.c.person)
        with self.db.read() as connection:
            rows = connection.execute(query.where(merges.c.id > id).order_by(merges.c.id))
            return [(number, old, new) for number, old, new in rows]


def merge_users(store: Store, user_id: str, from_id: str) -> Merged | None:
    """Move all that is held of `from_id` to `user_id`, who is made where unknown; all or nothing.

    None when nothing is held of `from_id` and it was never merged into this user. DataError when
    both are the same. Of controls those in force move, but for what the user decided on the same
    label; what they stated of themselves stays, and interests are joined.
    """
    if user_id == from_id:
        raise DataError(f"{user_id!r} cannot be merged with itself")
    names = Pseudonyms.of_store(store)
    person, old, archive = names.of(user_id), names.of(from_id), store.archive
    with store.db.write() as connection:
        source = connection.execute(select(users.c.id).where(users.c.user_id == from_id)).scalar()
        talks = move_dialogues(connection, old, person)
        if source is None:
            return _before(connection, user_id, from_id, person, old, talks)
        days = [] if archive is None else archive.days_of(connection, events.c.user == source)
        target = store.db.numbers(connection, users.c.user_id, [user_id])[user_id]
        moved = _events(connection, source, target)
        move_shares(connection, source, target)
        moved["follows"] = _follows(connection, source, target, from_id, user_id)
        moved["controls"] = _controls(connection, source, target)
        moved["interests"] = _described(connection, source, target)
        moved["exposures"] = connection.execute(
            update(exposures).where(exposures.c.person == old).values(person=person)
        ).rowcount
        moved["dialogues"] = talks
        relink(connection, old, person)
        move_notices(connection, (from_id, user_id), (old, person))
        _blocks(store.db, connection, source, target, (from_id, user_id))
        connection.execute(delete(users).where(users.c.id == source))
        log_gone(connection, source)
        log_gone(connection, target)  # its follows of the other are gone
        log_all_of(store.db, connection, target, user_id)
        at = time.time()
        _log(connection, source, target, (user_id, from_id, person, old), at)
    if archive is not None:
        archive.forget_days(days)
    store.db.known.forget()  # the number of the old id
    return Merged(user_id, from_id, person, old, at, moved)


def _before(
    connection: Connection, user_id: str, from_id: str, person: str, old: str, talks: int
) -> Merged | None:
    """Return the merge that took place before, with nothing but dialogues moved; None: neither."""
    query = (
        select(func.min(merges.c.at))
        .join(users, users.c.id == merges.c.user)
        .where(users.c.user_id == user_id, merges.c.from_id == from_id)
    )
    at = connection.execute(query).scalar()
    if at is None and not talks:
        return None
    kinds = ("events", "duplicates", "follows", "controls", "interests", "exposures", "dialogues")
    moved = {**dict.fromkeys(kinds, 0), "dialogues": talks}
    return Merged(user_id, from_id, person, old, float(at or time.time()), moved, not talks)


def _events(connection: Connection, source: int, target: int) -> dict[str, int]:
    """Move events; those of the same key are kept once, and so are undated ones of the same act."""
    own = events.alias()
    same = and_(
        own.c.user == target,
        or_(
            own.c.key == events.c.key,
            and_(
                events.c.timestamp.is_not(None),
                own.c.timestamp == events.c.timestamp,
                own.c.item == events.c.item,
                own.c.kind == events.c.kind,
            ),
        ),
    )
    twice = and_(events.c.user == source, exists(select(own.c.id).where(same)))
    forget_comments(connection, select(events.c.id).where(twice))
    duplicates = connection.execute(delete(events).where(twice)).rowcount
    moved = connection.execute(
        update(events).where(events.c.user == source).values(user=target)
    ).rowcount
    return {"events": moved, "duplicates": duplicates}


def _follows(connection: Connection, source: int, target: int, from_id: str, user_id: str) -> int:
    """Move follows, and let those who followed the old id follow the user."""
    other = follows.alias()
    known = select(other.c.user).where(
        other.c.user == target,
        other.c.author_id == follows.c.author_id,
        other.c.followed_user_id == follows.c.followed_user_id,
    )
    itself = and_(follows.c.user == source, follows.c.followed_user_id.in_([user_id, from_id]))
    connection.execute(delete(follows).where(itself))
    connection.execute(delete(follows).where(follows.c.user == source, exists(known)))
    moved = connection.execute(
        update(follows).where(follows.c.user == source).values(user=target)
    ).rowcount
    followers = select(other.c.user).where(
        other.c.user == follows.c.user, other.c.author_id == "", other.c.followed_user_id == user_id
    )
    named = and_(follows.c.author_id == "", follows.c.followed_user_id == from_id)
    connection.execute(delete(follows).where(named, exists(followers)))
    connection.execute(update(follows).where(named).values(followed_user_id=user_id))
    itself = and_(follows.c.user == target, follows.c.followed_user_id == user_id)
    connection.execute(delete(follows).where(itself))
    return moved


def _controls(connection: Connection, source: int, target: int) -> int:
    """Add what is in force of one log to the other, as new rows: their undoing names no others."""
    own = in_force(_log_of(connection, target))
    held = {(one.kind, one.value, beside(one)) for one in own}
    new = in_force(_log_of(connection, source))
    added = [one for one in new if (one.kind, one.value, beside(one)) not in held]
    dismissed = [one for one in added if one.action == "dismiss"]
    held_count = sum(one.action != "dismiss" for one in own)
    added = [one for one in added if one.action != "dismiss"]
    added = added[max(len(added) + held_count - MOST, 0) :]  # the latest, as many as are allowed
    held_count = len(own) - held_count
    added += dismissed[max(len(dismissed) + held_count - MOST_DISMISSED, 0) :]
    connection.execute(delete(controls).where(controls.c.user == source))
    rows = [
        {"user": target, "action": c.action, "kind": c.kind, "value": c.value, "at": c.at}
        for c in added
    ]
    if rows:
        connection.execute(insert(controls), rows)
    return len(rows)


def _log_of(connection: Connection, number: int) -> list[Control]:
    columns = (controls.c.id, controls.c.action, controls.c.kind, controls.c.value, controls.c.at)
    query = select(*columns).where(controls.c.user == number).order_by(controls.c.id)
    return [Control(*row) for row in connection.execute(query)]


def _blocks(
    db: Database, connection: Connection, source: int, target: int, names: tuple[str, str]
) -> None:
    """Let blocks of the old id concern the user; nobody blocks or mutes themselves."""
    old, new = names
    about = and_(controls.c.kind == "user", controls.c.value == old)
    connection.execute(update(controls).where(about).values(value=new))
    itself = and_(controls.c.user == target, controls.c.kind == "user", controls.c.value == new)
    connection.execute(delete(controls).where(itself))
    concerned = select(blocks.c.user).where(
        or_(blocks.c.blocked == source, blocks.c.user == source)
    )
    numbers = {target, *connection.execute(concerned).scalars()} - {source}
    ended = or_(blocks.c.user == source, blocks.c.blocked == source)
    connection.execute(delete(blocks).where(ended))
    for number in sorted(numbers):
        set_blocks(db, connection, number, blocked_in(in_force(_log_of(connection, number))))


def _described(connection: Connection, source: int, target: int) -> int:
    """Join what is known of both in words; return how many interests are new."""
    query = select(users.c.known, users.c.name, users.c.interests, users.c.language)
    old, new = (
        connection.execute(query.where(users.c.id == number)).one() for number in (source, target)
    )
    had, own = (json.loads(row.interests) if row.interests else [] for row in (old, new))
    joined = list(dict.fromkeys([*own, *had]))
    values = {
        "known": max(old.known, new.known),
        "name": new.name or old.name,
        "interests": json.dumps(joined) if joined else "",
        "language": new.language or old.language,
    }
    connection.execute(update(users).where(users.c.id == target).values(**values))
    return len(joined) - len(own)


def _log(connection: Connection, source: int, target: int, names: Sequence[str], at: float) -> None:
    """Note the merge; what had been merged into the old id is now part of the user."""
    user_id, from_id, person, old = names
    chained = update(merges).where(merges.c.user == source).values(user=target, person=person)
    connection.execute(chained)
    again = and_(merges.c.user == target, merges.c.from_id.in_([from_id, user_id]))
    connection.execute(delete(merges).where(again))
    row = {"user": target, "from_id": from_id, "from_person": old, "person": person, "at": at}
    connection.execute(insert(merges).values(**row))
