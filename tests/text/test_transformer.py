"""Tiny transformers from config: the one path of MiniLM and T5, and every bad directory."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from text_world import tiny_bert, tiny_tokenizer

from recsys.errors import DataError
from recsys.text.encoder import Encoder, load_encoder

WORDS = ["red", "blue", "nail", "polish", "cream", "</s>", "<pad>", "[CLS]", "[SEP]"]
TEXTS = ["red nail polish", "", "blue cream", "\x00", "\ud800", "red " * 2000, "zzz", "中文 🎉"]


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full T5 with decoder, as people have them on disk."""
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-t5")
    size = tiny_tokenizer(folder, WORDS)
    config = T5Config(vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-bert")
    tiny_bert(folder, WORDS)
    return folder


@pytest.mark.parametrize("kind", ["t5", "bert"])
def test_any_text_gives_unit_or_zero_rows(kind: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(kind)
    encoder = load_encoder(f"t5:{folder}" if kind == "t5" else str(folder), "cpu")
    assert isinstance(encoder, Encoder)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions) and vectors.dtype == np.float32
    length = np.linalg.norm(vectors, axis=1)
    assert np.allclose(length, [1, 0, 1, 0, 0, 1, 1, 1], atol=1e-4)
    assert encoder.encode([""]).shape == (1, encoder.dimensions)
    assert load_encoder(str(folder), "cpu").name == encoder.name


def test_the_batch_halves_when_memory_runs_out(bert: Path) -> None:
    import torch

    from recsys.text import transformer

    encoder = transformer.load_transformer(str(bert), "cpu")
    plain = encoder.encode(TEXTS)

    def short_of_memory(module: torch.nn.Module, args: tuple[dict[str, torch.Tensor], ...]) -> None:
        if len(args[0]["input_ids"]) > 1:
            raise torch.OutOfMemoryError("a GPU that holds one text")

    encoder.model.register_forward_pre_hook(short_of_memory)
    assert np.allclose(encoder.encode(TEXTS), plain, atol=2e-2)


def test_bad_directories_are_refused(t5: Path, bert: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such directory"):
        load_encoder(str(tmp_path / "missing"), "cpu")
    with pytest.raises(DataError, match="half-written"):
        load_encoder(str(tmp_path), "cpu")
    with pytest.raises(DataError, match="not T5"):
        load_encoder(f"t5:{bert}", "cpu")
    broken = tmp_path / "broken"
    shutil.copytree(t5, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(DataError, match="cannot|can be loaded"):
        load_encoder(str(broken), "cpu")
    weights.rename(broken / "pytorch_model.bin")
    with pytest.raises(DataError, match="only pickles"):
        load_encoder(str(broken), "cpu")
    (broken / "config.json").write_text("{")
    weights.write_bytes(b"")
    with pytest.raises(DataError, match="not JSON"):
        load_encoder(str(broken), "cpu")
    (broken / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(DataError, match="can be loaded"):
        load_encoder(str(broken), "cpu")


def test_devices_by_name() -> None:
    from recsys.text.transformer import pick_device

    assert pick_device("cpu") == "cpu" and pick_device("auto") in ("cpu", "cuda")
    with pytest.raises(DataError, match="gpu.*choose auto, cpu or cuda"):
        pick_device("gpu")
