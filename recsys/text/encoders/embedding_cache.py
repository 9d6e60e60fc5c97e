"""Embedding cache: one file per encoder version, looked up by the hash of a text."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.text.encoders.distributed_encoding import encode_texts
from recsys.text.encoders.encoder import Encoder

KEPT_VERSIONS = 2  # tonight's encoder and yesterday's, in case the gate refuses tonight's

# What reading a missing, cut off or overwritten archive raises.
DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class CachedEncoder:
    """An Encoder that encodes each text once per version and keeps the vectors in a folder.

    After `encode` the file holds exactly the texts of that call: what is gone from the catalogue
    is gone from the cache. So call it with the whole catalogue. A damaged file counts as empty.
    """

    encoder: Encoder
    folder: Path

    @property
    def name(self) -> str:
        """The encoder's own name."""
        return self.encoder.name

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self.encoder.dimensions

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return what the encoder returns, encoding only texts that the folder does not hold."""
        return self.encode_new(texts)[0]

    def encode_new(self, texts: Sequence[str]) -> tuple[Floats, int]:
        """Return the same, and how many texts had to be encoded."""
        keys = np.array([_key(text) for text in texts], np.dtype("S16"))
        unique, first, back = np.unique(keys, return_index=True, return_inverse=True)
        known, vectors = self._read()
        at = np.minimum(np.searchsorted(known, unique), max(len(known) - 1, 0))
        held = known[at] == unique if len(known) else np.zeros(len(unique), bool)
        out = np.zeros((len(unique), self.dimensions), np.float32)
        out[held] = vectors[at[held]]
        new = np.flatnonzero(~held)
        if len(new):
            out[new] = encode_texts(self.encoder, [texts[row] for row in first[new]])
        if len(new) or len(known) != len(unique):
            self._write(unique, out)
        elif len(known):
            os.utime(self._path())  # in use: among the versions that stay
        self._prune()
        return out[back], len(new)

    def _path(self) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', self.name)}.npz"

    def _read(self) -> tuple[NDArray[np.bytes_], Floats]:
        try:
            with np.load(self._path(), allow_pickle=False) as file:
                keys, vectors = file["keys"], file["vectors"]
            if vectors.shape == (len(keys), self.dimensions) and np.isfinite(vectors).all():
                return keys, vectors
        except DAMAGE:  # missing or damaged: the texts are encoded again
            pass
        return np.zeros(0, "S16"), np.zeros((0, self.dimensions), np.float32)

    def _write(self, keys: NDArray[np.bytes_], vectors: Floats) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, keys=keys, vectors=vectors)
            os.replace(aside, self._path())
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def _prune(self) -> None:
        """Keep the files of the last versions written; remove older ones."""
        files = sorted(self.folder.glob("*.npz"), key=lambda path: -path.stat().st_mtime_ns)
        for path in files[KEPT_VERSIONS:]:
            path.unlink(missing_ok=True)


def _key(text: str) -> bytes:
    # Hexadecimal, because numpy's byte strings lose trailing zero bytes.
    return (
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest().encode()
    )
