"""Who to follow, evaluated: held-out edges among the first ten suggestions; likeness of the linked.

Protocol: an undirected edge is held out if crc32("{min}-{max}") % 10 is 0, of the ids as numbers
where all are numbers, else as texts. Evaluated are the users with a held-out edge and the smallest
crc32 of their id. Candidates are all users without an edge to the user in training.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.data.records import Follow
from recsys.errors import DataError
from recsys.serving.updatable_csr import CsrRows
from recsys.social_network.follow_scores import DEFAULT, Numbers, candidates, likeness

Values = NDArray[np.float64]
DEPTH = 10
_PAIRS = 20_000  # linked pairs whose likeness is compared with that of random ones
_NONE: Numbers = np.zeros(0, np.int32)


class StaticEdges:
    """Edges among users from arrays; nobody follows an author."""

    def __init__(self, follower: Numbers, followed: Numbers, size: int) -> None:
        self._out, self._in = _rows(follower, followed, size), _rows(followed, follower, size)

    def following(self, number: int) -> Numbers:
        """Return the users whom a user follows."""
        return self._out.get(number)

    def followers(self, number: int) -> Numbers:
        """Return the users who follow a user."""
        return self._in.get(number)

    def authors_of(self, number: int) -> Numbers:
        """Return no author."""
        return _NONE

    def following_of(self, numbers: Numbers) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return whom several users follow, and how many each does."""
        return self._out.gather(numbers)

    def followers_of(self, numbers: Numbers) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return who follows several users, and how many do."""
        return self._in.gather(numbers)

    def authors_followed_by(self, numbers: Numbers) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return no author."""
        return _NONE, np.zeros(len(numbers), np.int64)

    def readers_of_authors(self, authors: Numbers) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return nobody."""
        return _NONE, np.zeros(len(authors), np.int64)

    def degrees(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return the follows by and of several users together."""
        return self._out.counts(numbers) + self._in.counts(numbers)

    def reader_counts(self, authors: Numbers) -> NDArray[np.int64]:
        """Return 0 for each author."""
        return np.zeros(len(authors), np.int64)


@dataclass(frozen=True, slots=True)
class FollowData:
    """Follows among users and what they took up, by rows of `ids`."""

    ids: tuple[str, ...]
    follower: Numbers
    followed: Numbers
    taken: CsrRows  # distinct items of each user


def follow_data(follows: Sequence[Follow], acts: Sequence[tuple[str, str]]) -> FollowData:
    """Return the data of follows among users and of (user, item) pairs; DataError without any."""
    edges = {(f.user_id, f.followed_user_id) for f in follows if f.followed_user_id}
    if not edges:
        raise DataError("no user follows another user in these files: there is nothing to judge")
    ids = tuple(sorted({one for edge in edges for one in edge} | {user for user, _ in acts}))
    row = {id: at for at, id in enumerate(ids)}
    ends = np.array([(row[one], row[other]) for one, other in sorted(edges)], np.int32)
    items = {item: at for at, item in enumerate(dict.fromkeys(item for _, item in acts))}
    pairs = np.array(sorted({(row[user], items[item]) for user, item in acts}), np.int32)
    pairs = pairs.reshape(-1, 2)
    return FollowData(ids, ends[:, 0], ends[:, 1], _rows(pairs[:, 0], pairs[:, 1], len(ids)))


def hold_out(data: FollowData, remainder: int = 0) -> NDArray[np.int64]:
    """Return crc32 % 10 of the undirected edge of each follow, (edges,)."""
    numeric = all(id.isdecimal() for id in data.ids)
    key: Any = int if numeric else str
    found = []
    for one, other in zip(data.follower.tolist(), data.followed.tolist(), strict=True):
        low, high = sorted((key(data.ids[one]), key(data.ids[other])))
        found.append((zlib.crc32(f"{low}-{high}".encode()) - remainder) % 10)
    return np.array(found, np.int64)


def figures(data: FollowData, users: int = 1_500, validation: bool = False) -> dict[str, Any]:
    """Return recall@10 of the suggestions and of Adamic–Adar, and the likeness of linked users.

    `validation`: the edges with remainder 1 are held out, and those with remainder 0 left out.
    """
    remainder = hold_out(data)
    held = remainder == (1 if validation else 0)
    train = remainder > (1 if validation else 0)
    size = len(data.ids)
    edges = StaticEdges(data.follower[train], data.followed[train], size)
    held_out = StaticEdges(data.follower[held], data.followed[held], size)
    known = held_out.degrees(np.arange(size, dtype=np.int32))
    order = sorted(np.flatnonzero(known).tolist(), key=lambda at: _crc(data.ids[at]))[:users]
    own, reference, directed = [], [], []
    for user in order:
        want = np.union1d(held_out.following(user), held_out.followers(user))
        linked = np.union1d(edges.following(user), edges.followers(user))
        best = _suggested(data, edges, user, linked)
        own.append(_recall(best, want))
        reference.append(_recall(_adamic_adar(edges, user, linked, size), want))
        if len(held_out.following(user)):
            directed.append(_recall(best, held_out.following(user)))
    gain = np.array(own) - np.array(reference)
    return {
        "users": len(order),
        "held_out_edges": int(held.sum()),
        "recall@10": _mean(own),
        "recall@10_followees_only": _mean(directed),
        "adamic_adar_recall@10": _mean(reference),
        "difference": _interval(gain),
        "likeness": linked_likeness(data),
    }


