"""Scores of users and authors whom a user does not follow yet, from the edges near the user.

    found = candidates(edges, 17, excluded)
    found.users, found.user_scores

Two and three steps from the user: resource allocation (Zhou, Lü, Zhang, EPJ B 71, 2009) over both
directions of an edge, and the followees of users with the same followees and followers. Work is
bounded by the number of edges that are read, so that an account with many edges costs no more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
Values = NDArray[np.float64]
Gathered = tuple[NDArray[Any], NDArray[Any]]  # ends of several rows, and how many each row has


class Edges(Protocol):
    """Who follows whom, by number; see recsys.serving.follow_graph."""

    def following(self, number: int) -> Numbers:
        """Return the users whom a user follows."""

    def followers(self, number: int) -> Numbers:
        """Return the users who follow a user."""

    def authors_of(self, number: int) -> Numbers:
        """Return the authors whom a user follows."""

    def following_of(self, numbers: Numbers) -> Gathered:
        """Return whom several users follow."""

    def followers_of(self, numbers: Numbers) -> Gathered:
        """Return who follows several users."""

    def authors_followed_by(self, numbers: Numbers) -> Gathered:
        """Return the authors whom several users follow."""

    def readers_of_authors(self, authors: Numbers) -> Gathered:
        """Return the users who follow several authors."""

    def degrees(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return the follows by and of several users together."""

    def reader_counts(self, authors: Numbers) -> NDArray[np.int64]:
        """Return how many users follow each of several authors."""


@dataclass(frozen=True, slots=True)
class FollowScoreConfig:
    """Weights, chosen on validation edges of ciao and epinions together (RESULTS.md)."""

    follower_weight: float = 0.5  # of a first step to a follower; to a followee: 1
    backward_weight: float = 0.4  # of a further step to a follower; to a followee: 1
    degree_exponent: float = 0.5  # of the account in between
    hub_exponent: float = 0.1  # of the account at the end of two steps
    third_step_weight: float = 0.4
    taste_weight: float = 3.0  # of the cosine of what both took up
    first_steps: int = 3_000  # edges of the user that are followed, those of small accounts first
    similar_users: int = 2_000  # ends of two steps from which the third is taken
    edges_per_step: int = 400_000  # that are read at most


DEFAULT = FollowScoreConfig()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Users and authors with scores, the best first; the greatest sum of two steps counts 1."""

    users: Numbers
    user_scores: Values
    authors: Numbers
    author_scores: Values


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of weights at the ends of steps, by number; the length is that of the largest number."""

    users: Values
    authors: Values


def candidates(
    edges: Edges,
    user: int,
    excluded: Collection[int],
    excluded_authors: Collection[int] = (),
    most: int = 200,
    config: FollowScoreConfig = DEFAULT,
) -> Candidates:
    """Return the best users and authors whom a user does not follow, at most `most` of each.

    `excluded`: users who are left out, besides the user and the followees. Empty for users who
    neither follow nor are followed.
    """
    followees, authors = edges.following(user), edges.authors_of(user)
    first, weights = _first_steps(edges, user, config)
    second = _steps(edges, (first, weights * _damped(edges.degrees(first), config)), config)
    second = _plus(second, _from_authors(edges, authors, config.degree_exponent, config))
    similar = _steps(edges, (first, weights / np.maximum(edges.degrees(first), 1)), config)
    similar = _plus(similar, _from_authors(edges, authors, 1.0, config))
    third = _steps(edges, _similar_users(edges, similar.users, user, config), config)
    closed = (
        np.array([user, *followees.tolist(), *excluded], np.int64),
        np.array([*authors.tolist(), *excluded_authors], np.int64),
    )
    scores = [
        _combined(two, three, own, degrees, config)
        for two, three, own, degrees in (
            (second.users, third.users, closed[0], edges.degrees),
            (second.authors, third.authors, closed[1], edges.reader_counts),
        )
    ]
    best_users, best_authors = (_best(values, most) for values in scores)
    return Candidates(best_users, scores[0][best_users], best_authors, scores[1][best_authors])


def likeness(own: NDArray[Any], taken: NDArray[Any], counts: NDArray[Any]) -> Values:
    """Return the cosine of what a user took up with what others did, (users,); rare items more.

    `own`: distinct items of the user. `taken`: items of the others, one after the other; `counts`:
    how many each has.
    """
    found: Values = np.zeros(len(counts))
    if not len(own) or not len(taken):
        return found
    owner = np.repeat(np.arange(len(counts)), counts)
    common = np.isin(taken, own)
    items, place, takers = np.unique(taken[common], return_inverse=True, return_counts=True)
    if len(items):
        weight = 1.0 / np.sqrt(takers)
        found = np.bincount(owner[common], weight[place], len(counts)).astype(np.float64)
    return np.asarray(found / np.sqrt(np.maximum(counts, 1) * len(own)), np.float64)


