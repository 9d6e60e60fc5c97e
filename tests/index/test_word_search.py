"""Lists by words, with an index and without: the same, and filters leave nobody short."""

from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from night_world import student

from jobs.nightly.steps.vector_index import build_index, index_blobs, kept_index
from recsys.bundle import read_bundle, write_bundle
from recsys.data.dataset import Dataset
from recsys.data.records import Item
from recsys.data.table_builder import EventColumns, item_table
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState
from recsys.serving.model import INDEX, Model
from recsys.serving.score_model import ScoreModel, Term
from recsys.text.item_texts import documents
from recsys.training.model_builder import TextVectors, assemble

N = 600
WORDS = ("odd", "even", "book", "odd book", "even book", "odd even", "odd odd book")


def catalogue():
    return [
        Item(f"i{n}", title=WORDS[n % len(WORDS)], category="rare" if n == 11 else "usual")
        for n in range(N)
    ]


@pytest.fixture
def raw(tmp_path):
    data = Dataset.build(EventColumns().table(np.inf), item_table(catalogue()))
    reader = student()
    score_model = ScoreModel(terms=(Term("words", np.inf, 1.0),))
    model = assemble(
        data, {}, TextVectors(reader.encode(documents(data.table)), reader), score_model
    )
    (tmp_path / "index").mkdir()
    detail = build_index(model.words, tmp_path / "index", 0, exact_up_to=100)
    assert detail["kind"] == "IVF,SQ8" and detail["recall"] >= 0.98
    blobs = index_blobs(tmp_path / "index")
    write_bundle(tmp_path / "b", model.arrays(), blobs, {"model": model.settings()})
    return read_bundle(tmp_path / "b")


@pytest.fixture
def both(raw):
    with_index = Model.from_raw(raw)
    assert with_index.index is not None and INDEX in raw.manifest["files"]
    return LiveState(with_index), LiveState(replace(with_index, index=None))


def scores(found):
    return [round(each.score, 5) for each in found]


def test_search_and_similar_find_what_exact_search_finds(both):
    mapped, plain = both
    for words in ("odd book", "even"):
        found = nonpersonal_lists.search(mapped, words, 20, Filters())
        assert (
            scores(found) == scores(nonpersonal_lists.search(plain, words, 20, Filters())) and found
        )
    found = nonpersonal_lists.similar(mapped, "i3", 20, Filters())
    assert scores(found) == scores(nonpersonal_lists.similar(plain, "i3", 20, Filters())) and found


def test_a_filter_that_leaves_little_is_answered_exactly(both, monkeypatch):
    monkeypatch.setattr(nonpersonal_lists, "NEAR", 5)
    rare = Filters(category=frozenset({"rare"}))
    assert [r.item_id for r in nonpersonal_lists.search(both[0], "odd", 5, rare)] == [
        r.item_id for r in nonpersonal_lists.search(both[1], "odd", 5, rare)
    ]


def test_an_item_posted_since_is_found(both):
    both[0].add_item(Item("new", title="odd"))
    assert "new" in [r.item_id for r in nonpersonal_lists.search(both[0], "odd", 200, Filters())]


def test_few_items_need_no_index(tmp_path):
    detail = build_index(np.eye(9, dtype=np.float32), tmp_path, 0)
    assert detail["recall"] == 1.0 and "exact search" in detail["because"]
    assert index_blobs(tmp_path) == {}


def test_the_index_of_the_bundle_in_service_stays_where_no_vector_changed(tmp_path):
    rows = np.random.default_rng(0).standard_normal((400, 8)).astype(np.float32)
    words = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    built, out = tmp_path / "index", tmp_path / "out"
    built.mkdir()
    out.mkdir()
    detail = build_index(words, built, 3, exact_up_to=100)
    manifest = {"version": "1", "index": detail, "seed": 3, "code_version": version("recsys")}
    write_bundle(tmp_path / "bundle", {"words": words}, index_blobs(built), manifest)
    before = read_bundle(tmp_path / "bundle")
    assert kept_index(None, words, out, 3) is None
    assert kept_index(before, words, out, 4) is None
    assert kept_index(before, words[:-1], out, 3) is None
    assert kept_index(before, words[::-1], out, 3) is None
    assert not list(out.iterdir())
    assert kept_index(before, words.copy(), out, 3) == {**detail, "kept": True}
    assert index_blobs(out) == index_blobs(built)
