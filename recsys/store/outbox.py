"""Outbox: append-only notices to be delivered, and the state of their delivery.

A notice is added in the transaction of the event it is about, with a key that makes it the same
notice again. Each destination that wants its kind gets a delivery: pending until it was taken, or
dead after too many tries. Within one subject, a destination gets the notices in their order.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from recsys.data.notice_kinds import check
from recsys.store.database import Database
from recsys.store.leases import check_lease
from recsys.store.schema import deliveries, destinations, notices

LEASE = "deliver"  # of the process that delivers
PENDING, DELIVERED, DEAD = 0, 1, 2
STATES = ("pending", "delivered", "dead")
_BATCH = 200  # deliveries that are read at once
_ERROR = 500  # characters of an error that are kept


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened."""

    kind: str  # of recsys.data.notice_kinds
    data: Mapping[str, Any]
    key: str  # the same key: the same notice, added once
    subject: str = ""  # whose notices keep their order: a night, an alert; empty: no order
    person: str = ""  # pseudonym of whom the data concern; goes with them


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as it is read."""

    id: int
    uid: str  # the message's id, the same with every delivery
    created: float  # Unix seconds
    notice: Notice


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to one destination."""

    id: int
    destination: int
    channel: str  # webhook or mail
    address: str
    state: str  # one of STATES
    attempts: int
    due: float  # Unix seconds of the next try
    error: str  # of the last try; empty: none
    at: float  # Unix seconds of the last try; 0: none yet
    notice: StoredNotice
    secret: str = field(default="", repr=False)


