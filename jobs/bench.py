"""`recsys bench [serve|night]`: speed and memory of serving, and of each step of a night.

recsys bench serve --items 10000 --items 100000 --json
recsys bench night
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from jobs.bench_load import Load, measure
from jobs.bench_memory import Watched, resident_mb, watch
from jobs.cli import run
from jobs.settings import Settings, server_environment
from recsys.errors import DataError

NOOP = "/health/live"
RECOMMEND = "/recommend/u{}?n=20"
SIMILAR = "/similar/i{}?n=20"
SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "movietweetings"
PATIENCE = 120.0  # seconds that a server may take to be ready


@click.command(name="bench")
@click.argument("what", type=click.Choice(["serve", "night"]), required=False)
@click.option("--items", multiple=True, default=(10_000, 100_000), type=click.IntRange(100),
              show_default=True, help="Sizes of the catalogues that are served.")  # fmt: skip
@click.option("--seconds", default=5.0, show_default=True, help="Per measurement of serving.")
@click.option("--workers", default=1, type=click.IntRange(1), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    what: str | None, items: tuple[int, ...], seconds: float, workers: int, as_json: bool
) -> None:
    """Measure a real server on synthetic catalogues, and a night on the sample data."""
    found: dict[str, Any] = {"machine": machine()}
    if what != "night":
        found["serve"] = [serve(count, seconds, workers) for count in items]
    if what != "serve":
        found["night"] = night()
    print(json.dumps(found, indent=1) if as_json else told(found))


def machine() -> dict[str, Any]:
    """Return what figures depend on; the load tells whether the machine had other work."""
    return {
        "cpus": os.cpu_count(), "machine": platform.machine(),
        "python": platform.python_version(), "load": os.getloadavg()[0],
    }  # fmt: skip


def serve(n_items: int, seconds: float, workers: int) -> dict[str, Any]:
    """Serve a synthetic catalogue of some size and load the server."""
    from jobs.bench_world import make_world  # loads what only training needs

    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        world = make_world(Path(folder) / "home", n_items)
        with server(world.home, workers) as (url, pid):
            loads = {
                name: measure(url, path, world.users, seconds, 8)
                for name, path in (("noop", NOOP), ("recommend", RECOMMEND), ("similar", SIMILAR))
            }
            memory = resident_mb(pid)
    ratio = loads["noop"].per_second / max(loads["recommend"].per_second, 1e-9)
    parts: dict[str, Any] = {name: asdict(load) for name, load in loads.items()}
    return {"items": n_items, "workers": workers, **parts, "noop_ratio": ratio, **memory}


@contextmanager
def server(home: Path, workers: int) -> Iterator[tuple[str, int]]:
    """Run `recsys serve` without its cache of answers; give its address and process id."""
    settings = replace(Settings.load(), home=home, store="")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = server_environment(settings, "127.0.0.1", workers)
    environment |= {"RECSYS_CACHE_ENTRIES": "0", "RECSYS_ACCESS_LOG": "0"}
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.serve", *arguments], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise DataError(f"{url} was not ready within {PATIENCE:g} s")


def night() -> dict[str, Any]:
    """Run the first night on the sample data, which tunes, and a second, which need not."""
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        settings = Settings.load()
        environment = server_environment(replace(settings, home=Path(folder), store=""), "", 1)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.pop(name)  # a night uses every core
        files = [f"--{kind}={SAMPLE / kind}.csv.gz" for kind in ("items", "events")]
        return {
            name: asdict(watch([sys.executable, "-m", f"jobs.{job}", *more], environment))
            for name, job, more in (
                ("ingest", "ingest", files), ("first", "nightly", []), ("second", "nightly", []),
            )
        }  # fmt: skip


def told(found: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = []
    for each in found.get("serve", ()):
        lines.append(
            f"{each['items']} items, {each['workers']} workers: {each['worker_mb']:.0f} MB a worker"
            f" ({each['private_mb']:.0f} its own), a no-op is {each['noop_ratio']:.1f} x as fast"
        )
        for name in ("noop", "recommend", "similar"):
            load = Load(**each[name])
            lines.append(
                f"  {name:<10} p50 {load.p50_ms:6.2f} ms  p99 {load.p99_ms:6.2f} ms"
                f"  {load.per_second:6.0f}/s"
            )
    for name, each in found.get("night", {}).items():
        run_ = Watched(**each)
        lines.append(f"{name}: {run_.seconds:.1f} s, {run_.cpu_seconds:.1f} s of CPU,"
                     f" {run_.peak_mb:.0f} MB")  # fmt: skip
        for step in run_.steps:
            lines.append(f"  {step['name']:<10} {step['seconds']:7.1f} s {step['peak_mb']:6.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    run(command)
