"""What every store must do; inherited by the tests of each database."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import insert

from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable
from recsys.data.records import Author, Event, Follow, Item, User
from recsys.errors import DataError
from recsys.experiments.definition import of_definition
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.unit_counts import Window, unit_counts
from recsys.store import user_merges
from recsys.store.alerts import Alerts, Evidence
from recsys.store.erasure import Erasures, erase
from recsys.store.exposure_reader import shown_lists
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.follows import Change
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import exposures, prints
from recsys.store.store import Added, Store
from recsys.store.text_fingerprints import Seen
from recsys.store.user_controls import MOST, Wish
from recsys.store.user_histories import UserHistories
from recsys.store.user_merges import MergeLog, merge_users
from recsys.store.watches import Match, Watches

ODD_IDS = [
    "a/b",
    "two words",
    'quo"ted',
    "o'brien",
    "🎬",
    "电影",
    "x" * 512,
    "100%",
    "a\\b",
    ":x",
    "?",
]


def likes(user, *items, start=1000.0):
    return [Event(user, item, "like", None, "", start + at) for at, item in enumerate(items)]


def said(table: EventTable):
    return [(table.users[u], table.items[i]) for u, i in zip(table.user, table.item, strict=True)]


class StoreContract:
    """Subclasses give the fixture `url`, of an empty database."""

    @pytest.fixture
    def store(self, url):
        with Store.open(url) as store:
            yield store

    # events

    def test_the_same_events_again_change_nothing(self, store):
        events = [*likes("ann", "1", "2"), Event("ann", "1", "rating", 7.0, "fine", 5.0)]
        assert store.add_events(events) == Added(3, 0)
        assert store.add_events(events) == Added(0, 3)
        assert store.add_events([events[0], events[0]]) == Added(0, 2)
        assert store.counts() == {"items": 0, "events": 3, "users": 1}

    def test_each_column_makes_another_event(self, store):
        base = {
            "user_id": "a",
            "item_id": "1",
            "event": "like",
            "value": 1.0,
            "text": "",
            "timestamp": 5.0,
        }
        changes = [
            {},
            {"user_id": "b"},
            {"item_id": "2"},
            {"event": "save"},
            {"value": None},
            {"text": "x"},
            {"timestamp": 5.5},
        ]
        events = [Event(**(base | change)) for change in changes]
        assert store.add_events(events) == Added(7, 0)

    def test_without_a_timestamp_source_and_row_tell_events_apart(self, store):
        twice = [Event("a", "1", "view"), Event("a", "1", "view")]
        assert store.add_events(twice, source="file1") == Added(2, 0)
        assert store.add_events(twice, source="file1") == Added(0, 2)
        assert store.add_events(twice, source="file1", rows=[2, 3]) == Added(1, 1)
        assert store.add_events(twice, source="file2") == Added(2, 0)
        assert store.add_events(twice) == Added(2, 0)  # live clicks: each is one

    def test_an_event_shortly_ahead_is_cut_to_now_and_still_the_same_later(self, store):
        ahead = Event("a", "1", "like", None, "", time.time() + 200)
        assert store.add_events([ahead]) == Added(1, 0)
        assert store.add_events([ahead]) == Added(0, 1)
        (stored,) = store.history("a")
        assert stored.timestamp == stored.received <= time.time()

    def test_history_is_the_latest_events_oldest_first(self, store):
        store.add_events(likes("ann", "3", "4", start=50.0) + likes("bob", "9"))
        store.add_events(likes("ann", "1", "2", start=10.0))
        assert [event.item_id for event in store.history("ann")] == ["1", "2", "3", "4"]
        assert [event.item_id for event in store.history("ann", limit=2)] == ["3", "4"]
        assert store.history("nobody") == []
        now = store.add_events([Event("ann", "5", "view", 2.5, "words")])
        assert now == Added(1, 0)
        last = store.history("ann")[-1]
        assert (last.item_id, last.event, last.value, last.text) == ("5", "view", 2.5, "words")
        assert last.timestamp is None and last.received == pytest.approx(time.time(), abs=60)

    @pytest.mark.parametrize("odd", ODD_IDS)
    def test_ids_of_any_form(self, store, odd):
        store.add_events([Event(odd, odd, odd[:64], None, odd, 5.0)])
        store.add_items([Item(odd, odd)])
        store.put_user(User(odd, odd))
        (event,) = store.history(odd)
        assert (event.user_id, event.item_id, event.event, event.text) == (odd, odd, odd[:64], odd)
        assert store.item(odd) == Item(odd, odd) and store.user(odd) == User(odd, odd)
        assert said(store.event_table()) == [(odd, odd)]

    def test_the_event_table_is_in_the_order_of_time(self, store):
        store.add_events(
            [Event("b", "2", "rating", 3.0, "hm", 20.0), Event("a", "1", "like", None, "", 10.0)]
        )
        table = store.event_table()
        assert said(table) == [("a", "1"), ("b", "2")]
        assert table.time.tolist() == [10.0, 20.0] and table.timed
        assert np.isnan(table.value[0]) and table.value[1] == 3.0
        assert [table.kinds[kind] for kind in table.kind] == ["like", "rating"]
        assert dict(table.comments) == {1: "hm"}
        assert said(store.event_table(before=20.0)) == [("a", "1")]
        assert len(store.event_table(before=10.0)) == 0

    def test_an_empty_store_gives_empty_tables(self, store):
        assert len(store.event_table()) == 0 and len(store.item_table()) == 0
        assert store.last_event_id() == 0 and store.last_change_id() == 0
        assert store.events_after(0, 10) == [] and store.item_changes_after(0, 10) == []

    def test_untimed_events_keep_their_order(self, store):
        events = [Event("a", str(n % 7), "view") for n in range(100)]
        store.add_events(events, source="f")
        table = store.event_table()
        assert [table.items[row] for row in table.item] == [event.item_id for event in events]
        assert not table.timed

    def test_an_undated_event_stands_at_its_arrival_beside_dated_ones(self, store):
        store.add_events([Event("a", "1", "like"), Event("a", "2", "like", timestamp=10.0)])
        table = store.event_table()
        assert said(table) == [("a", "2"), ("a", "1")] and table.timed
        assert table.time[0] == 10.0 and abs(table.time[1] - time.time()) < 60

    def test_kinds_that_do_not_count_crowd_nothing_out(self, store):
        shown = [Event("a", str(n), "impression", timestamp=50.0 + n) for n in range(9)]
        store.add_events([Event("a", "old", "like", timestamp=10.0), *shown])
        found = store.history("a", 5, ("impression", "never-seen"))
        assert [event.item_id for event in found] == ["old"]
        assert len(store.history("a", 5)) == 5

    def test_the_log_of_events_is_read_from_where_one_stopped(self, store):
        store.add_events(likes("a", "1", "2", "3"))
        first = store.events_after(0, 2)
        rest = store.events_after(first[-1].id, 10)
        assert [event.item_id for event in first + rest] == ["1", "2", "3"]
        assert rest[-1].id == store.last_event_id()
        assert store.events_after(store.last_event_id(), 10) == []

    def test_an_id_is_never_given_twice(self, store):
        store.add_events(likes("a", "1"))
        seen = store.last_event_id()
        assert store.delete_event(seen) and not store.delete_event(seen)
        store.add_events(likes("a", "2"))
        assert [event.item_id for event in store.events_after(seen, 10)] == ["2"]

    def test_events_of_a_user_by_page(self, store):
        store.add_events(likes("a", "1", "2", "3") + likes("b", "9"))
        page = store.events_of("a", 0, 2)
        assert [event.item_id for event in page] == ["1", "2"]
        assert [event.item_id for event in store.events_of("a", page[-1].id, 2)] == ["3"]

    def test_writers_at_once_and_a_reader_that_misses_nothing(self, store, url):
        failures, seen = [], []

        def work(name):
            try:
                with Store.open(url) as own:
                    for n in range(15):
                        own.add_events([Event(f"u{n % 4}", f"i{name}-{n}", "like", None, "", 5.0)])
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        last, deadline = 0, time.monotonic() + 120
        while len(seen) < 60 and time.monotonic() < deadline and not failures:
            for event in store.events_after(last, 7):
                seen.append(event.item_id)
                last = event.id
        for thread in threads:
            thread.join()
        assert failures == [] and len(set(seen)) == len(seen) == 60

    # items

    def test_an_item_is_kept_and_replaced(self, store):
        full = Item(
            "1", "T", "words", ("a", "b"), "c", "auth", 5.0, "http://x", {"year": 1974, "n": [1]}
        )
        assert store.add_items([full, Item("2")]) == 2
        assert store.add_items([full, Item("2")]) == 0
        assert store.item("1") == full
        assert store.add_items([Item("1", "new")]) == 1
        assert store.item("1") == Item("1", "new") and store.item("3") is None
        table = store.item_table()
        assert list(table.ids) == ["1", "2"] and table.title == ["new", ""]

    def test_an_item_seen_only_in_events_has_no_description(self, store):
        store.add_events(likes("a", "7"))
        assert store.item("7") is None and len(store.item_table()) == 0
        assert said(store.event_table()) == [("a", "7")]
        assert store.add_items([Item("7")]) == 1 and store.item("7") == Item("7")

    def test_a_hidden_item_is_out_of_sight_until_shown(self, store):
        store.add_items([Item("1", "one"), Item("2", "two")])
        store.add_events(likes("a", "1", "2"))
        assert store.hide_item("1") and not store.hide_item("9")
        assert store.item("1") is None and list(store.item_table().ids) == ["2"]
        assert said(store.event_table()) == [("a", "2")]
        assert store.add_items([Item("1", "again")]) == 1 and store.item("1") is None
        assert store.show_item("1") and store.item("1") == Item("1", "again")

    def test_a_deleted_item_stays_deleted_unless_it_is_revived(self, store):
        store.add_items([Item("1", "one")])
        assert store.delete_item("1") and not store.delete_item("1")
        assert store.add_items([Item("1", "one")]) == 0 and store.item("1") is None
        assert not store.show_item("1")
        assert store.add_items([Item("1", "one")], revive=True) == 1
        assert store.item("1") == Item("1", "one")

    def test_decisions_on_items_survive_what_is_told_again(self, store):
        store.add_items([Item("1", "one"), Item("2", "two", metadata={"reviewed": True, "a": 1})])
        store.hide_item("1")
        for again in (False, True):
            store.add_items([Item("1", "uno"), Item("2", "due", metadata={"flags": [1]})], again)
            assert store.item("1") is None and store.items_known(["1"])["1"].title == "uno"
            assert store.item("2") == Item("2", "due", metadata={"reviewed": True})
        store.add_items([Item("1", "uno", metadata={"hidden": "False"})])
        assert store.item("1") == Item("1", "uno")
        store.add_items([Item("1", "uno", metadata={"hidden": True, "b": 2})])
        assert store.item("1") is None and store.items_known(["1"])["1"].metadata == {"b": 2}
        store.add_items(
            [Item("1", metadata={"hidden": 0}), Item("2", metadata={"reviewed": False})]
        )
        assert store.item("1") == Item("1")
        assert store.item("2") == Item("2", metadata={"reviewed": False})
        store.add_items([Item("2", "due", metadata={"hidden": "gem"})])
        assert store.item("2") == Item("2", "due", metadata={"hidden": "gem"})
        store.delete_item("2")
        store.add_items([Item("2", metadata={"hidden": True})], revive=True)
        assert store.item("2") is None and store.items_known(["2"])["2"].metadata == {}

    def test_the_log_of_changes(self, store):
        store.add_items([Item("1", "one"), Item("2", "two")])
        store.hide_item("1")
        store.delete_item("2")
        changes = store.item_changes_after(0, 10)
        found = [(change.item_id, change.state) for change in changes]
        assert found == [("1", "hidden"), ("2", "deleted")] * 2
        assert changes[0].item == Item("1", "one") and changes[1].item is None
        assert store.item_changes_after(changes[1].id, 1) == [changes[2]]
        assert store.last_change_id() == changes[-1].id

    def test_pages_of_items_by_id(self, store):
        ids = ["B", "a", "b", "ä", "电", "🎬"]
        store.add_items([Item(item) for item in reversed(ids)])
        assert [item.item_id for item in store.items_page("", 4)] == ids[:4]
        assert [item.item_id for item in store.items_page("ä", 9)] == ids[4:]

    def test_a_long_past_holds_all_items_and_follows_the_store(self, store):
        now, pasts = time.time(), UserHistories(EventWeights())
        store.add_events(likes("ann", "1", "2"))
        few = pasts.of(store, "ann")
        assert few.taken is None and [e.item_id for e in few.events] == ["1", "2"]
        assert pasts.of(store, "nobody").events == []
        often = [Event("ann", "page", "view", timestamp=now - 900 + k) for k in range(600)]
        many = [Event("ann", f"i{k}", "like", timestamp=now - 9000 + k) for k in range(700)]
        store.add_events([*often, *many, Event("ann", "shown", "impression", timestamp=now - 1)])
        past = pasts.of(store, "ann")
        kept = [event.item_id for event in past.events]
        assert len(set(kept)) == 500 and kept.count("page") == 4 and kept[-1] == "page"
        assert set(past.taken.ids) == {"1", "2", "page", *(f"i{k}" for k in range(700))}
        assert past.taken.uses["page"].count == 600
        assert pasts.of(store, "ann") is past
        store.add_events([Event("ann", "late", "like", timestamp=now - 20_000)])
        late = pasts.of(store, "ann")
        assert late.mark != past.mark and "late" in late.taken.ids
        store.delete_event(store.history("ann", 1)[0].id)
        store.add_events([Event("ann", "page", "hide", timestamp=now)])
        after = pasts.of(store, "ann")
        fresh = UserHistories(EventWeights()).of(store, "ann")
        assert sorted(after.taken.ids) == sorted(fresh.taken.ids)
        assert after.events == fresh.events and "page" not in after.taken.uses
        store.delete_user("ann")
        assert pasts.of(store, "ann").events == []

    def test_items_that_a_user_acted_on_with_a_kind(self, store):
        store.add_events([*likes("ann", "1", "2"), Event("ann", "3", "view")])
        assert store.items_acted_on("ann", ["2", "3", "4"], "like") == {"2"}

    # users

    def test_users_and_follows(self, store):
        ann = User("ann", "Ann", ("jazz",), "de")
        assert store.add_users([ann, User("bob")]) == 2
        assert store.add_users([ann, User("bob")]) == 0
        assert store.user("ann") == ann and store.user("eve") is None
        assert store.users_page("ann", 5) == [User("bob")]
        follows = [Follow("ann", "writer"), Follow("ann", "", "bob")]
        assert store.add_follows(follows) == 2 and store.add_follows(follows) == 0
        assert sorted(store.follows_of("ann"), key=str) == sorted(follows, key=str)
        assert sorted(store.followed("ann")) == ["bob", "writer"] and store.followed("eve") == ()

    def edges(self, store, kind):
        return sorted(pair for part in store.follow_edges(kind) for pair in part)

    def test_follows_are_removed_and_listed_page_by_page(self, store):
        store.add_users([User("bob", "Bob B.")])
        store.add_authors([Author("w", "The Writer")])
        store.add_follows([Follow("ann", "w"), Follow("ann", "", "bob"), Follow("ann", "", "eve")])
        store.add_follows(
            [Follow("eve", "", "ann"), Follow("eve", "ann"), Follow("dan", "", "ann")]
        )
        rows = [(f.author_id, f.followed_user_id, f.name) for f in store.follows_page("ann")]
        assert rows == [("", "bob", "Bob B."), ("", "eve", ""), ("w", "", "The Writer")]
        assert [f.author_id for f in store.follows_page("ann", after=("", "eve"))] == ["w"]
        assert [f.followed_user_id for f in store.follows_page("ann", n=1)] == ["bob"]
        followers = [(f.user_id, f.author_id) for f in store.follows_page("ann", True)]
        assert followers == [("dan", ""), ("eve", ""), ("eve", "ann")]
        assert len(store.follows_page("ann", True, ("eve", ""))) == 1
        assert store.ties_of("ann").names == (("bob", "Bob B."), ("w", "The Writer"))
        gone = [Follow("ann", "w"), Follow("ann", "", "nobody"), Follow("nobody", "w")]
        assert store.remove_follows(gone) == 1 and store.remove_follows(gone) == 0
        assert store.followed("ann") == ("bob", "eve")
        unknown = store.unknown_followees([Follow("ann", "w"), Follow("ann", "", "bob"), gone[1]])
        assert unknown == [Follow("ann", "w"), gone[1]]

    def test_display_names_of_authors(self, store):
        assert store.add_authors([Author("w", "Writer"), Author("x")]) == 2
        assert store.add_authors([Author("w", "Writer"), Author("x", "X")]) == 1
        assert store.author("x") == Author("x", "X") and store.author("y") is None
        assert store.authors_page("w", 5) == [Author("x", "X")] and store.add_authors([]) == 0
        store.add_follows([Follow("ann", "y")])
        assert store.author("y") == Author("y")

    def test_the_log_of_follows_leads_to_the_state(self, store):
        """Whoever applies the log to what they read before has what a new reader reads."""
        store.add_follows([Follow("ann", "w"), Follow("bob", "", "v"), Follow("eve", "", "ann")])
        store.change_controls("v", [Wish("block", "user", "eve")])
        start = store.follow_position()
        found = {kind: set(self.edges(store, kind)) for kind in ("users", "authors", "blocks")}
        store.add_follows([Follow("ann", "w"), Follow("v", "x"), Follow("ann", "", "v")])
        store.remove_follows([Follow("eve", "", "ann"), Follow("eve", "", "nobody")])
        store.change_controls("eve", [Wish("block", "user", "bob"), Wish("block", "user", "v")])
        store.change_controls("v", reset=True)
        merge_users(store, "ann", "v")
        store.add_follows([Follow("dan", "", "ann"), Follow("dan", "", "eve")])
        store.delete_user("bob")
        for _, user, author, other, change in store.follow_changes_after(start):
            if change == Change.GONE:
                for kind, edges in found.items():
                    ends = {e for e in edges if user in (e if kind != "authors" else e[:1])}
                    found[kind] = edges - ends
                continue
            kind = "authors" if author else "users" if change <= Change.FOLLOW else "blocks"
            edge = (user, author or other)
            (found[kind].add if change % 2 else found[kind].discard)(edge)
        assert {kind: sorted(edges) for kind, edges in found.items()} == {
            kind: self.edges(store, kind) for kind in found
        }
        assert found["authors"] and found["users"] and found["blocks"]

    def test_blocks_work_both_ways_and_end_with_what_made_them(self, store):
        store.change_controls("ann", [Wish("block", "user", "bob"), Wish("mute", "user", "eve")])
        assert store.ties_of("bob").blocked_by == ("ann",) and store.ties_of("eve").blocked_by == ()
        (block, _) = store.controls_of("ann")
        store.change_controls("ann", undo=[block.id])
        assert store.ties_of("bob").blocked_by == ()
        store.change_controls("ann", [Wish("block", "user", "bob")])
        store.change_controls("ann", [Wish("mute", "user", "bob")])  # the last one holds
        assert store.ties_of("bob").blocked_by == ()
        store.change_controls("v", [Wish("block", "user", "bob"), Wish("block", "user", "ann")])
        store.change_controls("bob", [Wish("block", "user", "v")])
        merge_users(store, "ann", "v")
        assert store.ties_of("ann").blocked_by == ("bob",)
        assert store.ties_of("bob").blocked_by == ()  # the user's own mute holds
        assert not any(c.value in ("ann", "v") for c in store.controls_of("ann"))
        store.delete_user("ann")
        assert store.controls_of("bob") == [] and self.edges(store, "blocks") == []
        for wish in (
            Wish("boost", "user", "bob"),
            Wish("block", "author", "bob"),
            Wish("mute", "user", "dan"),
        ):
            with pytest.raises(DataError):
                store.change_controls("dan", [wish])

    def test_a_deleted_user_is_gone(self, store):
        store.add_events(likes("ann", "1", "2") + likes("bob", "1"))
        store.add_follows([Follow("ann", "w"), Follow("bob", "", "ann")])
        store.change_controls("ann", [Wish("mute", "author", "w")])
        removed = {"events": 2, "follows": 2, "controls": 1, "merges": 0, "users": 1, "shares": 0}
        assert store.delete_user("ann") == removed
        assert store.delete_user("ann") == dict.fromkeys(removed, 0)
        assert store.user("ann") is None and store.history("ann") == []
        assert said(store.event_table()) == [("bob", "1")]

    # merges

    def test_a_merge_moves_all_there_is(self, store):
        who = Pseudonyms.of_store(store).of
        now = time.time()
        store.add_users([User("ann", "Ann", ("jazz",)), User("v", "", ("rock", "jazz"), "de")])
        both = Event("ann", "1", "like", None, "", 1000.0)
        store.add_events(
            [both, *likes("v", "1", "2", "3"), Event("v", "2", "view"), Event("v", "2", "view")]
        )
        store.add_events(
            [Event("v", "1", "rating", 3.0, "", 900.0), Event("ann", "1", "rating", 4.0, "", 900.0)]
        )
        store.add_follows(
            [
                Follow("ann", "w"),
                Follow("v", "w"),
                Follow("v", "x"),
                Follow("v", "", "ann"),
                Follow("eve", "", "v"),
                Follow("bob", "", "v"),
                Follow("bob", "", "ann"),
            ]
        )
        store.change_controls("ann", [Wish("mute", "tag", "a"), Wish("mute", "tag", "b")])
        store.change_controls("v", [Wish("boost", "tag", "c")], reset=True)
        store.change_controls("v", [Wish("boost", "tag", "a"), Wish("mute", "words", "war")])
        log = Exposures(store.db)
        log.write(
            [
                Exposure(f"{n:032x}", now, "b", who("v"), "long", (Shown("1", 1, "s", 1.0),))
                for n in range(2)
            ],
            [],
        )
        found = merge_users(store, "ann", "v")
        assert found.moved == {
            "events": 4,
            "duplicates": 2,
            "follows": 1,
            "controls": 2,
            "interests": 1,
            "exposures": 2,
            "dialogues": 0,
        }
        assert store.user("v") is None and store.history("v") == [] and store.control_log("v") == []
        assert store.user("ann") == User("ann", "Ann", ("jazz", "rock"), "de")
        assert sorted(e.item_id for e in store.history("ann")) == ["1", "1", "2", "2", "2", "3"]
        assert {f.author_id for f in store.follows_of("ann")} == {"w", "x"}
        assert store.followed("eve") == ("ann",) and store.followed("bob") == ("ann",)
        assert [(c.action, c.value) for c in store.controls_of("ann")] == [
            ("mute", "a"),
            ("mute", "b"),
            ("boost", "c"),
            ("mute", "war"),
        ]
        assert len(log.shown_lists(who("ann"))) == 2 and log.shown_lists(who("v")) == []
        again = merge_users(store, "ann", "v")
        assert again.again and again.at == found.at and not any(again.moved.values())
        late = Exposure("f" * 32, now, "b", who("v"), "long", (Shown("1", 1, "s", 1.0),))
        log.write([late], [])  # a list that another worker was making meanwhile
        assert len(log.shown_lists(who("ann"))) == 3
        store.add_events(likes("v", "9"))
        assert merge_users(store, "ann", "v").moved["events"] == 1
        assert [old for old, _ in MergeLog(store.db).of_user("ann")] == ["v"]

    def test_an_exposure_keeps_arm_propensities_and_kinds_of_places(self, store):
        log = Exposures(store.db)
        places = (Shown("1", 1, "words"), Shown("2", 2, "explore", 0.0125, "explore"))
        log.write([Exposure("a" * 32, 50.0, "b", "p", "long", places, {"x": "blue"})], [])
        log.write([Exposure("b" * 32, 60.0, "b", "p", "long", places)], [])
        with store.db.write() as connection:  # as programs before revision 0005 wrote it
            connection.execute(
                insert(exposures).values(
                    recommendation_id="c" * 32,
                    time=70.0,
                    bundle="b",
                    person="p",
                    kind="long",
                    items='[["1", 1, "words", 0.9]]',
                )
            )
        first, second, old = log.shown_lists("p")
        assert first.items == second.items == places
        assert (first.arms, second.arms, old.arms) == ({"x": "blue"}, {}, {})
        assert old.items == (Shown("1", 1, "words", 0.9, None),)
        assert log.rates(0.0)["slot_kind"].keys() == {"ranked", "explore"}
        assert log.rates(0.0)["source"]["words"].shown == 3

    def test_experiments_and_the_log_of_their_arms(self, store):
        known = Experiments(store.db)
        arms = [{"name": name, "share": 0.5} for name in "ab"]
        given = {"arms": arms, "metrics": {"primary": "click_rate"}, "holdout": 0.1}
        one = known.add(of_definition("x", given))
        assert known.every() == [one]
        with pytest.raises(DataError, match="used once"):
            known.add(of_definition("x", given))
        started = known.move("x", "running")
        assert known.one("x") == started and started.state == "running"
        log = Exposures(store.db)
        places = (Shown("1", 1, "words", team="a"), Shown("2", 2, "words", team="b"))
        now = started.started
        for number in range(7):
            arm = {"x": "ab"[number % 2]}
            own = Exposure(
                f"{number:032}", now + number // 3, "b", f"p{number}", "long", places, arm
            )
            log.write([own], [Outcome(own.recommendation_id, "2", "click", now)])
        log.write([Exposure("s" * 32, now, "b", "", "session", places)], [])
        found = list(shown_lists(store.db, now, whole=True, page=2))
        assert [one.person for one in found] == [f"p{number}" for number in range(7)]
        assert all(one.teams == ("a", "b") and one.clicked == {"2"} for one in found)
        assert found[1].arms == {"x": "b"}
        assert len(list(shown_lists(store.db, now, now + 1))) == 3
        counts = unit_counts(store.db, Window("x", now, now + 9, {"a": 0.5, "b": 0.5}))
        assert counts.arms.count("a") == 4 and counts.counts[0].tolist() == [1, 2, 1, 1, 0]
        assert known.stop_running("x", "why") and not known.stop_running("x", "why")

    def test_click_rates_are_the_same_read_in_pages_of_any_size(self, store, monkeypatch):
        log = Exposures(store.db)
        places = tuple(Shown(f"{place}", place, "words") for place in (1, 2, 3))
        lists = [
            Exposure(f"{n:032}", 50.0 + n // 4, f"b{n % 3}", "p", "long", places) for n in range(20)
        ]
        some = [Outcome(one.recommendation_id, "2", "click", one.time) for one in lists[::2]]
        log.write(lists, [*some, Outcome(lists[1].recommendation_id, "3", "hide", 60.0)])
        whole = log.rates(0.0)
        assert (whole["position"]["2"].shown, whole["position"]["2"].clicked) == (20, 10)
        assert (whole["position"]["3"].shown, whole["position"]["3"].clicked) == (20, 0)
        newest = log.rates(0.0, 7)
        for size in (1, 3, 6):  # lists of one moment lie in several pages
            monkeypatch.setattr("recsys.store.exposures._PAGE", size)
            assert log.rates(0.0) == whole and log.rates(0.0, 7) == newest
        assert newest["position"]["1"].shown == 7
        assert sum(one.shown for one in log.rates(52.0)["bundle"].values()) == 3 * 12

    def test_merges_in_a_chain_and_back_and_of_nobody(self, store, tmp_path):
        assert merge_users(store, "ann", "nobody") is None
        with pytest.raises(DataError, match="itself"):
            merge_users(store, "ann", "ann")
        store.add_events(likes("v1", "1") + likes("v2", "2", start=2000.0))
        merge_users(store, "v2", "v1")
        merge_users(store, "ann", "v2")
        assert [old for old, _ in MergeLog(store.db).of_user("ann")] == ["v1", "v2"]
        merge_users(store, "v1", "ann")
        assert sorted(old for old, _ in MergeLog(store.db).of_user("v1")) == ["ann", "v2"]
        assert [e.item_id for e in store.history("v1")] == ["1", "2"]
        rejects = tmp_path / "rejects"
        rejects.mkdir()
        (rejects / "a.jsonl").write_text(
            '{"raw": "v2,1", "reason": "x"}\n{"raw": "b,1", "reason": "x"}\n'
        )
        receipt = erase(store, tmp_path, "v1")
        assert receipt.removed["merges"] == 2 and receipt.removed["reject_lines"] == 1
        assert MergeLog(store.db).of_user("v1") == []

    def test_merges_at_once_move_everything_once(self, store):
        names = [f"v{n}" for n in range(6)]
        store.add_events(
            [
                e
                for n, v in enumerate(names)
                for e in likes(v, *map(str, range(40)), start=1000.0 * n)
            ]
        )
        done = []

        def run(v):
            done.append(merge_users(store, "ann", v))

        threads = [threading.Thread(target=run, args=(v,)) for v in (*names, *names)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.history("ann", 1000)) == 240 and sum(one.again for one in done) == 6
        assert sum(one.moved["events"] for one in done) == 240

    def test_a_merge_that_fails_changes_nothing(self, store, monkeypatch):
        store.add_events(likes("ann", "1") + likes("v", "2"))
        monkeypatch.setattr(user_merges, "_log", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            merge_users(store, "ann", "v")
        assert [e.item_id for e in store.history("v")] == ["2"]
        assert [e.item_id for e in store.history("ann")] == ["1"]

    # controls

    def test_the_last_control_on_a_label_holds_and_is_listed(self, store):
        first = store.change_controls(
            "ann", [Wish("mute", "author", "w"), Wish("less", "tag", "x")]
        )
        assert [(c.action, c.kind, c.value) for c in first] == [
            ("mute", "author", "w"),
            ("less", "tag", "x"),
        ]
        assert all(c.at == pytest.approx(time.time(), abs=60) for c in first)
        then = store.change_controls("ann", [Wish("boost", "author", "w")])
        assert [(c.action, c.value) for c in then] == [("less", "x"), ("boost", "w")]
        both = store.change_controls("ann", [Wish("forget", "author", "w")])
        assert [c.action for c in both] == ["less", "boost", "forget"]
        assert store.controls_of("ann") == both and store.controls_of("bob") == []
        assert store.change_controls("ann", [Wish("boost", "author", "w")]) == both
        again = store.change_controls("ann", [Wish("forget", "author", "w")])
        assert again[:2] == both[:2] and again[2].at >= both[2].at and again[2].id > both[2].id

    def test_what_is_undone_leaves_what_was_there_before_and_can_be_redone(self, store):
        (mute,) = store.change_controls("ann", [Wish("mute", "item", "1")])
        (boost,) = store.change_controls("ann", [Wish("boost", "item", "1")])
        assert store.change_controls("ann", undo=[boost.id]) == [mute]
        assert store.change_controls("ann", undo=[mute.id]) == []
        undoing = [row.id for row in store.control_log("ann") if row.action == "undo"]
        assert store.change_controls("ann", undo=[undoing[0]]) == [boost]
        assert len(store.control_log("ann")) == 5

    def test_a_reset_takes_all_back_and_can_be_taken_back(self, store):
        before = store.change_controls("ann", [Wish("mute", "item", "1"), Wish("mute", "tag", "a")])
        after = store.change_controls("ann", [Wish("mute", "tag", "b")], reset=True)
        assert [(c.kind, c.value) for c in after] == [("tag", "b")]
        (reset,) = [row.id for row in store.control_log("ann") if row.action == "reset"]
        assert store.change_controls("ann", undo=[reset]) == [*before, *after]

    def test_a_wrong_control_stores_none(self, store):
        (own,) = store.change_controls("ann", [Wish("mute", "item", "1")])
        store.change_controls("bob", [Wish("mute", "item", "2")])
        for undo in ([own.id, own.id], [own.id + 1], [own.id, 999]):
            with pytest.raises(DataError, match="undo"):
                store.change_controls("ann", [Wish("mute", "item", "9")], undo)
        for wish in (
            Wish("love", "item", "1"),
            Wish("mute", "mood", "1"),
            Wish("mute", "item"),
            Wish("mute", "everything"),
            Wish("forget", "everything", "1"),
        ):
            with pytest.raises(DataError):
                store.change_controls("ann", [Wish("mute", "item", "9"), wish])
        many = [Wish("mute", "item", str(n)) for n in range(MOST + 1)]
        with pytest.raises(DataError, match="undo some"):
            store.change_controls("ann", many)
        assert store.control_log("ann") == [own]
        assert store.user("eve") is None and store.controls_of("eve") == []

    # erasure

    def test_an_erased_person_is_gone_from_the_lists_shown_too(self, store, tmp_path):
        who = Pseudonyms.of_store(store).of
        store.add_events(likes("ann", "1", "2") + likes("bob", "1"))
        log = Exposures(store.db)
        shown = [
            Exposure(f"{n:032x}", time.time(), "v", who(name), "long", (Shown("1", 1, "s", 1.0),))
            for n, name in enumerate(("ann", "ann", "bob"))
        ]
        log.write(shown[:2], [Outcome(shown[0].recommendation_id, "1", "click", 5.0)])
        receipt = erase(store, tmp_path, "ann")
        assert receipt.removed == {
            "events": 2,
            "follows": 0,
            "controls": 0,
            "merges": 0,
            "shares": 0,
            "users": 1,
            "exposures": 2,
            "outcomes": 1,
            "stream_rejects": 0,
            "dialogue_turns": 0,
            "audit_links": 0,
            "notices": 0,
            "reject_files": 0,
            "reject_lines": 0,
            "night_folders": 0,
            "tone_files": 0,
        }
        log.write(shown, [])  # another worker had them in memory still
        late = Exposure("f" * 32, time.time(), "v", who("ann"), "long", shown[0].items)
        log.write([late], [])  # and was answering
        assert log.shown_to(who("ann"), 0.0) == [] and len(log.shown_to(who("bob"), 0.0)) == 1
        assert log.came_of([shown[0].recommendation_id]) == []
        assert [person for _, person in Erasures(store.db).after(0)] == [who("ann")]
        assert erase(store, tmp_path, "ann").empty and erase(store, tmp_path, "nobody").empty
        assert Erasures(store.db).last_of(who("ann")) == receipt.at
        assert Erasures(store.db).last_of(who("nobody")) is None
        assert len(Erasures(store.db).after(0)) == 1 and said(store.event_table()) == [("bob", "1")]

    def test_nothing_leads_from_alerts_and_watches_to_an_erased_person(self, store, tmp_path):
        store.add_items([Item("1", "one", author_id="bob")])
        said = [
            Event(who, "1", "comment", None, f"words of {who}", 5.0 + at)
            for at, who in enumerate(("ann", "bob", "ann"))
        ]
        store.add_events(said)
        ids = [event.id for event in store.events_after(0, 9)]
        number, known, log = store.item_numbers(["1"])["1"], Watches(store.db), Alerts(store.db)
        texts = [(1, id) for id in ids] + [(0, number)]
        found = [Match(7, *text, 5.0, at, 0, 0, 0.5, 0.5) for at, text in enumerate(texts)]
        with store.db.write() as connection:
            assert known.keep(connection, found) == 4
            values = {"watch": 7, "kind": "negative", "state": "firing", "began": 5.0}
            alert = log.add(connection, values | {"body": {"terms": ["words"], "evidence": 4}})
            shown = [Evidence(alert, at, "central", *text, 5.0) for at, text in enumerate(texts)]
            log.set_evidence(connection, alert, shown)
        erase(store, tmp_path, "ann")
        assert log.evidence(alert) == [shown[1], shown[3]]
        assert {(one.source, one.ref) for one in known.matches_since(0.0)} == set(texts[1::2])
        (count,) = known.counts(7, 0, 9)
        assert (count.texts, count.people) == (4, 4)  # figures that name nobody stay
        store.delete_item("1")
        assert log.evidence(alert) == [shown[1]] and log.one(alert).body["evidence"] == 4
        erase(store, tmp_path, "bob")
        assert log.evidence(alert) == [] and known.matches_since(0.0) == []
        assert log.one(alert).body["terms"] == ["words"]

    def test_shares_whose_source_is_erased_hang_on_its_gap(self, store, url, tmp_path):
        def share(who, source, at, item="1"):
            return Event(who, item, "share", None, "", at, shared_from=source)

        store.add_events(
            [share("ann", "", 5.0), share("bob", "ann", 6.0), share("cid", "bob", 7.0)]
        )
        store.add_events([share("dan", "ann", 8.0, "2"), share("bob", "ann", 9.0, "2")])
        assert store.shares_by("bob")[0] == {"item_id": "1", "at": 6.0, "shared_from": "ann"}
        bob, cid = store.user_number("bob"), store.user_number("cid")
        assert erase(store, tmp_path, "ann").removed["shares"] == 1
        first, second, third = store.shares_of("1", 9)
        assert first.user < 0 and second == (bob, first.user, 6.0) and third == (cid, bob, 7.0)
        assert [one.shared_from for one in store.shares_of("2", 9)] == [0, 0]  # ann shared no 2
        assert [one["shared_from"] for one in store.shares_by("bob")] == [None, None]
        erase(store, tmp_path, "bob")
        first, second, third = store.shares_of("1", 9)
        assert second.user < 0 and second.user != first.user and second.shared_from == first.user
        assert third.shared_from == second.user
        with Store.open(url) as other:
            other.add_events([share("bob", "cid", 9.0)])  # another person of this id
        assert store.shares_of("1", 9)[3].user == store.user_number("bob") > 0
        assert store.shares_of("1", 9)[:3] == [first, second, third]

    def test_a_merge_moves_shares_dismissals_and_evidence(self, store):
        twice = Event("ann", "1", "comment", None, "hm", 5.0)
        store.add_events([twice, replace(twice, user_id="v")])
        store.add_events([Event("v", "1", "share", None, "", 6.0, shared_from="bob")])
        store.add_events([Event("bob", "1", "share", None, "", 7.0, shared_from="v")])
        store.change_controls("v", [Wish("dismiss", "user", "x"), Wish("dismiss", "author", "w")])
        store.change_controls("ann", [Wish("dismiss", "author", "w"), Wish("boost", "author", "w")])
        store.change_controls("bob", [Wish("dismiss", "user", "v")])
        kept, dropped = (event.id for event in store.events_after(0, 2))
        known, log = Watches(store.db), Alerts(store.db)
        with store.db.write() as connection:
            refs = enumerate((kept, dropped))
            shown = [Evidence(1, at, "first", 1, ref, 5.0) for at, ref in refs]
            log.set_evidence(connection, 1, shown)
            refs = (kept, dropped)
            known.keep(connection, [Match(7, 1, ref, 5.0, ref, 0, 0, 0.5, 0.5) for ref in refs])
        merge_users(store, "ann", "v")
        assert [one.ref for one in log.evidence(1)] == [kept]
        assert [one.ref for one in known.matches_since(0.0)] == [kept]
        ann, bob = store.user_number("ann"), store.user_number("bob")
        assert store.shares_of("1", 9) == [(ann, bob, 6.0), (bob, ann, 7.0)]
        held = [(one.action, one.kind, one.value) for one in store.controls_of("ann")]
        assert held == [
            ("dismiss", "author", "w"),
            ("boost", "author", "w"),
            ("dismiss", "user", "x"),
        ]
        assert [one.value for one in store.controls_of("bob")] == ["ann"]

    def test_dismissals_of_and_by_an_erased_account_go(self, store, tmp_path):
        store.add_users([User("ann"), User("bob")])
        store.change_controls("bob", [Wish("dismiss", "user", "ann"), Wish("dismiss", "user", "x")])
        store.change_controls("ann", [Wish("dismiss", "user", "bob")])
        assert erase(store, tmp_path, "ann").removed["controls"] == 2
        assert [one.value for one in store.control_log("bob")] == ["x"]
        assert store.control_log("ann") == []

    # prints

    def test_many_new_rows_are_inserted_and_those_that_are_there_are_not_counted(self, store):
        columns = [prints.c.print, prints.c.item]
        with store.db.write() as connection:
            assert store.db.insert_new(connection, columns, [(n, 1) for n in range(2_000)]) == 2_000
            rows = [(n, 1) for n in range(1_500, 5_700)] + [(n, 2) for n in range(3)]
            assert store.db.insert_new(connection, columns, rows) == 3_703
        seen = store.fingerprints_seen
        store.add_items([Item("a", title="A"), Item("b", title="B")])
        assert {one.count for one in seen(range(3), []).values()} == {2}
        assert {one.count for one in seen(range(3, 5_700), []).values()} == {1}
        assert len(seen(range(9_000), [])) == 5_700

    def test_prints_of_items_are_found_replaced_and_forgotten(self, store):
        low, high = -(2**63), 2**63 - 1
        items = [Item("a", title="A"), Item("b", title="B"), Item("c", title="C")]
        store.add_items(items, fingerprints={"a": [low, 5], "b": [low, high, high], "c": []})
        assert store.fingerprints_seen([low, high, 7], []) == {
            low: Seen(2, "a", 1),
            high: Seen(1, "b", 2),
        }
        assert store.fingerprints_seen([low, 5], ["a"]) == {low: Seen(1, "b", 2)}
        assert store.fingerprints_seen([], []) == store.fingerprints_seen([6], ["nobody"]) == {}
        store.add_items([Item("a", title="A2")], fingerprints={"a": [6]})
        assert store.fingerprints_seen([low, 5, 6], []) == {
            low: Seen(1, "b", 2),
            6: Seen(1, "a", 1),
        }
        assert store.add_items([Item("a", title="A2")], fingerprints={"a": [9]}) == 0
        assert store.fingerprints_seen([6, 9], []) == {9: Seen(1, "a", 1)}
        store.delete_item("b")
        store.add_items([Item("b", title="B")], fingerprints={"b": [low]})  # it stays deleted
        assert store.fingerprints_seen([low, high], []) == {}
        assert store.item_numbers(["c", "a", "never"]) == {"a": 1, "c": 3}

    def test_items_known_are_found_whatever_their_state(self, store):
        store.add_items([Item("a", title="A", metadata={"x": [1]}), Item("b"), Item("c")])
        store.hide_item("b")
        store.delete_item("c")
        store.add_events(likes("ann", "heard-of"))
        found = store.items_known(["a", "b", "c", "heard-of", "never"])
        assert found == {"a": Item("a", title="A", metadata={"x": [1]}), "b": Item("b")}

    # runs and notes

    def test_runs(self, store):
        first, second = store.start_run("nightly"), store.start_run("nightly")
        store.record_step(first, "data", 1.5, {"events": 3})
        store.record_step(first, "fit", 2.5)
        store.finish_run(first, "published", {"version": "v1"})
        newest, done = store.runs(5)
        assert (newest.id, newest.status, newest.finished, newest.steps) == (
            second,
            "running",
            None,
            (),
        )
        assert (done.id, done.status, done.detail) == (first, "published", {"version": "v1"})
        assert [(step.name, step.seconds, step.detail) for step in done.steps] == [
            ("data", 1.5, {"events": 3}),
            ("fit", 2.5, {}),
        ]
        assert store.last_run("nightly") == newest and store.last_run("other") is None

    def test_notes(self, store):
        assert store.get_note("cutoff") is None
        store.set_note("cutoff", "1")
        store.set_note("cutoff", "2")
        assert store.get_note("cutoff") == "2"
        assert store.add_note("key", "a") and not store.add_note("key", "b")
        assert store.get_note("key") == "a"
