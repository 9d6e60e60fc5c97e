"""KafkaSource: topics of a Kafka cluster as a source of messages (extra `kafka`).

Consumers of one group share the partitions. Where each is read on comes from the store; the
offsets that are committed to Kafka are for displays of lag only, and never read back. Messages of
aborted transactions are left out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.errors import DataError, MissingExtra, StreamError
from recsys.store.stream_positions import Partition
from recsys.streams.source import Claim, Message, Release

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition
    from confluent_kafka import Message as KafkaMessage

GROUP = "recsys"
_OWN: Mapping[str, Any] = {  # settings of the client that exactly-once storage depends on
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "partition.assignment.strategy": "cooperative-sticky",
}
# What the client prints by itself, at every try: nothing but emergencies. `_unanswered` tells it.
_LOG_LEVEL = "0"
_LOOKS = 10.0  # seconds for the first answer of a broker
_QUIET = 60.0  # seconds between lines of the log about a broker that is away
_NO_PARTITION = 30.0  # seconds that a member without partitions waits for some

log = logging.getLogger("recsys.streams")


def read_properties(path: Path) -> dict[str, str]:
    """Return the settings of a Kafka client from a file of lines `name=value`.

    DataError for a line that is none, and for settings that recsys decides itself.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    found = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#!":
            continue
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name:
            raise DataError(f"{path}:{number}: write name=value, as in security.protocol=SASL_SSL")
        if name in _OWN or name == "group.id":
            raise DataError(f"{path}:{number}: {name} is decided by recsys: remove the line")
        found[name] = value
    return found


