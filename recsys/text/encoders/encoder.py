"""Encoder: protocol from texts to vectors; four kinds, chosen by one setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from recsys.array_types import Floats
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.static_vector_distillation import distilled, minilm_source, read_static
from recsys.text.encoders.universal_sentence_encoder import load_multilingual

DISTILLED = "static:"  # before the directory of a model, whose word vectors are distilled


@runtime_checkable
class Encoder(Protocol):
    """Texts to vectors. `name` changes whenever the vectors of some text may change."""

    @property
    def name(self) -> str:
        """Kind and version, fit for a cache key."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return (n, d) unit rows, or zero rows where no word is known; always finite."""


def load_encoder(spec: str, device: str = "auto", cache: Path | None = None) -> Encoder:
    """Return the encoder that a setting names.

    `static`: the word vectors of MiniLM that come with the package. `static:<directory>`: vectors
    distilled once from the BERT model there and kept under `cache` (None: the user's).
    `use`: the multilingual Universal Sentence Encoder (extra `languages`), on the CPU.
    `minilm`: the packaged MiniLM. `t5:<directory or hub name>`: a T5 encoder with mean pooling.
    Anything else: a directory or hub name of a sentence-transformers model, or a directory of saved
    static vectors. Only safetensors are read and no code that comes with a model is run. DataError
    when it cannot be loaded.
    """
    if spec == "static":
        return packaged_word_vectors()
    if spec.startswith(DISTILLED):
        return distilled(Path(spec.removeprefix(DISTILLED)), cache)[0]
    if spec == "use":
        return load_multilingual()
    if Path(spec).is_dir() and (Path(spec) / "vectors.npy").exists():
        return read_static(Path(spec))
    # Imported here: the API process must never reach torch.
    from recsys.text.encoders.transformer import load_transformer

    if spec == "minilm":
        return load_transformer(minilm_source(), device)
    return load_transformer(spec.removeprefix("t5:"), device, t5=spec.startswith("t5:"))
