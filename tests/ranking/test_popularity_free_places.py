"""Personal places: who stands in them, what all else keeps, and one answer on every way."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.ranking.gbdt_rerank import live_scores, live_scores_of, reranked_block
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.popularity_free_places import EVERY, filled
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel

NOW = worlds.topics().now
PAST = tuple(
    Interaction(item, "like", timestamp=NOW - 100.0 + place)
    for place, item in enumerate(("sea-1", "sea-2", "sea-9"))
)
PLACED = replace(worlds.WHOLE, places=2)


def ids(score_model, history=PAST, **more):
    found = Recommender(worlds.live(score_model)).recommend(
        Query(history=history, n=40, now=NOW, **more)
    )
    return [one.item_id for one in found]


def test_the_last_places_of_every_ten_are_filled_by_the_second_order():
    order, own = np.arange(14), np.arange(13, -1, -1)
    assert filled(order, own, 2).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 13, 12, 8, 9, 10, 11]
    assert filled(order, own, 0).tolist() == order.tolist()
    assert filled(order, own, 2, depth=9).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 13]
    assert filled(order, order, 3).tolist() == order.tolist()


def test_popular_items_stay_where_they_are_but_for_the_personal_places():
    plain, placed = ids(worlds.WHOLE), ids(PLACED)
    first, own = placed[: EVERY - 2], placed[EVERY - 2 : EVERY]
    assert first == plain[: EVERY - 2]
    assert placed != plain
    bold = ids(worlds.WHOLE.at(1.0))
    left = [item for item in bold if item not in first]
    assert set(own) <= set(left[:6])  # exposure age and ties by popularity apart
    assert [i for i in plain if i not in placed[:EVERY]][:4] == placed[EVERY : EVERY + 4]


def test_without_history_and_below_the_learned_weights_there_are_none():
    assert ids(PLACED, history=()) == ids(worlds.WHOLE, history=())
    assert ids(PLACED, personal=0.25) == ids(worlds.WHOLE, personal=0.25)
    assert ids(PLACED, personal=0.75) != ids(worlds.WHOLE, personal=0.75)


def test_pages_are_parts_of_one_list():
    whole = ids(PLACED)
    service = Recommender(worlds.live(PLACED))
    pages = [
        one.item_id
        for start in range(0, 40, 8)
        for one in service.recommend(Query(history=PAST, n=8, offset=start, now=NOW))
    ]
    assert pages == whole


def test_one_user_and_many_and_a_replay_have_the_same_order():
    live = worlds.live(PLACED)
    known = History.resolve(PAST, live)
    many = HistoryBatch.of_events(known.rows, known.weights, known.times, [np.arange(len(known))])
    model = live.model
    closed = np.zeros((1, len(model)), bool)
    batch = reranked_block(model, many, prior_features(LiveState(model)), closed)[0]
    open_ = np.setdiff1d(np.arange(live.size, dtype=np.int32), known.rows).astype(np.int32)
    on_the_way = live_scores(live, known, np.inf, open_)
    mask = np.zeros(live.size, bool)
    mask[open_] = True
    np.testing.assert_allclose(
        live_scores_of(live, known, np.inf, open_, mask), on_the_way[open_], rtol=1e-5, atol=1e-5
    )
    wanted = ids(PLACED)
    for scores in (batch, on_the_way):
        order = open_[np.lexsort((open_, -scores[open_]))]
        assert [live.item_id(int(row)) for row in order[: len(wanted)]] == wanted


def test_parts_of_a_score_add_up_in_a_personal_place():
    service = Recommender(worlds.live(PLACED))
    scored = service.score(Query(history=PAST, now=NOW))
    plain = Recommender(worlds.live(worlds.WHOLE)).score(Query(history=PAST, now=NOW))
    moved = np.flatnonzero(scored.scores > plain.scores)
    assert 0 < len(moved) < 20
    for row in moved.tolist():
        parts = service.parts(scored, int(scored.rows[row]))
        before = service.parts(
            replace(scored, corrections=plain.corrections), int(scored.rows[row])
        )
        gained = sum(one.value for one in parts) - sum(one.value for one in before)
        assert gained == pytest.approx(float(scored.scores[row] - plain.scores[row]), abs=1e-5)


def test_the_number_of_places_is_kept_in_a_bundle_and_checked():
    assert ScoreModel.from_json(PLACED.to_json()).places == 2
    assert ScoreModel.from_json(worlds.WHOLE.to_json()).places == 0
    for wrong in (-1, 10, 1.5, "2", None):
        with pytest.raises((TypeError, ValueError), match="places"):
            ScoreModel.from_json({**PLACED.to_json(), "places": wrong})
