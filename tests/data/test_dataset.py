"""Dataset: what gets in, in which order, and how much it weighs."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from tables import events, items, timed

from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import ItemTable
from recsys.data.records import Event
from recsys.data.table_builder import EventColumns
from recsys.errors import DataError

NAN = float("nan")


def rated(*rows):
    """Return ratings of (user, value), each of an item of its own."""
    return events(
        *((user, f"i{n}", "rating", value, float(n)) for n, (user, value) in enumerate(rows))
    )


def test_nothing_at_or_after_the_cutoff_gets_in():
    table = timed(("ann", "x", 1.0), ("ann", "y", 2.0), ("bob", "z", 3.0), ("bob", "x", 4.0))
    data = Dataset.build(table, ItemTable.empty(), cutoff=3.0)
    assert data.time.tolist() == [1.0, 2.0] and data.now == 2.0 and data.cutoff == 3.0
    assert list(data.items) == ["x", "y"]  # z is not even named
    assert data.matrix().sum() == 2


def test_no_later_rating_moves_a_weight():
    table = rated(("ann", 8.0), ("ann", 6.0), ("bob", 7.0), ("ann", 1.0), ("bob", 1.0))
    before = Dataset.build(table.select(table.time < 3.0), ItemTable.empty())
    cut = Dataset.build(table, ItemTable.empty(), cutoff=3.0)
    assert np.array_equal(cut.weight, before.weight)
    assert cut.rating_scale == before.rating_scale


def test_the_catalogue_comes_first_then_what_only_events_name():
    data = Dataset.build(timed(("ann", "new", 1.0), ("ann", "b", 2.0)), items("ab", title="AB"))
    assert list(data.items) == ["a", "b", "new"]
    assert data.item.tolist() == [2, 1]
    assert data.table.title == ["A", "B", ""] and len(data.table) == 3
    assert np.isnan(data.table.created).all()


def test_a_rating_of_seven_alone_stays_positive():
    assert Dataset.build(rated(("ann", 7.0)), ItemTable.empty()).weight.tolist() == [1.0]


def test_a_rating_weighs_against_the_readers_own_mean():
    table = rated(*[("kind", 9.0)] * 20, *[("harsh", 3.0)] * 20, ("kind", 7.0), ("harsh", 5.0))
    weight = Dataset.build(table, ItemTable.empty()).weight
    assert weight[-2] < weight[0] and weight[-1] > weight[20]
    assert weight[-1] > weight[-2]
    assert (np.abs(weight) <= 2).all()


def test_a_spread_that_is_set_is_used():
    weights = EventWeights(spread=2.0, shrinkage=0.0)
    data = Dataset.build(rated(("ann", 4.0), ("ann", 2.0)), ItemTable.empty(), weights=weights)
    assert data.weight.tolist() == [1.5, 0.5] and data.rating_scale[:2] == (3.0, 2.0)


def test_equal_ratings_have_no_spread_and_all_weigh_one():
    data = Dataset.build(rated(("ann", 5.0), ("bob", 5.0)), ItemTable.empty())
    assert data.weight.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("kind", "weight", "explicit"),
    [
        ("like", 1.0, True),
        ("view", 0.5, False),
        ("dislike", -1.0, True),
        ("report", -2.0, True),
        ("visit", 1.0, False),
        ("rating", 1.0, True),
    ],
)
def test_a_kind_of_event_has_a_weight(kind, weight, explicit):
    data = Dataset.build(events(("ann", "x", kind, NAN, 1.0)), ItemTable.empty())
    assert data.weight.tolist() == pytest.approx([weight])
    assert data.explicit.tolist() == [explicit]


def test_what_was_only_shown_tells_that_an_item_exists_and_no_more():
    table = events(
        ("ann", "x", "like", NAN, 1.0),
        ("ann", "y", "impression", NAN, 2.0),
        ("bob", "z", "impression", NAN, 3.0),
        ("bob", "x", "view", NAN, 4.0),
    )
    data = Dataset.build(table, ItemTable.empty())
    assert list(data.items) == ["x", "y", "z"] and data.item.tolist() == [0, 0]
    assert data.weight.tolist() == [1.0, 0.5] and data.time.tolist() == [1.0, 4.0]


def test_a_rating_is_an_act_whatever_it_weighs():
    weights = EventWeights(kinds={"rating": 0.0, "like": 1.0, "view": 0.0})
    assert weights.heeds("rating", 5.0) and not weights.heeds("rating", None)
    assert weights.unheeded(["view", "shown", "rating", "like"]) == ("view", "shown")
    table = events(("ann", "x", "rating", 5.0, 1.0), ("ann", "y", "rating", NAN, 2.0))
    assert weights.acts(table).tolist() == [True, False]


def test_weights_of_one_rating_and_of_a_table_agree():
    table = rated(("ann", 9.0), ("ann", 4.0), ("bob", 6.0))
    weights = EventWeights()
    data = Dataset.build(table, ItemTable.empty(), weights=weights)
    one = weights.of_rating(9.0, 13.0, 2, data.rating_scale)
    assert one == pytest.approx(float(data.weight[0]), abs=1e-6)


def test_without_times_the_order_is_all_there_is():
    data = Dataset.build(events(("ann", "x"), ("bob", "y"), ("ann", "z")), ItemTable.empty(), 1.0)
    assert not data.timed and data.time.tolist() == [0.0, 1.0, 2.0]
    assert len(data.user) == 3 and np.isnan(data.created()).all()


def test_a_cutoff_cuts_where_most_events_have_no_time():
    table = events(
        ("ann", "a", "like", NAN, NAN),
        ("ann", "b", "like", NAN, 5.0),
        ("bob", "c", "like", NAN, NAN),
        ("bob", "d", "like", NAN, 9.0),
        ("cat", "e", "like", NAN, NAN),
    )
    assert list(Dataset.build(table, ItemTable.empty(), cutoff=9.0).items) == ["a", "b", "c"]
    assert len(Dataset.build(table, ItemTable.empty(), cutoff=5.0).user) == 1


def test_an_item_appears_when_it_says_or_when_first_seen():
    table = timed(("ann", "x", 5.0), ("bob", "x", 7.0), ("ann", "y", 9.0))
    data = Dataset.build(table, items("yz", created=[2.0, NAN]))
    assert data.created()[:2].tolist()[0] == 2.0
    assert np.isnan(data.created()[1]) and data.created()[2] == 5.0


def test_likes_and_dislikes_of_one_item_are_summed():
    table = events(
        ("ann", "x", "like", NAN, 1.0),
        ("ann", "x", "dislike", NAN, 2.0),
        ("ann", "y", "like", NAN, 3.0),
        ("ann", "y", "like", NAN, 4.0),
    )
    matrix = Dataset.build(table, ItemTable.empty()).matrix()
    assert matrix.toarray().tolist() == [[0.0, 1.0]]


def test_a_world_without_events():
    data = worlds.nothing()
    assert data.now == 0.0 and data.matrix().shape == (0, 3) and not data.timed


@pytest.mark.parametrize(
    ("kind", "value", "strength", "sentiment", "weight"),
    [
        ("like", None, 0.25, -1.0, 0.75),
        ("like", None, 0.25, 1.0, 1.25),
        ("like", None, 0, -1, 1),
        ("like", None, 2.0, -1.0, -1.0),
        ("dislike", None, 0.5, -1.0, -1.5),
        ("view", None, 1, 0, 0.5),
        ("dislike", None, 0.5, 1.0, -0.5),
    ],
)
def test_the_tone_of_a_comment_moves_the_weight_of_its_event(
    kind, value, strength, sentiment, weight
):
    weights = EventWeights(sentiment=strength)
    columns = EventColumns()
    columns.add(Event("a", "x", kind, value, "words", 1.0))
    columns.add(Event("a", "x", "like", None, "", 2.0))
    table = replace(columns.table(np.inf), sentiment=np.array([sentiment, 0.0], np.float32))
    assert weights.of_table(table).tolist() == pytest.approx([weight, 1.0])
    assert weights.with_sentiment(kind, weights.of_kind(kind), sentiment) == pytest.approx(weight)
    assert table.select(np.array([False, True])).sentiment.tolist() == [0.0]
    assert EventWeights(sentiment=1.0).of_table(replace(table, sentiment=None))[1] == 1.0


def test_a_remark_is_moved_by_a_strength_of_its_own_and_a_like_is_not():
    weights = EventWeights(sentiment=0.25, remarks=3.0)
    assert weights.with_sentiment("comment", 1.2, -0.5) == pytest.approx(-0.6)
    assert weights.with_sentiment("replied", 1.2, -1.0) == pytest.approx(
        -1.8
    )  # at most one and a half
    assert weights.with_sentiment("comment", 1.2, 0.0) == 1.2
    assert weights.with_sentiment("like", 1.0, -1.0) == pytest.approx(0.75)
    assert EventWeights(sentiment=0.0, remarks=3.0).with_sentiment("comment", 1.2, -1.0) == 1.2
    columns = EventColumns()
    for place, kind in enumerate(("comment", "like", "评论")):
        columns.add(Event("a", "x", kind, None, "words", float(place)))
    table = replace(columns.table(np.inf), sentiment=np.array([-0.5, -1.0, 0.1], np.float32))
    single = [
        weights.with_sentiment(k, weights.of_kind(k), t)
        for k, t in (("comment", -0.5), ("like", -1.0), ("评论", 0.1))
    ]
    assert weights.of_table(table).tolist() == pytest.approx(single)


@pytest.mark.parametrize("strength", [-0.1, 4.1, NAN])
def test_a_strength_of_comments_beyond_its_bounds_is_refused(strength):
    with pytest.raises(DataError, match="RECSYS_COMMENT_STRENGTH"):
        EventWeights(remarks=strength)


@pytest.mark.parametrize("strength", [-0.1, 2.1, NAN])
def test_a_strength_beyond_its_bounds_is_refused(strength):
    with pytest.raises(DataError, match="RECSYS_TONE_STRENGTH"):
        EventWeights(sentiment=strength)


def test_a_huge_rating_leaves_the_scale_finite():
    mean, spread, *_ = EventWeights().rating_scale(rated(("ann", 1e30), ("bob", 7.0)))
    assert np.isfinite([mean, spread]).all()
