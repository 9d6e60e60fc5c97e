"""Fixtures: the tiny world as files, an app over it in this process, a server in another one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import api_world as world
import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.app import create_app
from api.service import Service
from api.settings import Settings
from recsys.data.database import Database
from recsys.data.keys import Keys


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
    service: Service = app.extensions["service"]
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
def service(app: Flask) -> Service:
    """The service of the app."""
    found: Service = app.extensions["service"]
    return found


@dataclass
class Server:
    """A real server process."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20.0)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: Path, workers: int = 1, **environment: str) -> Server:
    """Start granian over a home and wait until it is ready."""
    port = free_port()
    log = home / "server.log"
    env = os.environ | {
        "RECSYS_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **environment,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--workers",
                str(workers),
                "--blocking-threads",
                "4",
                "--no-ws",
                "--respawn-failed-workers",
                "--workers-kill-timeout",
                "5",
                "--log-level",
                "warning",
                "api.wsgi:app",
            ],
            env=env,
            stdout=out,
            stderr=out,
            cwd=Path(__file__).parents[2],
        )
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(server.url + "/health/live", timeout=1.0).status_code == 200:
                return server
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.1)  # between looks
    process.kill()
    raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[..., Server]]:
    """Start servers over the test's home."""
    servers: list[Server] = []

    def begin(workers: int = 1, **environment: str) -> Server:
        servers.append(start(home, workers, **environment))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()
