"""Post: a text of a stream as event detection sees it, and what several of them have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from recsys.monitoring.event_detection.event_term_profile import TermProfile


@dataclass(frozen=True, slots=True)
class Post:
    """A text as the detector sees it."""

    source: int  # as in the store: 0 item, 1 comment
    ref: int
    at: float  # Unix seconds
    author: int  # -1: unknown, a person of its own
    terms: tuple[str, ...]  # distinct, in the order of the text
    item: int = -1  # of a comment: any number per item; -1: a text of its own


def profile_of(posts: Iterable[Post]) -> TermProfile:
    """Return the terms of some texts, with their times."""
    profile = TermProfile()
    for post in posts:
        profile.add(post.terms, post.at)
    return profile


def people_of(posts: Iterable[Post]) -> tuple[Counter[int], int]:
    """Return the number of texts by person, and of all texts.

    A text without a known author has a person of its own, below -1.
    """
    counts: Counter[int] = Counter()
    for place, post in enumerate(posts):
        counts[-2 - place if post.author == -1 else post.author] += 1
    return counts, sum(counts.values())
