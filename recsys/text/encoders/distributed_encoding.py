"""Encoding of texts as work of a runner: a block is a run of texts, the encoder goes along as
files.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.block_runner_protocol import Arrays, BlockRunner, runner_for
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.saved_encoder import read_encoder, save_encoder
from recsys.text.encoders.student import BLOCK, Student
from recsys.text.encoders.universal_sentence_encoder import MultilingualEncoder, load_multilingual

STATIC_SECONDS = 1e-4  # of CPU time that a text takes with word vectors
ENCODER_SECONDS = 1e-2  # and with a neural network
MOST_BLOCKS = 16  # of `BLOCK` texts in a part of the input


@dataclass(frozen=True, slots=True)
class TextWork:
    """How the encoder is read from its files."""

    packaged: bool  # the multilingual encoder, which executors have as a package
    label: str
    name: str = "texts"

    def prepare(self, shared: Arrays) -> Encoder:
        """Return the encoder that the shared arrays hold the files of."""
        if self.packaged:
            return load_multilingual()
        with tempfile.TemporaryDirectory() as folder:
            for name, data in shared.items():
                path = Path(folder) / "encoder" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data.tobytes())
            return read_encoder(Path(folder) / "encoder", "auto", self.label)

    def spread(self, part: Arrays, ready: Encoder) -> Iterator[tuple[int, Arrays]]:
        """Yield nothing: each part is a block."""
        yield from ()

    def compute(self, block: int, parts: Sequence[Arrays], ready: Encoder) -> dict[str, Any]:
        """Return the vectors of the texts of a part."""
        texts = [text for part in parts for text in json.loads(part["texts"].tobytes())]
        return {"vectors": ready.encode(texts)}


def encode_texts(encoder: Encoder, texts: Sequence[str]) -> Floats:
    """Return `encoder.encode(texts)`, computed by the runner of the night if there is one."""
    each = STATIC_SECONDS if isinstance(encoder, Student) else ENCODER_SECONDS
    runner = runner_for(each * len(texts))
    if runner is None or not len(texts):
        return encoder.encode(texts)
    work = TextWork(isinstance(encoder, MultilingualEncoder), encoder.name.rpartition("-")[0])
    shared = {} if work.packaged else _files(encoder)
    found = [one["vectors"] for one in runner.run(work, _parts(texts, runner), shared)]
    return np.concatenate(found)


def _parts(texts: Sequence[str], runner: BlockRunner) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield runs of texts as JSON; whole blocks of the encoder, so that sums are rounded alike."""
    blocks = -(-len(texts) // BLOCK)
    size = BLOCK * min(MOST_BLOCKS, -(-blocks // runner.blocks_for(0.0)))
    for start in range(0, len(texts), size):
        data = json.dumps(list(texts[start : start + size])).encode()
        yield {"texts": np.frombuffer(data, np.uint8)}


def _files(encoder: Encoder) -> dict[str, NDArray[np.uint8]]:
    """Return the files of an encoder, by their paths."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "encoder"
        save_encoder(encoder, top)
        return {
            str(path.relative_to(top)): np.frombuffer(path.read_bytes(), np.uint8)
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }
