"""Item vectors by the text encoder, and the student encoder that encodes new items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.array_types import Floats, Mask
from recsys.data.dataset import Dataset
from recsys.data.ids import IdMap
from recsys.index.vector_index import RenumberedIndex, VectorIndex
from recsys.text.cold_start import map_texts
from recsys.text.encoders.embedding_cache import CachedEncoder
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import Student
from recsys.text.encoders.universal_sentence_encoder import MultilingualEncoder, example_words
from recsys.text.encoders.vocabulary_extension import widened
from recsys.text.finetuning.student_distillation import imitate
from recsys.text_training.incremental_encoding import encode_static
from recsys.training.model_builder import TextVectors


@dataclass(frozen=True, slots=True)
class Encoded:
    """A catalogue as an encoder reads it."""

    vectors: Floats  # (n_items, d): unit rows, zero rows for texts without a known word
    student: Student  # gives new texts such vectors, without the encoder
    encoded: int  # texts that went through the encoder; the others were kept from earlier


def encode_words(
    texts: Sequence[str],
    encoder: Encoder,
    home: Path,
    kept: str,
    show: Mask | None = None,
) -> Encoded:
    """Encode a catalogue: only what home/embeddings/<kept> does not hold.

    Static vectors are their own student, widened by the catalogue's words. Of a transformer the
    student learns from the texts, or from those that `show` (n_items,) marks. A transformer's
    student begins with the static vectors of the package. The student of the multilingual encoder
    learns Chinese words beside the texts, so that it reads a Chinese query whatever the language of
    the catalogue.
    """
    if isinstance(encoder, Student):
        return Encoded(*encode_static(texts, encoder, home / "embeddings" / kept))
    cached = CachedEncoder(encoder, home / "embeddings" / kept)
    examples = example_words() if isinstance(encoder, MultilingualEncoder) else []
    read = [*texts, *examples]
    vectors, encoded = cached.encode_new(read)
    base = widened(packaged_word_vectors(), read)
    targets = vectors
    if show is not None:
        shown = np.concatenate([show, np.ones(len(examples), bool)])
        targets = np.where(shown[:, None], vectors, np.float32(0))
    student = imitate(map_texts(read, base), base, targets, encoder.name)
    return Encoded(vectors[: len(texts)], student, encoded)


def renumbered(
    items: IdMap,
    vectors: Floats,
    student: Student | None,
    data: Dataset,
    index: VectorIndex | None = None,
) -> TextVectors:
    """Return vectors of some items as the words of a data set; zeros for items without any.

    `index`: of the vectors. Vectors of the same items in the same order are not copied.
    """
    if student is None:
        return TextVectors.none(len(data.items))
    rows = items.rows(data.items)
    if len(rows) == len(vectors) and np.array_equal(rows, np.arange(len(rows))):
        return TextVectors(vectors, student, index)
    found = np.take(vectors, np.maximum(rows, 0), axis=0).astype(np.float32, copy=False)
    found[rows < 0] = 0
    if index is not None:
        here = np.full(len(vectors), -1, np.int32)
        here[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        index = RenumberedIndex(index, here)
    return TextVectors(found, student, index)
