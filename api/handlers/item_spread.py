"""Item spread handler: shares of an item and answers to it, to the JSON of a tree with measures."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.follow_community import communities_among
from recsys.i18n import SOURCE, translate
from recsys.serving.follow_graph import FollowGraph
from recsys.social_network.rumour import rumour_flag
from recsys.social_network.size_forecast import HOUR, SizeForecast
from recsys.social_network.spread_tree import SpreadNode, SpreadTree
from recsys.social_network.stance import STANCES, StanceText
from recsys.store.item_in_any_state import look_up
from recsys.store.shares import LONGEST, Answer, Share

from ..runtime.app_state import AppState
from ..schemas.item_spread import SpreadQuery
from .ingestion import missing

MOST = 20_000  # shares, and answers, that are read
LEAST = 3  # users below which nothing is reported of sharers
_FIRST = 50  # sharers who count as the first ones
_TEXTS = 500  # answers whose words are read, the first ones
_CHECKED = 50  # of them between two looks at the CPU time
_FLOOD_SECONDS = 600.0
_FLOOD_LEAST = 20  # acts in ten minutes
_FLOOD_TIMES = 5.0  # the median of ten minutes with any act
_FLOOD_LONE = 0.6  # share of accounts without any follows
_DENIED = "Answers deny it: {share} %"
_ASKED = "Answers ask for a source or doubt it: {share} %"


def spread(
    service: AppState, item_id: str, query: SpreadQuery, language: str = SOURCE
) -> dict[str, Any]:
    """Return how an item spreads; 404 where it is unknown, hidden or deleted."""
    with service.link.use() as store:
        found = look_up(store, item_id)
        if found is None or found[1] != "live":
            raise missing("item")
        shares = store.shares_of(item_id, MOST)
        answers = store.answers_to([item_id], MOST)
        author = store.user_number(found[0].author_id) if found[0].author_id else 0
    item = found[0]
    sharers = list(dict.fromkeys(one.user for one in shares))
    least = max(LEAST, service.settings.min_people)
    enough = len(sharers) >= least
    complete = len(shares) < MOST and len(answers) < MOST
    if not enough:
        shares = []  # no measure tells how many there are, nor when and where
    tree = _tree(item_id, item.created_at, shares, answers, author)
    graph = service.follow_graph()
    lone = _without_follows(graph, [user for user in sharers if user > 0])
    texts, chances, tones = _read(service, tree, f"{item.title}\n{item.text}".strip())
    now = time.time()
    times = tree.times() + tree.nodes[0].time
    size = SizeForecast.default().predict(times, now) if len(times) else None
    return {
        "item_id": item_id,
        "shares": len(sharers) if enough or not sharers else None,
        "answers": len(answers),
        "depth": tree.depth,
        "breadth": tree.breadth,
        "structural_virality": round(tree.structural_virality, 4),
        "complete": complete,
        "speed": _speed(times, now),
        "repairs": {
            "missing": tree.repairs.missing,
            "later": tree.repairs.later,
            "cycles": tree.repairs.cycles,
        },
        "first_sharers": _first(graph, sharers[:_FIRST], author, lone, least),
        "communities": _communities(graph, sharers, least) if enough else None,
        "floods": _floods(shares, lone, graph is not None),
        "levels": _levels(tree, texts, chances, tones),
        "next_hour": size and {"size": size[0], "low": size[1], "high": size[2]},
        "rumour": _rumour(chances, language),
        "tree": _listed(tree, texts, chances, tones, query.n),
    }


def _tree(
    item_id: str,
    created: float | None,
    shares: Sequence[Share],
    answers: Sequence[Answer],
    author: int,
) -> SpreadTree:
    """Return the tree of an item: its first share by each user, and the items that answer."""
    moments = [one.moment for one in shares] + [one.created for one in answers if one.created]
    start = created if created is not None else min(moments, default=0.0)
    root_key: Hashable = ("item", item_id)
    root = SpreadNode(root_key, None, start, author or None, "", item_id)
    nodes: dict[Hashable, SpreadNode] = {}
    key: Hashable
    parent: Hashable
    for one in shares:
        source = one.shared_from
        parent = ("user", source) if source and source != author else root_key
        key = ("user", one.user)
        nodes.setdefault(key, SpreadNode(key, parent, one.moment, one.user))
    for reply in answers:
        key = ("item", reply.item_id)
        at = start if reply.created is None else reply.created
        writer = None if reply.deleted else reply.author_id
        name = "" if reply.deleted else reply.item_id
        text = "" if reply.deleted else reply.text
        nodes[key] = SpreadNode(key, ("item", reply.parent_id), at, writer, text, name)
    return SpreadTree.of(nodes.values(), root)


def _without_follows(graph: FollowGraph | None, users: Sequence[int]) -> set[int]:
    """Return the users who follow nobody and are followed by nobody."""
    if graph is None or not users:
        return set()
    numbers = np.array(users, np.int32)
    writers, counts = graph.authors_followed_by(numbers)
    return set(numbers[(graph.degrees(numbers) == 0) & (counts == 0)].tolist())


def _read(
    service: AppState, tree: SpreadTree, root: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return rows of the answers that are read, their stances (answers, 4), and their tones."""
    rows = [at for at, node in enumerate(tree.nodes) if at and node.text][:_TEXTS]
    texts = [StanceText(tree.nodes[at].text, int(tree.depths[at]), root[:LONGEST]) for at in rows]
    chances, tones = np.zeros((len(texts), len(STANCES))), np.zeros(len(texts))
    for at in range(0, len(texts), _CHECKED):
        some = texts[at : at + _CHECKED]
        chances[at : at + _CHECKED] = service.stances.probabilities(some)
        tones[at : at + _CHECKED] = service.sentiment_scorer.scores([one.text for one in some])
        request_cpu_budget.check(f"the reading of answers, {at + len(some)} of {len(texts)}")
    return np.array(rows, np.int64), chances, tones


