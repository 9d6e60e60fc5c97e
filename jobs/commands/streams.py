"""`recsys streams`: positions of streams, and messages that were rejected.

recsys streams list
recsys streams rejects
recsys streams retry --map item_id=content_id
recsys streams drop 17 18
recsys streams seek --source kafka/recsys --topic events --partition 0 --to 5000
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import click

from recsys.errors import DataError, StoreError
from recsys.store.stream_positions import Partition, StreamPositions
from recsys.store.stream_rejects import StreamReject, StreamRejects
from recsys.streams.event_parser import EventParser
from recsys.streams.stream_writer import StreamCounts, StreamWriter

from ..cli import run
from ..command_audit import actor, audited
from ..command_output import as_json, moment_text
from ..command_store import open_store
from ..file_options import names_option, read_options
from ..message_size_option import max_message_bytes_option

_SHOWN = 120  # characters of a message on the terminal
_TOGETHER = 50  # rejects that are retried in one transaction
_ids = click.argument("rejects", nargs=-1, type=click.IntRange(min=1))


@click.group(name="streams")
def command() -> None:
    """Show where streams are read on, and list, retry or drop rejected messages."""


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the partitions of all sources with the position of the next message."""
    with open_store() as store:
        found = StreamPositions(store.db).all()
    if as_json:
        print(json.dumps([one._asdict() for one in found]))
        return
    for one in found:
        place = Partition(one.topic, one.partition)
        at = one.position or "beginning"
        when = moment_text(one.at)
        print(f"{one.source}  {place}  {at}  epoch {one.epoch}  {one.holder}  {when}")
    if not found:
        click.echo("no stream was read yet", err=True)


@command.command()
@click.option("-n", "--n", "count", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only greater numbers.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each message as it came to a file NUMBER.message of this folder.",
)
@as_json
def rejects(count: int, after: int, save: Path | None, as_json: bool) -> None:
    """List rejected messages with their numbers and reasons, the first first."""
    with open_store() as store, audited(store, "streams rejects") as act:
        found = StreamRejects(store.db).page(after, count)
        act.object = f"{len(found)} messages"
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for one in found:
            (save / f"{one.id}.message").write_bytes(one.body)
    if as_json:
        print(json.dumps([_document(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        text = one.body.decode("utf-8", "backslashreplace")
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(one.body):,} bytes)"
        print(f"{one.id}  {one.source} {one.partition} {one.position}  {one.why}  {text!r}")
    if not found:
        click.echo("no message was rejected", err=True)


@command.command()
@_ids
@max_message_bytes_option("Larger messages stay rejected.")
@names_option
@as_json
def retry(
    rejects: tuple[int, ...], max_message_bytes: int, column_names: tuple[str, ...], as_json: bool
) -> None:
    """Read REJECTS again, by their numbers, all of them without any; what is read is stored."""
    parser = EventParser(read_options(column_names, "", None, ()), max_message_bytes)
    counts, left = StreamCounts(), list[StreamReject]()
    with open_store() as store, audited(store, "streams retry") as act:
        log = StreamRejects(store.db)
        found = (_get(log, id) for id in rejects) if rejects else log.all()
        for source, own in groupby(found, key=lambda one: one.source):
            writer = StreamWriter(store, source, parser)
            while some := list(islice(own, _TOGETHER)):
                part, stay = _retried(writer, some)
                counts, left = counts + part, left + stay
        act.object = f"{counts.read - len(left)} of {counts.read} messages"
    if as_json:
        rows = [{"id": one.id, "column": one.column, "reason": one.reason} for one in left]
        print(json.dumps({**asdict(counts), "left": rows}, ensure_ascii=False))
        return
    print(f"{counts.read - len(left):,} of {counts.read:,} messages were stored")
    for one in left[:20]:
        print(f"{one.id}  {one.why}")


@command.command()
@_ids
@click.option("--all", "everything", is_flag=True, help="Drop all of them.")
@as_json
def drop(rejects: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Delete REJECTS for good, by their numbers, or --all."""
    if bool(rejects) == everything:
        raise click.UsageError("name numbers of `recsys streams rejects`, or --all")
    with open_store() as store, audited(store, "streams drop") as act:
        log = StreamRejects(store.db)
        for id in rejects:
            _get(log, id)
        count = log.drop(None if everything else rejects)
        act.object = f"{count} messages"
    said = f"{count:,} message{' was' if count == 1 else 's were'} dropped"
    print(json.dumps({"dropped": count}) if as_json else said)


@command.command()
@click.option("--source", required=True, help="As `recsys streams list` names it.")
@click.option("--topic", required=True, help="A topic, or a file of a folder.")
@click.option("--partition", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--to", required=True, type=click.IntRange(min=0), help="Offset, or byte of a file.")
def seek(source: str, topic: str, partition: int, to: int) -> None:
    """Let a partition be read on from another place; a consumer at work goes on from there.

    Events with a timestamp that are read again are known and stored once; others are, too, as long
    as the position of their messages stays the same.
    """
    place = Partition(topic, partition)
    with open_store() as store, audited(store, "streams seek", object=f"{source} {place} {to}"):
        positions = StreamPositions(store.db)
        known = [(one.source, Partition(one.topic, one.partition)) for one in positions.all()]
        positions.seek(source, place, str(to), actor())
    print(f"{source} {place} is read on from {to}")
    if (source, place) not in known:
        click.echo(
            f"warning: {source} {place} was never read before; `recsys streams list` shows the"
            " names of those that were",
            err=True,
        )


def _get(log: StreamRejects, id: int) -> StreamReject:
    found = log.get(id)
    if found is None:
        raise DataError(f"there is no reject {id}: `recsys streams rejects` lists the numbers")
    return found


def _retried(
    writer: StreamWriter, rejects: Sequence[StreamReject]
) -> tuple[StreamCounts, list[StreamReject]]:
    """Retry rejects together; one by one where the store refuses one of them."""
    try:
        return writer.retry(rejects)
    except StoreError as error:
        if len(rejects) == 1:
            writer.store.db.probe()  # raises where it takes nothing at all
            reason = f"the store refused the event: {error}"
            return StreamCounts(read=1, rejected=1), [replace(rejects[0], reason=reason)]
    counts, left = StreamCounts(), list[StreamReject]()
    for one in rejects:
        part, stay = _retried(writer, [one])
        counts, left = counts + part, left + stay
    return counts, left


def _document(one: StreamReject) -> dict[str, Any]:
    found = asdict(one)
    found["topic"], found["partition"] = one.partition
    found["body"] = one.body.decode("utf-8", "backslashreplace")
    return found


if __name__ == "__main__":
    run(command)
