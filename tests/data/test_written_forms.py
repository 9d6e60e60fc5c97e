"""Forms in which files hold dates, lists, quotes and nested values, each with its known reading."""

import json
from datetime import UTC, datetime

import pytest

from recsys.data.file_opening import encoding_of
from recsys.data.header_naming import Shape, named
from recsys.data.item_and_event_readers import notes, read_events, read_items
from recsys.data.parsing import FieldError, parse_number, parse_time, parse_words
from recsys.data.reading_report import Reading, Reject
from recsys.data.records import Event, Item

NOW = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
DAY = datetime(2021, 1, 29, tzinfo=UTC).timestamp()


def events(path, reading=None):
    return [row for _, row in read_events(path, False, reading)]


def items(path, reading=None):
    return [row for _, row in read_items(path, False, reading)]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Jan 29, 2021", 0),
        ("Friday, January 29, 2021", 0),
        ("January 29th, 2021 7:30 PM", 19.5),
        ("29 Jan 2021", 0),
        ("29-JAN-21 07.30.00.000000 AM", 7.5),  # Oracle
        ("29/Jan/2021:07:30:00 +0000", 7.5),  # logs of web servers
        ("Jan 29, 2021 @ 07:30:00.000", 7.5),  # Kibana
        ("Fri Jan 29 07:30:00 2021", 7.5),  # ctime
        ("Fri Jan 29 07:30:00 EST 2021", 12.5),
        ("2021-01-29 07:30:00 +0000 UTC", 7.5),  # Go
        ("2021-01-29 07:30:00.123456789 +0800 CST m=+0.01", -0.5 + 0.123456 / 3600),
        ("2021-01-29T08:30:00+01:00[Europe/Berlin]", 7.5),  # Java
        ("2021-01-29 07:30 AM", 7.5),
        ("2021-01-29 12:30 AM", 0.5),
        ("2021-01-29 12:30 PM", 12.5),
        ("２０２１－０１－２９　１９：３０", 19.5),  # full-width signs
        ("2021/1/29 下午7:30", 19.5),  # spreadsheets in Chinese, Japanese, Korean
        ("2021/01/29 午前7:30", 7.5),
        ("2021-01-29 오후 7:30", 19.5),
        ("2021年1月29日 上午7:30", 7.5),
        ("2021. 1. 29.", 0),
        ("2021-01-29T24:00:00Z", 24),
        ("2021-01-29 07:30:00 UTC+8", -0.5),
        ("2021-01-29 07:30:00 PST", 15.5),
        ("/Date(1611905400000)/", 7.5),  # .NET
    ],
)
def test_a_written_time_with_one_meaning_is_read(text, hours):
    assert parse_time(text, "timestamp", NOW) == pytest.approx(DAY + 3600 * hours, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "1/29/2021",  # no other order is possible, but the next row may have one
        "2021-01-29 07:30:00 CST",  # China, Cuba or Chicago
        "2021-02-30",
        "Foo 29, 2021",
        "2021-01-29 13:30 PM",
        "2021-01-29 07:61",
        "29 Jan",
        "2021-01-29 seven",
    ],
)
def test_a_time_with_two_meanings_or_none_is_refused(text):
    with pytest.raises(FieldError, match="is not a time"):
        parse_time(text, "timestamp", NOW)


def test_moments_that_programs_write_for_no_time_are_no_events_of_1970():
    assert parse_time("0001-01-01T00:00:00Z", "timestamp", NOW) is None
    for text in ("1970-01-01", "1970-01-01T00:00:00Z", "1900-01-01", "1899-12-30"):
        with pytest.raises(FieldError, match="leave it empty"):
            parse_time(text, "timestamp", NOW)
    assert parse_time("1970-01-02", "timestamp", NOW) == 86_400


@pytest.mark.parametrize(
    "text",
    [
        "a|b c",
        '["a", "b c"]',
        "['a', 'b c']",
        "['a' 'b c']",
        "[a, b c]",
        "('a', 'b c')",
        '{a,"b c"}',
        "<a><b c>",
        "|a|b c|",
    ],
)
def test_labels_are_separated_in_each_form_of_a_list(text):
    assert parse_words(text, "tags") == ("a", "b c")


def test_a_comma_within_a_label_stays_where_the_form_of_the_list_allows_it():
    assert parse_words("Washington, D.C.|Paris", "tags") == ("Washington, D.C.", "Paris")
    assert parse_words(["Washington, D.C."], "tags") == ("Washington, D.C.",)
    assert parse_words("#a #b", "tags") == ("#a", "#b")
    assert parse_words([{"label": "a"}, {"title": "b"}], "tags") == ("a", "b")


@pytest.mark.parametrize(
    ("text", "number"), [("1,234.50", 1234.5), ("1.234,50", 1234.5), ("1,234,567", 1234567.0)]
)
def test_thousands_with_one_meaning_are_read(text, number):
    assert parse_number(text, "value") == number


