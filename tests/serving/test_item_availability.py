"""The mask of what may be listed, against one that is computed from nothing each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.ranking.query import Query
from recsys.recommender import Recommender
from recsys.serving.catalogue import Catalogue
from recsys.serving.item_availability import ItemAvailability
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.live_state_updates import apply_change, with_returning
from recsys.store.events import StoredEvent
from recsys.store.items import ItemChange

NOW = 1_000_000.0


def catalogue(*rows: Item, **arrays) -> Catalogue:
    table = item_table(rows)
    return replace(Catalogue.from_table(table, table.created), **arrays)


def listing(*rows: Item, choice: str = "auto", room: int = 64, **arrays) -> ItemAvailability:
    return ItemAvailability(catalogue(*rows, **arrays), np.zeros(len(rows), bool), room, choice)


def rows_of(found: ItemAvailability, now: float, size: int) -> list[int]:
    return np.flatnonzero(found.at(now)[:size]).tolist()


def test_a_window_opens_and_closes_to_the_second_and_costs_nothing_in_between():
    found = listing(Item("a"), Item("b", available_from=NOW + 10, expires_at=NOW + 20), Item("c"))
    assert rows_of(found, NOW, 3) == [0, 2] and found.next_change == NOW + 10
    mask, version = found.at(NOW), found.version
    assert found.at(NOW + 9.9) is mask and found.version == version
    assert rows_of(found, NOW + 10, 3) == [0, 1, 2] and found.next_change == NOW + 20
    assert found.version == version + 1
    assert rows_of(found, NOW + 20, 3) == [0, 2] and found.next_change == np.inf
    assert found.version == version + 2
    assert rows_of(found, NOW + 15, 3) == [0, 1, 2]  # a clock that was put back


def test_the_mask_is_that_of_a_fresh_look_after_any_writes():
    rng = np.random.default_rng(3)
    found = listing(*(Item(f"i{n}") for n in range(4)), room=400)
    windows = {n: (-np.inf, np.inf) for n in range(4)}
    gone: set[int] = set()
    size, now = 4, NOW
    for _ in range(300):
        act = rng.integers(4)
        if act == 0:
            opens, length = now + float(rng.integers(-9, 9)), float(rng.integers(1, 12))
            item = Item(f"n{size}", available_from=opens, expires_at=opens + length)
            before = int(rng.integers(size)) if rng.random() < 0.3 else -1
            before = -1 if before in gone else before
            found.came(size, item, True, now, before)
            windows[size] = (opens, opens + length)
            gone |= {before} - {-1}
            size += 1
        elif act == 1:
            row = int(rng.integers(size))
            found.remove(row)
            gone.add(row)
        else:
            now += float(rng.integers(0, 4))
        wanted = [
            n for n, (opens, closes) in windows.items() if opens <= now < closes and n not in gone
        ]
        assert rows_of(found, now, size) == wanted


def test_room_grows_with_all_that_is_known():
    found = listing(Item("a", expires_at=NOW + 5), room=1)
    assert rows_of(found, NOW, 1) == [0]
    found.grow(3)
    found.came(1, Item("b"), True, NOW)
    assert rows_of(found, NOW, 2) == [0, 1] and rows_of(found, NOW + 5, 2) == [1]


def test_the_arrays_of_a_bundle_are_kept_and_an_older_one_sets_no_limit(tmp_path):
    known = catalogue(Item("a", available_from=5.0), Item("b", expires_at=9.0), Item("c"))
    known = replace(
        known, recorded=np.array([True, True, False]), user_counts=np.array([1, 0, 2], np.uint8)
    )
    arrays = known.arrays()
    back = Catalogue.from_arrays(arrays)
    assert back.opens.tolist() == [5.0, -np.inf, -np.inf]
    assert back.closes.tolist() == [np.inf, 9.0, np.inf]
    assert back.recorded.tolist() == [True, True, False] and back.user_counts.tolist() == [1, 0, 2]
    for name in ("opens", "closes", "recorded", "people"):
        del arrays[name]
    older = ItemAvailability(Catalogue.from_arrays(arrays), np.ones(3, bool), 3)
    assert rows_of(older, NOW, 3) == [0, 1, 2] and not older.lists_unrecorded
    plain = catalogue(Item("a", created_at=5.0))
    assert plain.opens is None and plain.closes is None and plain.recorded is None


def test_auto_follows_what_comes_in():
    found = listing(Item("a"), Item("b"), user_counts=np.zeros(2, np.uint8))
    found.came(2, Item("p"), False, NOW)
    assert not found.lists_unrecorded  # nobody acted on anything
    for actor in ("ann", "ben", "cem"):
        found.act(2, actor)
    assert found.lists_unrecorded and rows_of(found, NOW, 3) == [0, 1, 2]
    found.act(0, "ann")
    assert not found.lists_unrecorded and rows_of(found, NOW, 3) == [0, 1]  # half of them
    found.came(3, Item("q"), False, NOW)
    found.act(3, "ann")
    assert found.lists_unrecorded and rows_of(found, NOW, 4) == [0, 1, 2]
    found.came(4, Item("p", title="t"), True, NOW, 2)  # a record comes
    assert not found.lists_unrecorded and rows_of(found, NOW, 5) == [0, 1, 4]
    for choice, wanted in (("on", [0]), ("off", [])):
        other = listing(
            Item("p"),
            recorded=np.zeros(1, bool),
            user_counts=np.full(1, 3, np.uint8),
            choice=choice,
        )
        assert rows_of(other, NOW, 1) == wanted


@pytest.mark.parametrize("choice", ["on", "auto"])
def test_three_different_people_are_needed_those_of_the_night_included(choice):
    found = listing(
        Item("p"), recorded=np.zeros(1, bool), user_counts=np.full(1, 2, np.uint8), choice=choice
    )
    found.act(0, "ann", returning=True)  # one of the two
    found.act(0, None)
    assert rows_of(found, NOW, 1) == []
    found.act(0, "ben")
    assert rows_of(found, NOW, 1) == [0]


def test_who_acted_before_the_night_is_found_in_the_store():
    def stored(id: int, user: str, kind: str = "view") -> StoredEvent:
        fields = {"id": id, "user_id": user, "item_id": "p", "event": kind}
        blank = dict.fromkeys(StoredEvent._fields)
        return StoredEvent(**(blank | fields))

    data = Dataset.build(
        worlds.event_table(
            Event(who, "p", "view", timestamp=worlds.START + n)
            for n, who in enumerate(("ann", "ann", "ben"))
        ),
        ItemTable.empty(),
    )
    live = LiveState(worlds.plain(data, worlds.WHOLE), unrecorded="on")
    known = {
        "ann": [stored(1, "ann"), stored(2, "ann"), stored(9, "ann")],
        "cem": [stored(3, "cem", "impression"), stored(8, "cem")],
    }
    queried = []

    def look(user: str, item: str) -> list[StoredEvent]:
        queried.append(user)
        return known[user]

    for user, shown in (("ann", False), ("cem", True)):
        events = [known[user][-1]]
        acts = [LiveEvent("p", "view", None, worlds.START + 99, 0.0, user)]
        live.add_events(with_returning(events, acts, live, 4, look))
        assert bool(live.listed()[live.row("p")]) is shown
    assert queried == ["ann", "cem"]
    with_returning(events, acts, live, 4, look)
    assert queried == ["ann", "cem"]  # three users are known: nothing is looked up


def test_a_night_counts_people_and_marks_what_has_a_record():
    reads = [("ann", "a"), ("ann", "p"), ("ann", "p"), ("ben", "p")]
    table = worlds.event_table(
        Event(who, what, "view", timestamp=worlds.START + n) for n, (who, what) in enumerate(reads)
    )
    data = Dataset.build(table, item_table([Item("a"), Item("unread")]))
    found = worlds.plain(data, worlds.WHOLE).catalogue
    assert found.recorded.tolist() == [True, True, False]
    assert found.user_counts.tolist() == [1, 0, 2]


def test_a_change_of_an_item_without_a_record_gives_it_none():
    live = worlds.live(worlds.WHOLE)
    live.add_event("p", "view", timestamp=worlds.START)
    apply_change(live, ItemChange(1, "p", None, "hidden", False))
    apply_change(live, ItemChange(2, "p", Item("p"), "live", False))
    assert live.listing.why_not(live.row("p"), NOW) == "unrecorded"
    apply_change(live, ItemChange(3, "p", Item("p", title="t"), "live", True))
    assert live.listing.why_not(live.row("p"), NOW) == ""


def test_an_item_that_waits_is_named_in_no_reason_and_one_that_expired_may_be():
    found = listing(
        Item("a"), Item("b", available_from=NOW + 1), Item("c", expires_at=NOW - 1), Item("d")
    )
    found.remove(3)
    named = found.nameable(np.arange(4, dtype=np.int32), NOW)
    assert named.tolist() == [True, False, True, False]


def test_the_engine_lists_what_the_clock_allows():
    live = worlds.live(worlds.WHOLE)
    live.clock = lambda: NOW
    live.add_item(Item("post", title="tide sailor", expires_at=NOW + 1))
    recommender = Recommender(live)

    def shown() -> list[str]:
        return [one.item_id for one in recommender.recommend(Query(n=99))]

    assert "post" in shown()
    live.clock = lambda: NOW + 1
    assert "post" not in shown()
    row = live.row("post")
    request = recommender.request(Query())
    assert recommender.closed(Query(), request, row) == "expired"
