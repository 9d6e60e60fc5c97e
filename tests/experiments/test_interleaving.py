"""Team draft and its test: fair draws, prefixes, credits, errors by simulation."""

import random

import numpy as np

from recsys.evaluation.interleaving_simulation import interleaved, split
from recsys.experiments.interleaving import (
    LEAST_USERS,
    as_json,
    credits_of,
    preference,
    team_draft,
)
from recsys.store.exposure_reader import ShownList


def draft(first, second, n, seed=0):
    return team_draft((first, second), n, random.Random(seed), str)


def test_each_round_has_an_item_of_both_and_none_twice():
    for seed in range(50):
        items, teams = draft("abcdef", "fedxyz", 6, seed)
        assert len(set(items)) == 6
        assert all(sorted(teams[at : at + 2]) == [0, 1] for at in (0, 2, 4))
        for team, ranking in enumerate(("abcdef", "fedxyz")):
            own = [item for item, of in zip(items, teams, strict=True) if of == team]
            assert [ranking.index(item) for item in own] == sorted(map(ranking.index, own))


def test_the_first_place_is_drawn_evenly():
    first = [draft("ab", "ba", 1, seed)[1][0] for seed in range(2_000)]
    assert 0.46 < np.mean(first) < 0.54


def test_shorter_lists_begin_longer_ones():
    long = draft("abcdefgh", "hgfedcba", 8, 3)
    for n in range(8):
        items, teams = draft("abcdefgh", "hgfedcba", n, 3)
        assert (items, teams) == (long[0][:n], long[1][:n])


def test_a_ranking_that_ends_leaves_the_rest_to_the_other():
    items, teams = draft("a", "bcde", 5, 1)
    assert sorted(items) == list("abcde") and teams.count(0) == 1
    assert draft("", "", 5) == ([], [])


def shown(person, teams, clicked=(), experiment="x"):
    items = tuple(str(place) for place in range(len(teams)))
    return ShownList(
        person,
        1.0,
        person,
        "v",
        {experiment: "interleaved"},
        items,
        tuple(range(len(items))),
        ("",) * len(items),
        frozenset(clicked),
        teams=tuple(teams),
    )


def test_clicks_are_credited_to_the_arm_that_gave_the_item():
    lists = [
        shown("ann", ["a", "b", None], ["1"]),
        shown("ann", ["b", "a", None], ["0", "2"]),
        shown("bob", ["a", "b"], ["0"]),
        shown("eve", ["a", "b"], []),
        shown("kim", ["a", "b"], ["0"], experiment="y"),
        shown("pat", [None, None], ["0"]),  # a list that is not interleaved
    ]
    credits, users = credits_of(lists, "x", ("a", "b"))
    assert sorted(credits.tolist()) == [-1.0, 2.0] and users == 3


def test_a_preference_is_found_and_a_tie_is_not():
    rng = np.random.default_rng(0)
    better = preference(rng.choice([-1.0, 1.0], 2_000, p=[0.4, 0.6]))
    assert better.decided and 0.15 < better.value < 0.25
    assert better.interval.low < better.interval_of_one_look.low < better.value
    even = preference(rng.choice([-1.0, 1.0], 2_000))
    assert not even.decided and abs(even.wins[1] - even.wins[0]) < 200
    assert as_json(better, ("a", "b"))["favours"] == "b"
    few = as_json(preference(np.ones(LEAST_USERS - 1)), ("a", "b"))
    assert few["favours"] is few["value"] is few["interval"] is None


def test_one_user_of_many_clicks_does_not_decide():
    credits = np.append(np.tile([1.0, -1.0], 1_000), 1e6)
    assert not preference(credits).decided


def test_looking_daily_errs_in_few_ties():
    found = 0
    for seed in range(200):
        draws = np.random.default_rng(seed).choice([-1.0, 1.0], 3_000)
        looks = range(100, 3_001, 100)
        found += any(preference(draws[:look]).decided for look in looks)
    assert found / 200 <= 0.05


def test_two_rankings_need_fewer_users_interleaved_than_apart():
    strong = (2.0, 0.3)
    for model in ("position", "cascade"):
        together = interleaved(model, 2, 0, strong)
        apart = split(model, 2, 0, strong)
        assert together.right == apart.right == 1.0
        assert together.median <= apart.median / 5
