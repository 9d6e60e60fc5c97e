"""Commands that list, remove and test the destinations of notices: webhooks and mail addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import click

from recsys.errors import DataError
from recsys.store.notice_destinations import Destination, Destinations

from .command_audit import audited
from .command_output import as_json
from .command_store import open_store


def add_commands(
    group: click.Group, kind: str, noun: str, plural: str, state: Callable[[Destination], str]
) -> None:
    """Add list, remove and test to a group.

    `kind`: of the destinations; `noun`: for one of them. `state`: in words, for the list.
    """

    def list_(as_json: bool) -> None:
        with open_store() as store:
            found = Destinations(store.db).list(kind)
        if as_json:
            print(json.dumps([document(one) for one in found], ensure_ascii=False))
            return
        for one in found:
            print(f"{one.id}  {one.address}  {', '.join(one.kinds) or 'all kinds'}  {state(one)}")
        if not found:
            value = "URL" if noun == "webhook" else "ADDRESS"
            click.echo(f"no {noun} yet: recsys {group.name} add {value}", err=True)

    def remove(number: int, as_json: bool) -> None:
        with (
            open_store() as store,
            audited(store, f"{group.name} remove", object=f"{noun} {number}"),
        ):
            if not Destinations(store.db).remove(kind, number):
                raise DataError(f"there is no {noun} {number}: recsys {group.name} list")
        print(json.dumps({"removed": number}) if as_json else f"removed {noun} {number}")

    def test(number: int, as_json: bool) -> None:
        with open_store() as store, audited(store, f"{group.name} test", object=f"{noun} {number}"):
            notice = Destinations(store.db).test(kind, number)
        print(json.dumps({"notice": notice}) if as_json else f"notice {notice} is on its way")

    numbered = click.argument("number", type=click.IntRange(min=1))
    group.command("list", help=f"List the {plural}, oldest first.")(as_json(list_))
    group.command("remove", help=f"Remove {noun} NUMBER; what waits for it is dropped.")(
        numbered(as_json(remove))
    )
    group.command("test", help=f"Send a notice of the kind `test` to {noun} NUMBER.")(
        numbered(as_json(test))
    )


def document(one: Destination) -> dict[str, object]:
    """Return a destination as JSON."""
    return asdict(one)
