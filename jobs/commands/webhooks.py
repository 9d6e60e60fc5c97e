"""`recsys webhooks`: manages the addresses to which notices are posted.

recsys webhooks add https://chat.example.org/hook --kind night_failed    # prints the secret, once
recsys webhooks list
recsys webhooks test 1
"""

from __future__ import annotations

import json

import click

from recsys.delivery.public_addresses import check_resolvable
from recsys.store.notice_destinations import WEBHOOK, Destination, Destinations, check_url
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..command_output import as_json
from ..environment import load_settings
from ..notice_destination_commands import add_commands, document


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
    check_resolvable(url, settings.webhook_networks)
    with Store.open(settings.store_url) as store, audited(store, "webhooks add", object=url):
        made, secret = Destinations(store.db).add_webhook(url, kinds)
    if as_json:
        print(json.dumps({**document(made), "secret": secret}, ensure_ascii=False))
    else:
        print(secret)
        click.echo(f"webhook {made.id}: write the secret down, it is not shown again", err=True)


def _state(one: Destination) -> str:
    return "disabled: it answered 410" if one.disabled is not None else "in use"


add_commands(command, WEBHOOK, "webhook", "webhooks", _state)


if __name__ == "__main__":
    run(command)
