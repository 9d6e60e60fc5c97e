"""Answers of help texts to questions: a passage with its title and link, or none.

texts = HelpTexts(home)
answer = texts.find_passages("How do I change my password?", "en")
answer.known, answer.passages
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from recsys.errors import DataError
from recsys.help.help_index_storage import current_folder, read_help, read_passage
from recsys.help.passage import Passage
from recsys.help.passage_index import PassageIndex
from recsys.help.same_question import TermWeights, is_negated, is_same, numbers_of
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import Student

LEAST_SIMILARITY = 0.33  # of an answer; chosen on half of faq-covid, see RESULTS.md
LEAST_COVERAGE = 0.1  # of a question's weight, stop words left out; chosen on the same half
SAME_LANGUAGE = 0.05  # added to the similarity of passages in the language of the question
NEAR = 0.6  # of the best similarity, which a contradicting passage has at least
MOST = 3  # passages of an answer
LONGEST_QUESTION = 2_000  # characters
_LOOK = 1.0  # seconds between looks whether other help texts are in use

log = logging.getLogger("recsys")


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that answers a question."""

    passage: Passage
    similarity: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class HelpAnswer:
    """The passages that answer a question, the best first; empty where nothing is known.

    More than one where they contradict each other: all are to be shown, with their titles.
    """

    passages: tuple[FoundPassage, ...] = ()
    loaded: bool = True  # whether there are help texts at all

    @property
    def known(self) -> bool:
        """Whether there is an answer."""
        return bool(self.passages)

    @property
    def contradicts(self) -> bool:
        """Whether the passages contradict each other."""
        return len(self.passages) > 1


class HelpTexts:
    """The help texts of one home; follows what `recsys help ingest` puts into use."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._looked = 0.0
        self._folder: Path | None = None
        self._index: PassageIndex | None = None
        self._refused: Path | None = None  # a folder that could not be read, logged once

    def find_passages(self, question: str, language: str = "") -> HelpAnswer:
        """Return what answers a question, written in a language (ISO 639-1; empty: undecided).

        A question of more than LONGEST_QUESTION characters is cut there.
        """
        folder, index = self._current()
        if folder is None or index is None:
            return HelpAnswer(loaded=False)
        similarities = index.similarities(question[:LONGEST_QUESTION])
        coverage = index.content_coverage(question[:LONGEST_QUESTION])
        order = np.argsort(-similarities, kind="stable")[: 4 * MOST].tolist()
        ends = index.arrays["line_ends"]
        found = []
        for number in order:
            if similarities[number] < LEAST_SIMILARITY:
                break
            if coverage[number] < LEAST_COVERAGE:  # alike by "how do I …" alone
                continue
            passage = read_passage(folder, ends, number)
            found.append(FoundPassage(passage, float(similarities[number])))
        if language:
            found.sort(
                key=lambda one: (
                    -one.similarity - SAME_LANGUAGE * (one.passage.language == language[:2])
                )
            )
        return HelpAnswer(tuple(_with_contradictions(found)))

    def __len__(self) -> int:
        index = self._current()[1]
        return 0 if index is None else len(index)

    def _current(self) -> tuple[Path | None, PassageIndex | None]:
        with self._lock:
            now = time.monotonic()
            if now - self._looked >= _LOOK or not self._looked:
                self._looked = now
                self._take()
            return self._folder, self._index

    def _take(self) -> None:
        """Take the help texts in use; where they cannot be read, the ones before stay."""
        folder: Path | None = None
        try:
            folder = current_folder(self._home)
            if folder is None:
                self._folder = self._index = None
            elif folder not in (self._folder, self._refused):
                terms, arrays = read_help(folder)
                self._folder, self._index = folder, PassageIndex(terms, arrays, shared_vectors())
        except DataError as error:
            log.error("the help texts cannot be used: %s", error)
            self._refused = folder


@cache
def shared_vectors() -> Student:
    """Return the word vectors of the package, read once per process."""
    return packaged_word_vectors()


def find_passages(home: Path, question: str, language: str = "") -> HelpAnswer:
    """Return what the help texts of a home answer to a question; see HelpTexts."""
    return HelpTexts(home).find_passages(question, language)


def _with_contradictions(found: list[FoundPassage]) -> list[FoundPassage]:
    """Return the first passage, and those that answer the same question in another way."""
    if not found:
        return []
    first, weights = found[0], TermWeights.of(one.passage.title for one in found)
    kept = [first]
    for one in found[1:]:
        near = one.similarity >= NEAR * first.similarity
        other = one.passage.link != first.passage.link or one.passage.title != first.passage.title
        if near and other and is_same(first.passage.title, one.passage.title, weights):
            if contradicting(first.passage.text, one.passage.text):
                kept.append(one)
    return kept[:MOST]


def contradicting(one: str, other: str) -> bool:
    """Whether two answers to the same question differ in their numbers or in being negated."""
    return numbers_of(one) != numbers_of(other) or is_negated(one) != is_negated(other)
