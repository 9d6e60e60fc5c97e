"""The benchmarks of encoders in a tiny world: every cell is there, and learning shows."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from night_world import books, reads, student
from text_world import tiny_bert

from jobs.bench import encoder_comparison, new_language_learning
from jobs.bench.gpu_speed import Sizes, gpu_figures, search_ms, t5_share
from recsys.text.encoders import packaged_word_vectors
from recsys.text.encoders.student import Student


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Files of books and reads, and a home whose static vectors read their titles."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    known = student()
    vectors = known.vectors.copy()
    vectors[2] = 0.9 * vectors[1] + 0.1 * vectors[2]  # odd and even are nearly the same to it
    words = Student(known.tokenizer_json, vectors).compact()
    np.savez(tmp_path / "words.npz", **words.arrays())
    monkeypatch.setattr(packaged_word_vectors, "FILE", tmp_path / "words.npz")
    with (tmp_path / "items.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "title", "category"])
        rows.writerows([item.item_id, item.title, "shelf"] for item in books())
    with (tmp_path / "events.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "item_id", "event"])
        rows.writerows([e.user_id, e.item_id, e.event] for e in reads())
    return ["--items", str(tmp_path / "items.csv"), "--events", str(tmp_path / "events.csv")]


def call(command, *arguments):
    result = CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_every_cell_is_measured_and_learning_helps_unread_items(world, tmp_path):
    out = tmp_path / "out.json"
    call(encoder_comparison.command, *world, "--protocols", "cold,warm", "--json", out)
    cells = {(c["objective"], c["protocol"]): c for c in json.loads(out.read_text())}
    objectives = ("frozen", "contrastive", "behaviour", "readers")
    assert cells.keys() == {(o, p) for o in objectives for p in ("cold", "warm")}
    assert all(0 <= cell["ndcg20"] <= 1 for cell in cells.values())
    assert cells["behaviour", "cold"]["ndcg20"] >= cells["frozen", "cold"]["ndcg20"] > 0.5


def test_word_vectors_guide_a_transformer(world, tmp_path):
    tiny_bert(tmp_path / "bert", ["odd", "even", "book", *map(str, range(50))])
    out = tmp_path / "out.json"
    given = ["--encoders", tmp_path / "bert", "--objectives", "frozen,guided"]
    call(encoder_comparison.command, *world, *given, "--protocols", "cold", "--json", out)
    frozen, guided = json.loads(out.read_text())
    assert guided["objective"] == "guided" and guided["steps"] >= 60
    assert frozen["steps"] == 0 and guided["ndcg20"] != frozen["ndcg20"]
    assert guided["student_ndcg20"] is not None


def test_without_files_it_says_what_to_name():
    result = CliRunner().invoke(encoder_comparison.command, [])
    assert result.exit_code != 0 and "--items" in str(result.exception)


def test_speed_of_static_vectors_and_of_their_student(world, tmp_path):
    out = tmp_path / "speed.json"
    call(encoder_comparison.command, *world, "--speed", "--json", out)
    found = json.loads(out.read_text())
    assert found["static: texts/s"] > 0 and found["static: student, median ms per text"] > 0
    assert 10 < found["process with a static student, MB resident"] < 1000


def test_a_machine_without_a_gpu_has_no_figures(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    found = gpu_figures()
    assert found["device"] is None and found.pop("torch")
    assert len(found) == 5 and not any(found.values())
    assert encoder_comparison.figures(found).count("not measured") == 5


def test_what_a_gpu_does_runs_on_a_cpu_too():
    small = Sizes(vectors=2_000, queries=3, t5_steps=1, t5_batch=2)
    assert search_ms("cpu", small) > 0


@pytest.mark.parametrize("layers", [1, pytest.param(12, marks=pytest.mark.exhaustive)])
def test_a_t5_of_the_width_of_base_size_takes_a_step(layers):
    assert "TFLOP/s" in t5_share("cpu", Sizes(t5_steps=1, t5_batch=1, t5_layers=layers))


def test_readers_teach_a_language_that_nothing_is_known_of(world):
    result = call(new_language_learning.command, *world, "--transliterate", "--seeds", 2, "--json")
    rows = {(row["start"], row["objective"]): row for row in json.loads(result)}
    assert len(rows) == 4
    assert rows["random", "behaviour"]["ndcg"] >= rows["random", "frozen"]["ndcg"] > 0


def test_likes_are_told_from_dislikes_where_there_are_any(world, tmp_path):
    with (tmp_path / "events.csv").open("a") as file:
        for reader in range(60):
            for book in range(1 - reader % 2, 40, 4):
                file.write(f"reader-{reader},book-{book},dislike\n")
    result = call(new_language_learning.command, *world, "--liked", "--seeds", 2, "--json")
    rows = {(row["start"], row["objective"]): row for row in json.loads(result)}
    assert rows["random", "behaviour"]["auc"] > 0.9
    assert rows["random", "behaviour"]["auc"] >= rows["random", "frozen"]["auc"] > 0


def test_transliteration_keeps_words_apart_and_knows_no_latin_letter():
    texts = ["odd book", "even book", "odd"]
    written = new_language_learning.transliterated(texts)
    assert not any(c.isascii() and c.isalpha() for text in written for c in text)
    assert len(set(written)) == 3 and written[0].split()[0] == written[2]


def test_a_forgotten_student_reads_the_same_words_and_means_nothing_by_them():
    known = student()
    empty = new_language_learning.forgotten(known)
    assert np.allclose(np.linalg.norm(empty.vectors, axis=1), np.linalg.norm(known.vectors, axis=1))
    assert not np.allclose(empty.vectors[1], known.vectors[1])
