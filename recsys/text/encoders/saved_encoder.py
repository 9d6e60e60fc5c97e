"""Encoders as folders of files, and from there back."""

from __future__ import annotations

from pathlib import Path

from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.static_vector_distillation import read_static, write_static
from recsys.text.encoders.student import Student


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write static vectors or a transformer into a folder that is not there yet."""
    if isinstance(encoder, Student):
        write_static(folder, encoder)
        return
    from recsys.text.encoders.transformer import TransformerEncoder, save_transformer

    assert isinstance(encoder, TransformerEncoder)
    save_transformer(encoder, folder)


def read_encoder(folder: Path, device: str, label: str) -> Encoder:
    """Return what `save_encoder` wrote; `label`: the first part of a transformer's name."""
    if (folder / "vectors.npy").exists():
        return read_static(folder)
    # here: the API must never reach torch
    from recsys.text.encoders.transformer import load_transformer

    return load_transformer(str(folder), device, label=label)
