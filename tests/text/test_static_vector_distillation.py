"""Distilled vectors: made once, shared by all homes, rebuilt when damaged, kept when possible."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from text_world import tiny_bert

from recsys.errors import DataError
from recsys.text.encoders.cache_folder import default_cache
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.static_vector_distillation import (
    distil,
    distilled,
    minilm_source,
    read_static,
    static_folder,
)
from recsys.text.encoders.student import Student

WORDS = ["red", "nail", "blue", "cream"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_bert(tmp_path / "bert", WORDS)
    return tmp_path / "bert"


def test_the_second_call_reads_what_the_first_has_made(model: Path, tmp_path: Path) -> None:
    first, made = distilled(model, tmp_path / "cache")
    again, made_again = distilled(model, tmp_path / "cache")
    assert (made, made_again) == (True, False)
    assert np.array_equal(first.vectors, again.vectors) and first.name == again.name


@pytest.mark.parametrize("name", ["vectors.npy", "manifest.json", "tokenizer.json"])
def test_a_damaged_copy_is_made_anew_and_said_so(
    model: Path, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = distilled(model, tmp_path)
    whole = np.array(first.vectors)
    (static_folder(model, tmp_path) / name).write_bytes(b"half")
    with caplog.at_level(logging.WARNING, "recsys"):
        again, made = distilled(model, tmp_path)
    assert made and np.array_equal(again.vectors, whole)
    assert "distilled again" in caplog.text
    assert np.array_equal(read_static(static_folder(model, tmp_path)).vectors, whole)


def test_another_model_has_another_folder(model: Path, tmp_path: Path) -> None:
    tiny_bert(tmp_path / "other", [*WORDS, "green"])
    folders = {static_folder(model, tmp_path), static_folder(tmp_path / "other", tmp_path)}
    assert len(folders) == 2


def test_of_two_processes_at_once_one_distils(model: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        " from recsys.text.encoders.static_vector_distillation import distilled;"
        " print(distilled(Path(sys.argv[1]), Path(sys.argv[2]))[1])"
    )
    command = [sys.executable, "-c", program, str(model), str(tmp_path / "cache")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    result = sorted(process.communicate(timeout=120)[0].strip() for process in both)
    assert result == ["False", "True"]
    kept = [path.name for path in (tmp_path / "cache" / "encoders").iterdir()]
    assert sorted(name.startswith(".") for name in kept) == [False, True]  # and the lock


def test_where_nothing_can_be_kept_a_warning_names_the_setting(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with caplog.at_level(logging.WARNING, "recsys"):
        found, made = distilled(model, tmp_path / "cache")
    assert made and found.vectors.any() and "RECSYS_CACHE" in caplog.text


def test_the_default_is_the_cache_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/recsys")


def test_a_setting_names_the_model_to_distil(model: Path, tmp_path: Path) -> None:
    found = load_encoder(f"static:{model}", cache=tmp_path)
    assert isinstance(found, Student)
    assert found.name == distilled(model, tmp_path)[0].name
    with pytest.raises(DataError, match=r"nothing' holds no model\.safetensors"):
        load_encoder(f"static:{tmp_path / 'nothing'}", cache=tmp_path)


def test_the_vectors_of_the_package_know_english_words() -> None:
    words = packaged_word_vectors()
    assert words.vectors.shape == (30_522, 256) and words.vectors.dtype == np.int8
    near, far = words.encode(["a kitchen knife", "football match"]) @ words.encode(["knives"])[0]
    assert near > 0.4 > 0.2 > far


@pytest.mark.exhaustive
def test_the_vectors_of_the_package_are_those_that_the_code_makes() -> None:
    """Axes may have other signs on another machine; products of vectors do not change."""
    kept, made = packaged_word_vectors(), distil(minilm_source())
    some = np.random.default_rng(0).choice(kept.n_tokens, 2_000, replace=False)
    old, new = (each.rows(some) @ each.rows(some).T for each in (kept, made))
    assert np.abs(old - new).max() <= 0.02 * np.abs(new).max()
