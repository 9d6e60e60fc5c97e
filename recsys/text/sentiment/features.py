"""Features of the sentiment model: words with negation, character n-grams, tokens, cues.

Every feature is a row number of a table, so the model is nothing but sums of table rows.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recsys.array_types import Floats
from recsys.errors import DataError
from recsys.text.clean import clean
from recsys.text.deobfuscation import Lexicon, joined, legible, may_be_spaced
from recsys.text.sentiment.emoji_and_negation import opposed, translate
from recsys.text.sentiment.english_sentiment_words import BLAME, PRAISE, cue_counts

LONGEST_READ = 4_000  # characters; a tone further on changes little
WORD_ROWS = 1 << 16
LETTER_ROWS = 1 << 17
LETTERS = (2, 3, 4, 5)  # lengths of the runs of letters
REACH = 4  # words after a negation that it turns
CUES = (
    "exclamations",
    "questions",
    "capitals",
    "stretched",
    "negations",
    "but",
    "length",
    "links",
    "mentions",
    "hashtags",
    "praise",
    "blame",
    "denied praise",
    "denied blame",
    "balance",
)

_NOTHING = re.compile("[\u00ad\u200b\u2060\ufeff]")  # invisible inside a word: h\u200bate is hate
_LINK = re.compile(r"https?://\S+|www\.\S+")
_MENTION = re.compile(r"(?<!\w)@\w+")
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_SPACED = re.compile(r"(?<!\w)(?!I )[^\W\d_]([ .*_\-])(?:[^\W\d_]\1)+[^\W\d_](?!\w)")
_STARRED = re.compile(r"(?<!\w)[A-Za-z]+\*+[A-Za-z*]*[A-Za-z](?!\w)")
_HARSH = (
    "fuck fucks fucked fucking shit shitty bitch ass asshole damn crap hate hated hates suck "
    "sucks stupid idiot kill death die bastard whore dick"
).split()
_DISGUISED = re.compile(  # bounded, so that a run of signs costs no more than its length
    r"(?<!\w)(?=[$!013457@]{0,20}[A-Za-z])[A-Za-z$!013457@]{2,60}[A-Za-z](?!\w)"
)
_SIGN_IN_WORD = re.compile(r"[$!013457@](?=[A-Za-z$!013457@])")  # in all that it changes
_PLAIN = str.maketrans("$!013457@", "sioleasta")
_LOOKALIKE = str.maketrans("аеорсухіАЕОРСХІМТВНК", "aeopcyxiAEOPCXIMTBHK")
_LONG_WORD = re.compile(r"\w+")
_MIXED = re.compile(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
LEXICON = Lexicon.of([*PRAISE, *BLAME, *_HARSH])
_WORD = re.compile(r"[\w#]+(?:'\w+)?|[.,!?;:]+")
_NEGATION = re.compile(
    r"(?:not|no|never|none|nothing|nobody|nowhere|neither|nor|hardly|barely|scarcely|without"
    r"|lacks?|cannot|(?:ca|do|does|did|wo|is|was|are|were|ai|could|should|would|have|has|had|need)"
    r"n'?t)"
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text's words in lower case, which of them are negated, and the cues."""

    words: tuple[str, ...]
    negated: tuple[bool, ...]
    cues: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bag:
    """Table rows of many texts, text after text."""

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]  # (n_texts,)

    @property
    def owner(self) -> NDArray[np.int64]:
        """The text of each row."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def scale(self) -> NDArray[np.float64]:
        """(n_texts,): what a sum over rows is multiplied by, so that length matters little."""
        return np.asarray(1 / np.sqrt(np.maximum(self.counts, 1)))


@dataclass(frozen=True, slots=True)
class Features:
    """The bags `words`, `letters`, `tokens`, `negated`, and the cues (n_texts, n_cues)."""

    bags: dict[str, Bag]
    cues: Floats
    n_words: NDArray[np.int64]  # (n_texts,), without punctuation


def features(texts: Sequence[str], tokenizer: Tokenizer) -> Features:
    """Read texts; any string is fit, and an empty one has no rows."""
    marked = [mark(text) for text in texts]
    bags = {
        "words": _bag([_word_rows(one) for one in marked]),
        "letters": _bag([_letter_rows(" ".join(one.words)) for one in marked]),
        "tokens": _tokens([_part(one, False) for one in marked], tokenizer),
        "negated": _tokens([_part(one, True) for one in marked], tokenizer),
    }
    cues = np.array([one.cues for one in marked], np.float32).reshape(len(texts), len(CUES))
    n_words = [sum(word[0].isalnum() for word in one.words) for one in marked]
    return Features(bags, cues, np.array(n_words, np.int64))


def read_tokenizer(spec: bytes) -> Tokenizer:
    """Return a tokenizer that neither pads nor adds tokens; DataError when it cannot be read."""
    try:
        tokenizer = Tokenizer.from_str(spec.decode("utf-8"))
    except Exception as error:  # tokenizers raises bare Exception
        raise DataError(f"the tone model's tokenizer cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def mark(text: str) -> Marked:
    """Undress a text to its words and say which are negated."""
    raw = plain(text)
    words, negated, left = [], [], 0
    for word in _WORD.findall(raw.lower()):
        if not word[0].isalnum() or word == "but":
            left = 0 if word[0] in ".,!?;:b" else left
        words.append(word)
        negated.append(left > 0 and word[0].isalnum())
        left = REACH if _NEGATION.fullmatch(word) else max(left - 1, 0)
    return Marked(
        tuple(words), tuple(negated), (*_cues(text, raw, words), *cue_counts(words, negated))
    )


def plain(text: str) -> str:
    """Return a text without its disguises: invisible signs, look-alikes, sp.a.ced, l33t."""
    text = clean(_NOTHING.sub("", joined(text)))[:LONGEST_READ].replace("\u2019", "'")
    text = _MENTION.sub(" @user ", _LINK.sub(" urlurl ", text))
    return opposed(_STRETCHED.sub(r"\1\1", undisguised(translate(text), LEXICON)))


def undisguised(text: str, lexicon: Lexicon) -> str:
    """Return a cleaned text without look-alikes, sp.a.ced, st**red and l33t words.

    `lexicon`: words that decide where a disguise can be read in more than one way.
    """
    spaced, given = may_be_spaced(text), text
    text = legible(text, lexicon, spaced)
    if not text.isascii():
        text = _LONG_WORD.sub(_in_one_script, text)
    if spaced or (text is not given and may_be_spaced(text)):
        text = _SPACED.sub(lambda found: re.sub(r"[\W_]", "", found[0]), text)
    if "*" in text:
        text = _STARRED.sub(_unstarred, text)
    return _DISGUISED.sub(_undisguised, text) if _SIGN_IN_WORD.search(text) else text


def _undisguised(found: re.Match[str]) -> str:
    word = found[0]
    if word.isalpha() or word == "@user":
        return word
    return word.translate(_PLAIN)


def _in_one_script(found: re.Match[str]) -> str:
    word = found[0]
    return word.translate(_LOOKALIKE) if _MIXED.search(word) else word


def _unstarred(found: re.Match[str]) -> str:
    signs = found[0].lower()
    for word in _HARSH:
        if len(word) == len(signs) and all(a in ("*", b) for a, b in zip(signs, word, strict=True)):
            return word
    return found[0]


def _cues(text: str, raw: str, words: list[str]) -> tuple[float, ...]:
    letters = sum(map(str.isalpha, raw))
    capitals = sum(map(str.isupper, raw)) / max(letters, 1) if letters > 5 else 0.0
    return (
        math.log1p(raw.count("!")),
        math.log1p(raw.count("?")),
        float(capitals > 0.5),
        float(bool(_STRETCHED.search(text[:LONGEST_READ]))),
        math.log1p(sum(bool(_NEGATION.fullmatch(word)) for word in words)),
        float("but" in words),
        math.log1p(len(words)) / 4,
        float("urlurl" in words),
        float("user" in words),
        math.log1p(raw.count("#")),
    )


def _part(one: Marked, negated: bool) -> str:
    return " ".join(w for w, flag in zip(one.words, one.negated, strict=True) if flag is negated)


def _word_rows(one: Marked) -> NDArray[np.int64]:
    pairs = zip(one.words, one.negated, strict=True)
    negated_words = [f"not_{word}" if negated else word for word, negated in pairs]
    terms = {*negated_words, *map(" ".join, zip(negated_words, negated_words[1:], strict=False))}
    return np.fromiter(sorted(map(_row, terms)), np.int64, len(terms))


@lru_cache(maxsize=1 << 16)
def _row(term: str) -> int:
    return zlib.crc32(term.encode("utf-8", "replace")) % WORD_ROWS


def _letter_rows(text: str) -> NDArray[np.int64]:
    """Return the rows of all runs of letters, each once; a rolling hash in 64 bits."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le"), np.uint32).astype(np.uint64)
    if len(text) == 0:
        return np.zeros(0, np.int64)
    found, run = [], codes
    for length in range(2, LETTERS[-1] + 1):
        run = run[:-1] * np.uint64(1_000_003) + codes[length - 1 :]
        mixed = (run + np.uint64(length)) * np.uint64(0x9E3779B97F4A7C15)
        found.append(mixed >> np.uint64(64 - LETTER_ROWS.bit_length() + 1))
        if len(run) < 2:
            break
    return np.unique(np.concatenate(found)).astype(np.int64)


def _tokens(texts: list[str], tokenizer: Tokenizer) -> Bag:
    batch = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return _bag([np.array(one.ids, np.int64) for one in batch])


def _bag(rows: list[NDArray[np.int64]]) -> Bag:
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    return Bag(np.concatenate([*rows, np.zeros(0, np.int64)]), counts)
