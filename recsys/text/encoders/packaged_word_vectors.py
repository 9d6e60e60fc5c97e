"""Static word vectors of MiniLM that come with the package, one byte per number.

all-MiniLM-L6-v2 is published under the Apache License 2.0; the vectors are derived from its weights
by `recsys.text.encoders.write_packaged_vectors`. This module reads them without that model, so that
the service may use them.
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
