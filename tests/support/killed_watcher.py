"""A process that watches and kills itself (kill -9) at a step.

    python killed_watcher.py STORE HOME STEP COUNT    # at the COUNT-th time of a step
    python killed_watcher.py STORE HOME stay 0        # until somebody ends it

It is the watcher itself: each step is the real one, with a kill within or after it. It ends when
all is counted, or once another process has done so.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from process_killer import Killer

from recsys.monitoring import watch_worker as module
from recsys.monitoring.alert_recorder import AlertWriter
from recsys.monitoring.watch_worker import WatchWorker
from recsys.store.store import Store
from recsys.store.watches import Watches
from recsys.text.sentiment.scorer import SentimentScorer

STEPS = ("taken", "kept", "cursor", "counted", "backfilled", "looked", "sent")
LEASE = 1.0  # seconds


class KilledWatches(Watches):
    killer: Killer

    def keep(self, connection: sa.Connection, found: Any) -> int:
        new = super().keep(connection, found)
        self.killer.at("kept")  # within the transaction
        return new

    def add_counts(self, connection: sa.Connection, found: Any) -> None:
        super().add_counts(connection, found)
        self.killer.at("counted")


class KilledWriter(AlertWriter):
    killer: Killer

    def apply(self, *given: Any) -> None:
        super().apply(*given)
        self.killer.at("looked")

    def send(self, *given: Any) -> None:
        super().send(*given)
        self.killer.at("sent")


class KilledWatcher(WatchWorker):
    killer: Killer

    def _take_watches(self, now: float) -> None:
        self.killer.at("taken")
        super()._take_watches(now)

    def _backfill(self, *given: Any) -> None:
        self.killer.at("cursor")  # what arrived is read
        super()._backfill(*given)

    def _backfill_step(self, *given: Any) -> None:
        super()._backfill_step(*given)
        self.killer.at("backfilled")


def main(url: str, home: str, step: str, count: str) -> None:
    module.LEASE_SECONDS, module.CHUNK = LEASE, 40
    killer = Killer(step, int(count))
    with Store.open(url) as store:
        found = KilledWatcher(store, SentimentScorer(Path(home)))
        watches, writer = KilledWatches(store.db), KilledWriter(store)
        found.watches, found.writer = watches, writer
        found.killer = watches.killer = writer.killer = killer
        last = store.last_change_id(), store.last_event_id()
        print("ready", flush=True)
        done = False
        while not done or step == "stay":
            done = found.run(None, *last) and all(one.backfilled == 1 for one in watches.every())
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
