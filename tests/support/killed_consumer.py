"""A consumer process that kills itself (kill -9) at a step, or is stopped by a signal from outside.

    python killed_consumer.py STORE folder:PATH STEP COUNT       # at the COUNT-th time of a step
    python killed_consumer.py STORE kafka:ADDRESS STEP COUNT
    python killed_consumer.py STORE kafka:ADDRESS STEP -COUNT    # suspends itself (SIGSTOP) there
    python killed_consumer.py STORE kafka:ADDRESS - 0 [BATCH]    # goes on until everything is read

It is the process under test, not a mock: each step is the real one, with a kill before or after it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from process_killer import Killer

from recsys.store.store import Store
from recsys.store.stream_positions import Partition
from recsys.streams.consumer import Consumer
from recsys.streams.event_parser import EventParser
from recsys.streams.folder_source import FolderSource
from recsys.streams.kafka_source import KafkaSource
from recsys.streams.source import Message

STEPS = ("read", "in transaction", "after commit")
TOPIC, BATCH = "events", 500
FAST = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500", "log_level": "0"}


class Suspender(Killer):
    """Suspends this process when a step comes for the n-th time."""

    def at(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)


class KilledStore(Store):
    killer: Killer

    def append_with(self, *arguments: Any) -> Any:
        added = super().append_with(*arguments)
        self.killer.at("in transaction")
        return added


def source_of(text: str, killer: Killer) -> FolderSource | KafkaSource:
    kind, _, place = text.partition(":")
    plain: type[Any] = FolderSource if kind == "folder" else KafkaSource

    class Killed(plain):  # type: ignore[misc]
        def read(self, limit: int, seconds: float) -> list[Message]:
            found: list[Message] = super().read(limit, seconds)
            if found:
                killer.at("read")
            return found

        def stored(self, positions: Mapping[Partition, str]) -> None:
            killer.at("after commit")
            super().stored(positions)

    if kind == "folder":
        return Killed(Path(place))
    return Killed([TOPIC], place, properties=FAST)


def main(url: str, source: str, step: str, count: str, batch: str = str(BATCH)) -> None:
    number, stop = int(count), threading.Event()
    killer = Suspender(step, -number) if number < 0 else Killer(step, number)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with KilledStore.open(url) as store:
        store.killer = killer
        work = Consumer(store, source_of(source, killer), EventParser(), int(batch))
        counts = work.run(stop, once=os.environ.get("CONSUME", "once") == "once")
    print(counts.new)


if __name__ == "__main__":
    main(*sys.argv[1:])
