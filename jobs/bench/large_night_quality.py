"""Quality of the lists of a large night's bundle on events that it has not learned from.

    RECSYS_HOME=/tmp/large python -m jobs.bench.large_night 150000 900000 30000 --more 0.01
    RECSYS_HOME=/tmp/large python -m jobs.bench.large_night_quality 150000 900000 30000 --share 0.01

The bundle in RECSYS_HOME ranks, with all of its score model, for users of the newest events of the
platform of `jobs.bench.niche_world`, what is new to them. Beside it stand popularity, and likeness
of titles and popularity added up, whose weights are those with the highest Recall@20 of other
users (`jobs.bench.large_catalogue_engines`). All are compared user by user.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from recsys.ranking.gbdt_rerank import reranked_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.popularity_features import prior_features
from recsys.ranking_metrics import compare, list_ranks, ndcg, recall, top
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.publication_gate import people_at_a_time

from ..cli import run
from ..environment import load_settings
from ..local_recommender import open_bundle
from .large_catalogue_engines import AT, CHOOSING, RECENT, HeldOut, Quality
from .niche_world import NicheConfig, niche_events, niche_words
from .title_popularity_scorer import BlendedScores, blends

BLOCK = 256  # users whose scores are held at once, fewer in large catalogues


def night_quality(
    model: Model,
    held: HeldOut,
    events: tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.float64]],
) -> Quality:
    """Return Recall@20 and nDCG@20 of each judged user by a bundle's model.

    `events`: user, item and time of what users did before, oldest first; item n is `i<n>`.
    """
    user, item, time = events
    rows = model.catalogue.ids.rows([f"i{row}" for row in range(held.known.shape[1])])
    own = np.flatnonzero(np.isin(user, held.users))
    own = own[np.argsort(user[own], kind="stable")]
    ends = np.searchsorted(user[own], [*held.users.tolist(), held.known.shape[0]])
    by_user = [own[ends[at] : ends[at + 1]] for at in range(len(held.users))]
    known = rows[item].astype(np.int32)
    histories = HistoryBatch.of_events(known, np.ones(len(item), np.float32), time, by_user)
    world_rows = np.full(len(model), -1, np.int64)
    world_rows[rows] = np.arange(len(rows))
    features, lists = prior_features(LiveState(model)), []
    step = people_at_a_time(len(model), BLOCK)
    for start in range(0, len(held.users), step):
        part = histories.take(np.arange(start, min(start + step, len(held.users))))
        closed = np.zeros((len(part), len(model)), bool)
        closed[np.repeat(np.arange(len(part)), np.diff(part.ends)), part.rows] = True
        scores = reranked_block(model, part, features, closed)
        scores[closed] = -np.inf
        lists.append(world_rows[top(scores, AT)])
    ranks = list_ranks(np.concatenate(lists).astype(np.int32), held.later)
    return recall(ranks, held.later, AT), ndcg(ranks, held.later, AT)


def _row(name: str, found: Quality, others: dict[str, Quality], seed: int) -> dict[str, Any]:
    row: dict[str, Any] = {"ranking": name}
    for place, metric in enumerate((f"recall@{AT}", f"ndcg@{AT}")):
        row[metric] = float(found[place].mean())
        for other, values in others.items():
            difference = compare(found[place], values[place], seed).difference
            base = float(values[place].mean())
            row[f"{metric} to {other}"] = {
                "ratio": row[metric] / base if base else None,
                **asdict(difference),
            }
    return row


@click.command(name="large_night_quality")
@click.argument("items", type=click.IntRange(100))
@click.argument("events", type=click.IntRange(1_000))
@click.argument("users", type=click.IntRange(10))
@click.option("--share", type=click.FloatRange(0, 0.5), default=0.01, help="Of the events, newest.")
@click.option("--people", type=click.IntRange(1), default=1_000, help="Users who are judged.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(items: int, events: int, users: int, share: float, people: int, seed: int) -> None:
    """Compare the bundle in RECSYS_HOME with words and popularity; print JSON."""
    config = NicheConfig(items, events, users, seed)
    niche, user, item, time = niche_events(config)
    cut = round(len(user) * (1 - share))
    raw, model = open_bundle(load_settings().home)
    if model.cutoff >= time[cut]:
        raise click.UsageError("the bundle knows events that it is to be judged by: --share")
    before, after = (user[:cut], item[:cut]), (user[cut:], item[cut:])
    held = HeldOut.of(before, after, (users, items), people, seed, CHOOSING)
    counts = [
        np.bincount(part, minlength=items).astype(np.float64)
        for part in (item[:cut], item[cut - round(RECENT * cut) : cut])
    ]
    popular = held.evaluated(counts[0])
    texts = BlendedScores.of(niche_words(config, niche), counts)
    blend, by_words = held.best_blend(texts, blends(rows=False))
    night = night_quality(model, held, (user[:cut], item[:cut], time[:cut]))
    rows = [
        _row("popular", popular, {}, seed),
        _row(str(blend), by_words, {"popular": popular}, seed),
        _row("the bundle", night, {"popular": popular, "words": by_words}, seed),
    ]
    choice = raw.manifest["choice"]["engines"]
    print(json.dumps({"judged": len(held.users), "engines": choice, "rows": rows}))


if __name__ == "__main__":
    run(command)
