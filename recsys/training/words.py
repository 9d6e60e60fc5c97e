"""Words: every item's vector by the night's encoder, and the student that serves new items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.arrays import Floats
from recsys.data.dataset import Dataset
from recsys.data.ids import IdMap
from recsys.text.encoder import load_encoder
from recsys.text.static import load_static
from recsys.text.student import Student
from recsys.training.fit import Words

RIDGE = 1.0  # of the map from static vectors to the encoder's; unit rows on both sides


def encode_words(
    texts: Sequence[str], spec: str, device: str, home: Path
) -> tuple[Floats, Student, str]:
    """Return each text's vector, the student of that space, and the name of the encoder.

    Static vectors are their own student. For another encoder the static vectors are mapped into
    its space, as well as the catalogue's own texts tell.
    """
    encoder = load_encoder(spec, device, home)
    vectors = encoder.encode(texts)
    if isinstance(encoder, Student):
        return vectors, encoder, encoder.name
    static = load_static(home)
    return vectors, taught(static, static.encode(texts), vectors, encoder.name), encoder.name


def renumbered(items: IdMap, vectors: Floats, student: Student | None, data: Dataset) -> Words:
    """Return vectors of some items as the words of a data set; zeros for items without any."""
    if student is None:
        return Words.none(len(data.items))
    rows = items.rows(data.items)
    return Words(np.where((rows >= 0)[:, None], vectors[rows], np.float32(0)), student)


def taught(student: Student, known: Floats, wanted: Floats, label: str) -> Student:
    """Return the student moved into another space by ridge.

    A text is the sum of its tokens' vectors, so mapping each token maps every text.
    """
    gram = known.T @ known
    gram[np.diag_indices_from(gram)] += RIDGE
    bridge = np.linalg.solve(gram, known.T @ wanted)
    vectors = (np.asarray(student.vectors, np.float32) @ bridge).astype(np.float16)
    return Student(student.tokenizer_json, vectors, f"student of {label}")
