"""ControlLog: append-only log of users' controls over their own lists.

A control mutes (never shown), boosts or lowers (`less`) a topic, author, category or tag, what
holds a word or phrase, or what is like an item; it mutes or blocks a user (muted both ways); it
dismisses a user or an author, who is then not suggested; it
forgets: what was learned from such items until then counts no more; or it widens: lists hold more
topics. An `undo` takes a row back,
itself included; a `reset` all rows before it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Text, insert, select

from recsys.data.id_normalization import label_key
from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.follows import set_blocks
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import controls, users

ACTIONS = ("mute", "boost", "less", "forget", "block", "dismiss", "widen")
OF_USERS = ("mute", "block", "dismiss")  # actions of the kind `user`; nobody else is blocked
DISMISSED = ("user", "author")  # kinds that are dismissed
BESIDE = ("forget", "dismiss")  # actions that stand beside another one on the same label
OF_EVERYTHING = ("forget", "widen")  # actions of the kind `everything`; there is no other widen
KINDS = (
    "topic",
    "author",
    "category",
    "tag",
    "words",
    "item",
    "user",
    "everything",
)  # last: only of OF_EVERYTHING
UNDO, RESET = "undo", "reset"
MOST_WORDS = 100  # of them, those of words and phrases
MOST = 500  # controls in force of one user: each costs time at every request
MOST_DISMISSED = 2_000  # dismissals in force, which cost lists nothing


@dataclass(frozen=True, slots=True)
class Control:
    """One row: an action on what carries a label; the id identifies it when it is undone."""

    id: int
    action: str  # one of ACTIONS, or undo (value: the id that is taken back), or reset
    kind: str  # one of KINDS; empty for undo and reset
    value: str  # a topic's number, an author's or item's id, a category, a tag, words
    at: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class Wish:
    """A requested control that is not stored yet."""

    action: str
    kind: str
    value: str = ""

    def check(self) -> None:
        """DataError when no control can be like this."""
        if self.kind == "words" and not any(map(str.isalnum, self.value)):
            raise DataError(f"words {self.value!r} hold no letter and no digit")
        if self.action not in ACTIONS:
            raise DataError(f"action {self.action!r} is none of {', '.join(ACTIONS)}")
        if self.kind not in KINDS:
            raise DataError(f"kind {self.kind!r} is none of {', '.join(KINDS)}")
        if self.kind == "user" and self.action not in OF_USERS:
            raise DataError(f"{self.action} user: a user is muted, blocked or dismissed")
        if self.action == "block" and self.kind != "user":
            raise DataError(f"block {self.kind}: only a user is blocked, mute a {self.kind}")
        if self.action == "dismiss" and self.kind not in DISMISSED:
            raise DataError(f"dismiss {self.kind}: only a user or an author is dismissed")
        if (self.kind == "everything") != (self.value == ""):
            raise DataError(f"{self.kind}: everything has no value, any other kind has one")
        if self.kind == "everything" and self.action not in OF_EVERYTHING:
            raise DataError(f"{self.action} everything: only forget and widen take everything")
        if self.action == "widen" and self.kind != "everything":
            raise DataError(f"widen {self.kind}: only everything is widened, boost a {self.kind}")


_COLUMNS = (controls.c.id, controls.c.action, controls.c.kind, controls.c.value, controls.c.at)
_OF_USER = (
    select(*_COLUMNS)
    .join(users, users.c.id == controls.c.user)
    .where(users.c.user_id == given("user", Text))
    .order_by(controls.c.id)
)
_READ = Read(_OF_USER)


class ControlLog:
    """Part of Store: controls."""

    db: Database

    def controls_of(self, user_id: str) -> list[Control]:
        """Return the controls of a user that are in force, oldest first."""
        return in_force(self.control_log(user_id))

    def muted_users(self, user_id: str) -> frozenset[int]:
        """Return the numbers of the users whom a user mutes."""
        muted = [
            one.value
            for one in self.controls_of(user_id)
            if (one.action, one.kind) == ("mute", "user")
        ]
        if not muted:
            return frozenset()
        with self.db.read() as connection:
            known = self.db.known_numbers(connection, users.c.user_id, muted)
        return frozenset(known.values())

    def control_log(self, user_id: str) -> list[Control]:
        """Return all rows of a user, oldest first, those taken back and their undoing included."""
        return [Control(*row) for row in self.db.rows(_READ, user=user_id)]

    def change_controls(
        self,
        user_id: str,
        wishes: Sequence[Wish] = (),
        undo: Iterable[int] = (),
        reset: bool = False,
    ) -> list[Control]:
        """Append rows in one transaction: the reset first, then what is undone, then the wishes.

        A wish that is in force already adds no row, unless it is to forget, which means until now.
        Returns what is in force then. DataError, and nothing is stored, when an id to undo is none
        of this user or is taken back already, or when too many would be in force.
        """
        for wish in wishes:
            wish.check()
            if wish.kind == "user" and wish.value == user_id:
                raise DataError(
                    f"{wish.action} user {user_id!r}: nobody mutes or blocks themselves"
                )
        new_controls = [(RESET, "", "")] if reset else []
        with self.db.write() as connection:
            log = [Control(*row) for row in connection.execute(_OF_USER, {"user": user_id})]
            for id in undo:
                _check_undo(id, log, [value for _, _, value in new_controls])
                new_controls.append((UNDO, "", str(id)))
            held = {(c.action, *label_of(c)) for c in in_force(log)} if not new_controls else set()
            new_controls += [
                (wish.action, wish.kind, wish.value)
                for wish in wishes
                if (wish.action, *label_of(wish)) not in held or wish.action == "forget"
            ]
            if new_controls:
                _append(self.db, connection, user_id, new_controls)
            found = in_force(
                [Control(*row) for row in connection.execute(_OF_USER, {"user": user_id})]
            )
            if sum(one.kind == "words" for one in found) > MOST_WORDS:
                raise DataError(f"{MOST_WORDS} controls of words are allowed: undo some")
            dismissed = sum(one.action == "dismiss" for one in found)
            if dismissed > MOST_DISMISSED:
                raise DataError(f"{dismissed} dismissals, {MOST_DISMISSED} are allowed: undo some")
            count = len(found) - dismissed
            if count > MOST:
                raise DataError(f"{count} controls in force, {MOST} are allowed: undo some")
            if any(one.kind == "user" for one in (*log, *found)):
                number = self.db.numbers(connection, users.c.user_id, [user_id])[user_id]
                set_blocks(self.db, connection, number, blocked_in(found))
        return found


def mutes_in_force(db: Database) -> list[tuple[int, str, str]]:
    """Return the mutes of users and authors of all users: (number of the user, kind, value)."""
    kinds = ("user", "author")
    muting = (controls.c.action == "mute") & controls.c.kind.in_(kinds)
    query = (
        select(controls.c.user, *_COLUMNS)
        .where(controls.c.user.in_(select(controls.c.user).where(muting)))
        .order_by(controls.c.user, controls.c.id)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [
        (number, one.kind, one.value)
        for number, log in groupby(rows, key=lambda row: int(row[0]))
        for one in in_force([Control(*row[1:]) for row in log])
        if one.action == "mute" and one.kind in kinds
    ]


def label_of(control: Control | Wish) -> tuple[str, str]:
    """Return what a control is about: kind and value; categories and tags without case."""
    folded = control.kind in ("category", "tag")
    return control.kind, label_key(control.value) if folded else control.value


def beside(control: Control | Wish) -> str:
    """Return the action of a control that stands beside others on its label; "" for others."""
    return control.action if control.action in BESIDE else ""


def in_force(log: Sequence[Control]) -> list[Control]:
    """Return what a log, oldest first, leaves in force, oldest first.

    Of several on the same label the last holds: to boost ends a mute. To forget and to dismiss
    stand beside it.
    """
    undone: set[int] = set()
    kept: dict[tuple[str, str, str], Control] = {}
    for row in reversed(log):
        if row.id in undone:
            continue
        if row.action == RESET:
            break
        if row.action == UNDO:
            undone.add(int(row.value))
        else:
            kept.setdefault((*label_of(row), beside(row)), row)
    return sorted(kept.values(), key=lambda control: control.id)


def blocked_in(controls: Iterable[Control]) -> set[str]:
    """Return the ids of the users whom controls in force block."""
    return {one.value for one in controls if (one.action, one.kind) == ("block", "user")}


def widened(controls: Iterable[Control]) -> bool:
    """Return whether controls in force ask for lists of more topics."""
    return any(one.action == "widen" for one in controls)


def blocks_by_others(user_ids: Iterable[str]) -> tuple[Control, ...]:
    """Return users who block somebody as controls of that user: what is blocked, both miss."""
    return tuple([Control(0, "block", "user", user_id, 0.0) for user_id in user_ids])


def _check_undo(id: int, log: Sequence[Control], requested: Sequence[str]) -> None:
    back = {row.value for row in _effective_undos(log)} | set(requested)
    if id not in {row.id for row in log}:
        raise DataError(f"undo {id}: this user has no control of this id")
    if str(id) in back:
        raise DataError(f"undo {id}: it is taken back already")


def _effective_undos(log: Sequence[Control]) -> list[Control]:
    undone: set[int] = set()
    found = []
    for row in reversed(log):
        if row.action == UNDO and row.id not in undone:
            undone.add(int(row.value))
            found.append(row)
    return found


def _append(
    db: Database, connection: Connection, user_id: str, rows: Sequence[tuple[str, str, str]]
) -> None:
    number = db.numbers(connection, users.c.user_id, [user_id])[user_id]
    now = time.time()
    connection.execute(
        insert(controls),
        [
            {"user": number, "action": action, "kind": kind, "value": value, "at": now}
            for action, kind, value in rows
        ],
    )
