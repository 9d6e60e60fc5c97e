"""Tones in use: the home's model or the shipped one, lexicons beside it, scores remembered."""

import shutil

import numpy as np
import pytest
from text_world import word_student

from recsys.errors import DataError
from recsys.text.sentiment.lexicon import Lexicon, read_lexicon
from recsys.text.sentiment.model import SHIPPED, labels, load_sentiment_model, write_sentiment_model
from recsys.text.sentiment.scorer import LEXICON, SentimentScorer
from recsys.text.sentiment.training import fit_sentiment_model

WORDS = """language,term,valence
zh,喜欢,3
zh,棒,3.5
zh,难看,-3
zh,无语,-2
zh,不,not
zh,没有,not
es,me encanta,3.5
es,horrible,-3
es,no,not
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "tone").mkdir()
    return tmp_path


@pytest.fixture
def lexicons(tmp_path):
    (tmp_path / "words.csv").write_text(WORDS, "utf-8")
    return read_lexicon(tmp_path / "words.csv")


@pytest.mark.parametrize(
    ("language", "text", "sign"),
    [
        ("zh", "我很喜欢这部电影", 1),
        ("zh", "我不喜欢这部电影", -1),
        ("zh", "真是无语", -1),
        ("zh", "今天下雨", None),
        ("zh", "没有那么难看", 1),
        ("zh", "", None),
        ("es", "Me ENCANTA esta película", 1),
        ("es", "es horrible", -1),
        ("es", "no es horrible", 1),
        ("es", "me", None),
        ("es", "\ud800\u202e", None),
    ],
)
def test_a_lexicon_reads_words_and_their_negation(lexicons, language, text, sign):
    found = lexicons[language].score(text)
    assert found is None if sign is None else -1 < found < 1 and found * sign > 0


def test_more_words_say_more_and_never_too_much():
    lexicon = Lexicon("en", {"good": 3.0})
    scores = [lexicon.score("good " * n) for n in (1, 2, 50, 100_000)]
    assert scores[0] < scores[1] < scores[2] <= scores[3] <= 1
    assert lexicon.score("good") == pytest.approx(3 / 24**0.5)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("zh,好,9", "9"),
        ("zh,好,", "''|None"),
        ("zh,好,nan", "nan"),
        (",好,1", "not be empty"),
        ("zh,,1", "must not be empty"),
        ("zh,好,good", "good"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, problem):
    (tmp_path / "words.csv").write_text(f"language,term,valence\nzh,坏,-3\n{row}\n", "utf-8")
    with pytest.raises(DataError, match=f"words.csv:3: .*({problem})"):
        read_lexicon(tmp_path / "words.csv")


def test_a_lexicon_without_a_row_is_none(tmp_path):
    (tmp_path / "words.csv").write_text("language,term,valence\n", "utf-8")
    with pytest.raises(DataError, match="no row"):
        read_lexicon(tmp_path / "words.csv")


def test_without_anything_in_the_home_the_shipped_model_serves(home):
    texts = ["I love this, best day ever", "I hate this, it is terrible", "", "我喜欢这个，很好"]
    tones = SentimentScorer(home)
    assert np.allclose(tones.probabilities(texts), load_sentiment_model().probabilities(texts))
    scores = tones.scores(texts)
    assert scores[0] > 0.5 > -0.5 > scores[1] and scores[2] == 0 and scores[3] > 0


def test_a_model_in_the_home_or_named_serves_instead(home, tmp_path):
    texts = [f"{kind} {n}" for kind in ("bad", "so", "good") for n in range(8)]
    turned = fit_sentiment_model(
        texts, np.repeat([2, 1, 0], 8), word_student(["good", "bad", "so"])
    )
    write_sentiment_model(home / "tone" / "tone.npz", turned)
    assert SentimentScorer(home).scores(["bad 1"])[0] > 0
    assert SentimentScorer(home, SHIPPED).scores(["this is bad"])[0] < 0
    with pytest.raises(DataError, match="does not exist"):
        SentimentScorer(home, home / "none.npz").scores(["text"])


def test_a_lexicon_in_the_home_reads_its_language_only(home):
    (home / "tone" / LEXICON).write_text(WORDS, "utf-8")
    tones, plain = SentimentScorer(home), SentimentScorer(home / "nowhere")
    rows = ["真是无语，太难看了", "¡Me encanta la película que vimos en casa!", "I love this"]
    found = tones.probabilities(rows)
    assert labels(found) == ["negative", "positive", "positive"]
    assert np.allclose(found.sum(1), 1) and np.isfinite(found).all()
    assert np.allclose(found[2], plain.probabilities(rows)[2])


def test_scores_are_remembered_and_the_same(home):
    tones = SentimentScorer(home)
    texts = ["I love this", "I hate this", "I love this", "\ud800"]
    first = tones.scores(texts)
    assert first[0] == first[2] and np.array_equal(first, tones.scores(texts))
    assert np.array_equal(tones.scores([]), np.zeros(0, np.float32))


def test_what_is_remembered_is_bounded(home, monkeypatch):
    monkeypatch.setattr("recsys.text.sentiment.scorer.KEPT", 10)
    tones = SentimentScorer(home)
    once = [tones.scores([f"I love number {n}"])[0] for n in range(30)]
    again = tones.scores([f"I love number {n}" for n in range(30)])
    assert np.allclose(once, again, atol=1e-6) and len(tones._kept) <= 30


def test_a_copied_home_reads_alike(home, tmp_path):
    (home / "tone" / LEXICON).write_text(WORDS, "utf-8")
    shutil.copytree(home / "tone", tmp_path / "other" / "tone")
    assert SentimentScorer(home).scores(["真是无语"]) == SentimentScorer(tmp_path / "other").scores(
        ["真是无语"]
    )


def test_what_cannot_be_used_is_told_at_once(home):
    SentimentScorer(home).check()
    SentimentScorer(home / "nowhere").check()
    (home / "tone" / "tone.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="tone.npz"):
        SentimentScorer(home).check()
