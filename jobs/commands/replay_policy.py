"""`recsys replay`: what another configuration would have shown, and what would have come of it.

recsys replay --policy more-varied.toml --from 2026-11-01 --to 2026-11-15

The policy is a TOML file of settings: personal, diversity, explore, explore_by, …
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import click

from recsys.bundle_store import BundleStore
from recsys.data.parsing import parse_time
from recsys.errors import DataError
from recsys.live_recommender import open_recommender
from recsys.policy_replay import (
    Agreement,
    Decision,
    Policy,
    check_propensities,
    decisions,
    estimates,
    list_estimates,
    recomputed,
)
from recsys.settings import Settings
from recsys.store.exposure_reader import ShownList, shown_lists
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store
from recsys.what_if import Hypothesis, hypothetical_state

from ..cli import run
from ..command_output import check_json_file, output, write_json
from ..environment import load_settings
from ..seed_option import seed_option


@click.command(name="replay")
@click.option(
    "--policy",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="TOML file of the settings of lists.",
)
@click.option("--from", "since", required=True, help="Lists from this time: a date or seconds.")
@click.option("--to", "until", default=None, help="Lists before this time; now by default.")
@click.option("--lists", "most", type=click.IntRange(1), default=2_000, show_default=True)
@seed_option
@click.option("--json", "json_file", type=Path, help="Write the answer to this file; - is stdout.")
def command(
    file: Path, since: str, until: str | None, most: int, seed: int, json_file: Path | None
) -> None:
    """Replay logged lists under a policy: recomputed lists, and estimated clicks by position."""
    check_json_file(json_file)
    policy, now = Policy.read(file), time.time()
    begin = parse_time(since, "--from", now)
    end = now if until is None else parse_time(until, "--to", now)
    if begin is None or end is None or end <= begin:
        raise DataError("--from is not before --to: there is nothing between them")
    settings = load_settings()
    with Store.open(settings.store_url) as store:
        found = replayed(store, settings, policy, (begin, end), most, seed)
    target = output(json_file)
    lists = found["recomputed"]
    target.print(
        f"recomputed: {lists['lists']} lists, {lists['unchanged_lists']:.0%} unchanged,"
        f" {lists['common_items']:.0%} of the items in both;"
        f" {lists['reproduced_places']:.0%} of the logged places are reproduced",
        highlight=False,
    )
    for row in found["estimated"]:
        target.print(f"estimated, place {row['position']}: {_words(row)}", highlight=False)
    if (whole := found["estimated_lists"]) is not None:
        first = f"estimated, the first {whole['places']} places of a list"
        target.print(f"{first}: {_words(whole)}", highlight=False)
    if not found["estimated"]:
        target.print("estimated: nothing, no list of this time has logged draws", highlight=False)
    write_json(json_file, found, indent=1)


def replayed(
    store: Store,
    settings: Settings,
    policy: Policy,
    between: tuple[float, float],
    most: int,
    seed: int,
) -> dict[str, Any]:
    """Return the replay of at most so many lists as JSON, drawn evenly; of known users alone."""
    recommender, scorer = open_recommender(BundleStore(settings.home), "", store, settings)
    lists, left_out = _sampled(store, between, most, seed)
    names = _names(store, {one.person for one in lists})
    agreement, rows, now = Agreement(), list[Decision](), time.time()
    plain, categories = Policy(), frozenset(settings.repeat_categories)
    for one in lists:
        user = names.get(one.person)
        if user is None:
            left_out += 1
            continue
        past = Hypothesis(as_of=one.time)
        state = hypothetical_state(store, user, past, settings.weights, scorer)
        sides = [recomputed(recommender, state, p, one, now, categories) for p in (plain, policy)]
        agreement.add(one, *sides)
        rows += decisions(one, sides[0], sides[1], policy)
    return {
        "policy": policy.name,
        "from": between[0],
        "to": between[1],
        "left_out_lists": left_out,
        "recomputed": agreement.as_json(),
        "estimated": estimates(rows),
        "estimated_lists": list_estimates(rows),
    }


def _sampled(
    store: Store, between: tuple[float, float], most: int, seed: int
) -> tuple[list[ShownList], int]:
    """Return lists with logged propensities, and how many were left out without them.

    Lists of home pages, interleaved ones and those of experiments' arms were made otherwise.
    """
    rng, found, seen, without = random.Random(seed), list[ShownList](), 0, 0
    for one in shown_lists(store.db, *between, whole=True):
        check_propensities(one)
        plain = all(name == "aa" for name in one.arms)
        if not plain or all(value is None for value in one.propensities):
            without += 1
            continue
        seen += 1
        if len(found) < most:
            found.append(one)
        elif (at := rng.randrange(seen)) < most:
            found[at] = one
    return found, without


def _names(store: Store, people: set[str]) -> dict[str, str]:
    """Return the users' ids by pseudonym; users who are not known any more are missing."""
    pseudonyms, found, last = Pseudonyms.of_store(store), dict[str, str](), ""
    while page := store.users_page(last, 1_000):
        for user in page:
            person = pseudonyms.of(user.user_id)
            if person in people:
                found[person] = user.user_id
        last = page[-1].user_id
    return found


def _words(row: dict[str, Any]) -> str:
    size = f"effective size {row['effective_size']:.0f}, support {row['support']:.0%}"
    if row["refused"]:
        return f"no figure: {row['refused']} ({size})"
    one = row["dr"]
    names = {"ips": "IPS", "snips": "SNIPS", "switch": "SWITCH", "dros": "DRos"}
    others = ", ".join(
        f"{name} {row[key]['value']:.4f}" for key, name in names.items() if key in row
    )
    return (
        f"{one['value']:.4f} ({one['low']:.4f} to {one['high']:.4f}), logged"
        f" {row['logged_rate']:.4f}, {others} ({size})"
    )


if __name__ == "__main__":
    run(command)
