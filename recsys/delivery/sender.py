"""Sender: protocol of what sends one delivery to its destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recsys.store.outbox import Delivery


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one try."""

    error: str = ""  # empty: it was taken
    wait: float = 0.0  # seconds that the other side wants to be waited for at least
    gone: bool = False  # the destination wants nothing any more


class Sender(Protocol):
    """Sends by one channel; safe to use from several threads."""

    def send(self, delivery: Delivery) -> Sent:
        """Try once. A failure is in the result, never raised."""
        ...
