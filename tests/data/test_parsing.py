"""One value at a time: what is read, and what is refused with a reason."""

import json

import pytest

from recsys.data.parsing import (
    FieldError,
    parse_id,
    parse_number,
    parse_text,
    parse_time,
    parse_words,
)

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    "raw",
    [
        "a/b",
        "two words",
        '"quoted"',
        "o'brien",
        "🎬",
        "👨‍👩‍👧",
        "电影-1",
        "x" * 512,
        "%2F",
        "a;b|c",
    ],
)
def test_ids_of_any_script_and_sign_come_through(raw):
    assert parse_id(f"  {raw} ", "item_id") == raw


def test_whole_numbers_are_ids_too():
    assert parse_id(7, "item_id") == "7"
    assert parse_id(7.0, "item_id") == "7"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "is missing"),
        (None, "is missing"),
        ("   ", "is missing"),
        ("x" * 10_000, "has 10000 characters, 512 are allowed"),
        ("a\x00b", "control character"),
        ("a\nb", "control character"),
        ("a\udcffb", "not UTF-8"),
        (1.5, "neither text nor a whole number"),
        (True, "neither text nor a whole number"),
        ([], "neither text nor a whole number"),
    ],
)
def test_bad_ids_are_refused(raw, reason):
    with pytest.raises(FieldError, match=reason) as caught:
        parse_id(raw, "item_id")
    assert caught.value.column == "item_id"


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("1362062307", 1362062307.0),
        (1362062307, 1362062307.0),
        ("1362062307000", 1362062307.0),
        ("1362062307.25", 1362062307.25),
        ("2013-02-28T14:38:27Z", 1362062307.0),
        ("2013-02-28T15:38:27+01:00", 1362062307.0),
        ("2013-02-28 14:38:27", 1362062307.0),
        ("28.02.2013 14:38:27", 1362062307.0),
        ("28.2.2013, 14:38", 1362062280.0),
        ("1.2.2013", 1359676800.0),  # the first of February: with dots the day stands first
        ("Tue Sep 11 19:23:20 +0800 2012", 1347362600.0),
        ("Tue Sep 11 11:23:20 +0000 2012", 1347362600.0),
        ("-32400000", -32400000.0),  # a film of 22 December 1968
        (59356800, 59356800.0),  # whole days from 1970
        ("-9223372036854775808", None),  # pandas' NaT as a number
        (-(2**63), None),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_every_form_of_a_timestamp(raw, seconds):
    assert parse_time(raw, "timestamp", NOW) == seconds


def test_a_clock_five_minutes_ahead_passes_and_six_do_not():
    assert parse_time(NOW + 299, "timestamp", NOW) == NOW + 299
    with pytest.raises(FieldError, match="is in the future"):
        parse_time(NOW + 360, "timestamp", NOW)
    with pytest.raises(FieldError, match="is in the future"):
        parse_time((NOW + 360) * 1000, "timestamp", NOW)


@pytest.mark.parametrize(
    "raw",
    [
        "yesterday",
        "inf",
        "-inf",
        "1_000",
        "Xxx Foo 11 19:23:20 +0800 2012",
        True,
        [],
        "28/02/2013",
        "2.28.2013",
        "28.02.13",
        "864000",
        59356801,
        "32400000.5",
    ],
)
def test_what_is_no_time_is_refused(raw):
    with pytest.raises(FieldError, match="is not a time"):
        parse_time(raw, "timestamp", NOW)


def test_numbers():
    assert parse_number("7.5", "value") == 7.5
    assert parse_number("", "value") is None
    assert parse_number(" ", "value") is None
    assert parse_number("NaN", "value") is None
    assert parse_number(float("nan"), "value") is None
    assert parse_number(-1, "value") == -1.0


@pytest.mark.parametrize("raw", ["seven", "inf", "1e39", "1_0", True, []])
def test_what_is_no_finite_number_is_refused(raw):
    with pytest.raises(FieldError, match="is not a (finite )?number"):
        parse_number(raw, "value")


def test_text_keeps_its_words_and_loses_what_no_database_can_hold():
    assert parse_text("a\0b", "text") == "ab"
    assert parse_text("Fantômas 电影 🎬", "text") == "Fantômas 电影 🎬"
    assert parse_text(json.loads('"cut \\ud83c"'), "text") == "cut \ufffd"
    assert parse_text(None, "text") == ""
    with pytest.raises(FieldError, match="not valid UTF-8"):
        parse_text(b"caf\xe9".decode("utf-8", "surrogateescape"), "text")


def test_words_from_bars_and_from_lists():
    assert parse_words("Crime| Drama||Crime", "tags") == ("Crime", "Drama")
    assert parse_words(["a", "b", 3], "tags") == ("a", "b", "3")
    assert parse_words("", "tags") == ()
