"""The contract of score terms, which every registered term has to keep."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from worlds import WORDS

from recsys.data.records import Item
from recsys.explain.score_parts import attributions
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_cache import ItemFeatureCache
from recsys.ranking.live_ego_network import AroundUser
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.query import Interaction, Query
from recsys.ranking.request_scorer import Request
from recsys.ranking.social_signals import EgoNetwork
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.ranking.terms.protocol import ALWAYS, BatchContext, CutContext, ReplayContext
from recsys.ranking.terms.registry import TERMS, feature_names, linear_terms, social_terms
from recsys.ranking.terms.social import SHORT
from recsys.ranking.trend_boost_table import TrendBoostTable
from recsys.ranking.user_features import user_features_of
from recsys.ranking.user_term_scores import UserTerms
from recsys.store.user_controls import Control

NOW = worlds.topics().now
PAST = tuple(
    Interaction(item, kind, timestamp=NOW - 100.0 + place)
    for place, (item, kind) in enumerate(
        [("sea-1", "like"), ("sea-2", "like"), ("chess-3", "dislike"), ("sea-9", "like")]
    )
)
HISTORIES = {"none": (), "one": PAST[:1], "several": PAST, "dislike": PAST[2:3]}
ASKED = Query(
    words=WORDS["sea"][0],
    interests=(WORDS["chess"][1],),
    controls=(
        Control(1, "boost", "item", "sea-4", 0.0),
        Control(2, "less", "category", "chess", 0.0),
    ),
    follows=("sea-author-1",),
    repeat=True,
    now=NOW,
)


def network_of(live):
    """Return three followees and two people beyond, some of whose acts are public."""
    rows = np.array([0, 3, 7, 3, 7, 9, 3, 7, 20, 5, 6], np.int32)
    return EgoNetwork(
        follows=np.array([True, True, True, False, False]),
        followed_by=np.array([True, False, False, True, False]),
        closeness=np.array([0.5, 0.1, 0.1, 0, 0], np.float32),
        ways=np.array([0, 0, 0, 0, 0.4], np.float32),
        counts=np.array([3, 3, 3, 1, 1]),
        rows=rows,
        days=np.full(len(rows), NOW / 86_400 - 3),
        public=np.isin(rows, [20, 5, 6]),
    )


def authors_of(live):
    return np.array(sorted(live.codes("author", "sea-author-1")), np.int32)


def social(history, live):
    signals = network_of(live).signals(
        history.rows[history.weights > 0], authors_of(live), live.counters.newest / 86_400
    )
    return replace(history, social=signals)


def resolved(past, live):
    return social(History.resolve(past, live), live)


def with_weights(live):
    """Give all terms of one weight theirs, terms of follows both of theirs."""
    names = [name for term in social_terms() for name in (term.name, term.name + SHORT)]
    linear = {name: 0.3 - 0.05 * place for place, name in enumerate(names)}
    model = live.model.score_model
    linear |= {term.name: 0.1 for term in linear_terms() if term.name not in linear}
    linear, priors = {**linear, **model.linear}, {**model.priors, "refusals": 0.1}
    score_model = replace(model, linear=linear, priors=priors)
    live.model = replace(live.model, score_model=score_model)
    return live


def live_state(later=()):
    live = with_weights(worlds.live())
    live.marks.some = True
    live.marks.score[: live.size] = np.linspace(0, 1, live.size)
    for number, item in enumerate(later):
        live.add_item(Item(item, title=WORDS["sea"][1], created_at=NOW + number))
    return live


def rising_of(live):
    items = np.array([3, 40], np.int32)
    return TrendBoostTable(
        items, np.ones(2, np.float32), (), np.zeros((0, live.size), np.float32), 0.05
    )


def request_of(live, history):
    around = AroundUser(live, network_of(live), authors_of(live), 0)
    query = replace(ASKED, history=history, around=around)
    return Request.of(query, live, ItemFeatureCache(live, 0.0), rising_of(live))


def bound_in(request, term):
    return next((bound for one, bound in request.terms if one is term), None)


def score_of(request, term, bound, rows):
    """Return a term's whole score: item features, text vectors, constant and its own."""
    features = request.table.values_of(term.name, rows)
    found = bound.feature_weights @ features if len(features) else np.zeros(len(rows), np.float32)
    found = found + np.float32(bound.constant) + bound.score(rows)
    if bound.text_vector is not None:
        found = found + request.word_scores(rows, bound.text_vector)
    return found


@pytest.fixture(params=TERMS, ids=lambda term: term.name)
def term(request):
    return request.param


@pytest.fixture(params=HISTORIES)
def history(request):
    return HISTORIES[request.param]


@pytest.mark.parametrize(
    "later", [(), ("later-1", "later-2")], ids=["no later item", "later items"]
)
def test_base_history_and_parts_add_up_to_the_score(term, history, later):
    request = request_of(live_state(later), history)
    rows = np.arange(request.size, dtype=np.int32)
    splits = dict(
        zip([one.name for one, _ in request.terms], attributions(request, rows), strict=True)
    )
    bound = bound_in(request, term)
    if bound is None:
        assert term.name not in splits
        return
    split, score = splits[term.name], score_of(request, term, bound, rows)
    assert np.isfinite(score).all()
    total = np.full(len(rows), split.base) + sum((part.values for part in split.parts), 0.0)
    if split.history is not None:
        assert split.history.shape == (len(request.history), len(rows))
        total = total + split.history.sum(axis=0)
    assert total == pytest.approx(score, abs=2e-4)


