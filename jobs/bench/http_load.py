"""HTTP load test of a running server: first one client in sequence, then many at once.

python -m jobs.bench_load http://127.0.0.1:8000 --path '/recommend/u{}?n=20' --users 1000
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass

import click
import numpy as np

from recsys.errors import DataError

from ..cli import run
from .http_client import Client, request

WARM = 20  # requests that are not counted


@dataclass(frozen=True, slots=True)
class Load:
    """What a path of a server can do."""

    path: str
    p50_ms: float  # one request at a time
    p99_ms: float
    requests: int  # that these were taken from
    per_second: float  # with all connections busy; the asking costs CPU too
    connections: int


@click.command(name="load")
@click.argument("url")
@click.option("--path", default="/recommend/u{}?n=20", help="{} becomes the number of a user.")
@click.option("--users", default=1000, type=click.IntRange(1), show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="For each of the two parts.")
@click.option("--connections", default=8, type=click.IntRange(1), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    url: str, path: str, users: int, seconds: float, connections: int, as_json: bool
) -> None:
    """Measure latency one at a time, then throughput at saturation."""
    found = measure(url, path, users, seconds, connections)
    print(json.dumps(asdict(found)) if as_json else summary(found))


def summary(found: Load) -> str:
    """Return a load in one line."""
    return (
        f"{found.path}  p50 {found.p50_ms:.2f} ms  p99 {found.p99_ms:.2f} ms"
        f"  {found.per_second:.0f} requests/s over {found.connections} connections"
    )


def measure(url: str, path: str, users: int, seconds: float, connections: int) -> Load:
    """Ask for a while one at a time, then for a while over all connections at once."""
    paths = [path.format(user) for user in range(users)]
    _ask(url, paths[:WARM], float("inf"))
    alone = np.array(_ask(url, paths[WARM:] + paths, seconds)) * 1e3
    counts: list[int] = []

    def client(number: int) -> None:
        turned = paths[number * 97 % users :] + paths
        counts.append(len(_ask(url, turned * 50, seconds)))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < connections:
        raise DataError(f"{url}: a connection failed under load")
    p50, p99 = np.percentile(alone, (50, 99))
    return Load(path, float(p50), float(p99), len(alone), sum(counts) / seconds, connections)


def _ask(url: str, paths: list[str], seconds: float) -> list[float]:
    """Return the seconds of each answer, over one connection that is kept."""
    client, took = Client(url), []
    until = time.perf_counter() + seconds
    for path in paths:
        start = time.perf_counter()
        if start > until:
            break
        status, _ = client.send(request("GET", path))
        took.append(time.perf_counter() - start)
        if status != 200:
            raise DataError(f"{url}{path}: status {status}")
    client.close()
    return took


if __name__ == "__main__":
    run(command)
