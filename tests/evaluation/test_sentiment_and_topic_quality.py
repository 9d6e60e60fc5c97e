"""Figures of tone and of speed, where they are known or only their form is."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from text_world import word_student

from jobs.cli import cli
from recsys.data.event_tables import ItemTable
from recsys.data.labeled_texts import Labelled
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.evaluation.sentiment_and_topic_quality import (
    sentiment_by_folds,
    sentiment_from_elsewhere,
)
from recsys.evaluation.text_throughput import throughput
from recsys.text.sentiment.model import load_sentiment_model

WORDS = "vile lovely table".split()


def labelled():
    rows = [
        (f"{word} thing {n}", at, "here" if n % 2 else "there")
        for at, word in enumerate(("vile", "table", "lovely"))
        for n in range(30)
    ]
    texts, classes, sources = zip(*rows, strict=True)
    return Labelled(texts, np.array(classes), sources)


class Oracle:
    """An encoder that knows the answer."""

    name, dimensions = "oracle", 3

    def encode(self, texts):
        return np.array([[word in text for word in WORDS] for text in texts], np.float32)


@pytest.mark.parametrize("encoder", [None, Oracle()])
def test_what_one_word_tells_is_learned_in_every_fold(encoder):
    found = sentiment_by_folds(labelled(), word_student(WORDS), "here", encoder=encoder)
    assert found["texts"] == 45 and found["macro_recall"] == 1.0 and len(found["folds"]) == 5


def test_other_sources_teach_too():
    found = sentiment_from_elsewhere(labelled(), word_student(WORDS), "here")
    assert found["macro_recall"] == 1.0 and found["score_correlation"] > 0.9


def test_too_few_texts_of_a_source_are_refused():
    with pytest.raises(DataError, match="too few for 5 folds"):
        sentiment_by_folds(labelled(), word_student(WORDS), "nowhere")


def test_every_stage_is_timed_and_copies_are_flagged(tmp_path):
    text = "the vile table of the lovely harbour master is a thing to be seen by all, number"
    table = item_table([Item(f"i{n}", text=f"{text} {n}") for n in range(10)])
    found = throughput(table, 25, word_student(WORDS), load_sentiment_model(), tmp_path)
    assert found["texts"] == 25 and found["flagged"] >= 15
    assert sum(found["seconds"].values()) == pytest.approx(found["total_seconds"])
    assert set(found["one_text_cpu_ms"]) == {"screen", "tone", "vector and topic", "all"}
    with pytest.raises(DataError, match="no item"):
        throughput(ItemTable.empty(), 5, word_student(WORDS), load_sentiment_model(), tmp_path)


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    items, out = tmp_path / "items.csv", tmp_path / "out.json"
    items.write_text("item_id,title\n1,vile table\n2,lovely table\n", "utf-8")
    arguments = ["evaluate-text", "--items", str(items), "--json", str(out), "--throughput", "5"]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    assert json.loads(out.read_text())["throughput"]["texts"] == 5
    with pytest.raises(DataError, match="--throughput needs texts"):
        arguments = ["evaluate-text", "--labels", str(items), "--throughput", "5"]
        CliRunner().invoke(cli, arguments, catch_exceptions=False)
