"""`recsys erase USER`: removes all data of a user and prints a receipt.

recsys erase ann --json
"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from recsys.data.id_normalization import canonical_id
from recsys.errors import DataError
from recsys.store.erasure import Receipt, erase
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings


@click.command(name="erase")
@click.argument("user")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(user: str, as_json: bool) -> None:
    """Erase USER from store, reject files and night files; workers drop what they keep.

    Nothing held of USER is an error: exit status 1.
    """
    settings, user = load_settings(), canonical_id(user)
    with Store.open(settings.store_url, archive=settings.archive) as store:
        with audited(store, "erase", user, erases=True):
            receipt = erase(store, settings.home, user)
            if receipt.empty:
                raise DataError(f"nothing is held of user {user!r}")
    print(json.dumps(document(receipt), ensure_ascii=False) if as_json else summary(receipt))


def document(receipt: Receipt) -> dict[str, object]:
    """Return a receipt as JSON."""
    return {**asdict(receipt), "deleted": receipt.removed}


def summary(receipt: Receipt) -> str:
    """Return a receipt as lines."""
    lines = [f"erased; the logs know this person as {receipt.person}"]
    for place in receipt.places:
        went = ", ".join(_counted(n, name) for name, n in place.removed.items() if n)
        lines.append(f"{place.place}: {went}{'; ' if went else ''}{place.how}")
    return "\n".join([*lines, *receipt.kept])


def _counted(number: int, name: str) -> str:
    """Return `1 archive file` for 1 and `archive_files`."""
    words = name.replace("_", " ")
    if number == 1:
        words = words[:-3] + "y" if words.endswith("ies") else words.removesuffix("s")
    return f"{number:,} {words}"


if __name__ == "__main__":
    run(command)
