"""An S3 server for all tests of this folder, and stores in it."""

import itertools

import object_server
import pytest

from recsys.object_storage.folder_objects import FolderObjects
from recsys.object_storage.s3_objects import S3Objects

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server_port(tmp_path_factory):
    with object_server.object_server(tmp_path_factory.mktemp("moto")) as port:
        yield port


@pytest.fixture
def proxy(server_port, monkeypatch):
    found = object_server.FaultyProxy(server_port)
    object_server.point_at(monkeypatch, found.port)
    yield found
    found.close()


@pytest.fixture
def prefix():
    return f"place-{next(_NUMBERS)}"


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.exhaustive)])
def objects(request, tmp_path, prefix):
    if request.param == "file":
        return FolderObjects(tmp_path / "objects")
    request.getfixturevalue("proxy")
    return S3Objects(object_server.BUCKET, prefix)
