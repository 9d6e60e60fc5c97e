"""`recsys whatif`: lists as they would be under another configuration or bundle, or another past.

recsys whatif --user ann --override diversity=0.3
recsys whatif --sample 1000 --bundle 20261122T055500Z
recsys whatif --user ann --without 17 --as-of 2026-11-01
"""

from __future__ import annotations

import json
import time
from typing import Any

import click

from recsys.data.id_normalization import canonical_id
from recsys.data.parsing import parse_time
from recsys.experiments.definition import override_of
from recsys.store.store import Store
from recsys.what_if_comparison import WhatIfRequest, answer

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings


@click.command(name="whatif")
@click.option("--user", "users", multiple=True, help="A user; may be repeated.")
@click.option("--sample", type=click.IntRange(0, 1_000), default=0, help="So many users instead.")
@click.option("-n", "--n", "n", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option(
    "--override",
    "overrides",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the lists, as in diversity=0.3; may be repeated.",
)
@click.option("--bundle", default="", help="Version of the bundle that gives the lists.")
@click.option("--without", type=int, multiple=True, help="Id of an event that is left out.")
@click.option("--as-of", "as_of", help="What came later is left out: a date or Unix seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    users: tuple[str, ...],
    sample: int,
    n: int,
    overrides: tuple[str, ...],
    bundle: str,
    without: tuple[int, ...],
    as_of: str | None,
    as_json: bool,
) -> None:
    """Recompute lists of users, and show what differs from those of now."""
    settings = load_settings()
    request = WhatIfRequest(
        tuple(canonical_id(user) for user in users),
        sample,
        n,
        dict(map(override_of, overrides)),
        bundle,
        without,
        None if as_of is None else parse_time(as_of, "--as-of", time.time()),
    )
    names = users if len(users) <= 2 else ()
    with (
        Store.open(settings.store_url) as store,
        audited(store, "whatif", *names, object=f"{len(users) or sample} users"),
    ):
        found = answer(store, settings, request)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    for one in found["lists"]:
        print(f"{one['user']}: {one['jaccard']:.0%} of the items in both lists")
        for entry in one["after"]:
            was = entry["rank_before"]
            move = (
                "new"
                if was is None
                else f"{was - entry['rank']:+d}"
                if was != entry["rank"]
                else ""
            )
            print(f"{entry['rank']:4}  {move:>4}  {entry['title']}")
        if one["gone"]:
            print(f"      gone: {', '.join(one['gone'])}")
    summary = found["summary"]
    print(
        f"{found['users']} users, {summary['unchanged']:.0%} lists unchanged,"
        f" {summary['jaccard']:.0%} of items in both, distinct items"
        f" {summary['distinct_items'][0]} -> {summary['distinct_items'][1]}"
    )
    for name in ("topics", "authors"):
        for row in summary[name][:5]:
            if row["before"] != row["after"]:
                called = row.get("display_name") or row["name"]
                print(f"  {name[:-1]} {called}: {row['before']:.1%} -> {row['after']:.1%}")
    if found["unknown_users"]:
        click.echo(f"{found['unknown_users']} users are not known", err=True)


if __name__ == "__main__":
    run(command)
