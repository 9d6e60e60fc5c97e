"""Leave-last-out by steps up and down a column of the items."""

import numpy as np
import pytest
import worlds

from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.evaluation.item_numbering_slices import column_values, share_at_one_time, steps
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.evaluation_queries import build_queries

ITEMS = [Item("a", metadata={"sku": "9"}), Item("b", metadata={"sku": "5"}), Item("c"), Item("d")]


def questions(**lists):
    events = worlds.event_table(
        Event(user, item, "like") for user, items in lists.items() for item in items
    )
    split = make_split(events, item_table(ITEMS), Rules("leave-last-out"))
    return build_queries(split, split.dataset())


def test_a_test_item_is_up_or_down_from_the_item_before_it():
    queried = questions(ann="cab", ben="acb", cem="da")
    by_id = steps(queried, column_values(queried.data.table, "item_id"))
    assert by_id["step_up"].tolist() == [True, False, False]
    assert by_id["step_down"].tolist() == [False, True, True]
    by_sku = steps(queried, column_values(queried.data.table, "sku"))  # 9, 5 and none
    assert by_sku["step_up"].tolist() == [False, True, True]


def test_an_unknown_column_is_refused_with_the_nearest_name():
    table = item_table(ITEMS)
    with pytest.raises(DataError, match="'skus'.*is sku meant"):
        column_values(table, "skus")
    with pytest.raises(DataError, match="choose one of item_id, title"):
        column_values(table, "zzz")
    with pytest.raises(DataError, match="leave-last-out, not time"):
        Rules("time", slice_order="sku")


def test_neighbouring_events_at_equal_times_are_counted_within_users():
    stamped = [("ann", 1), ("ben", 1), ("ann", 1), ("ann", 2), ("ben", 3), ("ann", 2)]
    events = worlds.event_table(
        Event(user, f"item-{at}", "like", timestamp=worlds.START + time)
        for at, (user, time) in enumerate(stamped)
    )
    assert share_at_one_time(events) == pytest.approx(2 / 4)
    undated = worlds.event_table([Event("ann", "a", "like"), Event("ann", "b", "like")])
    assert share_at_one_time(undated) == 0.0
    assert np.isfinite(share_at_one_time(undated))
