"""PhraseIndex: items of a live state by word or phrase, cached per phrase.

A new phrase costs one pass over the catalogue's documents in compiled code (RE2, linear, outside of
the interpreter lock), however many phrases are new at once; what the pass finds is then read
exactly. Posted items are read on request. Letter case does not count. Where a phrase
begins or ends with a sign of a script that parts words by spaces, a word must begin or end there;
Chinese, Japanese and Thai signs match anywhere.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.array_types import Rows
from recsys.data.records import Item
from recsys.serving.catalogue import Catalogue

KEPT = 20_000_000  # rows of all phrases together, four bytes each; the phrases requested last stay
MOST = 20_000  # phrases that are kept; each is sought again in the next bundle
PASS = 100  # phrases sought in one pass: more would not fit into one automaton
_UNSPACED = (  # ranges of scripts that do not part words
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# where an ASCII word begins in JSON text; RE2 knows no other words, and classes cost it minutes
_BEFORE = r"(?:\b|\\[nrtbf]|\\u00[0-9a-f]{2})"
_ASCII_WORD = re.compile(r"[A-Za-z0-9_]")
_BLANK = re.compile(r"\s+")
_GAP = r"(?:[\s\x{a0}\x{2000}-\x{200b}\x{3000}]|\\[nrtbf]|\\u00[0-9a-f]{2})+"  # in JSON text


def normal(text: str) -> str:
    """Return a text to be searched: compatible forms made one, no case, single spaces."""
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


@cache
def _word() -> re.Pattern[str]:
    """Return what matches a sign of a word with spaces around it: letter, digit, mark or _."""
    marks = [chr(c) for c in range(0x300, 0x10000) if unicodedata.category(chr(c))[0] == "M"]
    return re.compile(f"(?![{_UNSPACED}])[\\w{''.join(marks)}]")


@lru_cache(maxsize=4096)
def pattern(phrase: str) -> re.Pattern[str]:
    """Return what finds a phrase in a normal text."""
    own, word = normal(phrase), _word()
    before = f"(?<!{word.pattern})" if word.match(own) else ""
    after = f"(?!{word.pattern})" if word.match(own[-1:]) else ""
    return re.compile(before + re.escape(own) + after, re.DOTALL)


def text_of(title: object, text: object, tags: Iterable[object]) -> str:
    """Return the words of an item in the form that patterns are searched in."""
    return normal("\n".join([str(title), str(text), *map(str, tags)]))


@dataclass(slots=True)
class _Found:
    rows: NDArray[np.int32]
    upto: int  # rows that were read


class PhraseIndex:
    """The rows that hold phrases; any thread may ask."""

    def __init__(self, catalogue: Catalogue, posted: Sequence[Item]) -> None:
        self._catalogue, self._posted = catalogue, posted
        self._texts: list[str] = []  # of posted items, as far as they were read
        self._found: OrderedDict[str, _Found] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, phrases: Sequence[str]) -> Rows:
        """Return the rows of the items that hold any of some phrases, each once, ascending."""
        normalized = list(dict.fromkeys(map(normal, phrases)))
        with self._lock:
            new = [one for one in normalized if one not in self._found]
            for start in range(0, len(new), PASS):
                self._search(new[start : start + PASS])
                request_cpu_budget.check("the search for phrases")
            for one in normalized:
                self._follow(one)
            parts = [self._found[one].rows for one in normalized]
            self._make_room(len(normalized))
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int32)

    def phrases(self) -> list[str]:
        """Return the phrases that are kept, so that the next index can be made ready for them."""
        with self._lock:
            return list(self._found)

    def _search(self, phrases: Sequence[str]) -> None:
        base = len(self._catalogue)
        hits: dict[str, list[int]] = {one: [] for one in phrases}
        for row in _candidates(self._catalogue, phrases).tolist():
            known = self._catalogue.document(row)
            tags = known.get("tags")
            text = text_of(
                known.get("title", ""),
                known.get("text", ""),
                tags if isinstance(tags, list) else [],
            )
            for one in phrases:
                if pattern(one).search(text):
                    hits[one].append(row)
        for one, rows in hits.items():
            self._found[one] = _Found(np.array(rows, np.int32), base)

    def _follow(self, phrase: str) -> None:
        """Read the items that were posted since a phrase was requested last."""
        base, found = len(self._catalogue), self._found[phrase]
        self._found.move_to_end(phrase)
        for item in self._posted[len(self._texts) :]:
            self._texts.append(text_of(item.title, item.text, item.tags))
        own = pattern(phrase)
        added = [
            base + place
            for place, text in enumerate(self._texts[found.upto - base :], found.upto - base)
            if own.search(text)
        ]
        if added:
            found.rows = np.concatenate([found.rows, np.array(added, np.int32)])
        found.upto = base + len(self._texts)

    def _make_room(self, requested: int) -> None:
        total = sum([len(one.rows) for one in self._found.values()])
        while (total > KEPT or len(self._found) > MOST) and len(self._found) > requested:
            _, dropped = self._found.popitem(last=False)
            total -= len(dropped.rows)


def _candidates(catalogue: Catalogue, phrases: Sequence[str]) -> Rows:
    """Return the rows whose document may hold one of some phrases, and maybe some more."""
    if not len(catalogue) or not len(catalogue.documents):
        return np.zeros(0, np.int32)
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pa.py_buffer(np.ascontiguousarray(catalogue.document_ends, np.int64))
    texts = pa.py_buffer(np.ascontiguousarray(catalogue.documents))
    # as bytes: ids and titles may hold half signs, which are no valid UTF-8
    column = pa.Array.from_buffers(pa.large_string(), len(catalogue), [None, ends, texts])
    sought = "|".join(map(_loose, phrases))
    found = pc.match_substring_regex(column, f"(?:{sought})", ignore_case=True)
    rows: Rows = np.flatnonzero(found.to_numpy(zero_copy_only=False)).astype(np.int32)
    return rows


def _loose(phrase: str) -> str:
    """Return an RE2 pattern for a phrase in JSON text: composed or not, wide or not, any blanks."""
    words = phrase.split(" ")
    own = _GAP.join("".join(map(_sign, word)) for word in words)
    before = _BEFORE if _ASCII_WORD.match(phrase) else ""
    after = r"\b" if _ASCII_WORD.match(phrase[-1:]) else ""
    wide = _GAP.join("".join(_sign(_wide(sign)) for sign in word) for word in words)
    found = before + own + after
    return found if wide == own else f"{found}|{wide}"


def _wide(sign: str) -> str:
    return chr(ord(sign) + 0xFEE0) if 0x21 <= ord(sign) <= 0x7E else sign


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str:
    """Return a pattern for the forms of one sign; most of case is left to RE2."""
    forms = {sign, sign.upper(), unicodedata.normalize("NFD", sign)}
    escaped = {re.escape(json.dumps(form, ensure_ascii=False)[1:-1]) for form in forms}
    if sign.isascii() and sign.isalpha():
        return sign
    return "(?:" + "|".join(sorted(escaped)) + ")" if len(escaped) > 1 else escaped.pop()
