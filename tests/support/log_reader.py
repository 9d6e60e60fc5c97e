"""A process that follows the logs of a store as a worker does, and writes down what it read.

    PYTHONPATH=. python tests/support/log_reader.py URL FOLDER SHARED_FROM RECORD

RECORD: the id of each event in the order in which they were read; a process that begins with such a
file goes on after its last line. It ends when its standard input does.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from api.runtime.shared_log_reading import LogReading
from api.runtime.store_connection import StoreLink
from recsys.errors import StoreError
from recsys.settings import Settings

TICK = 0.05  # seconds: the default of RECSYS_TAIL_SECONDS
CHUNK = 2_000


class Reader:
    """Positions in the log of events and in that of acts, and where what was read goes."""

    def __init__(self, url: str, folder: str, shared_from: str, record: Path) -> None:
        settings = Settings.load(
            {"RECSYS_STORE": url, "RECSYS_WORKERS": "9", "RECSYS_SHARED_TAIL_FROM": shared_from}
        )
        self.link = StoreLink(url)
        self.logs = LogReading(settings, self.link, folder)
        self.file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        lines = record.read_text().split()
        self.position = int(lines[-1]) if lines else 0
        self.stamp: int | None = None

    def tick(self) -> None:
        """Read on to the end, as `RefreshThreads` does."""
        self.logs.lead()
        stamp = self.logs.stamp()
        if stamp is not None and stamp == self.stamp:
            return
        try:
            with self.link.use(patient=True) as store:
                while events := self.logs.events_after(store, self.position, CHUNK):
                    last = events[-1].id
                    acts = self.logs.acts_after(store, self.position, CHUNK)
                    ids = [act.id for act in acts if act.id <= last]
                    if ids != [event.id for event in events]:
                        raise SystemExit(f"acts differ from events after {self.position}")
                    os.write(self.file, "".join(f"{id}\n" for id in ids).encode())
                    self.position = last
            self.stamp = stamp
        except StoreError:
            self.stamp = None


def main(url: str, folder: str, shared_from: str, record: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    reader = Reader(url, folder, shared_from, Path(record))
    while True:
        reader.tick()
        time.sleep(TICK)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
