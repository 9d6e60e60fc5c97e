"""ScoreModel: what a manifest holds comes back as it went in."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import worlds

from recsys.serving.score_model import MANIFEST_NAMES, LogTerm, ScoreModel, Term


@pytest.mark.parametrize("score_model", [ScoreModel(), worlds.WHOLE], ids=["empty", "whole"])
def test_a_blend_survives_json(score_model):
    text = json.dumps(score_model.to_json(), allow_nan=False)
    assert ScoreModel.from_json(json.loads(text)) == score_model


@pytest.mark.parametrize("score_model", [ScoreModel(), worlds.WHOLE], ids=["empty", "whole"])
def test_what_is_written_is_what_json_gives_back(score_model):
    assert json.loads(json.dumps(score_model.to_json())) == score_model.to_json()


def test_every_field_is_in_the_json():
    # "passed" is the name of the weight of exposure age since the first format
    names = {MANIFEST_NAMES.get(field.name, field.name) for field in fields(ScoreModel)}
    assert set(worlds.WHOLE.to_json()) == names | {"passed"}
    assert {"traits", "taste"} <= names  # as earlier versions read them
    assert worlds.WHOLE.to_json()["passed"] == worlds.WHOLE.linear["exposure_age"]


def test_an_infinite_half_life_never_fades():
    score_model = ScoreModel(terms=(Term("words", np.inf, 2.0),))
    again = ScoreModel.from_json(json.loads(json.dumps(score_model.to_json(), allow_nan=False)))
    weights = again.history_weights("words", np.array([999.0, 0.0]), np.array([1.0, -0.5]))
    assert weights.tolist() == [2.0, -1.0]


def test_terms_of_one_scorer_add_up_and_halve_with_age():
    score_model = ScoreModel(terms=(Term("words", 2.0, 1.0), Term("words", np.inf, 3.0)))
    ages = np.array([4.0, 2.0, 0.0], np.float32)
    weights = score_model.history_weights("words", ages, np.ones(3, np.float32))
    assert weights.tolist() == [3.25, 3.5, 4.0]
    assert score_model.history_weights("behaviour", ages, np.ones(3)).tolist() == [0.0, 0.0, 0.0]
    assert score_model.uses("words") and not score_model.uses("behaviour")


def test_curves_bend_sums_and_pass_over_negative_ones():
    score_model = ScoreModel(curves=(LogTerm(0.5, 2.0), LogTerm(1.0, 1.0, by_activity=0.5)))
    found = score_model.log_transformed(np.array([-3.0, 0.0, 1.0], np.float32), 2.0)
    assert found.tolist() == pytest.approx([0.0, 0.0, 2 * np.log(3) + 2 * np.log(2)])
    each = score_model.log_transformed(
        np.ones((2, 1), np.float32), np.array([[0.0], [2.0]], np.float32)
    )
    assert each[1, 0] - each[0, 0] == pytest.approx(np.log(2))


def test_traits_move_the_weights_of_what_items_bring():
    score_model = ScoreModel(priors={"a": 1.0}, user_features={"habit": {"a": 0.5, "b": 2.0}})
    names = ("a", "b", "c")
    assert score_model.prior_weights(names, {"habit": 2.0}).tolist() == [2.0, 4.0, 0.0]
    assert score_model.prior_weights(names, {"other": 2.0}).tolist() == [1.0, 0.0, 0.0]


def test_popularity_counts_less_the_longer_a_history_is():
    names, bare = ("share_1d", "liked"), ScoreModel(priors={"share_1d": 2.0, "liked": 1.0})
    score_model = replace(bare, activity_discount=0.5, linear={"exposure_age": 1.0, "age": 1.0})
    for activity in (-1.0, 0.0, 2.0):
        factor, features = np.exp(-0.5 * activity), {"activity": activity}
        own = score_model.prior_weights(names, features)
        assert own.tolist() == pytest.approx([2.0 * factor, 1.0])  # opinions are no popularity
        assert score_model.linear_weight("exposure_age", features) == pytest.approx(factor)
        assert score_model.linear_weight("age", features) == 1.0
        for cold in (score_model, score_model.at(0.0)):
            weights = cold.prior_weights(names, features, cold_user=True)
            assert weights.tolist() == pytest.approx([2.0, 1.0])
    assert score_model.at(0.75).activity_discount == 0.5
    assert score_model.at(0.25).activity_discount == 0.25


def test_a_blend_is_a_value():
    assert replace(worlds.WHOLE, lift=0.1) != worlds.WHOLE
    assert replace(worlds.WHOLE) == worlds.WHOLE


NEWCOMERS = {"share_1d": 0.4, "share_7d": 0.6, "liked": 0.25}
TUNED = replace(worlds.WHOLE, cold_user_weights=NEWCOMERS)


def test_the_dial_ends_at_newcomers_and_at_no_popularity():
    hot, own = TUNED.at(0.0), TUNED.at(1.0)
    names = ("share_1d", "share_7d", "share_all", "liked")
    for name in names:
        assert hot.priors[name] == pytest.approx(NEWCOMERS.get(name, 0.0), abs=1e-3)
    assert [one.weight for one in hot.curves] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert (hot.lift, hot.personal_rating) == pytest.approx((0.0, 0.0), abs=1e-3)
    assert own.priors["share_1d"] == pytest.approx(0.0, abs=1e-3)
    assert own.user_features["habit"]["share_all"] == pytest.approx(0.0, abs=1e-3)
    assert own.linear["exposure_age"] == pytest.approx(0.0, abs=1e-3)
    assert own.priors["liked"] == 0.5  # an opinion, no uptake
    assert (own.terms, own.curves, own.lift) == (TUNED.terms, TUNED.curves, TUNED.lift)


def test_age_beside_histories_is_not_age_for_users_without_one():
    score_model = ScoreModel(linear={"item_age": -3.0, "exposure_age": -1.0})
    assert score_model.linear_weight("item_age", {}, cold_user=True) == -3.0  # no other is known
    bare = replace(score_model, cold_user_weights={"share_all": 1.0})
    assert bare.linear_weight("item_age", {}, cold_user=True) == 0.0
    both = replace(bare, cold_user_linear={"item_age": -0.5})
    assert both.linear_weight("item_age", {}, cold_user=True) == -0.5
    assert both.linear_weight("item_age", {}) == -3.0
    assert both.at(0.0).linear["item_age"] == pytest.approx(-0.5, abs=1e-2)
    assert both.at(0.25).linear["item_age"] == pytest.approx((-3.0 - 0.5) / 2)
    assert both.at(1.0).linear["item_age"] == -3.0
    assert ScoreModel.from_json(both.to_json()) == both


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_way_to_a_place_on_the_dial_makes_no_difference(place):
    straight = TUNED.at(place)
    around = TUNED.at(0.8).at(place)
    assert around.personal == straight.personal == place
    assert set(around.priors) == set(straight.priors)
    for name, weight in straight.priors.items():
        assert around.priors[name] == pytest.approx(weight)
    assert around.used_features == straight.used_features == TUNED.used_features


def test_half_way_down_the_dial_two_scores_are_mixed():
    score_model = replace(TUNED, user_features={}).at(0.25)
    assert score_model.priors["share_1d"] == pytest.approx((0.3 + 0.4) / 2)
    assert score_model.curves[0].weight == pytest.approx(0.2)
    assert score_model.at(0.25) is score_model


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("activity_discount", 5.1),
        ("activity_discount", -5.1),
        ("lift", 2e9),
        ("taste", "1"),
        ("personal", 1.5),
        ("personal", -0.1),
        ("unread", {"terms": []}),
        ("unread", None),
        ("unread", -1.0),
        ("appeal", []),
        ("appeal", -0.5),
        ("passed", 1e30),
        ("first_use", [60.0, "1"]),
        ("priors", {"age": 1e10}),
        ("newcomers", {"age": None}),
        ("traits", {"activity": {"age": True}}),
        ("linear", {"author_affinity": [1.0]}),
        ("terms", [{"scorer": "words", "half_life": 1e-320, "weight": 1.0}]),
        ("terms", [{"scorer": "words", "half_life": 0.0, "weight": 1.0}]),
        ("terms", [{"scorer": "words", "half_life": 10.0, "weight": 9.2e18}]),
        ("curves", [{"scale": -1.0, "weight": 1.0}]),
        ("curves", [{"scale": 1.0, "weight": 1.0, "by_activity": 1e12}]),
    ],
)
def test_numbers_that_no_score_can_be_computed_with_are_refused(name, wrong):
    plain = ScoreModel(priors={"share_1d": 0.5}).to_json()
    assert ScoreModel.from_json(plain).priors == {"share_1d": 0.5}
    with pytest.raises((TypeError, ValueError), match=r"is .*, not (a number|between)"):
        ScoreModel.from_json({**plain, name: wrong})
