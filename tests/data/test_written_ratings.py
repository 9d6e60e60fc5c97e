"""Ratings in words and signs, columns of votes, and row names of R: none is a silent yes."""

import pytest

from recsys.data.dataframes import events_of
from recsys.data.item_and_event_readers import load_events, notes, read_events, read_partial_items
from recsys.data.r_row_names import have_row_names, is_rule
from recsys.data.reading_report import Reading, Reject
from recsys.data.written_ratings import written_rating


@pytest.mark.parametrize(
    ("text", "number", "top"),
    [
        ("4/5", 4, 5),
        ("8 / 10", 8, 10),
        ("9,5/10", 9.5, 10),
        ("4.0 out of 5 stars", 4, 5),
        ("5 stars", 5, None),
        ("4星", 4, None),
        ("★★★☆☆", 3, 5),
        ("★★★½", 3.5, None),
        ("★★½☆☆", 2.5, 5),
        ("⭐️⭐️", 2, None),
        ("80%", 80, 100),
        ("力荐", 5, 5),
        ("很差", 1, 5),
        ("Very good", 4, 5),
        ("EXCELLENT", 5, 5),
    ],
)
def test_a_written_rating_has_a_number_and_perhaps_a_top(text, number, top):
    assert written_rating(text) == (number, top)


@pytest.mark.parametrize(
    "text", ["", "4", "B+", "6/5", "1/2", "200%", "☆☆☆", "11/20/2026", "4/5/2026", "thing", "-"]
)
def test_other_texts_are_no_ratings(text):
    assert written_rating(text) is None


def test_words_become_numbers_and_the_report_says_which(write):
    reading = Reading()
    path = write("e.csv", "用户,电影,评分\n王,甲,力荐\n王,乙,很差\n李,甲,推荐\n")
    events = [event for _, event in read_events(path, True, reading)]
    assert [(event.event, event.value) for event in events] == [
        ("rating", 5.0),
        ("rating", 1.0),
        ("rating", 4.0),
    ]
    told = "ratings written as words or signs were read as numbers: 力荐 as 5, 很差 as 1, 推荐 as 4"
    assert told in list(notes(reading))


def test_the_report_tells_numbers_from_kinds(write):
    for cells, words in (
        (("thumbs up", "dislike"), "were read as kinds of event: thumbs up as thumbs_up, dislike"),
        (("like", "4/5"), "were read as numbers and kinds of event: like as like, 4/5 as 4"),
    ):
        reading = Reading()
        rows = "".join(f"a,{place},{cell}\n" for place, cell in enumerate(cells))
        list(read_events(write("e.csv", f"user_id,item_id,rating\n{rows}"), True, reading))
        assert words in " ".join(notes(reading))


def test_ratings_on_two_scales_are_refused(write):
    path = write("e.csv", "user_id,item_id,rating\na,1,4/5\na,2,8/10\nb,1,力荐\n")
    good, bad, word = [row for _, row in read_events(path)]
    assert (good.value, word.value) == (4.0, 5.0)
    assert isinstance(bad, Reject)
    reason = "'8/10' is out of 10, and '4/5' before it out of 5: write all ratings on one scale"
    assert bad.reason == reason


def test_a_kind_in_place_of_a_rating_is_the_kind(write):
    path = write("e.csv", "user_id,item_id,rating\na,1,like\na,2,dislike\n")
    assert [event.event for _, event in read_events(path, True)] == ["like", "dislike"]
    path = write("f.csv", "user_id,item_id,event,rating\na,1,share,dislike\n")
    [(_, reject)] = read_events(path)
    assert "is not a number" in reject.reason


class TestWordScales:
    @pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("Yes", "No"), ("是", "否")])
    def test_a_column_of_true_and_false_is_one_and_zero(self, write, yes, no):
        path = write("e.csv", f"user_id,item_id,rating\na,1,{yes}\na,2,{no}\nb,1,\n")
        reading = Reading()
        found = [(event.event, event.value) for _, event in read_events(path, True, reading)]
        assert found == [("rating", 1.0), ("rating", 0.0), ("view", None)]
        assert f"{yes} as 1, {no} as 0" in " ".join(notes(reading))

    def test_json_and_parquet_have_values_of_their_own_for_them(self, write, tmp_path):
        rows = [{"user_id": "a", "item_id": "1", "score": True}]
        rows += [{"user_id": "a", "item_id": "2", "score": False}]
        path = write("e.jsonl", rows)
        assert [event.value for _, event in read_events(path, True)] == [1.0, 0.0]
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        table = pyarrow.Table.from_pylist(rows)
        parquet.write_table(table, tmp_path / "e.parquet")
        assert [e.value for _, e in read_events(tmp_path / "e.parquet", True)] == [1.0, 0.0]
        assert [event.value for event in events_of(table)] == [1.0, 0.0]

    def test_a_kind_with_a_value_that_is_false_is_no_yes(self, write):
        path = write("e.csv", "user_id,item_id,event,value\na,1,like,true\na,2,like,false\n")
        found = [(event.event, event.value) for _, event in read_events(path, True)]
        assert found == [("like", 1.0), ("like", 0.0)]

    def test_grades_are_numbers_of_five(self, write):
        path = write("e.csv", "user_id,item_id,grade,rating\na,1,x,A\na,2,x,B+\nb,1,x,f\n")
        reading = Reading()
        assert [event.value for _, event in read_events(path, True, reading)] == [5.0, 4.3, 1.0]
        assert "A as 5, B+ as 4.3, f as 1" in " ".join(notes(reading))

    @pytest.mark.parametrize("words", [("true", "false"), ("A", "B-")])
    def test_words_among_numbers_are_refused(self, write, words):
        first, second = words
        path = write("e.csv", f"user_id,item_id,rating\na,1,{first}\na,2,4\nb,1,{second}\n")
        bad, good, other = [row for _, row in read_events(path)]
        assert isinstance(bad, Reject) and isinstance(other, Reject) and good.value == 4.0

    def test_a_number_after_words_is_refused(self, write):
        rows = "".join(f"u{place},1,true\n" for place in range(3_000))
        *_, (_, last) = read_events(write("e.csv", f"user_id,item_id,rating\n{rows}a,2,5\n"))
        assert last.reason == "'5' stands among true and false: write all ratings alike"

    def test_words_beside_numbers_above_their_scale_are_refused(self, write):
        path = write("e.csv", "user_id,item_id,rating\na,1,9\na,2,excellent\nb,1,4\n")
        nine, word, four = [row for _, row in read_events(path)]
        assert (nine.value, four.value) == (9.0, 4.0)
        assert word.reason == (
            "'excellent' is out of 5, and the column has 9, too: write all ratings on one scale"
        )


