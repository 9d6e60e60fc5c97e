"""Kinds of event: names, weights, values, withdrawals; the table in docs is the one in use."""

import re
from pathlib import Path

import numpy as np
import pytest

from recsys.data import event_kinds
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import ItemTable
from recsys.data.rating_scale import RatingScale
from recsys.data.records import Event
from recsys.data.table_builder import EventColumns
from recsys.errors import DataError

DOCS = Path(__file__).parents[2] / "docs" / "event-kinds.md"
LISTED = """view impression read click play visit listen watch stream download purchase buy order
add_to_cart cart wishlist bookmark favorite favourite star like love upvote thumbs_up save share
repost retweet reblog forward reply comment subscribe follow rating hide skip dislike downvote
thumbs_down not_interested block mute report""".split()
AGAINST = "hide skip dislike downvote thumbs_down not_interested block mute report".split()


def table(*events):
    columns = EventColumns()
    for place, (user, item, kind, value) in enumerate(events):
        columns.add(Event(user, item, kind, value, timestamp=1000.0 + place))
    return columns.table(1e9)


@pytest.mark.parametrize("kind", LISTED)
def test_a_listed_kind_is_known_and_its_sign_is_right(kind):
    meaning = EventWeights().meanings[kind]
    assert meaning.known and not meaning.withdraws
    sign = 0 if kind == "impression" else -1 if kind in AGAINST else 1
    assert np.sign(meaning.weight) == sign


@pytest.mark.parametrize("kind", [k for k in LISTED if k not in ("impression", *AGAINST)])
def test_every_positive_kind_can_be_withdrawn(kind):
    weights = EventWeights()
    assert weights.meanings[f"un{kind}"].withdraws == weights.meanings[kind].name
    assert weights.of_kind(f"un{kind}") == 0 and not weights.heeds(f"un{kind}")


@pytest.mark.parametrize(
    ("kind", "withdraws"),
    [
        ("remove_from_cart", "add_to_cart"),
        ("refund", "purchase"),
        ("Un-Like", "like"),
        ("removeUpvote", "upvote"),
        ("unsubscribe", "subscribe"),
        ("unblock", "block"),
        ("cancel order", "purchase"),
        ("like_removed", "like"),
    ],
)
def test_other_ways_to_withdraw(kind, withdraws):
    assert EventWeights().meanings[kind].withdraws == withdraws


@pytest.mark.parametrize("kind", ["thumbsUp", "thumbs-up", "THUMBS_UP", "thumbs up", "Thumbs.Up"])
def test_spellings_of_a_kind_are_one_kind(kind):
    assert EventWeights().meanings[kind].name == "thumbs_up"


@pytest.mark.parametrize("kind", ["comment_like", "view_profile", "view_item_list", "item", "post"])
def test_a_name_with_other_words_stays_unknown(kind):
    assert not EventWeights().meanings[kind].known


def test_weights_that_figures_rest_on():
    weights = EventWeights()
    assert all(weights.of_kind(k) == 1 for k in ("visit", "listen", "purchase", "rating", "like"))
    assert weights.of_kind("view") == 0.5 and weights.of_kind("dislike") == -1


def test_unknown_kinds_weigh_nothing_and_are_told():
    weights = EventWeights()
    assert weights.of_kind("go-back") == 0 and not weights.heeds("go-back", 5.0)
    result = weights.unknown_kinds({"like": 3, "likd": 2, "zzzz": 4, "unlike": 1})
    assert [(one["event"], one["count"]) for one in result] == [("zzzz", 4), ("likd", 2)]
    assert result[1]["nearest"] == "like" and result[0]["nearest"] is None
    assert weights.unheeded(["like", "shown", "zzzz", "unlike", "stars"]) == ("shown", "zzzz")


def test_a_setting_names_a_kind_in_any_spelling_and_its_withdrawal():
    weights = EventWeights({**event_kinds.KIND_WEIGHTS, "goBack": -0.5, "Heart": 2.0, "like": 3.0})
    assert weights.of_kind("go-back") == -0.5 and weights.of_kind("heart") == 2.0
    assert weights.of_kind("liked") == 3.0 and weights.meanings["un-go-back"].withdraws == "goBack"


def test_most_events_of_unknown_kinds_stop_with_the_setting_to_write():
    weights = EventWeights()
    weights.check_kinds({"foo": 5, "like": 5})
    weights.check_kinds({})
    with pytest.raises(DataError, match=r'RECSYS_EVENT_WEIGHTS="foo=[\d.]+,likd=1"'):
        weights.check_kinds({"foo": 5, "likd": 1, "like": 5})
    named = EventWeights({**event_kinds.KIND_WEIGHTS, "foo": 0.0})
    named.check_kinds({"foo": 5, "like": 1})


