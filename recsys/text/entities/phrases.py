"""Phrase extraction: names and fixed expressions by capitalization and frequency.

Words stand together more often than their frequencies explain (pointwise mutual information), or
are capitalised without need. Runs of Han signs are cut by cohesion and by the
freedom of what stands beside them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from recsys.text.entities.han_phrases import han_phrases
from recsys.text.entities.markup import Mention, Pieces
from recsys.text.language.stop_words import STOP_WORDS

NAME, PHRASE = "name", "phrase"
# at the edge of a phrase these say as little as the stop words of topics
_VAGUE = frozenset(
    "actually ago almost already another anymore available basically best better certain completely"
    " couple different especially favorite favourite figured finally forward getting happy hard"
    " instead interesting later least looking lots matter point probably recently seems several"
    " simply similar soon started start sure talking totally trying usually whole wondering worth"
    " last night week weeks month months day days today tonight".split()
)


@dataclass(frozen=True, slots=True)
class PhraseConfig:
    """What counts as a phrase."""

    least: int = 3  # texts that it stands in
    longest: int = 4  # words
    longest_han: int = 6  # signs
    cohesion: float = 4.0  # bits by which its parts attract each other, at the weakest seam
    capitals: float = 0.8  # share of capitalised uses that makes a name
    most_share: float = 0.1  # of 100 texts and more: what stands in more of them is not informative
    most: int = 20_000  # phrases kept, the most frequent


def find_phrases(texts: Sequence[Pieces], config: PhraseConfig) -> list[Mention]:
    """Return the phrases of some texts, the most frequent first, each spelled as most often."""
    words = Counter(w for text in texts for w in {x.lower() for s in text.segments for x in s})
    counts = _grams(texts, words, config)
    counts.update({w: n for w, n in words.items() if n >= config.least})
    shapes = _Shapes.of(texts, counts, config)
    total = sum(words.values())
    kept = {
        gram: n
        for gram, n in counts.items()
        if _meant(gram.split(" ")) and shapes.accepted(gram, n, counts, total, config)
    }
    kept = _maximal(kept)
    found = [(n, shapes.spelled(gram), shapes.kind(gram, config)) for gram, n in kept.items()]
    found += [(n, run, PHRASE) for run, n in han_phrases(texts, config.least, config.longest_han)]
    most = max(config.most_share * len(texts), config.least) if len(texts) >= 100 else math.inf
    ranked = sorted((-n, name, kind) for n, name, kind in found if n <= most)
    return [Mention(name, kind) for _, name, kind in ranked[: config.most]]


def _grams(texts: Sequence[Pieces], words: Counter[str], config: PhraseConfig) -> Counter[str]:
    """Count the texts of each run of 2 … `longest` words whose shorter runs are frequent too."""
    found: Counter[str] = Counter()
    frequent = {word for word, n in words.items() if n >= config.least}
    for length in range(2, config.longest + 1):
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(_runs(text.segments, length, frequent)))
        frequent = {gram for gram, n in counts.items() if n >= config.least}
        found.update({gram: counts[gram] for gram in frequent})
        if not frequent:
            break
    return found


def _runs(segments: Iterable[Sequence[str]], length: int, frequent: set[str]) -> Iterator[str]:
    for words in segments:
        if len(words) < length:
            continue
        low = [word.lower() for word in words]
        inner = [
            " ".join(low[at : at + length - 1]) in frequent for at in range(len(low) - length + 2)
        ]
        for at in range(len(low) - length + 1):
            if inner[at] and inner[at + 1]:
                yield " ".join(low[at : at + length])


def _meant(words: Sequence[str]) -> bool:
    """Whether a run may be a name: it neither begins nor ends with a word that says nothing."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        owned = first.endswith(("'s", "’s"))  # found without it
        return len(first) > 2 and first[0].isalpha() and not owned and first not in STOP_WORDS
    vague = any(edge in STOP_WORDS or edge in _VAGUE for edge in (first, last))
    return not vague and len(first) > 1 and not last.isdigit()


@dataclass(frozen=True, slots=True)
class _Shapes:
    """How the candidates are written where a capital says something."""

    seen: Counter[str]
    capital: Counter[str]
    surface: dict[str, Counter[str]]

    @classmethod
    def of(cls, texts: Sequence[Pieces], counts: Counter[str], config: PhraseConfig) -> _Shapes:
        found = cls(Counter(), Counter(), {})
        for text in texts:
            informative = text.informative
            for words in text.segments:
                low = [word.lower() for word in words]
                for length in range(1, min(config.longest, len(words)) + 1):
                    for at in range(len(words) - length + 1):
                        gram = " ".join(low[at : at + length])
                        if gram in counts:
                            found._add(gram, words[at : at + length], informative and at > 0)
        return found

    def _add(self, gram: str, words: Sequence[str], tells: bool) -> None:
        self.surface.setdefault(gram, Counter())[" ".join(words)] += 1
        if tells or len(words) > 1:
            self.seen[gram] += 1
            self.capital[gram] += words[0][0].isupper() and words[-1][0].isupper()

    def accepted(
        self, gram: str, n: int, counts: Counter[str], total: int, config: PhraseConfig
    ) -> bool:
        if " " not in gram:
            named = self.kind(gram, config) == NAME
            return self.seen[gram] >= config.least and named
        return _cohesion(gram, n, counts, total) >= config.cohesion

    def kind(self, gram: str, config: PhraseConfig) -> str:
        seen = self.seen[gram]
        return NAME if seen and self.capital[gram] >= config.capitals * seen else PHRASE

    def spelled(self, gram: str) -> str:
        return min(self.surface[gram].items(), key=lambda pair: (-pair[1], pair[0]))[0]


def _cohesion(gram: str, n: int, counts: Counter[str], total: int) -> float:
    """Return the least mutual information, in bits, over the seams of a run of words."""
    words = gram.split(" ")
    found = math.inf
    for seam in range(1, len(words)):
        left, right = counts[" ".join(words[:seam])], counts[" ".join(words[seam:])]
        found = min(found, math.log2(n * total / max(left * right, 1)))
    return found


def _maximal(kept: dict[str, int]) -> dict[str, int]:
    """Drop what hardly occurs outside of a longer phrase: “harry” of “harry potter”."""
    inside: dict[str, int] = {}
    for gram, n in kept.items():
        words = gram.split(" ")
        for length in range(1, len(words)):
            for at in range(len(words) - length + 1):
                part = " ".join(words[at : at + length])
                inside[part] = max(inside.get(part, 0), n)
    return {gram: n for gram, n in kept.items() if n >= 1.25 * inside.get(gram, 0)}