class KafkaSource:
    """Messages of some topics."""

    def __init__(
        self,
        topics: Sequence[str],
        brokers: str = "",
        group: str = GROUP,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is connected yet. DataError for settings that the client refuses."""
        self.name = f"kafka/{group}"
        self._topics, self._group = list(topics), group
        given = {"client.id": "recsys", "log_level": _LOG_LEVEL, **(properties or {})}
        if brokers:
            given["bootstrap.servers"] = brokers
        if not given.get("bootstrap.servers") and "test.mock.num.brokers" not in given:
            raise DataError("no broker is named: --brokers HOST:PORT or RECSYS_KAFKA_BROKERS")
        self._config = {**given, **_OWN, "group.id": group, "error_cb": self._broker_error}
        self._consumer: Consumer | None = None
        self._claim: Claim | None = None
        self._release: Release | None = None
        self._held: set[Partition] = set()
        self._ends: dict[Partition, int] = {}  # offsets at which nothing more was found
        self._positions: dict[Partition, int] = {}  # after the last message that was given
        self._paused = self._joined = False
        self._opened = self._warned = 0.0
        self._new_client: Callable[[dict[str, Any]], Consumer] = _client_class()

    def open(self, claim: Claim, release: Release) -> None:
        """Join the group; StreamError when a broker answers that a topic is not there."""
        from confluent_kafka import KafkaException

        self._claim, self._release = claim, release
        try:
            self._consumer = consumer = self._new_client(self._config)
        except (KafkaException, ValueError, TypeError) as error:
            raise DataError(f"the Kafka client refuses its settings: {error}") from error
        self._check_topics(consumer)
        consumer.subscribe(
            self._topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        self._opened = time.monotonic()

    def read(self, limit: int, seconds: float) -> list[Message]:
        """Return messages that came within some seconds."""
        from confluent_kafka import KafkaException

        try:
            found = self._client().consume(limit, seconds)
        except KafkaException as error:
            raise StreamError(f"{self.name}: {error}") from error
        messages = []
        for one in found:
            if one.error() is not None:
                self._message_error(one)
                continue
            message = _message(one)
            self._positions[message.partition] = int(message.after)
            messages.append(message)
        return messages

    def pause(self) -> None:
        """Fetch nothing more; heartbeats go on, as long as `read` is called."""
        self._paused = True
        self._client().pause(self._client().assignment())

    def resume(self) -> None:
        """Fetch again."""
        self._paused = False
        self._client().resume(self._client().assignment())

    def stored(self, positions: Mapping[Partition, str]) -> None:
        """Commit offsets to Kafka, for displays of lag; a failure changes nothing here."""
        from confluent_kafka import KafkaException

        try:
            self._client().commit(offsets=_partitions(positions), asynchronous=True)
        except KafkaException as error:
            log.debug("%s: offsets are not committed to Kafka: %s", self.name, error)

    def ended(self) -> bool:
        """Whether the ends of all partitions of this member were reached.

        StreamError where the group has given it no answer for half a minute.
        """
        if not self._held:
            if time.monotonic() - self._opened <= _NO_PARTITION:
                return False
            if not self._joined:
                raise StreamError(
                    f"{self.name}: no partition was given to this consumer in {_NO_PARTITION:.0f}"
                    " s: no broker answers, or other consumers of the group hold all partitions"
                )
            return True
        return self._ends.keys() >= self._held and all(map(self._at_end, self._held))

    def lag(self) -> int | None:
        """Return the messages that wait in the partitions of this member, as last known."""
        from confluent_kafka import KafkaException, TopicPartition

        total = 0
        for one in self._held & self._positions.keys():
            place = TopicPartition(one.topic, one.number)
            try:
                _, high = self._client().get_watermark_offsets(place, cached=True)
            except KafkaException:
                return None
            total += max(high - self._positions[one], 0)
        return total

    def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()
        self._joined = False
        self._held.clear()
        self._ends.clear()
        self._positions.clear()

    def _at_end(self, one: Partition) -> bool:
        """Whether an end that was found is the end: a large message may come after an empty answer.

        Compared with the broker, since records of transactions take offsets but are no messages.
        """
        from confluent_kafka import KafkaException, TopicPartition

        place = TopicPartition(one.topic, one.number)
        try:
            found = self._client().get_watermark_offsets(place, timeout=_LOOKS)
        except KafkaException:
            return False
        return found is not None and self._ends[one] >= found[1]

    def _client(self) -> Consumer:
        assert self._consumer is not None, "open first"
        return self._consumer

    def _check_topics(self, consumer: Consumer) -> None:
        """Look whether the topics are there; a broker that is away is waited for later."""
        from confluent_kafka import KafkaException

        try:
            known = consumer.list_topics(timeout=_LOOKS).topics
        except KafkaException as error:
            problem = error.args[0].str() if error.args else error
            log.warning("%s: no broker answers yet: %s", self.name, problem)
            return
        missing = [name for name in self._topics if name not in known]
        if missing:
            consumer.close()
            raise StreamError(
                f"topic {missing[0]!r} is not there: create it, or name another with --topic;"
                f" there are {', '.join(sorted(known)[:10]) or 'none'}"
            )

    def _assigned(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        """Take partitions over in the store, and read on where it says."""
        from confluent_kafka import OFFSET_BEGINNING, TopicPartition

        assert self._claim is not None
        self._joined = True
        named = [Partition(one.topic, one.partition) for one in partitions]
        claimed = self._claim(named) if named else {}
        places = [
            TopicPartition(one.topic, one.number, int(at) if at else OFFSET_BEGINNING)
            for one, at in claimed.items()
        ]
        consumer.incremental_assign(places)
        if self._paused:
            consumer.pause(places)
        self._held |= claimed.keys()
        self._positions |= {one: int(at) for one, at in claimed.items() if at}
        if named:
            log.info("%s: reads %s", self.name, ", ".join(map(str, sorted(named))))

    def _revoked(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        assert self._release is not None
        named = {Partition(one.topic, one.partition) for one in partitions}
        self._held -= named
        for one in named:
            self._ends.pop(one, None)
            self._positions.pop(one, None)
        self._release(sorted(named))

    def _message_error(self, one: KafkaMessage) -> None:
        from confluent_kafka import KafkaError

        error = one.error()
        assert error is not None
        place = f"{one.topic()}[{one.partition()}]"
        if error.code() == KafkaError._PARTITION_EOF:
            self._ends[Partition(str(one.topic()), int(one.partition() or 0))] = one.offset() or 0
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise StreamError(
                f"{self.name}: {place} holds no message at the stored position ({error.str()}): it"
                " was removed by the topic's retention, or the topic was made anew. To go on"
                f" elsewhere: recsys streams seek --source {self.name} --topic {one.topic()}"
                f" --partition {one.partition()} --to OFFSET"
            )
        elif error.fatal() or not error.retriable():
            self._unanswered(f"{place}: {error.str()}")
        else:
            self._unanswered(error.str())

    def _broker_error(self, error: Any) -> None:
        self._unanswered(error.str())

    def _unanswered(self, reason: str) -> None:
        now = time.monotonic()
        if now - self._warned >= _QUIET or not self._warned:
            self._warned = now
            log.warning("%s: %s; reading goes on when the broker answers", self.name, reason)


def _client_class() -> Callable[[dict[str, Any]], Consumer]:
    try:
        from confluent_kafka import Consumer
    except ImportError as error:
        raise MissingExtra("confluent-kafka", "kafka") from error
    return Consumer


def _message(one: KafkaMessage) -> Message:
    from confluent_kafka import TIMESTAMP_NOT_AVAILABLE

    offset = one.offset()
    assert offset is not None
    kind, milliseconds = one.timestamp()
    sent = None if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds / 1000
    partition = Partition(str(one.topic()), int(one.partition() or 0))
    body = one.value()
    assert body is None or isinstance(body, bytes)
    return Message(partition, str(offset), str(offset + 1), body, sent)


def _partitions(positions: Mapping[Partition, str]) -> list[TopicPartition]:
    from confluent_kafka import TopicPartition

    return [TopicPartition(one.topic, one.number, int(at)) for one, at in positions.items()]
