"""The factor of predicted sums: learned where new items are chosen, given where they are not."""

from dataclasses import replace

import numpy as np
import pytest
from choice_columns import share, words

from recsys.ranking.cold_item_ranks import READ, RECENT, USED
from recsys.ranking.terms.protocol import Column, Parameter
from recsys.serving.score_model import UNREAD
from recsys.tuning.choice_sets import NEW, STANDING, WAITING, ChoiceSets
from recsys.tuning.cold_item_rank_tuning import FEWEST, choose_ranks, moved
from recsys.tuning.engine_selection import Log
from recsys.tuning.model_selection import Found, unread_ranks
from recsys.tuning.score_model_form import CandidateForm

SUMS = Column("neighbours", "engine", 5.0)


def choice_sets(
    lists: int, new_is_chosen: bool, sampled: float = 1.0
) -> tuple[ChoiceSets, np.ndarray]:
    """Return lists of five places: four read ones, in order of score, and an unread one.

    Its sum is half of that of the second place: by a factor of 3 it is the first, by 1 the third.
    The last read place stands for `sampled` items.
    """
    scores = np.tile(np.array([4.0, 3.0, 2.0, 1.0, -9.0], np.float32), (lists, 1))
    sums = np.tile(np.array([0.5, 1.0, 0.3, 0.1, 0.5], np.float32), (lists, 1))
    new = np.zeros_like(scores)
    new[:, 4] = 1.0
    chosen = np.zeros(scores.shape, bool)
    chosen[:, 4 if new_is_chosen else 0] = True
    offset = np.zeros_like(scores)
    offset[:, 3] = np.log(sampled)
    one = np.ones(lists, np.int64)
    rows = np.tile(np.arange(5, dtype=np.int32), (lists, 1))
    every = np.ones(scores.shape, bool)
    item_state = np.where(new > 0, 0, READ).astype(np.float32)
    columns = {SUMS: sums, NEW: new, STANDING: item_state, WAITING: np.ones_like(new)}
    found = ChoiceSets(columns, {}, chosen, offset, one, every, one.cumsum(), rows)
    return found, scores


@pytest.mark.parametrize(("factor", "place"), [(0.0, 4), (0.1, 3), (1.0, 1), (3.0, 0)])
def test_an_unread_place_gets_the_score_of_its_rank(factor: float, place: int) -> None:
    sets, scores = choice_sets(2, True)
    found = moved(sets, scores, sets.columns[SUMS], factor)
    assert np.argsort(-found, axis=1)[:, place].tolist() == [4, 4]
    assert (found[:, :4] == scores[:, :4]).all()


def test_a_sampled_place_counts_as_the_items_it_stands_for() -> None:
    sets, scores = choice_sets(1, True, sampled=30.0)
    sums = sets.columns[SUMS].copy()
    sums[0, 3], sums[0, 4] = 0.9, 0.4  # behind the 30, and behind two more
    found = moved(sets, scores, sums, 1.0)
    assert found[0, 4] == pytest.approx(scores[0, 3], abs=1e-5)


def test_a_recent_place_is_ranked_among_those_in_use() -> None:
    sets, scores = choice_sets(1, True)
    used = READ | USED  # not the one with the largest sum
    item_state = np.array([[used, READ, used, used, RECENT]], np.float32)
    sets = replace(sets, columns={**sets.columns, STANDING: item_state})
    found = moved(sets, scores, sets.columns[SUMS], 1.0)
    assert np.argsort(-found, axis=1)[0, 0] == 4


def test_a_post_with_users_is_a_measure_of_the_rank_of_others() -> None:
    """By a factor of 1 its sum is one of two before that of the last, and its score the third."""
    sets, scores = choice_sets(1, True)
    new = np.array([[0.0, 0.0, 0.3, 0.0, 1.0]], np.float32)  # the third has users since the night
    sums = np.array([[0.5, 0.2, 0.4, 0.1, 0.3]], np.float32)
    sets = replace(sets, columns={**sets.columns, NEW: new, SUMS: sums})
    found = moved(sets, scores, sums, 1.0)
    assert found[0, 4] == pytest.approx(scores[0, 2], abs=1e-5)
    assert found[0, 2] == pytest.approx(2.0 + 0.3 * (3.0 - 2.0), abs=1e-5)  # second by its sum


def test_a_place_that_waited_longer_than_most_stands_lower() -> None:
    """Second by its sum, it is fourth where half of the used items had waited longer."""
    sets, scores = choice_sets(1, True)
    sums = sets.columns[SUMS].copy()
    sums[0, 4] = 0.7
    for longer, place in ((1.0, 1), (0.5, 3), (0.1, 3)):
        waiting = np.full_like(scores, longer)
        found = moved(replace(sets, columns={**sets.columns, WAITING: waiting}), scores, sums, 1.0)
        assert np.argsort(-found, axis=1)[0].tolist().index(4) == place


