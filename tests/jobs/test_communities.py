"""`recsys communities`: planted groups are found and named, small ones and their people are not."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from click.testing import CliRunner

from jobs.commands.report_communities import command
from recsys.data.records import Event, Follow, Item
from recsys.social_network.louvain import louvain, modularity
from recsys.store.audit_log import AuditLog
from recsys.store.store import Store

GROUPS = {"sea": 20, "chess": 15, "bread": 4}


def graph_of(groups: list[int], rng: random.Random) -> sp.csr_array:
    """Return a symmetric graph of cliques with a few edges between them."""
    ends: list[tuple[int, int]] = []
    first = 0
    for size in groups:
        ends += list(itertools.combinations(range(first, first + size), 2))
        first += size
    ends += [(rng.randrange(first), rng.randrange(first)) for _ in range(5)]
    one, other = np.array([end for end in ends if end[0] != end[1]]).T
    half = sp.csr_array((np.ones(len(one)), (one, other)), (first, first))
    return sp.csr_array(half + half.T)


@pytest.mark.parametrize("seed", range(4))
def test_cliques_are_communities_and_modularity_is_that_of_the_definition(seed: int) -> None:
    sizes = [12, 9, 7, 5]
    graph = graph_of(sizes, random.Random(seed))
    labels = louvain(graph, seed)
    assert np.bincount(labels).tolist() == sizes
    dense, degrees = graph.toarray(), np.asarray(graph.sum(axis=1)).ravel()
    same = labels[:, None] == labels[None, :]
    expected = ((dense - np.outer(degrees, degrees) / dense.sum()) * same).sum() / dense.sum()
    assert modularity(graph, labels) == pytest.approx(expected)
    assert (louvain(graph, seed) == labels).all()


def test_no_edges_make_no_community() -> None:
    empty = sp.csr_array((3, 3))
    assert (
        np.bincount(louvain(empty)).tolist() == [1, 1, 1] and modularity(empty, np.arange(3)) == 0
    )


def fill(store: Store) -> None:
    rng = random.Random(2)
    events, follows, items = list[Event](), list[Follow](), list[Item]()
    for topic, size in GROUPS.items():
        users = [f"{topic}{k}" for k in range(size)]
        items += [Item(f"{topic}-{k}", title=topic, category=topic) for k in range(12)]
        for user in users:
            others = [one for one in users if one != user]
            follows += [Follow(user, "", one) for one in rng.sample(others, min(6, len(others)))]
            follows += [Follow(user, "", users[0])] if user != users[0] else []
        for item in range(12):  # the first one is followed by the others within an hour
            start = 1e9 + 1e6 * item
            events.append(Event(users[0], f"{topic}-{item}", "like", timestamp=start))
            for place, user in enumerate(users[1:], 1):
                events.append(Event(user, f"{topic}-{item}", "like", timestamp=start + 60 * place))
    store.add_items(items)
    store.add_follows(follows)
    store.add_events(events)


def test_groups_are_named_and_few_people_are_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    monkeypatch.setenv("RECSYS_STORE", f"sqlite:///{tmp_path}/store.db")
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        fill(store)
        report = run("--json")
        assert [(one["users"], one["topics"]) for one in report["communities"]] == [
            (20, ["sea"]),
            (15, ["chess"]),
        ]
        assert report["hidden_communities"] == 1 and report["modularity"] > 0.4
        assert "bread" not in json.dumps(report)
        first = report["influential"][0]
        assert first["user_id"] in ("sea0", "chess0") and first["before"] == 0
        assert first["followers"] >= 10
        assert not any(one["user_id"] == "sea19" for one in report["influential"])
        named = {one["user_id"] for one in report["influential"]}
        looks = [one.entry for one in AuditLog(store.db).page()]
        assert {one.action for one in looks} == {"recsys communities"}
        assert len({one.subject for one in looks}) == len(looks) == len(named)
        store.delete_user(first["user_id"])
        assert first["user_id"] not in json.dumps(run("--json"))
    assert CliRunner().invoke(command, [], catch_exceptions=False).stdout.startswith("38 users")


def run(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        CliRunner().invoke(command, arguments, catch_exceptions=False).stdout
    )
    return found
