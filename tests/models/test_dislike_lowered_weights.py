"""Agreement: what users of one taste refuse is recommended less to others of that taste."""

import numpy as np
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.models.dislike_lowered_neighbours import agreed
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_to_item_weights import ItemWeights

FANS = 20


def data(refused):
    """Return fans of a and b; each has taken up c, and the first few then refused it."""
    events = [
        Event(f"fan-{n}", item, "like", timestamp=worlds.START + n * 10 + place)
        for n in range(FANS)
        for place, item in enumerate("abc")
    ]
    events += [
        Event(f"fan-{n}", "c", "dislike", timestamp=worlds.START + 9_000 + n)
        for n in range(refused)
    ]
    return Dataset.build(worlds.event_table(events), item_table(map(Item, "abc")))


def even():
    return ItemWeights.from_dense(np.ones((3, 3), np.float32) - np.eye(3, dtype=np.float32), 3)


def test_without_refusals_nothing_changes():
    neighbours = even()
    assert agreed(neighbours, data(0)) is neighbours


def test_a_few_refusals_change_nothing_and_many_lower_the_weight():
    few, many = (agreed(even(), data(n)).matrix().toarray() for n in (4, 19))
    assert np.allclose(few, even().matrix().toarray())
    assert many[0, 2] < 0.6 and many[1, 2] < 0.6
    kept = np.ones((3, 3), bool)
    kept[:2, 2] = False
    assert np.allclose(many[kept], even().matrix().toarray()[kept])


def test_what_was_refused_later_is_not_taken_up():
    found = Interactions.of_dataset(data(5)).matrix.toarray()
    assert found[:, 2].sum() == FANS - 5 and found[:, :2].all()


def test_an_item_liked_again_is_taken_up():
    events = [
        Event("ann", "a", kind, timestamp=worlds.START + at)
        for at, kind in enumerate(("like", "dislike", "like"))
    ]
    one = Dataset.build(worlds.event_table(events), item_table([Item("a")]))
    assert Interactions.of_dataset(one).matrix.toarray().tolist() == [[1.0]]
