"""Candidate labels of topics: nouns and noun phrases of each topic's texts.

English nouns are recognised by the words around them, German nouns by their capitals, Chinese
nouns by a word list, and nouns of texts without a known language by the English one. In other
languages only names written with capitals are candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Rows
from recsys.text.entities.han_phrases import han_phrases
from recsys.text.entities.markup import Pieces, pieces
from recsys.text.language.detect import detect
from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.generic_words import GENERIC_WORDS
from recsys.text.language.nouns import chinese_noun, chinese_word, english_noun
from recsys.text.language.stop_words import STOP_WORDS

READ = 40_000  # texts that are read, evenly over all
JUDGED = 200  # texts of a topic that decide its language
HAN_LONGEST = 6  # signs of a Chinese phrase
FEWEST_USES = 5  # uses between function words from which the position of a word decides
NOUN_SHARE = 0.6  # of these uses that must be those of a noun
HEAD_SHARE = 0.45  # of all uses that must end a noun phrase; else the word modifies others
NAME_SHARE = 0.18  # the same for a name, which may modify others: Gaza Strip
CAPITAL_SHARE = 0.8  # of uses inside sentences that are capitalised, from which a word is a name
LONGER = 0.5  # share of a word's texts in which a phrase holds it, to stand for the word
WHOLE = 0.7  # share of a phrase's uses beside one and the same word, which then belongs to it
LONGEST = 4  # words of a phrase
ALONE = 0.2  # share of a Chinese name's texts that have it outside of longer names

_BEFORE_NOUN = frozenset(
    "the a an this that these those my your his her its our their of in for on with from about "
    "between no some any every each all more most many less fewer new by at into against than "
    "without under over via per".split()
)
_BEFORE_VERB = frozenset(
    "i you he she it we they who will would can could should must may might shall don't doesn't "
    "didn't won't can't not never always just to be is are was were been am i'm it's that's i've "
    "you're we're they're he's she's so very too really have has had which what how".split()
)


@dataclass(frozen=True, slots=True)
class Term:
    """A candidate for the name of a topic."""

    name: str  # as it is written most often
    topic: int
    held: int  # texts of the topic that have it
    rows: frozenset[int]  # all texts that have it
    han: bool = False


def language_of(texts: Sequence[str]) -> str:
    """Return the most frequent language of some texts by its code; empty where none is known."""
    step = max(len(texts) // JUDGED, 1)
    found = Counter(detect(text).code for text in texts[::step][:JUDGED])
    found.pop("", None)
    return found.most_common(1)[0][0] if found else ""


def terms(
    texts: Sequence[str], members: Rows, count: int, fewest: int, covered: float, covered_han: float
) -> tuple[list[list[Term]], list[str], Rows]:
    """Return the terms of each topic, the language of each, and the rows of texts that were read.

    `members`: the topic of each text, -1: none. A term stands in at least `fewest` texts of the
    topic and in a share of at least `covered` of those that were read; Chinese texts are short,
    and `covered_han` holds for their terms.
    """
    read = np.flatnonzero(members >= 0)
    read = read[:: max(-(-len(read) // READ), 1)]
    sizes = np.bincount(members[read], minlength=count)
    by_topic = [read[members[read] == topic].tolist() for topic in range(count)]
    languages = [language_of([texts[row] for row in rows]) for rows in by_topic]
    cut = {row: pieces(texts[row]) for row in read.tolist()}
    least = [max(fewest, covered * size) for size in sizes.tolist()]
    least_han = [max(fewest, covered_han * size) for size in sizes.tolist()]
    found: list[list[Term]] = [[] for _ in range(count)]
    for one in (*_words(cut, members, least, languages), *_han(cut, members, least_han)):
        found[one.topic].append(one)
    return found, languages, read.astype(np.int32)


def _words(
    cut: Mapping[int, Pieces], members: Rows, least: Sequence[float], languages: Sequence[str]
) -> Iterator[Term]:
    rows_of: dict[str, set[int]] = {}
    for row, text in cut.items():
        for word in {word.lower() for segment in text.segments for word in segment}:
            if len(word) > 2 and word[0].isalpha() and word not in STOP_WORDS:
                rows_of.setdefault(word, set()).add(row)
    uses: dict[int, list[str]] = {}
    for word, rows in rows_of.items():
        topic, held = _home(rows, members)
        if topic >= 0 and held >= least[topic]:
            uses.setdefault(topic, []).append(word)
    for topic, words in uses.items():
        inside = [row for row in cut if members[row] == topic]
        seen = _Uses.of([cut[row] for row in inside], words)
        phrases = _phrases(cut, rows_of, words, languages[topic])
        yielded: set[str] = set()
        for word in words:
            own = rows_of[word]
            held = sum(int(members[row]) == topic for row in own)
            longer = max(
                (
                    (sum(int(members[row]) == topic for row in rows), phrase)
                    for phrase, rows in phrases.items()
                    if word in phrase.split(" ")
                ),
                default=(0, ""),
            )
            if longer[0] >= LONGER * held:
                rows = phrases[longer[1]]
                whole = _whole([cut[row] for row in rows], longer[1], languages[topic])
                if whole not in yielded:
                    yielded.add(whole)
                    name = _written(cut, whole, inside)
                    yield Term(name, topic, longer[0], frozenset(rows))
            elif word not in GENERIC_WORDS and seen.noun(word, languages[topic]):
                yield Term(seen.spelled(word), topic, held, frozenset(own))


def _home(rows: set[int], members: Rows) -> tuple[int, int]:
    """Return the topic that most of some texts belong to, and how many."""
    found = Counter(int(members[row]) for row in rows)
    found.pop(-1, None)
    return found.most_common(1)[0] if found else (-1, 0)


def _phrases(
    cut: Mapping[int, Pieces],
    rows_of: Mapping[str, set[int]],
    words: Sequence[str],
    language: str,
) -> dict[str, set[int]]:
    """Return pairs of words that hold one of `words`, with the texts that have them."""
    vocabulary, found = set(words), dict[str, set[int]]()
    empty = STOP_WORDS | FUNCTION_WORDS.get(language, frozenset())
    for row in set().union(*(rows_of[word] for word in words)):
        for segment in cut[row].segments:
            low = [word.lower() for word in segment]
            for pair in zip(low, low[1:], strict=False):
                if vocabulary.intersection(pair) and not empty.intersection(pair):
                    found.setdefault(" ".join(pair), set()).add(row)
    return {
        phrase: rows
        for phrase, rows in found.items()
        if all(part[0].isalpha() and len(part) > 1 for part in phrase.split(" "))
        and not GENERIC_WORDS.intersection(phrase.split(" "))
        and _ends_well(phrase.split(" ")[-1], language)
    }


def _ends_well(word: str, language: str) -> bool:
    """Return whether a phrase may end with a word: in English with a noun or an unlisted word."""
    listed = english_noun(word) if language == "en" else None
    return bool(listed) if listed is not None else len(word) > 3


def _whole(texts: Sequence[Pieces], phrase: str, language: str) -> str:
    """Return a phrase with the words that nearly always stand before or after it."""
    empty = STOP_WORDS | FUNCTION_WORDS.get(language, frozenset())
    while phrase.count(" ") + 1 < LONGEST:
        length = phrase.count(" ") + 1
        before, after, uses = Counter[str](), Counter[str](), 0
        for text in texts:
            for segment in text.segments:
                low = [word.lower() for word in segment]
                for at in range(len(low) - length + 1):
                    if " ".join(low[at : at + length]) == phrase:
                        uses += 1
                        before.update(low[max(at - 1, 0) : at])
                        after.update(low[at + length : at + length + 1])
        for side, form in ((after, "{0} {1}"), (before, "{1} {0}")):
            word, count = side.most_common(1)[0] if side else ("", 0)
            if count >= WHOLE * uses and (word not in empty or (word == "new" and side is before)):
                phrase = form.format(phrase, word)
                break
        else:
            return phrase
    return phrase


def _written(cut: Mapping[int, Pieces], phrase: str, rows: Sequence[int]) -> str:
    """Return a phrase as it is written most often."""
    length, found = phrase.count(" ") + 1, Counter[str]()
    for row in rows:
        for segment in cut[row].segments:
            for at in range(len(segment) - length + 1):
                run = " ".join(segment[at : at + length])
                if run.lower() == phrase:
                    found[run] += 1
    return found.most_common(1)[0][0] if found else phrase


@dataclass(frozen=True, slots=True)
class _Uses:
    """How some words are used in some texts: counts by word."""

    spelling: Mapping[str, Counter[str]]
    noun_before: Counter[str]  # uses after an article, a preposition or the like
    verb_before: Counter[str]  # uses after a pronoun, an auxiliary or the like
    ends: Counter[str]  # uses before a function word or the end of a segment
    total: Counter[str]
    inner: Counter[str]  # uses inside segments of texts where a capital says something
    capital: Counter[str]  # those of them with a capital

    @classmethod
    def of(cls, texts: Sequence[Pieces], words: Sequence[str]) -> _Uses:
        vocabulary = set(words)
        found = cls({w: Counter() for w in words}, *(Counter[str]() for _ in range(6)))
        for text in texts:
            informative = text.informative
            for segment in text.segments:
                low = [word.lower().replace("’", "'") for word in segment]
                for at, word in enumerate(low):
                    if word in vocabulary:
                        found._add(segment, low, at, informative)
        return found

    def _add(self, segment: Sequence[str], low: Sequence[str], at: int, informative: bool) -> None:
        word = low[at]
        self.total[word] += 1
        after = low[at + 1] if at + 1 < len(low) else ""
        self.ends[word] += not after or after in STOP_WORDS
        before = low[at - 1] if at else ""
        self.noun_before[word] += before in _BEFORE_NOUN
        self.verb_before[word] += before in _BEFORE_VERB
        if at:
            self.inner[word] += 1
            self.capital[word] += segment[at][0].isupper()
        if informative or at:
            self.spelling[word][segment[at]] += 1

    def noun(self, word: str, language: str) -> bool:
        """Return whether a word is used as a noun or a name, as far as its language shows it."""
        name = self.inner[word] and self.capital[word] >= CAPITAL_SHARE * self.inner[word]
        if language == "zh":
            return True  # a foreign word between Han signs is a name
        if language not in ("en", ""):
            return bool(name)
        if (listed := english_noun(word)) is not None:
            return listed
        if not language:  # mere titles: the words around decide nothing
            return False
        if name:
            return self.ends[word] >= NAME_SHARE * self.total[word]
        placed = self.noun_before[word] + self.verb_before[word]
        placed_well = placed >= FEWEST_USES and self.noun_before[word] >= NOUN_SHARE * placed
        return placed_well and self.ends[word] >= HEAD_SHARE * self.total[word]

    def spelled(self, word: str) -> str:
        """Return a word as it is written most often."""
        found = self.spelling[word]
        return min(found.items(), key=lambda pair: (-pair[1], pair[0]))[0] if found else word


def _han(cut: Mapping[int, Pieces], members: Rows, least: Sequence[float]) -> Iterator[Term]:
    """Yield Chinese nouns and phrases of nouns with their texts: whole, never parts of words."""
    texts = {row: text for row, text in cut.items() if text.runs}
    found = han_phrases(list(texts.values()), 5, HAN_LONGEST)
    known = {name for name, _ in found if name not in GENERIC_WORDS and chinese_noun(name)}
    whole: dict[str, set[int]] = {}  # by name, texts where no longer name holds it
    parts: dict[str, set[int]] = {}  # texts where it ends a longer name
    for row, text in texts.items():
        for run in text.runs:
            for name, longer in _matches(run, known):
                if not longer:
                    whole.setdefault(name, set()).add(row)
                elif longer.endswith(name):
                    parts.setdefault(name, set()).add(row)
    for name, own in whole.items():
        rows = own | parts.get(name, set())
        topic, held = _home(rows, members)
        if topic >= 0 and held >= least[topic] and len(own) >= ALONE * len(rows):
            yield Term(name, topic, held, frozenset(rows), True)


def _matches(run: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each known name in a run of Han signs, and the longer word that it lies in, if any.

    Names that are compounds of listed nouns are no longer words: both of their nouns count.
    """
    found = [
        (at, at + length)
        for length in range(HAN_LONGEST, 1, -1)
        for at in range(len(run) - length + 1)
        if run[at : at + length] in known
    ]
    for at, end in found:
        around = [run[a:e] for a, e in found if a <= at and end <= e and e - a > end - at]
        yield run[at:end], next(filter(chinese_word, around), "")
