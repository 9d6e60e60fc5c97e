"""Network report for operators: communities of users by edges and by taste, and influence.

report = NetworkReport.of(store, weights, least=10)
report.to_json()

Computed from the store when asked and stored nowhere. Communities, shares and influence of fewer
users than `least` are left out. Topics are those of a bundle, else categories.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable
from recsys.social_network.influence import Influence, influence
from recsys.social_network.louvain import louvain, modularity
from recsys.store.store import Store

LEAST = 10  # users below which nothing is reported
_TASTE = 3.0  # of the cosine of what both took up, beside 1 for the edge
_TOPICS = 3  # that name a community
_INFLUENTIAL = 20  # persons of a report, at most
_LIFT = 1.2  # of a topic's share to its share everywhere, from which it names a community


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """The report; JSON values only."""

    users: int
    edges: int
    modularity: float
    communities: list[dict[str, Any]]
    influential: list[dict[str, Any]]
    hidden_communities: int  # of fewer than the least number of users
    least: int

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON knows it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(
        cls,
        store: Store,
        weights: EventWeights,
        topics: Mapping[str, str] | None = None,
        least: int = LEAST,
        seed: int = 0,
    ) -> NetworkReport:
        """Return the report of a store. `topics`: name by item id; None: categories."""
        pairs = list(itertools.chain.from_iterable(store.follow_edges("users")))
        table = store.event_table()
        numbers = np.unique(
            np.array([*itertools.chain.from_iterable(pairs)], np.int64)
        )  # of the store
        ends = np.searchsorted(numbers, np.array(pairs, np.int64).reshape(-1, 2))
        taken = _taken(table, weights, numbers)
        labels_of_items = _labels(store, table, topics)
        graph = _graph(ends, taken, len(numbers))
        labels = louvain(graph, seed)
        sizes = np.bincount(labels, minlength=1) if len(labels) else np.zeros(0, np.int64)
        shown = [at for at, size in enumerate(sizes.tolist()) if size >= least]
        names, codes = _coded(labels_of_items)
        persons = [
            {
                "community": at,
                "users": int(sizes[at]),
                "topics": _named(taken, codes, names, labels == at, least),
                "inside": round(_inside(ends, labels, at), 3),
            }
            for at in shown
        ]
        found = _influence(table, weights, numbers, ends, codes, least)
        ids = store.user_ids([int(numbers[one.user]) for one in found])
        return cls(
            len(numbers),
            len(ends),
            round(modularity(graph, labels), 4),
            persons,
            [_influential(one, ids[int(numbers[one.user])], names) for one in found],
            len(sizes) - len(shown),
            least,
        )


def _taken(table: EventTable, weights: EventWeights, numbers: NDArray[np.int64]) -> sp.csr_array:
    """Return who took up what, (users of the graph, items of the table), 1 for an act in favour."""
    shape = (len(numbers), max(len(table.items), 1))
    if table.numbers is None or not len(table) or not len(numbers):
        return sp.csr_array(shape)
    rows, favour = _acts(table, weights, numbers)
    found = sp.csr_array((np.ones(int(favour.sum())), (rows[favour], table.item[favour])), shape)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


def _acts(
    table: EventTable, weights: EventWeights, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the user of each event as a row of the graph, and whether it is in favour, known."""
    assert table.numbers is not None
    place = np.minimum(np.searchsorted(numbers, table.numbers), len(numbers) - 1)
    known = numbers[place] == table.numbers
    kinds = np.array([weights.meanings[kind].weight > 0 for kind in table.kinds])
    return place[table.user], known[table.user] & kinds[table.kind]


def _graph(ends: NDArray[np.int64], taken: sp.csr_array, size: int) -> sp.csr_array:
    """Return the symmetric graph: 1 per follow, and more between users of like taste."""
    norms = np.sqrt(np.maximum(np.asarray(taken.sum(axis=1)).ravel(), 1.0))
    unit = sp.csr_array(sp.diags_array(1 / norms) @ taken) if size else taken
    one, other = ends[:, 0], ends[:, 1]
    likes = np.zeros(len(ends))
    if len(ends):
        likes = np.asarray(unit[one].multiply(unit[other]).sum(axis=1), float).ravel()
    amounts = 1.0 + _TASTE * likes
    half = sp.csr_array((amounts, (one, other)), (size, size))
    return sp.csr_array(half + half.T)


def _labels(store: Store, table: EventTable, topics: Mapping[str, str] | None) -> list[str]:
    """Return the topic of each item of the table, else its category; empty for none."""
    if topics is not None:
        return [topics.get(item, "") for item in table.items]
    items = store.item_table()
    category = dict(zip(items.ids, items.category, strict=True))
    return [category.get(item, "") for item in table.items]


def _coded(labels: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    names = list(dict.fromkeys(label for label in labels if label))
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place.get(label, -1) for label in labels], np.int64)


def _named(
    taken: sp.csr_array,
    codes: NDArray[np.int64],
    names: list[str],
    members: NDArray[np.bool_],
    least: int,
) -> list[str]:
    """Return the topics that a community takes up more than everybody does, most users first."""
    if not names:
        return []
    rows, items = taken.nonzero()
    known = codes[items] >= 0
    everywhere = np.bincount(codes[items[known]], minlength=len(names))
    own = known & members[rows]
    counts = np.bincount(codes[items[own]], minlength=len(names))
    pairs = {(int(row), int(code)) for row, code in zip(rows[own], codes[items[own]], strict=True)}
    users = Counter(code for _, code in pairs)
    usual = everywhere / max(everywhere.sum(), 1)
    lift = counts / max(counts.sum(), 1) / np.maximum(usual, 1e-12)
    order = sorted(users, key=lambda code: (-counts[code], code))
    fitting = [code for code in order if users[code] >= least and lift[code] >= _LIFT]
    return [names[code] for code in fitting[:_TOPICS]]


def _inside(ends: NDArray[np.int64], labels: NDArray[np.int64], community: int) -> float:
    """Return which share of the follows by members goes to members."""
    own = labels[ends[:, 0]] == community
    return float((labels[ends[own, 1]] == community).mean()) if own.any() else 0.0


def _influence(
    table: EventTable,
    weights: EventWeights,
    numbers: NDArray[np.int64],
    ends: NDArray[np.int64],
    codes: NDArray[np.int64],
    least: int,
) -> list[Influence]:
    if table.numbers is None or not len(table) or not len(numbers):
        return []
    rows, favour = _acts(table, weights, numbers)
    dated = favour & np.isfinite(table.time)
    acts: dict[int, list[tuple[float, int]]] = {}
    for item, time, user in zip(
        table.item[dated].tolist(), table.time[dated].tolist(), rows[dated].tolist(), strict=True
    ):
        acts.setdefault(item, []).append((time, user))
    order = np.argsort(ends[:, 1], kind="stable")
    bounds = np.searchsorted(ends[order, 1], np.arange(len(numbers) + 1))
    followers = {
        user: ends[order[bounds[user] : bounds[user + 1]], 0] for user in np.unique(rows[dated])
    }
    topics = dict(enumerate(codes.tolist()))
    return influence(acts, followers, topics, least)[:_INFLUENTIAL]


def _influential(one: Influence, user_id: str, names: list[str]) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "topic": names[one.topic],
        "score": round(one.score, 4),
        "after": one.after,
        "before": one.before,
        "followers": one.followers,
    }
