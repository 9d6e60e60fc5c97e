"""Replay: what is known at each step, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from tables import Row, events, items, timed

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.evaluation.replay_baselines import DecayedCountsReplay, LikeRateWalker, tune_trending
from recsys.ranking_metrics import Values, user_auc
from recsys.tuning.evaluation_protocols import Rules, Split, make_split
from recsys.tuning.prequential_replay import ReplayEvent, ReplayResult, run_replay
from recsys.tuning.replayed_user_history import Timelines
from recsys.tuning.scorer_protocol import Histories, Skip

NAN = float("nan")


class Witness:
    """Scores by row number and writes down what it was told and asked."""

    def __init__(self) -> None:
        self.result: list[str] = []
        self.queried: list[tuple[list[int], list[int], int]] = []

    def observe(self, step: ReplayEvent) -> None:
        self.result.append(step.item_id)

    def score(self, histories: Histories, rows: Rows) -> Values:
        self.queried.append((histories.item.tolist(), rows.tolist(), len(self.result)))
        return rows.astype(np.float64)


def replay(
    table: EventTable, catalogue: ItemTable, share: float, group: str = ""
) -> tuple[Witness, ReplayResult, Split, Dataset]:
    split = make_split(table, catalogue, Rules("replay", share=share, group=group))
    data, witness = split.dataset(), Witness()
    return witness, run_replay(split, data, witness, "witness"), split, data


def test_a_step_sees_what_is_strictly_earlier_and_the_same_users_last_minute() -> None:
    table = timed(
        ("ann", "a", 1),
        ("bob", "b", 2),
        ("bob", "c", 3),
        ("ann", "b", 10),
        ("bob", "a", 10),
        ("ann", "c", 11),
    )
    witness, found, _, _ = replay(table, items(["a", "b", "c"]), 0.5)
    assert [result for _, _, result in witness.queried] == [0, 0, 2]
    histories = [history for history, _, _ in witness.queried]
    assert histories == [[0], [1, 2], [0, 1]]  # ann's second question knows of her first answer
    assert found.ranks.tolist() == [2.0, 1.0, 1.0]


def test_timelines_are_made_for_the_users_of_a_walk_alone() -> None:
    table = timed(
        ("cid", "a", 1), ("ann", "a", 2), ("bob", "b", 3), ("ann", "b", 4), ("ann", "c", 5)
    )
    split = make_split(table, items(["a", "b", "c"]), Rules("replay", share=0.4))
    timelines = Timelines(split.dataset(), split.train, split.rules.weights)
    ann = timelines.of(table.users.row("ann"))
    assert (ann.items, ann.times, ann.kinds) == ([0], [2.0], ["like"])
    assert timelines.of(table.users.row("ann")) is ann and list(timelines.made) == [1]
    ann.add(1, 1.0, 4.0, "like")
    assert timelines.of(1).items == [0, 1] and timelines.of(0).items == [0]


def test_candidates_existed_before_and_are_new_to_the_person() -> None:
    table = timed(("ann", "a", 1), ("bob", "b", 5), ("ann", "b", 20), ("ann", "late", 30))
    catalogue = items(["a", "b", "soon", "late"], created=[0, 0, 15, 30])
    witness, found, _, data = replay(table, catalogue, 0.5)
    rows = {name: data.items.row(name) for name in ("a", "b", "soon", "late")}
    assert witness.queried[0][1] == [rows["b"], rows["soon"]]
    assert found.ranks.tolist() == [2.0, np.inf]  # `late` is taken up the moment it appears


def test_an_item_without_a_record_joins_after_the_acts_of_three_people() -> None:
    read = [(who, "a", n) for n, who in enumerate(("ann", "bob", "cem", "dan"))]
    news = ["ann", "bob", "cem", "dan"]  # who take it up one after the other
    table = timed(*read, *((who, "new", 8 + n) for n, who in enumerate(news)))
    witness, found, _, data = replay(table, ItemTable.empty(), 0.5)
    assert len(data.items) == 1
    assert found.ranks.tolist() == [np.inf, np.inf, np.inf, 1.0]
    assert witness.queried[-1][1] == [1]


def test_an_item_with_a_record_joins_after_its_first_event() -> None:
    table = timed(("ann", "a", 1), ("bob", "a", 2), ("ann", "new", 8), ("bob", "new", 9))
    witness, found, _, _ = replay(table, items(["a", "new"]), 0.5)
    assert found.ranks.tolist() == [np.inf, 1.0]
    assert witness.queried[1][1] == [1]


def test_groups_rank_inside_themselves() -> None:
    table = timed(
        ("ann", "x1", 1),
        ("ann", "y1", 1),
        ("bob", "x2", 2),
        ("bob", "y2", 2),
        ("ann", "x2", 9),
        ("ann", "y2", 9),
    )
    catalogue = items(["x1", "x2", "y1", "y2"], category=["x", "x", "y", "y"])
    witness, found, _, _ = replay(table, catalogue, 0.34, "category")
    assert [rows for _, rows, _ in witness.queried] == [[1], [3]]
    assert found.ranks.tolist() == [1.0, 1.0]


def test_only_first_events_on_an_item_count_and_views_are_no_opinion() -> None:
    rows: list[Row] = [
        ("ann", "a", "like", NAN, 1),
        ("bob", "b", "dislike", NAN, 2),
        ("ann", "b", "dislike", NAN, 11),
        ("ann", "b", "like", NAN, 12),
        ("bob", "a", "view", NAN, 13),
        ("cat", "a", "like", NAN, 14),
    ]
    _, found, split, _ = replay(events(*rows), ItemTable.empty(), 0.67)
    users = [split.train.users[int(row)] for row in found.user]
    assert users == ["bob", "cat"]
    assert found.liked.tolist() == [False, True]


def test_live_like_rate_learns_on_the_way() -> None:
    rows: list[Row] = [("u0", "good", "like", NAN, 0), ("u0", "bad", "like", NAN, 1)]
    for n in range(1, 9):
        rows += [
            (f"u{n}", "good", "like", NAN, 10.0 * n),
            (f"u{n}", "bad", "dislike", NAN, 10.0 * n + 1),
        ]
    split = make_split(events(*rows), ItemTable.empty(), Rules("replay", share=16 / 18))
    data = split.dataset()
    found = run_replay(split, data, LikeRateWalker(data), "like-rate")
    values = user_auc(found.opinion_users, found.scores, found.liked)
    assert values.tolist()[1:] == [1.0] * 7


def test_live_trending_follows_what_is_hot_and_its_half_life_is_found() -> None:
    rng, rows = np.random.default_rng(0), []
    for day in range(60):
        for n in range(12):
            item = f"i{day}" if rng.random() < 0.8 else f"i{rng.integers(0, day + 1)}"
            rows.append((f"u{day}-{n}", item, day * 86400.0 + n * 60))
    split = make_split(timed(*rows), ItemTable.empty(), Rules("replay", share=0.3))
    tuned = tune_trending(split.validation(), 0)
    assert float(tuned.options["half_life"]) <= 2 * 86400
    data = split.dataset()
    hot = run_replay(split, data, DecayedCountsReplay(data, 86400.0, "weight"), "trending")
    cold = run_replay(split, data, DecayedCountsReplay(data, float("inf"), "weight"), "popular")
    assert np.mean(1 / hot.ranks) > 2 * np.mean(1 / cold.ranks)


def test_a_model_that_answers_nan_is_refused() -> None:
    class Broken(Witness):
        def score(self, histories: Histories, rows: Rows) -> Values:
            return np.full(len(rows), np.nan)

    split = make_split(
        timed(("ann", "a", 1), ("bob", "b", 2), ("ann", "b", 3)),
        ItemTable.empty(),
        Rules("replay", share=0.34),
    )
    with pytest.raises(Exception, match="NaN"):
        run_replay(split, split.dataset(), Broken(), "broken")


def test_what_was_shown_on_the_way_stays_a_candidate() -> None:
    table = events(
        ("ann", "a", "like", NAN, 1),
        ("bob", "b", "like", NAN, 2),
        ("ann", "b", "impression", NAN, 10),
        ("ann", "b", "like", NAN, 11),
    )
    witness, found, _, _ = replay(table, items(["a", "b"]), 0.5)
    assert witness.queried == [([0], [1], 1)] and found.ranks.tolist() == [1.0]


def test_a_row_whose_answers_would_take_too_long_is_skipped_and_said_so() -> None:
    table = timed(*((f"u{n % 7}", f"i{n}", float(n)) for n in range(400)))
    split = make_split(table, ItemTable.empty(), Rules("replay", share=0.5))
    with pytest.raises(Skip, match="200 questions on the way would take some"):
        run_replay(split, split.dataset(), Witness(), "witness", allowed=0.0)
    found = run_replay(split, split.dataset(), Witness(), "witness", allowed=3600.0)
    assert len(found.ranks) == 200


def walked_heat(*rows: Row) -> tuple[DecayedCountsReplay, Split]:
    """Return the live heat after a walk through half of the events."""
    split = make_split(events(*rows), ItemTable.empty(), Rules("replay", share=0.5))
    data = split.dataset()
    walker = DecayedCountsReplay(data, np.inf, "weight")
    run_replay(split, data, walker, "heat")
    return walker, split


def test_the_baselines_count_a_withdrawn_act_no_more() -> None:
    past = [("ann", "a", "like", NAN, 1.0), ("bob", "b", "like", NAN, 2.0)]
    later = [("cid", "a", "like", NAN, 3.0), ("cid", "a", "unlike", NAN, 4.0)]
    rest = [("dan", "b", "like", NAN, 5.0)]
    walker, split = walked_heat(*past, *later, *rest, ("eve", "b", "like", NAN, 6.0))
    data = split.dataset()
    a, b = data.items.row("a"), data.items.row("b")
    assert walker.decayed_counts.amount[0, a] == pytest.approx(1.0)  # ann's alone
    assert walker.decayed_counts.amount[0, b] == pytest.approx(3.0)


def test_an_item_whose_acts_were_all_withdrawn_is_cold_again() -> None:
    rows = [
        ("ann", "a", "like", NAN, 1.0),
        ("bob", "b", "like", NAN, 2.0),
        ("ann", "a", "unlike", NAN, 3.0),
        ("bob", "c", "like", NAN, 4.0),
    ]
    walker, split = walked_heat(*rows)
    assert np.isneginf(walker.decayed_counts.last[split.dataset().items.row("a")])


def test_a_withdrawn_dislike_leaves_the_like_rate_as_it_was() -> None:
    rows = [
        ("ann", "a", "like", NAN, 1.0),
        ("bob", "b", "dislike", NAN, 2.0),
        ("cid", "a", "dislike", NAN, 3.0),
        ("cid", "a", "undislike", NAN, 4.0),
    ]
    split = make_split(events(*rows), ItemTable.empty(), Rules("replay", share=0.5))
    data = split.dataset()
    walker = LikeRateWalker(data)
    run_replay(split, data, walker, "likes")
    a = data.items.row("a")
    assert (walker.likes[a], walker.dislikes[a]) == (1.0, 0.0)


def test_an_item_on_which_only_its_author_acted_is_unread() -> None:
    authors = ["", "ann", "ann", "cem"]
    catalogue = items(["a", "b", "c", "d"], created=[0, 0, 12, 12], author=authors)
    table = timed(
        ("ann", "a", 1),
        ("ann", "b", 2),
        ("bob", "a", 3),
        ("ann", "c", 20),  # her own
        ("bob", "b", 21),  # only she acted on it
        ("bob", "c", 22),  # only she acted on it
        ("cem", "b", 23),  # bob acted on it
    )
    _, found, _, _ = replay(table, catalogue, 4 / 7)
    assert found.unread.tolist() == [True, True, True, False]
    assert np.isfinite(found.among).tolist() == found.unread.tolist()
