"""Screen: what is posted is looked at once, flagged, and never dropped."""

import time
from dataclasses import replace

import pytest

from recsys.data.records import Item
from recsys.safety.flags import read_flags
from recsys.safety.item_screening import screen
from recsys.store.store import Store

NOW = 1_700_000_000.0
TEXT = "The harbour master says that the tide will be high and that sailors should stay ashore"


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def put(store, *items):
    """Store items as ingest and the API do; return the flags of each, by id, and what changed."""
    found = screen(store, items)
    changed = store.add_items(found.items, fingerprints=found.fingerprints)
    return {item.item_id: read_flags(item.metadata) for item in found.items}, changed


def kinds(store, *items):
    return {name: [f.kind for f in flags] for name, flags in put(store, *items)[0].items()}


def test_a_copy_is_flagged_with_what_was_there_first(store):
    flags, _ = put(store, Item("a", text=TEXT), Item("b", text=TEXT + "!"), Item("c", text="tide"))
    assert [(f.kind, f.of, f.score) for f in flags["b"]] == [("duplicate", "a", 1.0)]
    assert flags["a"] == flags["c"] == ()
    later, _ = put(store, Item("d", text=TEXT.replace("sailors", "sailor")))
    assert later["d"][0].of == "a" and later["d"][0].score < 1
    assert store.item("d").metadata["flags"] == [later["d"][0].document()]
    assert store.counts()["items"] == 4  # nothing is dropped


def test_a_copy_of_one_part_of_a_series_finds_that_part(store):
    parts = [Item(f"part-{n}", text=f"{TEXT}, part {n}") for n in range(30)]
    assert set(map(tuple, kinds(store, *parts).values())) == {()}
    copy, _ = put(store, Item("copy", text=f"{TEXT}, part 17"))
    assert copy["copy"][0].of == "part-17"


TITLE = "The morning news in five minutes"
DAY = 86_400.0


def edition(n, **fields):
    return Item(f"brief-{n}", title=TITLE, category="news", author_id="newsroom", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        lambda n: {"created_at": NOW + n * DAY},
        lambda n: {"url": f"https://radio.example/brief/{n}"},
        lambda n: {"metadata": {"edition": n}},
        lambda n: {
            "text": TEXT,
            "created_at": NOW + n * DAY,
            "url": f"https://radio.example/brief/{n}",
        },
    ],
    ids=["dates", "addresses", "editions", "one description"],
)
def test_editions_under_one_title_are_no_copies(store, fields):
    found = kinds(store, *[edition(n, **fields(n)) for n in range(10)])
    assert set(map(tuple, found.values())) == {()}


def test_equal_titles_are_copies_where_nothing_tells_them_apart(store):
    same = {"created_at": NOW, "url": "https://radio.example/brief"}
    other = {"created_at": NOW + 60, "url": "http://www.radio.example/brief/"}
    assert kinds(store, edition(1, **same), edition(2, **other))["brief-2"] == ["duplicate"]
    assert kinds(store, edition(3))["brief-3"] == ["duplicate"]


def test_a_long_text_under_another_name_is_a_copy_whatever_its_address(store):
    put(store, Item("a", text=TEXT, author_id="ann", created_at=NOW, url="https://a.example/1"))
    taken = Item("b", text=TEXT, author_id="bob", created_at=NOW + DAY, url="https://b.example/2")
    assert kinds(store, taken) == {"b": ["duplicate"]}


def test_what_older_rules_flagged_is_cleared_when_looked_at_again(store):
    old = [edition(n, created_at=NOW + n * DAY, metadata={"edition": n}) for n in range(2)]
    mark = {"kind": "duplicate", "score": 1.0, "why": "the same text as brief-0", "of": "brief-0"}
    stored = [old[0], replace(old[1], metadata={"edition": 1, "flags": [mark]})]
    store.add_items(stored)
    found = screen(store, stored, again=True).items
    assert [read_flags(item.metadata) for item in found] == [(), ()]


def test_a_copy_of_a_copy_names_the_first(store):
    put(store, Item("a", text=TEXT), Item("b", text=TEXT + " today"))
    store.delete_item("a")
    assert put(store, Item("c", text=TEXT + " today"))[0]["c"][0].of == "a"


def test_reading_again_changes_nothing(store):
    items = [
        Item("a", text=TEXT),
        Item("b", text=TEXT),
        Item("c", text="you idiot"),
        Item("d", title="Was ist das nur für ein Tag", created_at=NOW),
    ]
    first, changed = put(store, *items)
    assert changed == 4
    before = store.items_known("abcd")
    again, changed = put(store, *reversed(items))
    assert changed == 0 and again == first and store.items_known("abcd") == before


def test_an_edited_original_is_no_copy_of_its_copies(store):
    put(store, Item("a", text=TEXT), Item("b", text=TEXT))
    assert kinds(store, Item("a", title="!", text=TEXT)) == {"a": []}
    assert kinds(store, Item("b", title="!", text=TEXT)) == {"b": ["duplicate"]}
    both = kinds(store, Item("b", title="?", text=TEXT), Item("a", title="?", text=TEXT))
    assert both == {"b": ["duplicate"], "a": []}


def test_what_comes_later_says_nothing_against_an_edited_item(store):
    posts = [
        Item(f"p{n}", title=f"thing {n}", author_id="bot", created_at=NOW + n) for n in range(40)
    ]
    put(store, *posts)
    assert kinds(store, replace(posts[3], title="new words")) == {"p3": []}
    assert kinds(store, replace(posts[35], title="new words")) == {"p35": ["flood"]}


