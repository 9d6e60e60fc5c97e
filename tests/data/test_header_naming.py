"""Names of columns that no table lists: the noun of the file's own ids decides."""

import pytest

from recsys.data.header_naming import Shape, named
from recsys.errors import DataError

ITEMS, EVENTS = Shape.of("items"), Shape.of("events")


@pytest.mark.parametrize("name", ["lessonId", "Lesson ID", "lesson_id", "LESSON-ID", "课时编号"])
def test_the_only_unknown_id_of_a_header_is_the_items(name):
    assert named([name, "title"], ITEMS, {}).columns == ("item_id", "title")
    assert named(["user_id", name, "session_id"], EVENTS, {}).columns == ("user_id", "item_id")


@pytest.mark.parametrize("header", [["paid", "title"], ["session_id", "title"], ["aId", "bId"]])
def test_a_word_that_ends_like_an_id_and_two_ids_are_no_guess(header):
    assert "item_id" not in named(header, ITEMS, {}).columns


def test_the_noun_of_the_id_makes_titles():
    naming = named(["CourseId", "Course Title", "Subject", "Level"], ITEMS, {})
    assert naming.targets == ("item_id", "title", "category", "Level")
    assert naming.renamed["Subject"] == "category"


def test_a_subject_without_another_title_is_the_title():
    assert named(["post_id", "subject"], ITEMS, {}).columns == ("item_id", "title")


def test_a_known_name_goes_before_a_noun():
    naming = named(["item_id", "shelfId", "item title"], ITEMS, {})
    assert naming.columns == ("item_id", "title") and naming.kept == ("shelfId",)


def test_what_the_caller_names_goes_before_all():
    naming = named(["lessonId", "page_id"], ITEMS, {"item_id": "lessonId"})
    assert naming.renamed == {"lessonId": "item_id"}
    assert "item_id" not in named(["lessonId"], ITEMS, {"item_id": ""}).columns


def test_two_known_names_are_still_refused():
    with pytest.raises(DataError, match="choose one with --map item_id="):
        named(["post_id", "article_id"], ITEMS, {})


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("post_title", "title"),
        ("Book-Author", "author_id"),
        ("product_description", "text"),
        ("Body (HTML)", "text"),
        ("post_date", "created_at"),
    ],
)
def test_a_noun_and_a_part_name_a_column(name, column):
    assert named(["id", name], ITEMS, {}).renamed[name] == column


def test_the_part_that_says_more_is_taken():
    naming = named(["id", "product_summary", "product_description"], ITEMS, {})
    assert naming.targets == ("item_id", "product_summary", "text")


def test_a_guid_is_the_id_only_where_nothing_else_is():
    assert named(["guid", "title"], ITEMS, {}).renamed == {"guid": "item_id"}
    assert named(["ID", "guid"], ITEMS, {}).kept == ("guid",)


def test_a_rating_of_a_noun_is_the_value():
    header = ["User-ID", "ISBN", "Book-Rating"]
    assert named(header, EVENTS, {}).columns == ("user_id", "item_id", "value")
    assert "value" not in named([*header[:2], "average_rating"], EVENTS, {}).columns


def test_a_time_that_says_more_is_taken():
    header = ["user_id", "item_id", "event_date", "event_timestamp"]
    assert named(header, EVENTS, {}).renamed == {"event_timestamp": "timestamp"}


def test_an_item_of_a_user_has_that_author_where_nothing_else_names_one():
    assert named(["id", "title", "user_id"], ITEMS, {}).renamed["user_id"] == "author_id"
    both = named(["id", "title", "user_id", "author"], ITEMS, {})
    assert both.renamed["author"] == "author_id" and both.kept == ("user_id",)
    assert named(["id", "user", "user_id", "owner"], ITEMS, {}).renamed["user_id"] == "author_id"


def test_an_event_of_a_forum_or_of_a_page_has_that_item_where_nothing_else_is():
    forum = named(["id", "user_id", "topic_id", "posted"], EVENTS, {})
    assert forum.renamed["topic_id"] == "item_id"
    assert "topic_id" in named(["user_id", "lessonId", "topic_id"], EVENTS, {}).unused
    page = named(["event_name", "user_pseudo_id", "page_location", "url"], EVENTS, {})
    assert page.renamed["page_location"] == "item_id" and page.renamed["event_name"] == "event"
    assert named(["user", "post_id", "url"], EVENTS, {}).unused == ("url",)
