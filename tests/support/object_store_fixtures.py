"""Fixtures of tests with an object store: an S3 server, a faulty proxy before it, an empty place.

A conftest.py imports them; `store_of` makes the store that its own fixture `objects` returns.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import object_server
import pytest

from recsys.object_storage.folder_objects import FolderObjects
from recsys.object_storage.s3_objects import S3Objects

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an S3 server on loopback."""
    with object_server.object_server(tmp_path_factory.mktemp("moto")) as port:
        yield port


@pytest.fixture
def proxy(server_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[object_server.FaultyProxy]:
    """A proxy before the server, which clients of the test are pointed at."""
    found = object_server.FaultyProxy(server_port)
    object_server.point_at(monkeypatch, found.port)
    yield found
    found.close()


@pytest.fixture
def prefix() -> str:
    """A place in the bucket that no other test uses."""
    return f"place-{next(_NUMBERS)}"


def store_of(
    request: pytest.FixtureRequest, folder: Path, prefix: str
) -> FolderObjects | S3Objects:
    """Return an empty store of the kind that a test's parameter names: file or s3."""
    if request.param == "file":
        return FolderObjects(folder / "objects")
    request.getfixturevalue("proxy")
    return S3Objects(object_server.BUCKET, prefix)
