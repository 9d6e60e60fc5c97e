"""Prints: equal and nearly equal texts meet, others do not."""

import random

import pytest

from recsys.safety.minhash import (
    ALIKE,
    LEAST,
    bands,
    bands_of,
    content,
    repeated,
    shingles,
    similarity,
)

WORDS = "tide sailor wave anchor harbour rook pawn gambit bishop dough oven yeast crust".split()
HAN = "海浪船帆棋卒象局面包天地人山水火木金土日月星辰风雨雷电春夏秋冬东南西北中"


def text(seed, words=WORDS, n=60, glue=" "):
    return glue.join(random.Random(seed).choices(words, k=n))


def meet(one, other):
    left, right = (set(bands(content(each))) for each in (one, other))
    return bool(left & right)


def test_a_changed_word_or_letter_or_form_does_not_hide_a_copy():
    for seed in range(50):
        first = text(seed)
        changed = first.split()
        changed[seed % 60] = "lighthouse"
        copy = " ".join(changed)
        assert meet(first, copy) and similarity(content(first), content(copy)) >= ALIKE
        assert content(first.upper() + "!!") == content(f"<p>{first}</p>")


def test_chinese_copies_meet_too():
    for seed in range(50):
        first = text(seed, HAN, 120, "")
        copy = first[:60] + "甲" + first[61:]
        assert meet(first, copy) and similarity(content(first), content(copy)) >= ALIKE
        assert not meet(first, text(seed + 1000, HAN, 120, ""))


def test_other_texts_are_not_alike():
    met = sum(meet(text(seed), text(seed + 1000)) for seed in range(200))
    assert met <= 10  # all are made of the same thirteen words
    assert all(similarity(text(s), text(s + 1000)) < ALIKE for s in range(200))


def test_another_number_makes_a_short_text_another_one():
    one, other = (f"Weather report of the harbour master, day {day}" for day in (3, 4))
    assert similarity(content(one), content(other)) == 0 and not meet(one, other)
    assert similarity(content(one), content(one)) == 1


def test_titles_are_too_little_to_be_copies():
    assert bands(content("Hamlet")) == [] and len(shingles("Hamlet")) < LEAST


def test_links_count_by_their_site():
    assert content("see https://a.example/x?y=1 now") == content("see https://a.example/z now")
    assert content("see https://a.example/x") != content("see https://b.example/x")


@pytest.mark.parametrize("raw", ["", "!!!", "\ud800", "\u202e\u200f", "a", "\x00\x07", "🙂" * 50])
def test_any_text_is_fit(raw):
    assert bands(content(raw)) == [] and similarity(content(raw), content(raw)) == 1


def test_a_long_text_is_read_to_a_bound():
    assert len(bands(content("tide wave " * 200_000))) in (0, 6)


def test_repeated_words():
    assert repeated(["buy"] * 9 + ["now"]) == 0.9 and repeated(["buy"] * 7) == 0


def test_many_texts_at_once_have_the_bands_of_each():
    texts = [
        "",
        "a",
        "four",
        "aaaa " * 40,
        "the quick brown fox jumps over the lazy dog",
        "海上的风" * 9,
        "é" + "the quick brown fox jumps over the lazy dog",
        "part 1 of the series on rivers",
        "x y z",
        *(" ".join(f"word{n * k % 97}" for k in range(120)) for n in range(20)),
    ]
    assert bands_of(texts) == [bands(text) for text in texts]
    assert bands_of([]) == [] and bands_of(["", "one"]) == [[], []]
