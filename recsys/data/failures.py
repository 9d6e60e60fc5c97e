"""Failures: what SQLAlchemy and the drivers raise, as StoreErrors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from recsys.errors import StoreError

BUSY = 30.0  # seconds to wait for another writer before giving up


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise what SQLAlchemy and the drivers raise as StoreError, with a way out."""
    shown = url.render_as_string(hide_password=True)
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise StoreError(f"{shown}: {_advice(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{shown}: {error}") from error


def _advice(error: DBAPIError | sqlite3.Error) -> str:
    own = error.orig if isinstance(error, DBAPIError) else error
    reason = str(own).strip().split("\n")[0]
    if "full" in reason or "No space left" in reason:
        return f"{reason}: free some space and run it again, what was stored is kept"
    if "locked" in reason:
        return f"{reason} for {BUSY:.0f} s by another writer: try again"
    if "unable to open" in reason or "connection" in reason:
        return f"{reason}: check RECSYS_STORE, and that this account may write there"
    return reason
