"""`recsys mail`: manages the mail addresses that receive notices once they have confirmed.

recsys mail add ann@example.org --kind night_failed     # a token is sent to this address
recsys mail confirm TOKEN
recsys mail list
"""

from __future__ import annotations

import json

import click

from recsys.errors import DataError
from recsys.store.notice_destinations import MAIL, Destinations
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings
from .webhooks import document

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


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
    with _store() as store, audited(store, "mail confirm") as act:
        found = Destinations(store.db).confirm(token)
        if found is None:
            raise DataError("this token is wrong, or older than seven days")
        act.object = f"mail address {found.id}"
    text = f"mail address {found.id} is confirmed"
    print(json.dumps(document(found), ensure_ascii=False) if as_json else text)


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the mail addresses, oldest first."""
    with _store() as store:
        found = Destinations(store.db).list(MAIL)
    if as_json:
        print(json.dumps([document(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        state = "confirmed" if one.confirmed is not None else "not confirmed"
        print(f"{one.id}  {one.address}  {', '.join(one.kinds) or 'all kinds'}  {state}")
    if not found:
        click.echo("no mail address yet: recsys mail add ADDRESS", err=True)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@as_json
def remove(number: int, as_json: bool) -> None:
    """Remove mail address NUMBER; what waits for it is dropped."""
    with _store() as store, audited(store, "mail remove", object=f"mail address {number}"):
        if not Destinations(store.db).remove(MAIL, number):
            raise DataError(f"there is no mail address {number}: recsys mail list")
    print(json.dumps({"removed": number}) if as_json else f"removed mail address {number}")


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@as_json
def test(number: int, as_json: bool) -> None:
    """Send a notice of the kind `test` to mail address NUMBER."""
    with _store() as store, audited(store, "mail test", object=f"mail address {number}"):
        notice = Destinations(store.db).test(MAIL, number)
    print(json.dumps({"notice": notice}) if as_json else f"notice {notice} is on its way")


def _store() -> Store:
    return Store.open(load_settings().store_url)


if __name__ == "__main__":
    run(command)
