"""The dial of a request: the same scores for one user and for many, and trees only where tuned."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.errors import DataError
from recsys.personal_list import ListRequest
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState

NOW = worlds.topics().now
PAST = tuple(
    Interaction(item, "like", timestamp=NOW - 100.0 + place)
    for place, item in enumerate(("sea-1", "sea-2", "sea-9"))
)
TUNED = replace(worlds.WHOLE, cold_user_weights={"share_1d": 0.4, "share_all": 0.3})


def scores_of(live, personal):
    scored = Recommender(live, drift=0.0).score(Query(history=PAST, personal=personal, now=NOW))
    return scored.scores


@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_a_place_asked_for_scores_as_a_model_tuned_to_it(place):
    queried = scores_of(worlds.live(TUNED), place)
    tuned = scores_of(worlds.live(TUNED.at(place)), None)
    np.testing.assert_allclose(queried, tuned, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("place", [0.0, 0.25, 0.75])
def test_many_users_are_scored_as_one(place):
    live = worlds.live(TUNED.at(place))
    model = live.model
    rows = model.catalogue.ids.rows([one.item_id for one in PAST])
    times = np.array([one.timestamp for one in PAST])
    ends = np.array([0, len(rows)], np.int64)
    history = HistoryBatch(ends, rows, np.ones(len(rows), np.float32), times)
    found = score_block(model, history, prior_features(LiveState(model)))[0]
    np.testing.assert_allclose(found, scores_of(live, None), rtol=1e-3, atol=1e-3)


def test_the_lower_end_is_the_list_of_a_user_without_history():
    live = worlds.live(TUNED)
    service = Recommender(live)
    seen = {one.item_id for one in PAST}
    shared = [one.item_id for one in service.recommend(Query(n=64, now=NOW))]
    own = service.recommend(Query(history=PAST, personal=0.0, n=64, now=NOW))
    unseen = [item for item in shared if item not in seen]
    assert [one.item_id for one in own[:40]] == unseen[:40]  # further down items score alike


def test_the_upper_end_does_not_follow_a_trend():
    live = worlds.live(TUNED)
    for number in range(60):
        live.add_event("chess-7", "like", timestamp=NOW + number, actor=f"new-{number}")
    service = Recommender(live)
    query = Query(history=PAST, n=64, now=NOW + 60)

    def place(personal):
        found = service.recommend(replace(query, personal=personal))
        return [one.item_id for one in found].index("chess-7")

    assert place(0.0) < 5 < place(0.5) < place(1.0)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_a_place_outside_the_dial_is_refused_by_name(value):
    with pytest.raises(DataError, match="personal=.*from 0 to 1"):
        ListRequest(personal=value)