class Outbox:
    """The outbox of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(self, notice: Notice, destination: int | None = None) -> int:
        """Add a notice and its deliveries; return its id, that of the earlier one of this key."""
        with self.db.write() as connection:
            return add_notice(connection, notice, destination)

    def page(
        self, kind: str = "", subject: str = "", before: int | None = None, n: int = 100
    ) -> list[StoredNotice]:
        """Return notices, the newest first; `before`: ids below this one."""
        query = sa.select(notices).order_by(notices.c.id.desc()).limit(n)
        if kind:
            query = query.where(notices.c.kind == kind)
        if subject:
            query = query.where(notices.c.subject == subject)
        if before is not None:
            query = query.where(notices.c.id < before)
        return self._notices(query)

    def after(self, id: int, n: int = 100) -> list[StoredNotice]:
        """Return the first n notices with a greater id, ascending."""
        return self._notices(
            sa.select(notices).where(notices.c.id > id).order_by(notices.c.id).limit(n)
        )

    def last_id(self) -> int:
        """Return the id of the newest notice, 0 without any."""
        with self.db.read() as connection:
            return connection.execute(sa.select(sa.func.max(notices.c.id))).scalar() or 0

    def _notices(self, query: sa.Select[Any]) -> list[StoredNotice]:
        with self.db.read() as connection:
            return [_notice(row._mapping) for row in connection.execute(query)]

    def deliveries_of(self, ids: Sequence[int]) -> dict[int, list[Delivery]]:
        """Return the deliveries of some notices, by the notices' ids."""
        found: dict[int, list[Delivery]] = {id: [] for id in ids}
        for one in self._deliveries(_joined().where(self.db.among(notices.c.id, ids))):
            found[one.notice.id].append(one)
        return found

    def dead(self, before: int | None = None, n: int = 100) -> list[Delivery]:
        """Return deliveries that were given up, the newest first."""
        query = _joined().where(deliveries.c.state == DEAD).order_by(deliveries.c.id.desc())
        if before is not None:
            query = query.where(deliveries.c.id < before)
        return self._deliveries(query.limit(n))

    def counts(self) -> dict[str, int]:
        """Return the number of deliveries that are pending, and of dead ones."""
        query = sa.select(deliveries.c.state, sa.func.count()).group_by(deliveries.c.state)
        query = query.where(deliveries.c.state != DELIVERED)
        with self.db.read() as connection:
            found = {STATES[state]: count for state, count in connection.execute(query)}
        return {"pending": 0, "dead": 0} | found

    def destinations_due(self, now: float) -> list[int]:
        """Return the destinations for which a delivery is to be tried."""
        query = sa.select(deliveries.c.destination).where(
            deliveries.c.state == PENDING, deliveries.c.due <= now
        )
        with self.db.read() as connection:
            return list(connection.execute(query.distinct()).scalars())

    def due(self, now: float, destination: int) -> list[Delivery]:
        """Return deliveries to be tried, in order; none whose subject waits for an earlier one."""
        earlier = deliveries.alias()
        waits = sa.exists().where(
            earlier.c.destination == deliveries.c.destination,
            earlier.c.subject == deliveries.c.subject,
            earlier.c.state == PENDING,
            earlier.c.id < deliveries.c.id,
            earlier.c.due > now,
            deliveries.c.subject != "",
        )
        query = _joined().where(
            deliveries.c.destination == destination,
            deliveries.c.state == PENDING,
            deliveries.c.due <= now,
            ~waits,
        )
        return self._deliveries(query.order_by(deliveries.c.id).limit(_BATCH))

    def _deliveries(self, query: sa.Select[Any]) -> list[Delivery]:
        with self.db.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Delivery(
                row["delivery"],
                row["destination"],
                row["channel"],
                row["address"],
                STATES[row["state"]],
                row["attempts"],
                row["due"],
                row["error"],
                row["at"],
                _notice(row),
                row["signing_key"],
            )
            for row in rows
        ]

    def delivered(self, delivery: int, token: int) -> None:
        """Note that a delivery was taken; StaleLease when another process delivers by now."""
        self._note(delivery, token, state=DELIVERED, error="")

    def failed(self, delivery: int, token: int, error: str, due: float | None) -> None:
        """Note that a delivery was not taken, and when to try again; None: it is given up."""
        values = {"state": DEAD} if due is None else {"due": due}
        self._note(delivery, token, error=error[:_ERROR], **values)

    def _note(self, delivery: int, token: int, **values: Any) -> None:
        change = sa.update(deliveries).where(deliveries.c.id == delivery)
        tried = {"attempts": deliveries.c.attempts + 1, "at": time.time()}
        with self.db.write() as connection:
            check_lease(connection, LEASE, token)
            connection.execute(change.values(**tried, **values))

    def retry(self, ids: Iterable[int] | None = None) -> int:
        """Let dead deliveries be tried anew, all of them or some; return how many."""
        change = sa.update(deliveries).where(deliveries.c.state == DEAD)
        if ids is not None:
            change = change.where(self.db.among(deliveries.c.id, list(ids)))
        with self.db.write() as connection:
            values = {"state": PENDING, "attempts": 0, "due": 0.0}
            return connection.execute(change.values(values)).rowcount

    def prune(self, before: float) -> int:
        """Delete notices from before a time but for those still on their way; return how many."""
        waiting = sa.exists().where(
            deliveries.c.notice == notices.c.id, deliveries.c.state == PENDING
        )
        with self.db.write() as connection:
            gone = sa.delete(notices).where(notices.c.created < before, ~waiting)
            count = connection.execute(gone).rowcount
            if count:
                left = sa.exists().where(notices.c.id == deliveries.c.notice)
                connection.execute(sa.delete(deliveries).where(~left))
        return count


def add_notice(connection: sa.Connection, notice: Notice, destination: int | None = None) -> int:
    """Add a notice in a transaction, for one destination or for all that want its kind.

    Return its id, or that of the earlier one of the same key. DataError as of `check`.
    """
    uid = f"ntc_{secrets.token_hex(12)}"
    return _add(connection, StoredNotice(0, uid, time.time(), notice), destination)


def keep_sent(connection: sa.Connection, sent: StoredNotice, taken: Collection[int]) -> int:
    """Add a notice in a transaction that was sent before it could be kept, with its uid and time.

    `taken`: destinations that have taken it; the others that want its kind have yet to be sent it.
    Return its id, or that of the earlier one of the same key. DataError as of `check`.
    """
    return _add(connection, sent, None, taken)


