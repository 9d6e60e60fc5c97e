"""`recsys keys`: creates, lists and revokes API keys.

recsys keys create feed --scope write      # prints the key, once
recsys keys list
recsys keys revoke KEY_ID
"""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from recsys.data.api_roles import ROLES
from recsys.errors import DataError
from recsys.store.api_keys import Key, Keys

from ..cli import run
from ..command_audit import audited
from ..command_output import as_json, moment_text
from ..command_store import open_store


@click.group(name="keys")
def command() -> None:
    """Create, list and revoke the keys of the service; only hashes are stored."""


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "roles",
    type=click.Choice(list(ROLES)),
    multiple=True,
    default=["read"],
    show_default=True,
    help="Role of the key; may be given several times.",
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second.")
@as_json
def create(name: str, roles: tuple[str, ...], rate: float | None, as_json: bool) -> None:
    """Make a key and print it; it cannot be shown again."""
    with open_store() as store, audited(store, "keys create") as act:
        key, token = Keys(store.db).create(name, roles, rate)
        act.object = f"key {key.key_id} of {key.name}: {', '.join(key.roles)}"
    if as_json:
        print(json.dumps({**_document(key), "key": token}, ensure_ascii=False))
    else:
        print(token)
        click.echo(
            f"key {key.key_id} of {name}, {_roles(key)}: write it down, only its hash is stored",
            err=True,
        )


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List all keys, oldest first, revoked ones included."""
    with open_store() as store:
        found = Keys(store.db).list()
    if as_json:
        print(json.dumps([_document(key) for key in found], ensure_ascii=False))
        return
    table = Table("id", "name", "roles", "created (UTC)", "state", box=None)
    for key in found:
        table.add_row(key.key_id, key.name, _roles(key), moment_text(key.created), _state(key))
    Console().print(
        table if found else "no key yet: run `recsys keys create NAME`", highlight=False
    )


@command.command()
@click.argument("key_id")
@as_json
def revoke(key_id: str, as_json: bool) -> None:
    """End a key; every worker refuses it within seconds."""
    with open_store() as store, audited(store, "keys revoke", object=f"key {key_id}"):
        if not Keys(store.db).revoke(key_id):
            raise DataError(f"key {key_id!r} does not hold: `recsys keys list` shows those that do")
    print(json.dumps({"revoked": key_id}) if as_json else f"revoked {key_id}")


def _document(key: Key) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scope": key.scope,
        "roles": list(key.roles),
        "rate": key.rate,
        "created": key.created,
        "revoked": key.revoked,
    }


def _roles(key: Key) -> str:
    return ", ".join(key.roles) if key.roles else f"{key.scope} (made before roles existed)"


def _state(key: Key) -> str:
    return "holds" if key.revoked is None else f"revoked {moment_text(key.revoked)}"


if __name__ == "__main__":
    run(command)
