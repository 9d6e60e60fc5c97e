"""Word pieces of many texts: the ids of a BERT tokenizer, each distinct ASCII word cut once.

The library normalizes a text character by character and cuts every word anew. The words of an ASCII
text are found by one pattern instead, and their pieces are looked up: a quarter of the time for the
titles of a catalogue, with the same ids. Other texts and other tokenizers go through the library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tokenizers import Tokenizer

MOST_WORDS = 1_000_000  # held at a time, some 150 MB
BERT_NORMALIZER = {"type": "BertNormalizer", "clean_text": True, "lowercase": True}
BERT_PRE_TOKENIZER = {"type": "BertPreTokenizer"}
_CONTROL = re.compile("[\x00-\x1f\x7f]")  # which that normalizer drops or reads as a blank
_WORDS = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
_NONE = re.compile(r"(?!)")


@dataclass(slots=True)
class WordPieces:
    """Cuts texts into words and words into pieces, for one pass over a catalogue.

    Not kept longer: it holds the vocabulary and the words that it has seen.
    """

    tokenizer: Tokenizer
    longest: int  # ids of a text that count
    by_pattern: bool  # whether words of ASCII texts are those of the pattern
    special: re.Pattern[str]  # tokens that the library looks for before all others
    known: dict[str, tuple[int, ...]] = field(default_factory=dict)  # pieces by word

    @classmethod
    def of(cls, tokenizer_json: bytes, tokenizer: Tokenizer, longest: int) -> WordPieces:
        """Return the cutter of a tokenizer that truncates at `longest` ids and adds none."""
        spec = json.loads(tokenizer_json)
        added = spec.get("added_tokens") or []
        contents = [re.escape(str(one["content"])) for one in added]
        special = re.compile("|".join(contents)) if contents else _NONE
        return cls(tokenizer, longest, _is_bert(spec), special)

    def words(self, text: str) -> list[str] | None:
        """Return the words of a cleaned text; None where only the library can tell."""
        if not self.by_pattern or not text.isascii():
            return None
        if self.special.search(text) or _CONTROL.search(text):
            return None
        return _WORDS.findall(text.lower())

    def pieces(self, word: str) -> tuple[int, ...]:
        """Return the ids of a word's pieces; that of the unknown token where there are none."""
        return self.known.get(word) or self._cut(word)

    def _cut(self, word: str) -> tuple[int, ...]:
        if len(self.known) >= MOST_WORDS:
            self.known.clear()
        found = tuple(piece.id for piece in self.tokenizer.model.tokenize(word))
        self.known[word] = found
        return found

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of cleaned texts, each cut at `longest`."""
        cut = [self.words(text) for text in texts]
        others = [text for text, words in zip(texts, cut, strict=True) if words is None]
        rest = iter(self.tokenizer.encode_batch_fast(others, add_special_tokens=False))
        found: list[list[int]] = []
        known = self.known.get
        for words in cut:
            if words is None:
                found.append(next(rest).ids)
            else:
                own: list[int] = []
                for word in words:
                    own += known(word) or self._cut(word)
                found.append(own[: self.longest])
        return found


def _is_bert(spec: dict[str, Any]) -> bool:
    """Return whether ASCII words are lower-case runs of letters and digits, and single signs."""
    normalizer, model = spec.get("normalizer") or {}, spec["model"]
    return (
        model.get("type") == "WordPiece"
        and spec.get("pre_tokenizer") == BERT_PRE_TOKENIZER
        and all(normalizer.get(key) == value for key, value in BERT_NORMALIZER.items())
        and not any(one.get("normalized") for one in spec.get("added_tokens") or [])
    )
