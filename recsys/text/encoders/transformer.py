"""Transformer encoders (MiniLM and T5) by sentence-transformers; not used in the API."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.array_types import Floats
from recsys.errors import DataError, MissingExtra
from recsys.text.clean import LONGEST, clean
from recsys.text.encoders.student import unit_rows
from recsys.thread_pool import threads

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 64  # texts at a time on a CPU; a GPU starts with 16 times as many
T5_KINDS = {"t5", "mt5", "umt5", "longt5"}
LONGEST_TOKENS = 512  # of a text that count, where a model sets no limit of its own


@dataclass(frozen=True)
class TransformerEncoder:
    """A sentence-transformers model behind the Encoder protocol."""

    model: SentenceTransformer
    name: str
    batch: int

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        size = self.model.get_embedding_dimension()
        return int(size or len(self.encode(["a"])[0]))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return (n, d) unit rows, zero without words; out of memory, the batch halves."""
        import torch

        cleaned = [clean(text) for text in texts]
        out = np.zeros((len(texts), self.dimensions if not any(cleaned) else 0), np.float32)
        filled = [at for at, text in enumerate(cleaned) if text]
        batch = self.batch
        while filled:
            try:
                found = bare_vectors(self.model, [cleaned[at] for at in filled], batch)
                out = np.zeros((len(texts), found.shape[1]), np.float32)
                out[filled] = found
                break
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                if batch == 1:
                    raise
                batch //= 2
        return unit_rows(out)


# what the drivers of NVIDIA, of WSL and of AMD put into a Linux machine that has a GPU
GPU_NODES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def pick_device(device: str) -> str:
    """Return cuda or cpu for auto, cpu or cuda; without torch or a GPU's driver, auto is cpu.

    DataError for other names and for a missing GPU; MissingExtra for cuda without torch.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DataError(f"device {device!r} is unknown: choose auto, cpu or cuda")
    if device == "cpu" or device == "auto" and not _gpu_driver():
        return "cpu"
    try:
        import torch
    except ImportError as error:
        if device == "auto":
            return "cpu"
        raise MissingExtra("torch", "train") from error
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not torch.cuda.is_available():
        raise DataError("device cuda: there is no GPU; use auto or cpu")
    return device


def _gpu_driver() -> bool:
    """Whether a GPU may be there; found without torch, which takes seconds to import."""
    return sys.platform != "linux" or any(map(os.path.exists, GPU_NODES))


def half_precision(device: str) -> bool:
    """Whether bf16 is faster than float32 here."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)  # not in every torch
    return bool(supported and supported())


def load_transformer(
    source: str, device: str = "auto", t5: bool = False, label: str = ""
) -> TransformerEncoder:
    """Load a directory or hub name; DataError says what is wrong with it.

    `label`: the first part of the encoder's name, else that of the directory. A directory without
    pooling gets mean pooling, so a plain T5 checkpoint, whole or encoder only, loads too. Only
    safetensors are read; code that comes with a model is never run.
    """
    check_directory(source, t5)
    model = _load(source, pick_device(device))
    check_weights(source, model)
    import torch

    torch.set_num_threads(threads())  # it would take the one thread of MKL
    if not 0 < (model.max_seq_length or 0) <= LONGEST:
        model.max_seq_length = LONGEST_TOKENS
    return named(model, label or Path(source).name or "encoder")


def named(model: SentenceTransformer, label: str) -> TransformerEncoder:
    """Return a model as an encoder whose name holds its label and a hash of its content."""
    digest = hashlib.sha256(json.dumps(str(model)).encode())
    for _, tensor in sorted(model.state_dict().items()):
        digest.update(tensor.detach().float().cpu().numpy().tobytes())
    batch = batch_size(model.device.type)
    return TransformerEncoder(model, f"{label}-{digest.hexdigest()[:12]}", batch)


def batch_size(device: str) -> int:
    """Return how many texts go through a model at once; fewer where memory runs out."""
    return BATCH * 16 if device == "cuda" else BATCH


def save_transformer(encoder: TransformerEncoder, folder: Path) -> None:
    """Write a model as safetensors and JSON, so that `load_transformer` reads it back."""
    encoder.model.save_pretrained(str(folder), create_model_card=False, safe_serialization=True)


def check_directory(source: str, t5: bool = False) -> None:
    """Refuse a directory that is half-written, holds pickles only, or is no T5 where one is due.

    Hub names pass: loading shows.
    """
    folder = Path(source)
    if not folder.is_dir():
        if folder.is_absolute() or source.startswith("."):
            raise DataError(f"{source}: no such directory; name a saved encoder or a hub model")
        return
    configs = [*folder.glob("config.json"), *folder.glob("*/config.json")]
    if not configs:
        raise DataError(f"{folder} has no config.json: not an encoder, or half-written")
    if not any(folder.rglob("*.safetensors")):
        pickles = any(folder.rglob("*.bin")) or any(folder.rglob("*.pt"))
        why = "only pickles, which are never read" if pickles else "no weights"
        raise DataError(f"{folder} holds {why}: save it as safetensors")
    kinds = {_kind(path) for path in configs}
    if t5 and not kinds & T5_KINDS:
        raise DataError(f"{folder} is {sorted(kinds)}, not T5: leave out the prefix t5:")


def check_weights(source: str, model: SentenceTransformer) -> None:
    """Refuse a directory whose weights are of another architecture than its config.

    The library fills what it does not find with random numbers and goes on. Hub names pass.
    """
    from safetensors import safe_open

    inner = getattr(model[0], "model", None)
    held: set[str] = set()
    for path in Path(source).rglob("*.safetensors") if Path(source).is_dir() else ():
        with safe_open(path, "np") as file:
            held.update(file.keys())
    ends = {".".join(key.split(".")[at:]) for key in held for at in range(key.count("."))}
    sizes = {name: value.numel() for name, value in inner.named_parameters()} if inner else {}
    lacking = sum(size for name, size in sizes.items() if name not in ends)
    if held and 2 * lacking > sum(sizes.values()):
        raise DataError(
            f"{source}: the weights lack {lacking / sum(sizes.values()):.0%} of what config.json "
            "describes: they are another architecture's"
        )


def _kind(path: Path) -> str:
    try:
        return str(json.loads(path.read_text("utf-8")).get("model_type", ""))
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path} is not JSON: half-written? {error}") from error


def _load(source: str, device: str) -> SentenceTransformer:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "train") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    given: dict[str, object] = {"use_safetensors": True}
    if device == "cpu":  # titles take .6 of the time so, in training as well as in encoding
        given["attn_implementation"] = "eager"
    try:
        return SentenceTransformer(
            source, device=device, trust_remote_code=False, model_kwargs=given
        )
    except Exception as error:  # many libraries, many errors: all mean the same here
        raise DataError(f"no encoder can be loaded from {source!r}: {error}") from error


def bare_vectors(model: SentenceTransformer, texts: list[str], batch: int) -> Floats:
    """Return what the library says of clean texts, in bf16 where that is faster."""
    import torch

    device = model.device.type
    with torch.autocast(device, torch.bfloat16, enabled=half_precision(device)):
        vectors = model.encode(texts, batch_size=batch, show_progress_bar=False)
    return np.asarray(vectors, np.float32)
