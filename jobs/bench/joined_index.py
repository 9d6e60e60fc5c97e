"""Candidates by rows and by one joined index: recall of the final list, time and memory.

    python -m jobs.bench.joined_index given events.csv.gz test_events.csv.gz \
        --rows "lowpass 512" --factors "directions 256"
    python -m jobs.bench.joined_index niches 300000 2800000 100000

The final list is the best 20 by the item-to-item weights of `--rows`, over all items. The index
(`recsys.index.joined_index`) holds the factors of `--factors` and, with `niches`, text vectors:
sums of a random vector per word of the titles. It is queried once with the whole history, and once
for each of at most four tastes, and proposes as many items both times; the weights then order
these. `share_of_list`: how much of the final list is among what was proposed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.data.item_and_event_readers import load_events
from recsys.errors import DataError
from recsys.index.exact import top_k
from recsys.index.joined_index import AT, TASTES, JoinedIndex, joined_index, tastes
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking_metrics import Positives, Values, list_ranks, ndcg, recall
from recsys.tuning.engine_catalogue import engine_named

from ..cli import run
from .large_catalogue_engines import TEST, HeldOut
from .niche_world import NicheConfig, niche_events, niche_words

LIST = 20
HISTORY = 100  # newest items of a user in an index query
TEXT_WEIGHT = 0.5  # of text beside behaviour, both brought to their usual size
QUERIES = 200  # that the recall of the index is measured with
WIDTH = 64  # numbers of a text vector


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of items proposed for one history, and what that took."""

    propose: Callable[[Rows], Rows]  # history -> rows, no row of the history, any order
    memory_mb: float


@dataclass(frozen=True, slots=True)
class World:
    """What everything is fitted to and judged by."""

    held: HeldOut
    weights: ItemWeights
    factors: Factors
    words: Floats  # (n, t); t is 0 without texts
    unit: float  # what text vectors are multiplied with in a query

    def histories(self) -> list[Rows]:
        """Return the newest items of each judged user, oldest first."""
        ends, items = self.held.known.ends, self.held.known.items
        return [items[ends[u] : ends[u + 1]][-HISTORY:] for u in self.held.users.tolist()]

    def queries(self, history: Rows, apart: bool) -> tuple[Floats, Floats]:
        """Return the queries of a history: one, or one for each of its tastes."""
        inputs = self.factors.inputs[history]
        own = np.concatenate([inputs, self.unit * self.words[history]], axis=1)
        labels = tastes(own) if apart else np.zeros(len(history), np.int32)
        sums = np.zeros((int(labels.max()) + 1, own.shape[1]), np.float32)
        np.add.at(sums, labels, own)
        width = inputs.shape[1]
        return sums[:, :width], sums[:, width:]


