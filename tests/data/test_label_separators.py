"""Separators of tags in tables: `a|b` of the format, and what other systems write."""

import pytest

from recsys.data.item_and_event_readers import read_items
from recsys.data.label_separators import label_separator
from recsys.data.reading_report import Reading


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["red, cotton", "blue, wool", ""], ","),
        (["red; cotton, raw", "blue; wool"], ";"),
        (["美食、旅行", "音乐、电影"], "、"),
        (["rock|pop, soul", "a, b", "c, d"], ""),
        (["['a', 'b']", "['c']"], ""),
        (["red", "blue", "green, dark", "grey"], ""),
        (["one"], ""),
        (
            ["Once upon a time in a land that nobody knew of, there lived a king with his son"] * 3,
            "",
        ),
        ([], ""),
    ],
)
def test_the_sign_is_the_one_that_many_cells_hold(cells, sign):
    assert label_separator(cells) == sign


def test_tags_of_a_shop_are_split_and_the_report_says_so(tmp_path):
    path = tmp_path / "i.csv"
    path.write_text('id,title,tags\n1,A,"red, cotton"\n2,B,"blue, wool"\n3,C,red\n', "utf-8")
    reading = Reading()
    tags = [item.tags for _, item in read_items(path, reading=reading)]
    assert tags == [("red", "cotton"), ("blue", "wool"), ("red",)]
    assert "tags with commas between labels" in reading.form
