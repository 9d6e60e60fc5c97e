"""The snapshot: what the store held, without user ids."""

from dataclasses import replace

import numpy as np
import pytest

from jobs.nightly.context import NightContext
from jobs.nightly.data_snapshot import load_snapshot, save_snapshot
from jobs.nightly.pipeline import NightPipeline
from jobs.nightly.steps.previous_bundle_comparison import without_listed
from jobs.progress import LogProgress
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.records import Event, Follow, Item
from recsys.settings import Settings
from recsys.store.exposures import Exposure, Exposures, Shown
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store
from recsys.text.sentiment.scorer import SentimentScorer, with_sentiment


def test_round_trip_without_user_ids(tmp_path):
    odd = "ü/\n 🦊"
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        fox = Item(odd, "Fox", "text", ("a", "b"), "c", "au", 12.5, "u", {"k": 1})
        store.add_items([replace(fox, parent_id="den")])
        store.add_events(
            [
                Event("secret-person", odd, "like", None, "", 10.0),
                Event("secret-person", "unknown item", "rating", 7.0, "a comment", None),
            ]
        )
        events, items = store.event_table(), store.item_table()
    save_snapshot(tmp_path / "snap", events, items)
    read_events, read_items = load_snapshot(tmp_path / "snap")
    assert list(read_items.ids) == [odd] and read_items.item(0) == items.item(0)
    assert read_items.item(0).parent_id == "den"
    assert list(read_events.items) == list(events.items)
    assert read_events.kinds == events.kinds and len(read_events.users) == 1
    for name in ("user", "item", "kind", "value", "time"):
        np.testing.assert_array_equal(getattr(read_events, name), getattr(events, name))
    for path in (tmp_path / "snap").iterdir():
        assert b"secret-person" not in path.read_bytes()
        assert b"a comment" not in path.read_bytes()


@pytest.mark.parametrize(
    ("records", "choice", "kept"),
    [
        (("a", "b"), "auto", {"a", "b"}),
        (("a",), "auto", {"a", "b", "page"}),
        (("a",), "off", {"a"}),
        (("a", "b"), "on", {"a", "b", "page"}),
    ],
)
def test_a_night_leaves_out_what_it_would_not_list(tmp_path, records, choice, kept):
    settings = Settings(home=tmp_path, unrecorded_items=choice)
    with Store.open(settings.store_url) as store:
        store.add_items([Item(name) for name in records])
        store.add_events(Event(who, what, "like") for who in "uvw" for what in ("a", "b", "page"))
        night = NightContext(settings, store, tmp_path, 1, LogProgress("nightly"))
        result = NightPipeline(night).snapshot(tmp_path / "snapshot")
    events, _ = load_snapshot(tmp_path / "snapshot")
    assert {events.items[row] for row in set(events.item.tolist())} == kept
    assert result["events"] == 3 * len(kept)
    assert result["unrecorded"]["items"] == 3 - len(records)
    assert night.data.user_counts().tolist() == [
        3 if n not in records else 1 for n in night.data.items
    ]


def test_nothing_at_all(tmp_path):
    none = IdMap.from_ids(())
    empty = EventTable(
        none,
        none,
        np.zeros(0, np.int32),
        np.zeros(0, np.int32),
        np.zeros(0, np.int16),
        (),
        np.zeros(0, np.float32),
        np.zeros(0),
    )
    save_snapshot(tmp_path / "snap", empty, ItemTable.empty())
    events, items = load_snapshot(tmp_path / "snap")
    assert len(events) == len(items) == 0


def test_the_tone_of_comments_goes_along_and_their_words_do_not(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.add_events(
            [
                Event("ann", "x", "comment", None, "I hate this, it is terrible", 1.0),
                Event("ann", "y", "like", None, "", 2.0),
                Event("ann", "z", "comment", None, "I love this, best day ever", 3.0),
            ]
        )
        events = with_sentiment(store.event_table(), SentimentScorer(tmp_path))
    save_snapshot(tmp_path / "snap", events, ItemTable.empty())
    found, _ = load_snapshot(tmp_path / "snap")
    assert np.sign(found.sentiment).tolist() == [-1, 0, 1] and not found.comments
    assert not any(b"terrible" in path.read_bytes() for path in (tmp_path / "snap").iterdir())


def test_follows_come_back_without_user_ids(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.add_items([Item("a", "tide", author_id="writer"), Item("b", author_id="bob-writes")])
        store.add_events([Event("ann-acts", "a", "like"), Event("bob-writes", "a", "like")])
        store.add_follows(
            [
                Follow("ann-acts", followed_user_id="bob-writes"),  # who is an author too
                Follow("bob-writes", author_id="writer"),
                Follow("ann-acts", followed_user_id="nobody-here"),
                Follow("stranger", followed_user_id="ann-acts"),
            ]
        )
        events, items = store.event_table(), store.item_table()
        follows = store.follow_table(events, items.author)
    save_snapshot(tmp_path / "snap", replace(events, follows=follows), items)
    back = load_snapshot(tmp_path / "snap")[0].follows
    assert back is not None
    assert (back.follower.tolist(), back.followee.tolist()) == ([0], [1])
    read = [(u, back.authors[a]) for u, a in zip(back.reader, back.author, strict=True)]
    assert sorted(read) == [(0, "bob-writes"), (1, "writer")]
    for path in (tmp_path / "snap").iterdir():
        assert b"ann-acts" not in path.read_bytes()
    save_snapshot(tmp_path / "none", events, items)
    assert load_snapshot(tmp_path / "none")[0].follows is None


def test_a_night_knows_which_events_came_of_its_own_lists(tmp_path):
    settings = Settings(home=tmp_path)
    with Store.open(settings.store_url) as store:
        store.add_items([Item(name) for name in "abc"])
        store.add_events(
            Event("ann", item, "like", None, "", 1e9 + 100 * n) for n, item in enumerate("cab")
        )
        store.add_events(Event("bob", "a", "view", None, "", 1e8 + n) for n in range(27))
        person = Pseudonyms.of_store(store).of("ann")
        places = (Shown("c", 1, "words"), Shown("b", 2, "words"))
        Exposures(store.db).write([Exposure("r", 1e9 + 150, "b", person, "long", places)], [])
        night = NightContext(settings, store, tmp_path, 1, LogProgress("nightly"))
        result = NightPipeline(night).snapshot(tmp_path / "snapshot")
        assert result["from_lists"] == 1  # the first event was before the list
        events, _ = load_snapshot(tmp_path / "snapshot")
        assert [events.items[row] for row in events.item[events.shown.named].tolist()] == ["b"]
        before = without_listed(events, 1e9 + 50)
        assert [before.items[row] for row in before.item[-2:].tolist()] == ["c", "a"]
        assert len(without_listed(events, 1e9 + 300)) == len(events)  # the bundle knows them all
