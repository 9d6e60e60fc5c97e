"""CPU of workers that follow PostgreSQL's logs, each by itself and with one that reads for all.

    PYTHONPATH=.:tests/support python tests/support/shared_tail_speed.py 12

So many processes look twenty times a second, while nothing is written and while 500 events a second
are: cores of the server, of all readers together, and of one that does not read for the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from partition_speed import ServerClock
from postgres_server import emptied, running

from recsys.data.records import Event
from recsys.store.store import Store

SECONDS, EACH = 20.0, 50  # of a measurement; events of a tenth of a second


def of_process(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def measure(readers: list[int], clock: ServerClock, work: Store | None) -> str:
    before, server = [of_process(pid) for pid in readers], clock()
    begun, number = time.monotonic(), 0
    while time.monotonic() - begun < SECONDS:
        if work is not None:
            work.add_events([Event(f"u{n}", f"i{number}", "like") for n in range(EACH)])
            number += 1
        time.sleep(max(0.0, begun + 0.1 * (number or 1) - time.monotonic()) or 0.1)
    took = time.monotonic() - begun
    own = sorted((of_process(pid) - was) / took for pid, was in zip(readers, before, strict=True))
    median = own[len(own) // 2]
    return f"server {(clock() - server) / took:.3f}, readers {sum(own):.3f}, one {median:.4f} cores"


def main(count: int) -> None:
    script = str(Path(__file__).with_name("log_reader.py"))
    with running() as server:
        clock = ServerClock(server)
        for shared_from, label in ((count + 9, "each by itself"), (2, "one for all")):
            url = emptied(server)
            with tempfile.TemporaryDirectory() as folder, Store.open(url) as store:
                records = [f"{folder}/record-{n}" for n in range(count)]
                processes = [
                    subprocess.Popen(
                        [sys.executable, script, url, folder, str(shared_from), record],
                        stdin=subprocess.PIPE,
                        env={**os.environ, "OMP_NUM_THREADS": "1"},
                    )
                    for record in records
                ]
                while not all(os.path.exists(record) for record in records):
                    time.sleep(0.1)
                time.sleep(3.0)
                pids = [process.pid for process in processes]
                print(f"{count} processes, {label}")
                print("  nothing new:", measure(pids, clock, None))
                print("  writing:    ", measure(pids, clock, store))
                for process in processes:
                    assert process.stdin is not None
                    process.stdin.close()
                    process.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