def _first_steps(edges: Edges, user: int, config: FollowScoreConfig) -> tuple[Numbers, Values]:
    """Return followees and followers of a user with weights; small accounts where many are."""
    followees, followers = edges.following(user), edges.followers(user)
    first = np.concatenate([followees, followers])
    weights = np.ones(len(first))
    weights[len(followees) :] = config.follower_weight
    if len(first) > config.first_steps:
        kept = np.argsort(edges.degrees(first), kind="stable")[: config.first_steps]
        first, weights = first[kept], weights[kept]
    return first, weights


def _damped(degrees: NDArray[np.int64], config: FollowScoreConfig) -> Values:
    return np.asarray(np.maximum(degrees, 1.0) ** -config.degree_exponent, np.float64)


def _steps(edges: Edges, start: tuple[Numbers, Values], config: FollowScoreConfig) -> _Sums:
    """Return the sums of one step from some users to followees, followers and authors."""
    users, weights = _within(edges, *start, config)
    ahead, counts = edges.following_of(users)
    back, back_counts = edges.followers_of(users)
    written, author_counts = edges.authors_followed_by(users)
    size = int(max(ahead.max(initial=-1), back.max(initial=-1))) + 1
    found = np.bincount(ahead, np.repeat(weights, counts), size)
    found = found + config.backward_weight * np.bincount(
        back, np.repeat(weights, back_counts), size
    )
    authors = np.bincount(written, np.repeat(weights, author_counts))
    return _Sums(np.asarray(found, np.float64), np.asarray(authors, np.float64))


def _within(
    edges: Edges, users: Numbers, weights: Values, config: FollowScoreConfig
) -> tuple[Numbers, Values]:
    """Return those of some users, the heaviest first, that have not too many edges together."""
    degrees = edges.degrees(users)
    if degrees.sum() <= config.edges_per_step:
        return users, weights
    order = np.argsort(-weights, kind="stable")
    kept = order[np.cumsum(degrees[order]) <= config.edges_per_step]
    return users[kept], weights[kept]


def _from_authors(
    edges: Edges, authors: Numbers, exponent: float, config: FollowScoreConfig
) -> _Sums:
    """Return the sums at users who follow the same authors."""
    if not len(authors):
        return _Sums(np.zeros(0), np.zeros(0))
    counts = edges.reader_counts(authors)
    order = np.argsort(counts, kind="stable")[: config.first_steps]
    order = order[np.cumsum(counts[order]) <= config.edges_per_step]
    readers, counts = edges.readers_of_authors(authors[order])
    weights = config.backward_weight * np.maximum(counts, 1.0) ** -exponent
    found = np.bincount(readers, np.repeat(weights, counts))
    return _Sums(np.asarray(found, np.float64), np.zeros(0))


def _plus(one: _Sums, other: _Sums) -> _Sums:
    return _Sums(_added(one.users, other.users), _added(one.authors, other.authors))


def _added(one: Values, other: Values) -> Values:
    if len(one) < len(other):
        one, other = other, one
    found = one.copy()
    found[: len(other)] += other
    return found


def _similar_users(
    edges: Edges, sums: Values, user: int, config: FollowScoreConfig
) -> tuple[Numbers, Values]:
    """Return the ends of two steps with the largest sums per edge, and these."""
    if user < len(sums):
        sums[user] = 0.0
    users = np.flatnonzero(sums).astype(np.int32)
    weights = sums[users] / np.maximum(edges.degrees(users), 1)
    if len(users) > config.similar_users:
        kept = np.argpartition(-weights, config.similar_users)[: config.similar_users]
        users, weights = users[kept], weights[kept]
    return users, np.asarray(weights, np.float64)


def _combined(
    second: Values,
    third: Values,
    closed: NDArray[np.int64],
    degrees: Any,
    config: FollowScoreConfig,
) -> Values:
    size = max(len(second), len(third))
    two, three = np.zeros(size), np.zeros(size)
    two[: len(second)], three[: len(third)] = second, third
    inside = closed[closed < size]
    two[inside] = three[inside] = 0.0
    ends = np.flatnonzero(two)
    two[ends] *= np.maximum(degrees(ends.astype(np.int32)), 1.0) ** -config.hub_exponent
    found = _scaled(two) + config.third_step_weight * _scaled(three)
    return np.asarray(found, np.float64)


def _scaled(values: Values) -> Values:
    return np.asarray(values / max(float(values.max(initial=0.0)), 1e-30), np.float64)


def _best(scores: Values, most: int) -> Numbers:
    found = np.flatnonzero(scores > 0)
    order = np.lexsort((found, -scores[found]))[:most]
    return found[order].astype(np.int32)
