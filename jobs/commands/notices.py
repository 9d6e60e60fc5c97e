"""`recsys notices`: lists notices of the service and deliveries that were given up.

recsys notices list
recsys notices dead
recsys notices retry               # all of them
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from recsys.delivery.mail import subject_line
from recsys.delivery.webhook import message
from recsys.store.outbox import Delivery, Outbox, StoredNotice

from ..cli import run
from ..command_audit import audited
from ..command_output import as_json
from ..command_store import open_store

_count = click.option(
    "-n", "--n", "count", type=click.IntRange(1, 100_000), default=50, show_default=True
)


@click.group(name="notices")
def command() -> None:
    """List notices and dead deliveries, and have those tried anew."""


@command.command("list")
@click.option("--kind", default="", help="Notices of this kind.")
@_count
@as_json
def list_(kind: str, count: int, as_json: bool) -> None:
    """List notices, the newest first, with how the deliveries of each went."""
    with open_store() as store:
        outbox = Outbox(store.db)
        found = outbox.page(kind=kind, n=count)
        sent = outbox.deliveries_of([one.id for one in found])
    if as_json:
        rows = [_document(one) | {"deliveries": [_sent(d) for d in sent[one.id]]} for one in found]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        states = [delivery.state for delivery in sent[one.id]]
        counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
        line = subject_line(one.notice.kind, one.notice.data)
        went = ", ".join(counts) or "no receiver"
        print(f"{one.id}  {_date(one.created)}  {one.notice.kind}  {line}  [{went}]")
    if not found:
        click.echo("no notice", err=True)


@command.command()
@_count
@as_json
def dead(count: int, as_json: bool) -> None:
    """List deliveries that were given up, the newest first."""
    with open_store() as store:
        found = Outbox(store.db).dead(n=count)
    if as_json:
        rows = [_sent(one) | {"notice": _document(one.notice)} for one in found]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        print(
            f"{one.id}  {one.notice.notice.kind}  {one.address}  {one.attempts} tries: {one.error}"
        )
    if not found:
        click.echo("no delivery is dead", err=True)


@command.command()
@click.argument("deliveries", nargs=-1, type=click.IntRange(min=1))
@as_json
def retry(deliveries: tuple[int, ...], as_json: bool) -> None:
    """Have dead DELIVERIES tried anew, by their numbers; all of them without any."""
    with open_store() as store, audited(store, "notices retry") as act:
        count = Outbox(store.db).retry(deliveries or None)
        act.object = f"{count} deliveries"
    print(json.dumps({"retried": count}) if as_json else f"{count} deliveries are tried anew")


def _document(one: StoredNotice) -> dict[str, Any]:
    return {"id": one.id, "uid": one.uid, **message(one)}


def _sent(one: Delivery) -> dict[str, Any]:
    found = asdict(one)
    del found["secret"], found["notice"]
    return found


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    run(command)
