"""Delays between the creation of items and their first use by somebody else than their author."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.training.first_interaction_delay import FEWEST, first_use_delays

START, HOUR = 1_760_000_000.0, 3600.0


def world(n: int) -> Dataset:
    """Return items a day apart; number k is liked by its author, and k hours later by others."""
    items, events = (
        [Item("old", created_at=START - 1e7)],
        [Event("ann", "old", "like", timestamp=START)],
    )
    for k in range(n):
        created = START + 86400.0 * k
        items.append(Item(f"i{k}", author_id="ann", created_at=created))
        events.append(Event("ann", f"i{k}", "like", timestamp=created))
        events.append(Event("bob", f"i{k}", "like", timestamp=created + HOUR * k))
        events.append(Event("eve", f"i{k}", "like", timestamp=created + HOUR * (k + 9)))
    return Dataset.build(worlds.event_table(events), item_table(items))


def test_delays_are_those_of_users_other_than_the_author() -> None:
    found = first_use_delays(world(100))
    assert found == pytest.approx(HOUR * np.quantile(np.arange(100), np.arange(1, 10) / 10))


def test_with_few_delays_nothing_is_known() -> None:
    assert first_use_delays(world(FEWEST - 1)) == ()
