"""Dates that begin with day or month: a file shows the order, or the caller says it."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from recsys.data.dataframes import events_of, items_of
from recsys.data.day_month_order import DAY_FIRST, MONTH_FIRST, in_iso_form, order_of
from recsys.data.item_and_event_readers import read_events
from recsys.data.reading_report import Options, Reading, Reject


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["08/05/2021", "29/01/2021"], DAY_FIRST),
        (["08/05/2021", "01/29/2021 7:01 PM"], MONTH_FIRST),
        (["08-05-21", "13-05-21"], DAY_FIRST),
        (["08/05/2021", "07/06/2021", ""], ""),
        (["29/01/2021", "01/29/2021"], ""),
        (["2021-01-29", "29.1.2021"], ""),
        ([], ""),
    ],
)
def test_a_number_above_twelve_is_a_day(cells, order):
    assert order_of(cells) == order


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("08/05/2021", DAY_FIRST, "2021-05-08T00:00:00+00:00"),
        ("08/05/2021", MONTH_FIRST, "2021-08-05T00:00:00+00:00"),
        ("1/29/21 7:01 PM", MONTH_FIRST, "2021-01-29T19:01:00+00:00"),
        ("29-01-1999 00:00:59", DAY_FIRST, "1999-01-29T00:00:59+00:00"),
        ("29/01/99 12:30 a.m.", DAY_FIRST, "1999-01-29T00:30:00+00:00"),
        ("29/01/2021", MONTH_FIRST, "29/01/2021"),
        ("1/1/2021 13:00 PM", DAY_FIRST, "1/1/2021 13:00 PM"),
        ("2021-01-29", DAY_FIRST, "2021-01-29"),
    ],
)
def test_forms(text, order, iso):
    assert in_iso_form(text, order) == iso


def written(tmp_path, *dates):
    path = tmp_path / "orders.csv"
    rows = "".join(f"u{n};s{n};{date}\n" for n, date in enumerate(dates))
    path.write_text("Customer;SKU;Order date\n" + rows, "utf-8")
    return path


def test_an_export_of_a_shop_keeps_its_dates(tmp_path):
    reading = Reading()
    path = written(tmp_path, "08/05/2021", "29/01/2021", "")
    times = [event.timestamp for _, event in read_events(path, reading=reading)]
    assert times[:2] == [
        datetime(2021, 5, 8, tzinfo=UTC).timestamp(),
        datetime(2021, 1, 29, tzinfo=UTC).timestamp(),
    ]
    assert times[2] is None
    assert reading.renamed["Order date"] == "timestamp"
    assert "timestamp with the day first" in reading.form


def test_an_order_that_no_row_shows_is_refused_with_the_option(tmp_path):
    path = written(tmp_path, "08/05/2021", "07/05/2021")
    rows = [row for _, row in read_events(path)]
    assert all(isinstance(row, Reject) and "--dates day-first" in str(row) for row in rows)
    chosen = Reading(Options(dates=MONTH_FIRST))
    first, _ = [row.timestamp for _, row in read_events(path, reading=chosen)]
    assert first == datetime(2021, 8, 5, tzinfo=UTC).timestamp()


def test_a_row_of_the_other_order_is_rejected_with_its_place(tmp_path):
    path = written(tmp_path, *["29/01/2021"] * 2_000, "01/29/2021")
    *_, (line, last) = read_events(path)
    assert line == 2_002 and isinstance(last, Reject) and "01/29/2021" in str(last)


def test_a_byte_order_mark_goes_before_the_option(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("user_id,item_id\njosé,1\n", "utf-8-sig")
    ((_, event),) = read_events(path, reading=Reading(Options(encoding="cp1252")))
    assert event.user_id == "josé"


def test_frames_are_read_as_files_are():
    frame = pa.table(
        {"Customer": ["a", "b"], "SKU": ["1", "2"], "Order date": ["29/01/2021", "08/05/2021"]}
    )
    times = [event.timestamp for event in events_of(frame)]
    assert times[1] == datetime(2021, 5, 8, tzinfo=UTC).timestamp()
    items = items_of(pa.table({"id": ["1", "2"], "tags": ["red, raw", "blue, raw"]}))
    assert items[0].tags == ("red", "raw")


def test_one_such_date_among_others_is_no_rule_of_the_column():
    others = ["2021-01-29 07:01:00 UTC", "1611903660000000", "2021-01-29 07:01:00"]
    assert order_of([*others, "29-01-2021 07:01"]) == ""
    assert order_of([*others[:2], "", "29-01-2021", "30-01-2021"]) == DAY_FIRST
