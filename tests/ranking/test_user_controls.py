"""Steering: mutes hide, boosts add a bounded part that is told, the forgotten counts no more."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.ranking import user_controls
from recsys.ranking.query import Interaction, Query
from recsys.ranking.terms import control_boosts
from recsys.ranking.terms.control_boosts import UserControls
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control
from recsys.text.item_texts import documents
from recsys.text.topics.fit import TopicConfig, fit_topics

NOW = worlds.topics().now
ALL = len(worlds.model())
SAILOR = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW - 1000 + n) for n in (1, 4, 6, 9, 12))


@pytest.fixture
def service():
    model = worlds.live().model
    table = worlds.topics().table
    topics = fit_topics(documents(table), model.words, TopicConfig(2, seed=1))
    return Recommender(LiveState(replace(model, topics=topics)), drift=0.0)


def control(action, kind, value="", id=1, at=NOW):
    return Control(id, action, kind, value, at)


def queried(service, *controls, **query):
    given = {"history": SAILOR, "n": ALL, "now": NOW, "controls": controls, **query}
    return service.recommend(Query(**given))


def ids(found):
    return [one.item_id for one in found]


def score(service, item, *controls):
    return next(one.score for one in queried(service, *controls) if one.item_id == item)


@pytest.mark.parametrize(
    "kind, value, gone",
    [
        ("author", "sea-author-2", lambda n, of: of == "sea" and n % 4 == 2),
        ("category", "chess", lambda n, of: of == "chess"),
        ("tag", "tag-1", lambda n, of: n % 3 == 1),
        ("item", "sea-2", lambda n, of: (of, n) == ("sea", 2)),
        ("author", "nobody", lambda n, of: False),
    ],
)
def test_what_is_muted_is_never_shown(service, kind, value, gone):
    found = ids(queried(service, control("mute", kind, value)))
    rows = worlds.texts()
    expected = [
        item.item_id
        for item in rows
        if not gone(int(item.item_id.split("-")[1]), item.category)
        and item.item_id not in {one.item_id for one in SAILOR}
    ]
    assert sorted(found) == sorted(expected)


def test_a_muted_topic_is_never_shown_and_hides_what_is_posted_later(service):
    service.live.add_item(Item("post", title="tide sailor wave anchor", created_at=NOW + 5))
    row, topics = service.live.row, service.live.model.topics
    own = service.live.topics[row("post")]
    mute = control("mute", "topic", str(topics.ids[own]))
    assert "post" in ids(queried(service)) and "post" not in ids(queried(service, mute))
    left = [service.live.topics[row(item)] for item in ids(queried(service, mute))]
    assert left and own not in left
    for odd in ("999999", "-1", "sea", "１"):
        assert len(queried(service, control("mute", "topic", odd))) == len(queried(service))


def test_whoever_mutes_everything_gets_an_empty_list(service):
    both = [control("mute", "category", name) for name in ("sea", "chess")]
    assert queried(service, *both) == []


def test_a_boost_lifts_by_a_part_that_is_told(service):
    boost = control("boost", "category", "chess")
    before, after = score(service, "chess-2"), score(service, "chess-2", boost)
    assert after > before
    assert score(service, "sea-2") == pytest.approx(score(service, "sea-2", boost), abs=1e-5)
    one = next(e for e in queried(service, boost, explain=True) if e.item_id == "chess-2")
    result = next(reason for reason in one.reasons if reason.kind == "steered")
    assert result.value == pytest.approx(after - before, abs=1e-5)
    assert result.text == "You asked for more of chess" and sum(r.share for r in one.reasons) == (
        pytest.approx(1.0)
    )
    assert score(service, "chess-2", control("less", "category", "chess")) < before


def test_boosts_of_one_item_add_up_to_a_bound(service):
    labels = [
        ("category", "sea"),
        ("author", "sea-author-2"),
        ("tag", "tag-2"),
        ("tag", "sea"),
        ("item", "sea-2"),
    ]
    many = [control("boost", *label, id=n) for n, label in enumerate(labels)]
    request = service.score(Query(history=SAILOR, controls=tuple(many), now=NOW)).request
    row = service.live.row("sea-2")
    boosts = request.term(UserControls)
    spread, none = boosts.unit / control_boosts.BOOST, np.zeros((0, 1), np.float32)
    split = boosts.attribute(np.array([row], np.int32), none, request.table)
    parts = [float(part.values[0]) for part in split.parts]
    assert len(parts) == 5 and sum(parts) == pytest.approx(control_boosts.MOST * spread, rel=1e-5)
    assert min(parts) > 0


def test_more_like_this_lifts_what_is_like_it_most(service):
    like = user_controls.likeness(service.live, service.live.row("chess-2"), ALL)
    assert like[service.live.row("chess-2")] == 1.0 and 0 <= like.min() and like.max() <= 1
    sea, chess = like[:32].mean(), like[32:].mean()
    assert chess > 2 * sea
    more = control("boost", "item", "chess-2")
    found = queried(service, more, explain=True)
    result = next(
        r for r in next(e for e in found if e.item_id == "chess-4").reasons if r.kind == "steered"
    )
    title = service.title(service.live.row("chess-2"))
    assert result.text == f"You asked for more like “{title}”" and result.item_id == "chess-2"
    lists = [ids(queried(service, *given)) for given in ((), (more,))]
    first = [min(each.index(f"chess-{n}") for n in range(4, 8)) for each in lists]
    assert first[1] < first[0]
    assert len(queried(service, control("boost", "item", "never heard of"))) == len(found)


def test_what_is_forgotten_counts_no_more_and_does_not_come_back(service):
    forget = control("forget", "everything")
    found = queried(service, forget)
    stranger = queried(service, history=())
    assert not set(ids(found)) & {one.item_id for one in SAILOR}
    scores = {one.item_id: one.score for one in stranger}
    assert all(one.score == pytest.approx(scores[one.item_id], abs=1e-5) for one in found)
    part = control("forget", "author", "sea-author-1")  # sea-1 and sea-9
    rest = queried(service, history=tuple(o for o in SAILOR if o.item_id not in ("sea-1", "sea-9")))
    scores = {one.item_id: one.score for one in rest}
    assert all(
        one.score == pytest.approx(scores[one.item_id], abs=1e-5) for one in queried(service, part)
    )


def test_what_is_done_after_forgetting_counts(service):
    early = control("forget", "everything", at=NOW - 1000 + 5)
    late = tuple(one for one in SAILOR if one.timestamp > early.at)
    assert user_controls.without_forgotten(service.live, SAILOR, [early]) == late and len(late) == 3
    untimed = (Interaction("sea-1"),)
    assert user_controls.without_forgotten(service.live, untimed, [early]) == ()


def test_a_muted_thing_is_never_named(service):
    mute = control("mute", "author", "sea-author-1")  # sea-1 and sea-9 of the history
    title = service.title
    named = [title(service.live.row(item)) for item in ("sea-1", "sea-9")]
    found = queried(service, mute, explain=True)
    for reason in (reason for one in found for reason in one.reasons):
        assert reason.item_id not in ("sea-1", "sea-9")
        assert not {"sea-1", "sea-9"} & {item for item, _ in reason.items}
    only = tuple(one for one in SAILOR if one.item_id in ("sea-1", "sea-9"))
    alone = queried(service, mute, history=only, explain=True)
    texts = {r.text for one in alone for r in one.reasons if r.kind == "because_you"}
    assert texts and not any(name in text for name in named for text in texts)
    boosted = control("boost", "item", "sea-1", id=2)
    kinds = {r.kind for one in queried(service, mute, boosted, explain=True) for r in one.reasons}
    assert "steered" not in kinds


def test_reasons_gather_a_history_and_speak_chinese(service):
    best = queried(service, n=1, explain=True)[0]
    gathered = [r for r in best.reasons if r.kind == "because_you"]
    assert gathered and gathered[0].among >= 2 and gathered[0].items[0][0] == gathered[0].item_id
    shares = [share for _, share in gathered[0].items]
    assert sum(shares) == pytest.approx(gathered[0].share, abs=1e-5)
    chinese = queried(service, n=1, explain=True, language="zh")[0]
    assert [r.share for r in chinese.reasons] == [r.share for r in best.reasons]
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in r.text) for r in chinese.reasons)
