"""PopularAccounts: accounts with many followers who themselves have other edges; for newcomers.

Ten thousand accounts that follow one other account and nothing else count for nothing.
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.social_network.follow_scores import Edges, Numbers

# Users, then authors: their numbers and the followers of each that count, the most first.
Popular = tuple[tuple[Numbers, NDArray[np.float64]], ...]
_FRESH = 60.0  # seconds that a ranking is kept
_MOST = 200  # accounts of each kind
_SAMPLE = 2_000  # followers of an account that are looked at
_LEAST = 2  # other follows by or of a follower who counts


class CountedEdges(Edges, Protocol):
    """Edges that know the accounts with most followers."""

    def most_followed(self, n: int) -> tuple[Numbers, Numbers]:
        """Return the users and the authors with most followers, the most followed first."""

    def readers_of(self, author: int) -> Numbers:
        """Return the users who follow an author."""


class PopularAccounts:
    """Rankings of users and authors by followers that count, made anew once a minute."""

    def __init__(self) -> None:
        self._at = -_FRESH
        self._held: Popular = ()

    def of(self, edges: CountedEdges) -> Popular:
        """Return (numbers, followers that count) of users and of authors, the most first."""
        now = time.monotonic()
        if now - self._at >= _FRESH or not self._held:
            users, authors = edges.most_followed(2 * _MOST)
            self._held = (
                _ranked(edges, users, [edges.followers(one) for one in users.tolist()]),
                _ranked(edges, authors, [edges.readers_of(one) for one in authors.tolist()]),
            )
            self._at = now
        return self._held


def _ranked(
    edges: Edges, accounts: Numbers, followers: list[Numbers]
) -> tuple[Numbers, NDArray[np.float64]]:
    counts = np.zeros(len(accounts))
    for place, own in enumerate(followers):
        step = max(1, len(own) // _SAMPLE)
        degrees = edges.degrees(own[::step])
        counts[place] = len(own) * float((degrees > _LEAST).mean()) if len(own) else 0.0
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0][:_MOST]
    return accounts[order], counts[order]
