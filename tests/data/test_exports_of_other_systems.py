"""Exports of shops, analytics tools and chat systems, and public data sets without a header."""

import json

import pytest

from recsys.data.event_kind_weights import EventWeights
from recsys.data.item_and_event_readers import (
    load_events,
    load_items,
    notes,
    read_events,
    read_partial_items,
)
from recsys.data.reading_report import Options, Reading
from recsys.errors import DataError
from recsys.streams.event_parser import EventParser, Refused


def values(rows):
    return [row.value for _, row in rows]


def events_of(rows):
    return [event for _, event in rows]


class TestDoubleColons:
    movies = "1::Toy Story (1995)::Animation|Children's|Comedy\n2::Heat (1995)::Action|Crime\n"
    names = Options(headers={"items": ("item_id", "title", "tags")})

    def test_labels_with_bars_do_not_make_bars_the_separator(self, write):
        items = load_items(write("movies.dat", self.movies), True, self.names)
        assert items.title == ["Toy Story (1995)", "Heat (1995)"]
        assert items.tags[0] == ("Animation", "Children's", "Comedy")

    def test_a_text_with_double_colons_stays_as_it_is(self, write):
        path = write("items.csv", "1,std::vector::push,c\n2,Heat,crime\n")
        items = load_items(path, True, self.names)
        assert items.title == ["std::vector::push", "Heat"]

    def test_the_most_lines_say_which_sign_separates(self, write):
        path = write("items.tsv", "1\tA, b, c\tx\n2\tHeat\ty\n3\tToy\tz\n")
        assert load_items(path, True, self.names).title == ["A, b, c", "Heat", "Toy"]

    def test_a_message_shows_the_first_line_without_control_characters(self, write):
        with pytest.raises(DataError, match=r"it is .1,Toy Story") as error:
            load_items(write("movies.dat", self.movies))
        assert "x1f" not in str(error.value)

    def test_a_message_names_the_given_header(self, write):
        options = Options(headers={"events": ("user_id", "shown")})
        with pytest.raises(DataError, match="--header events names 'user_id,shown'"):
            load_events(write("e.tsv", "u1\tN1-0 N2-1\n"), options=options)


