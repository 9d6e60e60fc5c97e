"""Deobfuscation of words with hidden, replaced or spaced letters.

`joined` works on a raw text, before it is cleaned: it removes what stands inside words.
`legible` works on a cleaned text. Look-alikes of other scripts, leet and spaced letters are read
as the word of a lexicon that they stand for, and stay as they are where they stand for none.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recsys.text.clean import LONGEST_RAW
from recsys.text.language.function_words import FUNCTION_WORDS

LONGEST_RUN = 200  # letters of a spaced run that are split into words

_IGNORED = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLE = re.compile(rf"(?<=[^\W_])[{_IGNORED}]{{1,64}}(?=[^\W_])")
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_INLINE = re.compile(
    r"(?<=\w)(?:</?(?:b|i|u|s|em|strong|span|font|small|big|wbr|mark|sub|sup)\b[^<>]{0,200}>)+(?=\w)"
    r"|(?<=\w)<!--[^<>]{0,200}-->(?=\w)",
    re.IGNORECASE,
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SMALL = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ"
_ALWAYS = str.maketrans(
    dict(zip(_SMALL, _LETTERS, strict=True))
    | {"ǫ": "q", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʟ": "l", "ı": "i"}
    | {chr(0x1F150 + n): sign for n, sign in enumerate(_LETTERS)}  # white on a black circle
    | {chr(0x1F170 + n): sign for n, sign in enumerate(_LETTERS)}  # white on a black square
    | {chr(0x1F1E6 + n): sign for n, sign in enumerate(_LETTERS)}  # regional indicators
)
_OTHER_SCRIPTS = str.maketrans(
    "аеорсухіѕјԁԛԝһӏкмнтвіαβεικνορτυχηωγ", "aeopcyxisjdqwhlkmhtbiabeiknoptuxnwy"
)
_SIGNS = "$@|+€£¡"
_TOKEN = re.compile(rf"[\w!{_SIGNS}]+")
_ODD = re.compile(rf"[{_SIGNS}\d]|!\w|[^\x00-\x7f]")
_ODD_ASCII = re.compile(r"[$@|+!\d]")  # in an ASCII text that _ODD finds something in
_LEET = [  # 1 and its like are an i or an l
    str.maketrans(
        {"$": "s", "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "+": "t"}
        | {"€": "e", "£": "l", "8": "b", "9": "g", "6": "g"}
        | dict.fromkeys("!1|¡", one)
    )
    for one in "il"
]
_SINGLE = rf"(?:[^\W_]|[{_SIGNS}])"
_BETWEEN = rf"(?:[^\w{_SIGNS}]|_){{1,4}}"
_SPACED = re.compile(rf"(?<![\w{_SIGNS}]){_SINGLE}(?:{_BETWEEN}{_SINGLE}){{2,}}(?![\w{_SIGNS}])")
_SIGNED = re.compile(r"[$@|+]")  # those of _SIGNS that are ASCII
RUN_LEAST = 3  # letters that stand alone, one after the other, may be a word
_THREE = " a a a "
_ALONE_OR_NOT = [  # letters and digits become an a, all else a blank; the signs are either
    {sign: "a" if chr(sign).isalnum() or chr(sign) in signs else " " for sign in range(128)}
    for signs in ("", _SIGNS)
]
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_ALONE = frozenset("aiu")  # letters that are words


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words in lower case: those that tell something, and those that may stand between them."""

    informative: frozenset[str]
    known: frozenset[str]
    longest: int  # letters

    @classmethod
    def of(cls, words: Iterable[str]) -> Lexicon:
        """Return a lexicon of telling words; English function words are known too."""
        informative = frozenset(word for word in words if len(word) > 2 and word.isascii())
        short = frozenset(word for word in FUNCTION_WORDS["en"] if len(word) > 1) | _ALONE
        known = informative | short | {"am", "so", "is", "it", "to", "up", "me", "my", "of"}
        return cls(informative, known, max(map(len, known)))

    def split(self, letters: str) -> list[str]:
        """Return the fewest known words that letters consist of; empty where there are none."""
        best: list[int | None] = [0, *[None] * len(letters)]
        came = [0] * (len(letters) + 1)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self.longest), end):
                before = best[start]
                fewer = before is not None and (best[end] is None or before + 1 < (best[end] or 0))
                if before is not None and fewer and letters[start:end] in self.known:
                    best[end], came[end] = before + 1, start
        if best[-1] is None:
            return []
        parts, end = [], len(letters)
        while end:
            parts.append(letters[came[end] : end])
            end = came[end]
        return parts[::-1]