def test_an_open_quote_costs_its_own_row_only(write):
    body = "".join(f"{n},title {n}\n" for n in range(3, 40))
    found = items(write("i.csv", f'item_id,title\n1,One\n2,"open\n{body}40,"last"\n'))
    assert [row.line for row in found if isinstance(row, Reject)] == [3]
    ids = [row.item_id for row in found if isinstance(row, Item)]
    assert ids == ["1", *map(str, range(3, 41))]


def test_a_text_of_several_lines_is_one_cell(write):
    found = items(write("i.csv", 'item_id,text,title\n1,"a\nb ""c""\nd",One\n2,x,Two\n'))
    assert found == [Item("1", "One", 'a\nb "c"\nd'), Item("2", "Two", "x")]


def test_quotes_escaped_by_backslashes_are_read_and_told(write):
    reading = Reading()
    text = (
        'item_id,title,text\n1,"He said \\"hi\\", twice","C:\\new"\n2,"a\\" x\nb",\n3,"c ""d""",\n'
    )
    found = items(write("i.csv", text), reading)
    assert found[0] == Item("1", 'He said "hi", twice', "C:\\new")
    assert [item.title for item in found[1:]] == ['a" x\nb', 'c "d"']
    assert "quotes escaped by backslashes in 2 rows" in " ".join(notes(reading))


def test_numbers_kept_as_text_by_a_spreadsheet_lose_its_signs(write):
    path = write("i.csv", 'item_id,title\n="00123",A\n"=""00124""",B\n')
    assert [item.item_id for item in items(path)] == ["00123", "00124"]


def test_a_blank_after_each_comma_belongs_to_no_cell(write):
    path = write("i.csv", 'item_id, title, tags\n1, "A, with comma", x\n')
    assert items(path) == [Item("1", "A, with comma", tags=("x",))]


@pytest.mark.parametrize(
    "record",
    [
        {"userId": {"$oid": "u"}, "itemId": {"$numberLong": "12"}, "createdAt": {"$date": "T"}},
        {"user": {"id": "u", "name": "Ann"}, "item": {"id": 12}, "ts": "T"},
        {"_id": "x", "_source": {"user_id": "u", "item_id": "12", "@timestamp": "T"}},
        {"userId": "u", "properties": {"product_id": "12"}, "timestamp": "T"},
        {"data": {"user": {"id": "u"}, "item": {"id": "12"}, "time": "T"}},
    ],
)
def test_nested_objects_give_their_fields(write, record):
    text = json.dumps(record).replace("T", "2021-01-29T00:00:00Z")
    assert events(write("e.jsonl", text)) == [Event("u", "12", "view", timestamp=DAY)]


def test_nested_metadata_of_an_item_stay_as_they_are(write):
    record = {"item_id": "1", "title": "One", "shop": {"stock": 2, "title": "Corner"}}
    assert items(write("i.json", json.dumps({"data": {"items": [record]}}))) == [
        Item("1", "One", metadata={"shop": {"stock": 2, "title": "Corner"}})
    ]


def test_a_noun_before_a_known_name_is_no_other_column(write):
    path = write("e.csv", "User-ID;ISBN;Book-Rating\na;1;5\n")
    assert events(path) == [Event("a", "1", "rating", 5.0)]
    header = ["ID", "post_title", "post_content", "post_date", "post_author", "post_status"]
    naming = named(header, Shape.of("items"), {})
    assert naming.targets[1:5] == ("title", "text", "created_at", "author_id")
    assert naming.kept == ("post_status",)
    # when the post was made is not when it was read
    naming = named(["user_id", "post_id", "post_created_at"], Shape.of("events"), {})
    assert naming.unused == ("post_created_at",)


def test_a_column_named_like_a_kind_of_event_is_told(write):
    reading = Reading()
    events(write("e.csv", "user_id,item_id,is_liked\na,1,3\na,2,0\n"), reading)
    assert any("is_liked may say what the users did" in note for note in notes(reading))
    reading = Reading()
    events(write("f.csv", "user_id,item_id,event,liked\na,1,view,1\n"), reading)
    assert not any("may say" in note for note in notes(reading))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("1,한국어 제목\n2,서울 야경\n", "cp949"), ("1,日本語のタイトル\n2,東京の夜景\n", "euc_jp")],
)
def test_korean_and_japanese_are_not_taken_for_chinese(write, text, encoding):
    assert encoding_of(text.encode(encoding)) == "utf-8-sig"
    rejects = items(write("i.csv", f"item_id,title\n{text}", encoding))
    assert all("UTF-8" in row.reason for row in rejects)


def test_utf_32_is_read(write):
    assert items(write("i.csv", "item_id,title\n1,Café\n", "utf-32")) == [Item("1", "Café")]
