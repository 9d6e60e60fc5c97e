"""`recsys serve`: the API under granian when it is installed, else under gunicorn.

recsys serve --port 8000 --workers 2
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import sys
from pathlib import Path

import click

from recsys.bundle_store import BundleStore
from recsys.errors import DataError, MissingExtra

from .cli import run
from .settings import Settings, server_environment

METRICS = "PROMETHEUS_MULTIPROC_DIR"  # where several workers add up what each has counted
APP = f"{(__package__ or 'jobs').replace('jobs', 'api')}.wsgi:app"  # jobs and api are siblings


@click.command(name="serve")
@click.option("--host", help="Address to listen on [RECSYS_HOST].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [RECSYS_PORT].")
@click.option("--workers", type=click.IntRange(1), help="Processes [RECSYS_WORKERS].")
@click.option(
    "--server", type=click.Choice(["granian", "gunicorn"]), help="Default: granian if installed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the server's command, do not run it.")
def command(
    host: str | None, port: int | None, workers: int | None, server: str | None, as_json: bool
) -> None:
    """Serve recommendations over HTTP; Ctrl-C stops it, a new bundle needs no restart."""
    settings = Settings.load()
    host, port = host or settings.host, port or settings.port
    workers = workers or max(settings.workers, 1)
    arguments = server_command(server or _installed(), host, port, workers)
    if as_json:
        print(json.dumps({"command": arguments}))
        return
    check_free(host, port)
    if BundleStore(settings.home).current() is None:
        click.echo(f"no bundle in {settings.home} yet: run `recsys nightly`", err=True)
    click.echo(f"http://{host}:{port}/recommend/<user>", err=True)
    sys.stderr.flush()
    environment = server_environment(settings, host, workers)
    if workers > 1 and not environment.get(METRICS):
        environment[METRICS] = str(emptied(settings.home / "metrics" / str(port)))
    os.execve(sys.executable, arguments, environment)


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it, where workers add up what each has counted."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}: name another in {METRICS}") from error
    return folder


def server_command(server: str, host: str, port: int, workers: int) -> list[str]:
    """Return the command line that runs the API under a server."""
    python = [sys.executable, "-m", server]
    if server == "granian":
        return [
            *python,
            "--interface",
            "wsgi",
            "--host",
            host,
            "--port",
            str(port),
            "--workers",
            str(workers),
            "--blocking-threads",
            "4",
            "--no-ws",
            "--workers-kill-timeout",
            "5s",
            "--respawn-failed-workers",
            "--log-level",
            "warning",
            APP,
        ]
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *python,
        "--bind",
        bind,
        "--workers",
        str(workers),
        "--threads",
        "4",
        "--log-level",
        "warning",
        APP,
    ]


def check_free(host: str, port: int) -> None:
    """Raise DataError when the address cannot be listened on.

    Servers that share ports among their workers would start beside a stranger without a word.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise DataError(
            f"cannot listen on {host} port {port} ({error.strerror}):"
            " stop what listens there or choose another with --port"
        ) from error


def _installed() -> str:
    for server in ("granian", "gunicorn"):
        if importlib.util.find_spec(server):
            return server
    raise MissingExtra("granian", "serve")


if __name__ == "__main__":
    run(command)
