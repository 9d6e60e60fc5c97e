"""LiveState: what is posted, clicked, edited and removed between two nights."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.ranking.query import Filters, Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_event import LiveEvent, weights_of
from recsys.serving.live_state import LiveState
from recsys.text.item_texts import documents
from recsys.text.topics.fit import TopicConfig, fit_topics

NOW = worlds.topics().now
SAILOR = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW - 10 + n) for n in (1, 4, 6))
ALL = len(worlds.model())


@pytest.fixture
def live():
    return worlds.live()


def listed(live, n=ALL, **queried):
    query = Query(history=SAILOR, n=n, now=NOW, **queried)
    return [r.item_id for r in Recommender(live, drift=0.0).recommend(query)]


def scores(live):
    query = Query(history=SAILOR, n=ALL, now=NOW)
    return {r.item_id: r.score for r in Recommender(live, drift=0.0).recommend(query)}


def test_a_new_item_is_found_at_once(live):
    live.add_item(Item("new", title="tide wave", category="sea", created_at=NOW))
    assert live.size == ALL + 1 and live.row("new") == ALL and live.item_id(ALL) == "new"
    assert "new" in listed(live)
    assert listed(live, words="tide wave", n=3, filters=Filters(max_age=60.0)) == ["new"]


def test_new_labels_and_tags_filter_like_old_ones(live):
    live.add_item(Item("new", title="tide", tags=("brand-new", "sea"), author_id="somebody"))
    assert listed(live, filters=Filters(tags=frozenset({"brand-new"}))) == ["new"]
    assert listed(live, filters=Filters(author=frozenset({"somebody"}))) == ["new"]
    assert "new" in listed(live, filters=Filters(tags=frozenset({"sea"})))
    assert live.document(ALL)["author_id"] == "somebody"


@pytest.fixture(scope="module")
def told_apart():
    """The world's model with its two topics, learned from what is in English."""
    model, texts = worlds.model(), documents(worlds.topics().table)
    topics = fit_topics(texts[::2], model.words[::2], TopicConfig(n_topics=2))
    return replace(model, topics=replace(topics, items=topics.assign(texts, model.words)[0]))


def test_items_old_and_new_have_topics(told_apart):
    live, about = LiveState(told_apart), {}
    for name in ("sea", "chess"):
        rows = [live.row(f"{name}-{n}") for n in range(worlds.EACH)]
        assert len(set(live.topics[rows])) == 1
        about[name] = live.topics[rows[0]]
    assert set(about.values()) == {0, 1}
    live.add_item(Item("new", title="sailor anchor"))
    live.add_item(Item("neu", title="棋局", tags=("chess",)))
    live.add_item(Item("riddle", title="???"))
    live.add_event("rumour", "like", timestamp=NOW)
    found = [live.topics[live.row(name)] for name in ("new", "neu", "riddle", "rumour")]
    assert found == [about["sea"], about["chess"], -1, -1]
    live.add_item(Item("new", title="rook pawn"))
    assert live.topics[live.row("new")] == about["chess"]


def test_topics_filter_by_id(told_apart):
    live = LiveState(told_apart)
    topics = told_apart.topics
    wanted = frozenset({topics.ids[live.topics[live.row("sea-0")]]})
    shown = listed(live, filters=Filters(topic=wanted))
    assert {name.split("-")[0] for name in shown} == {"sea"} and len(shown) == worlds.EACH - 3
    assert {name.split("-")[0] for name in listed(live, filters=Filters(not_topic=wanted))} == {
        "chess"
    }
    assert listed(live, filters=Filters(topic=frozenset({10**6}))) == []


def test_room_for_topics_grows(told_apart):
    live = LiveState(told_apart)
    for number in range(600):
        live.add_item(Item(f"new-{number}", title="tide wave"))
    assert len(set(live.topics[ALL : live.size])) == 1 and live.topics[ALL] >= 0


def test_without_topics_no_item_has_one(live):
    live.add_item(Item("new", title="tide"))
    assert (live.topics == -1).all()
    assert listed(live, filters=Filters(topic=frozenset({1}))) == []


def test_a_removed_item_vanishes(live):
    assert "sea-9" in listed(live)
    live.remove_item("sea-9")
    assert "sea-9" not in listed(live)
    live.add_item(Item("new", title="wave"))
    live.remove_item("new")
    assert "new" not in listed(live)


def test_an_unknown_item_that_was_removed_stays_away(live):
    live.remove_item("later")
    live.add_event("later", "like", timestamp=NOW)
    assert "later" not in listed(live)


def test_an_item_known_only_from_events_can_be_shown_where_that_is_wanted():
    live = LiveState(worlds.model(), unrecorded="on")
    for n, actor in enumerate(("ann", "ann", None, "ben", "cem")):
        assert "rumour" not in listed(live)
        live.add_event("rumour", "like", timestamp=NOW + n, actor=actor)
    assert "rumour" in listed(live)


def test_a_replaced_item_inherits_counts_neighbours_and_votes():
    live = worlds.live(replace(worlds.WHOLE, lift=0.0))  # which knows the night's items only
    before = scores(live)["sea-10"]
    old = live.row("sea-10")
    uptake = live.counters.uptake(6, ALL)[old]
    item = worlds.texts()[10]
    live.add_item(item)  # as it was
    assert live.row("sea-10") == ALL and live.gone[old]
    assert listed(live).count("sea-10") == 1
    assert live.counters.uptake(6, live.size)[ALL] == pytest.approx(uptake)
    assert live.created[ALL] == item.created_at
    votes = live.opinions
    assert votes.bases[ALL] == votes.bases[old] and votes.loadings[ALL].any()
    assert scores(live)["sea-10"] == pytest.approx(before, abs=1e-4)


