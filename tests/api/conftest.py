"""Fixtures: the tiny world as files, an app over it in this process, a server in another one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import api_world as world
import pytest
from api_server import Server, start
from flask import Flask
from flask.testing import FlaskClient

from api.app import create_app
from api.runtime.app_state import AppState
from recsys.settings import Settings
from recsys.store.api_keys import Keys
from recsys.store.database import Database


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that is copied, never used."""
    home = tmp_path_factory.mktemp("pristine")
    world.build(home)
    return home


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """A home of the tiny world for one test."""
    shutil.copytree(pristine, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def make_app(home: Path) -> Iterator[Callable[..., Flask]]:
    """Make apps over the test's home; settings may be given by name."""
    apps: list[Flask] = []

    def make(**settings: object) -> Flask:
        background = bool(settings.pop("background", False))
        given = {"home": home, **settings}
        apps.append(create_app(Settings(**given), background=background))  # type: ignore[arg-type]
        return apps[-1]

    yield make
    for app in apps:
        app.extensions["service"].close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app without a background thread."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the app."""
    return app.test_client()


def keyed(app: Flask, *roles: str) -> FlaskClient:
    """Return a client that sends a new key with these roles, admin when none is named."""
    service: AppState = app.extensions["service"]
    with service.link.use():
        _, token = service.link.keys().create("test", roles or ("admin",))
    service.worker.load_keys()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def key_of(store: str, *roles: str) -> str:
    """Return a new key of a store, with the role admin when none is named."""
    db = Database.open(store)
    _, token = Keys(db).create("test", roles or ("admin",))
    db.engine.dispose()
    return token


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    """A client of the app that sends a key which may do everything."""
    return keyed(app)


@pytest.fixture
def service(app: Flask) -> AppState:
    """The service of the app."""
    found: AppState = app.extensions["service"]
    return found


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[..., Server]]:
    """Start servers over the test's home."""
    servers: list[Server] = []

    def begin(workers: int = 1, **more: Any) -> Server:
        servers.append(start(home, workers, **more))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()
