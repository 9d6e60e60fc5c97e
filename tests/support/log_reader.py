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
from recsys.store.store import Store

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
        self.event_position = self.act_position = int(lines[-1]) if lines else 0
        self.events: list[int] = []  # ids that were read as events and not yet as acts
        self.acts: list[int] = []  # and the other way round
        self.stamp: int | None = None

    def tick(self) -> None:
        """Read on to the end, as `RefreshThreads` does."""
        self.logs.lead()
        stamp = self.logs.stamp()
        if stamp is not None and stamp == self.stamp:
            return
        try:
            with self.link.use(patient=True) as store:
                while self._read(store):
                    self._compare()
            self.stamp = stamp
        except StoreError:
            self.stamp = None

    def _read(self, store: Store) -> bool:
        """Read on in both logs, each from its own position: one look may be newer than the other's.

        Return whether there was anything.
        """
        events = self.logs.events_after(store, self.event_position, CHUNK)
        acts = self.logs.acts_after(store, self.act_position, CHUNK)
        self.events += [event.id for event in events]
        self.acts += [act.id for act in acts]
        self.event_position = events[-1].id if events else self.event_position
        self.act_position = acts[-1].id if acts else self.act_position
        return bool(events or acts)

    def _compare(self) -> None:
        """Write down what both logs told."""
        both = min(len(self.events), len(self.acts))
        ids = self.events[:both]
        if ids != self.acts[:both]:
            raise SystemExit(f"acts differ from events: {self.acts[:both]}, {ids}")
        self.events, self.acts = self.events[both:], self.acts[both:]
        os.write(self.file, "".join(f"{id}\n" for id in ids).encode())


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
