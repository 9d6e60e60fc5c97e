"""Lexicon: valences of words of a language, for texts that the sentiment model cannot score.

A file of language, term and valence (-4 to 4, or `not` for words that turn the next one round). In
languages written without blanks the longest term found at each sign counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recsys.errors import DataError
from recsys.text.clean import clean

WIDEST = 4.0  # valence
TURN = "not"
TURNED = -0.75  # what a negation makes of a valence
REACH = 2  # words, or three signs, after a negation that it turns
HALF = 15.0  # what the squared sum is set against, as VADER does (Hutto and Gilbert 2014)
LONGEST_READ = 4_000
NO_BLANKS = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


@dataclass(frozen=True)
class Lexicon:
    """Terms of one language with their valences; `None` marks a negation."""

    language: str
    valences: Mapping[str, float | None]

    @cached_property
    def _longest(self) -> int:
        return max((len(self._units(term)) for term in self.valences), default=1)

    def _units(self, text: str) -> list[str]:
        return list(text) if self.language in NO_BLANKS else _WORD.findall(text)

    def score(self, text: str) -> float | None:
        """Return the tone of a text, -1 to 1; None where no term is found."""
        units = self._units(clean(text[: 2 * LONGEST_READ])[:LONGEST_READ].lower())
        glue = "" if self.language in NO_BLANKS else " "
        scope = REACH + (not glue)
        total, found, turned, at = 0.0, False, -1, 0
        while at < len(units):
            term, length = self._term(units, at, glue)
            if length and (valence := self.valences[term]) is not None:
                total += valence * (TURNED if at <= turned else 1.0)
                found, turned = True, -1
            elif length:
                turned = at + length - 1 + scope
            at += max(length, 1)
        return total / math.sqrt(total * total + HALF) if found else None

    def _term(self, units: list[str], at: int, glue: str) -> tuple[str, int]:
        for length in range(min(self._longest, len(units) - at), 0, -1):
            term = glue.join(units[at : at + length])
            if term in self.valences:
                return term, length
        return "", 0


def read_lexicon(path: Path) -> dict[str, Lexicon]:
    """Read a file of language, term, valence; DataError names the first row that is wrong."""
    from recsys.data.header_naming import Shape  # these here: a worker reads no files
    from recsys.data.reading_report import Broken
    from recsys.data.record_reader import read_records

    found: dict[str, dict[str, float | None]] = {}
    for line, record in read_records(path, Shape.needing("language", "term", "valence")):
        if isinstance(record, Broken):
            raise DataError(f"{path}:{line}: {record.reason}")
        language = str(record["language"] or "").strip().lower()
        term = clean(str(record["term"] or "")).lower()
        if not language or not term:
            raise DataError(f"{path}:{line}: language and term must not be empty")
        found.setdefault(language, {})[term] = _valence(record["valence"], f"{path}:{line}")
    if not found:
        raise DataError(f"{path}: no row")
    return {language: Lexicon(language, terms) for language, terms in found.items()}


def _valence(raw: object, place: str) -> float | None:
    text = str(raw if raw is not None else "").strip().lower()
    if text == TURN:
        return None
    try:
        valence = float(text)
    except ValueError:
        valence = math.nan
    if not -WIDEST <= valence <= WIDEST:
        raise DataError(f"{place}: valence {raw!r} is neither a number from -4 to 4 nor {TURN!r}")
    return valence
