"""CPU and time from the start of a replica with an empty home until it is ready.

RECSYS_BUNDLES=s3://bucket/prefix python -m jobs.bench.replica_start --items 200000

Makes a synthetic catalogue, uploads its bundle, and starts `recsys serve` on an empty home.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click

from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore

from ..environment import load_settings, own_command, own_modules
from .synthetic_catalogue import make_world

_LONGEST = 300.0  # seconds that a replica may take
_LOOK = 0.05  # seconds between looks


@click.command()
@click.option("--items", type=click.IntRange(100), default=200_000, show_default=True)
@click.option("--starts", type=click.IntRange(1), default=3, show_default=True, help="Replicas.")
def command(items: int, starts: int) -> None:
    """Measure replicas that start from the object store of RECSYS_BUNDLES."""
    url = load_settings().bundles
    if not url:
        raise DataError("RECSYS_BUNDLES is not set: the bundle has to be uploaded somewhere")
    top = Path(tempfile.mkdtemp(prefix="recsys-bench-"))
    try:
        world = make_world(top / "night", items)
        bundles = BundleStore(world.home)
        version = bundles.current()
        assert version is not None
        begun, used = time.monotonic(), time.process_time()
        RemoteBundleStore.open(url).push(bundles.folder / version)
        upload = {
            "cpu_seconds": round(time.process_time() - used, 2),
            "seconds": round(time.monotonic() - begun, 2),
        }
        found = [start(top / f"replica-{number}", world.home) for number in range(starts)]
        size = bundles.versions()[0].bytes
    finally:
        shutil.rmtree(top)
    print(json.dumps({"items": items, "bytes": size, "upload": upload, "starts": found}, indent=1))


def start(home: Path, night: Path) -> dict[str, Any]:
    """Return the CPU seconds of all processes of a replica, and the time, until it is ready."""
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"RECSYS_HOME": str(home), "RECSYS_STORE": f"sqlite:///{night / 'store.db'}"}
    begun = time.monotonic()
    process = subprocess.Popen(
        own_command("serve", "--port", str(port)),
        env=own_modules() | settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _ready(port):
            if process.poll() is not None or time.monotonic() - begun > _LONGEST:
                raise DataError(f"the replica is not ready after {_LONGEST:.0f} seconds")
            time.sleep(_LOOK)
        seconds, parts = time.monotonic() - begun, _cpu_seconds(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    total = round(sum(parts.values()), 2)
    return {"cpu_seconds": total, "seconds": round(seconds, 2), "by_process": parts}


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _cpu_seconds(parent: int) -> dict[str, float]:
    """Return the CPU seconds of a process and its children, by module."""
    found: dict[str, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            words = (path.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if int(path.parent.name) == parent or int(fields[1]) == parent:
            name = words[words.index("-m") + 1] if "-m" in words else words[0]
            used = sum(int(fields[at]) for at in (11, 12, 13, 14)) / tick
            found[name] = round(found.get(name, 0.0) + used, 2)
    return found


if __name__ == "__main__":
    command()