@pytest.mark.parametrize(
    ("kind", "value", "weight"),
    [
        ("like", -1.0, -1.0),
        ("play", 0.0, 0.0),
        ("play", 35.0, 0.7),
        ("share", -3.0, -1.5),
        ("dislike", 0.0, -1.0),
        ("dislike", -1.0, -1.0),
        ("view", None, 0.5),
        ("view", 0.0, 0.0),
        ("impression", 1.0, 0.0),
        ("go-back", 1.0, 0.0),
    ],
)
def test_a_value_of_zero_is_no_act_and_a_negative_one_is_against(kind, value, weight):
    weights, events = EventWeights(), table(("ann", "x", kind, value))
    assert weights.of_event(kind, value) == weight
    assert weights.of_table(events).tolist() == pytest.approx([weight])
    assert weights.acts(events).tolist() == [weight != 0] == [weights.heeds(kind, value)]


def test_a_withdrawn_act_counts_no_more_and_a_later_one_does():
    weights = EventWeights()
    events = table(
        ("ann", "x", "like", None),
        ("ann", "x", "share", None),
        ("bob", "x", "like", None),
        ("ann", "x", "unlike", None),
        ("ann", "y", "unlike", None),
        ("ann", "y", "like", None),
    )
    assert weights.acts(events).tolist() == [False, True, True, False, False, True]
    data = Dataset.build(events, ItemTable.empty())
    assert data.weight.tolist() == pytest.approx([1.5, 1.0, 1.0])
    before = Dataset.build(events, ItemTable.empty(), cutoff=1003.0)  # nothing later is known then
    assert before.weight.tolist() == pytest.approx([1.0, 1.5, 1.0])


def test_ratings_of_the_lowest_step_are_dislikes():
    worst = [(f"v{n}", "bad", "rating", 1.0) for n in range(25)]
    best = [(f"v{n}", "good", "stars", 10.0) for n in range(25)]
    data = Dataset.build(table(*worst, *best), ItemTable.empty())
    assert set(data.weight[:25].tolist()) == {-1.0} and (data.weight[25:] > 1).all()
    assert data.rating_scale[:3] == (5.5, 4.5, 1.0)


@pytest.mark.parametrize(
    ("values", "low"),
    [
        ([1, 5], 1),
        ([3, 4], 1),
        ([0, 7], 0),
        ([0, 1], 0),
        ([-1, 1], -1),
        ([0.5, 4], 0.5),
        ([10, 90], 1),
        ([5, 5], -np.inf),
        ([300, 900], -np.inf),
    ],
)
def test_the_lowest_step_of_usual_scales(values, low):
    assert RatingScale.of(np.array(values, float)).low == low


def test_strays_of_another_scale_do_not_stretch_the_scale():
    values = np.array([1, 2, 3, 4, 5] * 40, float)
    stray = RatingScale.of(np.append(values, [100.0, 95.0, 5000.0]))
    assert stray[:3] == RatingScale.of(values)[:3] and stray.n_ratings == 203


def of_many(values=(1, 2, 4, 5, 4), users=300):
    """Return ratings on a scale of five steps, so many of each user, and those of one more user."""
    return [
        (f"u{n}", f"i{place}", value) for n in range(users) for place, value in enumerate(values)
    ]


@pytest.mark.parametrize("value", [10.0, -1.0, 1e9, -5.0, 14.0])
@pytest.mark.parametrize("count", [1, 3_000])
def test_one_user_does_not_move_the_scale_of_a_platform(value, count):
    def scale(*ratings):
        return EventWeights().rating_scale(table(*((u, i, "rating", v) for u, i, v in ratings)))

    eve = [("eve", f"j{n}", value) for n in range(count)]
    usual, found = scale(*of_many()), scale(*eve, *of_many())
    assert found.low == usual.low == 1.0
    assert found.mean == pytest.approx(usual.mean, abs=0.25)
    assert found.spread == pytest.approx(usual.spread, rel=0.25)


def test_a_lowest_step_that_one_user_has_found_is_none():
    many = [("rating", float(value)) for value in (2, 3, 4, 5)]
    listed = [(f"u{n}", f"i{n}", *one) for n in range(100) for one in many]
    assert EventWeights().rating_scale(table(*listed, ("eve", "x", "rating", 0.0))).low == 1.0
    some = [(f"u{n}", "x", "rating", 0.0) for n in range(5)]
    assert EventWeights().rating_scale(table(*listed, *some)).low == 0.0


