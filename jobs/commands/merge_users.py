"""`recsys merge USER --from OTHER`: moves all data of one user id to another.

recsys merge ann --from visitor-77 --json
"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from recsys.errors import DataError
from recsys.store.store import Store
from recsys.store.user_merges import merge_users

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings


@click.command(name="merge")
@click.argument("user")
@click.option("--from", "other", required=True, help="The user whose history is moved.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(user: str, other: str, as_json: bool) -> None:
    """Make the history of OTHER that of USER; OTHER is unknown afterwards.

    Events, follows, controls in force, interests and what was shown move. Nothing held of OTHER,
    and no earlier merge of the two, is an error: exit status 1.
    """
    settings = load_settings()
    with Store.open(settings.store_url, archive=settings.archive) as store:
        with audited(store, "merge", user, other):
            found = merge_users(store, user, other)
            if found is None:
                raise DataError(f"nothing is held of user {other!r}")
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    elif found.again:
        print(f"{other} was merged into {user} before; nothing was left to move")
    else:
        moved = ", ".join(
            f"{count} {name if count != 1 else name.removesuffix('s')}"
            for name, count in found.moved.items()
            if count
        )
        print(f"moved from {other} to {user}: {moved or 'nothing but the id'}")


if __name__ == "__main__":
    run(command)
