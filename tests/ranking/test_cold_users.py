"""Cold users: without a positive event, uptake and likes never count against an item."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from choice_columns import near, share

from recsys.ranking import popularity_features
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.gbdt_rerank import live_scores
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.score_model_form import REFUSALS, CandidateForm

NOW = worlds.topics().now
NAMES = ("share_1d", "share_all", "liked", "refusals")
ABSURD = ScoreModel(
    priors={"share_1d": -0.7, "share_all": -0.2, "liked": -0.5},
    user_features={"activity": {"share_1d": 0.3}},
)


def order(live, history=()):
    found = Recommender(live).recommend(Query(history=history, n=64, now=NOW))
    return [one.item_id for one in found], {one.item_id: one for one in found}


@pytest.mark.parametrize("newcomers", [{}, {"share_1d": 0.5, "share_all": 0.2, "refusals": 1.0}])
@pytest.mark.parametrize("history", [(), (Interaction("sea-3", "dislike", timestamp=NOW),)])
def test_an_item_that_is_taken_up_more_does_not_fall(newcomers, history):
    live = worlds.live(replace(ABSURD, cold_user_weights=newcomers))
    before = order(live, history)[0].index("sea-9")
    for number in range(40):
        live.add_event("sea-9", "like", timestamp=NOW + number, actor=f"new-{number}")
    assert order(live, history)[0].index("sea-9") <= before


def test_one_person_brings_no_page_into_the_lists_of_strangers():
    score_model = ScoreModel(cold_user_weights={"share_1h": 2.0, "share_all": 0.1})
    live = worlds.live(score_model)
    before = order(live)[0]
    for number in range(100):  # nobody else does anything in this hour
        live.add_event("sea-31", "view", timestamp=NOW + number, actor="reloader")
    after, found = order(live)
    assert after.index("sea-31") == before.index("sea-31") > 10
    assert "trending" not in [one.kind for one in found["sea-31"].reasons]
    for number in range(2):
        live.add_event("sea-31", "like", timestamp=NOW + number, actor=f"new-{number}")
    assert order(live)[0][0] == "sea-31"


@pytest.mark.parametrize("history", [(), (Interaction("sea-3", "dislike", timestamp=NOW),)])
def test_lists_of_strangers_are_the_same_one_by_one_and_together(history):
    score_model = ScoreModel(cold_user_weights={"share_1h": 2.0, "share_all": 0.1, "liked": 0.3})
    counters = dict(worlds.model().counters)
    level = counters["level"].copy()
    level[:, :5] -= level[-1, :5]  # one user each, as of now
    model = replace(
        worlds.model(), score_model=score_model, trees=None, counters=counters | {"level": level}
    )
    live = LiveState(model)
    assert live.counters.by_one_user(np.arange(live.size))[:5].all()
    known = History.resolve(history, live)
    together = HistoryBatch.of_events(
        known.rows, known.weights, known.times, [np.arange(len(known))]
    )
    wanted = score_block(model, together, popularity_features.prior_features(live))[0]
    recommender = Recommender(live, drift=0.0)
    found = recommender.score(Query(history=history, now=NOW)).scores
    assert np.allclose(found, wanted, atol=1e-5)
    assert np.allclose(live_scores(live, known, np.inf, np.zeros(0, np.int32)), wanted, atol=1e-5)


def test_what_many_refuse_is_not_first():
    live = worlds.live(
        ScoreModel(cold_user_weights={"share_all": 0.5, "liked": 0.25, "refusals": REFUSALS})
    )
    for number in range(25):
        live.add_event("chess-3", "dislike", timestamp=NOW + number, actor=f"new-{number}")
    assert order(live)[0].index("chess-3") > 30


def test_trending_is_told_only_of_what_is_taken_up():
    live = worlds.live(replace(ABSURD, cold_user_weights={}))
    history = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW) for n in range(4))
    _, found = order(live, history)
    quiet = [name for name in found if name.endswith(("-28", "-29", "-30", "-31"))]  # unread
    assert quiet
    for name in quiet:
        assert "trending" not in [one.kind for one in found[name].reasons]


def test_weights_of_newcomers_are_learned_and_never_negative():
    rng = np.random.default_rng(1)
    shares = rng.normal(size=(60, 30)).astype(np.float32)
    chosen = np.zeros(shares.shape, bool)
    chosen[np.arange(60), shares.argmin(axis=1)] = True  # what is least taken up is chosen
    choice_sets = ChoiceSets(
        {
            share("share_1d"): shares,
            share("share_all"): rng.normal(size=shares.shape).astype(np.float32),
        },
        {},
        chosen,
        np.zeros(shares.shape, np.float32),
        np.ones(60, np.int64),
        np.ones(shares.shape, bool),
        np.arange(60),
        np.broadcast_to(np.arange(30, dtype=np.int32), shares.shape),
    )
    design = CandidateForm(("share_1d", "liked"), neighbours=near("x"))
    found = design.cold_user_weights(choice_sets)
    assert min(found.values()) >= 0 and found["share_1d"] + found["share_all"] >= 0.5
    assert found["liked"] > 0 and found["refusals"] == REFUSALS


def test_an_older_blend_has_no_weights_of_newcomers_and_is_cut_at_zero():
    saved = ABSURD.to_json()
    del saved["newcomers"]
    score_model = ScoreModel.from_json(saved)
    user_features = {"activity": -2.0}
    assert score_model.prior_weights(NAMES, user_features, cold_user=True).min() == 0
    assert score_model.prior_weights(NAMES, user_features).min() < -1