def test_users_of_its_own_leave_less_to_the_text() -> None:
    sets, scores = choice_sets(1, True)
    half = np.where(sets.columns[NEW] > 0, np.float32(0.5), np.float32(0))
    sets = replace(sets, columns={**sets.columns, NEW: half})
    found = moved(sets, scores, sets.columns[SUMS], 3.0)
    assert found[0, 4] == pytest.approx((-9.0 + 4.0) / 2, abs=1e-5)


def test_where_new_items_are_chosen_the_setting_is_that_which_finds_them() -> None:
    sets, scores = choice_sets(2 * FEWEST, True)
    found = choose_ranks(sets, scores, sets.columns[SUMS])
    assert (found.lists, found.factor, found.appeal) == (2 * FEWEST, UNREAD, 1.0)
    values = {(factor, appeal): mean for factor, appeal, mean, _ in found.values}
    assert values[0.0, 1.0] < values[UNREAD, 0.5] < values[UNREAD, 1.0] == pytest.approx(1.0)


def test_the_appeal_of_new_items_is_learned_where_their_sums_say_little() -> None:
    """Fourth by its sum and always chosen: its rank has to be divided by four, at least."""
    sets, scores = choice_sets(2 * FEWEST, True)
    sums = sets.columns[SUMS].copy()
    sums[:, 4] = 0.07
    found = choose_ranks(sets, scores, sums)
    assert found.appeal == 4.0
    best = moved(sets, scores, sums, found.factor, found.appeal)
    assert (np.argsort(-best, axis=1)[:, 0] == 4).all()


def test_a_setting_that_costs_more_than_its_error_is_not_chosen() -> None:
    some, scores = choice_sets(FEWEST, True)
    sets, _ = choice_sets(20 * FEWEST, False)
    both = replace(
        sets,
        chosen=np.concatenate([some.chosen, sets.chosen[FEWEST:]]),
    )
    found = choose_ranks(both, np.tile(scores[:1], (len(both), 1)), both.columns[SUMS])
    assert found.lists == FEWEST
    assert found.appeal < 1.0  # with 1 the unread place would come first in all other lists


def test_without_neighbours_the_texts_of_a_history_are_what_places_new_items() -> None:
    """As it serves: a score model without neighbours compares texts, at what that costs here."""
    some, _ = choice_sets(FEWEST, True)
    sets, _ = choice_sets(20 * FEWEST, False)
    chosen = np.concatenate([some.chosen, sets.chosen[FEWEST:]])
    popularity = share("share_all")
    columns = {name: values for name, values in sets.columns.items() if name != SUMS}
    columns |= {words(np.inf): sets.columns[SUMS], popularity: -sets.rows.astype(np.float32)}
    known = replace(sets, chosen=chosen, columns=columns)
    weights = {Parameter("popularity", "share_all", shared=True): 1.0}
    found = unread_ranks(Found(CandidateForm(("share_all",)), 0.1, known), weights, Log(print))
    assert found.lists == FEWEST and found.appeal < 1.0
    less = replace(known, columns={n: v for n, v in columns.items() if n.term != "words"})
    blind = unread_ranks(Found(CandidateForm(("share_all",)), 0.1, less), weights, Log(print))
    assert (blind.factor, blind.appeal, blind.lists) == (UNREAD, 1.0, 0)


def test_new_items_that_were_taken_up_in_one_period_alone_cost_nothing_in_the_others() -> None:
    """One film that all users turned to at one cut in time says nothing of the films of another."""
    half = 2 * FEWEST
    (some, scores), (others, _) = choice_sets(half, True), choice_sets(half, False)
    chosen = np.concatenate([some.chosen, others.chosen])
    both = replace(choice_sets(2 * half, True)[0], chosen=chosen)
    every, sums = np.concatenate([scores, scores]), both.columns[SUMS]
    assert choose_ranks(both, every, sums).appeal == 1.0
    dated = replace(both, period=np.repeat([0, 1], half))
    found = choose_ranks(dated, every, sums)
    assert (found.factor, found.appeal) == (UNREAD, 0.5)
    order = np.argsort(-moved(dated, every, sums, found.factor, found.appeal), axis=1)
    assert (order[half:, 0] == 0).all()  # what is taken up in the other period stays first


def test_with_few_choices_of_new_items_the_factor_is_given() -> None:
    sets, scores = choice_sets(FEWEST - 1, True)
    assert choose_ranks(sets, scores, sets.columns[SUMS]).factor == UNREAD
    assert choose_ranks(sets, scores, None).factor == UNREAD
