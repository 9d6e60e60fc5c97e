"""Catalogue: labels, tags and documents, as they were before and after a disk."""

import numpy as np
import pytest
from model_contract import mapped

from recsys.data.dataset import extended
from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.serving.catalogue import Catalogue, document, ends, under

ITEMS = [
    Item(
        "a",
        title="书",
        tags=("x", "y"),
        category="cat",
        author_id="ann",
        created_at=5.0,
        metadata={"language": "zh", "pages": 7},
    ),
    Item("b"),
    Item("c", text="lone \ud800", tags=("y",), category="dog", author_id="ann"),
]


def catalogue():
    table = item_table(ITEMS)
    return Catalogue.from_table(table, table.created)


def on_disk(folder):
    arrays = catalogue().arrays()
    found = {name: mapped(folder, name.replace("/", "."), array) for name, array in arrays.items()}
    return Catalogue.from_arrays(found)


@pytest.fixture(params=["fresh", "from a disk"])
def known(request, tmp_path):
    return catalogue() if request.param == "fresh" else on_disk(tmp_path)


def test_labels_name_what_an_item_has(known):
    def named(name):
        codes = known.labels[name].tolist()
        return [known.names[name][code] if code >= 0 else None for code in codes]

    assert named("category") == ["cat", None, "dog"]
    assert named("author") == ["ann", None, "ann"]
    assert named("language") == ["zh", None, None]


def test_a_document_names_the_item_that_it_answers():
    table = item_table([Item("a"), Item("b", parent_id="a")])
    longer = extended(table, IdMap.from_ids(["a", "b", "c"]))
    known = Catalogue.from_table(longer, longer.created)
    found = [known.document(row).get("parent_id") for row in range(3)]
    assert found == [None, "a", None]


def test_tags_are_many_per_item(known):
    tags = [[known.names["tag"][code] for code in known.tags_of(row)] for row in range(3)]
    assert tags == [["x", "y"], [], ["y"]]


def test_documents_say_what_is_known_and_no_more(known):
    assert known.document(0) == {
        "item_id": "a",
        "title": "书",
        "tags": ["x", "y"],
        "category": "cat",
        "author_id": "ann",
        "created_at": 5.0,
        "metadata": {"language": "zh", "pages": 7},
    }
    assert known.document(1) == {"item_id": "b"}
    assert known.document(2)["text"] == "lone \ud800"


def test_dates_stay_as_they_are(known):
    assert np.array_equal(known.created, [5.0, np.nan, np.nan], equal_nan=True)


def test_no_items_at_all():
    table = item_table([])
    empty = Catalogue.from_table(table, table.created)
    assert len(empty) == 0 and len(Catalogue.from_arrays(empty.arrays())) == 0


def test_small_things():
    assert ends([2, 0, 3]).tolist() == [0, 2, 2, 5] and ends([]).tolist() == [0]
    one = np.zeros(1)
    assert under("a", {"a/x": one, "ab/y": one, "a/b/z": one}).keys() == {"x", "b/z"}
    assert document(Item("b")) == {"item_id": "b"}


def test_without_documents_all_else_is_known():
    table = item_table(ITEMS)
    bare, whole = Catalogue.from_table(table, table.created, documents=False), catalogue()
    assert not len(bare.documents) and bare.document_ends.tolist() == [0, 0, 0, 0]
    for name, array in whole.arrays().items():
        if name not in ("documents", "document_ends"):
            assert np.array_equal(bare.arrays()[name], array, equal_nan=array.dtype.kind == "f")
