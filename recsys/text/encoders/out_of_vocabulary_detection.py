"""Lacking words: those of each text that a vocabulary reads as unknown or as single letters.

They decide which words the vocabulary is extended by, and which texts an extension changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recsys.array_types import Mask, Rows
from recsys.text.clean import clean
from recsys.text.encoders.student import BLOCK, LONGEST_TOKENS, Student
from recsys.text.encoders.word_pieces import WordPieces

LONGEST = 50  # letters of a word that is added; longer ones are addresses and the like
SHATTERED = 2.0  # letters per piece below which a word is read as one that the vocabulary lacks
CUT_INTO_WORDS = ("WordPiece", "WordLevel")  # other kinds spell out what they do not know


@dataclass(frozen=True, slots=True)
class OutOfVocabularyWords:
    """The distinct lacking words of some texts."""

    unread: Mask  # (n_texts,): a piece of the text is unknown or a single letter out of a word
    ends: NDArray[np.int64]  # (n_texts + 1,)
    numbers: Rows  # of words, text after text
    words: Sequence[str]  # by number; empty where only the hash is known
    hashes: NDArray[np.uint64]  # by number

    def __len__(self) -> int:
        return len(self.unread)

    @classmethod
    def of(cls, student: Student, texts: Sequence[str]) -> OutOfVocabularyWords | None:
        """Return those of texts; None where the tokenizer spells out every word."""
        spec = json.loads(student.tokenizer_json)
        model = spec["model"]
        if model.get("type") not in CUT_INTO_WORDS:
            return None
        vocabulary: dict[str, int] = model["vocab"]
        unknown = vocabulary.get(model.get("unk_token", "[UNK]"), -1)
        prefix = model.get("continuing_subword_prefix", "")
        suspect = np.zeros(student.n_tokens, bool)  # pieces that words hardly consist of
        for word, at in vocabulary.items():
            suspect[at] = len(word) == len(prefix) + 1 and word.startswith(prefix) and bool(prefix)
        suspect[unknown] = True
        tokenizer = Tokenizer.from_str(student.tokenizer_json.decode("utf-8"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST_TOKENS)
        cutter = WordPieces.of(student.tokenizer_json, tokenizer, LONGEST_TOKENS)
        reader = _Reader(cutter, vocabulary, unknown, suspect, {}, [])
        unread, held = [np.zeros(0, bool)], list[list[int]]()
        for start in range(0, len(texts), BLOCK):
            marked, own = reader.read([clean(text) for text in texts[start : start + BLOCK]])
            unread.append(marked)
            held += own
        ends = np.concatenate([[0], np.cumsum([len(one) for one in held])]).astype(np.int64)
        numbers = np.fromiter(chain.from_iterable(held), np.int32, int(ends[-1]))
        hashes = np.fromiter(map(text_hash, reader.words), np.uint64, len(reader.words))
        return cls(np.concatenate(unread), ends, numbers, reader.words, hashes)

    def take(self, rows: NDArray[np.integer]) -> OutOfVocabularyWords:
        """Return the words of some texts, in the same numbering."""
        sizes = np.diff(self.ends)[rows]
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        at = np.arange(ends[-1]) + np.repeat(self.ends[rows] - ends[:-1], sizes)
        return replace(self, unread=self.unread[rows], ends=ends, numbers=self.numbers[at])

    def followed_by(self, more: OutOfVocabularyWords) -> OutOfVocabularyWords:
        """Return these texts and then others, in one numbering without words that none has."""
        numbers = np.concatenate([self.numbers, more.numbers + np.int32(len(self.words))])
        used, numbers = np.unique(numbers, return_inverse=True)
        hashes, first, place = np.unique(
            np.concatenate([self.hashes, more.hashes])[used], return_index=True, return_inverse=True
        )
        words = [""] * len(hashes)
        every = [*self.words, *more.words]
        for at, own in zip(place.tolist(), used.tolist(), strict=True):
            words[at] = words[at] or every[own]
        return OutOfVocabularyWords(
            np.concatenate([self.unread, more.unread]),
            np.concatenate([self.ends, self.ends[-1] + more.ends[1:]]),
            place[numbers].astype(np.int32),
            words,
            hashes,
        )

    def spread(self, times: NDArray[np.integer], unread: bool = True) -> NDArray[np.int64]:
        """Return how many texts hold each word, (words,); text n counts `times[n]` times.

        `unread`: only those that count for an extension.
        """
        weight = times * self.unread if unread else times
        each = np.repeat(weight, np.diff(self.ends))
        return np.bincount(self.numbers, each, len(self.words)).astype(np.int64)

    def frequent(self, times: NDArray[np.integer], rarest: int, most: int) -> list[str]:
        """Return the words that at least `rarest` unread texts hold, the most frequent first."""
        spread = self.spread(times)
        frequent = np.flatnonzero(spread >= rarest).tolist()
        shared = [(-int(spread[at]), self.words[at]) for at in frequent]
        return [word for _, word in sorted(shared)[:most]]

    def nameless(self, times: NDArray[np.integer], rarest: int) -> Mask:
        """Return which texts hold a word that is frequent by now, and of which only the hash is
        known, (n_texts,).
        """
        unknown = np.fromiter((not word for word in self.words), bool, len(self.words))
        return self.with_any(self.hashes[unknown & (self.spread(times) >= rarest)])

    def with_any(self, hashes: NDArray[np.uint64]) -> Mask:
        """Return which texts hold a word with one of the hashes, (n_texts,)."""
        found = np.isin(self.hashes, hashes)[self.numbers]
        before = np.concatenate([[0], np.cumsum(found)])
        return np.asarray(before[self.ends[1:]] > before[self.ends[:-1]])


def text_hash(text: str) -> int:
    """Return 64 bits of a text."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads texts block by block."""

    cutter: WordPieces
    vocabulary: dict[str, int]
    unknown: int
    suspect: Mask  # (n_tokens,)
    numbers: dict[str, int]  # by word; -1: not lacking
    words: list[str]  # lacking ones, by number

    def read(self, texts: Sequence[str]) -> tuple[Mask, list[list[int]]]:
        """Return which clean texts are unread, and the numbers of the lacking words of each."""
        found = self.cutter.ids(texts)
        ends = np.cumsum([0, *map(len, found)])
        marked = np.zeros(ends[-1] + 1, np.int64)  # of all pieces before
        pieces = np.fromiter(chain.from_iterable(found), np.int64, ends[-1])
        np.cumsum(self.suspect[pieces], out=marked[1:])
        known, held = self.numbers.get, []
        for text in texts:
            own = set()
            for word in self._words(text):
                number = known(word)
                own.add(self._number(word) if number is None else number)
            own.discard(-1)
            held.append(sorted(own))
        return marked[ends[1:]] > marked[ends[:-1]], held

    def _words(self, text: str) -> Sequence[str]:
        words = self.cutter.words(text)
        if words is not None:
            return words
        normalizer, cut = self.cutter.tokenizer.normalizer, self.cutter.tokenizer.pre_tokenizer
        normal = normalizer.normalize_str(text) if normalizer else text
        return [word for word, _ in cut.pre_tokenize_str(normal)] if cut else [normal]

    def _number(self, word: str) -> int:
        number = -1
        if self._is_lacking(word):
            number = len(self.words)
            self.words.append(word)
        self.numbers[word] = number
        return number

    def _is_lacking(self, word: str) -> bool:
        """Return whether a word is unknown, or cut into pieces of hardly a letter."""
        if word in self.vocabulary or len(word) > LONGEST:
            return False
        ids = self.cutter.pieces(word)
        return self.unknown in ids or len(word) < SHATTERED * len(ids)
