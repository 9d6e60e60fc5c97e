"""Heard: a night reads only comments that the night before has not read."""

import numpy as np
import pytest
import worlds

from recsys.data.records import Event
from recsys.store.erasure import HEARD
from recsys.text.sentiment.comment_cache import with_comment_sentiment
from recsys.text.sentiment.model import SHIPPED
from recsys.text.sentiment.scorer import SentimentScorer, with_sentiment

LOVE, HATE = "I love this, best day ever", "I hate this, it is terrible"
TEXTS = [LOVE, "", HATE, LOVE]


class Counting(SentimentScorer):
    """Tones that count the texts they read."""

    def scores(self, texts):
        read.extend(texts)
        return super().scores(texts)


read: list[str] = []


def comments(*texts):
    return worlds.event_table(
        [Event("ann", f"i{n}", "comment", None, text, 5.0 + n) for n, text in enumerate(texts)]
    )


def result(home, *texts):
    read.clear()
    return with_comment_sentiment(comments(*texts), Counting(home)).sentiment


def test_what_was_read_is_not_read_again(tmp_path):
    first = result(tmp_path, *TEXTS)
    assert np.array_equal(
        first, with_sentiment(comments(*TEXTS), SentimentScorer(tmp_path)).sentiment
    )
    assert sorted(read) == sorted({*TEXTS} - {""})
    again = result(tmp_path, *TEXTS, "something new")
    assert read == ["something new"] and np.array_equal(again[:4], first)
    assert result(tmp_path, "something new") == again[4:] and read == []
    result(tmp_path, TEXTS[0])
    assert read == [TEXTS[0]]  # it was gone for a night
    assert not any(b"love" in path.read_bytes() for path in tmp_path.rglob("*.npz"))


@pytest.mark.parametrize("damage", [b"", b"no zip"])
def test_a_damaged_file_and_another_model_read_all_again(tmp_path, damage):
    first = result(tmp_path, *TEXTS)
    (tmp_path / HEARD).write_bytes(damage)
    assert np.array_equal(result(tmp_path, *TEXTS), first) and len(read) == 2
    (tmp_path / HEARD).parent.joinpath("tone.npz").write_bytes(SHIPPED.read_bytes() + b" ")
    result(tmp_path, *TEXTS)
    assert len(read) == 2


def test_without_comments_nothing_is_written(tmp_path):
    assert with_comment_sentiment(comments(""), SentimentScorer(tmp_path)).sentiment is None
    assert not (tmp_path / HEARD).exists()