def _speed(times: NDArray[np.float64], now: float) -> dict[str, Any]:
    if not len(times):
        return {"last_hour": 0, "seconds_to_half": None, "largest_hour": 0}
    hours = np.searchsorted(times, times + HOUR, "right") - np.arange(len(times))
    return {
        "last_hour": int((times > now - HOUR).sum()),
        "seconds_to_half": float(times[(len(times) - 1) // 2] - times[0]),
        "largest_hour": int(hours.max()),
    }


def _first(
    graph: FollowGraph | None, sharers: Sequence[int], author: int, lone: set[int], least: int
) -> dict[str, Any]:
    followers = set[int]()
    if graph is not None and author:
        followers = set(graph.followers(author).tolist())
    users = len(sharers) if len(sharers) >= least or not sharers else None
    counts = [len(set(sharers) & one) for one in (followers, lone)]
    shown = [count if count >= least and graph is not None else None for count in counts]
    return {"users": users, "following_author": shown[0], "without_follows": shown[1]}


def _communities(
    graph: FollowGraph | None, sharers: Sequence[int], least: int
) -> dict[str, Any] | None:
    """Return how many communities the sharers form by follows among them; None without a graph."""
    if graph is None:
        return None
    users = np.array(sorted(user for user in sharers if user > 0), np.int32)
    sizes = communities_among(graph, users, least)
    return {"reached": len(sizes), "users": sizes}


def _floods(shares: Sequence[Share], lone: set[int], known: bool) -> list[dict[str, Any]]:
    """Return windows of ten minutes with far more shares than others, mostly by lone accounts."""
    if not known or len(shares) < _FLOOD_LEAST:
        return []
    moments = np.array([one.moment for one in shares])
    windows = np.floor(moments / _FLOOD_SECONDS).astype(np.int64)
    starts, place, counts = np.unique(windows, return_inverse=True, return_counts=True)
    alone = np.array([one.user in lone for one in shares], float)
    shares_alone = np.bincount(place, alone) / counts
    usual = float(np.median(counts)) if len(counts) > 2 else 0.0
    found = (counts >= max(_FLOOD_LEAST, _FLOOD_TIMES * usual)) & (shares_alone >= _FLOOD_LONE)
    return [
        {
            "start": float(starts[at] * _FLOOD_SECONDS),
            "acts": int(counts[at]),
            "without_follows": round(float(shares_alone[at]), 3),
        }
        for at in np.flatnonzero(found).tolist()
    ]


def _levels(
    tree: SpreadTree,
    rows: NDArray[np.int64],
    chances: NDArray[np.float64],
    tones: NDArray[np.float64],
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    depths = tree.depths[rows] if len(rows) else np.zeros(0, np.int64)
    for depth in range(1, tree.depth + 1)[:20]:
        own = depths == depth
        shares = chances[own].mean(0).tolist() if own.any() else []
        found.append(
            {
                "depth": depth,
                "nodes": int((tree.depths == depth).sum()),
                "tone": round(float(tones[own].mean()), 3) if own.any() else None,
                "stances": {
                    name: round(share, 3) for name, share in zip(STANCES, shares, strict=False)
                },
            }
        )
    return found


def _rumour(chances: NDArray[np.float64], language: str) -> dict[str, Any]:
    flag = rumour_flag(chances)
    parts = ((_DENIED, flag.denials), (_ASKED, flag.questions))
    evidence = [
        translate(key, language, share=round(100 * share))
        for key, share in parts
        if flag.flagged and share >= 0.05
    ]
    return {
        "flagged": flag.flagged,
        "score": round(flag.score, 4),
        "denials": round(flag.denials, 4),
        "questions": round(flag.questions, 4),
        "answers": flag.answers,
        "evidence": evidence,
    }


def _listed(
    tree: SpreadTree,
    rows: NDArray[np.int64],
    chances: NDArray[np.float64],
    tones: NDArray[np.float64],
    n: int,
) -> list[dict[str, Any]]:
    """Return the first n nodes."""
    place = {row: at for at, row in enumerate(rows.tolist())}
    found: list[dict[str, Any]] = []
    for row, node in enumerate(tree.nodes):
        if len(found) >= n:
            break
        share = isinstance(node.key, tuple) and node.key[0] == "user"
        gap = (share and isinstance(node.account, int) and node.account < 0) or (
            not share and not node.item_id
        )
        at = place.get(row)
        found.append(
            {
                "row": row,
                "parent": int(tree.parents[row]) if row else None,
                "kind": "gap" if gap else "share" if share else "answer" if row else "item",
                "item_id": node.item_id or None,
                "at": node.time,
                "depth": int(tree.depths[row]),
                **(
                    {}
                    if at is None
                    else {
                        "tone": round(float(tones[at]), 3),
                        "stance": STANCES[int(chances[at].argmax())],
                    }
                ),
            }
        )
    return found
