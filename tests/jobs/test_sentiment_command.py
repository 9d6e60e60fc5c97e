"""`recsys tone` and the files it and `train-tone` refuse."""

import json

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.labeled_texts import read_labels
from recsys.errors import DataError


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


def test_neither_labels_nor_lexicon_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    with pytest.raises(DataError, match="--labels F, --lexicon F"):
        CliRunner().invoke(cli, ["train-tone"], catch_exceptions=False)


def test_a_lexicon_is_taken_up(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    words, texts, out = (tmp_path / name for name in ("words.csv", "texts.csv", "tone.json"))
    words.write_text('language,term,valence\nzh,"绝绝子",3.5\nzh,无语,-3\nzh,不,not\n', "utf-8")
    texts.write_text("text\n这家店绝绝子\n今天真是无语了\n我们去吃饭吧\n", "utf-8")

    def labels():
        arguments = ["tone", "--texts", str(texts), "--json", str(out)]
        CliRunner().invoke(cli, arguments, catch_exceptions=False)
        return [row["label"] for row in json.loads(out.read_text())["rows"]]

    assert labels() != (wanted := ["positive", "negative", "neutral"])
    arguments = ["train-tone", "--lexicon", str(words), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert json.loads(result.output)["terms"] == {"zh": 3}
    assert labels() == wanted
    assert "绝绝子" in (tmp_path / "tone" / "lexicon.csv").read_text("utf-8")
