"""Times of PostgreSQL with 20 million events in 90 partitions: a user's latest events, a day's end.

    PYTHONPATH=.:tests/support python tests/support/partition_speed.py 20000000

300,000 users, of whom user k has about k^(-2/3) of the first one's events; 100,000 items. Rows are
made by the server in the partitions themselves, and the tables beside them from these, the copy of
recent events in the order of arrival, so that a user's rows lie apart. Milliseconds by the clock:
median and 95th percentile of users; each user's time is the least of five. CPU: of all calls
together, client and server.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
from postgres_server import running
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from recsys.store import event_queries
from recsys.store.day_signatures import DAY, day_of
from recsys.store.event_expiry import expire
from recsys.store.partitions import daily_partitions as partitions
from recsys.store.partitions.expiry import prepare_removal
from recsys.store.store import Store

DAYS, USERS, ITEMS = 90, 300_000, 100_000
FILL = """
INSERT INTO {name} (id, "user", item, kind, value, text, timestamp, moment, received, key)
SELECT nextval('events_id_seq'), 1 + floor({users} * power(random(), 3)),
    1 + floor({items} * random()), 1 + floor(3 * random()), NULL, NULL, m, m, m + 1,
    (random() * 9e18)::bigint
FROM (SELECT {start} + 86399 * random() AS m FROM generate_series(1, {count})) s
"""
PREPARE = (
    "ALTER TABLE recent_events DROP CONSTRAINT recent_events_pkey",
    """
    INSERT INTO recent_events ("user", moment, id, item, kind, value, text, timestamp, received)
    SELECT "user", moment, id, item, kind, value, text, timestamp, received FROM (
        SELECT *, row_number() OVER (PARTITION BY "user" ORDER BY moment DESC, id DESC) AS place
        FROM events
    ) e WHERE place <= 500 ORDER BY id
    """,
    'ALTER TABLE recent_events ADD PRIMARY KEY ("user", moment, id)',
    # the moment of a floor lies between what is copied and what is not
    """
    INSERT INTO recent_floors ("user", moment, older, last)
    SELECT e."user", r.moment - 1e-6, e.n - 500, e.last
    FROM (SELECT "user", count(*) AS n, max(id) AS last FROM events GROUP BY "user") e
    JOIN (SELECT "user", min(moment) AS moment FROM recent_events GROUP BY "user") r USING ("user")
    WHERE e.n > 500
    """,
    "ANALYZE",
)


def fill(store: Store, count: int, first: int) -> None:
    names = {"users": "user_id", "items": "item_id", "kinds": "name"}
    with store.db.write() as connection:
        for (table, column), rows in zip(names.items(), (USERS, ITEMS, 3), strict=True):
            connection.execute(
                text(
                    f"INSERT INTO {table} (id, {column})"
                    f" SELECT n, '{table[0]}' || n FROM generate_series(1, {rows}) n"
                )
            )
        partitions.make_days(connection, first, first + DAYS)
    with store.db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("SET synchronous_commit = off"))
        connection.execute(text("SET work_mem = '512MB'"))
        for day in range(first, first + DAYS):
            values = {"users": USERS, "items": ITEMS, "count": count // DAYS, "start": day * DAY}
            name = partitions.partition_name(day)
            connection.exec_driver_sql(FILL.format(name=name, **values))
        for statement in PREPARE:
            connection.exec_driver_sql(statement)


class ServerClock:
    """CPU seconds of a server and all its processes, those that ended included."""

    def __init__(self, server: URL) -> None:
        with create_engine(server).connect() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        self._parent = psutil.Process(psutil.Process(pid).ppid())

    def __call__(self) -> float:
        total = 0.0
        for process in (self._parent, *self._parent.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if process == self._parent:
                total += times.children_user + times.children_system
        return total


def timed(call: Callable[[str], Any], users: list[str], server: ServerClock) -> str:
    best = []
    client, servers = time.process_time(), server()
    for user in users:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            call(user)
            times.append(1000 * (time.perf_counter() - begun))
        best.append(min(times))
    ranked, calls = sorted(best), 5 * len(users)
    client, servers = time.process_time() - client, server() - servers
    return (
        f"{statistics.median(ranked):.2f} / {ranked[int(0.95 * len(ranked))]:.2f} ms; CPU:"
        f" client {1000 * client / calls:.2f}, server {1000 * servers / calls:.2f} ms"
    )


def main(count: int) -> None:
    today = day_of(time.time())
    first = today - DAYS + 1
    with running() as server, Store.open(server.render_as_string(hide_password=False)) as store:
        clock = ServerClock(server)
        begun = time.monotonic()
        fill(store, count, first)
        with store.db.read() as connection:
            size = connection.exec_driver_sql(
                "SELECT pg_size_pretty(pg_database_size(current_database()))"
            ).scalar()
            copied = connection.exec_driver_sql("SELECT count(*) FROM recent_events").scalar()
        print(f"filled in {time.monotonic() - begun:.0f} s, {size}, {copied:,} in the copy")
        whole = event_queries.read_of(event_queries.latest(()))
        long = [f"u{n}" for n in range(1, 101)]
        short = [f"u{n}" for n in range(1000, USERS, 2990)]
        for label, users in (("long", long), ("others", short)):
            held = statistics.median(store.act_stamp(user)[0] for user in users)
            print(f"{label}: {len(users)} users, median {held:,.0f} events")
            print("  latest 500", timed(lambda user: store.history(user, 500), users, clock))
            print("  stamp", timed(store.act_stamp, users, clock))
            times = timed(lambda user: store.db.rows(whole, user=user, n=500), users[:20], clock)
            print("  over all partitions, without the copy", times)
        last = store.last_event_id()
        print(
            "end of the log, nothing new",
            timed(lambda _: store.events_after(last, 500), long, clock),
        )
        begun = time.monotonic()
        prepare_removal(store.db)
        print(f"index of the copy by moment made in {time.monotonic() - begun:.2f} s, once")
        for _ in range(3):
            begun, servers = time.monotonic(), clock()
            done = expire(store, (first + 1) * DAY)
            whole_time, servers = time.monotonic() - begun, clock() - servers
            name = partitions.partition_name(first + 1)
            begun = time.monotonic()
            with store.db.write() as connection:
                connection.exec_driver_sql(f"DROP TABLE {name}")
            dropped = time.monotonic() - begun  # the commit included
            print(
                f"{done.events:,} events of a day removed in {whole_time:.2f} s (CPU of the server"
                f" {servers:.2f} s), with what leads to them; the drop of another partition alone"
                f" {dropped:.3f} s"
            )
            first += 2


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
