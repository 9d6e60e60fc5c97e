"""A process that adds or delivers notices and kills itself (kill -9) at a step.

    python killed.py STORE deliver STEP COUNT [LEASE]    # at the COUNT-th time of a step
    python killed.py STORE add NUMBER STEP COUNT

It is the process under test, not a mock: each step is the real one, with a kill before or after it.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from process_killer import Killer

from recsys.delivery.backoff import Backoff
from recsys.delivery.deliverer import Deliverer
from recsys.delivery.public_addresses import networks
from recsys.delivery.sender import Sent
from recsys.delivery.webhook import WebhookSender
from recsys.store.leases import Leases
from recsys.store.outbox import Delivery, Notice, Outbox, add_notice
from recsys.store.store import Store

DELIVER = ("taken", "read", "before send", "after send", "before note", "after note")
ADD = ("before add", "in transaction", "after add")
SUBJECTS = 7


class KilledLeases(Leases):
    killer: Killer

    def take(self, name: str, holder: str, seconds: float) -> int | None:
        token = super().take(name, holder, seconds)
        if token is not None:
            self.killer.at("taken")
        return token

    def release(self, name: str, token: int) -> None:
        super().release(name, token)
        self.killer.at("released")


class KilledOutbox(Outbox):
    killer: Killer

    def due(self, now: float, destination: int) -> list[Delivery]:
        found = super().due(now, destination)
        self.killer.at("read")
        return found

    def delivered(self, delivery: int, token: int) -> None:
        self.killer.at("before note")
        super().delivered(delivery, token)
        self.killer.at("after note")


class KilledSender(WebhookSender):
    killer: Killer

    def send(self, delivery: Delivery) -> Sent:
        self.killer.at("before send")
        sent = super().send(delivery)
        self.killer.at("after send")
        return sent


def deliver(store: Store, killer: Killer, lease: float = 0.5) -> None:
    """Deliver until nothing is left."""
    sender = KilledSender(networks(["127.0.0.0/8"]))
    work = Deliverer(store, {"webhook": sender}, Backoff(0.05, 0.5, 100), lease_seconds=lease)
    work.outbox, work.leases = KilledOutbox(store.db), KilledLeases(store.db)
    sender.killer = work.outbox.killer = work.leases.killer = killer
    stop = threading.Event()
    while work.outbox.counts()["pending"]:
        work.run_once(stop)
        time.sleep(0.01)


def notice(number: int) -> Notice:
    return Notice("test", {"text": f"{number}"}, f"n:{number}", f"alert:{number % SUBJECTS}")


def add(store: Store, count: int, killer: Killer) -> None:
    """Add notices 0 … count - 1, from the first, whatever was added before."""
    for number in range(count):
        killer.at("before add")
        with store.db.write() as connection:
            add_notice(connection, notice(number))
            killer.at("in transaction")
        killer.at("after add")


def main(url: str, what: str, *given: Any) -> None:
    with Store.open(url) as store:
        if what == "deliver":
            deliver(store, Killer(given[0], int(given[1])), *map(float, given[2:]))
        else:
            add(store, int(given[0]), Killer(given[1], int(given[2])))


if __name__ == "__main__":
    main(*sys.argv[1:])
