"""Communities: two sides of a town, items in groups, no user anywhere."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event
from recsys.data.table_builder import item_table
from recsys.serving.item_clusters import Communities
from recsys.training.item_clusters import CommunityConfig, fit_communities

SIDES, EACH, ITEMS = 4, 60, 40


def town():
    """Return who took up what on four sides that share one item."""
    rng, found = np.random.default_rng(5), []
    for who in range(SIDES * EACH):
        side = who % SIDES
        own = rng.permutation(ITEMS)[:12]
        found += [Event(f"p{who}", f"s{side}-{n}", "like", timestamp=float(n)) for n in own]
        found.append(Event(f"p{who}", "square", "like", timestamp=99.0))
        found.append(Event(f"p{who}", f"own-{who}", "like", timestamp=100.0))
    return Dataset.build(worlds.event_table(found), item_table([]))


@pytest.fixture(scope="module")
def data():
    return town()


@pytest.fixture(scope="module")
def found(data):
    return fit_communities(data, CommunityConfig(most=SIDES))


def side(data, row):
    return data.items[int(row)].split("-")[0]


def test_each_side_is_a_community(data, found):
    assert len(found) == SIDES
    for group in range(SIDES):
        members = np.flatnonzero(found.items == group)
        sides = {side(data, row) for row in members} - {"square"}
        assert len(sides) == 1 and len(members) >= ITEMS
        typical = found.typical[group][found.typical[group] >= 0]
        assert {side(data, row) for row in typical} == sides and len(typical) == 20
    assert found.user_counts.tolist() == [EACH] * SIDES


def test_what_hardly_anybody_took_up_is_in_none(data, found):
    alone = [row for row in range(len(data.items)) if data.items[row].startswith("own-")]
    assert set(found.items[alone].tolist()) == {-1}


def test_a_history_belongs_where_its_likes_are(data, found):
    rows = data.items.rows(["s1-1", "s1-2", "s1-3", "s2-1", "own-3"]).astype(np.int32)
    weights = np.array([1, 1, 1, -2, 1], np.float32)
    shares = found.of_history(rows, weights)
    home = int(found.items[rows[0]])
    assert shares.argmax() == home and shares[home] == pytest.approx(1.0)
    assert not found.of_history(rows[:0], weights[:0]).any()
    assert not found.of_history(rows[3:], weights[3:]).any()
    later = np.array([len(data.items) + 5], np.int32)  # posted since the night
    assert not found.of_history(later, np.ones(1, np.float32)).any()


@pytest.mark.parametrize("small", [worlds.nothing, worlds.one_user_one_item])
def test_too_few_items_make_no_community(small):
    none = fit_communities(small())
    assert len(none) == 0 and Communities.from_arrays(none.arrays()) is None


def test_the_arrays_come_back(found):
    again = Communities.from_arrays(found.arrays())
    assert np.array_equal(again.items, found.items) and len(again) == SIDES
