"""The share of an hour's lists that new items and their authors get, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.safety.flags import Flag
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.new_item_exposure_cap import (
    HOUR_SECONDS,
    LEAST,
    OF_ONE,
    ExposureShare,
    undoubted,
)

NOW = 100 * HOUR_SECONDS


def posts() -> tuple[LiveState, np.ndarray]:
    """Return a state with three new items: two of one author, one of nobody known."""
    live = worlds.live()
    for number, author in enumerate(("ann", "ann", "")):
        live.add_item(Item(f"new-{number}", title="tide", author_id=author))
    rows = np.array([live.row(f"new-{number}") for number in range(3)], np.int32)
    return live, rows


def answer(share: ExposureShare, live: LiveState, rows: np.ndarray, now: float) -> list[int]:
    """Place what may be placed in one list; return it."""
    placed = rows[share.allowed(live, rows, now)]
    share.record(live, placed, now)
    return placed.tolist()


@pytest.mark.parametrize("fraction", [0.02, 0.1])
def test_no_item_is_in_more_than_its_share_of_an_hour(fraction):
    live, rows = posts()
    share = ExposureShare(fraction)
    shown = dict.fromkeys(rows.tolist(), 0)
    for number in range(1, 501):
        for row in answer(share, live, rows[2:], NOW + number):
            shown[row] += 1
        assert shown[rows[2]] <= max(LEAST, fraction * number)
    assert shown[rows[2]] == int(fraction * 500)


def test_the_items_of_one_author_share_it():
    live, rows = posts()
    share = ExposureShare(0.1)
    lists = [answer(share, live, rows[number % 2 : number % 2 + 1], NOW) for number in range(300)]
    assert sum(map(len, lists)) == 30
    both = ExposureShare(0.1)  # two in one list are one list of the author
    lists = [answer(both, live, rows[:2], NOW) for _ in range(300)]
    assert sum(map(len, lists)) == 60


def test_an_hour_begins_anew_and_a_clock_that_goes_back_does_not():
    live, rows = posts()
    share = ExposureShare(0.02)
    assert answer(share, live, rows[2:], NOW) == [rows[2]]
    assert answer(share, live, rows[2:], NOW + HOUR_SECONDS - 1) == []
    assert answer(share, live, rows[2:], NOW + HOUR_SECONDS) == [rows[2]]
    assert answer(share, live, rows[2:], NOW - 5 * HOUR_SECONDS) == []


def test_without_a_share_nothing_is_placed():
    live, rows = posts()
    assert not ExposureShare(0.0).allowed(live, rows, NOW).any()


def test_a_new_version_or_a_new_bundle_goes_on_with_the_same_count():
    live, rows = posts()
    share = ExposureShare(0.02)
    answer(share, live, rows, NOW)
    live.add_item(Item("new-2", title="anchor"))
    again = np.array([live.row("new-2")], np.int32)
    assert again[0] != rows[2]
    assert not share.allowed(live, again, NOW).any()
    other, same = posts()
    assert not share.allowed(other, same, NOW).any()
    other.add_item(Item("more", title="wave", author_id="ann"))
    assert not share.allowed(other, np.array([other.row("more")], np.int32), NOW).any()


def test_an_author_of_the_catalogue_and_one_of_a_new_item_are_the_same():
    live, _ = posts()
    known = np.array([live.row("sea-0")], np.int32)
    author = live.model.catalogue.document(int(known[0]))["author_id"]
    live.add_item(Item("sequel", title="wave", author_id=str(author)))
    share = ExposureShare(0.02)
    answer(share, live, known, NOW)
    assert not share.allowed(live, np.array([live.row("sequel")], np.int32), NOW).any()


def test_memory_is_bounded_and_what_is_not_counted_waits():
    live, rows = posts()
    share = ExposureShare(0.5, max_keys=2)
    assert answer(share, live, rows[:1], NOW) == [rows[0]]  # item and author: full
    assert not share.allowed(live, rows[2:], NOW).any()
    for _ in range(10):
        share.record(live, rows[:0], NOW)
    assert share.allowed(live, rows, NOW).tolist() == [True, False, False]
    assert share.allowed(live, rows, NOW + HOUR_SECONDS).all()


def test_what_is_flagged_or_flooded_is_placed_nowhere():
    live, rows = posts()
    live.marks.set(int(rows[0]), [Flag("spam", 0.6, "")], live.row)
    author_burst = [
        LiveEvent("new-2", "like", None, live.model.cutoff + 60 + n, 0.0, f"fake{n}")
        for n in range(60)
    ]
    share = ExposureShare(0.5)
    assert share.allowed(live, rows, NOW, flooded={int(rows[1])}).tolist() == [False, False, True]
    live.add_events(author_burst)
    assert undoubted(live, rows).tolist() == [False, True, False]
    live.add_item(Item("new-2", title="anchor"))
    assert not undoubted(live, np.array([live.row("new-2")], np.int32)).any()


def test_an_excess_that_the_night_found_follows_a_new_version():
    made = worlds.model()
    row = made.catalogue.ids.row("sea-1")
    account_mix = {name: np.array(array) for name, array in made.account_mix.items()}
    account_mix["excess"][row] = 9
    account_mix["span"][row] = made.cutoff - 60, made.cutoff
    live = LiveState(replace(made, account_mix=account_mix))
    assert not undoubted(live, np.array([row], np.int32)).any()
    live.add_item(Item("sea-1", title="wave"))
    assert not undoubted(live, np.array([live.row("sea-1")], np.int32)).any()


def test_the_lists_that_one_page_asks_for_open_no_places_to_an_item() -> None:
    live, rows = posts()
    share = ExposureShare(0.02)
    for _ in range(10_000):  # without the item: it is filtered away, say
        share.record(live, rows[:0], NOW, "eve")
    assert share.lists == OF_ONE
    shown = sum(len(answer(share, live, rows[2:], NOW)) for _ in range(500))
    assert shown == int(0.02 * (500 + OF_ONE))
    share.record(live, rows[2:], NOW, "eve")  # nor do they use up what the item may have
    assert answer(share, live, rows[:1], NOW) == [rows[0]]
    lists = share.lists
    for number in range(3):
        share.record(live, rows[:0], NOW, f"other-{number}")
    assert share.lists == lists + 3
    share.record(live, rows[:0], NOW + HOUR_SECONDS, "eve")  # another hour
    assert share.lists == 1
