"""CsvReader: every line is read once, whatever is broken."""

import csv
import random

import pytest

from recsys.data.csv_reader import CsvReader


def read(text: str) -> tuple[list[list[str]], int, CsvReader]:
    """Return the rows, how many were broken, and the reader; fails where it does not end."""
    lines = text.splitlines(keepends=True)
    reader = CsvReader(iter(lines), ",")
    rows, broken = [], 0
    for _ in range(len(lines) + 1):
        try:
            rows.append(next(reader))
        except csv.Error:
            broken += 1
        except StopIteration:
            return rows, broken, reader
    raise AssertionError(f"{text!r}: more rows than lines")


def test_a_row_that_backslashes_end_earlier_than_quotes_do_costs_its_line_alone():
    """As CSV the first row goes on to the third line; with \\" as a quote it is broken at once."""
    rows, broken, reader = read('"a","b \\" c","d\n1,2,3\n4,"5" x,6\n7,8,9\n')
    assert rows == [["1", "2", "3"], ["7", "8", "9"]] and broken == 2
    assert reader.line_num == 4 and reader.backslashes == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_line_is_read_once(seed):
    rng = random.Random(seed)
    for _ in range(300):
        text = "".join(rng.choice('"\\,a\n\n') + rng.choice(("", '\\"', ',"')) for _ in range(40))
        rows, broken, reader = read(text)
        assert reader.line_num == len(text.splitlines())
        assert len(rows) + broken <= reader.line_num