def _suggested(data: FollowData, edges: StaticEdges, user: int, linked: Numbers) -> Numbers:
    found = candidates(edges, user, linked.tolist())
    taken, counts = data.taken.gather(found.users)
    alike = likeness(data.taken.get(user), taken, counts)
    scores = found.user_scores * (1 + DEFAULT.taste_weight * alike)
    return found.users[np.argsort(-scores, kind="stable")[:DEPTH]]


def _adamic_adar(edges: StaticEdges, user: int, linked: Numbers, size: int) -> Numbers:
    """Return the best ten by common neighbours, each counted by 1 / log of its edges."""
    weights = 1 / np.log(np.maximum(edges.degrees(linked), 2))
    sums = np.zeros(size)
    for rows in (edges.following_of, edges.followers_of):
        ends, counts = rows(linked)
        sums += np.bincount(ends, np.repeat(weights, counts), size)
    sums[linked] = sums[user] = 0
    best = np.argsort(-sums, kind="stable")[:DEPTH]
    return best[sums[best] > 0].astype(np.int32)


def linked_likeness(data: FollowData, seed: int = 0) -> dict[str, Any]:
    """Return the cosine of linked users' items, of random pairs of equal degree, and the ratio.

    The second user of each linked pair is exchanged for one with as many edges and items, so that
    active users do not seem alike because they are active.
    """
    rng = np.random.default_rng(seed)
    size = len(data.ids)
    edges = StaticEdges(data.follower, data.followed, size)
    counts = data.taken.counts(np.arange(size, dtype=np.int32))
    usable = (counts[data.follower] > 0) & (counts[data.followed] > 0)
    places = np.flatnonzero(usable)
    if len(places) < DEPTH:
        return {"linked": None, "random": None, "ratio": None, "verdict": "too few linked users"}
    places = rng.permutation(places)[:_PAIRS]
    one, other = data.follower[places], data.followed[places]
    degrees = edges.degrees(np.arange(size, dtype=np.int32))
    active = np.flatnonzero(counts)
    order = active[np.lexsort((counts[active], degrees[active]))]
    place_of = np.full(size, -1)
    place_of[order] = np.arange(len(order))
    shift = rng.integers(1, 26, len(other)) * rng.choice([-1, 1], len(other))
    partner = order[(place_of[other] + shift) % len(order)]
    table = _matrix(data, size)
    linked = np.asarray(table[one].multiply(table[other]).sum(1)).ravel()
    random = np.asarray(table[one].multiply(table[partner]).sum(1)).ravel()
    ratio = float(linked.mean() / max(random.mean(), 1e-12))
    low, high = _ratio_interval(linked, random, rng)
    said = "linked users are alike" if low > 1.1 else "the graph tells nothing of taste"
    return {
        "linked": float(linked.mean()),
        "random": float(random.mean()),
        "ratio": ratio,
        "interval": [low, high],
        "pairs": len(one),
        "verdict": said,
    }


def _matrix(data: FollowData, size: int) -> sp.csr_matrix:
    items, counts = data.taken.gather(np.arange(size, dtype=np.int32))
    rows = np.repeat(np.arange(size), counts)
    norms = 1 / np.sqrt(np.maximum(counts, 1))
    return sp.csr_matrix((norms[rows], (rows, items)), shape=(size, int(items.max(initial=0)) + 1))


def _ratio_interval(
    linked: Values, random: Values, rng: np.random.Generator
) -> tuple[float, float]:
    draws = []
    for _ in range(500):
        rows = rng.integers(0, len(linked), len(linked))
        draws.append(float(linked[rows].mean() / max(random[rows].mean(), 1e-12)))
    low, high = np.quantile(draws, [0.025, 0.975]).tolist()
    return low, high


def _recall(best: Numbers, want: Numbers) -> float:
    return float(np.isin(best, want).sum()) / min(DEPTH, len(want))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _interval(values: Values) -> dict[str, float]:
    """Return the mean of paired differences with a 95 % interval."""
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    mean = float(values.mean())
    return {"mean": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}


def _crc(id: str) -> tuple[int, str]:
    return zlib.crc32(id.encode()), id


def _rows(owners: Numbers, values: Numbers, size: int) -> CsrRows:
    order = np.lexsort((values, owners))
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(owners, minlength=size), out=starts[1:])
    return CsrRows(starts, values[order])
