"""Encoding a catalogue of whatever platforms send, by static vectors and by a transformer."""

from pathlib import Path

import numpy as np
import pytest
import worlds
from text_world import tiny_bert, word_student

from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.text.encoders.encoder import load_encoder
from recsys.text_training.encode_catalogue import encode_words
from recsys.training.model_builder import TextVectors, assemble, fit_engines
from recsys.tuning.engine_catalogue import engine_named

ODD = [
    "",
    " ",
    "\x00\x01",
    "\ud800",
    "\u202ered",
    "red " * 250_000,
    "zzz",
    "red nail",
    "红 色",
    "👩‍👩‍👧 طلاء",
    "red nail",
]
CATALOGUES = [ODD, ["red"], [""], ["red nail"] * 5, []]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("words")
    tiny_bert(home / "bert", ["red", "nail"])
    return home


@pytest.mark.parametrize("kind", ["static", "bert"])
@pytest.mark.parametrize("texts", CATALOGUES)
def test_every_vector_is_finite_and_of_length_one_or_zero(
    kind: str, texts: list[str], home: Path
) -> None:
    encoder = load_encoder("static" if kind == "static" else str(home / "bert"), "cpu", home)
    found = encode_words(texts, encoder, home, "test")
    length = np.linalg.norm(found.vectors, axis=1)
    assert found.vectors.shape[0] == len(texts) and np.isfinite(found.vectors).all()
    assert ((length < 1e-6) | (abs(length - 1) < 1e-3)).all()
    served = found.student.compact().encode(ODD)
    assert np.isfinite(served).all() and served.shape[1] == found.vectors.shape[1]
    assert found.student.imitates == (kind == "bert")


def test_what_is_not_shown_is_not_imitated(home: Path) -> None:
    texts = ["red nail", "nail", "red"]
    encoder = load_encoder(str(home / "bert"), "cpu", home)
    blind = encode_words(texts, encoder, home, "test", np.zeros(3, bool))
    assert blind.vectors.any() and not blind.student.encode(texts).any()


def test_where_no_word_is_known_behaviour_decides_and_nothing_is_nan() -> None:
    data, ignorant = worlds.topics(), word_student(["word", "nobody", "writes"])
    words = TextVectors(np.zeros((len(data.items), ignorant.dimensions), np.float32), ignorant)
    fitted = fit_engines(data, words, [engine_named("slist 300")], 0)
    model = assemble(data, fitted, words, worlds.WHOLE)
    parts = ("words", "neighbours/data", "student/vectors")
    assert all(np.isfinite(model.arrays()[part]).all() for part in parts)
    read = tuple(Interaction(f"sea-{n}", "like", timestamp=worlds.START) for n in range(3))
    shown = Recommender(LiveState(model)).recommend(Query(history=read, n=5))
    assert [each.item_id.split("-")[0] for each in shown] == ["sea"] * 5
    assert np.isfinite([each.score for each in shown]).all()
