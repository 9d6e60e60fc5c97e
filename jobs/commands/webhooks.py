"""`recsys webhooks`: manages the addresses to which notices are posted.

recsys webhooks add https://chat.example.org/hook --kind night_failed    # prints the secret, once
recsys webhooks list
recsys webhooks test 1
"""

from __future__ import annotations

import json
from dataclasses import asdict
from urllib.parse import urlsplit

import click

from recsys.delivery.public_addresses import networks, resolved
from recsys.errors import DataError
from recsys.store.notice_destinations import WEBHOOK, Destination, Destinations, check_url
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="webhooks")
def command() -> None:
    """Add, list, test and remove the webhooks that notices are posted to."""


@command.command()
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, help="Kind of notice; default: all.")
@as_json
def add(url: str, kinds: tuple[str, ...], as_json: bool) -> None:
    """Add a webhook and print the secret that its requests are signed with."""
    settings = load_settings()
    check_url(url)
    parts = urlsplit(url)
    try:
        resolved(parts.hostname or "", parts.port or 443, networks(settings.webhook_networks))
    except (OSError, UnicodeError) as error:
        raise DataError(f"{parts.hostname} cannot be resolved: {error}") from None
    with Store.open(settings.store_url) as store, audited(store, "webhooks add", object=url):
        made, secret = Destinations(store.db).add_webhook(url, kinds)
    if as_json:
        print(json.dumps({**document(made), "secret": secret}, ensure_ascii=False))
    else:
        print(secret)
        click.echo(f"webhook {made.id}: write the secret down, it is not shown again", err=True)


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the webhooks, oldest first."""
    with _store() as store:
        found = Destinations(store.db).list(WEBHOOK)
    if as_json:
        print(json.dumps([document(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        state = "disabled: it answered 410" if one.disabled is not None else "in use"
        print(f"{one.id}  {one.address}  {', '.join(one.kinds) or 'all kinds'}  {state}")
    if not found:
        click.echo("no webhook yet: recsys webhooks add URL", err=True)


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@as_json
def remove(number: int, as_json: bool) -> None:
    """Remove webhook NUMBER; what waits for it is dropped."""
    with _store() as store, audited(store, "webhooks remove", object=f"webhook {number}"):
        if not Destinations(store.db).remove(WEBHOOK, number):
            raise DataError(f"there is no webhook {number}: recsys webhooks list")
    print(json.dumps({"removed": number}) if as_json else f"removed webhook {number}")


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@as_json
def test(number: int, as_json: bool) -> None:
    """Send a notice of the kind `test` to webhook NUMBER."""
    with _store() as store, audited(store, "webhooks test", object=f"webhook {number}"):
        notice = Destinations(store.db).test(WEBHOOK, number)
    print(json.dumps({"notice": notice}) if as_json else f"notice {notice} is on its way")


def document(one: Destination) -> dict[str, object]:
    """Return a destination as JSON."""
    return asdict(one)


def _store() -> Store:
    return Store.open(load_settings().store_url)


if __name__ == "__main__":
    run(command)
