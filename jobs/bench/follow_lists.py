"""Cost of follows in lists, and of suggestions of whom to follow, of a real server.

RECSYS_PUBLIC_KINDS=like python -m jobs.bench.follow_lists --items 10000 --followees 500

Lists of users who follow many and of users who follow nobody are asked for in turn, one at a time,
so that both meet the same load of the machine.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from ..cli import run
from .http_client import Client
from .process_memory import cpu_seconds_of
from .server_process import server
from .synthetic_catalogue import BLEND, USERS, make_world

FOLLOWING = 50  # users who follow many; as many others follow nobody
FEW = 10  # followees of each of all others, so that the graph goes on behind followees
TERMS = ("followees", "close_followees", "alike_followees", "second_hop", "mutual_follows")
SOCIAL = replace(BLEND, linear={name: 0.1 for name in TERMS})
WARM = 10  # requests of each kind that are not counted


@click.command()
@click.option("--items", type=click.IntRange(100), default=10_000, show_default=True)
@click.option("--followees", type=click.IntRange(1, USERS - 1), default=500, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=6, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(items: int, followees: int, rounds: int, seed: int) -> None:
    """Measure lists with and without followees, and suggestions, ms and CPU ms per request."""
    with tempfile.TemporaryDirectory() as folder:
        home = make_world(Path(folder) / "home", items, seed, SOCIAL).home
        with server(home, 1) as (url, pid):
            client = Client(url)
            for rows in _follows(followees, np.random.default_rng(seed)):
                client.call("POST", "/follows", rows)
            many, none = range(FOLLOWING), range(FOLLOWING, 2 * FOLLOWING)
            kinds = {
                f"list, {followees} followees": [f"/recommend/u{n}?n=20" for n in many],
                "list, no followees": [f"/recommend/u{n}?n=20" for n in none],
                f"suggestions, {followees} followees": [f"/users/u{n}/suggestions" for n in many],
                "suggestions, no followees": [f"/users/u{n}/suggestions" for n in none],
            }
            print(json.dumps(measured(client, pid, kinds, rounds), indent=1))


def measured(
    client: Client, pid: int, kinds: dict[str, list[str]], rounds: int
) -> dict[str, dict[str, float]]:
    """Return wall ms at the median and the 99th percentile, and CPU ms, per kind of request."""
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    spent = dict.fromkeys(kinds, 0.0)
    for paths in kinds.values():
        for path in paths[:WARM]:
            client.call("GET", path)
    for _ in range(rounds):
        for kind, paths in kinds.items():
            before = cpu_seconds_of(pid)
            for path in paths:
                start = time.perf_counter()
                client.call("GET", path)
                took[kind].append(1e3 * (time.perf_counter() - start))
            spent[kind] += cpu_seconds_of(pid) - before
    return {
        kind: {
            "p50_ms": round(float(np.median(own)), 2),
            "p99_ms": round(float(np.percentile(own, 99)), 2),
            "cpu_ms": round(1e3 * spent[kind] / len(own), 2),
            "requests": len(own),
        }
        for kind, own in took.items()
    }


def _follows(followees: int, rng: np.random.Generator) -> Iterator[Sequence[dict[str, str]]]:
    """Yield follows, a request's body each: many by the first users, none by the next ones."""
    for user in itertools.chain(range(FOLLOWING), range(2 * FOLLOWING, USERS)):
        count = followees if user < FOLLOWING else FEW
        others = rng.choice(np.delete(np.arange(USERS), user), count, replace=False)
        yield [{"user_id": f"u{user}", "followed_user_id": f"u{one}"} for one in others.tolist()]


if __name__ == "__main__":
    run(command)
