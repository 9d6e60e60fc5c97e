"""Candidates of a title in a text: its sentences and clauses, with what tells good ones."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.grounding.grounded import MARKUP, sentences
from recsys.grounding.numbers_and_dates import urls
from recsys.grounding.polarity import negations
from recsys.monitoring.text_tokens import is_han, normalized, words
from recsys.text.language.stop_words import STOP_WORDS

LONGEST = 140  # characters of a candidate
SHORTEST = 4
MOST_SENTENCES = 60
_CLAUSE = re.compile(r"(?<=[,;:，；：、])\s*|(?<!\s)\s+[-–—]+\s+|(?<!\s)\s+[()（）]\s*|[()（）]\s*")
_FIRST_PERSON = frozenset("i i'm i've i'd my me we our 我 我们".split())
_PRONOUN = frozenset("he she it they this that these those his her 他 她 它 这 那".split())
_TRIMMED = " \t,;:，；：、-–—()（）*#\"'"
FEATURES = (
    "first",
    "place",
    "share of the text before it",
    "length",
    "length squared",
    "similarity to the text",
    "similarity to the rest",
    "frequent words",
    "question",
    "first person",
    "pronoun",
    "number",
    "clause",
    "first clause",
    "stop words",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part of a text that may be its title."""

    text: str
    sentence: int  # from 0
    is_clause: bool
    is_first_clause: bool


def candidates(text: str) -> list[Candidate]:
    """Return the sentences of a text and their clauses, in order.

    None with a URL, markup or more than LONGEST characters; no clause without a negation that its
    sentence has.
    """
    found: list[Candidate] = []
    for place, sentence in enumerate(sentences(text)[:MOST_SENTENCES]):
        whole = sentence.strip(_TRIMMED).rstrip(".。;；")
        clauses = [part for one in _CLAUSE.split(sentence) if (part := _trimmed(one))]
        if _fits(whole):
            found.append(Candidate(whole, place, False, False))
        if len(clauses) > 1:
            denied = negations(sentence)
            for at, clause in enumerate(clauses):
                if _fits(clause) and negations(clause) == denied:
                    found.append(Candidate(clause, place, True, at == 0))
    return found


def features(text: str, found: list[Candidate]) -> NDArray[np.float64]:
    """Return the features of candidates, (n, len(FEATURES))."""
    parts = [_terms(one) for one in sentences(text)[:MOST_SENTENCES]]
    counts = Counter(term for part in parts for term in set(part))
    n = max(len(parts), 1)
    total = Counter(term for part in parts for term in part)
    idf = {term: math.log1p(n / count) for term, count in counts.items()}
    unknown = math.log1p(n)
    idf.update((t, unknown) for one in found for t in _terms(one.text) if t not in idf)
    length_of_total = _length(total, idf)
    rests: dict[int, tuple[Counter[str], float]] = {}  # by sentence: terms of all others
    rows = []
    for one in found:
        if one.sentence not in rests:
            rest = total.copy()
            rest.subtract(parts[one.sentence])
            rests[one.sentence] = +rest, _length(+rest, idf)
        own = _terms(one.text)
        tokens = _tokens(one.text)
        length = math.log1p(len(tokens))
        frequent = sum(counts[term] > 1 for term in set(own)) / max(len(set(own)), 1)
        stop = sum(word in STOP_WORDS for word in tokens) / max(len(tokens), 1)
        first = tokens[0] if tokens else ""
        rows.append(
            [
                float(one.sentence == 0),
                1 / (1 + one.sentence),
                one.sentence / n,
                length,
                length * length,
                _cosine(Counter(own), total, length_of_total, idf),
                _cosine(Counter(own), *rests[one.sentence], idf),
                frequent,
                float(one.text.endswith(("?", "？"))),
                float(not _FIRST_PERSON.isdisjoint(tokens)),
                float(first in _PRONOUN),
                float(any(sign.isdigit() for sign in one.text)),
                float(one.is_clause),
                float(one.is_first_clause),
                stop,
            ]
        )
    return np.array(rows, np.float64).reshape(len(rows), len(FEATURES))


def _trimmed(text: str) -> str:
    return text.strip(_TRIMMED).rstrip(".。")


def _fits(text: str) -> bool:
    return SHORTEST <= len(text) <= LONGEST and not urls(text) and MARKUP.search(text) is None


def _tokens(text: str) -> list[str]:
    return [
        token for word in words(normalized(text)) for token in (word if is_han(word) else [word])
    ]


def _terms(text: str) -> list[str]:
    found: list[str] = []
    for word in words(normalized(text)):
        if is_han(word):
            found += (word[at : at + 2] for at in range(len(word) - 1))
        elif word not in STOP_WORDS:
            found.append(word)
    return found


def _cosine(
    one: Counter[str], other: Counter[str], length: float, idf: Mapping[str, float]
) -> float:
    """Return the cosine of two bags of terms; `length`: the squared one of `other`.

    The time grows with `one` alone.
    """
    own = _length(one, idf)
    product = sum(one[t] * other[t] * idf[t] ** 2 for t in one)
    return product / math.sqrt(own * length) if own and length else 0.0


def _length(bag: Counter[str], idf: Mapping[str, float]) -> float:
    """Return the squared length of a bag of terms, weighted by their rarity."""
    return sum((count * idf[term]) ** 2 for term, count in bag.items())
