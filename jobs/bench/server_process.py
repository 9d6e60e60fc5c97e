"""Server process for benchmarks: started on a free port, polled until ready, stopped."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from recsys.errors import DataError

from ..environment import load_settings, own_command, server_environment

PATIENCE = 120.0  # seconds that a server may take to be ready


@contextmanager
def server(home: Path, workers: int, kept: int = 0) -> Iterator[tuple[str, int]]:
    """Run `recsys serve` on a home; give its address and process id.

    `kept`: answers that a worker keeps; by default none, so that each is computed.
    """
    settings = replace(load_settings(), home=home, store="")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = server_environment(settings, "127.0.0.1", workers)
    environment |= {"RECSYS_CACHE_ENTRIES": str(kept), "RECSYS_ACCESS_LOG": "off"}
    environment |= {"RECSYS_RATE_LIMIT": "0"}
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        [*own_command("serve"), *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
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
