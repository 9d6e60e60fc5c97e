"""Large-catalogue benchmark: CPU time, memory and Recall@20 of engines, without the service.

    python -m jobs.bench.large_catalogue_engines niches 1000000 10000000 300000 \
        --engine "blocks 128"
    python -m jobs.bench.large_catalogue_engines given events.csv.gz test_events.csv.gz \
        --engine "lowpass 512" --engine "blocks 512"

`niches`: a synthetic platform of so many items, events and users (`jobs.bench.niche_world`).
Engines are fitted to the first 95 % of the events and rank, for users of the last 5 %, what is new
to them, by the sum of the weights of their history. `given`: the same for two files of events, all
users of the second. The first row, with `niches` popularity, is what the others are compared with,
user by user. With `--words` two rows more: likeness of titles and popularity added up, and these
with the rows of the engine, which are compared with each other; the weights of both are those with
the highest Recall@20 of other users than those who are judged.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.event_tables import EventTable
from recsys.data.item_and_event_readers import load_events
from recsys.errors import DataError
from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking_metrics import Positives, Values, compare, list_ranks, ndcg, recall, top
from recsys.tuning.engine_catalogue import engine_named

from ..cli import run
from .niche_world import NicheConfig, niche_events, niche_words
from .title_popularity_scorer import Blend, BlendedScores, blends

AT = 20
TEST = 0.05  # share of the events that engines are judged by
BLOCK_BYTES = 64 << 20  # of scores held at a time
RECENT = 0.1  # share of the events, the newest, whose counts are tried as popularity too
CHOOSING = 500  # users whom the weights of blends are chosen by
Quality = tuple[Values, Values]  # Recall@20 and nDCG@20 of each user
Pairs = tuple[NDArray[np.integer], NDArray[np.integer]]  # user and item of each event, in time


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What engines learn from, and what some users took up afterwards."""

    known: Interactions
    users: NDArray[np.int64]  # who are judged
    later: Positives  # of each of them, items that are new to them
    others: HeldOut | None = None  # users whom settings are chosen by

    @classmethod
    def of(
        cls,
        before: Pairs,
        after: Pairs,
        shape: tuple[int, int],
        most: int,
        seed: int,
        choosing: int = 0,
    ) -> HeldOut:
        """Return the events in this form; at most so many users are judged, drawn at random.

        `choosing`: users whom settings are chosen by, none of those who are judged; of few users
        a third.
        """
        known = interactions_of(*before, shape)
        ones = np.ones(len(after[0]), np.float32)
        later = sparse.csr_array((ones, after), shape=shape)
        later = sparse.csr_array(later - later.multiply(known.matrix))
        later.eliminate_zeros()
        counts = np.diff(later.indptr) * (np.diff(known.ends) > 0)
        users = np.flatnonzero(counts)
        others = None
        if choosing:
            drawn = np.random.default_rng([seed, 1]).permutation(users)
            drawn, users = np.split(drawn, [min(choosing, len(users) // 3)])
            others, users = cls._of_users(known, np.sort(drawn), later), np.sort(users)
        if len(users) > most:
            users = np.sort(np.random.default_rng(seed).choice(users, most, replace=False))
        return cls._of_users(known, users, later, others)

    @classmethod
    def of_files(cls, train: EventTable, test: EventTable, most: int | None, seed: int) -> HeldOut:
        """Return a given split; users and items of the test that the training lacks are left out.

        `most`: users who are judged; None: all.
        """
        items, users = train.items.rows(test.items), train.users.rows(test.users)
        kept = (items[test.item] >= 0) & (users[test.user] >= 0)
        after = (users[test.user[kept]], items[test.item[kept]])
        shape = (len(train.users), len(train.items))
        return cls.of((train.user, train.item), after, shape, most or shape[0], seed)

    @classmethod
    def _of_users(
        cls,
        known: Interactions,
        users: NDArray[np.int64],
        later: sparse.csr_array,
        others: HeldOut | None = None,
    ) -> HeldOut:
        own = later[users]
        positives = Positives(own.indptr.astype(np.int64), own.indices)
        return cls(known, users, positives, others)

    def blended(self, scores: BlendedScores, settings: Sequence[Blend]) -> list[Quality]:
        """Return Recall@20 and nDCG@20 of each user by each setting of a blend."""
        lists = [
            scores.lists(self.known.matrix[[user]], settings, AT) for user in self.users.tolist()
        ]
        found = []
        for own in np.stack(lists, axis=1):
            ranks = list_ranks(own, self.later)
            found.append((recall(ranks, self.later, AT), ndcg(ranks, self.later, AT)))
        return found

    def best_blend(self, scores: BlendedScores, settings: Sequence[Blend]) -> tuple[Blend, Quality]:
        """Return the setting that other users are served best with, and what it is here."""
        assert self.others is not None
        values = [float(one[0].mean()) for one in self.others.blended(scores, settings)]
        best = settings[int(np.argmax(values))]
        return best, self.blended(scores, [best])[0]

    def evaluated(self, weights: ItemWeights | Values) -> Quality:
        """Return Recall@20 and nDCG@20 of each user; `weights`: an engine's, or one per item."""
        block = max(1, BLOCK_BYTES // (4 * self.known.shape[1]))
        ranks = []
        for start in range(0, len(self.users), block):
            part = slice(start, min(start + block, len(self.users)))
            own = self.known.matrix[self.users[part]]
            if isinstance(weights, ItemWeights):
                scores = (own @ weights.matrix()).toarray()
            else:
                scores = np.tile(weights.astype(np.float32), (own.shape[0], 1))
            scores[own.nonzero()] = -np.inf
            ranks.append(list_ranks(top(scores, AT), self.later.part(part.start, part.stop)))
        found = np.concatenate(ranks)
        return recall(found, self.later, AT), ndcg(found, self.later, AT)


def interactions_of(
    user: NDArray[np.integer], item: NDArray[np.integer], shape: tuple[int, int]
) -> Interactions:
    """Return events in the order of time as engines learn from them; an item counts once."""
    order = np.argsort(user, kind="stable")
    user, item = user[order], item[order]
    _, from_end = np.unique(user.astype(np.int64)[::-1] * shape[1] + item[::-1], return_index=True)
    kept = np.sort(len(user) - 1 - from_end)
    user, item = user[kept], item[kept]
    ends = np.searchsorted(user, np.arange(shape[0] + 1)).astype(np.int64)
    ones = np.ones(len(item), np.float32)
    return Interactions(
        sparse.csr_array((ones, (user, item)), shape=shape), ends, item.astype(np.int32)
    )


def compared(
    held: HeldOut,
    engines: Sequence[str],
    popular: bool,
    seed: int,
    texts: BlendedScores | None = None,
) -> dict[str, Any]:
    """Return size, cost and quality of each engine, and its paired difference to the first row.

    With `texts` also to likeness of titles and popularity, and of all three together.
    """
    rows: list[dict[str, Any]] = []
    first: Quality | None = None
    by_words: Quality | None = None
    if popular:
        counts = np.bincount(held.known.items, minlength=held.known.shape[1]).astype(np.float64)
        first = held.evaluated(counts)
        rows.append({"engine": "popular", **_quality(first, first, seed)})
    if texts is not None:
        blend, by_words = held.best_blend(texts, blends(rows=False))
        first = first or by_words
        rows.append({"engine": str(blend), **_quality(by_words, first, seed)})
    for name in engines:
        engine = engine_named(name)
        reset_peak()
        began = time.process_time()
        fitted = engine.fit(held.known, seed, "cpu")
        spent, peak = time.process_time() - began, peak_mb()
        if not isinstance(fitted, ItemWeights):
            raise DataError(f"engine {name!r}: only engines of item-to-item weights are compared")
        found = held.evaluated(fitted)
        first = first or found
        rows.append(
            {
                "engine": name,
                "cpu_seconds": spent,
                "expected_seconds": engine.seconds(held.known),
                "peak_mb": peak,
                "neighbours": len(fitted.data) / max(len(fitted), 1),
                "items_with_neighbours": int((np.diff(fitted.indptr) > 0).sum()),
                **_quality(found, first, seed),
                **({} if by_words is None else {"to_words": _quality(found, by_words, seed)}),
            }
        )
        if texts is not None and by_words is not None:
            blend, found = held.best_blend(texts.with_rows(fitted), blends(rows=True))
            found_in_pairs = {"to_words": _quality(found, by_words, seed)}
            label = f"{name}: {blend}"
            rows.append({"engine": label, **_quality(found, first, seed), **found_in_pairs})
    users, items = held.known.shape
    pairs = held.known.matrix.nnz
    return {"users": users, "items": items, "pairs": pairs, "judged": len(held.users), "rows": rows}


def _quality(found: Quality, first: Quality, seed: int) -> Mapping[str, object]:
    values: dict[str, object] = {}
    for name, own, base in zip((f"recall@{AT}", f"ndcg@{AT}"), found, first, strict=True):
        mean, before = float(own.mean()), float(base.mean())
        difference = asdict(compare(own, base, seed).difference)
        ratio = mean / before if before else None
        values[name] = {"mean": mean, "ratio": ratio, "difference": difference}
    return values


@click.group(name="large_catalogue_engines")
def command() -> None:
    """Compare engines on large catalogues; print JSON."""


@command.command()
@click.argument("items", type=click.IntRange(100))
@click.argument("events", type=click.IntRange(1_000))
@click.argument("users", type=click.IntRange(10))
@click.option("--engine", "engines", multiple=True, default=("blocks 128",), show_default=True)
@click.option(
    "--people", "sampled_users", type=click.IntRange(1), default=3_000, help="Users who are judged."
)
@click.option("--words", is_flag=True, help="Compare with likeness of titles and popularity too.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def niches(
    items: int,
    events: int,
    users: int,
    engines: tuple[str, ...],
    sampled_users: int,
    words: bool,
    seed: int,
) -> None:
    """Compare engines with popularity on a synthetic platform."""
    config = NicheConfig(items, events, users, seed)
    niche, user, item, _ = niche_events(config)
    cut = round(len(user) * (1 - TEST))
    before, after = (user[:cut], item[:cut]), (user[cut:], item[cut:])
    choosing = CHOOSING if words else 0
    held = HeldOut.of(before, after, (users, items), sampled_users, seed, choosing)
    texts = None
    if words:
        numbers = niche_words(config, niche)
        late = before[1][-round(RECENT * cut) :]
        counts = [
            np.bincount(part, minlength=items).astype(np.float64) for part in (before[1], late)
        ]
        texts = BlendedScores.of(numbers, counts)
    print(json.dumps(compared(held, engines, popular=True, seed=seed, texts=texts)))


@command.command()
@click.argument("events", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("test_events", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=("lowpass 512", "blocks 512"),
    show_default=True,
)
@click.option(
    "--validation",
    type=click.FloatRange(0, 0.5),
    default=0.0,
    help="Judge by this share of the first file's events, drawn at random; the second is not used.",
)
@click.option(
    "--people", "sampled_users", type=click.IntRange(1), help="Users who are judged, if not all."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def given(
    events: Path,
    test_events: Path,
    engines: tuple[str, ...],
    validation: float,
    sampled_users: int | None,
    seed: int,
) -> None:
    """Compare engines on a given split, all users, with the first of them.

    Settings are to be chosen with `--validation`, so that the second file is looked at once.
    """
    train = load_events(events)
    test = train
    if validation:
        held_out = np.random.default_rng(seed).random(len(train)) < validation
        train, test = train.select(~held_out), train.select(held_out)
    else:
        test = load_events(test_events)
    held = HeldOut.of_files(train, test, sampled_users, seed)
    print(json.dumps(compared(held, engines, popular=False, seed=seed)))


if __name__ == "__main__":
    run(command)
