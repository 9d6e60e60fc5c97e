"""FollowGraph: what it knows is what the store says, whatever came before and between its looks."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import numpy as np
import pytest

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event, Follow
from recsys.serving import follow_graph
from recsys.serving.follow_graph import ACTS, FollowGraph
from recsys.serving.updatable_csr import CsrRows
from recsys.store.store import Store
from recsys.store.user_controls import Wish
from recsys.store.user_merges import merge_users

NAMES = [f"u{k}" for k in range(8)]
WRITERS = ["w0", "w1", "w2"]


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as found:
        yield found


def known(store: Store, graph: FollowGraph) -> dict[str, object]:
    """Return all that a graph knows, by id."""
    found: dict[str, object] = {}
    for name in NAMES:
        number = store.user_number(name)
        ids = lambda numbers: sorted(store.user_ids(map(int, numbers)).values())  # noqa: E731
        authors = store.author_ids(graph.authors_of(number).tolist())
        acts = graph.acts_of(np.array([number], np.int32))[0]
        items = store.item_ids(acts["item"].tolist())
        found[name] = (
            ids(graph.following(number).tolist()),
            ids(graph.followers(number).tolist()),
            sorted(authors.values()),
            ids(graph.blocked(number)),
            [items[item] for item in acts["item"].tolist()],
        )
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_graph_that_follows_the_log_equals_a_new_one(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_graph, "_NEWER", 3)
    rng = random.Random(seed)
    graph = FollowGraph(EventWeights())
    graph.follow(store)
    clock = itertools.count()

    def step() -> None:
        one, other = rng.sample(NAMES, 2)
        kind = rng.randrange(12)
        if kind < 4:
            store.add_follows([Follow(one, "", other), Follow(other, rng.choice(WRITERS))])
        elif kind < 6:
            store.remove_follows([Follow(one, "", other), Follow(one, rng.choice(WRITERS))])
        elif kind < 9:
            event = rng.choice(["like", "like", "dislike", "impression"])
            item = f"i{rng.randrange(6)}"
            moment = time.time() - 9_000 + next(clock)
            store.add_events([Event(one, item, event, timestamp=moment)])
        elif kind == 9:
            store.change_controls(one, [Wish("block", "user", other)], reset=rng.random() < 0.5)
        elif kind == 10:
            store.delete_user(one)
        else:
            merge_users(store, one, other)

    for _ in range(60):
        for _ in range(rng.randrange(4)):
            step()
        graph.follow(store)
        graph.follow_acts(store)
        new = FollowGraph(EventWeights())
        new.follow(store)
        assert known(store, graph) == known(store, new)
    figures = new.figures()
    assert figures["edges"] and figures["edges"] == graph.figures()["edges"]
    assert figures["acts"] == graph.figures()["acts"]


def test_the_latest_acts_in_favour_are_held(store: Store) -> None:
    store.add_follows([Follow("ann", "", "bob")])
    graph = FollowGraph(EventWeights())
    graph.follow(store)
    now = time.time()
    store.add_events(Event("bob", f"i{k}", "like", timestamp=now - 900 + k) for k in range(70))
    store.add_events([Event("ann", "i1", "like"), Event("bob", "i69", "dislike")])
    graph.follow_acts(store)
    bob = np.array([store.user_number("bob")], np.int32)
    acts, counts = graph.acts_of(bob)
    names = store.item_ids(acts["item"].tolist())
    shown = [names[item] for item in acts["item"].tolist()]
    assert shown[-1] == "i68" and ACTS - 1 <= len(shown) <= ACTS and counts[0] == len(shown)
    assert not graph.acts_of(np.array([store.user_number("ann")], np.int32))[1].any()
    store.remove_follows([Follow("ann", "", "bob")])
    graph.follow(store)
    assert not graph.acts_of(bob)[1].any()


def test_rows_are_those_put_in_before_and_after_compaction() -> None:
    rows = CsrRows.of_pairs(np.array([3, 1, 3]), np.array([5, 6, 7], np.int32))
    rows.put(9, np.array([1], np.int32))
    rows.put(3, np.array([8], np.int32))
    for _ in range(2):
        assert [rows.get(n).tolist() for n in (0, 1, 3, 9, 10)] == [[], [6], [8], [1], []]
        values, counts = rows.gather(np.array([3, 10, 9, 1], np.int32))
        assert values.tolist() == [8, 1, 6] and counts.tolist() == [1, 0, 1, 1]
        assert rows.count == 3 and rows.size == 10
        rows.compact()
    assert rows.newer == 0
    empty = CsrRows.empty(np.int32).gather(np.array([1, 2], np.int32))
    assert len(empty[0]) == 0 and empty[1].tolist() == [0, 0]


RECORD = np.dtype([("item", np.int32), ("hour", np.int32), ("kind", np.int16)])


@pytest.mark.parametrize("kind", [np.dtype(np.int32), RECORD])
def test_gathered_rows_are_those_of_each_number(kind: np.dtype) -> None:
    """Base and newer rows in any order, repeated and unknown numbers, and the last few alone."""
    rng = np.random.default_rng(0)
    owners = rng.integers(0, 60, 300)
    rows = CsrRows.of_pairs(owners, rng.integers(0, 2**60, 300).view(np.int32)[::2].astype(kind))
    for number in (3, 17, 59, 70):
        rows.put(number, rng.integers(0, 99, 5).astype(kind))
    for size in (1, 12, 400):
        numbers = rng.integers(-2, 75, size).astype(np.int32)
        for most in (None, 1, 3):
            own = [rows.get(n)[0 if most is None else -most :] for n in numbers.tolist()]
            values, counts = rows.gather(numbers, most)
            assert counts.tolist() == [len(one) for one in own]
            assert values.tolist() == [value for one in own for value in one.tolist()]
        assert rows.counts(numbers).tolist() == [len(rows.get(n)) for n in numbers.tolist()]


def test_newer_rows_of_records_cost_what_numbers_cost() -> None:
    """NumPy compares the fields of all parts that are joined, 60 microseconds each."""
    least = {}
    for kind in (np.dtype(np.int32), RECORD):
        rows = CsrRows.empty(kind)
        for number in range(500):
            rows.put(number, np.zeros(10, kind))
        numbers, took = np.arange(500, dtype=np.int32), []
        for _ in range(5):
            begun = time.process_time()
            rows.gather(numbers)
            took.append(time.process_time() - begun)
        least[kind] = min(took)
    assert least[RECORD] < 10 * least[np.dtype(np.int32)]


def test_newer_rows_of_a_small_graph_become_its_base(store: Store) -> None:
    graph = FollowGraph(EventWeights())
    graph.follow(store)
    store.add_follows(Follow("ann", "", f"bob-{k}") for k in range(80))
    store.add_events(Event(f"bob-{k}", "i1", "like", timestamp=time.time() - k) for k in range(80))
    graph.follow(store)
    graph.follow_acts(store)
    assert graph._acts.newer == 0 and graph.figures()["acts"] == 80
    store.add_events([Event("bob-1", "i2", "like")])
    graph.follow_acts(store)
    assert graph._acts.newer == 1  # a few wait beside it
