"""Every protocol on a handful of events whose cut is plain to see."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from tables import events, items, pairs, timed

from recsys.data.event_tables import ItemTable
from recsys.errors import DataError
from recsys.tuning.evaluation_protocols import Rules, Split, item_groups, make_split
from recsys.tuning.relevant_events import Positive

NOTHING = ItemTable.empty()
NAN = float("nan")
TEN = timed(
    ("ann", "a", 1),
    ("bob", "a", 2),
    ("ann", "b", 3),
    ("bob", "c", 4),
    ("cat", "a", 5),
    ("ann", "c", 6),
    ("bob", "d", 7),
    ("ann", "a", 8),
    ("ann", "d", 9),
    ("dan", "b", 10),
)


def queried(split: Split) -> dict[str, set[str]]:
    """Return the positives of every headline user, by id."""
    cases, found = split.cases, {}
    for row in np.flatnonzero(cases.known):
        one = cases.relevant.items[cases.relevant.starts[row] : cases.relevant.starts[row + 1]]
        found[split.train.users[cases.user[row]]] = {split.train.items[i] for i in one}
    return found


def test_time_takes_the_last_events_and_counts_only_known_users_and_new_items() -> None:
    split = make_split(TEN, NOTHING, Rules("time", share=0.4))
    assert split.cutoff == 7
    assert split.train.time.max() < 7
    assert queried(split) == {"bob": {"d"}, "ann": {"d"}}  # ann had a already, dan is new
    assert (~split.cases.known).sum() == 1
    assert split.test_users == 2


def test_time_never_cuts_between_events_of_one_moment() -> None:
    table = timed(("ann", "a", 1), ("ann", "b", 5), ("ann", "c", 5), ("ann", "d", 5))
    split = make_split(table, NOTHING, Rules("time", share=0.25))
    assert pairs(split.train) == [("ann", "a")]


def test_time_without_timestamps_goes_by_order() -> None:
    table = events(("ann", "a"), ("ann", "b"), ("bob", "a"), ("ann", "c"))
    split = make_split(table, NOTHING, Rules("time", share=0.25))
    assert queried(split) == {"ann": {"c"}}
    assert np.isnan(split.cutoff)


def test_leave_last_out_needs_two_events() -> None:
    split = make_split(TEN, NOTHING, Rules("leave-last-out"))
    assert queried(split) == {"ann": {"d"}, "bob": {"d"}}
    assert ("cat", "a") in pairs(split.train)


def test_validation_of_leave_last_out_is_the_last_but_one() -> None:
    split = make_split(TEN, NOTHING, Rules("leave-last-out")).validation()
    assert queried(split) == {"bob": {"c"}}  # ann's last but one repeats her first
    assert ("ann", "d") not in pairs(split.train)


def test_validation_lies_inside_training_and_earlier() -> None:
    split = make_split(TEN, NOTHING, Rules("time", share=0.4))
    inner = split.validation()
    assert inner.cutoff < split.cutoff
    assert inner.train.time.max() < inner.cutoff
    assert len(inner.train) < len(split.train)


def test_cold_items_leave_with_all_their_events() -> None:
    split = make_split(TEN, NOTHING, Rules("cold-items", share=0.5, seed=3))
    digest = {name: hashlib.sha256(f"3:{name}".encode()).hexdigest() for name in "abcd"}
    cold = set(sorted(digest, key=digest.__getitem__)[:2])
    assert split.only is not None
    assert {split.train.items[row] for row in split.only} == cold
    assert not {item for _, item in pairs(split.train)} & cold
    history = {user for user, _ in pairs(split.train)}
    assert all(relevant <= cold for relevant in queried(split).values())
    assert set(queried(split)) <= history


def test_validation_of_cold_items_takes_other_items_away() -> None:
    split = make_split(TEN, NOTHING, Rules("cold-items", share=0.25))
    inner = split.validation()
    assert split.only is not None and inner.only is not None
    assert not set(split.only.tolist()) & set(inner.only.tolist())


def test_given_joins_by_id_and_keeps_unknown_items_as_missed() -> None:
    train = events(("ann", "a"), ("bob", "b"))
    test = events(("bob", "a"), ("bob", "new"), ("bob", "b"), ("eve", "a"))
    split = make_split(train, NOTHING, Rules("given"), test)
    assert queried(split) == {"bob": {"a", "new"}}
    assert pairs(split.train) == [("ann", "a"), ("bob", "b")]


def test_validation_of_given_leaves_everyone_something() -> None:
    rows = [(f"u{user}", f"i{item}") for user in range(6) for item in range(8)]
    test = events(*((f"u{user}", f"i{item}") for user in range(6) for item in (8, 9)))
    inner = make_split(events(*rows), NOTHING, Rules("given"), test).validation()
    assert set(np.bincount(inner.train.user)) == {6}  # a fifth of eight, rounded, is two
    assert inner.test_users == 6


@pytest.mark.parametrize(
    ("rows", "ahead"),
    [
        ((("ann", "d", 10), ("bob", "b", 11), ("dan", "c", 1)), True),  # dan: nothing known of them
        ((("ann", "d", 9), ("bob", "b", 7)), True),  # at the moment of the last act
        ((("ann", "d", 2), ("ann", "e", 4), ("ann", "f", 5), ("bob", "b", 9)), False),
    ],
)
def test_a_given_test_lies_ahead_unless_its_times_lie_among_those_of_training(rows, ahead) -> None:
    known = timed(("ann", "a", 1), ("bob", "a", 2), ("bob", "d", 7), ("ann", "b", 9))
    assert make_split(known, NOTHING, Rules("given"), timed(*rows)).ahead is ahead
    untimed = events(*(row[:2] for row in rows))
    assert make_split(known, NOTHING, Rules("given"), untimed).ahead


def test_given_needs_its_file_and_others_refuse_it() -> None:
    with pytest.raises(DataError, match="needs --test-events"):
        make_split(TEN, NOTHING, Rules("given"))
    with pytest.raises(DataError, match="takes no --test-events"):
        make_split(TEN, NOTHING, Rules("time"), TEN)


def test_replay_cuts_each_group_by_itself_and_counts_first_events_only() -> None:
    table = timed(
        ("ann", "x1", 1),
        ("ann", "x2", 2),
        ("ann", "x1", 3),
        ("bob", "x2", 4),
        ("cat", "y1", 50),
        ("cat", "y2", 60),
    )
    catalogue = items(["x1", "x2", "y1", "y2"], category=["x", "x", "y", "y"])
    split = make_split(table, catalogue, Rules("replay", share=0.5, group="category"))
    assert split.replay is not None
    assert pairs(split.replay.events) == [("ann", "x1"), ("bob", "x2"), ("cat", "y2")]
    assert split.replay.counted.tolist() == [False, True, True]
    assert split.test_users == 2


def test_replay_items_are_born_when_created_or_first_seen() -> None:
    catalogue = items(["a", "b", "c"], created=[5.0, np.nan, 9.0])
    split = make_split(timed(("ann", "a", 7), ("ann", "b", 8)), catalogue, Rules("replay"))
    assert split.replay is not None
    assert split.replay.first_seen.tolist() == [5.0, 8.0]


def test_groups_ask_once_per_user_and_group() -> None:
    table = timed(("ann", "a", 1), ("ann", "b", 5), ("ann", "c", 6), ("ann", "d", 7))
    catalogue = items(["a", "b", "c", "d"], category=["x", "x", "y", "x"])
    cases = make_split(table, catalogue, Rules("time", share=0.75, group="category")).cases
    assert cases.group == ("x", "y")
    assert cases.relevant.counts.tolist() == [2, 1]


@pytest.mark.parametrize("column", ["category", "Category", "CATEGORY"])
def test_groups_are_matched_without_case(column: str) -> None:
    table = timed(("ann", "a", 1), ("ann", "b", 5), ("ann", "c", 6), ("ann", "d", 7))
    catalogue = items(["a", "b", "c", "d"], category=["News", "news", "Sport", "NEWS "])
    cases = make_split(table, catalogue, Rules("time", share=0.75, group=column)).cases
    assert cases.group == ("news", "sport")
    assert cases.relevant.counts.tolist() == [2, 1]


def test_groups_by_a_metadata_column_are_matched_without_case_and_authors_are_not() -> None:
    table = timed(("ann", "a", 1), ("ann", "b", 5), ("ann", "c", 6))
    found = [{"Region": "North"}, {"region": "NORTH"}, {}]
    catalogue = items(["a", "b", "c"], metadata=found, author=["Lee", "lee", "Lee"])
    assert item_groups(catalogue, "REGION") == ["north", "north", ""]
    assert item_groups(catalogue, "author_id") == ["Lee", "lee", "Lee"]
    with pytest.raises(DataError, match="group 'country' is no column of the items; try category"):
        make_split(table, catalogue, Rules("time", group="country"))


@pytest.mark.parametrize("text", ["rating>=7", "rating >= 7", "rating>6.5", "rating>=7,save"])
def test_positive_admits_by_kind_and_value(text: str) -> None:
    table = events(
        ("ann", "a", "rating", 7, 1),
        ("ann", "b", "rating", 6, 2),
        ("ann", "c", "rating", np.nan, 3),
        ("ann", "d", "like", 9, 4),
    )
    whole = make_split(table, NOTHING, Rules("time", share=0.01, positive=Positive.parse(text)))
    assert (whole.opinion > 0).tolist() == [True, False, False, False]


@pytest.mark.parametrize("text", ["", "rating>=", ">=7", "rating>=seven", "rating>=7 save"])
def test_positive_that_cannot_be_read(text: str) -> None:
    with pytest.raises(DataError, match="is not understood"):
        Positive.parse(text)


def test_positive_that_admits_nothing_names_the_kinds() -> None:
    with pytest.raises(DataError, match="kinds here: like"):
        make_split(TEN, NOTHING, Rules("time", positive=Positive.parse("rating>=7")))


def test_dislikes_are_no_positives() -> None:
    table = events(
        ("ann", "a", "like", np.nan, 1),
        ("ann", "b", "dislike", np.nan, 2),
        ("ann", "c", "view", np.nan, 3),
        ("ann", "d", "like", np.nan, 4),
    )
    split = make_split(table, NOTHING, Rules("time", share=0.75))
    assert queried(split) == {"ann": {"c", "d"}}


def test_rules_name_the_choices() -> None:
    with pytest.raises(DataError, match="choose one of time, leave-last-out"):
        Rules("weekly")
    with pytest.raises(DataError, match="between 0 and 1"):
        Rules("time", share=1.0)


def test_what_was_only_shown_in_training_can_be_taken_up_in_the_test() -> None:
    shown = events(
        ("ann", "a", "like", NAN, 1),
        ("ann", "b", "impression", NAN, 2),
        ("bob", "a", "impression", NAN, 3),
        ("ann", "b", "click", NAN, 8),
        ("bob", "b", "click", NAN, 9),
    )
    split = make_split(shown, NOTHING, Rules("time", share=0.4))
    assert queried(split) == {"ann": {"b"}}  # to have been shown something is no history
    replay = make_split(shown, NOTHING, Rules("replay", share=0.8)).replay
    assert replay is not None and replay.counted.tolist() == [False, False, True, True]
    last = make_split(
        events(
            ("ann", "a", "like", NAN, 1),
            ("ann", "b", "like", NAN, 2),
            ("ann", "c", "impression", NAN, 3),
        ),
        NOTHING,
        Rules("leave-last-out"),
    )
    assert queried(last) == {"ann": {"b"}}