def joined(text: str) -> str:
    """Return a raw text without invisible signs, inline tags and leftover marks inside words.

    Entities are read first; of a text longer than LONGEST_RAW the rest is left out.
    """
    text = text[:LONGEST_RAW]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _INLINE.sub("", text)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _IGNORABLE.sub("", text)
    return text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKC", text))


def legible(text: str, lexicon: Lexicon, spaced: bool = True) -> str:
    """Return a cleaned text in which disguised words of a lexicon are put plainly.

    `spaced`: `may_be_spaced` of the text, where that is known.
    """
    if not text.isascii():
        text = text.translate(_ALWAYS)
    if spaced:
        text = _SPACED.sub(lambda found: _closed(found[0], lexicon), text)
    if not holds_leet(text):
        return text
    return _TOKEN.sub(lambda found: _plain(found[0], lexicon), text)


def holds_leet(text: str) -> bool:
    """Whether a text holds a digit, sign or foreign letter that may stand for a letter.

    Where it does, `legible` looks at all of its words.
    """
    if text.isascii() and not _ODD_ASCII.search(text):
        return False
    return bool(_ODD.search(text))


def may_be_spaced(text: str) -> bool:
    """Whether a text may hold three letters or digits that stand alone, one after the other.

    A quick look that errs on the side of yes: signs that stand for letters count both as letters
    and as what is between them.
    """
    if not text.isascii():
        return True
    for signs in _ALONE_OR_NOT:
        if _THREE in f" {' '.join(text.translate(signs).split())} ":
            return True
        if not _SIGNED.search(text):
            return False
    return False


def letters_alone(word: str) -> int:
    """Return how many letters or digits of an ASCII word may stand alone, signs read either way.

    A text of such words for which `may_be_spaced` says yes holds `RUN_LEAST` of them.
    """
    if word.isalpha():
        return int(len(word) == 1)
    return max(
        sum(len(run) == 1 for run in word.translate(signs).split()) for signs in _ALONE_OR_NOT
    )


def _closed(run: str, lexicon: Lexicon) -> str:
    letters = re.sub(rf"[^\w{_SIGNS}]|_", "", run)
    if len(letters) > LONGEST_RUN:
        return run
    for one in _readings(letters):
        parts = lexicon.split(one)
        if any(len(part) > 2 for part in parts) and not lexicon.informative.isdisjoint(parts):
            return " ".join(parts)
    return run


def _plain(token: str, lexicon: Lexicon) -> str:
    low = token.lower()
    if low.isascii() and low.isalpha():
        return token
    core = token.rstrip("!|+¡")
    if len(core) < 3 or len(core) > 60 or not any(map(str.isalpha, core)):
        return token
    for one in _readings(core):
        for form in (one, one.strip("_"), _STRETCHED.sub(r"\1", one), _STRETCHED.sub(r"\1\1", one)):
            if form in lexicon.informative:
                return form + token[len(core) :]
    return token


def _readings(word: str) -> Iterator[str]:
    """Yield what a word may stand for, in lower case."""
    low = word.lower()
    yield low
    if not low.isascii():
        low = low.translate(_OTHER_SCRIPTS)
        yield low
        low = "".join(sign for sign in unicodedata.normalize("NFD", low) if sign.isascii())
        yield low
    for table in _LEET:
        yield low.translate(table)
