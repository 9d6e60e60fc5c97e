"""A score term from outside: one class, registered once, is tuned, served and explained."""

import numpy as np
import pytest
import worlds
from choice_columns import share

from recsys.explanation import explain
from recsys.ranking.query import Interaction, Query
from recsys.ranking.terms import registry
from recsys.ranking.terms.like_rate import LikeRate
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.recommender import Recommender
from recsys.serving.score_model import ScoreModel
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.score_model_form import CrossValidator
from recsys.tuning.score_model_form_search import Search


class EvenRows(LinearTerm):
    """1 for every second item."""

    name = "even_rows"
    kind = "popular"

    def live_values(self, live, history, times, rows):
        return (rows % 2 == 0).astype(np.float32)

    def model_values(self, model, history):
        return (np.arange(len(model)) % 2 == 0).astype(np.float32)


@pytest.fixture
def even():
    term = EvenRows()
    registry.register(term)
    yield term
    registry.TERMS.remove(term)


def test_a_taken_name_is_refused(even):
    with pytest.raises(ValueError, match="'even_rows' is registered already"):
        registry.register(EvenRows())


def test_it_is_served_and_explained(even):
    live = worlds.live(ScoreModel(priors={"share_all": 1.0}, linear={"even_rows": 9.0}))
    service = Recommender(live)
    query = Query(history=(Interaction("sea-1", "like", timestamp=0.0),), n=10)
    found = service.recommend(query)
    assert all(live.row(one.item_id) % 2 == 0 for one in found)
    result = explain(service, query, found[0].item_id)
    assert result.base + sum(part.value for part in result.parts) == pytest.approx(
        result.score, abs=1e-3
    )


def test_a_search_chooses_it_where_it_helps(even):
    rng = np.random.default_rng(0)
    popular = rng.normal(size=(400, 30)).astype(np.float32)
    value = rng.normal(size=popular.shape).astype(np.float32)
    chosen = np.zeros(popular.shape, bool)
    chosen[np.arange(400), (value + 0.1 * popular).argmax(axis=1)] = True
    choice_sets = ChoiceSets(
        {share("share_all"): popular, even.column(): value, LikeRate().column("liked"): 0 * value},
        {name: np.zeros(400, np.float32) for name in ("activity", "habit")},
        chosen,
        np.zeros(popular.shape, np.float32),
        np.ones(400, np.int64),
        np.ones(popular.shape, bool),
        np.arange(400),
        np.broadcast_to(np.arange(30, dtype=np.int32), popular.shape),
    )
    search = Search(CrossValidator.halves(choice_sets, 0), lambda text: None, [])
    form = search.grow(False, choice_sets.columns, voted=False)
    assert "even_rows" in form.linear
    assert form.score_model(form.fit(choice_sets)).linear["even_rows"] > 1
