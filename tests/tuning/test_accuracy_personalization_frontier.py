"""The one-standard-error rule in worlds where the right place on the dial is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from choice_columns import factors, share

from recsys.ranking.terms.dislike_share import DislikeShare
from recsys.ranking.terms.like_rate import LikeRate
from recsys.ranking.user_features import activity
from recsys.ranking_metrics import popularity_weights
from recsys.serving.score_model import LEARNED
from recsys.tuning import accuracy_personalization_frontier
from recsys.tuning.accuracy_personalization_frontier import (
    DIAL,
    LOSS,
    Measured,
    _close,
    _Scores,
    described,
    frontier,
)
from recsys.tuning.choice_sets import ChoiceSets, joined
from recsys.tuning.score_model_form import LIKING, CandidateForm, CrossValidator, LabeledPairs

ITEMS = 60
FORM = CandidateForm(("share_all",), factors=(factors("als"),))
REFUSED = DislikeShare().column("refusals")


def choice_sets_of(people, popular=1.0, personal=1.0, noise=1.0, seed=0):
    """Return choices by popularity, taste and chance; popular items have the low numbers."""
    rng = np.random.default_rng(seed)
    shared = np.linspace(2, -2, ITEMS).astype(np.float32)
    taste = rng.normal(size=(people, ITEMS)).astype(np.float32)
    liking = popular * shared + personal * taste + noise * rng.gumbel(size=taste.shape)
    chosen = np.zeros(taste.shape, bool)
    chosen[np.arange(people), liking.argmax(axis=1)] = True
    columns = {
        share("share_all"): np.broadcast_to(shared, taste.shape),
        factors("als"): taste,
        LikeRate().column("liked"): np.zeros_like(taste),
        REFUSED: np.zeros_like(taste),
    }
    return ChoiceSets(
        columns,
        {name: np.zeros(people, np.float32) for name in ("activity", "habit")},
        chosen,
        np.zeros(taste.shape, np.float32),
        np.ones(people, np.int64),
        np.ones(taste.shape, bool),
        np.arange(people),
        np.broadcast_to(np.arange(ITEMS, dtype=np.int32), taste.shape),
    )


def all_points_of(choice_sets, form=FORM, seed=0):
    weights = popularity_weights(choice_sets.chosen.sum(axis=0))
    return frontier(CrossValidator.halves(choice_sets, seed), [form], weights)[1]


def points_of(choice_sets, form=FORM, seed=0):
    found = all_points_of(choice_sets, form, seed)
    dial = [one for one in found if not one.places]
    assert [one.personal for one in dial] == list(DIAL)
    chosen = [one for one in found if one.chosen]
    assert len(chosen) == 1
    return {one.personal: one for one in dial}, chosen[0]


def test_more_items_and_less_popular_ones_are_shown_up_the_dial():
    points, _ = points_of(choice_sets_of(600))
    shown = [points[place].distinct for place in (0.0, 0.5, 0.7, 1.0)]
    assert shown[0] == 10 and shown[-1] == ITEMS
    assert shown == sorted(shown)


def test_of_forms_that_are_level_the_one_that_finds_less_popular_items_is_chosen():
    sets = choice_sets_of(2000, popular=2.0)
    taste, shared = sets.columns[factors("als")], sets.columns[share("share_all")]
    plain, also_popular = factors("bpr"), factors("elsa")
    sets.columns[plain], sets.columns[also_popular] = taste - 0.2 * shared, taste + shared
    forms = [replace(FORM, factors=(column,)) for column in (also_popular, plain)]
    weights = popularity_weights(sets.chosen.sum(axis=0))
    validator = CrossValidator.halves(sets, 0)
    chosen, points = frontier(validator, forms, weights)
    alone = [
        next(one for one in frontier(validator, [form], weights)[1] if one.chosen) for form in forms
    ]
    point = next(one for one in points if one.chosen)
    assert point.debiased >= max(one.debiased for one in alone) - point.error
    assert chosen in forms


def test_the_best_place_is_kept_where_every_other_one_loses_clearly():
    points, chosen = points_of(choice_sets_of(4000, noise=0.3))
    best = max(one.ndcg for place, one in points.items() if place >= LEARNED)
    assert chosen.personal <= 0.6
    assert chosen.ndcg >= (1 - LOSS) * best
    assert points[1.0].ndcg < 0.9 * best


def test_the_history_alone_is_chosen_where_popularity_says_nothing():
    points, chosen = points_of(choice_sets_of(600, popular=0.0, noise=0.1))
    assert chosen.ndcg >= (1 - LOSS) * max(one.ndcg for one in points.values())
    assert chosen.personal > LEARNED


@pytest.mark.parametrize("seed", range(5))
def test_no_more_than_an_error_and_a_hundredth_is_paid(seed):
    points, chosen = points_of(choice_sets_of(300, noise=1.5, seed=seed), seed=seed)
    open_ = [one for place, one in points.items() if place >= LEARNED]
    best = max(open_, key=lambda one: one.ndcg)
    assert chosen is best or chosen.loss <= chosen.error + 1e-12
    assert best.ndcg - chosen.ndcg <= LOSS * best.ndcg + 1e-12
    for one in open_:
        if one.loss <= one.error and best.ndcg - one.ndcg <= LOSS * best.ndcg:
            assert one.debiased <= 1.1 * chosen.debiased


def test_where_no_place_differs_the_weights_stay_as_learned():
    alone = CandidateForm(factors=(factors("als"),))
    points, chosen = points_of(choice_sets_of(300), alone)
    assert chosen.personal == LEARNED
    assert points[0.9].ndcg == points[1.0].ndcg == chosen.ndcg


def following(choice_sets, liked):
    """Return likes and dislikes that taste tells: the first place of each row, as it was liked."""
    taste = choice_sets.columns[factors("als")].copy()
    taste[:, 0] += np.where(liked, 3.0, -3.0)
    return LabeledPairs(
        replace(choice_sets, columns={**choice_sets.columns, factors("als"): taste}), liked
    )


def test_nothing_moves_where_likes_are_told_from_dislikes():
    choice_sets = choice_sets_of(300, popular=0.0, noise=0.1)
    known = replace(choice_sets, user=choice_sets.user // 4)
    opinions = following(known, np.arange(300) % 2 == 0)
    validator = CrossValidator.halves(choice_sets, 0, opinions)
    other = replace(FORM, by_trait=(("habit", "share_all"),))
    form, found = frontier(validator, [FORM, other], np.ones(ITEMS))
    assert form == FORM
    assert [one.personal for one in found if one.chosen] == [LEARNED]
    assert all(one.auc is not None for one in found)


def test_likes_and_dislikes_count_by_how_many_users_and_dislikes_there_are():
    choice_sets = choice_sets_of(300, popular=0.0, noise=0.1)

    def liking(users: int, every: int) -> float:
        """Return the weight where every so many-th act is a dislike."""
        known = replace(choice_sets, user=np.repeat(np.arange(users), 300 // users))
        opinions = following(known, np.arange(300) % every != 0)
        return CrossValidator.halves(choice_sets, 0, opinions).liking

    assert liking(5, 2) == 0.0 and liking(30, 2) > 0.0  # five users are too few
    assert liking(30, 2) < liking(150, 2) < LIKING
    assert liking(30, 5) == pytest.approx(
        liking(30, 2), rel=0.05
    )  # one act of six is common enough
    assert liking(30, 2) > liking(30, 13) > 0 == liking(30, 25)  # 7 % count in part, 4 % do not
    assert CrossValidator.halves(choice_sets, 0).liking == 0.0


def test_likes_told_from_dislikes_by_chance_count_nothing():
    """The labels of a dozen users are drawn; those of 150 users follow the score."""
    choice_sets = choice_sets_of(300, popular=0.0)

    def certainty(users, liked):
        known = choice_sets.take(np.arange(2 * users))
        known = replace(known, user=np.repeat(np.arange(users), 2))
        return LabeledPairs(known, liked).certainty()

    draws = np.random.default_rng(0).integers(0, 2, (200, 12)).astype(bool)
    by_chance = [certainty(12, np.stack([one, ~one], axis=1).ravel()) for one in draws]
    assert np.mean(np.array(by_chance) > 0) <= 0.02
    pairs = choice_sets.columns[factors("als")][:, 0].reshape(150, 2)
    assert 0.9 < certainty(150, (pairs == pairs.max(axis=1, keepdims=True)).ravel()) < 1.0


def test_the_error_by_chance_is_that_of_drawn_scores():
    liked = np.array([True, True, False, False, False] * 20 + [True] * 5)
    known = choice_sets_of(len(liked)).take(np.arange(len(liked)))
    known = replace(known, user=np.repeat(np.arange(21), 5))
    pairs, rng = LabeledPairs(known, liked), np.random.default_rng(0)
    drawn = [pairs.auc(rng.random((len(liked), 1))) for _ in range(2000)]
    assert pairs.error_by_chance() == pytest.approx(np.std(drawn), rel=0.06)


def unequal(people, seed=0):
    """Return choices by popularity alone after short histories, by taste after long ones."""
    short, long = (
        choice_sets_of(people // 2, popular, personal, seed=seed + number)
        for number, (popular, personal) in enumerate(((2.0, 0.3), (0.3, 2.0)))
    )
    found = joined([short, long])
    length = np.repeat([-1.0, 2.0], people // 2).astype(np.float32)
    return replace(found, user_features={"activity": length, "habit": np.zeros_like(length)})


@pytest.mark.parametrize("seed", range(3))
def test_popularity_is_discounted_where_long_histories_say_more(seed):
    found = all_points_of(unequal(2000, seed), seed=seed)
    chosen = next(one for one in found if one.chosen)
    without = max(one.ndcg for one in found if not one.discount and one.personal >= LEARNED)
    assert chosen.discount > 0 and chosen.ndcg > without
    with_it = [one.personal for one in found if one.discount == chosen.discount]
    assert with_it == list(DIAL)  # what each place costs a request


@pytest.mark.parametrize(("loss", "taken"), [(0.002, True), (0.02, False)])
def test_a_level_form_with_more_debiased_ndcg_takes_the_place_of_the_best(monkeypatch, loss, taken):
    other = replace(FORM, by_trait=(("habit", "share_all"),))
    noise = np.random.default_rng(0).normal(0.0, 0.1, 400)
    noise -= noise.mean()

    def measured(validator, form, item_weights):
        values = 0.5 + (noise - loss) * (form == other)
        halves, debiased = (values[:200], values[200:]), np.full(400, 0.1 + 0.1 * (form == other))

        def at(personal, places, discount):
            return Measured(
                form, personal, places, discount, halves, debiased, 10, np.zeros(0), halves
            )

        return at

    monkeypatch.setattr(accuracy_personalization_frontier, "_measured", measured)
    sets = choice_sets_of(400)
    form, points = frontier(CrossValidator.halves(sets, 0), [FORM, other], np.ones(ITEMS))
    assert (form == other) is taken
    assert {one.debiased for one in points} == {0.2 if taken else 0.1}


@pytest.mark.parametrize(("loss", "kept"), [(1.5, True), (3.0, False)])
def test_what_another_form_loses_in_a_period_is_held_against_its_standard_error(loss, kept):
    sets = replace(choice_sets_of(400), period=np.arange(400) // 200)
    rng = np.random.default_rng(0)
    folds = [replace(sets, period=sets.period[half::2]) for half in (0, 1)]

    def measured(change):
        lists = tuple(0.5 + part for part in (change[::2], change[1::2]))
        return Measured(FORM, LEARNED, 0, 0.0, lists, np.zeros(400), 1, np.zeros(0), lists)

    change = rng.normal(0.0, 0.3, 400)
    for number, sign in ((0, -1.0), (1, 1.0)):  # means that are exact, level over all
        own = np.flatnonzero(sets.period == number)
        error = change[own].std() / np.sqrt(len(own))
        change[own] += sign * loss * error - change[own].mean()
    best, other = measured(np.zeros(400)), measured(change)
    assert _close(other, best, best.lists, folds) is kept


def test_scores_with_a_discount_are_those_of_the_score_model():
    sets = unequal(60)
    for dial in (0.25, 0.5, 0.75):
        form = replace(FORM, dial=max(dial, LEARNED), discount=0.4)
        weights = FORM.fit(sets)
        cold_user = {"share_all": 0.7, "liked": 0.25, "refusals": 1.0}
        model = replace(form.score_model(weights), cold_user_weights=cold_user).at(dial)
        found = _Scores.of(sets, FORM, weights, cold_user).at(dial, 0.4)
        if dial >= LEARNED:
            np.testing.assert_allclose(form.scores(sets, weights), found, rtol=1e-4, atol=1e-5)
        for user in (0, len(sets) - 1):
            names = ("share_all", "liked", "refusals")
            features = {"activity": float(sets.user_features["activity"][user])}
            own = model.prior_weights(names, features)
            terms = (share("share_all"), LikeRate().column("liked"), REFUSED)
            total = sum(w * sets.columns[c][user] for w, c in zip(own, terms, strict=True))
            total = total + model.terms[0].weight * sets.columns[factors("als")][user]
            np.testing.assert_allclose(found[user], total, rtol=1e-4, atol=1e-5)


def test_scores_of_a_form_on_the_dial_are_those_of_its_blend():
    choice_sets = choice_sets_of(50)
    form = CandidateForm(("share_all",), factors=(factors("als"),), dial=0.75)
    weights = form.fit(choice_sets)
    score_model = form.score_model(weights)
    assert score_model.personal == 0.75
    by_blend = score_model.priors["share_all"] * choice_sets.columns[share("share_all")]
    by_blend = by_blend + score_model.terms[0].weight * choice_sets.columns[factors("als")]
    np.testing.assert_allclose(form.scores(choice_sets, weights), by_blend, rtol=1e-4, atol=1e-5)


def test_the_record_and_the_sentence_name_the_price():
    points, chosen = points_of(choice_sets_of(300))
    every = {**points, "chosen": replace(chosen)}
    rows = [one.to_json() for one in every.values()]
    assert json.loads(json.dumps(rows)) == rows
    assert {(row["personal"], row["places"]) for row in rows if row["chosen"]} == {
        (chosen.personal, chosen.places)
    }
    result = described(tuple(every.values()))
    assert f"{chosen.ndcg:.4f}" in result and f"{points[LEARNED].debiased:.4f}" in result


def places_of(choice_sets):
    return {one.places: one for one in all_points_of(choice_sets) if one.personal == LEARNED}


def test_personal_places_show_more_items_and_are_none_for_users_without_history():
    sets = choice_sets_of(300, popular=3.0, personal=0.05, noise=0.1)
    shown = [one.distinct for one in places_of(sets).values()]
    assert shown == sorted(shown) and shown[0] < shown[1]
    cold_user_weights = replace(sets, user_features={"activity": np.full(len(sets), activity(0))})
    assert {one.distinct for one in places_of(cold_user_weights).values()} == {shown[0]}


def test_personal_places_cost_accuracy_where_the_history_says_nothing():
    points = places_of(choice_sets_of(3000, popular=1.0, personal=0.0))
    values = [one.ndcg for one in points.values()]
    assert values == sorted(values, reverse=True)
    for one in points.values():
        if one.chosen:
            assert points[0].ndcg - one.ndcg <= min(one.error, LOSS * points[0].ndcg) + 1e-12
