"""`recsys screen`: screens every item of the store again with the current rules and model.

recsys screen
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import click

from recsys.safety.flags import read_flags
from recsys.safety.item_screening import screen
from recsys.safety.text_rules import load_scorer
from recsys.settings import Settings
from recsys.store.store import Store

from ..cli import run
from ..command_output import output
from ..environment import load_settings
from ..progress import job_progress

BATCH = 5_000  # items that are looked at at once


@click.command(name="screen")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Note anew what is doubtful about all items, after a change of the model or of the rules.

    Items are looked at when they come; this is for those that came another way or earlier.
    """
    result = rescreen(load_settings())
    if as_json:
        print(json.dumps(result))
        return
    flags = ", ".join(f"{count:,} {kind}" for kind, count in result["flags"].items()) or "none"
    output().print(f"{result['items']:,} items, {result['changed']:,} changed; flags: {flags}")


def rescreen(settings: Settings) -> dict[str, Any]:
    """Look at all live items of a store; return how many there are, changed, and their flags."""
    scorer, counts, changed = load_scorer(settings.safety_model), Counter[str](), 0
    with Store.open(settings.store_url) as store, job_progress("screen") as progress:
        table = store.item_table()
        progress.started("items")
        for at in range(0, len(table), BATCH):
            rows = [table.item(row) for row in range(at, min(at + BATCH, len(table)))]
            found = screen(store, rows, scorer, again=True)
            changed += store.add_items(found.items, fingerprints=found.fingerprints)
            counts.update(flag.kind for item in found.items for flag in read_flags(item.metadata))
            progress.advance(at + len(rows), len(table))
        progress.finished("items", 0.0, {"changed": changed, **counts}, False)
    return {"items": len(table), "changed": changed, "flags": dict(sorted(counts.items()))}


if __name__ == "__main__":
    run(command)
