"""The tone model: what is shipped, what it must see through, and what it must survive."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from text_world import word_student

from recsys.errors import DataError
from recsys.text.sentiment import chinese_words
from recsys.text.sentiment.chinese import sigmoid
from recsys.text.sentiment.chinese_training import cut_of
from recsys.text.sentiment.english_sentiment_words import BLAME, PRAISE, cue_counts
from recsys.text.sentiment.features import mark, plain
from recsys.text.sentiment.model import (
    LABELS,
    SHIPPED,
    labels,
    load_sentiment_model,
    score,
    write_sentiment_model,
)
from recsys.text.sentiment.training import (
    SentimentConfig,
    balanced,
    expected_calibration_error,
    fit_sentiment_model,
    languages_of,
)
from recsys.text.train_test_text_overlap import sharing_phrases

GOOD, DULL, BAD = "lovely cake", "a table", "vile soup"


@pytest.fixture(scope="module")
def shipped():
    return load_sentiment_model()


@pytest.fixture(scope="module")
def small():
    texts = [f"{kind} {n}" for kind in (BAD, DULL, GOOD) for n in range(8)]
    return fit_sentiment_model(
        texts, np.repeat([0, 1, 2], 8), word_student([*GOOD.split(), *BAD.split()])
    )


OBVIOUS = [
    ("I love this, best day ever", "positive"),
    ("This is wonderful, thank you so much", "positive"),
    ("I hate this, it is terrible", "negative"),
    ("The worst service I have ever had, awful", "negative"),
    # negation
    ("this is not good", "negative"),
    # emoji and emoticons
    ("😍😍😍", "positive"),
    ("just got home 😊", "positive"),
    ("so that happened 😡", "negative"),
    ("monday again :(", "negative"),
    # disguises
    ("I h4te this", "negative"),
    ("I h a t e this", "negative"),
    ("I ha\u200bte this", "negative"),
    ("this is t.e.r.r.i.b.l.e", "negative"),
    ("I lоve this", "positive"),  # with a Cyrillic o
    ("what a piece of sh*t", "negative"),
    ("I looooooove it", "positive"),
    # Chinese
    ("我喜欢这个，很好", "positive"),
    ("太棒了！谢谢你", "positive"),
    ("我讨厌这个，太差了", "negative"),
    ("垃圾，很失望", "negative"),
    # denied liking, which is dislike
    ("not happy with this at all", "negative"),
    ("I'm not happy", "negative"),
    ("I don't like this", "negative"),
    ("I do not like it", "negative"),
    ("我不喜欢", "negative"),
    ("not bad at all", "neutral"),
    ("He is not like the others", "neutral"),
]


@pytest.mark.parametrize(("text", "label"), OBVIOUS)
def test_what_is_obvious(shipped, text, label):
    assert labels(shipped.probabilities([text])) == [label]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01",
        "\ud800",
        "\u200f\u202e",
        "a",
        "!" * 50,
        "word " * 200_000,
        "<" * 1_000_000,
        "\ud83d\ude00",
        "ａ" * 10,
        "שלום \u200f",
        "中" * 5000,
        "*" * 9999,
        "a*" * 5000,
        "a." * 5000,
    ],
)
def test_any_string_has_a_tone(shipped, text):
    found = shipped.probabilities([text, "fine"])
    assert np.isfinite(found).all() and np.allclose(found.sum(1), 1, atol=1e-5)
    assert (np.abs(score(found)) <= 1).all()


def elsewhere():
    """Return (kind, label, text): plain sentences of many kinds, written before any was tried."""
    with Path(__file__).with_name("elsewhere.csv").open(encoding="utf-8", newline="") as file:
        return [(row["kind"], row["label"], row["text"]) for row in csv.DictReader(file)]


def test_plain_sentences_of_other_kinds(shipped):
    kinds, truth, texts = (np.array(column) for column in zip(*elsewhere(), strict=True))
    found = np.array(labels(shipped.probabilities(list(texts))))
    english = ~np.isin(kinds, ["chinese", "foreign"])
    recalls = [(found[english & (truth == one)] == one).mean() for one in LABELS]
    assert np.mean(recalls) >= 0.82 and min(recalls) >= 0.7
    right = {kind: (found == truth)[kinds == kind].mean() for kind in np.unique(kinds)}
    assert right["fact"] >= 0.9 and right["chinese"] >= 0.85 and right["emoji"] >= 0.85
    assert min(right.values()) >= 0.6


def test_a_language_it_has_not_learned_is_neutral_and_unsure(shipped):
    foreign = [text for kind, _, text in elsewhere() if kind == "foreign"]
    found = shipped.probabilities([*foreign, "Das ist die schlechteste Pizza der Stadt"])
    assert (found.argmax(1) == 1).mean() > 0.9  # a sentence without a telling word may be missed
    assert (np.abs(score(found)) < 0.1).mean() > 0.75 and labels(found[-1:]) == ["neutral"]
    happy, sad = shipped.probabilities(["Der Zug ist schon wieder da 😍", "Не работает 😡"])
    assert happy.argmax() == 2 and sad.argmax() == 0


def test_a_model_of_german_reads_german():
    good = ["Das ist wirklich schön und gut", "Wir sind sehr froh über das Essen"]
    bad = ["Das ist wirklich furchtbar und schlecht", "Wir sind sehr böse über das Essen"]
    dull = ["Das Haus steht an der Straße", "Der Zug fährt um neun Uhr ab"]
    texts = [f"{text} {n}" for part in (bad, dull, good) for text in part for n in range(6)]
    model = fit_sentiment_model(texts, np.repeat([0, 1, 2], 12), word_student(["a"]))
    assert model.languages == {"de"}
    result = labels(
        model.probabilities(["Es ist sehr schön und gut", "Das war furchtbar schlecht"])
    )
    assert result == ["positive", "negative"]


@pytest.mark.parametrize(
    "texts",
    [
        (
            "This is wonderful.",
            "THIS IS WONDERFUL.",
            "<p>This is <b>wonderful</b>.</p>",
            "this is wonderful " * 200,
            "wonderful",
        ),
        (
            "This is terrible.",
            "THIS IS TERRIBLE.",
            "<p>This is <b>terrible</b>.</p>",
            "this is terrible " * 200,
            "terrible",
        ),
    ],
)
def test_form_and_length_do_not_turn_a_text_round(shipped, texts):
    assert len(set(labels(shipped.probabilities(list(texts))))) == 1


def test_nothing_is_neutral(shipped):
    assert labels(shipped.probabilities(["", "\ud800"])) == ["neutral", "neutral"]
    assert shipped.probabilities([]).shape == (0, 3)


def test_a_text_reads_the_same_alone_and_among_others(shipped):
    texts = [text for text, _ in OBVIOUS]
    together = shipped.probabilities(texts)
    alone = np.concatenate([shipped.probabilities([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-6)


def test_what_is_shipped_is_small():
    assert SHIPPED.stat().st_size < 3_000_000


def test_serving_reaches_neither_torch_nor_sklearn():
    code = (
        "import sys; from recsys.text.sentiment.model import load_sentiment_model; "
        "load_sentiment_model().probabilities(['fine']); "
        "assert not {'torch', 'sklearn', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_small_world_is_learned_and_read_back(small, tmp_path):
    write_sentiment_model(tmp_path / "tone.npz", small)
    again = load_sentiment_model(tmp_path / "tone.npz")
    texts = ["lovely cake", "a table", "vile soup"]
    assert labels(small.probabilities(texts)) == ["positive", "neutral", "negative"]
    assert np.allclose(small.probabilities(texts), again.probabilities(texts), atol=1e-3)
    assert not list(tmp_path.glob(".*"))


def test_two_labels_are_enough_and_one_is_not():
    student = word_student(["good", "bad"])
    texts = ["good thing"] * 6 + ["bad thing"] * 6
    model = fit_sentiment_model(texts, np.repeat([2, 0], 6), student, SentimentConfig(folds=2))
    found = model.probabilities(["good", "bad"])
    assert labels(found) == ["positive", "negative"]
    assert found[:, 1].max() < 0.01
    with pytest.raises(DataError, match="at least two labels"):
        fit_sentiment_model(texts, np.zeros(12, int), student)
    with pytest.raises(DataError, match="at least 5"):
        fit_sentiment_model(texts, np.array([0] * 11 + [2]), student)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"not a zip"])
def test_a_damaged_model_is_refused_by_name(tmp_path, content):
    path = tmp_path / "tone.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="tone.npz"):
        load_sentiment_model(path)


def test_a_model_with_holes_is_refused(small, tmp_path):
    arrays = dict(small.arrays())
    arrays["bias"] = np.array([np.nan, 0, 0], np.float32)
    np.savez(tmp_path / "nan.npz", **arrays)
    del arrays["cues"]
    np.savez(tmp_path / "hole.npz", **arrays)
    for name, why in (("nan", "finite"), ("hole", "cues"), ("none", "train-tone")):
        with pytest.raises(DataError, match=why):
            load_sentiment_model(tmp_path / f"{name}.npz")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("h4te $hit b@d", "hate shit bad"),
        ("t.e.r.r.i.b.l.e and h a t e", "terrible and hate"),
        ("f*ck sh*t 5 * 3", "fuck shit 5 * 3"),
        ("at 1080p for $100", "at 1080p for $100"),
        ("soooo &amp; so", "soo & so"),
    ],
)
def test_disguises_come_off(text, wanted):
    assert plain(text) == wanted


def test_a_negation_reaches_to_the_comma_and_no_further():
    found = mark("I don't eat it, but this is good")
    negated = [w for w, flag in zip(found.words, found.negated, strict=True) if flag]
    assert negated == ["eat", "it"]


def test_calibration_error_in_a_world_made_by_hand():
    sure = np.array([[0.9, 0.1, 0], [0.9, 0.1, 0], [0, 0.1, 0.9], [0, 0.1, 0.9]], np.float32)
    right = expected_calibration_error(sure, np.array([0, 0, 2, 2]))
    half = expected_calibration_error(sure, np.array([0, 2, 0, 2]))
    assert right == pytest.approx(0.1, abs=1e-6) and half == pytest.approx(0.4, abs=1e-6)


GOOD_ZH = ["服务真不错", "味道真不错", "真不错啊", "环境真不错", "这个真不错", "确实真不错"]
BAD_ZH = ["太坑人了", "真的坑人", "坑人的店", "就是坑人", "别来坑人", "又来坑人"]
DULL_ZH = ["今天星期一", "我在家里", "他去学校", "下午三点", "那里有桥", "一本书"]


@pytest.fixture(scope="module")
def chinese():
    """A model trained on Chinese texts alone, beside the small English one."""
    texts = [f"{word}{n}" for word in (*BAD_ZH, *DULL_ZH, *GOOD_ZH) for n in ("", "。", "！")]
    return fit_sentiment_model(texts, np.repeat([0, 1, 2], 18), word_student(["a"]))


def test_chinese_labels_train_the_model_of_chinese_signs(chinese):
    found = labels(chinese.probabilities(["老板真不错", "老板坑人", "明天星期一"]))
    assert found == ["positive", "negative", "neutral"]
    assert labels(chinese.probabilities(["老板真不错!! lovely cake"])) == ["positive"]


def test_a_part_without_labelled_texts_is_that_of_the_base(chinese, small):
    english = [f"{kind} {n}" for kind in (BAD, DULL, GOOD) for n in range(8)]
    student = word_student([*GOOD.split(), *BAD.split()])
    both = fit_sentiment_model(english, np.repeat([0, 1, 2], 8), student, base=chinese)
    assert both.chinese is chinese.chinese and both.languages == small.languages
    assert labels(both.probabilities(["老板坑人", BAD, "lovely"]))[:2] == ["negative", "negative"]
    alone = labels(small.probabilities(["老板坑人"]))
    assert small.chinese is None and alone == ["neutral"]


def test_a_model_that_reads_chinese_comes_back(chinese, tmp_path):
    texts = [*GOOD_ZH, *BAD_ZH, *DULL_ZH, "lovely 坑人 😍"]
    write_sentiment_model(tmp_path / "t.npz", chinese)
    again = load_sentiment_model(tmp_path / "t.npz")
    assert np.allclose(again.probabilities(texts), chinese.probabilities(texts), atol=1e-2)


def test_chinese_weights_of_a_wrong_shape_are_named(chinese, tmp_path):
    assert chinese.chinese is not None
    cut = replace(chinese, chinese=replace(chinese.chinese, runs=chinese.chinese.runs[:9]))
    with pytest.raises(DataError, match="Chinese weights"):
        write_sentiment_model(tmp_path / "t.npz", cut)


@pytest.mark.parametrize(
    "forms",
    [
        ("这家店的服务很差，非常失望", "這家店的服務很差，非常失望"),  # traditional signs
        ("质量很好，推荐！", "质量很好,推荐!"),  # full-width punctuation
        ("ＶＥＲＹ好看，１２３", "very好看，123"),
    ],
)
def test_one_text_in_two_ways_of_writing_has_one_tone(shipped, forms):
    one, other = shipped.probabilities(list(forms))
    assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("手机收到了，屏幕漂亮，速度快，非常满意", "positive"),
        ("手機收到了，螢幕漂亮，速度快，非常滿意", "positive"),
        ("用了两天就坏了，客服不理人，差评", "negative"),
        ("客服不理人！！！差評😡", "negative"),
        ("iPhone 15 很好用，推荐 👍", "positive"),
        ("快递太慢了，包装也破了 :(", "negative"),
        ("不好看", "negative"),
        ("不错", "positive"),
        ("一点也不贵，很划算", "positive"),
        ("会议在星期三下午两点", "neutral"),
        ("", "neutral"),
        ("，。！？", "neutral"),
    ],
)
def test_chinese_of_many_kinds(shipped, text, label):
    assert labels(shipped.probabilities([text])) == [label]


def test_nothing_known_in_chinese_is_exactly_neutral(shipped):
    assert shipped.chinese is not None
    assert shipped.chinese.logits(["", "abc", "123 :)"]).tolist() == [0, 0, 0]


def test_chinese_words_of_praise_and_blame():
    one, two = np.log(2), np.log(3)
    assert chinese_words.cue_counts("很好，漂亮") == pytest.approx((two, 0, 0, 0, 2 / 3))
    assert chinese_words.cue_counts("不错")[:4] == pytest.approx((one, 0, 0, 0))
    assert chinese_words.cue_counts("不漂亮")[:4] == pytest.approx((0, 0, one, 0))
    assert chinese_words.cue_counts("没有，漂亮")[:4] == pytest.approx((one, 0, 0, 0))
    assert chinese_words.cue_counts("星期三") == (0, 0, 0, 0, 0)


def test_the_band_of_neutral_texts_begins_at_its_edge():
    assert cut_of(0.0) == pytest.approx(np.log(2))
    cut = cut_of(0.7)
    positive, negative = sigmoid(np.array([0.7 - cut, -0.7 - cut]))
    assert positive == pytest.approx(1 - positive - negative)


def test_texts_that_share_six_words_in_a_row_are_found():
    others = ["It was a dark and stormy night, they said."]
    texts = ["A DARK and stormy night they <b>said</b>", "a dark and stormy day", "", "night"]
    assert sharing_phrases(texts, others).tolist() == [True, False, False, False]


def result(text):
    found = mark(text)
    return cue_counts(found.words, found.negated)


def test_words_of_praise_and_blame():
    assert not PRAISE & BLAME
    assert {"loved", "happier", "tedious", "broke", "worries"} <= PRAISE | BLAME
    one = np.log(2)
    assert result("a lovely and tedious day") == pytest.approx((one, one, 0, 0, 0))
    assert result("this is not good") == pytest.approx((0, 0, one, 0, -0.75 / 1.75))
    assert result("he lives in Leeds") == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("quarterly profit rose by 32 percent", 1),
        ("net sales fell by 12 percent", -1),
        ("unemployment falls again", 1),
        ("costs rose", -1),
        ("profit and costs rose", 0),
        ("the sun rose", 0),
        ("sales in five towns", 0),
    ],
)
def test_more_of_what_is_welcome_is_praise(text, side):
    assert np.sign(result(text)[-1]) == side


def test_labels_weigh_equally_within_each_source():
    classes = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    plain_weight = balanced(classes)
    assert plain_weight[classes == 0].sum() == pytest.approx(plain_weight[classes == 1].sum())
    own = balanced(classes, ["a"] * 4 + ["b"] * 4)
    assert own == pytest.approx(np.array([1, 1, 1, 3, 3, 1, 1, 1]) / 1.5)
    assert np.array_equal(balanced(classes, ["a"] * 8), plain_weight)


def test_the_languages_of_labelled_texts():
    english, german = "this is the house that we have", "das ist das Haus, das wir haben"
    assert languages_of([english] * 60 + [german] * 40 + ["x"] * 100) == {"en", "de"}
    assert languages_of([english] * 99 + [german]) == {"en"} and languages_of(["x"]) == set()
