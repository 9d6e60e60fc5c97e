"""CPU seconds of `recsys consume` for events of a Kafka topic, into SQLite and PostgreSQL.

    PYTHONPATH=.:tests/support python tests/support/stream_speed.py 300000 [0]

Seed 0: 30,000 users, 20,000 items. The mock cluster of the client library is in this process: its
threads are part of the figure. Of PostgreSQL the CPU of the server's processes is told apart.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import psutil
from kafka_broker import mock_cluster, send
from postgres_server import running

from recsys.store.store import Store
from recsys.streams.consumer import Consumer
from recsys.streams.event_parser import EventParser
from recsys.streams.kafka_source import KafkaSource

USERS, ITEMS = 30_000, 20_000


def acts(count: int, seed: int) -> Iterator[dict[str, object]]:
    rng = random.Random(seed)
    for n in range(count):
        user, item = rng.randrange(USERS), int(20 * rng.paretovariate(0.6)) % ITEMS
        kind = rng.choice(("view", "click", "like"))
        at = 1_700_000_000 + n
        yield {"user_id": f"u{user}", "item_id": f"i{item}", "event": kind, "timestamp": at}


def server_cpu() -> float:
    """Return the CPU seconds of the processes of PostgreSQL, of ended ones too."""
    total = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def consumed(url: str, address: str, topic: str) -> None:
    with Store.open(url, bulk=True) as store:
        server, own, wall = server_cpu(), time.process_time(), time.monotonic()
        source = KafkaSource([topic], address, topic)
        counts = Consumer(store, source, EventParser()).run(threading.Event(), once=True)
        own, wall = time.process_time() - own, time.monotonic() - wall
        server = server_cpu() - server
    print(
        f"{url.split(':')[0]}: {counts.new:,} events, {own:.2f} s of CPU, server {server:.2f} s,"
        f" {counts.new / (own + server):,.0f} events a CPU second, {wall:.1f} s by the clock"
    )


def main(count: int, seed: int = 0) -> None:
    with mock_cluster() as address, tempfile.TemporaryDirectory() as folder, running() as server:
        for number, url in enumerate(
            (f"sqlite:///{folder}/store.db", server.render_as_string(hide_password=False))
        ):
            # each in a topic of its own, which keeps five megabytes of a partition at most
            send(address, f"topic-{number}", acts(count, seed), 4)
            consumed(url, address, f"topic-{number}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
