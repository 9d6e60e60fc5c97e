"""Fine-tuned encoders from night to night: whole or refused, the last two kept."""

from pathlib import Path

import pytest
from text_world import tiny_bert, word_student

from recsys.errors import DataError
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.finetuned_encoder_versions import EncoderRegistry, RegistryEntry
from recsys.text.encoders.student import Student


@pytest.fixture
def shelf(tmp_path: Path) -> EncoderRegistry:
    return EncoderRegistry.of(tmp_path, "static/mine-123")


def version(seed: int) -> Student:
    return word_student(["red", "blue"], seed=seed)


def test_nothing_yet(shelf: EncoderRegistry) -> None:
    assert shelf.entry() is None
    with pytest.raises(DataError, match="no whole encoder"):
        shelf.load("nothing", "cpu")


def test_static_vectors_there_and_back(shelf: EncoderRegistry) -> None:
    shelf.add(version(1), RegistryEntry("one", "data-1", 0.25))
    assert shelf.entry() == RegistryEntry("one", "data-1", 0.25)
    assert shelf.load("one", "cpu").name == version(1).name


def test_a_transformer_there_and_back_under_its_family(tmp_path: Path) -> None:
    tiny_bert(tmp_path / "bert", ["red", "blue"])
    start = load_encoder(str(tmp_path / "bert"), "cpu")
    shelf = EncoderRegistry.of(tmp_path, start.name)
    shelf.add(start, RegistryEntry("one", "data-1", 0.25))
    again = shelf.load("one", "cpu")
    assert again.name.startswith(start.name)
    assert (again.encode(["red blue"]) == start.encode(["red blue"])).all()


def test_the_last_two_stay(shelf: EncoderRegistry) -> None:
    for number, name in enumerate(("one", "two", "three")):
        shelf.add(version(number), RegistryEntry(name, "", 0.0))
    assert sorted(p.name for p in shelf.folder.iterdir() if p.is_dir()) == ["three", "two"]


def test_damage_and_half_of_it_are_refused(shelf: EncoderRegistry) -> None:
    shelf.add(version(1), RegistryEntry("one", "", 0.0))
    file = shelf.folder / "one" / "vectors.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(DataError, match="vectors.npy"):
        shelf.load("one", "cpu")
    file.unlink()
    with pytest.raises(DataError, match="no whole encoder"):
        shelf.load("one", "cpu")
    (shelf.folder / "current.json").write_text('{"version":')
    assert shelf.entry() is None