def test_all_terms_add_up_to_the_score_of_a_request(history):
    request = request_of(live_state(("later-1",)), history)
    rows = np.arange(request.size, dtype=np.int32)
    total = sum(score_of(request, term, bound, rows) for term, bound in request.terms)
    assert total == pytest.approx(request.scores(rows), abs=2e-4)


def test_no_score_exceeds_the_bound_of_its_block(term, history):
    request = request_of(live_state(), history)
    bound = bound_in(request, term)
    if bound is None:
        return
    table, rows = request.table, np.arange(request.table.size, dtype=np.int32)
    exceptions = bound.exceptions()
    others = rows if exceptions is None else np.setdiff1d(rows, exceptions)
    most = np.broadcast_to(bound.bound(table), table.low.shape[1:])
    assert (bound.score(others) <= most[table.block_of(others)] + 1e-5).all()


def test_the_scores_of_many_users_are_those_of_each(term):
    live = with_weights(worlds.live())
    model, request = live.model, {}
    histories = [resolved(past, live) for past in HISTORIES.values()]
    many = HistoryBatch(
        np.cumsum([0, *map(len, histories)]).astype(np.int64),
        np.concatenate([one.rows for one in histories]),
        np.concatenate([one.weights for one in histories]),
        np.concatenate([one.times for one in histories]),
        tuple(one.social for one in histories),
    )
    features = dict(zip(feature_names(), prior_features(live), strict=True))
    user_features = [user_features_of(one, model.catalogue.created) for one in histories]
    found = term.batch(BatchContext(model, model.score_model, many, user_features, features))
    if found is None:
        found = np.zeros((len(histories), len(model)), np.float32)
    rows = np.arange(len(model), dtype=np.int32)
    for place, one in enumerate(histories):
        request = Request.of(Query(now=NOW), live, ItemFeatureCache(live, 0.0))
        bound = UserTerms.of(one, live).terms.get(term.name)
        single = 0.0 if bound is None else score_of(request, term, bound, rows)
        assert found[place] == pytest.approx(single, abs=1e-4)


def test_columns_of_a_cut_and_of_a_replay_are_the_same(term):
    live = with_weights(worlds.live())
    model = live.model
    history = resolved(PAST, live)
    one = HistoryBatch(
        np.array([0, len(history)], np.int64),
        history.rows,
        history.weights,
        history.times,
        (history.social,),
    )
    features = dict(zip(feature_names(), prior_features(live, NOW), strict=True))
    created = model.catalogue.created
    cut = term.columns(CutContext({"ease": model}, (5.0, np.inf), one, features, created))
    rows = np.arange(live.size, dtype=np.int32)
    replay = term.replay_columns(
        ReplayContext({"ease": live}, (5.0, np.inf), history, history.times, NOW, rows)
    )
    if replay:
        assert cut.keys() == replay.keys()
    for column, values in replay.items():
        assert np.isfinite(values).all()
        assert cut[column][0] == pytest.approx(values, abs=1e-4), column


def test_columns_of_some_rows_are_those_of_all(term):
    live = with_weights(worlds.live())
    history = resolved(PAST, live)
    rows = np.arange(live.size, dtype=np.int32)
    whole = ReplayContext({"ease": live}, (5.0, np.inf), history, history.times, NOW, rows)
    some = replace(whole, rows=rows[3:40:4])
    expected = term.replay_columns(whole)
    found = term.replay_columns(some)
    assert found.keys() == expected.keys()
    for column, values in found.items():
        assert values == pytest.approx(expected[column][some.rows], abs=1e-6), column


def test_the_best_rows_of_a_users_column_are_nominated(term):
    live = with_weights(worlds.live())
    history = resolved(PAST, live)
    rows = np.arange(live.size, dtype=np.int32)
    context = ReplayContext({"ease": live}, (5.0, np.inf), history, history.times, NOW, rows)
    if isinstance(term, ItemFeatureTerm):
        return  # the same for all users, see `recsys.tuning.replay_candidate_shortlist`
    nominees = term.nominees(context, 10)
    assert ((nominees >= 0) & (nominees < live.size)).all()
    for column, values in term.replay_columns(context).items():
        best = values[np.argsort(-values)[:10]]
        if column.nominates == ALWAYS and (best > 0).any() and values.any():
            least = best[best > 0].min()
            assert np.isin(np.flatnonzero(values >= least), nominees).all(), column


def test_every_kind_of_part_has_a_source(term):
    request = request_of(live_state(), PAST)
    for (one, _), split in zip(request.terms, attributions(request, np.arange(3)), strict=True):
        assert {part.kind for part in split.parts} <= one.sources.keys()


def test_all_terms_of_a_rich_request_are_bound():
    request = request_of(live_state(), PAST)
    assert [term.name for term, _ in request.terms] == [term.name for term in TERMS]


def test_terms_that_nothing_reads_are_not_bound():
    live = worlds.live()
    live.model = replace(live.model, trees=None)
    found = {term.name for term, _ in request_of(live, PAST).terms}
    model = live.model.score_model
    unread = {term.name for term in linear_terms() if not model.linear.get(term.name)}
    assert "refusals" not in model.priors and unread
    assert not found & {*unread, "refusals"}
    assert "popularity" in found


def test_a_block_is_the_sum_of_the_terms():
    live = with_weights(worlds.live())
    history = resolved(PAST, live)
    one = HistoryBatch(
        np.array([0, len(history)], np.int64),
        history.rows,
        history.weights,
        history.times,
        (history.social,),
    )
    block = score_block(live.model, one, prior_features(live))[0]
    assert block == pytest.approx(UserTerms.of(history, live).scores(), abs=1e-4)
