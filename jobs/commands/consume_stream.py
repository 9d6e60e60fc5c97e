"""`recsys consume`: stores the events of a Kafka topic or of growing files, each exactly once.

    recsys consume --brokers kafka-1:9092 --topic events
    recsys consume --folder /var/spool/events --once

SIGTERM ends it after the batch at work. docs/streams.md says what is guaranteed.
"""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from recsys.settings import Settings
from recsys.store.store import Store
from recsys.streams.consumer import BATCH, WAIT, Consumer
from recsys.streams.event_parser import EventParser
from recsys.streams.event_quality_warnings import StreamChecks
from recsys.streams.folder_source import FolderSource
from recsys.streams.kafka_source import GROUP, KafkaSource, read_properties
from recsys.streams.source import Source
from recsys.streams.stream_writer import MOST_REJECTS, StreamCounts

from ..cli import run
from ..command_output import as_json
from ..environment import load_settings
from ..file_options import names_option, read_options
from ..message_size_option import max_message_bytes_option

log = logging.getLogger("recsys.jobs")


@click.command(name="consume")
@click.option("--brokers", help="Kafka: host:port,host:port; else RECSYS_KAFKA_BROKERS.")
@click.option("--topic", "topics", multiple=True, help="Kafka: a topic; may be repeated.")
@click.option(
    "--group",
    default=GROUP,
    show_default=True,
    help="Kafka: consumers of one group share the partitions.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Instead of Kafka: a folder of files *.jsonl that grow.",
)
@click.option("--once", is_flag=True, help="End when everything that is there was read.")
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=BATCH,
    show_default=True,
    help="Messages per transaction, at most.",
)
@max_message_bytes_option("Larger messages are rejected.")
@click.option(
    "--most-rejects",
    type=click.IntRange(min=0),
    default=MOST_REJECTS,
    show_default=True,
    help="Rejected messages that are kept; one more ends the command with status 1.",
)
@names_option
@as_json
def command(
    brokers: str | None,
    topics: tuple[str, ...],
    group: str,
    folder: Path | None,
    once: bool,
    batch: int,
    max_message_bytes: int,
    most_rejects: int,
    column_names: tuple[str, ...],
    as_json: bool,
) -> None:
    """Store the events of a Kafka topic, or of files that grow, each exactly once.

    A message is one JSON object, one event. What holds no event is kept aside: `recsys streams
    rejects` lists it. The command goes on until SIGTERM or SIGINT, whatever happens to the broker
    or the store meanwhile.
    """
    if (folder is None) == (not topics):
        raise click.UsageError("name what to read: --topic T (Kafka), or --folder F")
    options = read_options(column_names, "", None, ())
    settings, stop = load_settings(kafka_brokers=brokers), threading.Event()
    source = FolderSource(folder) if folder else _kafka(settings, topics, group)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Store.open(settings.store_url, bulk=True) as store:
        work = Consumer(
            store,
            source,
            EventParser(options, max_message_bytes),
            batch,
            WAIT,
            most_rejects,
            StreamChecks(settings.weights),
        )
        counts = work.run(stop, once)
    print(json.dumps({"source": source.name, **asdict(counts)}) if as_json else _line(counts))


def _kafka(settings: Settings, topics: Sequence[str], group: str) -> Source:
    properties = (
        read_properties(Path(settings.kafka_properties)) if settings.kafka_properties else {}
    )
    return KafkaSource(topics, settings.kafka_brokers, group, properties)


def _line(counts: StreamCounts) -> str:
    words = ", ".join(f"{value:,} {name}" for name, value in asdict(counts).items())
    advice = "; `recsys streams rejects` lists what was rejected" if counts.rejected else ""
    return f"messages: {words}{advice}"


if __name__ == "__main__":
    run(command)
