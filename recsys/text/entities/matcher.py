"""Matcher: finds known names in a text, longest first, without overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recsys.text.clean import clean
from recsys.text.entities.markup import DOMAIN, HASHTAG, MENTION, Pieces, pieces

_MARKS = (HASHTAG, MENTION, DOMAIN)
_SHORT = 4  # letters; a name of capitals alone up to this long ("US") is found in capitals only


@dataclass(frozen=True, slots=True)
class Matcher:
    """Names by how they are found: words in a row, signs in a run, or anywhere in a text."""

    by_key: Mapping[str, int]  # every spelling, casefolded
    words: Mapping[str, int]  # words in lower case, joined by spaces
    surfaces: Mapping[str, str]  # of single words that must be capitalised: how they are written
    runs: Mapping[str, int]  # runs of Han signs
    anywhere: Mapping[str, int]  # what mixes scripts or signs
    most_words: Mapping[str, int]  # of the names that begin with a word, in lower case
    most_signs: int

    @classmethod
    def of(cls, surfaces: Iterable[tuple[str, int]], kinds: Sequence[str]) -> Matcher:
        """Return a matcher of (spelling, code); an earlier one wins."""
        by_key: dict[str, int] = {}
        words: dict[str, int] = {}
        exact: dict[str, str] = {}
        runs: dict[str, int] = {}
        anywhere: dict[str, int] = {}
        for surface, code in surfaces:
            by_key.setdefault(surface.casefold(), code)
            if kinds[code] in _MARKS:
                continue
            cut = pieces(surface)
            flat = [word for segment in cut.segments for word in segment]
            if flat and " ".join(flat) == surface:
                key = surface.lower()
                if words.setdefault(key, code) == code and len(flat) == 1 and _proper(flat[0]):
                    exact[key] = flat[0]
            elif cut.runs == (surface,):
                runs.setdefault(cut.runs[0], code)
            else:
                anywhere.setdefault(surface.casefold(), code)
        most_words: dict[str, int] = {}
        for key in words:
            first, length = key.split(" ", 1)[0], key.count(" ") + 1
            most_words[first] = max(most_words.get(first, 0), length)
        return cls(by_key, words, exact, runs, anywhere, most_words, max(map(len, runs), default=0))

    def known(self, key: str) -> int | None:
        """Return the code of a name by its casefolded spelling."""
        return self.by_key.get(key)

    def codes(self, cut: Pieces, text: str) -> list[int]:
        """Return the distinct codes of the names in a text, in the order they stand in."""
        found = [*self._in_words(cut), *self._in_runs(cut)]
        if self.anywhere:
            plain = clean(text).casefold()
            found += [code for key, code in self.anywhere.items() if _stands(key, plain)]
        return list(dict.fromkeys(found))

    def _in_words(self, cut: Pieces) -> Iterator[int]:
        flat = [word for segment in cut.segments for word in segment]
        low, at = [word.lower() for word in flat], 0
        while at < len(flat):
            step = 1
            most = self.most_words.get(low[at], 0) or self.most_words.get(_owner(low[at]), 0)
            for length in range(min(most, len(flat) - at), 0, -1):
                key = _owner(low[at]) if length == 1 else " ".join(low[at : at + length])
                code = self.words.get(key)
                if code is not None and (length > 1 or self._written(key, _owner(flat[at]))):
                    yield code
                    step = length
                    break
            at += step

    def _written(self, key: str, word: str) -> bool:
        surface = self.surfaces.get(key)
        if surface is None:
            return True
        if len(surface) <= _SHORT and surface.isupper():
            return word == surface
        return word[0].isupper()

    def _in_runs(self, cut: Pieces) -> Iterator[int]:
        for run in cut.runs if self.runs else ():
            at = 0
            while at < len(run):
                step = 1
                for length in range(min(self.most_signs, len(run) - at), 0, -1):
                    code = self.runs.get(run[at : at + length])
                    if code is not None:
                        yield code
                        step = length
                        break
                at += step


def _stands(key: str, plain: str) -> bool:
    """Whether a name stands in a text, and not inside of a longer word."""
    at = plain.find(key)
    if at < 0:
        return False
    before, after = plain[at - 1 : at], plain[at + len(key) : at + len(key) + 1]
    joined = (before + key[0]).isalnum() and before, (key[-1] + after).isalnum() and after
    return not any(joined) or not key.isascii()


def _owner(word: str) -> str:
    """Return a word without an English genitive."""
    return word[:-2] if word[-2:] in ("'s", "’s") and len(word) > 2 else word


def _proper(word: str) -> bool:
    return word[0].isupper()
