"""Distilled vectors: made once, shared by all homes, rebuilt when damaged, kept when possible."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from text_world import tiny_bert

from recsys.text.encoders.cache_folder import default_cache
from recsys.text.encoders.static import distilled, read_static, static_folder

WORDS = ["red", "nail", "blue", "cream"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_bert(tmp_path / "bert", WORDS)
    return tmp_path / "bert"


def test_the_second_call_reads_what_the_first_has_made(model: Path, tmp_path: Path) -> None:
    first, made = distilled(tmp_path / "cache", model)
    again, made_again = distilled(tmp_path / "cache", model)
    assert (made, made_again) == (True, False)
    assert np.array_equal(first.vectors, again.vectors) and first.name == again.name


@pytest.mark.parametrize("name", ["vectors.npy", "manifest.json", "tokenizer.json"])
def test_a_damaged_copy_is_made_anew_and_said_so(
    model: Path, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = distilled(tmp_path, model)
    whole = np.array(first.vectors)
    (static_folder(tmp_path, model) / name).write_bytes(b"half")
    with caplog.at_level(logging.WARNING, "recsys"):
        again, made = distilled(tmp_path, model)
    assert made and np.array_equal(again.vectors, whole)
    assert "distilled again" in caplog.text
    assert np.array_equal(read_static(static_folder(tmp_path, model)).vectors, whole)


def test_another_model_has_another_folder(model: Path, tmp_path: Path) -> None:
    tiny_bert(tmp_path / "other", [*WORDS, "green"])
    folders = {static_folder(tmp_path, model), static_folder(tmp_path, tmp_path / "other")}
    assert len({*folders, static_folder(tmp_path)}) == 3


def test_of_two_processes_at_once_one_distils(model: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from recsys.text.encoders.static import distilled;"
        " print(distilled(Path(sys.argv[1]), Path(sys.argv[2]))[1])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cache"), str(model)]
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
        found, made = distilled(tmp_path / "cache", model)
    assert made and found.vectors.any() and "RECSYS_CACHE" in caplog.text


def test_the_default_is_the_cache_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/recsys")
