"""Recommender: what comes back, in which order, and why."""

import numpy as np
import pytest
import worlds
from worlds import WHOLE

from recsys.data.records import Item
from recsys.ranking import popularity_features
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.query import Filters, Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.store.user_controls import Control

NOW = worlds.topics().now
ALL = len(worlds.model())


def likes(*items, event="like"):
    return tuple(Interaction(item, event, timestamp=NOW - 1000 + n) for n, item in enumerate(items))


SAILOR = likes("sea-1", "sea-4", "sea-6")
NEGATIVE = likes("sea-1", "sea-4", event="dislike") + likes("sea-6", event="report")


@pytest.fixture
def service():
    return Recommender(worlds.live(), drift=0.0)


def ids(found):
    return [one.item_id for one in found]


def queried(service, **query):
    return service.recommend(Query(**{"history": SAILOR, "n": ALL, "now": NOW, **query}))


def test_seen_items_never_come_back_and_all_others_do(service):
    for history in (SAILOR, NEGATIVE, likes("sea-1", event="view"), ()):
        found = ids(queried(service, history=history))
        assert len(set(found)) == len(found) == ALL - len(history)
        assert not set(found) & {one.item_id for one in history}


def test_a_sailor_is_shown_the_sea_in_both_languages(service):
    found = ids(queried(service, n=12))
    assert all(item.startswith("sea") for item in found)
    assert {int(item.split("-")[1]) % 2 for item in found} == {0, 1}


def test_pages_join_to_one_list(service):
    whole = queried(service, n=30)
    first, second = queried(service, n=10), queried(service, n=20, offset=10)
    assert ids(first) + ids(second) == ids(whole)
    assert [one.rank for one in first + second] == list(range(1, 31))
    assert [one.score for one in whole] == sorted((one.score for one in whole), reverse=True)
    assert queried(service, offset=ALL) == []


def test_many_queries_get_the_lists_that_each_gets_alone(service):
    queries = [Query(history=h, n=15, now=NOW) for h in (SAILOR, NEGATIVE, likes("chess-2"), ())]
    for query, found in zip(queries, service.recommend_many(queries), strict=True):
        alone = service.recommend(query)
        assert [(r.item_id, r.score, r.rank) for r in found] == [
            (r.item_id, r.score, r.rank) for r in alone
        ]
        assert not any(one.reasons for one in found) and any(one.reasons for one in alone)


def test_the_same_query_gives_the_same_list(service):
    assert queried(service) == queried(service)


TERMS = {term.scorer: term for term in WHOLE.terms}
INGREDIENTS = {
    "curves": ScoreModel(terms=(TERMS["neighbours"],), curves=WHOLE.curves),
    "lift": ScoreModel(terms=(TERMS["neighbours"],), lift=0.5),
    "words": ScoreModel(terms=(TERMS["words"],)),
    "behaviour": ScoreModel(terms=(TERMS["behaviour"],)),
    "taste": ScoreModel(personal_rating=2.0),
    "aged": ScoreModel(linear={"item_age": -0.5}),
    "aged for newcomers": ScoreModel(
        linear={"item_age": -0.5},
        cold_user_weights={"share_all": 0.7},
        cold_user_linear={"item_age": -0.2},
    ),
    "category": ScoreModel(linear={"category_affinity": 0.7, "author_affinity": -0.3}),
    "old first": ScoreModel(linear={"item_age": 0.5}),
    "passed": ScoreModel(linear={"exposure_age": -0.5}),
    "waited": ScoreModel(linear={"exposure_age": 0.5}),
    "priors": ScoreModel(priors=WHOLE.priors),
    "traits": ScoreModel(priors=WHOLE.priors, user_features=WHOLE.user_features),
    "whole": WHOLE,
}


STEERED = (
    Control(1, "boost", "author", "sea-author-1", 0.0),
    Control(2, "less", "item", "chess-3", 0.0),
    Control(3, "boost", "tag", "tag-2", 0.0),
    Control(4, "boost", "category", "sea", 0.0),
)


@pytest.mark.parametrize(
    "history",
    [SAILOR, NEGATIVE, (*SAILOR, *NEGATIVE[:1]), ()],
    ids=["likes", "dislikes", "both", "none"],
)
@pytest.mark.parametrize("name", INGREDIENTS)
def test_the_parts_of_a_score_add_up_to_it(name, history):
    """Up to one number that is the same for all items; also for what was posted since."""
    live = worlds.live(INGREDIENTS[name])
    live.add_item(Item("post", title="tide 海", created_at=NOW + 5))
    live.add_item(Item("sea-10", title="wave tide", category="sea"))
    live.add_event("rumour", "like", timestamp=NOW + 6)
    history = (*history, *likes("post")) if history else history
    service = Recommender(live, drift=0.0)
    query = Query(history=history, words="chess rook", interests=("帆",), now=NOW, controls=STEERED)
    scored = service.score(query)
    sums = [sum(p.value for p in service.parts(scored, row)) for row in range(live.size)]
    rest = scored.scores - np.array(sums)
    assert np.ptp(rest) < 1e-5 * max(1.0, float(np.abs(scored.scores).max()))


