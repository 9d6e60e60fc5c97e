"""Follow graph of a store with many follows: CPU seconds and memory of its first reading.

python -m jobs.bench.follow_graph_loading_cost FOLDER --accounts 1000000 --edges 10000000
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click
import numpy as np

from recsys.data.event_kind_weights import EventWeights
from recsys.serving.follow_graph import FollowGraph
from recsys.store.store import Store

from ..cli import run
from .process_memory import resident_mb

BATCH = 200_000  # rows inserted at once


def filled(folder: Path, accounts: int, edges: int, acts: int, seed: int) -> str:
    """Make a store of accounts with follows between them, popular ones more; return its URL.

    Rows are written past the checks of the store, which would take most of the time.
    """
    url = f"sqlite:///{folder / 'follows.db'}"
    rng = np.random.default_rng(seed)
    with Store.open(url, bulk=True) as store, store.db.write() as connection:
        names = [(f"user-{n:07d}",) for n in range(accounts)]
        connection.exec_driver_sql("INSERT INTO users (user_id) VALUES (?)", names)
        left = edges
        while left > 0:
            size = min(BATCH, left)
            who = rng.integers(1, accounts + 1, size)
            whom = 1 + (accounts * rng.random(size) ** 2).astype(np.int64)
            rows = [
                (a, f"user-{b - 1:07d}") for a, b in zip(who.tolist(), whom.tolist(), strict=True)
            ]
            text = 'INSERT OR IGNORE INTO follows ("user", author_id, followed_user_id)'
            left -= connection.exec_driver_sql(f"{text} VALUES (?, '', ?)", rows).rowcount
        connection.exec_driver_sql("INSERT INTO kinds (name) VALUES ('like')")
        now = time.time() - 86_400
        for start in range(0, acts, BATCH):
            size = min(BATCH, acts - start)
            users = rng.integers(1, accounts + 1, size).tolist()
            items = rng.integers(1, 100_001, size).tolist()
            done = [
                (user, item, 1, now, now, now, start + place)
                for place, (user, item) in enumerate(zip(users, items, strict=True))
            ]
            text = 'INSERT INTO events ("user", item, kind, timestamp, moment, received, key)'
            connection.exec_driver_sql(f"{text} VALUES (?, ?, ?, ?, ?, ?, ?)", done)
    return url


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--accounts", type=click.IntRange(2), default=1_000_000, show_default=True)
@click.option("--edges", type=click.IntRange(1), default=10_000_000, show_default=True)
@click.option("--acts", type=click.IntRange(0), default=1_000_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(folder: Path, accounts: int, edges: int, acts: int, seed: int) -> None:
    """Fill a store in FOLDER and read its follow graph in another process."""
    url = filled(folder, accounts, edges, acts, seed)
    child = os.fork()
    if not child:
        before = resident_mb(os.getpid())["private_mb"]
        begun = time.process_time()
        with Store.open(url) as store:
            graph = FollowGraph(EventWeights())
            graph.follow(store)
            seconds = time.process_time() - begun
            figures = graph.figures()
        found = {
            **figures,
            "cpu_seconds": round(seconds, 1),
            "megabytes": round(resident_mb(os.getpid())["private_mb"] - before, 1),
            "bytes_per_edge": round(figures["edge_bytes"] / max(figures["edges"], 1), 1),
            "act_bytes_per_account": round(figures["act_bytes"] / accounts, 1),
        }
        print(json.dumps(found), flush=True)
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    run(command)
