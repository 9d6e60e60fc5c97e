"""Message tokens: words, Han signs and punctuation of a message, as the learned model reads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from recsys.dialogue.followees import are_followees, with_followees
from recsys.dialogue.length_limits import without_length
from recsys.dialogue.message_text import is_han, plain
from recsys.errors import DataError
from recsys.text.language.english_word_share import is_listed
from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.nouns import simplified
from recsys.text.language.stop_words import STOP_WORDS

NOUNS_FILE = Path(__file__).with_name("data") / "noun_hashes.npz"
LONGEST_NOUN = 4  # signs of a listed Chinese noun that is looked for

LENGTH, FOLLOWED, GAP = "<length>", "<followed>", "<gap>"
_TOKEN = re.compile(
    r"<length>|<followed>|[^\W\u3400-\u9fff_]+(?:[-&+./%#][^\W\u3400-\u9fff_]+)*[+%#]*"
    r"|[\u3400-\u9fff]|[^\s\w]+?(?=[\s\w])|[^\s\w]+"
)
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token in small letters, and what it is."""

    text: str
    start: int  # in TokenizedMessage.text
    end: int
    capital: bool = False
    is_word: bool = True  # else punctuation, or a gap between Han signs
    # English: f a function word, w a listed word, u another one, 0 a number, p punctuation; Han
    # signs: z
    kind: str = "p"
    # of listed Chinese nouns: whether one goes across the start of the token, and the signs of the
    # longest that begins, and that ends, with it
    crossed: bool = False
    begins: int = 0
    ends: int = 0


@dataclass(frozen=True, slots=True)
class TokenizedMessage:
    """A message with its limit of length and its followees as one token each."""

    text: str
    tokens: tuple[Token, ...]
    limit: str = ""  # the words of its limit of length
    han: bool = False

    def words(self, first: int, end: int) -> str:
        """Return the plain words of tokens; a place holder as the words that it stands for."""
        if end <= first:
            return ""
        text = self.text[self.tokens[first].start : self.tokens[end - 1].end]
        text = text.replace(LENGTH, f" {self.limit} ")
        text = text.replace(FOLLOWED, "关注者" if self.han else " followees ")
        return plain(text)


def tokenized(typed: str) -> TokenizedMessage:
    """Return the tokens of a message as typed."""
    text = simplified(unicodedata.normalize("NFKC", typed)).replace("'", "").replace("’", "")
    text = " ".join(_REPEATED.sub(r"\1", text).split())
    han = is_han(text)
    spaced = text if han else re.sub(r"([,.;:!?]+)(?=\s|$)", r" \1", text)
    lowered = spaced.lower()
    if len(lowered) != len(spaced):
        spaced = lowered
    limit = without_length(lowered)[1]
    if limit and (at := lowered.find(limit)) >= 0:
        spaced = spaced[:at] + LENGTH + spaced[at + len(limit) :]
    replaced = with_followees(spaced.lower())
    name = "关注者" if han else "followees"
    if replaced != spaced.lower() and are_followees(name) and name in replaced:
        spaced = replaced.replace(name, FOLLOWED)
    found: list[Token] = []
    for match in _TOKEN.finditer(spaced):
        word = match[0]
        if han and found and found[-1].end < match.start() and found[-1].is_word:
            found.append(Token(GAP, found[-1].end, found[-1].end, is_word=False))
        is_word = word[0].isalnum() or word in (LENGTH, FOLLOWED)
        found.append(
            Token(
                word.lower(),
                match.start(),
                match.end(),
                word[0].isupper(),
                is_word,
                _kind(word.lower()) if is_word else "p",
            )
        )
    if han:
        found = _with_nouns(found)
    return TokenizedMessage(spaced, tuple(found), limit, han)


_FUNCTION = FUNCTION_WORDS["en"] | {one for one in STOP_WORDS if one.isascii()}
_SPOKEN = frozenset(
    """im ive id ill youre dont doesnt didnt cant wont isnt arent wasnt thats theres whats whos pls
    plz ok okay yeah nah lol tbh imo btw u ur r n gonna wanna gimme lemme thx ta cheers hey hi yo
    honestly kinda sorta cuz cos coz tho""".split()
)


def _kind(word: str) -> str:
    if word in (LENGTH, FOLLOWED):
        return "<"
    if is_han(word):
        return "z"
    if word[0].isdecimal():
        return "0"
    if word in _FUNCTION or word in _SPOKEN:
        return "f"
    return "w" if is_listed(word) else "u"


@cache
def _noun_hashes() -> NDArray[np.uint32]:
    """Return the CRC-32 of listed Chinese nouns, ascending; DataError where they lack."""
    try:
        with np.load(NOUNS_FILE, allow_pickle=False) as arrays:
            return np.asarray(arrays["nouns"], np.uint32)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{NOUNS_FILE}: no hashes of nouns: {error}") from error


def hashes_of_nouns(nouns: Iterable[str]) -> NDArray[np.uint32]:
    """Return the array of `NOUNS_FILE` for nouns in simplified signs."""
    short = {crc32(one.encode()) for one in nouns if 2 <= len(one) <= LONGEST_NOUN}
    return np.array(sorted(short), np.uint32)


def _with_nouns(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens with the listed Chinese nouns that cross, begin and end at them."""
    signs = [one.text if one.kind == "z" else "" for one in tokens]
    places, codes = [], []
    for start in range(len(signs)):
        for end in range(start + 2, min(start + LONGEST_NOUN, len(signs)) + 1):
            if not all(signs[start:end]):
                break
            places.append((start, end))
            codes.append(crc32("".join(signs[start:end]).encode()))
    if not codes:
        return list(tokens)
    table, wanted = _noun_hashes(), np.array(codes, np.uint32)
    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    crossed, begins, ends = set[int](), dict[int, int](), dict[int, int]()
    for (start, end), known in zip(places, (table[at] == wanted).tolist(), strict=True):
        if known:
            crossed.update(range(start + 1, end))
            begins[start] = end - start
            ends[end - 1] = max(ends.get(end - 1, 0), end - start)
    return [
        replace(one, crossed=at in crossed, begins=begins.get(at, 0), ends=ends.get(at, 0))
        if one.kind == "z"
        else one
        for at, one in enumerate(tokens)
    ]
