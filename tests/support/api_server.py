"""A real server process for tests: what `recsys serve` runs, over a home."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from jobs.commands.serve import server_command
from jobs.environment import MALLOC, own_modules


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


# Below the ports that systems give to clients (32,768 on Linux), so that no connection takes one
# between this look and the start of a server; processes of tests begin 500 ports apart.
_PORTS = itertools.count(os.getpid() % 40 * 500)


def free_port() -> int:
    """Return a port that nobody listens on, another one with each call."""
    for place in itertools.islice(_PORTS, 20_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", 10_000 + place % 20_000))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("no port is free from 10000 to 29999")


def start(
    home: Path,
    workers: int = 1,
    server: str = "uvicorn",
    before: Sequence[str] = (),
    port: int | None = None,
    **more: str,
) -> Server:
    """Run what `recsys serve` runs over a home and wait until it answers.

    `before`: words of the command line that go before it; `port`: a free one by default; `more`:
    settings.
    """
    port = port or free_port()
    log = home / "server.log"
    env = (
        MALLOC
        | own_modules()
        | {
            "RECSYS_HOME": str(home),
            "RECSYS_WORKERS": str(workers),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            **more,
        }
    )
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*before, *server_command(server, "127.0.0.1", port, workers)],
            env=env,
            stdout=out,
            stderr=out,
            cwd=home,
        )
    found = Server(f"http://127.0.0.1:{port}", home, process, log)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if httpx.get(found.url + "/health/live", timeout=1.0).status_code == 200:
                return found
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.1)  # between looks
    process.kill()
    raise AssertionError(log.read_text(errors="replace"))