class TestAnonymousIds:
    @pytest.mark.parametrize(
        ("account", "device"),
        [
            ("userId", "anonymousId"),
            ("user_id", "user_pseudo_id"),
            ("user_id", "device_id"),
            ("customer_id", "Visitor ID"),
        ],
    )
    def test_rows_without_an_account_belong_to_the_device(self, write, account, device):
        rows = f"{account},{device},item_id,event\nann,d1,i1,like\n,d2,i1,view\nnull,d3,i2,view\n"
        reading = Reading()
        events = [event for _, event in read_events(write("e.csv", rows), True, reading)]
        assert [event.user_id for event in events] == ["ann", "d2", "d3"]
        told = " ".join(notes(reading))
        name = device.strip()
        assert f"2 rows have no user_id and belong to the user that {name} names" in told
        assert "user_id:anonymous" not in told + str(reading.columns)

    def test_objects_with_one_of_the_two(self, write):
        rows = [
            {"userId": None, "anonymousId": "a1", "item_id": "i"},
            {"userId": "ann", "anonymousId": "a1", "item_id": "i"},
            {"anonymousId": "a2", "item_id": "i"},
        ]
        path = write("e.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        assert [event.user_id for _, event in read_events(path, True)] == ["a1", "ann", "a2"]

    def test_a_row_with_neither_is_rejected(self, write):
        path = write("e.csv", "user_id,device_id,item_id\n,,i1\nann,,i1\n")
        with pytest.raises(DataError, match="user_id is missing"):
            load_events(path, strict=True)

    def test_a_device_is_no_user_where_the_caller_says_so(self, write):
        path = write("e.csv", "user_id,device_id,item_id\nann,d,i1\n")
        reading = Reading(Options(names={"user_id": "device_id"}))
        assert [event.user_id for _, event in read_events(path, True, reading)] == ["d"]


class TestContinuationRows:
    def test_variants_of_a_product(self, write):
        reading = Reading()
        path = write(
            "shop.csv",
            "Handle,Title,Tags,Variant SKU,Price\nshirt,Shirt,red,S1,19\nshirt,,,S2,21\n"
            "shirt,,blue,S3,22\nhat,Hat,,H1,5\n",
        )
        shirt, hat = values(read_partial_items(path, True, reading))
        assert (shirt.title, shirt.tags, shirt.metadata["Variant SKU"]) == (
            "Shirt",
            ("red", "blue"),
            "S1",
        )
        assert hat.title == "Hat"
        assert "2 rows go on with the item of the row before" in " ".join(notes(reading))

    def test_a_row_per_tag(self, write):
        path = write("i.csv", "item_id,title,tag\n1,Bread,food\n1,Bread,baking\n2,Tea,food\n")
        bread, tea = values(read_partial_items(path, True))
        assert (bread.tags, tea.tags) == (("food", "baking"), ("food",))

    def test_a_later_version_replaces(self, write):
        path = write("i.csv", "item_id,title,tags\n1,Bread,food|baking\n1,Bread 2,\n")
        items = load_items(path, True)
        assert (items.title, items.tags) == (["Bread 2"], [()])

    def test_a_version_with_other_words_and_one_tag_replaces(self, write):
        path = write("i.csv", "item_id,title,text,tags\n1,Bread,a,food\n1,Bread,b,baking\n")
        assert load_items(path, True).tags == [("baking",)]

    def test_a_draft_that_a_later_row_publishes_is_public(self, write):
        path = write("i.csv", "item_id,title,status\n1,Bread,draft\n1,Bread,published\n")
        assert load_items(path, True).item(0).expires_at is None


class TestTextsInParts:
    def test_paragraphs_and_marked_runs(self, write):
        rows = [
            {"item_id": "1", "text": ["First paragraph.", "Second."]},
            {"item_id": "2", "text": ["Hello ", {"type": "bold", "text": "world"}, "!"]},
            {"item_id": "3", "text": []},
        ]
        path = write("i.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        found = [item.text for item in values(read_partial_items(path, True))]
        assert found == ["First paragraph.\nSecond.", "Hello world!", ""]

    def test_a_list_of_something_else_is_refused(self, write):
        path = write("i.jsonl", json.dumps({"item_id": "1", "text": ["a", 7, {"b": 1}]}) + "\n")
        with pytest.raises(DataError, match="text .* is not text"):
            load_items(path, strict=True)


def test_a_flag_called_published_is_no_time(write):
    reading = Reading()
    path = write("i.csv", "Handle,Title,Published\na,A,true\nb,B,FALSE\nc,C,yes\n")
    items = values(read_partial_items(path, True, reading))
    assert [item.expires_at is None for item in items] == [True, False, True]
    assert [item.created_at for item in items] == [None, None, None]
    assert "as created_at" not in " ".join(notes(reading))


@pytest.mark.parametrize("name", ["Posted", "date_added", "Uploaded", "ctime"])
def test_weak_names_of_the_time_of_an_item(write, name):
    path = write("i.csv", f"item_id,title,{name}\na,A,2026-11-01\n")
    assert load_items(path, True).item(0).created_at == 1793491200.0
    path = write("j.csv", f"item_id,title,published_at,{name}\na,A,2026-11-02,2026-11-01\n")
    assert load_items(path, True).item(0).created_at == 1793577600.0


class TestYesAndNo:
    @pytest.mark.parametrize("name", ["vote", "VoteTypeId", "Reaction Type", "态度"])
    def test_a_column_of_opinions_that_is_not_read_is_told(self, write, name):
        reading = Reading()
        path = write("e.csv", f"user_id,item_id,{name}\nann,i1,A\nbob,i1,B\n")
        assert len(list(read_events(path, True, reading))) == 2
        assert any(f"{name} may say what the users did" in line for line in notes(reading))

    def test_chinese_flags_are_read(self, write):
        path = write("e.csv", "user_id,item_id,clicked\nann,i1,是\nbob,i1,否\n")
        kinds = [event.event for _, event in read_events(path, True)]
        assert kinds == ["click", "impression"]

    def test_one_row_without_an_account_is_told_in_the_singular(self, write):
        reading = Reading()
        path = write("e.csv", "user_id,device_id,item_id\nann,d1,i1\n,d2,i1\n")
        assert len(list(read_events(path, True, reading))) == 2
        assert "1 row has no user_id and belongs to the user" in " ".join(notes(reading))


class TestPlatformsAndPrograms:
    def test_the_platform_of_a_tracker_is_no_item_where_pages_are_named(self, write):
        """Every event of a Snowplow export was on the item "web"."""
        path = write(
            "snowplow.csv",
            "app_id,event,user_id,domain_userid,page_urlpath\nweb,view,ann,d1,/articles/42\n",
        )
        reading = Reading()
        [(_, event)] = read_events(path, True, reading)
        assert event.item_id == "/articles/42"
        assert not any("0 rows" in note for note in notes(reading))

    def test_a_program_is_an_item_where_none_is(self, write):
        path = write("steam.csv", "user_id,app_id,hours\nann,570,12\n")
        assert load_events(path).items[0] == "570"


class TestOneOfTwoNames:
    """Of two names for one column the one that is filled is read, of two times the one in UTC."""

    def test_a_field_that_is_null_everywhere_does_not_compete(self, write):
        """Every post of a Mastodon archive has `"summary": null` beside its content."""
        rows = [
            {"id": f"a/{n}", "object": {"id": f"o/{n}", "summary": None, "content": f"word {n}"}}
            for n in range(3)
        ]
        items = load_items(write("outbox.json", json.dumps({"orderedItems": rows})), True)
        assert items.text == ["word 0", "word 1", "word 2"] and items.ids[0] == "o/0"

    def test_two_filled_fields_are_refused_as_before(self, write):
        row = {"id": "1", "summary": "short", "content": "long"}
        with pytest.raises(DataError, match="may both be text"):
            load_items(write("a.json", json.dumps([row])), True)

    def test_a_single_message_does_not_say_what_is_empty(self):
        """A stream has no first objects: what one message lacks, the next one may have."""
        parser = EventParser()
        message = b'{"user": null, "uid": "ann", "item_id": "1"}'
        assert isinstance(parser.parse(message, 1.8e9), Refused)

    def test_an_empty_column_of_a_table(self, write):
        path = write("posts.csv", "id,title,content,summary\n1,Bread,long,\n2,Tea,longer,\n")
        assert load_items(path, True).text == ["long", "longer"]
        with pytest.raises(DataError, match="may both be text"):
            load_items(write("b.csv", "id,title,content,summary\n1,Bread,long,short\n"))

    @pytest.mark.parametrize("ending", ["gmt", "utc"])
    def test_the_time_in_utc_goes_before_the_local_one(self, write, ending):
        head = f"user_id,post_id,comment_date,comment_date_{ending},comment_content\n"
        row = "7,101,2026-10-02 11:00:00,2026-10-02 09:00:00,Lovely\n"
        (event,) = events_of(read_events(write("comments.csv", head + row), True))
        assert event.timestamp == 1790931600.0 and event.text == "Lovely"


def test_posts_for_followers_alone_are_not_public(write):
    """An archive of Mastodon: what only followers may read was listed for everybody."""
    public, base = "https://www.w3.org/ns/activitystreams#Public", "https://m.social/users/ann"
    rows = [
        {"id": "1", "content": "open", "to": [public], "cc": [f"{base}/followers"]},
        {"id": "2", "content": "unlisted", "to": [f"{base}/followers"], "cc": [public]},
        {"id": "3", "content": "closed", "to": [f"{base}/followers"], "cc": []},
        {"id": "4", "content": "a mail", "to": ["ann@x.org"]},
    ]
    reading = Reading()
    path = write("outbox.json", json.dumps({"orderedItems": rows}))
    found = values(read_partial_items(path, True, reading))
    assert [one.expires_at is not None for one in found] == [False, False, True, False]
    assert any("1 item is not public (to without #Public 1)" in line for line in notes(reading))


def test_lists_of_a_database_that_are_not_read_are_told(write):
    tables = {"posts": [{"id": "1", "title": "Bread"}], "tags": [{"id": "t"}] * 2}
    reading = Reading()
    assert load_items(write("g.json", json.dumps({"db": [{"data": tables}]})), True).title
    rows = list(read_partial_items(write("h.json", json.dumps({"data": tables})), True, reading))
    assert len(rows) == 1
    assert "read as the list data.posts; not read: data.tags (2)" in list(notes(reading))


def test_lines_of_orders_are_purchases(write):
    """Orders of Shopify: a row for each line; they were no item, and then views."""
    head = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem sku\n"
    rows = "#1,ann@x.org,2026-10-01 09:59:00 +0200,1,Mug,M-1\n#1,ann@x.org,,2,Pot,P-1\n"
    reading = Reading()
    found = events_of(read_events(write("orders.csv", head + rows), True, reading))
    assert [(one.user_id, one.item_id, one.event) for one in found] == [
        ("ann@x.org", "M-1", "purchase"),
        ("ann@x.org", "P-1", "purchase"),
    ]
    assert "read as purchases, as no column says the kind" in list(notes(reading))


def test_comments_are_no_views(write):
    """Comments of WordPress, with the e-mail address of those who have no account."""
    head = "comment_ID,comment_post_ID,comment_author_email,comment_date,comment_content\n"
    reading = Reading()
    path = write("comments.csv", head + "1,101,ann@x.org,2026-10-02 11:00:00,Lovely\n")
    (event,) = events_of(read_events(path, True, reading))
    assert (event.user_id, event.item_id, event.event) == ("ann@x.org", "101", "comment")
    assert "read as comments, as no column says the kind" in list(notes(reading))
    (event,) = events_of(read_events(write("e.csv", "user_id,item_id,comment,event\na,1,x,read\n")))
    assert event.event == "read"
    (event,) = events_of(read_events(write("f.csv", "user_id,item_id,comment,rating\na,1,x,4\n")))
    assert event.event == "rating"


def test_posts_of_discourse_have_a_text(write):
    rows = {
        "latest_posts": [
            {"id": 900, "topic_title": "Install", "cooked": "<p>Use make</p>", "raw": "Use"}
        ]
    }
    assert load_items(write("posts.json", json.dumps(rows)), True).text == ["<p>Use make</p>"]


def test_a_chinese_forum(write):
    path = write(
        "posts.csv", "帖子ID,标题,发帖人,版块,发帖时间\n1,求助,小明,装修,2026年10月1日 08:30\n"
    )
    item = load_items(path, True).item(0)
    assert (item.author_id, item.category, item.created_at) == ("小明", "装修", 1790843400.0)
    path = write("acts.csv", "用户名,帖子ID,操作\n阿花,1,回帖\n")
    assert [EventWeights().heeds(one.event) for one in events_of(read_events(path, True))] == [True]


def test_what_google_analytics_writes_for_nothing_is_no_id(write):
    rows = "user_pseudo_id,item_id,event_name\na,(not set),view_item\nb,SKU1,view_item\n"
    found = events_of(read_events(write("ga.csv", rows)))
    assert [getattr(one, "item_id", one.__class__.__name__) for one in found] == ["Reject", "SKU1"]
