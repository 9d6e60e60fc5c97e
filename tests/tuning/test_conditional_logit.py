"""Logit: weights that were planted are found again."""

import numpy as np
import pytest

from recsys.tuning.conditional_logit import Choices, fit_logit

PLANTED = np.array([1.5, -0.7, 0.0], np.float32)


def planted(people=1500, places=25, scale=(1.0, 1.0, 1.0), seed=0):
    """Return users who choose one place each by the planted weights."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((people, places, 3)).astype(np.float32)
    utility = features @ PLANTED + rng.gumbel(size=(people, places))
    chosen = np.zeros((people, places), bool)
    chosen[np.arange(people), utility.argmax(axis=1)] = True
    offset = np.zeros((people, places), np.float32)
    return Choices(features * np.array(scale, np.float32), chosen, offset)


def test_planted_weights_are_recovered():
    assert np.allclose(fit_logit(planted()), PLANTED, atol=0.12)


@pytest.mark.parametrize("start", [PLANTED, -3.0 * PLANTED, np.array([0.0, 0.0, 40.0])])
def test_where_the_search_begins_changes_nothing(start):
    choices = planted(scale=(10.0, 1.0, 0.1))
    found = fit_logit(choices, start=np.asarray(start, np.float64))
    assert np.allclose(found, fit_logit(choices), rtol=1e-3, atol=1e-4)


def test_weights_are_in_the_features_own_units():
    found = fit_logit(planted(scale=(100.0, 0.01, 1.0)))
    assert np.allclose(found * np.array([100.0, 0.01, 1.0]), PLANTED, atol=0.12)


def test_places_left_out_or_sampled_change_nothing_on_average():
    """As in choice sets: the best by a column are all there, the others are a sample."""
    whole, rng = planted(people=2000, places=100), np.random.default_rng(1)
    kept = whole.chosen | (whole.features[:, :, 0] > 0.5)
    sampled = ~kept & (rng.random(kept.shape) < 0.5)
    offset = np.where(kept, 0.0, np.where(sampled, np.log(2.0), -np.inf)).astype(np.float32)
    features = np.where(np.isfinite(offset)[:, :, None], whole.features, np.float32(99.0))
    found = fit_logit(Choices(features, whole.chosen, offset))
    assert np.allclose(found, PLANTED, atol=0.15)


def test_a_known_part_of_the_score_can_be_given():
    choices = planted()
    given = choices.features[:, :, 0] * PLANTED[0]
    found = fit_logit(Choices(choices.features[:, :, 1:], choices.chosen, given))
    assert np.allclose(found, PLANTED[1:], atol=0.12)


def test_what_is_the_same_everywhere_weighs_nothing():
    choices = planted(people=200)
    features = np.concatenate([choices.features, np.full((200, 25, 1), 7.0, "f")], axis=2)
    assert fit_logit(Choices(features, choices.chosen, choices.offset))[3] == 0.0


@pytest.mark.parametrize("people", [0, 5])
def test_nobody_who_chose_teaches_nothing(people):
    empty = np.zeros((people, 4), bool)
    found = fit_logit(Choices(np.ones((people, 4, 2), "f"), empty, np.zeros((people, 4), "f")))
    assert found.tolist() == [0.0, 0.0]


def test_one_person_with_a_certain_choice_stays_finite():
    features = np.array([[[1.0], [0.0]]], np.float32)
    found = fit_logit(Choices(features, np.array([[True, False]]), np.zeros((1, 2), "f")))
    assert np.isfinite(found).all() and found[0] > 0


def test_people_of_several_sets_are_asked_together():
    whole = planted(people=600)
    narrow = Choices(whole.features[:300, :20], whole.chosen[:300, :20], whole.offset[:300, :20])
    rest = Choices(whole.features[300:], whole.chosen[300:], whole.offset[300:])
    both = Choices.joined([narrow, rest])
    assert both.features.shape == (600, 25, 3) and both.offered.sum() == 300 * 20 + 300 * 25
    offset = np.where(both.offered, whole.offset, -np.inf).astype(np.float32)
    alone = Choices(both.features, whole.chosen & both.offered, offset)
    assert fit_logit(both) == pytest.approx(fit_logit(alone))
