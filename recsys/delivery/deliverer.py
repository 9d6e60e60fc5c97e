"""Deliverer: sends notices from the outbox to their destinations, one process at a time.

The holder of the lease delivers. Each result is in the store before the next notice of the
destination is sent, under the lease's token. A process that is killed between sending and noting
leaves the delivery pending: the next one sends it again, with the same id.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from recsys.delivery.backoff import Backoff
from recsys.delivery.mail import MailSender, MailServer
from recsys.delivery.public_addresses import Network
from recsys.delivery.sender import Sender, Sent
from recsys.delivery.webhook import WebhookSender
from recsys.errors import StoreError
from recsys.store.leases import Leases, StaleLease
from recsys.store.notice_destinations import MAIL, WEBHOOK, Destinations
from recsys.store.outbox import LEASE, Delivery, Outbox
from recsys.store.store import Store

LEASE_SECONDS = 15.0
_THREADS = 8  # destinations that are sent to at once
_FAILURES = 3  # in a row, after which a destination is left alone until the next round

log = logging.getLogger("recsys.delivery")


class Deliverer:
    """Delivers what is due in one store."""

    def __init__(
        self,
        store: Store,
        senders: Mapping[str, Sender],
        backoff: Backoff | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.outbox = Outbox(store.db)
        self.leases = Leases(store.db)
        self._destinations = Destinations(store.db)
        self._senders = senders
        self._backoff = backoff or Backoff()
        self._lease_seconds = lease_seconds
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._rng = random.Random()

    def run_once(self, stop: threading.Event | None = None) -> int:
        """Deliver what is due now; return the number of tries. 0 while another process delivers."""
        if not self.outbox.destinations_due(time.time()):
            return 0
        token = self.leases.take(LEASE, self._holder, self._lease_seconds)
        if token is None:
            return 0
        try:
            return self._round(token, stop or threading.Event())
        finally:
            self.leases.release(LEASE, token)

    def _round(self, token: int, stop: threading.Event) -> int:
        waiting = self.outbox.destinations_due(time.time())
        lost, count = threading.Event(), 0
        running: set[Future[int]] = set()
        with ThreadPoolExecutor(min(_THREADS, len(waiting) or 1), "recsys-deliver") as pool:
            for destination in waiting:
                running.add(pool.submit(self._serve, destination, token, stop, lost))
            while running:
                done, running = wait(running, self._lease_seconds / 3, FIRST_COMPLETED)
                count += sum(one.result() for one in done)
                if running and not lost.is_set():
                    self._prolong(token, lost)
        return count

    def _prolong(self, token: int, lost: threading.Event) -> None:
        try:
            if self.leases.take(LEASE, self._holder, self._lease_seconds) != token:
                lost.set()
        except StoreError as error:
            log.warning("the lease of deliveries could not be prolonged: %s", error)
            lost.set()

    def _serve(
        self, destination: int, token: int, stop: threading.Event, lost: threading.Event
    ) -> int:
        """Send what is due to one destination, in order; return the number of tries."""
        count = failures = 0
        try:
            while batch := self.outbox.due(time.time(), destination):
                waiting: set[str] = set()  # subjects of which an earlier notice has just failed
                for one in batch:
                    if stop.is_set() or lost.is_set() or failures >= _FAILURES:
                        return count
                    subject = one.notice.notice.subject
                    if subject and subject in waiting:
                        continue
                    count += 1
                    failures = 0 if self._try(one, token) else failures + 1
                    if failures and subject:
                        waiting.add(subject)
        except StaleLease:
            lost.set()
        except StoreError as error:
            log.warning("deliveries wait: %s", str(error)[:200])
        return count

    def _try(self, one: Delivery, token: int) -> bool:
        sender = self._senders[one.channel]
        try:
            sent = sender.send(one)
        except Exception as error:  # counted as a try: it must not be sent again and again
            log.exception("a notice could not be made ready")
            sent = Sent(repr(error))
        if not sent.error:
            self.outbox.delivered(one.id, token)
            return True
        pause = self._backoff.pause(one.attempts + 1, self._rng)
        due = None if pause is None else time.time() + max(pause, sent.wait)
        self.outbox.failed(one.id, token, sent.error, due)
        log.warning(
            "a notice was not delivered",
            extra={"notice": one.notice.uid, "destination": one.destination, "dead": due is None},
        )
        if sent.gone:
            self._destinations.disable(one.destination, token)
        return False


def deliverer(
    store: Store,
    server: MailServer | None,
    public_url: str,
    allowed: Sequence[Network],
    retry_seconds: float,
    lease_seconds: float = LEASE_SECONDS,
) -> Deliverer:
    """Return the deliverer of a store, with all channels there are."""
    token = Destinations(store.db).token
    senders = senders_by_channel(server, token, public_url, allowed)
    return Deliverer(store, senders, Backoff(retry_seconds), lease_seconds)


def senders_by_channel(
    server: MailServer | None,
    token: Callable[[int], str],
    public_url: str,
    allowed: Sequence[Network],
) -> Mapping[str, Sender]:
    """Return what sends by each channel; `token`: see `MailSender`."""
    return {WEBHOOK: WebhookSender(allowed), MAIL: MailSender(server, token, public_url)}
