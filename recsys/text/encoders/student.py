"""Student: static word vectors that encode any text with NumPy and tokenizers only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from recsys.array_types import Floats
from recsys.errors import DataError
from recsys.text.clean import clean
from recsys.text.encoders.word_pieces import WordPieces

LONGEST_TOKENS = 512  # tokens of a text that count; later ones are cut
IMITATION = "student of "  # begins the label of a student that stands in for a transformer
Vectors = NDArray[np.floating] | NDArray[np.int8]
FEW = 1_000  # tokens up to which their vectors are gathered: a sparse product has a price
BLOCK = 4_096  # texts per block: bounds the memory of a call, some 60 MB for short texts
CUT = 512  # texts cut at once where the places of words are kept: some 40 MB for long texts
MANY = 1_000  # texts from which distinct words are cut once: fewer are not worth the preparation


@dataclass(frozen=True)
class Student:
    """A vector per token; a text is the sum of its tokens' vectors, scaled to length one.

    A student fitted to behaviour also holds vectors of pairs, two tokens side by side, and counts a
    repeated token or pair once. A term's weight is the length of its vector. A text without a
    known term is the zero vector. The vectors may be a read-only memory map; only the rows that a
    text needs are read.
    """

    tokenizer_json: bytes  # a `tokenizers` file; its ids number the first rows of `vectors`
    vectors: Vectors  # (n_tokens + n_pairs, d): float16, float32, or int8 beside `scale`
    label: str = "static"  # how the vectors were made; part of the name
    pairs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    # (n_pairs,): first token * n_tokens + second, ascending; their vectors are the last rows
    scale: Floats | None = None  # (n_tokens + n_pairs,): what a row of int8 is multiplied by

    def __post_init__(self) -> None:
        size = self._tokenizer.get_vocab_size()
        if self.vectors.ndim != 2 or self.n_tokens < size:
            raise DataError(f"vectors of shape {self.vectors.shape} for a tokenizer of {size} ids")
        whole = np.issubdtype(self.vectors.dtype, np.floating)
        length = len(self.vectors) if self.scale is None else len(self.scale)
        if whole != (self.scale is None) or length != len(self.vectors):
            kind = self.vectors.dtype
            raise DataError(f"word vectors of type {kind}; floats, or int8 with a scale per row")

    @property
    def n_tokens(self) -> int:
        """Number of leading rows of `vectors` that belong to single tokens."""
        return len(self.vectors) - len(self.pairs)

    @property
    def imitates(self) -> bool:
        """Whether the vectors stand in for those of a transformer."""
        return self.label.startswith(IMITATION)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Student:
        """Rebuild from what `arrays` returned; the arrays may be read-only and mapped."""
        label = arrays["label"].tobytes().decode() if "label" in arrays else "static"
        pairs = arrays.get("pairs", np.zeros(0, np.int64)).astype(np.int64, copy=False)
        vectors, scale = arrays["vectors"], arrays.get("scale")
        return cls(arrays["tokenizer"].tobytes(), vectors, label, pairs, scale)  # type: ignore[arg-type]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays to save, by name."""
        found: dict[str, NDArray[np.generic]] = {
            "tokenizer": np.frombuffer(self.tokenizer_json, np.uint8),
            "vectors": self.vectors,
            "pairs": self.pairs,
            "label": np.frombuffer(self.label.encode(), np.uint8),
        }
        return found if self.scale is None else {**found, "scale": self.scale}

    def compact(self) -> Student:
        """Return the same student with a byte per number and a scale per row.

        A row's largest number becomes 127. A quarter of the memory, and whether a token is known
        shows in its scale, so that opening a mapped file reads no vector.
        """
        if self.scale is not None:
            return self
        scale = np.zeros(len(self.vectors), np.float32)
        small = np.zeros(self.vectors.shape, np.int8)
        for start in range(0, len(small), BLOCK):
            part = slice(start, start + BLOCK)
            rows = np.where(self._known[part, None], self.rows(part), np.float32(0))
            scale[part] = np.abs(rows).max(axis=1, initial=0) / 127
            small[part] = np.rint(rows / np.where(scale[part] > 0, scale[part], 1)[:, None])
        return Student(self.tokenizer_json, small, self.label, self.pairs, scale)

    def rows(self, at: slice | NDArray[np.integer]) -> Floats:
        """Return some terms' vectors as float32."""
        rows: Floats = self.vectors[at].astype(np.float32, copy=isinstance(at, slice))
        if self.scale is not None:
            rows *= self.scale[at, None]
        return rows

    @cached_property
    def name(self) -> str:
        """Label and the first digits of the content's sha256: changes when any vector does."""
        digest = hashlib.sha256(self.tokenizer_json)
        digest.update(np.ascontiguousarray(self.vectors).data)
        digest.update(np.ascontiguousarray(self.pairs).data)
        if self.scale is not None:
            digest.update(np.ascontiguousarray(self.scale).data)
        return f"{self.label}-{digest.hexdigest()[:12]}"

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        try:
            tokenizer = Tokenizer.from_str(self.tokenizer_json.decode("utf-8"))
        except Exception as error:  # tokenizers raises bare Exception
            raise DataError(f"the student's tokenizer cannot be read: {error}") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST_TOKENS)
        return tokenizer

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        """(n_tokens,): whether a token has a finite vector other than zero."""
        if self.scale is not None:
            return np.asarray(np.isfinite(self.scale) & (self.scale > 0))
        known = np.zeros(len(self.vectors), bool)
        for start in range(0, len(known), BLOCK):
            block = self.vectors[start : start + BLOCK].astype(np.float32)
            length = np.einsum("nd,nd->n", block, block)
            known[start : start + BLOCK] = np.isfinite(length) & (length > 0)
        return known

    def tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the known token ids, text after text, and each text's count."""
        return self._tokens(texts, self._cutter(len(texts)))

    def _tokens(
        self, texts: Sequence[str], cutter: WordPieces | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        parts = [
            self._tokens_of(texts[start : start + BLOCK], cutter)
            for start in range(0, len(texts), BLOCK)
        ]
        none = np.zeros(0, np.int64)  # encodings of a million texts at once would take gigabytes
        ids, counts = zip(*parts, (none, none), strict=True)
        return np.concatenate(ids), np.concatenate(counts)

    def _cutter(self, n_texts: int) -> WordPieces | None:
        """Return what cuts so many texts word by word; None where the library is as good."""
        if n_texts < MANY:
            return None
        return WordPieces.of(self.tokenizer_json, self._tokenizer, LONGEST_TOKENS)

    def _tokens_of(
        self, texts: Sequence[str], cutter: WordPieces | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the same of some texts, all of which are held as encodings at once."""
        cleaned = [clean(text) for text in texts]
        if cutter is not None:
            found = cutter.ids(cleaned)
        elif len(cleaned) == 1:  # without the thread pool of a batch
            found = [self._tokenizer.encode(cleaned[0], add_special_tokens=False).ids]
        else:
            batch = self._tokenizer.encode_batch_fast(cleaned, add_special_tokens=False)
            found = [encoding.ids for encoding in batch]
        counts = np.fromiter(map(len, found), np.int64, len(found))
        ids = np.fromiter(chain.from_iterable(found), np.int64, int(counts.sum()))
        kept = self._known[ids]
        owner = np.repeat(np.arange(len(found)), counts)[kept]
        return ids[kept], np.bincount(owner, minlength=len(found))

    def words(self, texts: Sequence[str]) -> Iterator[list[tuple[int, ...]]]:
        """Yield the words of each text, each as the ids of its pieces.

        A word none of whose pieces is known is left out. Two words are one if their pieces are.
        """
        known = self._known
        for start in range(0, len(texts), CUT):
            part = [clean(text) for text in texts[start : start + CUT]]
            for encoding in self._tokenizer.encode_batch(part, add_special_tokens=False):
                pieces = zip(encoding.word_ids, encoding.ids, strict=True)
                words = (tuple(id for _, id in word) for _, word in groupby(pieces, itemgetter(0)))
                yield [word for word in words if known[list(word)].any()]

    def terms(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of `vectors` that each text adds up, and each text's count."""
        return self._terms(texts, self._cutter(len(texts)))

    def _terms(
        self, texts: Sequence[str], cutter: WordPieces | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        ids, counts = self._tokens(texts, cutter)
        if not len(self.pairs):
            return ids, counts
        owner = np.repeat(np.arange(len(texts)), counts)
        where, keys = adjacent(ids, owner, self.n_tokens)
        at = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
        held = self.pairs[at] == keys
        rows = np.concatenate([ids, self.n_tokens + at[held]])
        owner = np.concatenate([owner, where[held]])
        once = np.unique(owner * len(self.vectors) + rows)
        owner, rows = np.divmod(once, len(self.vectors))
        return rows, np.bincount(owner, minlength=len(texts))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return (n, d) vectors of length one, zero where no word is known; always finite."""
        out = self.sums(texts)
        for start in range(0, len(out), BLOCK):
            out[start : start + BLOCK] = unit_rows(out[start : start + BLOCK])
        return out

    def sums(self, texts: Sequence[str]) -> Floats:
        """Return the same before they are scaled: the sums of the terms' vectors."""
        out = np.zeros((len(texts), self.dimensions), np.float32)
        cutter = self._cutter(len(texts))
        for start in range(0, len(texts), BLOCK):
            ids, counts = self._terms(texts[start : start + BLOCK], cutter)
            self._sum_groups(ids, counts, out[start : start + BLOCK])
        return out

    def _sum_groups(self, ids: NDArray[np.int64], counts: NDArray[np.int64], out: Floats) -> None:
        """Write the sum of each consecutive group of `ids`' vectors into `out`; empty ones stay."""
        if not len(ids):
            return
        if self.vectors.dtype == np.float32 and len(ids) > FEW:  # no row is copied
            ends = np.concatenate([[0], np.cumsum(counts)])
            ones = np.ones(len(ids), np.float32)
            shape = (len(counts), len(self.vectors))
            out[:] = csr_array((ones, ids, ends), shape=shape) @ self.vectors
            return
        full = np.flatnonzero(counts)
        starts = np.concatenate([[0], np.cumsum(counts[full])[:-1]])
        step = max(1, len(full) * 65_536 // max(len(ids), 1))  # some 65,536 tokens at a time
        for at in range(0, len(full), step):
            first = starts[at]
            last = starts[at + step] if at + step < len(full) else len(ids)
            found = np.add.reduceat(self.rows(ids[first:last]), starts[at : at + step] - first)
            out[full[at : at + step]] = found


def adjacent(
    ids: NDArray[np.int64], owner: NDArray[np.int64], n_tokens: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the text and the key of each two tokens that stand side by side in one text."""
    same = owner[1:] == owner[:-1]
    return owner[1:][same], ids[:-1][same] * n_tokens + ids[1:][same]


def unit_rows(vectors: Floats) -> Floats:
    """Return rows scaled to length one; rows that are zero or not finite become zero."""
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    good = np.isfinite(length) & (length > 1e-12)
    scaled = np.divide(vectors, length, out=np.zeros_like(vectors), where=good, casting="unsafe")
    return np.asarray(scaled, np.float32)
