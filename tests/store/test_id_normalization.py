"""Ids in one form: a store that was filled before is brought to it when it is opened."""

import unicodedata

import pytest
from older_stores import take_back

from recsys.data.id_normalization import canonical, canonical_id, label_key
from recsys.data.records import Event, Follow, Item
from recsys.store.erasure import erase
from recsys.store.event_writer import UNDATED
from recsys.store.store import Store

NFC = "café"
NFD = unicodedata.normalize("NFD", NFC)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (NFD, NFC),
        (f"\u200b {NFD}\ufeff", NFC),
        ("12.0", "12"),
        ("12.00", "12.00"),
        ("1.0.0", "1.0.0"),
        ("007.0", "007.0"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("\u200b", ""),
    ],
)
def test_ids_have_one_form(raw, form):
    assert canonical_id(raw) == form
    assert canonical_id(form) == form


def test_labels_are_compared_without_case():
    assert label_key("Straße") == label_key("STRASSE")
    assert label_key(f"{NFD}") == label_key(NFC.upper())
    assert canonical(" Food\u200b") == "Food"


def test_a_store_in_other_forms_is_brought_to_one(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    rows = [Event("ann", "1", "like"), Event("ann", "1", "like"), Event("bob", "2", "view")]
    with Store.open(url) as store:
        store.add_items([Item("café-1", title="Known")])
        store.add_events(rows, "0123abcd", [2, 3, 4])  # as files were known before
        store.add_events(
            [Event(NFD, unicodedata.normalize("NFD", "café-1"), "like", timestamp=1e9)]
        )
        store.add_events([Event(NFC, "café-1", "view", timestamp=1e9), Event("12.0", "2", "view")])
        store.add_follows([Follow(NFD, "writer"), Follow(NFC, "writer"), Follow("ann", NFD)])
        with store.db.write() as connection:
            take_back(connection, 3)
    with Store.open(url) as store:
        assert [event.event for event in store.history(NFC)] == ["like", "view"]
        assert {event.item_id for event in store.history(NFC)} == {"café-1"}
        assert store.user(NFD) is None and store.user("12") is not None
        assert store.follows_of(NFC) == [Follow(NFC, "writer")]
        assert store.follows_of("ann") == [Follow("ann", NFC)]
        assert store.add_events(rows, UNDATED, [1, 2, 1]).new == 0
        again = Event(NFC, "café-1", "like", timestamp=1e9)
        assert store.add_events([again]).new == 0
        assert erase(store, tmp_path, NFC).removed["events"] == 2
