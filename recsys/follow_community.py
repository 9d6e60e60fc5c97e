"""FollowCommunity: the community of follows that one user belongs to, named by topics.

    found = FollowCommunity.of(graph, store, live, number, unseen, least)

Computed per request from the follow graph of the worker, so that no user is stored with a
community: the Louvain method on the accounts nearest to the user and the follows between them.
Nothing is told of fewer users than `least`, neither a community nor a topic.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.ranking.social_signals import Ties
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.live_state import LiveState
from recsys.social_network.louvain import louvain, modularity
from recsys.store.store import Store

MOST_MEMBERS = 400  # accounts whose follows are looked at, the nearest ones
DIVIDED = 0.2  # modularity below which who is connected is one community: chance divides as well
MOST_AMONG = 1_000  # users whose communities are looked for
MOST_EDGES = 40_000  # follows between them
MOST_ACTS = 10  # latest acts of each member
LABELS = 3  # topics that are reported
LIFT = 1.2  # times its usual share that a topic has to have


@dataclass(frozen=True, slots=True)
class FollowCommunity:
    """A community, and what its members take up more than everybody does, most users first."""

    users: int  # the user included
    kind: str  # topic, or category where the model has no topics
    labels: tuple[tuple[int, int], ...]  # code of a label (a topic: its row), and users

    @classmethod
    def of(
        cls,
        graph: FollowGraph,
        store: Store,
        live: LiveState,
        number: int,
        unseen: Collection[int],
        least: int,
    ) -> FollowCommunity | None:
        """Return the community of a user, named by number; None below `least` users.

        `unseen`: numbers of users whom this one mutes or blocks, or who block this one.
        """
        members = _members(graph, number, unseen)
        if len(members) < least:
            return None
        kind = "category" if live.model.topics is None else "topic"
        return cls(len(members), kind, _labels(graph, store, live, members, kind, least))


def communities_among(graph: FollowGraph, users: Rows, least: int) -> list[int]:
    """Return the sizes of the communities that some users form by follows among them.

    `users`: numbers, ascending, `MOST_AMONG` at most count. The largest first; those of fewer
    than `least` users are left out.
    """
    users = users[:MOST_AMONG]
    if not len(users):
        return []
    sizes = np.bincount(_communities(graph, users))
    return [int(size) for size in np.sort(sizes)[::-1] if size >= least]


def _communities(graph: FollowGraph, people: Rows) -> NDArray[np.int64]:
    """Return the community of each of some users, by the follows between them, (n,)."""
    reached, counts = graph.following_of(people)
    owner = np.repeat(np.arange(len(people)), counts)
    place = np.minimum(np.searchsorted(people, reached), len(people) - 1)
    inside = np.flatnonzero(people[place] == reached)[:MOST_EDGES]
    shape = (len(people), len(people))
    half = sp.csr_array((np.ones(len(inside)), (owner[inside], place[inside])), shape)
    both = sp.csr_array(half + half.T)
    labels = louvain(both)
    if modularity(both, labels) < DIVIDED:
        return np.asarray(sp.csgraph.connected_components(both, directed=False)[1], np.int64)
    return labels


def _members(graph: FollowGraph, number: int, unseen: Collection[int]) -> Rows:
    """Return the users of the same community, ascending, the user included."""
    ties = Ties.of(
        number, graph.following(number), graph.followers(number), graph.following_of, unseen
    )
    near = 2.0 * ties.follows + 1.0 * ties.followed_by + np.minimum(ties.ways, 1.0)
    people = ties.people[np.argsort(-near, kind="stable")[:MOST_MEMBERS]]
    people = np.union1d(people, [number]).astype(np.int32)
    labels = _communities(graph, people)
    own = labels[int(np.searchsorted(people, number))]
    return np.asarray(people[labels == own], np.int32)


def _labels(
    graph: FollowGraph, store: Store, live: LiveState, members: Rows, kind: str, least: int
) -> tuple[tuple[int, int], ...]:
    """Return codes of labels that the members take up beyond the usual, and how many users do."""
    acts, counts = graph.acts_of(members, MOST_ACTS)
    if not len(acts):
        return ()
    numbers, item = np.unique(acts["item"], return_inverse=True)
    names = store.item_ids(numbers.tolist())
    ids = [names.get(each, "") for each in numbers.tolist()]
    rows = np.array(live.ids.rows(ids), np.int32)[item]
    owner, known = np.repeat(np.arange(len(members)), counts), rows >= 0
    codes = live.topics if kind == "topic" else live.labels["category"]
    own = np.full(len(rows), -1, np.int64)
    own[known] = codes[rows[known]]
    kept = own >= 0
    if not kept.any():
        return ()
    everywhere = codes[: live.size]
    uptake = live.counters.uptake(-1, live.size)
    size = int(everywhere.max(initial=-1)) + 1
    total = np.bincount(everywhere[everywhere >= 0], uptake[everywhere >= 0], size)
    usual = np.asarray(total, np.float64) / max(float(total.sum()), 1e-12)
    here = np.bincount(own[kept], minlength=size)
    pairs = np.unique(np.stack([own[kept], owner[kept]]), axis=1)
    users = np.bincount(pairs[0], minlength=size)
    lift = here / here.sum() / np.maximum(usual, 1e-12)
    found = np.flatnonzero((users >= least) & (lift >= LIFT))
    best = found[np.lexsort((found, -users[found]))][:LABELS]
    return tuple((int(code), int(users[code])) for code in best)
