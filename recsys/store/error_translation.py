"""Translation of SQLAlchemy and driver errors to StoreErrors with a remedy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from recsys.errors import StoreBusy, StoreError

BUSY = 30.0  # seconds that a command waits for another writer before giving up


@contextmanager
def translated(url: URL, writing: bool = False) -> Iterator[None]:
    """Raise what SQLAlchemy and the drivers raise as StoreError, with a way out.

    `writing`: where a lock that was waited for in vain is a StoreBusy.
    """
    shown = url.render_as_string(hide_password=True)
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        kind = StoreBusy if writing and _locked(error) else StoreError
        raise kind(f"{shown}: {_advice(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{shown}: {error}") from error


def _reason(error: DBAPIError | sqlite3.Error) -> str:
    own = error.orig if isinstance(error, DBAPIError) else error
    return str(own).strip().split("\n")[0]


def _locked(error: DBAPIError | sqlite3.Error) -> bool:
    """Whether somebody else held a lock for too long: SQLite's words, and PostgreSQL's."""
    reason = _reason(error)
    return "is locked" in reason or "lock timeout" in reason


def _advice(error: DBAPIError | sqlite3.Error) -> str:
    reason = _reason(error)
    if "full" in reason or "No space left" in reason:
        return f"{reason}: free some space and run it again, what was stored is kept"
    if _locked(error):
        return f"{reason}: another writer took too long: try again"
    if "unable to open" in reason or "connection" in reason:
        return f"{reason}: check RECSYS_STORE, and that this account may write there"
    return reason