class TestVotes:
    def test_codes_of_stack_exchange(self, write):
        path = write(
            "Votes.csv",
            "Id,PostId,VoteTypeId,UserId,CreationDate\n1,10,2,5,2026-11-20\n2,11,3,5,2026-11-20\n"
            "3,10,5,6,2026-11-20\n4,10,10,6,2026-11-20\n",
        )
        reading = Reading()
        kinds = [event.event for _, event in read_events(path, True, reading)]
        assert kinds == ["upvote", "downvote", "bookmark", "votetypeid 10"]
        assert "VoteTypeId as event" in " ".join(notes(reading))

    @pytest.mark.parametrize(
        ("name", "yes", "no", "kinds"),
        [
            ("vote", "up", "down", ["upvote", "downvote"]),
            ("Reaction", "👍", "👎", ["👍", "👎"]),
            ("feedback", "positive", "negative", ["like", "dislike"]),
            ("态度", "喜欢", "不喜欢", ["喜欢", "不喜欢"]),
            ("reaction", "LIKE", "ANGRY", ["like", "angry"]),
        ],
    )
    def test_words_are_kinds(self, write, name, yes, no, kinds):
        path = write("e.csv", f"user_id,item_id,{name}\na,1,{yes}\na,2,{no}\n")
        assert [event.event for _, event in read_events(path, True)] == kinds

    def test_a_minus_one_makes_numbers_values(self, write):
        path = write("e.csv", "user_id,item_id,vote\na,1,1\na,2,-1\nb,1,0\n")
        found = [(event.event, event.value) for _, event in read_events(path, True)]
        assert found == [("rating", 1.0), ("rating", -1.0), ("rating", 0.0)]

    def test_ones_and_zeros_are_told_and_not_guessed(self, write):
        reading = Reading()
        path = write("e.csv", "user_id,item_id,vote\na,1,1\nb,1,0\n")
        assert {event.event for _, event in read_events(path, True, reading)} == {"view"}
        assert "vote may say what the users did" in " ".join(notes(reading))

    def test_a_column_for_the_kind_has_priority(self, write):
        path = write("e.csv", "user_id,item_id,event,vote\na,1,share,down\n")
        assert load_events(path, True).kinds == ("share",)


class TestRowNames:
    @pytest.mark.parametrize(
        "text",
        [
            '"user_id","item_id","rating"\n"1","a","x",5\n"2","b","y",4\n',
            "user_id,item_id,rating\n1,a,x,5\n2,b,y,4\n",
            '"","user_id","item_id","rating"\n"1","a","x",5\n"2","b","y",4\n',
            '"user_id" "item_id" "rating"\n"1" "a" "x" 5\n"2" "b" "y" 4\n',
        ],
    )
    def test_tables_of_r(self, write, text):
        found = [event for _, event in read_events(write("e.txt", text), True)]
        assert [(e.user_id, e.item_id, e.value) for e in found] == [
            ("a", "x", 5.0),
            ("b", "y", 4.0),
        ]

    def test_the_report_names_them(self, write):
        reading = Reading()
        path = write("i.csv", '"item_id","title"\n"1","a","Bread"\n"2","b","Rye"\n')
        rows = [row.value for _, row in read_partial_items(path, True, reading)]
        assert [(item.item_id, item.title) for item in rows] == [("a", "Bread"), ("b", "Rye")]
        assert "row names in the first column, which has no name" in " ".join(notes(reading))

    def test_a_title_with_a_comma_is_no_row_name(self, write):
        path = write("i.csv", "item_id,title\n1,Fox, The\n2,Dog, A\n")
        for _, row in read_partial_items(path):
            assert "the row has 3 cells, the header has 2" in row.reason

    @pytest.mark.parametrize(
        "rows",
        [
            [],
            [["1", "a", "x"], ["2", "b"]],
            [["1", "a", "x"], ["1", "b", "y"]],
            [["5", "a", "x"], ["9", "b", "y"]],
            [["1", "a", ""], ["2", "b", ""]],
        ],
    )
    def test_other_tables_have_none(self, rows):
        assert not have_row_names(["user_id", "item_id"], rows, quoted=False, texts=False)


def test_rules_and_second_headers_are_passed_over(write):
    reading = Reading()
    path = write("e.csv", "| user_id | item_id | event |\n|---|:---:|---|\n| a | 1 | like |\n")
    [(_, event)] = read_events(path, True, reading)
    assert (event.user_id, event.event, reading.skipped) == ("a", "like", {"ruled lines": 1})
    path = write("f.csv", "用户ID,内容ID,行为\nuser_id,item_id,event\na,1,like\n")
    assert [event.user_id for _, event in read_events(path, True)] == ["a"]
    assert not is_rule(["", ""]) and not is_rule(["a", "---"])
