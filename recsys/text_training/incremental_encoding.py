"""Static vectors of a catalogue, kept from night to night: an unchanged text is read once.

A text's vector changes only where a word of it gets a vector of its own, or loses it. The words
that a vocabulary lacks are kept with each text, so that the words that texts share can be counted
without reading them again. A word that stands in one text only is kept as a hash.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.text.encoders.distributed_encoding import encode_texts
from recsys.text.encoders.embedding_cache import DAMAGE, CachedEncoder
from recsys.text.encoders.out_of_vocabulary_detection import OutOfVocabularyWords, text_hash
from recsys.text.encoders.student import Student
from recsys.text.encoders.vocabulary_extension import MOST, RAREST, with_words

KIND = ".words"  # ending of the files, beside those of `CachedEncoder`
SHARED = 2  # texts from which a word is kept as it is written


@dataclass(frozen=True, slots=True)
class _Kept:
    """Distinct texts as an encoder read them, in ascending order of their hashes."""

    keys: NDArray[np.uint64]  # (n,): hashes of texts
    lacking: OutOfVocabularyWords
    added: NDArray[np.uint64]  # hashes of the words that had a vector of their own
    vectors: Floats  # (n, d)

    def write(self, path: Path) -> None:
        """Write to a file, which is replaced as a whole."""
        times = np.ones(len(self.keys), np.int64)
        shared = self.lacking.spread(times, unread=False) >= SHARED
        words = [word if of else "" for word, of in zip(self.lacking.words, shared, strict=True)]
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    keys=self.keys,
                    added=self.added,
                    vectors=self.vectors,
                    unread=self.lacking.unread,
                    ends=self.lacking.ends,
                    numbers=self.lacking.numbers,
                    hashes=self.lacking.hashes,
                    words=np.frombuffer(json.dumps(words).encode(), np.uint8),
                )
            os.replace(aside, path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    @classmethod
    def read(cls, path: Path, dimensions: int) -> _Kept | None:
        """Return what a file holds; None where it is missing or damaged."""
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
            words = json.loads(found["words"].tobytes())
            lacking = OutOfVocabularyWords(
                found["unread"], found["ends"], found["numbers"], words, found["hashes"]
            )
            kept = cls(found["keys"], lacking, found["added"], found["vectors"])
        except DAMAGE:
            return None
        return kept if kept._is_whole(dimensions) else None

    def _is_whole(self, dimensions: int) -> bool:
        n, lacking = len(self.keys), self.lacking
        return (
            self.vectors.shape == (n, dimensions)
            and len(lacking) == n
            and lacking.ends.shape == (n + 1,)
            and int(lacking.ends[-1]) == len(lacking.numbers)
            and len(lacking.words) == len(lacking.hashes)
            and bool((np.diff(lacking.ends) >= 0).all())
            and bool((lacking.numbers < len(lacking.words)).all())
            and bool((lacking.numbers >= 0).all())
            and bool(np.isfinite(self.vectors).all())
        )


def encode_static(
    texts: Sequence[str], encoder: Student, folder: Path
) -> tuple[Floats, Student, int]:
    """Return the vectors of a catalogue, the student widened by its words, and how many distinct
    texts were encoded; the others were kept from the call before.

    Vectors and student are those of `widened` and its `encode`. The folder holds exactly the texts
    of the last call, as with `CachedEncoder`; a damaged file counts as empty.
    """
    keys = np.fromiter(map(text_hash, texts), np.uint64, len(texts))
    unique, first, back, times = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', encoder.name)}{KIND}"
    kept = _Kept.read(path, encoder.dimensions)
    place = _places(kept.keys if kept else unique[:0], unique)
    distinct = [texts[row] for row in first.tolist()]
    known = _lacking(encoder, distinct, kept, place)
    if known is None:  # every word is spelled out: a text's vector never changes
        vectors, encoded = CachedEncoder(encoder, folder).encode_new(texts)
        return vectors, encoder, encoded
    if (nameless := known.nameless(times, RAREST)).any():  # an item has the text of another one
        known = _lacking(encoder, distinct, kept, np.where(nameless, -1, place)) or known
    words = known.frequent(times, RAREST, MOST)
    wide = with_words(encoder, words)
    added = np.sort(np.fromiter(map(text_hash, words), np.uint64, len(words)))
    vectors = np.zeros((len(unique), encoder.dimensions), np.float32)
    stale, changed = np.ones(len(unique), bool), True
    if kept is not None:
        stale = (place < 0) | known.with_any(np.setxor1d(added, kept.added))
        vectors[~stale] = kept.vectors[place[~stale]]
        changed = bool(stale.any()) or len(unique) != len(kept.keys)
        kept = None  # a kilobyte a text
    again = np.flatnonzero(stale)
    vectors[again] = encode_texts(wide, [distinct[row] for row in again.tolist()])
    if changed:
        _Kept(unique, known, added, vectors).write(path)
    for other in folder.glob(f"*{KIND}"):  # of other static vectors
        if other != path:
            other.unlink(missing_ok=True)
    return vectors[back], wide, len(again)


def _lacking(
    encoder: Student, texts: Sequence[str], kept: _Kept | None, place: NDArray[np.int64]
) -> OutOfVocabularyWords | None:
    """Return the lacking words of texts, as kept at a place or, at place -1, by reading them.

    None where the tokenizer spells out every word.
    """
    new, held = np.flatnonzero(place < 0), np.flatnonzero(place >= 0)
    read = OutOfVocabularyWords.of(encoder, [texts[row] for row in new.tolist()])
    if read is None or kept is None:
        return read
    both = kept.lacking.take(place[held]).followed_by(read)
    return both.take(np.argsort(np.concatenate([held, new])))


def _places(known: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the place of each key among ascending ones, -1 where it is not."""
    if not len(known):
        return np.full(len(keys), -1, np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at, -1)
