"""FollowInfluence: topics in which a user's followers take items up after the user did.

    found = FollowInfluence.of(graph, store, live, number, unseen, least)

Computed per request from the latest acts of the user and of their followers, and stored nowhere;
`recsys communities` reports the same measure of everybody. Nothing is told of fewer than `least`
followers, and no follower is named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from recsys.serving.follow_graph import FollowGraph
from recsys.serving.live_state import LiveState
from recsys.social_network.influence import Influence, influence
from recsys.store.store import Store

OWN_ACTS = 200  # latest acts of the user
MOST_FOLLOWERS = 500  # whose acts are read: those with the highest numbers, the newest accounts
ACTS = 50  # latest acts of each of them
TOPICS = 3  # that are reported


@dataclass(frozen=True, slots=True)
class FollowInfluence:
    """The topics of a user with the greatest influence first; none where followers come first."""

    kind: str  # topic, or category where the model has no topics
    found: tuple[Influence, ...]

    @classmethod
    def of(
        cls,
        graph: FollowGraph,
        store: Store,
        live: LiveState,
        number: int,
        unseen: Collection[int],
        least: int,
    ) -> FollowInfluence:
        """Return the influence of a user, named by number, on their followers.

        `unseen`: numbers of users whom this one mutes or blocks, or who block this one.
        """
        kind = "category" if live.model.topics is None else "topic"
        followers = [n for n in graph.followers(number).tolist() if n not in unseen]
        if len(followers) < least:
            return cls(kind, ())
        own = store.latest_acts([number], OWN_ACTS)
        items = {act.item for act in own}
        others = store.latest_acts(followers[-MOST_FOLLOWERS:], ACTS)
        acts: dict[int, list[tuple[float, int]]] = {}
        for act in (*own, *others):
            if act.item in items and graph.in_favour(store, act):
                acts.setdefault(act.item, []).append((act.moment, act.user))
        names = store.item_ids(list(acts))
        rows = live.ids.rows(list(names.values()))
        codes = live.topics if kind == "topic" else live.labels["category"]
        topics = {item: int(codes[row]) for item, row in zip(names, rows, strict=True) if row >= 0}
        behind = {number: np.array(followers, np.int64)}
        return cls(kind, tuple(influence(acts, behind, topics, least)[:TOPICS]))
