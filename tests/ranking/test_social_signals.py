"""Social signals: who counts, which acts may be told of, and how much work there is."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.follow_table import FollowTable
from recsys.data.records import Event, Follow
from recsys.data.table_builder import EventColumns
from recsys.follow_signals import FollowSignals
from recsys.ranking.dataset_social_graph import SocialGraph
from recsys.ranking.social_signals import (
    ACTS,
    FEWEST_ACTS,
    FOLLOWEES,
    MOST_PEOPLE,
    SECOND,
    SECOND_HOP,
    EgoNetwork,
    Ties,
    acts_each,
)
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.live_state import LiveState
from recsys.store.store import Store
from recsys.store.user_controls import Wish

NONE = np.zeros(0, np.int32)


def network(people: int, items: list[list[int]], public: list[int] | None = None) -> EgoNetwork:
    """Return a network of followees with the items that each took up."""
    rows = np.array([row for own in items for row in own], np.int32)
    yes, zero = np.ones(people, bool), np.zeros(people, np.float32)
    return EgoNetwork(
        yes,
        ~yes,
        zero + 1,
        zero,
        np.array([len(own) for own in items]),
        rows,
        np.full(len(rows), np.nan),
        np.isin(rows, public or []),
    )


def test_an_act_that_is_not_public_counts_from_three_people_on() -> None:
    found = network(3, [[1, 2, 9], [1, 2], [1]], public=[9]).signals(NONE, NONE, 0.0)
    values = found.at(FOLLOWEES, np.array([1, 2, 9, 5], np.int32))
    assert values[0] == pytest.approx(3**-0.5 + 2**-0.5 + 1) and values[1] == 0
    assert values[2] == pytest.approx(3**-0.5)  # a public act of one
    assert found.people_at(np.array([1, 2, 9, 5], np.int32)).tolist() == [3, 0, 1, 0]
    assert found.at(SECOND, np.array([1], np.int32)).tolist() == [0]


def test_what_two_people_did_changes_no_value_at_all() -> None:
    with_it = network(3, [[1, 7], [1, 7], [1]]).signals(NONE, NONE, 0.0)
    rows = np.array([7], np.int32)
    assert all(with_it.at(name, rows)[0] == 0 for name in with_it.values)


def test_a_hundred_thousand_followees_are_bounded_work() -> None:
    followees = np.arange(1, 100_001, dtype=np.int32)

    def following_of(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts = np.full(len(numbers), 1_000)
        return np.tile(np.arange(200_000, 201_000, dtype=np.int32), len(numbers)), counts

    ties = Ties.of(0, followees, np.array([5, 7], np.int32), following_of)
    assert ties.follows.sum() == MOST_PEOPLE
    assert len(ties.people) <= MOST_PEOPLE + SECOND_HOP
    assert ties.follows[np.isin(ties.people, [5, 7])].all()  # who follow back come first
    counts = np.full(len(ties.people), ACTS)
    rows = np.tile(np.arange(ACTS, dtype=np.int32), len(ties.people))
    full = EgoNetwork.of(ties, counts, rows, np.full(len(rows), np.nan), np.zeros(len(rows), bool))
    most = acts_each(len(ties.people))
    assert len(full.latest(acts_each(len(ties.people))).rows) <= FEWEST_ACTS * len(ties.people)
    found = full.signals(NONE, NONE, 0.0)
    assert found.rows.min() == ACTS - most  # the latest of each
    assert (found.people_at(found.rows) == MOST_PEOPLE).all()


def test_who_is_blocked_or_blocks_passes_nothing_on() -> None:
    def following_of(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([8, 9] * len(numbers), np.int32), np.full(len(numbers), 2)

    ties = Ties.of(
        0, np.array([1, 2, 3], np.int32), np.array([4, 5], np.int32), following_of, {2, 5, 9}
    )
    assert ties.people.tolist() == [1, 3, 4, 8]


def test_a_service_and_a_data_set_have_the_same_signals(tmp_path: Path) -> None:
    data = worlds.topics()
    users = [data.users[row] for row in range(len(data.users))]
    rng = np.random.default_rng(0)
    follows = {
        (users[a], users[b])
        for a, b in rng.integers(0, len(users), (6 * len(users), 2)).tolist()
        if a != b
    }
    weights = EventWeights(public=frozenset(["share"]))
    events = [
        Event(users[u], data.items[i], "share" if rng.random() < 0.3 else "like", timestamp=1e9 + n)
        for n, (u, i) in enumerate(zip(data.user.tolist(), data.item.tolist(), strict=True))
    ]
    author = next(filter(None, data.table.author))
    all_follows = [Follow(a, followed_user_id=b) for a, b in sorted(follows)]
    all_follows += [Follow(users[0], author_id=author), Follow(users[1], author_id="unknown")]
    columns = EventColumns()
    for event in events:
        columns.add(event)
    table = columns.table(np.inf)
    items = replace(data.table)
    known = FollowTable.of(all_follows, table.users, items.author)
    model = worlds.live().model
    live = LiveState(model, weights)
    graph_data = Dataset.build(replace(table, follows=known), items, weights=weights)
    batch = SocialGraph.of(graph_data)
    assert batch is not None
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.add_items([items.item(row) for row in range(len(items))])
        store.add_events(events)
        store.add_follows(all_follows)
        stored = store.follow_table(store.event_table(), items.author)
        assert stored is not None and len(stored) == len(known)
        signals = FollowSignals(FollowGraph(weights))
        signals.graph.follow_all(store)
        some = 0
        for user in users[:12]:
            around, ties = signals.of(store, user, live)
            assert around is not None
            assert set(ties.follows) >= {b for a, b in follows if a == user}
            mine = around.network.signals(NONE, around.authors, batch.now / 86_400)
            theirs = batch.signals(table.users.row(user), NONE)
            assert mine.authors.tolist() == theirs.authors.tolist()
            rows = np.arange(live.size, dtype=np.int32)
            assert mine.values.keys() == theirs.values.keys()
            for name in mine.values:
                there = graph_data.items.rows([live.item_id(row) for row in rows.tolist()])
                other = np.where(there >= 0, theirs.at(name, np.maximum(there, 0)), 0)
                # of equal weights at the border of the second hop either may be chosen
                assert mine.at(name, rows) == pytest.approx(other, abs=2e-2), name
                some += int((other > 0).sum())
        assert some > 50
        # erased users pass nothing on, and a block works both ways
        first = next(b for a, b in sorted(follows) if a == users[0])
        number = store.user_number(first)
        before, _ = signals.of(store, users[0], live)
        store.change_controls(users[0], [Wish("block", "user", first)])
        signals.graph.follow_all(store)
        after, ties = signals.of(store, users[0], live)
        assert number in signals.graph.blocked(store.user_number(users[0]))
        assert before is not None and after is not None
        assert len(after.network.follows) < len(before.network.follows)
        blocked, _ = signals.of(store, first, live)
        assert blocked is None or store.user_number(users[0]) not in signals.graph.following(number)


def test_kept_people_change_when_a_followee_follows_somebody_else(tmp_path: Path) -> None:
    live, weights = worlds.live(), EventWeights()
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.add_events([Event(f"u{n}", "kiln-1", "like", timestamp=1e9) for n in range(6)])
        store.add_follows(
            [Follow("u0", followed_user_id="u1"), Follow("u1", followed_user_id="u2")]
        )
        signals = FollowSignals(FollowGraph(weights))
        signals.graph.follow_all(store)
        assert len(signals.of(store, "u0", live)[0].network.ways) == 2
        kept = signals.of(store, "u0", live)[0]
        assert len(kept.network.ways) == 2
        store.add_follows([Follow("u1", followed_user_id="u3")])  # two steps from u0
        signals.graph.follow_all(store)
        found, fresh = (
            one.of(store, "u0", live)[0] for one in (signals, FollowSignals(signals.graph))
        )
        assert len(found.network.ways) == 3 and found.mark == fresh.mark != kept.mark
        store.add_follows([Follow("u0", followed_user_id="u4")])
        store.change_controls("u0", [Wish("mute", "user", "u1")])
        signals.graph.follow_all(store)
        found, fresh = (
            one.of(store, "u0", live)[0] for one in (signals, FollowSignals(signals.graph))
        )
        assert found.mark == fresh.mark and len(found.network.ways) == 1  # u4


@pytest.mark.parametrize("items", [10, 100_000])
def test_logarithms_are_those_of_the_values_for_any_rows(items: int) -> None:
    taken = [[0, items // 2], [0, items - 1], [0]]
    signals = network(3, taken, public=[0, items // 2, items - 1]).signals(NONE, NONE, 0.0)
    assert signals.rows.tolist() == [0, items // 2, items - 1]
    for rows in ([items // 2, 3, 0], [items + 5, -1, items - 1], []):
        values = signals.at(FOLLOWEES, np.array(rows, np.int32))
        known = np.isin(rows, signals.rows)
        assert ((values > 0) == known).all()
        logs = signals.logs_at(FOLLOWEES, 0.2, np.array(rows, np.int32))
        assert (logs == np.log1p(values / np.float32(0.2))).all() and logs.dtype == np.float32
        assert (signals.people_at(np.array(rows, np.int32)) > 0).tolist() == known.tolist()


def test_who_is_followed_and_follows_nobody_has_signals_of_followers_alone() -> None:
    def following_of(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return NONE, np.zeros(len(numbers), np.int64)

    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        ties = Ties.of(0, NONE, np.array([4, 5], np.int32), following_of)
    assert ties.people.tolist() == [4, 5] and ties.followed_by.all() and not ties.follows.any()
