"""Source: protocol of what gives messages in order, such as a topic of a broker.

    class RedisStream:                       # a source of your own
        name = "redis/clicks"
        ...
    Consumer(store, RedisStream(), EventParser()).run(threading.Event())

A source divides its messages into partitions, each an ordered sequence. It gives every message the
position after it, a text that only the source reads. The consumer commits that position with the
events in one transaction of the store, so that a source needs no memory of its own: it asks the
consumer (`claim`) where to go on. Messages that are given again after a restart are those that
were not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from recsys.store.stream_positions import Partition

# partitions → where to read on; empty where nothing was read yet. From then on no other consumer
# of the same store can store messages of these partitions.
Claim = Callable[[Sequence[Partition]], Mapping[Partition, str]]
Release = Callable[[Sequence[Partition]], None]  # partitions that another consumer reads now


@dataclass(frozen=True, slots=True)
class Message:
    """One message, which holds one event."""

    partition: Partition
    position: str  # of this message
    after: str  # where to read on after it
    body: bytes | None  # None: a message without a value, which is passed over
    sent: float | None = None  # when the broker took it, Unix seconds; None: not known


class Source(Protocol):
    """What a consumer reads from; used by one thread.

    Each method may raise StreamError, which ends the consumer.
    """

    @property
    def name(self) -> str:
        """What tells this source from others in the same store; positions are kept under it."""
        ...

    def open(self, claim: Claim, release: Release) -> None:
        """Begin. `claim` is to be called for each partition before its first message is given."""
        ...

    def read(self, limit: int, seconds: float) -> list[Message]:
        """Return at most `limit` messages, each partition's in order; [] after some seconds."""
        ...

    def pause(self) -> None:
        """Give no message until `resume`, and stay a member of the group, if there is one."""
        ...

    def resume(self) -> None:
        """Give messages again, from the one after the last that was given."""
        ...

    def stored(self, positions: Mapping[Partition, str]) -> None:
        """Note, for displays outside, that all before these positions is in the store."""
        ...

    def ended(self) -> bool:
        """Whether everything that was there has been given."""
        ...

    def lag(self) -> int | None:
        """Return how many messages are known to wait; None: not known."""
        ...

    def close(self) -> None:
        """Give all partitions back."""
        ...
