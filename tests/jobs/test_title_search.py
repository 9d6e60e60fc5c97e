"""Bench of title search: the queries that it makes of titles."""

import random

import pytest

from jobs.bench.title_search import _two_words


@pytest.mark.parametrize("title", ["初婚未育证明怎么弄？", "看图猜一电影名"])
def test_two_words_of_a_chinese_title_are_pairs_of_its_signs(title):
    words = _two_words(title, random.Random(0)).split()
    assert len(set(words)) == 2 and all(len(word) == 2 and word in title for word in words)


def test_two_words_of_other_titles_have_four_letters():
    assert set(_two_words("The Quiet Man at Large", random.Random(0)).split()) == {"Quiet", "Large"}
