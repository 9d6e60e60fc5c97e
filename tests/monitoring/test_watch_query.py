"""Queries: what they hold for, what is refused and why, and the index against a plain scan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import DataError
from recsys.monitoring import text_tokens
from recsys.monitoring.watch_index import WatchIndex
from recsys.monitoring.watch_query import DEEPEST, parse
from recsys.monitoring.watched_text import WatchedText, conditions_of, cover, matches

LABELS = {
    "topic": frozenset({"17"}),
    "entity": frozenset({"star trek"}),
    "tag": frozenset({"sale"}),
    "category": frozenset({"film"}),
    "language": frozenset({"zh-cn"}),
    "author": frozenset({"Ann"}),
}


def text(words: str, negative: float = 0.8, **labels: frozenset[str]) -> WatchedText:
    plain = text_tokens.normalized(words)
    tone = np.array([negative, 0.1, 0.9 - negative], np.float32)
    return WatchedText(
        0,
        1,
        0.0,
        -1,
        words,
        text_tokens.spaced(plain),
        text_tokens.tokens(plain),
        {**LABELS, **labels},
        lambda _: tone,
    )


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("battery", True),
        ("BATTERY fire", True),
        ('"battery fire"', True),
        ('"fire battery"', False),
        ('"battery fir"', False),
        ("batter*", True),
        ("attery*", False),
        ("电池", True),
        ("電池", True),
        ("电池起火", True),
        ("起火电", False),
        ("topic:17", True),
        ("topic:18", False),
        ('entity:"Star Trek"', True),
        ("tag:SALE category:film", True),
        ("lang:zh", True),
        ("author:Ann", True),
        ("author:ann", False),
        ("tone:negative", True),
        ("tone<-0.5", True),
        ("tone>0", False),
        ("battery NOT tone:positive", True),
        ("battery -fire", False),
        ("(boat OR battery) AND fire", True),
        ("boat OR battery fire", True),
        ("boat AND battery OR fire", True),
        ("NOT boat", True),
    ],
)
def test_what_a_query_holds_for(query: str, holds: bool) -> None:
    one = text("The battery fire of 2012; 电池起火了")
    assert matches(parse(query), one) is holds
    assert WatchIndex({7: parse(query)}).find(one) == ([7] if holds else [])
    again = parse(conditions_of(parse(query)))
    assert matches(again, one) is holds  # its one form means the same


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "expected a word"),
        ("a AND", "expected a word"),
        ("(a OR b", "expected )"),
        ("a )", "expected AND, OR or the end"),
        ("(a OR", "query, at its end: expected a word"),
        ("author:", "query, at its end: expected a value"),
        ('"open', "quotation mark"),
        ("/bat.*/", "regular expressions"),
        ("bat.*fire", "regular expressions"),
        ("[a-z]x", "regular expressions"),
        ("topic:news", "a whole number"),
        ("colour:red", "there is no field 'colour'"),
        ("tone:angry", "negative, neutral, positive"),
        ("tone<7", "from -1 to 1"),
        ("tag<3", "has no order"),
        ("a*", "at least 2 letters"),
        ("!!!", "no letter and no digit"),
        ("x" * 2_001, "2000 are allowed"),
        (" OR ".join(f"w{at}" for at in range(101)), "100 are allowed"),
        ("(" * (DEEPEST + 2) + "a", "levels"),
        ("NOT " * (DEEPEST + 2) + "a", "levels"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(query: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        parse(query)
    assert told in str(error.value)


@settings(deadline=None)  # no test depends on speed
@given(st.text(max_size=60))
def test_any_string_is_parsed_or_refused(query: str) -> None:
    try:
        part = parse(query)
    except DataError:
        return
    matches(part, text("anything"))


WORDS = st.sampled_from(["tide", "wave", "sea", "wav*", "tag:sale", "tag:other", "tone:negative"])
QUERIES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} AND {two[1]})"),
        inner.map(lambda one: f"NOT {one}"),
    ),
    max_leaves=6,
)


@settings(deadline=None)  # no test depends on speed
@given(st.lists(QUERIES, min_size=1, max_size=8), st.lists(WORDS, max_size=4), st.booleans())
def test_the_index_finds_what_a_scan_finds(
    queries: list[str], words: list[str], negative: bool
) -> None:
    parts = {at: parse(query) for at, query in enumerate(queries)}
    one = text(" ".join(words).replace(":", " "), 0.8 if negative else 0.1)
    assert WatchIndex(parts).find(one) == [at for at, part in parts.items() if matches(part, one)]


def test_only_queries_that_exclude_have_no_key() -> None:
    assert cover(parse("NOT tide")) is None and cover(parse("tide OR NOT sea")) is None
    assert cover(parse("tide NOT sea")) == {("words", "tide")}
    assert cover(parse("lang:zh tide")) == {("words", "tide")}


ODD = (
    'author:"user:17"',
    '"a:b"',
    '"crust*"',
    '"-a"',
    'entity:"x>y"',
    'author:"OR"',
    "author:NOT",
    'tag:"-"',
    'language:"zh:x"',
    '"NOT"',
    "foo：bar",
    "NOT NOT a",
    " ".join(f"w{n}" for n in range(100)),
    "(a b OR " * DEEPEST + "c" + ")" * DEEPEST,
)


@pytest.mark.parametrize("query", ODD)
def test_the_stored_form_of_a_query_is_the_same_query(query: str) -> None:
    part = parse(query)
    assert parse(conditions_of(part), is_stored=True) == part


PIECES = st.sampled_from(
    ["a", "crust*", '"b c"', '"a:b"', '"-d"', "author:ann", 'author:"u:1"', "tone:negative"]
    + [
        "tone<-.5",
        'tag:"x>y"',
        "foo：bar",
        "AND",
        "OR",
        "NOT",
        "-",
        "(",
        ")",
        '"OR"',
        "ab：c*",
        "＂",
    ]
)


@settings(max_examples=400)
@given(st.lists(PIECES, min_size=1, max_size=14))
def test_whatever_can_be_saved_can_be_read_again(pieces: list[str]) -> None:
    try:
        part = parse(" ".join(pieces))
    except DataError:
        return
    assert parse(conditions_of(part), is_stored=True) == part


@pytest.mark.parametrize("query", ["a＂b", "tag:a＂b", "ab：c*"])
def test_what_has_no_stored_form_is_refused(query: str) -> None:
    with pytest.raises(DataError):
        parse(query)
