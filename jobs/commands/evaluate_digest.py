"""`recsys evaluate-digest`: what users take up of their digests, beside the most popular missed.

recsys evaluate-digest --items items.csv.gz --events events.csv.gz --cuts 3
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from recsys.data.item_and_event_readers import load_events, load_items
from recsys.errors import DataError
from recsys.evaluation.digest_replay import (
    DAY,
    Act,
    DigestShares,
    births_of,
    digest_figures,
    digest_shares,
)

from ..cli import run
from ..seed_option import seed_option


@click.command(name="evaluate-digest")
@click.option("--items", type=Path, required=True, help="Items with titles.")
@click.option("--events", type=Path, required=True, help="Events with times.")
@click.option("--cuts", type=click.IntRange(1), default=3, show_default=True)
@click.option("--days", type=click.FloatRange(0, min_open=True), default=7.0, show_default=True)
@click.option(
    "--users",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="So many users at each cut, drawn by the seed; 0: all.",
)
@seed_option
def command(items: Path, events: Path, cuts: int, days: float, users: int, seed: int) -> None:
    """Print the share of digest items that users take up later, at the last cuts, DAYS apart.

    An item came to be with its first event. Each cut has a model of its own, by `recsys.fit`.
    `ceiling`: the ratio that a list would reach which knows what each user takes up later.
    """
    # loaded for this alone: it brings the engines
    from recsys.fitting import fit

    table = load_events(events)
    names, ids = list(table.users), list(table.items)
    acts = [
        Act(names[user], ids[item], value, at)
        for user, item, value, at in zip(
            table.user.tolist(),
            table.item.tolist(),
            table.value.tolist(),
            table.time.tolist(),
            strict=True,
        )
    ]
    if not acts:
        raise DataError(f"{events}: holds no event")
    births, end = births_of(acts), max(one.at for one in acts)
    known = load_items(items)
    records = [known.item(row) for row in range(len(known))]
    found: list[DigestShares] = []
    for place in range(cuts, 0, -1):
        cut = end - place * days * DAY
        before = [
            {"user_id": a.user, "item_id": a.item, "event": "rating", "value": a.value}
            | {"timestamp": a.at}
            for a in acts
            if a.at <= cut
        ]
        dated = [
            {"item_id": one.item_id, "title": one.title, "text": one.text}
            | {"tags": list(one.tags), "category": one.category}
            | {"author_id": one.author_id, "created_at": births[one.item_id]}
            for one in records
            if births.get(one.item_id, cut + 1) <= cut
        ]
        with fit(before, dated, seed=seed) as model:
            found.append(
                digest_shares(model.recommender, acts, births, cut, days, users=users, seed=seed)
            )
            one = digest_figures(found[-1:], seed)
            print(json.dumps({"cut": cut, **asdict(one)}), flush=True)
    print(json.dumps({"cuts": cuts, **asdict(digest_figures(found, seed))}))


if __name__ == "__main__":
    run(command)
