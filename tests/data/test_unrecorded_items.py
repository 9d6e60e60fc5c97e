"""Items without a record: when they are listed, by which users, and which events count then."""

from __future__ import annotations

import numpy as np
import pytest
from tables import events, items

from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import ItemTable
from recsys.data.unrecorded_items import lists_unrecorded, unlisted, user_counts_of, with_records

WEIGHTS = EventWeights()


@pytest.mark.parametrize(
    ("choice", "acted", "recorded", "listed"),
    [
        ("auto", 0, 0, False),
        ("auto", 10, 5, False),  # half of them
        ("auto", 10, 4, True),
        ("on", 10, 10, True),
        ("off", 10, 0, False),
    ],
)
def test_auto_is_on_where_fewer_than_half_have_a_record(choice, acted, recorded, listed):
    assert lists_unrecorded(choice, acted, recorded) is listed


def test_people_are_counted_once_and_up_to_three():
    user, item = np.array([0, 0, 1, 2, 3, 0]), np.array([0, 0, 0, 0, 0, 1])
    assert user_counts_of(user, item, 3).tolist() == [3, 1, 0]


def test_most_have_a_record_and_the_others_take_no_part():
    table = events(("ann", "a"), ("ann", "b"), ("bob", "page"), ("cem", "page"), ("dan", "page"))
    kept, found = with_records(table, items(["a", "b", "unread"]), "auto", WEIGHTS)
    assert (found.listed, found.items, found.events) == (False, 1, 3)
    assert len(kept) == 2 and "left out: 3 events on 1 item without a record" in found.sentence
    everything, found = with_records(table, items(["a", "b"]), "on", WEIGHTS)
    assert found.listed and len(everything) == 5


def test_hardly_any_has_a_record_and_all_take_part():
    table = events(("ann", "a"), ("ann", "x"), ("bob", "x"), ("cem", "x"), ("bob", "y"))
    kept, found = with_records(table, items(["a"]), "auto", WEIGHTS)
    assert found.listed and kept is table
    out = unlisted(table, items(["a"]), WEIGHTS.acts(table))
    assert [table.items[row] for row in np.flatnonzero(out)] == ["y"]  # a has a record, x has three
    kept, found = with_records(table, items(["a"]), "off", WEIGHTS)
    assert not found.listed and len(kept) == 1
    assert with_records(table, ItemTable.empty(), "auto", WEIGHTS)[1].listed


def test_what_was_only_shown_is_no_act():
    rows = [("ann", "a", "like"), ("bob", "p", "impression"), ("cem", "q", "impression")]
    table = events(*((u, i, k, np.nan, np.nan) for u, i, k in rows))
    _, found = with_records(table, items(["a"]), "auto", WEIGHTS)
    assert (found.listed, found.items, found.events) == (False, 0, 2)
