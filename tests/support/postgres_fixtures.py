"""Fixtures of tests on a real PostgreSQL server; the conftest.py of all tests imports them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import emptied, running
from sqlalchemy.engine import URL

from recsys.store.store import Store


@pytest.fixture(scope="module")
def postgres() -> Iterator[URL]:
    """The address of a server of the module's own; `emptied` and `copied` give databases of it."""
    with running() as url:
        yield url


@pytest.fixture
def postgres_store(postgres: URL) -> Iterator[Store]:
    """An empty store on the server."""
    with Store.open(emptied(postgres)) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store on either database, one after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return emptied(request.getfixturevalue("postgres"))
