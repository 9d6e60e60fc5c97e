"""Evidence of an alert: representative texts, distinctive terms and entities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.monitoring.watched_text import WatchedText
from recsys.text.language.stop_words import STOP_WORDS

READ = 300  # texts of a burst that are read, the newest
CENTRAL = 3  # central negative texts, one per author
CLOSE = 0.1  # cosine from which two texts are neighbours
TERMS, ENTITIES = 8, 8
LEAST_AUTHORS = 3  # that use a term: fewer would show who wrote what
_SURE = 10.8  # log-likelihood ratio of one in a thousand
Spread = Callable[[WatchedText], float]  # how far a text has spread


@dataclass(frozen=True, slots=True)
class Findings:
    """What an alert shows besides its figures."""

    texts: tuple[tuple[str, WatchedText], ...]  # role, text
    terms: tuple[str, ...]
    entities: tuple[str, ...]


def findings(
    burst: Sequence[WatchedText], before: Sequence[WatchedText], spread: Spread
) -> Findings:
    """Return the evidence of the texts of a burst, in order of time, against those before it."""
    if not burst:
        return Findings((), (), ())
    negative = [one for one in burst if one.label == 0]
    chosen = [("central", one) for one in central(negative)]
    chosen.append(("first", burst[0]))
    most = max(burst, key=spread)
    if spread(most) > 0:
        chosen.append(("spread", most))
    contrary = max(burst, key=lambda one: float(one.probabilities[2] - one.probabilities[0]))
    if contrary.label == 2:
        chosen.append(("contrary", contrary))
    entities = _telling(
        [(one.author, one.labels["entity"]) for one in burst],
        [(one.author, one.labels["entity"]) for one in before],
        ENTITIES,
    )
    terms = _telling(
        [(one.author, _words(one)) for one in burst],
        [(one.author, _words(one)) for one in before],
        TERMS,
    )
    return Findings(tuple(chosen), terms, entities)


def central(texts: Sequence[WatchedText], n: int = CENTRAL) -> list[WatchedText]:
    """Return the texts most like the others (degree centrality of LexRank), one per author."""
    some = list(texts[-READ:])
    if not some:
        return []
    seen = Counter(token for one in some for token in one.tokens)
    names = {token: at for at, token in enumerate(t for t, count in seen.items() if count > 1)}
    matrix = np.zeros((len(some), max(len(names), 1)), np.float32)
    for row, one in enumerate(some):
        for token in one.tokens:
            if token in names:
                matrix[row, names[token]] = math.log(1 + len(some) / seen[token])
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    degree = (matrix @ matrix.T > CLOSE).sum(axis=1)
    sure = np.array([float(one.probabilities[0]) for one in some])
    found: list[WatchedText] = []
    taken: set[int] = set()
    for row in np.argsort(-(degree + sure), kind="stable").tolist():
        one = some[row]
        if len(found) < n and (one.author == -1 or one.author not in taken):
            found.append(one)
            taken.add(one.author)
    return found


def _words(text: WatchedText) -> Iterable[str]:
    return {
        one for one in text.tokens if len(one) > 1 and not one.isdigit() and one not in STOP_WORDS
    }


def _telling(
    burst: Sequence[tuple[int, Iterable[str]]],
    before: Sequence[tuple[int, Iterable[str]]],
    most: int,
) -> tuple[str, ...]:
    """Return what is said by more authors than before by more than chance (Dunning 1993)."""
    here, there = _by_authors(burst), _by_authors(before)
    found = []
    for name, (texts, authors) in here.items():
        if authors >= LEAST_AUTHORS:
            ratio = _ratio(texts, len(burst), there.get(name, (0, 0))[0], len(before))
            if ratio >= _SURE or not before:
                found.append((-ratio, name))
    return tuple(name for _, name in sorted(found)[:most])


def _by_authors(texts: Sequence[tuple[int, Iterable[str]]]) -> dict[str, tuple[int, int]]:
    counts: Counter[str] = Counter()
    authors: dict[str, set[int]] = {}
    for place, (author, names) in enumerate(texts):
        for name in names:
            counts[name] += 1
            authors.setdefault(name, set()).add(-2 - place if author == -1 else author)
    return {name: (count, len(authors[name])) for name, count in counts.items()}


def _ratio(a: int, n: int, b: int, m: int) -> float:
    """Return the log-likelihood ratio of a in n against b in m; 0 where it is no rarer before."""
    if a * m <= b * n and m:
        return 0.0
    if not m:
        return float(a)
    joint = (a + b) / (n + m)
    return 2 * (_log(a, n, a / n) + _log(b, m, b / m) - _log(a, n, joint) - _log(b, m, joint))


def _log(k: int, n: int, share: float) -> float:
    share = min(max(share, 1e-12), 1 - 1e-12)
    return k * math.log(share) + (n - k) * math.log(1 - share)
