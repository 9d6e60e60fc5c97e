"""Lists of events: which shown list each event came of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jobs.nightly.data_snapshot import load_snapshot, save_snapshot
from recsys.data.records import Event
from recsys.store import shown_list_attribution
from recsys.store.exposures import Exposure, Exposures, Shown
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.shown_list_attribution import WINDOW, with_shown_lists
from recsys.store.store import Store

T = 1.7e9


def shown(store: Store, user: str, time: float, *items: str, first: int = 1) -> None:
    """Log a list of some items from a place on."""
    person = Pseudonyms.of_store(store).of(user) if user else ""
    places = tuple(Shown(item, place, "words") for place, item in enumerate(items, first))
    Exposures(store.db).write([Exposure(f"{user}-{time}", time, "b", person, "long", places)], [])


def test_an_event_came_of_the_latest_list_of_the_user_that_held_its_item(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events(
            [Event("old", "x", "like", None, "", T - 1e7 + n) for n in range(40)]
            + [
                Event("ann", "a", "like", None, "", T + 10),  # of the second list
                Event("ann", "b", "like", None, "", T + 20),  # of the first one, a page further on
                Event("ann", "c", "like", None, "", T + 30),  # in no list
                Event("bob", "a", "like", None, "", T + 40),  # shown to ann alone
                Event("ann", "d", "like", None, "", T + 50),  # shown afterwards
                Event("ann", "e", "like", None, "", T + WINDOW + 100),  # shown too long before
            ]
        )
        shown(store, "ann", T, "z", "a", "b", "e", first=11)
        shown(store, "ann", T + 5, "a", "q")
        shown(store, "ann", T + 60, "d")
        shown(store, "", T + 5, "a", "c")  # to somebody unknown
        store.add_events([Event("old", "x", "like", None, "", T - 1e7)])
        events = with_shown_lists(store.event_table(), store.db, Pseudonyms.of_store(store))
        lists = events.shown
        assert lists is not None
        came = {
            (events.users[user], events.items[item]): (
                [lists.ids[row] for row in found.tolist()],
                int(lists.place[event]),
            )
            for event, (user, item) in enumerate(zip(events.user, events.item, strict=True))
            if (found := lists.of_event(event)) is not None
        }
        assert came == {("ann", "a"): (["a", "q"], 1), ("ann", "b"): (["z", "a", "b", "e"], 13)}
        save_snapshot(tmp_path / "snapshot", events, store.item_table())
        read, _ = load_snapshot(tmp_path / "snapshot")
        assert read.shown is not None and list(read.shown.ids) == list(lists.ids)
        for name in ("number", "place", "starts", "items"):
            np.testing.assert_array_equal(getattr(read.shown, name), getattr(lists, name))


def test_older_lists_than_the_newest_are_not_read(tmp_path: Path, monkeypatch) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event("ann", f"i{n}", "like", None, "", T + 10 * n) for n in range(10)])
        for n in range(10):
            shown(store, "ann", T + 10 * n - 1, f"i{n}", "other")
        pseudonyms = Pseudonyms.of_store(store)
        monkeypatch.setattr(shown_list_attribution, "NEWEST", 1.0)
        whole = with_shown_lists(store.event_table(), store.db, pseudonyms)
        assert whole.shown is not None and whole.shown.named.all()
        monkeypatch.setattr(shown_list_attribution, "MOST", 3)
        some = with_shown_lists(store.event_table(), store.db, pseudonyms)
        assert some.shown is not None and np.flatnonzero(some.shown.named).tolist() == [6, 7, 8, 9]


def test_a_store_without_lists_has_none(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event("ann", "a", "like", None, "", T), Event("bob", "a", "like")])
        assert with_shown_lists(store.event_table(), store.db, Pseudonyms(b"x")).shown is None
        undated = [Event("ann", "a", "like", None, "", None)]
        store.add_events(undated)
        assert with_shown_lists(store.event_table(), store.db, Pseudonyms(b"x")).shown is None
