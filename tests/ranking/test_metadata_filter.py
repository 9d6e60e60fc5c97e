"""where=: comparisons of own metadata fields, read, refused and obeyed."""

import numpy as np
import pytest
import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.ranking import metadata_filter
from recsys.serving.catalogue import Catalogue
from recsys.serving.live_state import LiveState

ITEMS = [
    Item("free", metadata={"paywall": False, "price": 0, "genre": ["Rock", "Jazz"]}),
    Item(
        "cheap",
        metadata={"paywall": "false", "price": "9.50", "released": "2024-05-01"},
        expires_at=4e9,
    ),
    Item(
        "dear",
        metadata={"paywall": True, "price": 30.0, "genre": "Pop", "a, b": "x"},
        parent_id="free",
    ),
    Item("none", text='a text with ", "metadata": {"price": 1}'),
    Item("deep", metadata={"shop": {"Stock": 3}, "released": 1_700_000_000, "name": "Ünal"}),
]


@pytest.fixture
def live():
    model = worlds.live().model
    table = item_table(ITEMS)
    catalogue = Catalogue.from_table(table, table.created)
    found = LiveState(model)
    found.metadata._catalogue = catalogue  # the columns alone are under test
    return found


def passing(live, text):
    size = len(ITEMS) + len(live.posted)
    rows = np.flatnonzero(metadata_filter.passing(live, metadata_filter.parse(text), size)).tolist()
    ids = [item.item_id for item in [*ITEMS, *live.posted]]
    return {ids[row] for row in rows}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("paywall==false", {"free", "cheap"}),
        ("paywall!=false", {"dear"}),
        ("paywall==false,price<20", {"free", "cheap"}),
        ("price>=9.5", {"cheap", "dear"}),
        ("price == 0 | 30", {"free", "dear"}),
        ("genre==rock", {"free"}),
        ("genre!=rock", {"dear"}),
        ("genre==pop|JAZZ", {"free", "dear"}),
        ("released<2024-05-02", {"cheap", "deep"}),
        ("released==2024-05-01", {"cheap"}),
        ("released>2024-01-01T00:00:00Z", {"cheap"}),
        ("shop.Stock>2", {"deep"}),
        ("name=='ünal'", {"deep"}),
        ('"a, b"==x', {"dear"}),
        ("price=='9.50'", {"cheap"}),
        ("genre>=p,genre<q", {"dear", "free"}),
        ("genre==nothing", set()),
        ("", {"free", "cheap", "dear", "none", "deep"}),
    ],
)
def test_typed_comparisons(live, text, wanted):
    assert passing(live, text) == wanted


@pytest.mark.parametrize(
    ("price", "holds"),
    [("9,50", True), ("1.234,50", False), ("22,4", False), ("9.5 EUR", False), ("1,234", False)],
)
def test_numbers_are_read_as_in_files(live, price, holds):
    live.posted.append(Item("new", metadata={"price": price}))
    assert ("new" in passing(live, "price<20")) is holds


def test_values_of_another_kind_and_fields_of_another_case_are_told(live):
    for name, known in {
        "a": {"price": "9 EUR"},
        "b": {"price": "dear"},
        "c": {"Price": 3},
        "d": {"paywall": "ja"},
    }.items():
        live.posted.append(Item(name, metadata=known))

    def doubts(text):
        return metadata_filter.doubts(live, metadata_filter.parse(text))

    assert doubts("price<20") == [
        "where: '9 EUR' and 1 more of 'price' cannot be read as a number: such items do not match",
        "where: 'price' is one field and 'Price' another: items that have only the other one do"
        " not match",
    ]
    assert doubts("paywall==true") == [
        "where: 'ja' of 'paywall' cannot be read as true or false: such items do not match"
    ]
    assert doubts("genre==rock") == doubts("shop.Stock>2") == doubts("price>'a',genre!=1")[1:] == []


def test_posted_items_pass_and_fail_too(live):
    assert passing(live, "price<20") == {"free", "cheap"}
    live.posted.append(Item("new", metadata={"price": 5, "fresh": 1}))
    assert passing(live, "price<20") == {"free", "cheap", "new"}
    assert metadata_filter.unknown(live, metadata_filter.parse("fresh==1")) is None


def test_an_unknown_field_is_told_with_the_nearest(live):
    assert metadata_filter.unknown(live, metadata_filter.parse("prise<3")) == ("prise", ["price"])
    assert metadata_filter.unknown(live, metadata_filter.parse("Price<3")) == ("Price", ["price"])
    assert metadata_filter.unknown(live, metadata_filter.parse("price<3")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "price",
        "price<",
        "<3",
        "price=3",
        "price<3,",
        "price<3 paywall==true",
        "price<1|2",
        "paywall<true",
        "a=='x",
        "x" * 1001,
        ",".join(["a==1"] * 21),
        "a==" + "|".join("1" * 51),
        "a==1,,b==2",
        "(a==1)==2==3",
        "a==|",
    ],
)
def test_what_cannot_be_read_is_refused(wrong):
    with pytest.raises(DataError, match="where"):
        metadata_filter.parse(wrong)


@settings(max_examples=300, deadline=None)
@given(st.text("ab1.,|=!<>'\" -:T\\日(\n", max_size=60))
def test_any_text_is_read_or_refused(live_state, text):
    try:
        found = metadata_filter.parse(text)
    except DataError:
        return
    assert len(found) <= metadata_filter.MAX_TERMS
    metadata_filter.passing(live_state, found, len(live_state.model))


@pytest.fixture(scope="module")
def live_state():
    return worlds.live()


def test_a_new_bundle_reads_its_own_documents(live_state):
    field = metadata_filter.parse("language==zh")
    found = np.flatnonzero(metadata_filter.passing(live_state, field, live_state.size)).tolist()
    wanted = [i.item_id for i in worlds.texts() if i.metadata["language"] == "zh"]
    assert [live_state.item_id(row) for row in found] == wanted
