"""A process that detects events and kills itself (kill -9) at a step.

    python killed_event_detection.py STORE HOME MOMENT STEP    # MOMENT: Unix seconds, taken for now

It is the worker itself: each step is the real one, with a kill within or after it. It ends after
one look.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from process_killer import Killer

from recsys.monitoring import event_detection_worker as module
from recsys.monitoring.event_detection_worker import EventDetectionWorker
from recsys.store.detected_events import DetectedEvents
from recsys.store.store import Store
from recsys.text.sentiment.scorer import SentimentScorer

STEPS = ("begun", "followed", "written", "looked")
LEASE = 0.5  # seconds


class KilledDetectedEvents(DetectedEvents):
    killer: Killer

    def write(self, connection: sa.Connection, *given: Any) -> None:
        super().write(connection, *given)
        self.killer.at("written")  # within the transaction

    def prune(self, now: float) -> None:
        self.killer.at("looked")  # the look is stored
        super().prune(now)


class KilledDetection(EventDetectionWorker):
    killer: Killer

    def _begin(self, *given: Any) -> None:
        super()._begin(*given)
        self.killer.at("begun")

    def _follow(self, *given: Any) -> None:
        super()._follow(*given)
        self.killer.at("followed")


def main(url: str, home: str, moment: str, step: str) -> None:
    module.LEASE_SECONDS = LEASE
    module.time = SimpleNamespace(time=lambda: float(moment))
    killer = Killer(step, 1)
    with Store.open(url) as store:
        found = KilledDetection(store, SentimentScorer(Path(home)), "secret")
        found.events = KilledDetectedEvents(store.db)
        found.killer = found.events.killer = killer
        while not found.run(None, store.last_change_id(), store.last_event_id()):
            time.sleep(0.02)  # the lease of the one before has not ended


if __name__ == "__main__":
    main(*sys.argv[1:])
