"""Tiny transformers from config: the one path of MiniLM and T5, and every bad directory."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from text_world import tiny_bert, tiny_tokenizer

from recsys.errors import DataError
from recsys.text.encoders.encoder import Encoder, load_encoder

WORDS = ["red", "blue", "nail", "polish", "cream", "</s>", "<pad>", "[CLS]", "[SEP]"]
TEXTS = ["red nail polish", "", "blue cream", "\x00", "\ud800", "red " * 2000, "zzz", "中文 🎉"]
ODD = [
    "blue \ud800\udc00 cream \udfff",
    "\u202ered\u202c nail",
    "polish " * 150_000,
]  # the last: 1 MB


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full T5 with decoder, as users have them on disk."""
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
    odd = encoder.encode(ODD)
    assert np.isfinite(odd).all() and np.allclose(np.linalg.norm(odd, axis=1), 1, atol=1e-4)
    assert np.allclose(odd[1], encoder.encode(["red nail"])[0], atol=2e-2)
    assert np.allclose(odd[2], encoder.encode(["polish " * 600])[0], atol=2e-2)  # cut by tokens


def test_texts_are_cut_by_tokens_where_a_model_sets_no_limit(t5: Path, tmp_path: Path) -> None:
    folder = tmp_path / "boundless"
    shutil.copytree(t5, folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["model_max_length"] = 10**30
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    encoder = load_encoder(f"t5:{folder}", "cpu")
    assert encoder.model.max_seq_length == 512  # type: ignore[attr-defined]
    assert np.isfinite(encoder.encode(ODD)).all()


def test_weights_of_another_architecture_are_refused(t5: Path, bert: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(bert, mixed)
    shutil.copy(t5 / "model.safetensors", mixed / "model.safetensors")
    with pytest.raises(DataError, match="another architecture"):
        load_encoder(str(mixed), "cpu")


def test_the_batch_halves_when_memory_runs_out(bert: Path) -> None:
    import torch

    from recsys.text.encoders import transformer

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


def test_a_machine_without_a_gpu_is_told_without_torch() -> None:
    code = (
        "import sys\n"
        "from recsys.text.encoders import transformer\n"
        "transformer.GPU_NODES = ('/dev/no-such-device',)\n"
        "print(transformer.pick_device('auto'), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = "cpu False" if sys.platform == "linux" else "cpu True"
    assert done.stdout.strip() == expected


def test_devices_by_name() -> None:
    from recsys.text.encoders.transformer import pick_device

    assert pick_device("cpu") == "cpu" and pick_device("auto") in ("cpu", "cuda")
    with pytest.raises(DataError, match="gpu.*choose auto, cpu or cuda"):
        pick_device("gpu")
