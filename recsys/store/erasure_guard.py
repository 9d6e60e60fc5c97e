"""Erasure guard: writes on behalf of a user that fail once the user has been erased.

    with unless_erased(person, since):    # since: when the user let the page write
        store.add_events(...)             # UserErased where they were erased at that time or later

A page that stays open after its user was erased would bring them back. Whoever looks before the
write looks too early: the guard is looked at inside the transaction, which erasures wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, select

from recsys.errors import RecsysError
from recsys.store.schema import erasures


class UserErased(RecsysError):
    """The user on whose behalf something was to be written has been erased; nothing was written."""


class ErasureGuard(NamedTuple):
    """Whose erasure stops a write."""

    person: str  # the pseudonym of the user
    since: float  # Unix seconds; erasures before do not count

    def check(self, connection: Connection) -> None:
        """Raise UserErased, inside a transaction that writes."""
        query = select(erasures.c.id).where(erasures.c.person == self.person)
        if connection.execute(query.where(erasures.c.at >= self.since).limit(1)).first():
            raise UserErased("this user has been erased: nothing was written")


class _Held(threading.local):
    guard: ErasureGuard | None = None


_held = _Held()


def current() -> ErasureGuard | None:
    """Return the guard of this thread, None without one."""
    return _held.guard


@contextmanager
def guarded_by(guard: ErasureGuard | None) -> Iterator[None]:
    """Let every write of this thread inside be guarded; None: by nothing."""
    before, _held.guard = _held.guard, guard
    try:
        yield
    finally:
        _held.guard = before


@contextmanager
def unless_erased(person: str, since: float) -> Iterator[None]:
    """Let every write of this thread inside fail once a user was erased at a moment or later."""
    with guarded_by(ErasureGuard(person, since)):
        yield
