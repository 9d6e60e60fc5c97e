"""Pool and design: what a score model is fitted on is what it is served with."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from choice_columns import factors, near, share, words

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event
from recsys.ranking import popularity_features
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.terms.neighbours import SCALES
from recsys.ranking.terms.protocol import Parameter
from recsys.ranking.terms.registry import feature_names
from recsys.ranking_metrics import Positives
from recsys.serving.live_state import LiveState
from recsys.tuning.choice_sets import (
    TOP_PER_COLUMN,
    ChoiceSets,
    build_choice_sets,
    candidate_mask,
    joined,
    masked_items,
    mean_by_period,
    sampling_log_offsets,
)
from recsys.tuning.score_model_form import CandidateForm, CrossValidator
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import validation_set_of

ROW = "share_1h"  # stands for the item's row in these tests: no design here uses it
WHOLE = CandidateForm(
    shares=("share_1d", "share_all", "liked"),
    neighbours=near("ease"),
    factors=(factors("elsa"),),
    words=(words(1.0), words(6.0), words(np.inf)),
    by_trait=(("activity", "share_1d"), ("habit", "share_all")),
    by_activity=True,
    linear=("exposure_age",),
    rating_weight=2.0,
    personal_rating=True,
)
LIFTED = CandidateForm(
    shares=("share_3d",), neighbours=near("ease"), lift=True, linear=("exposure_age",)
)


def check(people=12):
    """Return users of the world of topics, each asked for two items of his topic."""
    data = worlds.topics()
    users = np.arange(people, dtype=np.int32)
    liked = [data.item[(data.user == user) & (data.weight > 0)] for user in users]
    relevant = [
        np.setdiff1d(np.arange(32) + 32 * (rows[0] >= 32), data.item[data.user == user])[:2]
        for user, rows in zip(users, liked, strict=True)
    ]
    return ValidationSet.of_users(data, users, Positives.from_lists([w.tolist() for w in relevant]))


def features():
    found = popularity_features.prior_features(LiveState(worlds.model()))
    found[feature_names().index(ROW)] = np.arange(found.shape[1])
    return found


@pytest.fixture(scope="module")
def choice_sets():
    models = {
        "ease": replace(worlds.model(), behaviour=None),
        "elsa": replace(worlds.model(), neighbours=None),
    }
    return build_choice_sets(check(), models, (5.0, np.inf), features(), seed=0)


@pytest.mark.parametrize("design", [WHOLE, LIFTED], ids=["whole", "lifted"])
def test_what_is_fitted_is_what_is_served(choice_sets, design):
    rng = np.random.default_rng(1)
    weights = {key: float(rng.normal()) for key, _ in design.parts(choice_sets)}
    model = replace(worlds.model(), score_model=design.score_model(weights))
    shared = popularity_features.prior_features(LiveState(model))
    served = score_block(model, check().histories, shared)
    rows = choice_sets.columns[share(ROW)].astype(int)
    found = design.scores(choice_sets, weights)
    for person in range(len(choice_sets)):
        kept = np.isfinite(choice_sets.offset[person])
        assert np.allclose(found[person][kept], served[person][rows[person][kept]], atol=1e-3)


def test_everybody_chooses_among_what_is_new_to_him(choice_sets):
    queried = check()
    for person in range(len(choice_sets)):
        kept = np.isfinite(choice_sets.offset[person])
        rows = choice_sets.columns[share(ROW)][person][kept].astype(int)
        assert len(set(rows.tolist())) == len(rows)
        assert not set(rows.tolist()) & set(queried.histories[person].rows.tolist())
        mine = queried.relevant.items[
            queried.relevant.starts[person] : queried.relevant.starts[person + 1]
        ]
        assert set(rows[choice_sets.chosen[person][kept]].tolist()) == set(mine.tolist())
    assert choice_sets.relevant.tolist() == [2] * len(choice_sets)


@pytest.mark.parametrize("share_closed", [0.0, 0.3, 0.97])
def test_a_column_that_users_share_nominates_what_its_copies_would(share_closed):
    rng = np.random.default_rng(0)
    values = rng.normal(size=400).astype(np.float32)
    closed = rng.random((30, 400)) < share_closed
    shared = np.broadcast_to(values, closed.shape)
    found = candidate_mask([shared], closed)
    copied = candidate_mask([shared.copy()], closed) & ~closed
    assert (found == copied).all()
    assert (found.sum(axis=1) == np.minimum(TOP_PER_COLUMN, (~closed).sum(axis=1))).all()


def test_only_some_items_may_be_asked_for():
    queried = check(2)
    only = ValidationSet(
        queried.data, queried.histories, queried.relevant, np.array([3, 4], np.int32)
    )
    closed = masked_items(only, len(queried.data.items))
    assert set(np.flatnonzero(~closed.all(axis=0)).tolist()) <= {3, 4}


def tiny(user=(0, 1)):
    chosen = np.array([[True, False, False], [False, False, True]])
    offset = np.array([[0, 0, -np.inf], [0, 0, 0]], np.float32)
    columns = {share("a"): np.array([[3, 1, 9], [3, 2, 1]], np.float32)}
    return ChoiceSets(
        columns,
        {"t": np.zeros(2, np.float32)},
        chosen,
        offset,
        np.array([1, 2]),
        np.ones((2, 3), bool),
        np.array(user),
        np.array([[0, 1, -1], [0, 1, 2]], np.int32),
    )


def test_ndcg_by_hand():
    second = 0.5 / (1 + 1 / np.log2(3))  # found at rank 3, one of two wanted
    assert tiny().ndcg(tiny().columns[share("a")]).tolist() == pytest.approx([1.0, second])
    assert tiny((7, 7)).ndcg(tiny().columns[share("a")]).tolist() == pytest.approx(
        [(1 + second) / 2]
    )


def test_means_of_periods_by_hand():
    one, other = replace(tiny(), period=np.array([1, 0])), replace(tiny(), period=np.array([1, 1]))
    each = [np.array([0.1, 0.2]), np.array([0.3, 0.8])]
    assert mean_by_period([one, other], each).tolist() == pytest.approx([0.2, 0.4])
    assert mean_by_period([one, tiny()], each).tolist() == pytest.approx([0.35])
    assert one.take(np.array([1])).period.tolist() == [0]


@pytest.mark.parametrize(("items", "rank"), [(1, 2), (7, 8), (50, None)])
def test_a_sampled_place_takes_as_many_ranks_as_it_stands_for(items, rank):
    offset = np.array([[0, np.log(items), -np.inf], [0, 0, 0]], np.float32)
    choice_sets = replace(tiny(), offset=offset)
    found = choice_sets.ndcg(np.array([[1, 2, 9], [3, 2, 1]], np.float32))[0]
    assert found == pytest.approx(0.0 if rank is None else 1 / np.log2(rank + 1))


def test_what_was_taken_up_comes_last_among_equals():
    assert tiny().ndcg(np.zeros((2, 3), np.float32))[0] == pytest.approx(1 / np.log2(3))


def test_sampled_places_stand_for_all_others():
    closed = np.zeros((1, 5000), bool)
    picked = closed.copy()
    picked[0, :10], closed[0, 10:1000] = True, True
    offset = sampling_log_offsets(picked, closed, np.random.default_rng(0))[0]
    assert (offset[:10] == 0).all() and np.isneginf(offset[10:1000]).all()
    assert np.exp(offset[np.isfinite(offset)][10:]).sum() == pytest.approx(4000, rel=0.2)


def test_pools_join_and_part():
    both = joined([tiny(), tiny().take(np.array([1]))])
    assert len(both) == 3 and both.user.tolist() == [0, 1, 2]
    assert both.take(np.array([2])).columns[share("a")].tolist() == [[3, 2, 1]]
    assert len(joined([])) == 0


def test_halves_share_no_user():
    validator = CrossValidator.halves(tiny((4, 4)), seed=0)
    assert {sum(map(len, learn)) for learn, _ in validator.folds} == {0, 2}


def test_curves_follow_the_scales(choice_sets):
    score_model = CandidateForm(("share_all",), neighbours=near("ease")).score_model(
        {
            Parameter("popularity", "share_all", shared=True): 1.0,
            **{Parameter("neighbours", f"log {scale}"): scale for scale in SCALES},
        }
    )
    assert [(c.scale, c.weight) for c in score_model.curves] == [(s, s) for s in SCALES]
    assert (
        score_model.terms[0].half_life == 5.0 and not score_model.linear and score_model.lift == 0.0
    )


def test_asking_learns_nothing_from_what_is_asked():
    events = worlds.event_table(
        [*worlds.opinions(10), Event("reader-0", "sea-31", "like", timestamp=9e9)]
    )
    is_test = np.arange(len(events)) == len(events) - 1
    queried = validation_set_of(events, worlds.topics().table, EventWeights(), is_test)
    row = queried.data.items.row("sea-31")
    assert queried.relevant.items.tolist() == [row] and row not in queried.data.item
