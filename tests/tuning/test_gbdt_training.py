"""Trees on top of a score model: learned where they help, exact when flattened, fast when
served.
"""

import sys

import numpy as np
import pytest
from choice_columns import share

from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.user_acts_since_release import ExposureAge
from recsys.serving.gbdt_model import Gbdt
from recsys.tuning.choice_sets import AGE, ChoiceSets
from recsys.tuning.engine_selection import Log
from recsys.tuning.gbdt_training import (
    GbdtFit,
    _has_enough_data,
    fit_gbdt_if_better,
    fit_trees,
    from_booster,
)
from recsys.tuning.model_selection import _corrected
from recsys.tuning.score_model_form import CandidateForm

DESIGN = CandidateForm(("share_3d",))


def choice_sets_of(people=500, places=40, log_transformed=2.0, seed=0):
    """Return users who choose by share, and by age in a way that no line can follow."""
    rng = np.random.default_rng(seed)
    popular, age = rng.normal(size=(2, people, places)).astype(np.float32)
    liking = popular + log_transformed * (np.abs(age) < 0.5)
    best = np.argmax(liking + rng.gumbel(size=liking.shape), axis=1)
    chosen = np.zeros(liking.shape, bool)
    chosen[np.arange(people), best] = True
    noise = rng.normal(size=liking.shape).astype(np.float32)
    columns = {
        **{share(name): noise for name in SHARES},
        share("share_3d"): popular,
        AGE: age,
        ExposureAge().column(): noise,
    }
    user_features = {name: np.zeros(people, np.float32) for name in ("activity", "habit", "gap")}
    return ChoiceSets(
        columns,
        user_features,
        chosen,
        np.zeros(chosen.shape, np.float32),
        np.ones(people, np.int64),
        np.ones(chosen.shape, bool),
        np.arange(people),
        np.broadcast_to(np.arange(chosen.shape[1], dtype=np.int32), chosen.shape),
    )


def shuffled(choice_sets, seed=1):
    rng = np.random.default_rng(seed)
    chosen = rng.permuted(choice_sets.chosen, axis=1)
    columns = {name: values.copy() for name, values in choice_sets.columns.items()}
    return ChoiceSets(
        columns,
        choice_sets.user_features,
        chosen,
        choice_sets.offset,
        choice_sets.relevant,
        choice_sets.inside,
        choice_sets.user,
        choice_sets.rows,
    )


def booster_of(choice_sets, rounds=30):
    gbdt_fit = GbdtFit.of(choice_sets, DESIGN, DESIGN.fit(choice_sets))
    return fit_trees([gbdt_fit], rounds), gbdt_fit.features.reshape(-1, gbdt_fit.features.shape[2])


@pytest.mark.parametrize("in_time", [False, True])
def test_what_no_line_can_follow_is_learned(in_time):
    found = fit_gbdt_if_better(choice_sets_of(), DESIGN, in_time)
    assert found.trees is not None and found.gain > 1.1
    assert len(found.trees) == found.rounds > 0


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_labels_gain_nothing(seed):
    assert (
        fit_gbdt_if_better(shuffled(choice_sets_of(seed=seed), seed), DESIGN, in_time=False).trees
        is None
    )


def test_where_the_blend_says_it_all_there_are_no_trees():
    assert (
        fit_gbdt_if_better(choice_sets_of(log_transformed=0.0), DESIGN, in_time=False).trees is None
    )


def test_few_people_teach_no_trees():
    assert fit_gbdt_if_better(choice_sets_of(people=100), DESIGN, in_time=False).trees is None


def test_what_is_in_the_pool_for_being_chosen_teaches_nothing():
    choice_sets = choice_sets_of()
    added = ~choice_sets.chosen & choice_sets.inside
    outside = ChoiceSets(
        choice_sets.columns,
        choice_sets.user_features,
        choice_sets.chosen,
        choice_sets.offset,
        choice_sets.relevant,
        added,
        choice_sets.user,
        choice_sets.rows,
    )
    assert fit_gbdt_if_better(outside, DESIGN, in_time=False).trees is None


def test_flat_trees_say_what_the_booster_says():
    booster, rows = booster_of(choice_sets_of(200))
    for rounds in (1, 30):
        flat = from_booster(booster, rounds)
        result = booster.predict(rows, num_iteration=rounds)
        np.testing.assert_allclose(flat.scores(rows), result, rtol=1e-5, atol=1e-6)


def test_trees_survive_arrays_and_json():
    flat = from_booster(booster_of(choice_sets_of(200))[0], 5)
    rows = np.random.default_rng(2).normal(size=(50, len(flat.names))).astype(np.float32)
    for again in (Gbdt.from_arrays(flat.arrays()), Gbdt.from_json(flat.to_json())):
        assert again.names == flat.names and again.depth == flat.depth
        np.testing.assert_array_equal(again.scores(rows), flat.scores(rows))


def test_a_feature_that_is_not_finite_is_refused():
    flat = from_booster(booster_of(choice_sets_of(200))[0], 5)
    with pytest.raises(FloatingPointError):
        flat.scores(np.full((3, len(flat.names)), np.nan, np.float32))


def test_a_hundred_trees_judge_two_hundred_items_at_once():
    booster, rows = booster_of(choice_sets_of(), 100)
    flat, rows = from_booster(booster, 100), rows[:200]
    together = flat.scores(rows)
    assert len(flat) == 100 and together.shape == (200,) and flat.depth <= 8
    assert together.tolist() == [float(flat.scores(row[None])[0]) for row in rows]


@pytest.mark.parametrize(
    ("gains", "place"),
    [
        ([1.02, 1.034, 1.035, 1.036], 1),
        ([1.0, 1.0, 1.0, 1.0], 0),
        ([0.99, 0.98, 0.97, 0.96], 0),
        ([1.001, 1.002, 1.01, 1.03], 3),
    ],
)
def test_the_fewest_trees_with_nearly_the_best_gain(gains, place):
    assert _has_enough_data(np.array(gains)) == place


class WithoutOpenMP:
    """An import hook: LightGBM on a system without the OpenMP library."""

    def find_spec(self, name, *_):
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return None


def test_a_system_without_openmp_fits_no_trees_and_says_so(monkeypatch):
    """The night ended with the error of the loader, after all of its tuning."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "lightgbm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [WithoutOpenMP(), *sys.meta_path])
    said = []
    assert _corrected(choice_sets_of(), DESIGN, False, 0, Log(said.append)) is None
    assert said == [
        "no trees: LightGBM cannot be loaded (libgomp.so.1: cannot open shared object file);"
        " on Linux it needs libgomp"
    ]
