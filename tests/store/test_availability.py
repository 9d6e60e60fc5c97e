"""available_from and expires_at: how they are read, kept and brought into an older store."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from older_stores import take_back
from sqlalchemy import create_engine

from jobs.nightly.data_snapshot import load_snapshot, save_snapshot
from recsys.data.item_and_event_readers import load_items
from recsys.data.parsing import FieldError
from recsys.data.partial_updates import Row, filled_items
from recsys.data.records import Item, parse_item
from recsys.data.table_builder import EventColumns
from recsys.errors import DataError
from recsys.store.store import Store

MAY = 1_777_593_600.0  # 1 May 2026
FAR = 2_051_222_400.0  # 1 January 2035


@pytest.mark.parametrize(
    "raw",
    [
        FAR,
        "2051222400",
        2_051_222_400_000,
        "2035-01-01",
        "20350101",
        "20350101000000",
        "2035-01-01T01:00:00+01:00",
        "Mon, 01 Jan 2035 00:00:00 GMT",
    ],
)
def test_both_are_read_in_every_form_and_may_lie_in_the_future(raw):
    item = parse_item({"item_id": "a", "available_from": "2026-05-01", "expires_at": raw}, MAY)
    assert (item.available_from, item.expires_at) == (MAY, FAR)
    assert item.metadata == {}


@pytest.mark.parametrize("raw", [None, "", "NULL", "0000-00-00"])
def test_absent_ones_set_no_limit(raw):
    item = parse_item({"item_id": "a", "available_from": raw, "expires_at": raw})
    assert (item.available_from, item.expires_at) == (None, None)
    assert (item.opens_at, item.closes_at) == (-np.inf, np.inf)


def test_a_date_after_all_others_is_a_date():
    assert parse_item({"item_id": "a", "expires_at": "9999-12-31"}).expires_at == 253_402_214_400.0


def test_an_item_that_expires_before_it_is_available_is_refused_with_both():
    row = {"item_id": "a", "available_from": "2026-05-02", "expires_at": "2026-05-01"}
    with pytest.raises(FieldError) as caught:
        parse_item(row)
    assert caught.value.column == "expires_at"
    assert "2026-05-01T00:00:00Z is not after available_from, 2026-05-02T00:00:00Z" in str(
        caught.value
    )


def test_a_date_in_the_future_is_when_the_item_opens():
    later, skewed = MAY + 301, MAY + 299
    assert parse_item({"item_id": "a", "created_at": later}, MAY).opens_at == later
    item = parse_item({"item_id": "a", "created_at": skewed}, MAY)
    assert item.created_at == MAY  # a clock that runs ahead
    both = {"item_id": "a", "created_at": later, "available_from": MAY - 5}
    assert parse_item(both, MAY).opens_at == MAY - 5  # what is said goes before what follows


def test_a_column_that_a_file_lacks_stays_and_an_empty_one_clears():
    stored = {"a": Item("a", title="t", available_from=MAY, expires_at=FAR)}
    kept = filled_items([Row(Item("a", title="new"), frozenset({"item_id", "title"}))], stored)
    assert (kept[0].available_from, kept[0].expires_at) == (MAY, FAR)
    cleared = filled_items([Row(Item("a"), frozenset({"item_id", "expires_at"}))], stored)
    assert (cleared[0].available_from, cleared[0].expires_at) == (MAY, None)


def test_a_row_against_the_known_window_is_left_out():
    stored = {"a": Item("a", available_from=MAY)}
    row = Row(Item("a", expires_at=MAY - 1), frozenset({"item_id", "expires_at"}))
    refused: list = []
    assert filled_items([row], stored, refused) == []
    assert refused[0][0] is row and "is not after available_from" in str(refused[0][1])
    with pytest.raises(FieldError, match="is not after available_from"):
        filled_items([row], stored)


def test_files_of_items_carry_both(tmp_path: Path, caplog):
    path = tmp_path / "items.csv"
    path.write_text("item_id,valid_from,valid_until\na,2026-05-01,2035-01-01\nb,,\n")
    table = load_items(path)
    assert table.opens.tolist() == [MAY, -np.inf] and table.closes.tolist() == [FAR, np.inf]
    assert table.item(0) == Item("a", available_from=MAY, expires_at=FAR)
    later = tmp_path / "later.csv"
    later.write_text("item_id,expires_at\na,2020-01-01\n")
    assert load_items([path, later]).closes[0] == FAR and "a row was left out" in caplog.text
    with pytest.raises(DataError, match="item a: expires_at"):
        load_items([path, later], strict=True)


def test_a_snapshot_keeps_both(tmp_path: Path):
    path = tmp_path / "items.jsonl"
    rows = [{"item_id": "a", "available_from": MAY}, {"item_id": "b", "expires_at": FAR}]
    path.write_text("\n".join(map(json.dumps, rows)))
    table = load_items(path)
    save_snapshot(tmp_path / "snapshot", EventColumns().table(np.inf), table)
    _, found = load_snapshot(tmp_path / "snapshot")
    assert [found.item(row) for row in range(2)] == [table.item(row) for row in range(2)]


def test_a_store_keeps_both_and_logs_a_change(tmp_path: Path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        item = Item("a", title="t", available_from=MAY, expires_at=FAR)
        assert store.add_items([item]) == 1 and store.add_items([item]) == 0
        assert store.item("a") == item
        assert store.item_table().item(0) == item
        assert store.item_changes_after(0, 10)[0].item == item
        assert store.add_items([Item("a", title="t", expires_at=FAR)]) == 1
        assert store.item("a").available_from is None
        store.delete_item("a")
        store.add_items([Item("a", title="t")], revive=True)
        assert store.item("a").expires_at is None


def test_a_store_of_schema_6_gets_both_columns_without_a_limit(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(url) as store:
        store.add_items([Item("a", title="t", created_at=time.time() - 9)])
    engine = create_engine(url)
    with engine.begin() as connection:
        take_back(connection, 6)
    engine.dispose()
    with Store.open(url) as store:
        found = store.item("a")
        assert (found.title, found.available_from, found.expires_at) == ("t", None, None)
        store.add_items([Item("b", expires_at=FAR)])
        assert store.item("b").expires_at == FAR
