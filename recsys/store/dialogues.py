"""Dialogues: conversations and their turns, kept for a day under the pseudonym of their user."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from recsys.store.database import Database
from recsys.store.schema import dialogue_turns, dialogues

KEPT = 86_400.0  # seconds that a turn is kept, and a dialogue after its last turn
MOST_DIALOGUES = 20  # of a user that are kept; a new one ends the oldest
MOST_TURNS = 30  # of a dialogue that are kept
LONGEST_ID = 32


@dataclass(frozen=True, slots=True)
class StoredDialogue:
    """A dialogue between two turns."""

    id: str
    person: str  # pseudonym of the user; empty: a visitor, who knows the id
    expires: float  # Unix seconds
    turns: int  # so far
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A message and its answer."""

    number: int  # from 1
    at: float  # Unix seconds
    text: str
    answer: Mapping[str, Any]


class Dialogues:
    """The dialogues of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def one(self, id: str, person: str) -> StoredDialogue | None:
        """Return a dialogue; None for one that has ended, is somebody else's or never was.

        `person`: pseudonym of the user; empty for a visitor's dialogue.
        """
        query = sa.select(dialogues).where(
            dialogues.c.id == id, dialogues.c.person == person, dialogues.c.expires > time.time()
        )
        with self.db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _dialogue(row)

    def any(self, id: str) -> StoredDialogue | None:
        """Return a dialogue whoever's it is; None for one that has ended or never was."""
        query = sa.select(dialogues).where(dialogues.c.id == id, dialogues.c.expires > time.time())
        with self.db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _dialogue(row)

    def turns(self, id: str) -> list[StoredTurn]:
        """Return the turns of a dialogue that are kept, the oldest first."""
        query = (
            sa.select(dialogue_turns)
            .where(dialogue_turns.c.dialogue == id, dialogue_turns.c.at > time.time() - KEPT)
            .order_by(dialogue_turns.c.number)
        )
        with self.db.read() as connection:
            return [_turn(row) for row in connection.execute(query)]

    def add(
        self,
        before: StoredDialogue | None,
        person: str,
        text: str,
        answer: Mapping[str, Any],
        state: Mapping[str, Any],
    ) -> str | None:
        """Store a turn, as the first of a new dialogue without `before`; return the dialogue's id.

        None where the dialogue has ended or was erased meanwhile, or another turn came first.
        What has expired is removed, and the oldest of a user who has more than MOST_DIALOGUES.
        """
        now = time.time()
        written = json.dumps(state, ensure_ascii=False)
        with self.db.write() as connection:
            prune(connection, now)
            if before is None:
                if person:
                    _make_room(connection, person)
                id, number = secrets.token_hex(LONGEST_ID // 2), 1
                row = {"id": id, "person": person, "expires": now + KEPT, "turns": 1}
                connection.execute(sa.insert(dialogues).values(**row, state=written))
            else:
                id, number = before.id, before.turns + 1
                same = (dialogues.c.id == id) & (dialogues.c.turns == before.turns)
                changed = connection.execute(
                    sa.update(dialogues)
                    .where(same, dialogues.c.person == person)
                    .values(expires=now + KEPT, turns=number, state=written)
                )
                if not changed.rowcount:
                    return None
                old = dialogue_turns.c.number <= number - MOST_TURNS
                connection.execute(
                    sa.delete(dialogue_turns).where(dialogue_turns.c.dialogue == id, old)
                )
            row = {"dialogue": id, "number": number, "at": now, "text": text}
            told = json.dumps(answer, ensure_ascii=False)
            connection.execute(sa.insert(dialogue_turns).values(**row, answer=told))
        return id

    def remove(self, id: str) -> bool:
        """Remove a dialogue with its turns; False where there is none."""
        with self.db.write() as connection:
            connection.execute(sa.delete(dialogue_turns).where(dialogue_turns.c.dialogue == id))
            found = connection.execute(sa.delete(dialogues).where(dialogues.c.id == id))
        self.db.forget_deleted()
        return found.rowcount > 0

    def of_person(self, person: str) -> list[tuple[StoredDialogue, list[StoredTurn]]]:
        """Return the dialogues of a user with their turns, for an export."""
        query = sa.select(dialogues).where(
            dialogues.c.person == person, dialogues.c.expires > time.time()
        )
        with self.db.read() as connection:
            found = [_dialogue(row) for row in connection.execute(query.order_by(dialogues.c.id))]
        return [(one, self.turns(one.id)) for one in found]

    def prune(self) -> None:
        """Remove what has expired; nothing is written where nothing has."""
        now = time.time()
        old = sa.select(sa.literal(1)).where(dialogue_turns.c.at <= now - KEPT).limit(1)
        ended = sa.select(sa.literal(1)).where(dialogues.c.expires <= now).limit(1)
        with self.db.read() as connection:
            some = connection.execute(old).first() or connection.execute(ended).first()
        if some is not None:
            with self.db.write() as connection:
                prune(connection, now)


def prune(connection: Connection, now: float) -> None:
    """Remove turns older than KEPT and dialogues that have expired."""
    connection.execute(sa.delete(dialogue_turns).where(dialogue_turns.c.at <= now - KEPT))
    connection.execute(sa.delete(dialogues).where(dialogues.c.expires <= now))


def _make_room(connection: Connection, person: str) -> None:
    """Remove the oldest dialogues of a user, so that one more may be kept."""
    query = sa.select(dialogues.c.id).where(dialogues.c.person == person)
    latest = query.order_by(dialogues.c.expires.desc(), dialogues.c.id)
    old = list(connection.execute(latest.offset(MOST_DIALOGUES - 1)).scalars())
    if old:
        connection.execute(sa.delete(dialogue_turns).where(dialogue_turns.c.dialogue.in_(old)))
        connection.execute(sa.delete(dialogues).where(dialogues.c.id.in_(old)))


def remove_dialogues(connection: Connection, person: str) -> int:
    """Delete the dialogues of a user with their turns; return how many turns went."""
    own = sa.select(dialogues.c.id).where(dialogues.c.person == person)
    turns = connection.execute(
        sa.delete(dialogue_turns).where(dialogue_turns.c.dialogue.in_(own))
    ).rowcount
    found = connection.execute(sa.delete(dialogues).where(dialogues.c.person == person)).rowcount
    return max(turns, found)


def move_dialogues(connection: Connection, old: str, person: str) -> int:
    """Let the dialogues of a pseudonym be those of another; return how many."""
    query = sa.update(dialogues).where(dialogues.c.person == old).values(person=person)
    return connection.execute(query).rowcount


def _dialogue(row: Any) -> StoredDialogue:
    return StoredDialogue(row.id, row.person, row.expires, row.turns, json.loads(row.state))


def _turn(row: Any) -> StoredTurn:
    return StoredTurn(row.number, row.at, row.text, json.loads(row.answer))