def _add(
    connection: sa.Connection,
    one: StoredNotice,
    destination: int | None,
    taken: Collection[int] = (),
) -> int:
    notice = one.notice
    check(notice.kind, notice.data)
    query = sa.select(notices.c.id).where(notices.c.key == notice.key)
    if (known := connection.execute(query).scalar()) is not None:
        return int(known)
    row = {
        "uid": one.uid,
        "key": notice.key,
        "kind": notice.kind,
        "subject": notice.subject,
        "person": notice.person,
        "data": json.dumps(dict(notice.data), ensure_ascii=False),
        "created": one.created,
    }
    made = sa.insert(notices).values(row).returning(notices.c.id)
    id = int(connection.execute(made).scalar_one())
    receivers = receivers_of(connection, notice.kind) if destination is None else [destination]
    rows = [
        {
            "notice": id,
            "destination": number,
            "subject": notice.subject,
            "state": DELIVERED if number in taken else PENDING,
            "attempts": int(number in taken),
            "at": one.created if number in taken else 0.0,
        }
        for number in receivers
    ]
    if rows:
        connection.execute(sa.insert(deliveries), rows)
    return id


def receivers_of(connection: sa.Connection, kind: str) -> list[int]:
    """Return the destinations that want notices of a kind, ascending."""
    statement = sa.select(destinations.c.id, destinations.c.kinds).where(
        destinations.c.confirmed.is_not(None), destinations.c.disabled.is_(None)
    )
    return [
        number
        for number, kinds in connection.execute(statement.order_by(destinations.c.id))
        if not (chosen := json.loads(kinds)) or kind in chosen
    ]


def newest_of(connection: sa.Connection, kind: str, subject: str = "") -> StoredNotice | None:
    """Return the newest notice of a kind, and of a subject where one is given; None without any."""
    query = sa.select(notices).where(notices.c.kind == kind).order_by(notices.c.id.desc())
    if subject:
        query = query.where(notices.c.subject == subject)
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _notice(row._mapping)


def remove_notices(connection: sa.Connection, person: str) -> int:
    """Delete the notices that concern a user, delivered or not; return how many."""
    own = sa.select(notices.c.id).where(notices.c.person == person)
    connection.execute(sa.delete(deliveries).where(deliveries.c.notice.in_(own)))
    return connection.execute(sa.delete(notices).where(notices.c.person == person)).rowcount


def move_notices(connection: sa.Connection, ids: tuple[str, str], people: tuple[str, str]) -> int:
    """Let the notices of a user be those of another after a merge; return how many.

    `ids` and `people`: (old, new) user ids and pseudonyms. A notice names the new id, and waits
    for the earlier ones of the new one. A digest of a day that both have stays with its key.
    """
    (old_id, user_id), (old, person) = ids, people
    query = sa.select(notices.c.id, notices.c.subject, notices.c.key, notices.c.data)
    found = connection.execute(query.where(notices.c.person == old)).all()
    keys = [one.key.replace(old, person) for one in found]
    taken = set(connection.scalars(sa.select(notices.c.key).where(notices.c.key.in_(keys))))
    for one, key in zip(found, keys, strict=True):
        data = json.loads(one.data)
        if data.get("user_id") == old_id:
            data["user_id"] = user_id
        subject = one.subject.replace(old, person)
        values = {
            "person": person,
            "subject": subject,
            "key": one.key if key in taken else key,
            "data": json.dumps(data, ensure_ascii=False),
        }
        connection.execute(sa.update(notices).where(notices.c.id == one.id).values(values))
        own = sa.update(deliveries).where(deliveries.c.notice == one.id)
        connection.execute(own.values(subject=subject))
    return len(found)


def _joined() -> sa.Select[Any]:
    return (
        sa.select(
            deliveries.c.id.label("delivery"),
            deliveries.c.destination,
            deliveries.c.state,
            deliveries.c.attempts,
            deliveries.c.due,
            deliveries.c.error,
            deliveries.c.at,
            destinations.c.channel,
            destinations.c.address,
            destinations.c.signing_key,
            *notices.c,
        )
        .join(notices, notices.c.id == deliveries.c.notice)
        .join(destinations, destinations.c.id == deliveries.c.destination)
    )


def _notice(row: Any) -> StoredNotice:
    data = json.loads(row["data"])
    notice = Notice(row["kind"], data, row["key"], row["subject"], row["person"])
    return StoredNotice(row["id"], row["uid"], row["created"], notice)
