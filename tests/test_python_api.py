"""The Python API: what goes in, what comes out, and that the service gives the same lists."""

import datetime
import json
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import recsys
from api.app import create_app
from recsys import BundleError, DataError, RecsysError
from recsys.data.dataframes import event_table, events_of, items_of
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.ranking.query import Filters
from recsys.settings import Settings
from recsys.tuning.tuning_result import TuningResult

READERS, BOOKS, READ = 60, 40, 8
CHOICE = {  # neighbours and words at fixed weights: no test below waits for tuning
    "engines": ["item-knn 100"],
    "blend": {
        "terms": [
            {"scorer": "neighbours", "half_life": 20.0, "weight": 1.0},
            {"scorer": "words", "half_life": 6.0, "weight": 1.0},
        ],
        "curves": [{"scale": 0.03, "weight": 0.5}],
        "priors": {"share_all": 0.5},
    },
    "evidence": [],
}


def parity(number):
    return "odd" if number % 2 else "even"


def books():
    return [
        {
            "item_id": f"book-{n}",
            "title": f"{parity(n)} book number {n}",
            "category": parity(n),
            "price": n,
        }
        for n in range(BOOKS)
    ]


def reads(start=None):
    """Return what everybody reads, a book an hour; nobody reads a book of the other side."""
    rng = np.random.default_rng(1)
    start = time.time() - 3600.0 * (READERS * READ + 10) if start is None else start
    pairs = [
        (reader, int(book))
        for reader in range(READERS)
        for book in rng.choice(np.arange(reader % 2, BOOKS, 2), READ, replace=False)
    ]
    order = rng.permutation(len(pairs)).tolist()
    return [
        {
            "user_id": f"reader-{pairs[at][0]}",
            "item_id": f"book-{pairs[at][1]}",
            "event": "like",
            "timestamp": start + 3600.0 * place,
        }
        for place, at in enumerate(order)
    ]


@pytest.fixture(scope="module")
def model():
    return recsys.fit(reads(), books(), tune=CHOICE)


def ids(found):
    return [one.item_id for one in found]


def sides(found):
    return {int(one.item_id.split("-")[1]) % 2 for one in found}


