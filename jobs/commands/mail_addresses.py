"""`recsys mail`: manages the mail addresses that receive notices once they have confirmed.

recsys mail add ann@example.org --kind night_failed     # a token is sent to this address
recsys mail confirm TOKEN
recsys mail list
"""

from __future__ import annotations

import json

import click

from recsys.errors import DataError
from recsys.store.notice_destinations import MAIL, Destination, Destinations
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..command_output import as_json
from ..command_store import open_store
from ..environment import load_settings
from ..notice_destination_commands import add_commands, document


@click.group(name="mail")
def command() -> None:
    """Add, confirm, list, test and remove the mail addresses that notices go to."""


@command.command()
@click.argument("address")
@click.option("--kind", "kinds", multiple=True, help="Kind of notice; default: all.")
@as_json
def add(address: str, kinds: tuple[str, ...], as_json: bool) -> None:
    """Add ADDRESS, which is sent a token and nothing else until it is confirmed."""
    settings = load_settings()
    if not settings.smtp:
        raise DataError("no mail is sent: set RECSYS_SMTP and RECSYS_MAIL_FROM")
    with Store.open(settings.store_url) as store, audited(store, "mail add") as act:
        made = Destinations(store.db).add_address(address, kinds)
        act.object = f"mail address {made.id}"
    text = f"mail address {made.id}: its token is on its way, by the service or `recsys deliver`"
    print(json.dumps(document(made), ensure_ascii=False) if as_json else text)


@command.command()
@click.argument("token")
@as_json
def confirm(token: str, as_json: bool) -> None:
    """Confirm an address by the TOKEN that was sent to it."""
    with open_store() as store, audited(store, "mail confirm") as act:
        found = Destinations(store.db).confirm(token)
        if found is None:
            raise DataError("this token is wrong, or older than seven days")
        act.object = f"mail address {found.id}"
    text = f"mail address {found.id} is confirmed"
    print(json.dumps(document(found), ensure_ascii=False) if as_json else text)


def _state(one: Destination) -> str:
    return "confirmed" if one.confirmed is not None else "not confirmed"


add_commands(command, MAIL, "mail address", "mail addresses", _state)


if __name__ == "__main__":
    run(command)