def test_a_scale_survives_a_manifest_and_older_ones_are_read():
    for scale in (RatingScale(), RatingScale(3.0, 1.0, 1.0, 9), RatingScale(3.0, 1.0, -np.inf, 9)):
        assert RatingScale.from_json(scale.to_json()) == scale
    assert RatingScale.from_json([7.0, 2.0]).known and not RatingScale.from_json([0.0, 1.0]).known


def test_the_docs_hold_the_table_in_use():
    rows = re.findall(r"^\| `(\w+)` \| (-?[\d.]+) \| (yes|no) \| (.*?) \| ", DOCS.read_text(), re.M)
    result = [(n, float(w), e == "yes", tuple(re.findall("`(.+?)`", s))) for n, w, e, s in rows]
    assert result == [(k.name, k.weight, k.explicit, k.synonyms) for k in event_kinds.TABLE]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("下单", "purchase"), ("收藏", "save"), ("點讚", "like"), ("瀏覽", "view"), ("看完", "watch")],
)
def test_chinese_names_in_simplified_and_traditional_signs(name, kind):
    assert event_kinds.find(name).name == kind


@pytest.mark.parametrize(
    ("name", "kind"), [("取关", "follow"), ("取消點讚", "like"), ("退款", "purchase")]
)
def test_chinese_names_that_take_something_back(name, kind):
    assert event_kinds.withdrawn_by(name).name == kind


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("Video Watched", "watch"),
        ("video_play", "play"),
        ("likePost", "like"),
        ("article-read", "read"),
        ("浏览文章", "view"),
        ("商品收藏", "save"),
        ("repost", "repost"),
        ("page_view", "view"),
        ("gameplay", "play"),
        ("Product Viewed", "view"),
        ("article-shared", "share"),
        ("pv", "view"),
        ("addtocart", "add_to_cart"),
        ("transaction", "purchase"),
        ("bookmark", "bookmark"),  # its own name goes before the noun in it
    ],
)
def test_a_noun_for_an_item_beside_a_known_kind_adds_nothing(kind, known):
    assert EventWeights().meanings[kind].name == known


def test_a_withdrawal_may_name_the_item_too():
    assert EventWeights().meanings["unlike_post"].withdraws == "like"


@pytest.mark.parametrize("kind", ["video", "post", "crosspost", "follow_user_group", "video_ad"])
def test_nouns_alone_are_no_kind(kind):
    assert not EventWeights().meanings[kind].known


SHARES = [(None, 0.7), (0.05, 0.0), (0.5, 0.35), (1.0, 0.7), (42.0, 0.7), (0.0, 0.0), (-1.0, -0.7)]


@pytest.mark.parametrize(("value", "weight"), SHARES)
def test_the_value_of_a_watch_is_the_share_that_was_taken_in(value, weight):
    weights = EventWeights()
    assert weights.of_event("watch", value) == pytest.approx(weight)
    assert weights.of_table(table(("u", "i", "watch", value)))[0] == pytest.approx(weight)
    assert weights.heeds("watch", value) == (weight != 0)


def test_other_kinds_have_no_shares():
    assert EventWeights().of_event("purchase", 0.3) == EventWeights().of_event("purchase", None)
    assert EventWeights().of_event("skip", 0.3) == -0.5


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("COMMENT CREATED", "comment"),
        ("like_added", "like"),
        ("add_like", "like"),
        ("new comment", "comment"),
        ("order_placed", "purchase"),
        ("review_submitted", "rating"),
        ("hated", "dislike"),
    ],
)
def test_a_verb_of_making_adds_nothing_to_the_noun_of_a_kind(name, kind):
    assert event_kinds.find(name).name == event_kinds.find(kind).name


@pytest.mark.parametrize("name", ["post_created", "content_removed", "new_article", "created"])
def test_making_an_item_is_no_act_on_it(name):
    assert event_kinds.find(name) is None and event_kinds.withdrawn_by(name) is None


@pytest.mark.parametrize(
    "wrong",
    [
        [7.0, 0.0],
        [7.0, -1.0, 1.0, 100],
        [7.0, 1e-320, 1.0, 100],
        [None, 1.0],
        ["7", 1.0, 1.0, 100],
        [1e300, 1.0, 1.0, 100],
        [7.0, 1.0, [], 100],
        [7.0, 1.0, 1.0, -1],
        [7.0, 1.0, 1.0, 2.5],
        [7.0, 1.0, 1.0, None],
    ],
)
def test_a_scale_that_nothing_can_be_weighed_by_is_refused(wrong):
    with pytest.raises((TypeError, ValueError), match="rating"):
        RatingScale.from_json(wrong)
