"""Names of detected events: their main terms as they are written, joined to phrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from recsys.monitoring.event_detection.terms import terms

PHRASES = 3  # of a name
TOGETHER = 0.5  # of the texts with the rarer of two terms have both side by side: one phrase


def event_name(main: Sequence[str], texts: Sequence[str]) -> str:
    """Return a name made of main terms, the best first, as texts of the event write them.

    Empty without terms.
    """
    known = set(main)
    written: dict[str, Counter[str]] = {term: Counter() for term in main}
    count: Counter[str] = Counter()
    beside: Counter[tuple[str, str]] = Counter()
    for text in texts:
        found = terms(text)
        for term, own in found:
            if term in known:
                written[term][own] += 1
                count[term] += 1
        for (left, _), (right, _) in pairwise(found):
            if left in known and right in known:
                beside[left, right] += 1
    phrases: list[list[str]] = []
    used: set[str] = set()
    for term in main:
        if term in used:
            continue
        phrase = [term]
        for (left, right), both in beside.most_common():
            near = both >= TOGETHER * max(min(count[left], count[right]), 1)
            if near and both > 1 and left == phrase[-1] and right not in used | set(phrase):
                phrase.append(right)
            elif near and both > 1 and right == phrase[0] and left not in used | set(phrase):
                phrase.insert(0, left)
        phrases.append(phrase[:3])
        used.update(phrases[-1])
        if len(phrases) == PHRASES:
            break

    def form(term: str) -> str:
        common = written[term].most_common(1)
        return common[0][0] if common else term

    return ", ".join(" ".join(map(form, phrase)) for phrase in phrases)
