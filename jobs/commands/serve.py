"""`recsys serve`: starts the HTTP service in supervised worker processes.

recsys serve --port 8000 --workers 2
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys

import click

from recsys.bundle_store import BundleStore
from recsys.errors import DataError, MissingExtra
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore

from ..cli import run
from ..environment import load_settings, server_environment

METRICS = "PROMETHEUS_MULTIPROC_DIR"  # where several workers add up what each has counted
PACKAGE = (__package__ or "jobs.commands").removesuffix(".commands")
API = f"{PACKAGE.removesuffix('jobs')}api"  # jobs and api are siblings
PULLER = f"{PACKAGE}.bundle_pull_process"
SERVERS = ("uvicorn", "gunicorn", "granian")


@click.command(name="serve")
@click.option("--host", help="Address to listen on [RECSYS_HOST].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [RECSYS_PORT].")
@click.option("--workers", type=click.IntRange(1), help="Processes [RECSYS_WORKERS].")
@click.option(
    "--server",
    type=click.Choice(SERVERS),
    default=SERVERS[0],
    show_default=True,
    help="What speaks HTTP; uvicorn is watched over and bears clients that hang.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the server's command, do not run it.")
def command(
    host: str | None, port: int | None, workers: int | None, server: str, as_json: bool
) -> None:
    """Serve recommendations over HTTP; Ctrl-C stops it, a new bundle needs no restart."""
    settings = load_settings(host=host or None, port=port, workers=workers)
    host, port, workers = settings.host, settings.port, max(settings.workers, 1)
    environment = server_environment(settings, host, workers)
    figures = environment.pop(METRICS, "") if server == "uvicorn" else ""
    beside = PULLER if settings.bundles and server == "uvicorn" else ""
    arguments = server_command(server, host, port, workers, figures, beside)
    if as_json:
        print(json.dumps({"command": arguments}))
        return
    if not importlib.util.find_spec(server):
        raise MissingExtra(server, "serve")
    check_free(host, port)
    if settings.bundles:
        RemoteBundleStore.open(settings.bundles)  # an extra that is missing is told here
        if not beside:
            click.echo(
                f"{server} pulls no bundles: run `recsys bundles pull --follow` beside it",
                err=True,
            )
    elif BundleStore(settings.home).current() is None:
        click.echo(f"no bundle in {settings.home} yet: run `recsys nightly`", err=True)
    click.echo(f"http://{host}:{port}/recommend/<user>", err=True)
    sys.stderr.flush()
    os.execve(sys.executable, arguments, environment)


def server_command(
    server: str, host: str, port: int, workers: int, figures: str = "", beside: str = ""
) -> list[str]:
    """Return the command line that runs the API under a server; `beside`: see the supervisor.

    -P keeps the folder in which it is started off the path: a user's own api.py is not ours.
    """
    python = [sys.executable, "-P", "-m"]
    where = ["--host", host, "--port", str(port), "--workers", str(workers)]
    if server == "uvicorn":
        shared = ["--figures", figures] if figures else []
        shared += ["--beside", beside] if beside else []
        return [
            *python,
            f"{PACKAGE}.worker_supervisor",
            "--app",
            f"{API}.runtime.worker_process",
            *where,
            *shared,
        ]
    return [*python, f"{API}.runtime.gunicorn_and_granian", server, *where]


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


if __name__ == "__main__":
    run(command)
