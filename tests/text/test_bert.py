"""The BERT encoder in numpy gives what transformers gives, and refuses other models."""

import json
from pathlib import Path

import numpy as np
import pytest
from text_world import tiny_bert

from recsys.errors import DataError
from recsys.text.encoders.bert import BATCH, Bert, is_bert
from recsys.text.encoders.static_vector_distillation import distil


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_bert(tmp_path / "bert", ["red", "nail", "blue", "cream"])
    return tmp_path / "bert"


def test_the_outputs_are_those_of_transformers(folder: Path) -> None:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(str(folder)).eval()
    size = model.config.vocab_size
    tokens = np.random.default_rng(0).integers(0, size, (2 * BATCH + 3, 4))
    with torch.inference_mode():
        wanted = model(input_ids=torch.from_numpy(tokens)).last_hidden_state.mean(1).numpy()
    found = Bert.read(folder).mean_outputs(tokens)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_a_prefix_of_the_weights_names_is_ignored(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tokens = np.array([[1, 2, 3]])
    before = Bert.read(folder).mean_outputs(tokens)
    path = folder / "model.safetensors"
    save_file({f"bert.{name}": array for name, array in load_file(path).items()}, path)
    assert np.array_equal(Bert.read(folder).mean_outputs(tokens), before)


@pytest.mark.parametrize(
    "change",
    [{"model_type": "t5"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}],
)
def test_other_models_are_left_to_transformers(folder: Path, change: dict[str, str]) -> None:
    assert is_bert(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    assert not is_bert(folder)
    with pytest.raises(DataError, match="no BERT"):
        Bert.read(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=str(folder)):
        distil(str(folder))


def test_a_folder_without_a_model_is_no_bert(tmp_path: Path) -> None:
    assert not is_bert(tmp_path)