def test_reasons_name_what_speaks_for_an_item(service):
    best = queried(service, n=1, explain=True)[0]
    assert sum(reason.share for reason in best.reasons) == pytest.approx(1.0)
    because = [r for r in best.reasons if r.kind == "because_you"]
    assert {r.item_id for r in because} <= {one.item_id for one in SAILOR} and because
    assert [r.share for r in best.reasons] == sorted((r.share for r in best.reasons), reverse=True)
    assert all(reason.text for reason in best.reasons)


def test_words_asked_for_and_interests_are_told_apart(service):
    kinds = {r.kind for r in queried(service, history=(), words="棋", n=1, explain=True)[0].reasons}
    assert "search" in kinds and "interests" not in kinds
    stated = queried(service, history=(), interests=("棋",), n=1, explain=True)[0]
    assert "interests" in {r.kind for r in stated.reasons}
    assert "search" not in {r.kind for r in stated.reasons}
    assert stated.item_id.startswith("chess")


def test_what_came_since_the_readers_last_event_is_told_to_be_new():
    service = Recommender(worlds.live(ScoreModel(linear={"exposure_age": -1.0})), drift=0.0)
    service.live.add_item(Item("post", created_at=NOW + 5))
    best = queried(service, n=1)[0]
    assert best.item_id == "post" and best.source == "fresh"


@pytest.mark.parametrize("name", INGREDIENTS)
def test_a_block_of_histories_scores_as_requests_do(name):
    data = worlds.topics()
    live = worlds.live(INGREDIENTS[name])
    service = Recommender(live, drift=0.0)
    users = np.array([0, 7, 21, -1], np.int32)
    histories = HistoryBatch.of_dataset(data, users)
    block = score_block(live.model, histories, popularity_features.prior_features(live))
    for place, user in enumerate(users.tolist()):
        mine = np.flatnonzero(data.user == user)
        history = tuple(
            Interaction(
                data.items[int(data.item[at])],
                "like" if data.weight[at] > 0 else "dislike",
                timestamp=float(data.time[at]),
            )
            for at in mine
        )
        scores = service.score(Query(history=history, now=NOW)).scores
        assert np.allclose(block[place], scores, atol=1e-4)
        top = ids(service.recommend(Query(history=history, n=10, now=NOW)))
        mask = ~np.isin(np.arange(ALL), data.item[mine])
        order = [row for row in np.argsort(-block[place], kind="stable") if mask[row]]
        gaps = np.diff(-block[place][order[:11]])
        if (gaps > 1e-4).all():
            assert top == [data.items[int(row)] for row in order[:10]]


def test_whoever_dislikes_everything_still_gets_finite_scores(service):
    found = queried(service, history=NEGATIVE)
    assert len(found) == ALL - len(NEGATIVE)
    assert np.isfinite([one.score for one in found]).all()
    top = ids(queried(service, history=NEGATIVE, n=10))
    assert sum(item.startswith("chess") for item in top) > 5


@pytest.mark.parametrize("world", [worlds.one_user_one_item, worlds.nothing])
def test_hardly_any_data_is_served(world):
    score_model = ScoreModel(
        (Term("neighbours", 5.0, 1.0),),
        (LogTerm(0.1, 1.0),),
        {"share_all": 1.0, "liked": 0.3},
        lift=0.2,
        linear={"exposure_age": -0.2},
    )
    data = world()
    service = Recommender(LiveState(worlds.plain(data, score_model)))
    assert sorted(ids(service.recommend(Query(n=9)))) == sorted(data.items)
    rest = service.recommend(Query(history=likes(data.items[0], "never heard of"), n=9))
    assert data.items[0] not in ids(rest) and len(rest) == len(data.items) - 1


def test_a_click_changes_the_next_answer(service):
    before = queried(service, history=(), n=10)
    after = queried(service, history=likes("chess-2"), n=10)
    assert ids(before) != ids(after)
    assert sum(i.startswith("chess") for i in ids(after)) > 5
    for _ in range(40):  # of all the others
        service.live.add_event("sea-30", "like", timestamp=NOW + 1)
    assert ids(queried(service, history=(), n=1)) == ["sea-30"]


def test_a_post_in_chinese_is_found_by_similar_chinese_words(service):
    service.live.add_item(Item("post", title="海浪", created_at=NOW))
    service.live.add_item(Item("other", title="棋局", created_at=NOW))
    fresh = Filters(max_age=60.0)
    assert ids(queried(service, words="帆船", filters=fresh)) == ["post", "other"]
    assert ids(queried(service, words="海浪", history=(), filters=fresh)) == ["post", "other"]
    assert ids(queried(service, words="卒", history=(), filters=fresh)) == ["other", "post"]


def test_what_is_excluded_stays_out(service):
    out = frozenset(ids(queried(service, n=5))) | {"never heard of"}
    found = ids(queried(service, exclude=out))
    assert not out & set(found) and len(found) == ALL - len(SAILOR) - 5


def test_a_filter_makes_no_reason_out_of_next_to_nothing(service):
    """The best of a filtered list is judged beside the best of all, not alone."""
    service.live.add_item(Item("mixed", title="海浪 卒", category="mixed", created_at=NOW))
    (whole,) = [one for one in queried(service) if one.item_id == "mixed"]
    (filtered,) = queried(service, filters=Filters(category=frozenset(("mixed",))))
    assert filtered.reasons == whole.reasons
    assert "because_you" not in [reason.kind for reason in filtered.reasons]
    (sea, *_) = queried(service, filters=Filters(category=frozenset(("sea",))))
    assert "because_you" in [reason.kind for reason in sea.reasons]
