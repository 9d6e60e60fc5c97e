"""`recsys tone` and the files it and `train-tone` refuse."""

import json

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.labeled_texts import read_labels
from recsys.errors import DataError
from recsys.text.sentiment.model import labels
from recsys.text.sentiment.scorer import SentimentScorer


def test_rows_stay_in_step(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    texts, out = tmp_path / "texts.csv", tmp_path / "tone.json"
    texts.write_text('text\n"I love it, wonderful"\n""\n"awful, I hate it"\n', "utf-8")
    result = CliRunner().invoke(
        cli, ["tone", "--texts", str(texts), "--json", str(out)], catch_exceptions=False
    )
    assert result.exit_code == 0
    rows = json.loads(out.read_text())["rows"]
    assert [row["label"] for row in rows] == ["positive", "neutral", "negative"]
    assert rows[0]["score"] > 0.3 and rows[1]["score"] == 0 and rows[2]["score"] < -0.3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("text,label\nfine,good\n", r"labels.csv:2: label 'good'"),
        ("text,valence\nfine,9\n", "valence '9'"),
        ("text,valence\nfine,nan\n", "valence 'nan'"),
        ("text\nfine\n", "neither"),
        ("label\npositive\n", "text"),
    ],
)
def test_wrong_labels_are_named(tmp_path, content, why):
    path = tmp_path / "labels.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError, match=why):
        read_labels(path)


def test_one_label_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    path = tmp_path / "labels.csv"
    path.write_text("text,label\n" + "fine,positive\n" * 20, "utf-8")
    with pytest.raises(DataError, match="at least two labels"):
        CliRunner().invoke(cli, ["train-tone", "--labels", str(path)], catch_exceptions=False)


def test_valence_is_cut_at_a_half(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("text,valence\na,0.5\nb,0.6\nc,-0.5\nd,-4\n", "utf-8")
    assert read_labels(path).classes.tolist() == [1, 2, 1, 0]


def test_files_of_labels_are_joined_and_texts_of_a_test_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    english, chinese, test = (tmp_path / f"{name}.csv" for name in ("en", "zh", "test"))
    kinds = ("lovely cake", "vile soup", "a plain table that stands in the")
    rows = [
        (f"{kind} {n}", label)
        for kind, label in zip(kinds, (1, -1, 0), strict=True)
        for n in range(7)
    ]
    english.write_text("text,tone\n" + "".join(f"{t},{label}\n" for t, label in rows), "utf-8")
    result = [
        (f"{word}{n}", label) for word, label in (("真漂亮", 1), ("太差劲", -1)) for n in range(6)
    ]
    chinese.write_text("text,tone\n" + "".join(f"{t},{label}\n" for t, label in result), "utf-8")
    test.write_text("text\nand a plain table that stands in the 6\n", "utf-8")
    arguments = ["train-tone", "--labels", str(english), "--labels", str(chinese), "--json"]
    both = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert json.loads(both.output)["texts"] == 33
    joined = read_labels(english)
    assert joined.classes.tolist() == [2] * 7 + [0] * 7 + [1] * 7
    left = CliRunner().invoke(cli, [*arguments, "--except", str(test)], catch_exceptions=False)
    assert json.loads(left.output)["texts"] == 26  # seven share the phrase
    model = SentimentScorer(tmp_path).model
    assert labels(model.probabilities(["太差劲了", "这里真漂亮"])) == ["negative", "positive"]


def test_neither_labels_nor_lexicon_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    with pytest.raises(DataError, match="--labels F, --lexicon F"):
        CliRunner().invoke(cli, ["train-tone"], catch_exceptions=False)


def test_a_lexicon_is_taken_up(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    words, texts, out = (tmp_path / name for name in ("words.csv", "texts.csv", "tone.json"))
    words.write_text('language,term,valence\nzh,"咕咕叫",3.5\nzh,星期一,-3\nzh,不,not\n', "utf-8")
    texts.write_text("text\n这家店咕咕叫\n今天是星期一了\n我们去吃饭吧\n", "utf-8")

    def labels_now():
        arguments = ["tone", "--texts", str(texts), "--json", str(out)]
        CliRunner().invoke(cli, arguments, catch_exceptions=False)
        return [row["label"] for row in json.loads(out.read_text())["rows"]]

    assert labels_now() != (wanted := ["positive", "negative", "neutral"])
    arguments = ["train-tone", "--lexicon", str(words), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert json.loads(result.output)["terms"] == {"zh": 3}
    assert labels_now() == wanted
    assert "咕咕叫" in (tmp_path / "tone" / "lexicon.csv").read_text("utf-8")