def test_all_may_be_looked_at_again(store):
    items = [Item("a", text=TEXT), Item("b", text=TEXT), Item("c", text="you idiot")]
    store.add_items(items)  # by a program that knew nothing of flags
    assert screen(store, items).items == items
    found = screen(store, items[::-1], again=True)
    store.add_items(found.items, fingerprints=found.fingerprints)
    assert {i.item_id: [f.kind for f in read_flags(i.metadata)] for i in found.items} == {
        "a": [],
        "b": ["duplicate"],
        "c": ["insult"],
    }
    again = screen(store, found.items, again=True)
    assert sorted(again.items, key=str) == sorted(found.items, key=str)


def test_a_changed_text_is_looked_at_again(store):
    put(store, Item("a", text="you idiot"))
    assert put(store, Item("a", text="you dear friend"))[0]["a"] == ()
    assert "flags" not in store.item("a").metadata
    put(store, Item("a", text=TEXT))
    assert kinds(store, Item("b", text=TEXT)) == {"b": ["duplicate"]}
    put(store, Item("a", text="something else"))
    assert kinds(store, Item("c", text=TEXT)) == {"c": ["duplicate"]}
    assert put(store, Item("d", text="something else"))[0]["d"] == ()


def test_equal_texts_within_an_hour_are_spam(store):
    def post(name, at):
        return kinds(store, Item(name, text="Great offer!", created_at=NOW + at))[name]

    assert [post(f"p{n}", 60 * n) for n in range(4)] == [[]] * 4
    assert post("p4", 300) == ["spam"]
    assert post("later", 7200) == []


def test_equal_texts_without_dates_are_no_burst(store):
    found = kinds(store, *[Item(f"p{n}", title="Untitled") for n in range(20)])
    assert set(map(tuple, found.values())) == {()}


@pytest.mark.parametrize("at_once", [True, False])
def test_an_author_who_floods(store, at_once):
    posts = [
        Item(f"p{n}", title=f"thing {n}", author_id="bot", created_at=NOW + n) for n in range(40)
    ]
    others = [
        Item(f"q{n}", title=f"thing {n}", author_id=f"reader-{n}", created_at=NOW + n)
        for n in range(40)
    ]
    found = {}
    for batch in [posts + others] if at_once else [[p] for p in posts + others]:
        found |= kinds(store, *batch)
    assert [name for name, flags in found.items() if "flood" in flags] == [
        f"p{n}" for n in range(30, 40)
    ]
    assert kinds(store, Item("next day", author_id="bot", created_at=NOW + 90_000)) == {
        "next day": []
    }


@pytest.mark.parametrize("result", [None, NOW - 5_000_000])
def test_a_date_that_the_sender_tells_hides_no_flood(store, result):
    def post(name, title, at):
        created = None if result is None else result + 7_200 * int(name)
        item = Item(name, title=f"{title} {name}", author_id="bot", created_at=created)
        found = screen(store, [item], arrival=at)
        store.add_items(found.items, fingerprints=found.fingerprints)
        return [flag.kind for flag in read_flags(found.items[0].metadata)]

    now = time.time()
    for number in range(30):
        assert post(str(number), "thing", now) == []
        post(str(number), "changed", now)  # a change is no arrival, and hides none
    assert post("30", "thing", now) == ["flood"]
    found = screen(store, store.items_known([str(n) for n in range(31)]).values(), again=True)
    store.add_items(found.items, fingerprints=found.fingerprints)
    assert post("31", "thing", now) == ["flood"]
    assert post("32", "thing", now + 7_200) == []


def test_links_and_one_word_again_and_again(store):
    found = kinds(
        store,
        Item("links", text="see http://a.b/1 http://a.b/2 http://a.b/3"),
        Item("word", text="buy " * 20 + "now"),
        Item("fine", text="see http://a.b/1 for all of it"),
    )
    assert found == {"links": ["spam"], "word": ["spam"], "fine": []}


def test_the_language_is_noted_where_it_is_not_told(store):
    put(
        store,
        Item("de", text="Das ist ein Text, der nicht auf Englisch ist"),
        Item("zh", text="今天天气很好,我们去海边"),
        Item("open", title="Alien"),
        Item("told", text="Das ist", metadata={"language": "nl"}),
    )
    found = {
        name: item.metadata.get("language")
        for name, item in store.items_known(["de", "zh", "told", "open"]).items()
    }
    assert found == {"de": "de", "zh": "zh", "told": "nl", "open": None}


def test_a_person_has_the_last_word(store):
    assert kinds(store, Item("a", text="you idiot")) == {"a": ["insult"]}
    assert kinds(store, Item("a", text="you idiot", metadata={"reviewed": True})) == {"a": []}


@pytest.mark.parametrize("flags", ["red", ["red"], [{"kind": "x", "score": 9, "why": ""}], {}])
def test_a_column_of_that_name_stays_where_nothing_is_to_be_said(store, flags):
    put(store, Item("a", text="tide", metadata={"flags": flags}))
    assert store.item("a").metadata["flags"] == flags


def test_the_last_of_two_forms_counts(store):
    put(store, Item("a", text="one"))
    found = screen(store, [Item("a", text="one"), Item("a", text="two")])
    assert [item.text for item in found.items] == ["two"]


@pytest.mark.parametrize("raw", ["", "\x00\x07", "\ud800", "\u202e\u200f", "a" * 1_000_000, "🙂"])
def test_any_text_is_fit(store, raw):
    found = screen(store, [Item("a", text=raw), Item("b", title=raw, created_at=NOW)])
    assert [item.item_id for item in found.items] == ["a", "b"]


def test_nothing_is_screened(store):
    assert screen(store, []).items == []
