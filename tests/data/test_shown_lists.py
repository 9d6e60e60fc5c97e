"""Shown lists: events of each place are kept so that all places count alike."""

from __future__ import annotations

import numpy as np

from recsys.data.shown_lists import ShownLists


def lists_of(places: np.ndarray) -> ShownLists:
    """Return a list of a hundred items for each event, whose item stands at a place."""
    number = np.where(places > 0, np.arange(len(places)), -1)
    return ShownLists.of(number, places, [[f"i{n}" for n in range(100)] for _ in places])


def test_events_of_first_places_are_kept_more_rarely() -> None:
    places = np.tile([0, 1, 3, 20, 90], 4_000)
    kept = lists_of(places[:20]).select(np.arange(20) % 20)  # the same lists, fewer
    assert kept.number.tolist() == lists_of(places[:20]).number.tolist()
    found = ShownLists(
        np.where(places > 0, 0, -1).astype(np.int32),
        places.astype(np.int32),
        np.array([0, 1]),
        np.zeros(1, np.int32),
        kept.ids,
    ).evenly_looked_at(0)
    share = [found[places == place].mean() for place in (0, 1, 3, 20, 90)]
    np.testing.assert_allclose(share, [1, 0.228, 0.455, 1, 1], atol=0.02)
    looked = 1 / np.log2(1 + np.array([1, 3, 20]))  # how often a place is looked at
    np.testing.assert_allclose((looked * share[1:4]).round(2), [0.23, 0.23, 0.23], atol=0.011)


def test_lists_of_selected_events() -> None:
    lists = ShownLists.of(np.array([1, -1, 0]), np.array([2, 0, 1]), [["a", "b"], ["b", "c"]])
    assert lists.named.tolist() == [True, False, True]
    some = lists.select(np.array([0, 1]))
    assert some.named.tolist() == [True, False]
    found = some.of_event(0)
    assert found is not None and [some.ids[row] for row in found.tolist()] == ["b", "c"]
    assert some.of_event(1) is None