def test_a_chain_of_edits_keeps_what_was_there_first(live):
    for title in ("tide", "wave", "anchor"):
        live.add_item(Item("sea-10", title=title))
    found = scores(live)
    assert live.versions == {live.model.catalogue.ids.row("sea-10"): live.row("sea-10")}
    assert np.isfinite(live.created[live.row("sea-10")])
    assert found["sea-10"] > found["chess-10"]


def test_a_post_that_was_first_heard_of_by_an_event_is_read(live):
    """What its words predict is not overwritten by the empty row that the event made."""
    live.add_event("post", "like", timestamp=NOW)
    live.add_item(Item("post", title="tide wave"))
    other = worlds.live()
    other.add_item(Item("post", title="tide wave"))
    assert np.array_equal(live.posted_vectors.behaviour[1], other.posted_vectors.behaviour[0])
    assert other.posted_vectors.behaviour[0].any()
    assert live.counters.likes[live.row("post")] == 1.0


def test_an_event_moves_what_it_should_and_only_that(live):
    row, other = live.row("sea-3"), live.row("sea-5")
    bases, changes = live.opinions.bases.copy(), live.changes
    live.add_event("sea-3", "dislike", timestamp=NOW + 1)
    assert live.opinions.bases[row] < bases[row] and live.opinions.bases[other] == bases[other]
    assert live.counters.dislikes[row] > 0 and live.changes == changes + 1
    live.add_event("sea-3", "impression", timestamp=NOW + 2)
    assert live.counters.newest == NOW + 1  # nothing was done: a night counts no impression


def test_the_model_is_never_written_to(live):
    before = {name: array.copy() for name, array in live.model.arrays().items()}
    live.add_event("sea-3", "like", timestamp=NOW + 1)
    live.add_item(Item("sea-3", title="tide"))
    live.remove_item("sea-4")
    for name, array in live.model.arrays().items():
        assert np.array_equal(array, before[name], equal_nan=array.dtype.kind == "f"), name


def test_many_posts_fit(live):
    for number in range(700):
        live.add_item(Item(f"post-{number}", title="wave tide", tags=("t",)))
    assert live.size == ALL + 700 and live.room >= live.size
    assert live.item_id(ALL + 699) == "post-699" and live.row("post-300") == ALL + 300
    found = listed(live, n=live.size)
    assert len(found) == ALL + 700 - len(SAILOR) and len(set(found)) == len(found)


def test_ratings_weigh_against_the_mean_of_all():
    live = LiveState(worlds.plain(worlds.odd_even(), worlds.WHOLE))

    def weight(kind, value):
        act = LiveEvent("sea-1", kind, value)
        return weights_of([act], live.weights, live.scale)[0][0]

    assert weight("rating", None) == 1.0 and weight("view", 3.0) == 0.5
    assert weight("rating", 99.0) == 2.0 and weight("rating", -99.0) == -1.0


def test_readers_go_on_while_a_writer_posts_and_edits(live):
    """Requests of other threads see complete rows only and never fail."""
    problems, stop = [], threading.Event()

    def read():
        service = Recommender(live, drift=0.0)
        query = Query(history=(*SAILOR, Interaction("sea-2"), Interaction("post-7")), n=5)
        while not stop.is_set():
            try:
                assert len(service.recommend(query)) == 5
            except Exception as error:
                problems.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(600):
        live.add_item(Item(f"post-{number}", title="tide wave", tags=(f"new-{number}",)))
        live.add_item(Item(f"sea-{number % worlds.EACH}", title="wave"))
        live.add_event(f"post-{number}", "like", timestamp=NOW + number)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.parametrize("count", [3, 60])
def test_many_events_are_as_one_after_the_other(count):
    rng = np.random.default_rng(count)
    kinds = [("like", None), ("dislike", None), ("rating", 8.0), ("view", None), ("shown", None)]
    acts = []
    for place in range(count):
        item = f"sea-{rng.integers(30)}" if place % 4 else f"new-{place}"
        kind, value = kinds[rng.integers(len(kinds))]
        acts.append(
            LiveEvent(item, kind, value, NOW + float(rng.uniform(-5000, 5000)), place % 3 - 1.0)
        )
    one, many = worlds.live(), worlds.live()
    for act in acts:
        one.add_events([act])
    many.add_events(acts)
    assert many.size == one.size and many.dirty_rows.count == one.dirty_rows.count
    np.testing.assert_array_equal(many.created, one.created)
    for name in ("bases", "evidence"):
        found, wanted = getattr(many.opinions, name), getattr(one.opinions, name)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(many.counters.log_shares(), one.counters.log_shares(), atol=1e-5)
    np.testing.assert_allclose(many.counters.like_rate(), one.counters.like_rate(), atol=1e-5)


def test_a_few_events_are_counted_all_or_not_at_all(live):
    before = live.counters.level.copy()
    with pytest.raises(TypeError):
        live.add_events([LiveEvent("sea-1", "like"), LiveEvent("sea-2", "rating", "seven")])
    assert np.array_equal(live.counters.level, before)