def test_importing_the_package_loads_nothing_heavy():
    code = """
        import sys
        import recsys
        heavy = {"torch", "pandas", "numpy", "polars", "pyarrow", "scipy", "sqlalchemy"}
        loaded = heavy & set(sys.modules)
        assert not loaded, loaded
        assert not [name for name in sys.modules if name.startswith("recsys.")]
        assert {"fit", "load"} <= set(dir(recsys))
        recsys.load
        assert not {"torch", "pandas", "polars"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = recsys.fitt
    for name in recsys.__all__:
        assert getattr(recsys, name) is not None


def test_lists_hold_the_own_side_best_first_and_nothing_read(model):
    found = model.recommend("reader-3", 10)
    assert len(found) == 10 and sides(found) == {1}
    assert [one.rank for one in found] == list(range(1, 11))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert not set(ids(found)) & {one.item_id for one in model.history("reader-3")}
    assert all(one.source and one.reasons for one in found)
    assert found[0].reasons[0].text and 0 < found[0].reasons[0].share <= 1


def test_a_history_takes_the_place_of_a_user(model):
    assert sides(model.recommend(["book-2", "book-4"], 5)) == {0}
    dated = [
        {"item_id": "book-3", "event": "rating", "value": 9, "timestamp": "2026-01-02"},
        {"item_id": "book-5"},
        recsys.Interaction("book-7"),
    ]
    found = model.recommend(dated, 5)
    assert sides(found) == {1} and not set(ids(found)) & {"book-3", "book-5", "book-7"}
    assert len(model.recommend([], 5)) == len(model.recommend("nobody-yet", 5)) == 5


def test_words_filters_exclusions_and_caps(model):
    assert sides(model.recommend("nobody-yet", 5, words="odd")) == {1}
    assert sides(model.recommend("reader-3", 5, filters={"category": "even"})) == {0}
    assert sides(model.recommend("reader-3", 5, filters=Filters(category=frozenset(["even"])))) == {
        0
    }
    cheap = model.recommend("reader-2", 9, filters={"where": "price<9", "not_category": ["odd"]})
    assert cheap and all(int(item.split("-")[1]) < 9 for item in ids(cheap))
    first = ids(model.recommend("reader-3", 5))
    assert not set(first) & set(ids(model.recommend("reader-3", 5, exclude=first)))
    assert len(model.recommend("reader-3", 20, category_cap=2)) == 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"filters": {"categroy": "odd"}}, "'categroy' is no field; is category meant"),
        ({"filters": {"where": "prize<3"}}, "no item has a field 'prize'; is price meant"),
        ({"n": 0}, "n=0 is not a whole number from 1"),
        ({"n": 2.5}, "n=2.5"),
        ({"filters": ["odd"]}, "filters: a list is no mapping"),
        ({"filters": {"max_age": "week"}}, "max_age='week' is no number of seconds"),
        ({"filters": {"topic": "odd"}}, "topic='odd' is no number of a topic"),
        ({"filters": {"strict_language": "no"}}, "strict_language='no' is neither True nor False"),
        ({"words": ["odd"]}, "words: a list is no text"),
        ({"interests": ["odd", 3]}, "interests: a int is no text"),
        ({"diversity": -1}, "diversity=-1 is not a number from 0 to 1"),
        ({"personal": "much"}, "personal='much' is not a number"),
        ({"author_cap": 0}, "author_cap=0 is not a whole number from 1"),
        ({"language": "xx"}, "language='xx': there are sentences in en, zh"),
        ({"exclude": [None]}, "exclude: is missing"),
    ],
)
def test_a_wrong_argument_is_named(model, given, words):
    with pytest.raises(DataError, match=words):
        model.recommend("reader-3", **given)


def test_one_text_counts_as_a_list_of_one(model):
    assert model.recommend("reader-3", exclude="book-1") == model.recommend(
        "reader-3", exclude=["book-1"]
    )
    assert model.recommend("reader-3", interests="odd") == model.recommend(
        "reader-3", interests=["odd"]
    )
    assert model.recommend("reader-3", filters={"category": None}) == model.recommend("reader-3")


def test_a_kind_of_event_without_a_weight_is_named_once(model, caplog):
    history = [{"item_id": "book-1", "event": "likee"}]
    model.recommend(history)
    model.recommend(history)
    assert caplog.text.count("'likee' is no kind of event and counts nothing") == 1


def test_a_closed_model_says_so(tmp_path):
    with recsys.fit(reads()[:5], tune=CHOICE) as closed:
        closed.save(tmp_path / "model")
    for use in (
        lambda: closed.recommend("reader-1"),
        lambda: closed.recommend(["book-1"]),
        lambda: closed.similar("book-1"),
    ):
        with pytest.raises(RecsysError, match="this model is closed: fit or load it again"):
            use()


def test_without_a_user_words_alone_make_a_list(model):
    assert ids(model.recommend(words="odd", n=5)) == ids(model.recommend([], 5, words="odd"))


def test_a_device_stands_for_who_is_not_signed_in():
    frame = pd.DataFrame(
        {"user_id": ["ann", None], "device_id": ["d1", "d2"], "item_id": ["x", "y"]}
    )
    assert list(event_table(events_of(frame)).users) == ["ann", "d2"]


def test_values_of_numpy_count_as_those_of_python():
    rows = [
        {"user_id": np.int64(user), "item_id": np.int64(item), "value": np.float32(4)}
        for user in range(4)
        for item in (user, user + 1, user + 2)
    ]
    model = recsys.fit(pd.DataFrame(rows))
    again = event_table(events_of(rows))
    assert list(again.users) == ["0", "1", "2", "3"] and again.value.tolist() == [4.0] * 12
    user, items = np.int64(2), np.arange(3)
    assert ids(model.recommend(user, np.int64(3))) == ids(model.recommend("2", 3))
    assert ids(model.recommend(items, 3)) == ids(model.recommend(["0", "1", "2"], 3))
    assert ids(model.similar(items[1], 2)) == ids(model.similar("1", 2))
    assert model.explain(user, items[0]).item_id == "0"


def test_what_is_neither_user_nor_history_is_named(model):
    for wrong, words in (
        (None, "NoneType is neither a user id nor a history"),
        ({"item_id": "book-1"}, "dict is neither"),
        ([{"event": "like"}], "entry 0, item_id: is missing"),
        (["book-1", None], "entry 1, item_id: is missing"),
        (pd.DataFrame({"item_id": ["book-1"]}), "DataFrame is no history: pass a list"),
        (pa.table({"item_id": ["book-1"]}), "Table is no history: pass a list"),
    ):
        with pytest.raises(DataError, match=words):
            model.recommend(wrong)


def test_similar_explain_and_vectors(model):
    near = model.similar("book-3", 5)
    assert sides(near) == {1} and "book-3" not in ids(near)
    result = model.explain("reader-3", ids(model.recommend("reader-3", 1))[0])
    assert result.rank == 1
    assert result.base + sum(part.value for part in result.parts) == pytest.approx(
        result.score, abs=1e-3
    )
    vectors = model.vectors()
    assert len(vectors.item_ids) == len(vectors.text) == BOOKS and vectors.behaviour is None
    for call in (lambda: model.similar("book-99"), lambda: model.explain("reader-3", "book-99")):
        with pytest.raises(KeyError, match="item 'book-99' is unknown"):
            call()


def test_a_loaded_model_gives_the_same_lists(model, tmp_path):
    folder = model.save(tmp_path / "saved")
    assert (folder / "store.db").exists() and (folder / "bundles").is_dir()
    again = recsys.load(folder)
    for user in ("reader-3", "reader-4", "nobody-yet", ["book-2"]):
        for ours, theirs in zip(model.recommend(user), again.recommend(user), strict=True):
            assert ours.item_id == theirs.item_id and ours.reasons == theirs.reasons
            assert ours.score == pytest.approx(theirs.score, abs=1e-6)
    assert again.choice == model.choice and len(again) == BOOKS


def test_without_histories_a_user_id_is_a_key_error(model, tmp_path):
    folder = model.save(tmp_path / "saved", histories=False)
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"reader-3" not in content and b"book-3" in content
    again = recsys.load(folder)
    for call in (again.recommend, again.erase, again.history):
        with pytest.raises(KeyError, match="holds no histories.*pass the history itself"):
            call("reader-3")
    assert sides(again.recommend(["book-2"], 5)) == {0}
    model.save(folder)
    assert recsys.load(folder).recommend("reader-3") and recsys.load(folder).history("reader-3")
    model.save(folder, histories=False)
    assert not (folder / "store.db").exists()


def test_erasing_a_user_removes_them_here_and_from_what_was_saved(tmp_path):
    model = recsys.fit(reads(), books(), tune=CHOICE)
    folder = model.save(tmp_path / "saved")
    stranger = ids(model.recommend("nobody-yet"))
    removed = model.erase("reader-3")
    assert removed["events"] == READ and model.history("reader-3") == ()
    assert ids(model.recommend("reader-3")) == stranger
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"reader-3\0" not in content and b"reader-30" in content
    loaded = recsys.load(folder)
    assert loaded.history("reader-3") == () and loaded.history("reader-4")
    loaded.erase("reader-4")
    loaded.close()
    assert recsys.load(folder).history("reader-4") == ()


def test_the_service_gives_the_same_lists_on_a_saved_model(model, tmp_path):
    folder = model.save(tmp_path / "saved")
    app = create_app(Settings(home=folder, cache_entries=0), background=False)
    try:
        client = app.test_client()
        for user in ("reader-3", "reader-4", "nobody-yet"):
            answer = client.get(f"/recommend/{user}?n=10").json
            ours = model.recommend(user, 10)
            assert ids(ours) == [one["item_id"] for one in answer["items"]]
            for one, other in zip(ours, answer["items"], strict=True):
                assert one.score == pytest.approx(other["score"], abs=1e-4)
                assert (one.rank, one.source) == (other["rank"], other["source"])
                result = [(each.kind, each.text, each.item_id) for each in one.reasons]
                wanted = [(e["kind"], e["text"], e.get("item_id")) for e in other["reasons"]]
                assert result == wanted
        words = client.get("/recommend/reader-3?n=5&q=even&not_category=odd").json["items"]
        ours = model.recommend("reader-3", 5, words="even", filters={"not_category": "odd"})
        assert ids(ours) == [one["item_id"] for one in words]
        for user in ("reader-3", "nobody-yet"):
            page = client.get(f"/home/{user}?n=3&rows=4").json["rows"]
            rows = model.home(user, 3, 4)
            assert [(row.key, row.title, row.reason) for row in rows] == [
                (row["row"], row["title"], row["reason"]) for row in page
            ]
            assert [ids(row.items) for row in rows] == [
                [one["item_id"] for one in row["items"]] for row in page
            ]
            assert rows and all(len(row.items) <= 3 for row in rows)
        near = client.get("/similar/book-3?n=5").json["items"]
        assert ids(model.similar("book-3", 5)) == [one["item_id"] for one in near]
        session = client.post("/recommend", json={"items": ["book-2", "book-6"], "n": 5}).json
        ours = model.recommend(["book-2", "book-6"], 5)
        assert ids(ours) == [one["item_id"] for one in session["items"]]
    finally:
        app.extensions["service"].close()


def test_folders_with_something_else_are_left_alone(model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds notes.txt and no bundles"):
        model.save(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        model.save(tmp_path / "notes.txt")
    with pytest.raises(BundleError, match="no such folder"):
        recsys.load(tmp_path / "nowhere")
    with pytest.raises(BundleError):
        recsys.load(tmp_path)


# ------------------------------------------------------------------ tables of other libraries


def frames(rows):
    """Return the same rows as every kind of table."""
    pandas = pd.DataFrame(rows)
    return {
        "pandas": pandas,
        "polars": pl.DataFrame(rows),
        "arrow": pa.Table.from_pylist(rows),
        "dicts": rows,
        "categoricals": pandas.astype({"user_id": "category", "item_id": "category"}),
        "categoricals of polars": pl.DataFrame(rows).with_columns(
            pl.col("user_id", "item_id").cast(pl.Categorical)
        ),
    }


def same_events(one, other):
    assert list(one.users) == list(other.users) and list(one.items) == list(other.items)
    assert one.kinds == other.kinds and one.comments == other.comments
    for name in ("user", "item", "kind", "value", "time"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name


def test_the_same_cells_give_the_same_table_as_a_file(tmp_path):
    rows = [
        {"user_id": "ann", "movie_id": 7, "rating": 4.5, "date": "2024-03-01T10:00:00+02:00"},
        {"user_id": "bob", "movie_id": 8, "rating": None, "date": "2024-03-01 09:00:00"},
        {"user_id": "ann", "movie_id": 9, "rating": 2.0, "date": "2024-03-02"},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "events.csv", index=False)
    pl.DataFrame(rows).write_parquet(tmp_path / "events.parquet")
    wanted = load_events(tmp_path / "events.csv")
    assert list(wanted.users) == ["ann", "bob"] and wanted.timed
    for table in (
        pd.DataFrame(rows),
        pl.DataFrame(rows),
        pa.Table.from_pylist(rows),
        rows,
        str(tmp_path / "events.csv"),
        tmp_path / "events.parquet",
        [tmp_path / "events.csv"],
    ):
        same_events(event_table(events_of(table)), wanted)
    goods = [
        {"id": 1, "name": "One", "genres": "a|b", "pages": 3},
        {"id": 2, "name": "Two", "genres": None, "pages": None},
    ]
    pd.DataFrame(goods).astype({"pages": "Int64"}).to_csv(tmp_path / "items.csv", index=False)
    file = load_items(tmp_path / "items.csv")
    for table in (pd.DataFrame(goods), pl.DataFrame(goods), pa.Table.from_pylist(goods), goods):
        found = items_of(table)
        assert [one.item_id for one in found] == list(file.ids) == ["1", "2"]
        assert [one.title for one in found] == file.title
        assert [one.tags for one in found] == file.tags
        assert [int(one.metadata.get("pages", 0)) for one in found] == [3, 0]


def test_every_kind_of_frame_fits():
    rows = reads()
    lists = [
        ids(recsys.fit(table, books(), tune=CHOICE).recommend("reader-3", 5))
        for table in frames(rows).values()
    ]
    assert len(lists[0]) == 5 and all(found == lists[0] for found in lists)


def test_times_with_and_without_zones_and_as_text_are_the_same_moments():
    moments = pd.to_datetime(["2024-03-01 08:00", "2024-03-01 09:00"])
    base = {"user_id": ["a", "b"], "item_id": ["x", "y"]}
    tables = [
        pd.DataFrame({**base, "timestamp": moments}),
        pd.DataFrame({**base, "timestamp": moments.tz_localize("UTC").tz_convert("Asia/Tokyo")}),
        pd.DataFrame({**base, "timestamp": ["2024-03-01T08:00:00Z", "2024-03-01T11:00:00+02:00"]}),
        pl.DataFrame({**base, "timestamp": list(moments.to_pydatetime())}),
        pd.DataFrame({**base, "timestamp": [1709280000, 1709283600]}),
    ]
    for table in tables:
        found = event_table(events_of(table))
        assert found.time.tolist() == [1709280000.0, 1709283600.0]


def test_mixed_types_of_one_id_are_one_id():
    mixed = pd.DataFrame({"user_id": [1, "1", 2.0, "a"], "item_id": [10, "10", np.int64(11), 11.0]})
    found = event_table(events_of(mixed))
    assert list(found.users) == ["1", "2", "a"] and list(found.items) == ["10", "11"]
    rows = [{"user_id": 1, "item_id": 10}, {"user_id": "1", "item_id": "10"}]
    assert list(event_table(events_of(rows)).users) == ["1"]


def test_mixed_ids_of_polars_are_one_id():
    frame = pl.DataFrame(
        {"user_id": pl.Series([1, "1", None], dtype=pl.Object), "item_id": ["x", "y", "z"]}
    )
    assert [one.user_id for one in events_of(frame[:2])] == ["1", "1"]
    with pytest.raises(DataError, match="row 2, column user_id: is missing"):
        events_of(frame)


def test_fields_of_objects_are_columns_as_in_files():
    rows = [{"user": {"id": "ann"}, "item_id": "x"}, {"user": {"id": "bob"}, "item_id": "y"}]
    for table in (rows, pd.DataFrame(rows), pl.DataFrame(rows), pa.Table.from_pylist(rows)):
        assert list(event_table(events_of(table)).users) == ["ann", "bob"]


def test_chunks_of_categories_and_bytes_are_read():
    parts = [pl.DataFrame({"user_id": [name], "item_id": ["x"]}) for name in ("ann", "bob")]
    chunked = pl.concat([one.cast(pl.Categorical) for one in parts], rechunk=False)
    assert list(event_table(events_of(chunked)).users) == ["ann", "bob"]
    assert list(event_table(events_of(parts[0].cast(pl.Binary))).users) == ["ann"]


BAD = {
    "no item column": (
        pd.DataFrame({"user_id": ["a"], "thing": ["x"]}),
        r"events: there is no column item_id; the columns are 'user_id', 'thing'; rename one, or"
        r" pass columns=\{'item_id': NAME\}",
    ),
    "two columns for one": (
        pd.DataFrame({"uid": ["a"], "member_id": ["b"], "item_id": ["x"]}),
        "may both be user_id",
    ),
    "NaN ids": (
        pd.DataFrame({"user_id": ["a", None, "c"], "item_id": ["x", "y", "z"]}),
        r"events: row 1, column user_id: is missing; rows count from 0; correct or drop the row,"
        r" or pass on_error='skip'",
    ),
    "NaN numbers": (
        pl.DataFrame({"user_id": [1.0, 2.0], "item_id": [1.0, float("nan")]}),
        "events: row 1, column item_id: is missing",
    ),
    "a time that is none": (
        pd.DataFrame({"user_id": ["a"], "item_id": ["x"], "timestamp": ["yesterday"]}),
        "row 0, column timestamp: 'yesterday' is not a time",
    ),
    "a day of unknown order": (
        pd.DataFrame({"user_id": ["a"], "item_id": ["x"], "timestamp": ["01/02/2024"]}),
        "write the year first, as in 2021-01-29; rows count",
    ),
    "a lazy frame": (
        pl.LazyFrame({"user_id": ["a"], "item_id": ["x"]}),
        "LazyFrame is no table; call its method collect",
    ),
    "kinds that are not known": (
        pd.DataFrame({"user_id": ["a"], "item_id": ["x"], "event": ["likee"]}),
        r"such as event_weights=\{'likee': 1.0\}",
    ),
    "a time ahead": (
        [{"user_id": "a", "item_id": "x", "timestamp": "2124-01-01"}],
        "row 0, column timestamp: '2124-01-01' is in the future",
    ),
    "a duration": (
        pd.DataFrame({"user_id": ["a"], "item_id": ["x"], "timestamp": [pd.Timedelta(days=1)]}),
        "row 0, column timestamp",
    ),
    "a value that is none": (
        [{"user_id": "a", "item_id": "x"}, {"user_id": "a", "item_id": "x", "value": "high"}],
        "row 1, column value: 'high' is not a number",
    ),
    "an id that is a list": ([{"user_id": ["a"], "item_id": "x"}], "row 0, column user_id"),
    "rows that are no dicts": ([("a", "x")], "events: row 0 is a tuple, not a dict"),
    "one dict": ({"user_id": ["a"], "item_id": ["x"]}, "events: dict is no table; pass a pandas"),
    "a number": (7, "events: int is no table"),
    "an array": (np.zeros((2, 2)), "events: row 0 is a ndarray, not a dict"),
    "a file that is not there": ("nowhere.csv", "nowhere.csv: there is no such file"),
    "no rows": (pd.DataFrame({"user_id": [], "item_id": []}), "events and items hold no row"),
    "no rows of polars": (pl.DataFrame({"user_id": [], "item_id": []}), "hold no row"),
    "nothing": ([], "events and items hold no row"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_are_refused_with_column_row_and_way_out(name):
    table, words = BAD[name]
    with pytest.raises(DataError, match=words):
        recsys.fit(table, tune=CHOICE)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"columns": {"itemid": "x"}}, "columns: 'itemid' is no column; there are user_id"),
        ({"columns": {"item_id": "itemid"}}, "'itemid', which no table has; is 'item_id' meant"),
        ({"on_error": "ignore"}, "neither 'raise' nor 'skip'"),
        ({"tune": "slow"}, "tune='slow': neither 'quick' nor 'full' nor a JSON file"),
        ({"tune": {"engines": []}}, "tune: no choice"),
        ({"tune": {**CHOICE, "engines": ["magic 3"]}}, "engine 'magic 3' is unknown"),
        ({"event_weights": {"like": float("nan")}}, "like"),
    ],
)
def test_wrong_arguments_of_fit_are_named(given, words):
    with pytest.raises(DataError, match=words):
        recsys.fit(reads()[:5], **{"tune": CHOICE, **given})


def test_bad_rows_are_left_out_on_request(caplog):
    rows = [*reads(), {"user_id": None, "item_id": "book-1"}]
    model = recsys.fit(rows, books(), tune=CHOICE, on_error="skip")
    assert "1 bad row left out; the first: events: row 480, column user_id" in caplog.text
    assert len(model) == BOOKS


def test_columns_of_other_names_are_mapped():
    rows = pd.DataFrame(reads()).rename(columns={"user_id": "who", "item_id": "what"})
    model = recsys.fit(rows, tune=CHOICE, columns={"user_id": "who", "item_id": "what"})
    assert sides(model.recommend("reader-3", 5)) == {1}


@pytest.mark.parametrize(
    "events",
    [
        [{"user_id": "a", "item_id": "x"}],
        [{"user_id": "a", "item_id": f"x{n}"} for n in range(5)],
        [{"user_id": f"u{n}", "item_id": "x"} for n in range(5)],
        [{"user_id": "a", "item_id": "x", "timestamp": datetime.date(2024, 1, 2)}],
    ],
    ids=["one event", "one user", "one item", "one dated event"],
)
def test_tiny_tables_give_a_model(events):
    model = recsys.fit(events, [{"item_id": "other", "title": "another"}], tune="quick")
    assert TuningResult.from_json(model.choice).design == "untested"
    assert "other" in ids(model.recommend("a")) and ids(model.recommend("nobody"))


def test_without_a_table_of_items_those_of_the_events_are_listed(tmp_path):
    rows = [("ann", "x"), ("ann", "y"), ("bob", "x"), ("bob", "z")]
    model = recsys.fit([{"user_id": user, "item_id": item} for user, item in rows])
    assert ids(model.recommend("ann")) == ["z"] and set(ids(model.recommend())) == set("xyz")
    loaded = recsys.load(model.save(tmp_path / "model"))
    assert ids(loaded.recommend("ann")) == ["z"]


def test_items_alone_give_a_model_that_finds_words():
    model = recsys.fit([], books(), tune="quick")
    assert sides(model.recommend("anybody", 5, words="odd")) == {1}


def test_interests_of_users_lead_the_first_lists():
    people = pd.DataFrame({"user_id": ["new"], "interests": ["even"]})
    model = recsys.fit(reads(), books(), users=people, tune=CHOICE)
    assert sides(model.recommend("new", 3)) == {0}
    assert sides(model.recommend("other", 3, interests=["odd"])) == {1}


# ------------------------------------------------------------------ tuning and other packages


def test_quick_tunes_and_a_choice_can_be_used_again(tmp_path):
    model = recsys.fit(reads(), books())
    assert model.choice["design"] == "tuned" and sides(model.recommend("reader-3", 5)) == {1}
    (tmp_path / "choice.json").write_text(json.dumps(model.choice))
    for choice in (model.choice, tmp_path / "choice.json", TuningResult.from_json(model.choice)):
        again = recsys.fit(reads(), books(), tune=choice)
        assert again.choice["blend"] == model.choice["blend"]
        assert ids(again.recommend("reader-3", 5)) == ids(model.recommend("reader-3", 5))


def test_rows_by_blocks_serve_explain_and_place_an_unread_item(tmp_path):
    new = {"item_id": f"book-{BOOKS + 1}", "title": "odd book nobody has read", "category": "odd"}
    choice = {**CHOICE, "engines": ["blocks 8"]}
    model = recsys.fit(reads(), [*books(), new], tune=choice)
    assert sides(model.recommend("reader-3", 5)) == {1}
    assert sides(model.similar("book-4", 5)) == {0}
    assert np.isfinite(model.explain("reader-3", new["item_id"]).score)
    model.save(tmp_path / "saved")
    again = recsys.load(tmp_path / "saved")
    assert again.choice["engines"] == ["blocks 8"]
    assert ids(again.recommend("reader-3", 5)) == ids(model.recommend("reader-3", 5))


PACKAGE = '''
import numpy as np
from recsys import register_baseline, register_engine, register_term
from recsys.models.item_to_item_weights import ItemWeights
from recsys.evaluation.baselines import fit_popular
from recsys.evaluation.baseline_registry import NOTHING, Baseline as Row
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.models.engine_definitions import Engine


def next_number(data, seed, device):
    """Item n is followed by item n + 1."""
    size = data.shape[1]
    return ItemWeights.from_dense(np.eye(size, k=1, dtype=np.float32), size)


def engines():
    register_engine(
        "follow",
        lambda numbers: Engine(f"follow {numbers[0]:g}", "neighbours", next_number, lambda d: 0.0),
        tried=("follow 1",),
    )


def baselines():
    register_baseline(Row("mine", fits, NOTHING))


def fits(data, options, means):
    yield {}, fit_popular(data)


class EvenRow(LinearTerm):
    """1 for items of even rows."""

    name = "even_row"
    kind = "popular"

    def live_values(self, live, history, times, rows):
        return (rows % 2 == 0).astype(np.float32)

    def model_values(self, model, history):
        return (np.arange(len(model)) % 2 == 0).astype(np.float32)


def terms():
    register_term(EvenRow())
'''
USE = """
    import sys
    import recsys
    from recsys.evaluation.evaluate import row_names
    from recsys.tuning.engine_catalogue import candidates
    assert [one.name for one in candidates()][-1] == "follow 1"
    assert row_names("mine", "time") == ("mine",)
    rows = [{"user_id": f"u{n % 50}", "item_id": f"i{(n // 50 + n) % 20:02}"} for n in range(800)]
    choice = {
        "engines": ["follow 1"],
        "blend": {"terms": [{"scorer": "neighbours", "half_life": 5.0, "weight": 1.0}],
                  "curves": [{"scale": 0.03, "weight": 1.0}], "priors": {}},
        "evidence": [],
    }
    model = recsys.fit(rows, [{"item_id": f"i{n:02}"} for n in range(20)], tune=choice)
    assert model.recommend(["i03"], 1)[0].item_id == "i04"
    choice["blend"]["linear"] = {"even_row": 9.0}
    model = recsys.fit(rows, [{"item_id": f"i{n:02}"} for n in range(20)], tune=choice)
    listed = [int(one.item_id[1:]) for one in model.recommend(["i03"], 8)]
    assert listed[0] == 4 and all(number % 2 == 0 for number in listed), listed
    model = recsys.fit(rows, tune="full")
    assert any("even_row" in str(row) for row in model.choice["evidence"])
    assert any("follow 1" in str(row) for row in model.choice["evidence"])
    try:
        recsys.register_engine("follow", None)
    except recsys.DataError as error:
        assert "no other engine" in str(error)
    try:
        recsys.register_baseline(type("Row", (), {"name": "popular"}))
    except recsys.DataError as error:
        assert "another row" in str(error)
"""


def test_a_package_outside_brings_an_engine_and_a_baseline(tmp_path):
    (tmp_path / "outside.py").write_text(PACKAGE)
    info = tmp_path / "outside-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[recsys.engines]\nmine = outside:engines\n[recsys.baselines]\nmine = outside:baselines\n"
        "[recsys.score_terms]\nmine = outside:terms\n"
    )
    path = os.pathsep.join([str(tmp_path), os.getcwd()])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", textwrap.dedent(USE)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
