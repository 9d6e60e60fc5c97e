"""WordMemory: plain forms of words met lately, and what the text rules may find in them.

In an ASCII text without markup and without letters that stand alone one after the other, `plain`
changes each word by itself, whatever stands beside it. So the words of such a text are looked up,
and a text of which no word holds anything is through. Fewer than three letters alone are no such
run, so that a text is searched for runs only where its words hold three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from recsys.safety.plain_text import plain, without_runs
from recsys.text.clean import is_plain_ascii
from recsys.text.deobfuscation import RUN_LEAST, holds_leet, letters_alone, may_be_spaced

KEPT = 32_768  # words that are remembered: about 7 MB
LONGEST_TEXT = 8_000  # characters: a longer one holds many words that are new
LONGEST_WORD = 40  # characters of a word that is remembered
MOST_NEW = 64  # words that are learned of one text: one with more is read as a whole
MOST_ODD = 3  # of these, words that have to be read for disguises

# words of which only case and runs of one letter change: no digit, no sign that stands for a letter
_SIMPLE = re.compile(r"(?:[A-Za-z'\",;?()\[\]{}%#\-.:]|!(?!\w))+")
_NOT_SIMPLE = re.compile(r"[a-z][A-Z]|[A-Za-z][.:]+[A-Za-z]")
_WITHOUT_LETTERS = re.compile(r"[^A-Za-z_<&]+")
_ALONE_BY_A_HUMP = re.compile(r"(?<![A-Za-z0-9])[a-z](?=[A-Z][a-z])")  # in aBc
_DIGITS = " 11"  # where a text holds digits, leet is looked for in all of its words

Note = TypeVar("Note")


@dataclass(frozen=True, slots=True)
class Read(Generic[Note]):
    """What the words of a text hold; `plain` is empty where they hold nothing."""

    notes: list[Note]
    plain: str


@dataclass(slots=True)
class _Words(Generic[Note]):
    plain: dict[str, str] = field(default_factory=dict)
    harmless: set[str] = field(default_factory=set)  # of these, those that hold nothing
    alone: dict[str, int] = field(default_factory=dict)  # letters that stand alone, where any do
    quiet: set[str] = field(default_factory=set)  # of these, those that hold nothing else
    notes: dict[str, Note] = field(default_factory=dict)  # of those that hold something
    # the others: words whose plain form their text decides


@dataclass(slots=True)
class WordMemory(Generic[Note]):
    """Words by themselves. Threads may share it."""

    note: Callable[[str], Note | None]  # what a plain form holds; None: nothing
    _words: _Words[Note] = field(default_factory=_Words)

    def read(self, text: str) -> Read[Note] | None:
        """Return what the different words of a text hold; None: it has to be read as a whole."""
        if len(text) > LONGEST_TEXT or not is_plain_ascii(text):
            return None
        words = self._words
        if len(words.plain) > KEPT:
            words = self._words = _Words()  # other threads go on with the old ones
        in_order = text.split()
        different = set(in_order)
        special = different - words.harmless
        if not special:
            return Read([], "")
        new = special.difference(words.plain)
        if new:
            if not self._learned(words, new):
                return None
            special -= words.harmless
        alone = special & words.alone.keys()
        if alone:
            letters = sum(words.alone[word] * in_order.count(word) for word in alone)
            if letters >= RUN_LEAST and may_be_spaced(text):
                return None
            special -= words.quiet
        if not special:
            return Read([], "")
        try:
            notes = [words.notes[word] for word in special]
        except KeyError:
            return None
        return Read(notes, " ".join(filter(None, map(words.plain.__getitem__, in_order))))

    def _learned(self, words: _Words[Note], new: Collection[str]) -> bool:
        """Remember words; False where not all of them could be: they are too many or too long."""
        odd = 0
        for word in islice(new, MOST_NEW):
            if len(word) > LONGEST_WORD:
                return False
            form, dependent = _simple_form(word), False
            if form is None:
                odd += 1
                if odd > MOST_ODD:
                    return False
                form = plain(word)
                dependent = bool(_ALONE_BY_A_HUMP.search(word)) or _depends(word, form)
            note, alone = self.note(form), letters_alone(word)
            if alone:
                words.alone[word] = alone
            if note is not None and not dependent:
                words.notes[word] = note
            # Other threads read meanwhile. The form stands before a word counts as harmless, for
            # then it is looked up; a word with a form and no note lets a text be read as a whole.
            words.plain[word] = form
            if note is None and not dependent:
                (words.quiet if alone else words.harmless).add(word)
        return len(new) <= MOST_NEW


def _simple_form(word: str) -> str | None:
    """Return the plain form of a word that has no disguise; None where it may have one."""
    if word.isalpha() and word[1:].islower():
        return without_runs(word.lower())
    if _SIMPLE.fullmatch(word) and not _NOT_SIMPLE.search(word):
        return without_runs(word.lower())
    return word if _WITHOUT_LETTERS.fullmatch(word) else None


def _depends(word: str, form: str) -> bool:
    """Whether a word has another plain form in a text with digits."""
    return not holds_leet(word) and plain(word + _DIGITS) != (form + _DIGITS).lstrip()