def compared(world: World, seed: int) -> dict[str, Any]:
    """Return time, memory and quality of each source of candidates."""
    histories, weights = world.histories(), world.weights
    step = max(1, len(histories) // QUERIES)
    sample_queries = [world.queries(history, False) for history in histories[::step]]
    sample = (
        np.concatenate([one[0] for one in sample_queries]),
        np.concatenate([one[1] for one in sample_queries]),
    )
    began = time.process_time()
    index, found = joined_index(world.factors.outputs, world.words, sample, seed)
    built = time.process_time() - began
    vectors_mb = (world.factors.outputs.nbytes + world.words.nbytes) / 1e6
    rows_mb = 6 * len(weights.data) / 1e6 + 8 * len(weights) / 1e6
    sources = {
        "rows": Source(lambda history: _by_rows(weights, history), rows_mb),
        "joined, one query": Source(
            lambda history: _by_index(world, index, history, False), index.megabytes + vectors_mb
        ),
        f"joined, up to {TASTES} tastes": Source(
            lambda history: _by_index(world, index, history, True), index.megabytes + vectors_mb
        ),
        "joined, exact search": Source(lambda history: _exact(world, history), vectors_mb),
    }
    final: list[Rows] = []
    rows = []
    for name, source in sources.items():
        lists, share, spent = _lists(weights, histories, source)
        final = final or lists
        shared = [len(np.intersect1d(one, own)) for one, own in zip(final, share, strict=True)]
        most = sum(map(len, final))
        rows.append(
            {
                "source": name,
                "share_of_list": sum(shared) / max(most, 1),
                "ms": 1e3 * spent / max(len(histories), 1),
                "memory_mb": source.memory_mb,
                **_quality(lists, world.held.later),
            }
        )
    return {
        "items": len(weights),
        "people": len(histories),
        "index": {
            "recall": found,
            "cells": int(index.index.nlist),
            "probes": int(index.index.nprobe),
            "build_cpu_seconds": built,
        },
        "rows": rows,
    }


def _lists(
    weights: ItemWeights, histories: list[Rows], source: Source
) -> tuple[list[Rows], list[Rows], float]:
    """Return the lists by the weights of what a source proposes, that itself, and CPU seconds."""
    lists, proposed = [], []
    began = time.process_time()
    for history in histories:
        rows = source.propose(history)
        sums = np.zeros(len(weights), np.float32)
        weights.add_scores(history, np.ones(len(history), np.float32), sums)
        own = sums[rows]
        lists.append(rows[top_k(own[None], LIST)[0][0]])
        proposed.append(rows)
    return lists, proposed, time.process_time() - began


def _by_rows(weights: ItemWeights, history: Rows) -> Rows:
    return np.setdiff1d(weights.neighbour_rows(history).reached(), history)


def _by_index(world: World, index: JoinedIndex, history: Rows, apart: bool) -> Rows:
    behaviour, words = world.queries(history, apart)
    each = TASTES * AT // len(words) + len(history) // len(words)
    rows = index.search(behaviour, words, each)[0].ravel()
    return np.setdiff1d(rows[rows >= 0], history).astype(np.int32)


def _exact(world: World, history: Rows) -> Rows:
    behaviour, words = world.queries(history, False)
    scores = world.factors.outputs @ behaviour[0] + world.words @ words[0]
    return np.setdiff1d(top_k(scores[None], TASTES * AT + len(history))[0][0], history)


def _quality(lists: list[Rows], later: Positives) -> Mapping[str, float]:
    shown = np.full((len(lists), LIST), -1, np.int32)
    for place, own in enumerate(lists):
        shown[place, : len(own)] = own
    ranks = list_ranks(shown, later)
    values: dict[str, Values] = {
        f"recall@{LIST}": recall(ranks, later, LIST),
        f"ndcg@{LIST}": ndcg(ranks, later, LIST),
    }
    return {name: float(each.mean()) for name, each in values.items()}


def fitted(held: HeldOut, rows: str, factors: str, words: Floats, seed: int) -> World:
    """Return a world with both engines fitted; DataError where one is not of its kind."""
    weights = engine_named(rows).fit(held.known, seed, "cpu")
    if not isinstance(weights, ItemWeights):
        raise DataError(f"--rows {rows!r}: an engine of item-to-item weights is needed")
    behaviour = engine_named(factors).fit(held.known, seed, "cpu")
    if not isinstance(behaviour, Factors):
        raise DataError(f"--factors {factors!r}: an engine of factors is needed")
    usual = float((behaviour.inputs * behaviour.outputs).sum(axis=1).mean())
    return World(held, weights, behaviour, words, TEXT_WEIGHT * max(usual, 0.0))


@click.group(name="joined_index")
def command() -> None:
    """Compare candidates by rows and by a joined index; print JSON."""


def _options(made: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--people", "sampled_users", type=click.IntRange(1), default=500, show_default=True
        ),
        click.option("--factors", default="directions 128", show_default=True),
    ):
        made = option(made)
    return made


@command.command()
@click.argument("items", type=click.IntRange(100))
@click.argument("events", type=click.IntRange(1_000))
@click.argument("users", type=click.IntRange(10))
@click.option("--rows", default="blocks 128", show_default=True)
@_options
def niches(
    items: int, events: int, users: int, rows: str, factors: str, sampled_users: int, seed: int
) -> None:
    """Compare them on a synthetic platform with titles."""
    config = NicheConfig(items, events, users, seed)
    niche, user, item, _ = niche_events(config)
    cut = round(len(user) * (1 - TEST))
    before, after = (user[:cut], item[:cut]), (user[cut:], item[cut:])
    held = HeldOut.of(before, after, (users, items), sampled_users, seed)
    words = text_vectors(niche_words(config, niche), seed)
    print(json.dumps(compared(fitted(held, rows, factors, words, seed), seed)))


@command.command()
@click.argument("events", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("test_events", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--rows", default="lowpass 512", show_default=True)
@_options
def given(
    events: Path, test_events: Path, rows: str, factors: str, sampled_users: int, seed: int
) -> None:
    """Compare them on a given split, without texts."""
    train, test = load_events(events), load_events(test_events)
    held = HeldOut.of_files(train, test, sampled_users, seed)
    words = np.zeros((len(train.items), 0), np.float32)
    print(json.dumps(compared(fitted(held, rows, factors, words, seed), seed)))


def text_vectors(words: NDArray[np.int64], seed: int) -> Floats:
    """Return unit vectors of titles given by the numbers of their words, (items, WIDTH)."""
    numbers, place = np.unique(words, return_inverse=True)
    drawn = np.random.default_rng([seed, 2]).standard_normal((len(numbers), WIDTH), np.float32)
    sums = np.zeros((len(words), WIDTH), np.float32)
    for column in place.reshape(words.shape).T:
        sums += drawn[column]
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    run(command)
