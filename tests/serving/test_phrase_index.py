"""PhraseIndex: words and phrases found as users mean them, in a catalogue and in posted items."""

import pytest

from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.serving import phrase_index
from recsys.serving.catalogue import Catalogue
from recsys.serving.phrase_index import PhraseIndex

ITEMS = [
    Item("surgeon", title="Plastic  Surgery\nfor all", text="of plastic"),
    Item("tag", tags=("plastic surgery",)),
    Item("plastics", text="Plastics surgery, or plastic\tsurgery's price"),
    Item("garlic", text="GARLIC soup"),
    Item("garlicky", text="a garlicky soup"),
    Item("chinese", title="整形手术的价格"),
    Item("mixed", text="用AI芯片"),
    Item("café", title="CAFE\u0301 Zürich"),
    Item("wide", title="ＡＢＣ　ｄｅｆ"),
    Item("quote", text='she said "no way" \\ twice'),
    Item("half", title="a half sign \ud83d here"),
    Item("category", category="plastic surgery"),
]


@pytest.fixture
def posted():
    return []


@pytest.fixture
def index(posted):
    table = item_table(ITEMS)
    return PhraseIndex(Catalogue.from_table(table, table.created), posted)


def found(index, posted, *phrases):
    ids = [item.item_id for item in [*ITEMS, *posted]]
    return {ids[row] for row in index.rows(phrases).tolist()}


@pytest.mark.parametrize(
    ("phrase", "wanted"),
    [
        ("plastic surgery", {"surgeon", "tag", "plastics"}),
        ("Garlic", {"garlic"}),
        ("手术", {"chinese"}),
        ("ai芯片", {"mixed"}),
        ("ai", {"mixed"}),
        ("café", {"café"}),
        ("zürich", {"café"}),
        ("abc def", {"wide"}),
        ('"no way"', {"quote"}),
        ("half sign", {"half"}),
        ("surg", set()),
        ("title", set()),
        ("nothing at all", set()),
    ],
)
def test_words_and_phrases(index, posted, phrase, wanted):
    assert found(index, posted, phrase) == wanted


def test_several_at_once_and_posted_items(index, posted):
    assert found(index, posted, "garlic", "手术") == {"garlic", "chinese"}
    posted += [Item("new", text="Garlic!"), Item("other", tags=("手术室",))]
    assert found(index, posted, "garlic", "手术") == {"garlic", "chinese", "new", "other"}
    posted.append(Item("late", title="garlic again"))
    assert found(index, posted, "GARLIC") == {"garlic", "new", "late"}


def test_the_catalogue_is_read_once_per_phrase(index, posted, monkeypatch):
    found(index, posted, "garlic")
    monkeypatch.setattr(phrase_index, "_candidates", lambda *_: pytest.fail("read again"))
    assert found(index, posted, "Garlic ") == {"garlic"}


def test_phrases_that_find_nothing_are_not_kept_for_ever(index, posted, monkeypatch):
    """Whoever mutes new words with each request would fill the memory, and slow the next bundle."""
    monkeypatch.setattr(phrase_index, "MOST", 20)
    for start in range(0, 200, 10):
        assert found(index, posted, *(f"w{start + n}" for n in range(10))) == set()
    assert len(index.phrases()) == 20
    assert found(index, posted, *(f"w{n}" for n in range(30)), "garlic") == {"garlic"}
