"""What-if lists: of one user or many, under another configuration or bundle, without some events,
or as of an earlier time, beside the lists of now. Recomputed exactly, nothing is estimated: what
users would have done with these lists is another question, see recsys.experiments.off_policy.

Neither side has pins, reserved places, exploration or experiments, so that the same store gives the
same answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recsys.data.event_kind_weights import EventWeights
from recsys.errors import DataError
from recsys.follow_signals import FollowSignals
from recsys.personal_list import OVERRIDES, ListRequest, UserState, query_of, ranked
from recsys.ranking.query import Filters, Query, Recommendation
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.store.erasure import Erasures
from recsys.store.events import ShortEvent
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store
from recsys.store.user_controls import blocks_by_others, in_force
from recsys.store.user_histories import UserHistories
from recsys.text.sentiment.scorer import SentimentScorer

MOST_USERS = 1_000
SHOWN_USERS = 20  # whose lists an answer holds; of more it holds sums
MOST_ROWS = 20  # rows of a table of differences

ListMaker = Callable[[Query, int], Sequence[Recommendation]]  # the best n of a query


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is left out of what is known of a user."""

    without: tuple[int, ...] = ()  # ids of events
    as_of: float | None = None  # Unix seconds: what came later is left out

    def __bool__(self) -> bool:
        return bool(self.without) or self.as_of is not None

    def happened(self, event: ShortEvent) -> bool:
        """Whether an event counts."""
        early = self.as_of is None or event.moment <= self.as_of
        return early and event.id not in self.without


@dataclass(frozen=True, slots=True)
class Side:
    """Lists of one side: what makes them, and the live state that knows their items."""

    version: str
    make: ListMaker
    live: LiveState
    overrides: Mapping[str, Any]
    signals: FollowSignals | None = None  # whose acts count too; None: nobody's

    @classmethod
    def of(
        cls, version: str, recommender: Recommender, overrides: Mapping[str, Any] | None = None
    ) -> Side:
        """Return a side whose lists a recommender makes, for one thread at a time."""

        def make(query: Query, n: int) -> Sequence[Recommendation]:
            return ranked(recommender, query, n)[:n]

        return cls(version, make, recommender.live, overrides or {})


@dataclass(frozen=True, slots=True)
class Made:
    """The list of a user on one side."""

    user_id: str
    items: tuple[Recommendation, ...]


class UnknownUser(DataError):
    """Nothing is held of a user; `erased` where they were erased."""

    def __init__(self, user_id: str, erased: bool) -> None:
        why = "was erased: nothing is held" if erased else "is not known"
        super().__init__(f"user {user_id!r} {why}")
        self.erased = erased


def hypothetical_state(
    store: Store,
    user_id: str,
    hypothesis: Hypothesis,
    weights: EventWeights,
    sentiment_scorer: SentimentScorer | None,
    signals: FollowSignals | None = None,
    live: LiveState | None = None,
) -> UserState:
    """Return what would be known of a user; events, controls and acts of others are left out, who
    follows whom is as of now.

    `signals`, `live`: of the follow graph, and the live state whose lists they are for; without
    them nobody's acts count. DataError for an event that is not the user's.
    """
    if hypothesis.without:
        own = store.events_by_id(hypothesis.without)
        strange = [id for id in hypothesis.without if id not in own or own[id].user_id != user_id]
        if strange:
            raise DataError(f"this user has no event {strange[0]}")
    past = UserHistories(weights).hypothetical(store, user_id, hypothesis.happened)
    known = None
    if signals is not None and live is not None:
        known = signals.of(store, user_id, live, hypothesis.as_of)
    state = UserState.read(store, past, user_id, sentiment_scorer, weights, known)
    if hypothesis.as_of is not None:
        log = [one for one in store.control_log(user_id) if one.at <= hypothesis.as_of]
        blocked_by = store.ties_of(user_id).blocked_by
        state = replace(state, controls=(*in_force(log), *blocks_by_others(blocked_by)))
    return state


def check_user(store: Store, user_id: str) -> None:
    """Raise UnknownUser where nothing is held of a user."""
    if store.user(user_id) is None:
        person = Pseudonyms.of_store(store).of(user_id)
        raise UnknownUser(user_id, Erasures(store.db).last_of(person) is not None)


def check_overrides(overrides: Mapping[str, Any]) -> None:
    """Raise DataError for what no configuration has; values are checked where they are used."""
    if unknown := set(overrides) - set(OVERRIDES):
        raise DataError(
            f"{min(unknown)!r} is nothing that a configuration sets: {', '.join(OVERRIDES)}"
        )


def lists_of(
    side: Side,
    states: Sequence[UserState],
    n: int,
    now: float,
    repeat_categories: frozenset[str] = frozenset(),
    hypothesis: Hypothesis = Hypothesis(),
    language: str = "en",
    explain: bool = True,
) -> list[Made]:
    """Return the lists of some users on a side, in the order of `states`.

    Items that came after the hypothesis's time are left out.
    """
    filters = Filters()
    if hypothesis.as_of is not None:
        filters = replace(filters, min_age=max(now - hypothesis.as_of, 0.0))
    request = ListRequest(
        filters=filters, explain=explain, language=language, now=now, **side.overrides
    )
    found = []
    for state in states:
        query = replace(query_of(state, request, repeat_categories), reasons=explain)
        found.append(Made(state.user_id or "", tuple(side.make(query, n))))
    return found


def compared(
    before: Sequence[Made], after: Sequence[Made], sides: tuple[Side, Side]
) -> dict[str, Any]:
    """Return the differences between the lists of the same users as JSON."""
    few = len(before) <= SHOWN_USERS
    pairs = list(zip(before, after, strict=True))
    return {
        "before": _side_json(sides[0]),
        "after": _side_json(sides[1]),
        "users": len(before),
        "lists": [_pair_json(a, b, sides) for a, b in pairs] if few else [],
        "summary": _summary(pairs, sides),
    }


def _side_json(side: Side) -> dict[str, Any]:
    return {"model_version": side.version, "overrides": dict(side.overrides)}


def _pair_json(before: Made, after: Made, sides: tuple[Side, Side]) -> dict[str, Any]:
    places = {one.item_id: one.rank for one in before.items}
    later = {one.item_id for one in after.items}
    return {
        "user": before.user_id,
        "before": [_entry(one, sides[0].live) for one in before.items],
        "after": [
            _entry(one, sides[1].live) | {"rank_before": places.get(one.item_id)}
            for one in after.items
        ],
        "gone": [one.item_id for one in before.items if one.item_id not in later],
        "jaccard": _jaccard(before, after),
    }


def _entry(one: Recommendation, live: LiveState) -> dict[str, Any]:
    known = live.document(live.row(one.item_id)) if live.row(one.item_id) >= 0 else {}
    return {
        "item_id": one.item_id,
        "rank": one.rank,
        "score": one.score,
        "source": one.source,
        "title": str(known.get("title") or known.get("text") or one.item_id)[:90],
        "reasons": [{"kind": r.kind, "share": r.share, "text": r.text} for r in one.reasons],
    }


def _jaccard(before: Made, after: Made) -> float:
    a, b = ({one.item_id for one in made.items} for made in (before, after))
    return len(a & b) / len(a | b) if a or b else 1.0


def _summary(pairs: Sequence[tuple[Made, Made]], sides: tuple[Side, Side]) -> dict[str, Any]:
    lists = ([a for a, _ in pairs], [b for _, b in pairs])
    same = [[x.item_id for x in a.items] == [x.item_id for x in b.items] for a, b in pairs]
    items = tuple(Counter(x.item_id for one in each for x in one.items) for each in lists)
    total = max(len(pairs), 1)
    return {
        "jaccard": sum(_jaccard(a, b) for a, b in pairs) / total,
        "unchanged": sum(same) / total,
        "distinct_items": [len(each) for each in items],
        "items": _rows([{k: c / total for k, c in each.items()} for each in items]),
        "authors": _rows(
            [_exposure(each, s.live, _author) for each, s in zip(lists, sides, strict=True)]
        ),
        "topics": _rows(
            [_exposure(each, s.live, _topic) for each, s in zip(lists, sides, strict=True)]
        ),
        "reasons": _rows([_reasons(each) for each in lists]),
    }


def _exposure(
    lists: Sequence[Made], live: LiveState, name: Callable[[LiveState, int], str]
) -> dict[str, float]:
    """Return the share of exposure, 1 / log2(1 + rank) of a place, by what items are named."""
    found: dict[str, float] = {}
    for made in lists:
        for one in made.items:
            row = live.row(one.item_id)
            label = name(live, row) if row >= 0 else ""
            if label:
                found[label] = found.get(label, 0.0) + 1 / math.log2(1 + one.rank)
    total = sum(1 / math.log2(1 + one.rank) for made in lists for one in made.items)
    return {label: value / total for label, value in found.items()} if total else {}


def _author(live: LiveState, row: int) -> str:
    return str(live.document(row).get("author_id") or "")


def _topic(live: LiveState, row: int) -> str:
    topics = live.model.topics
    if topics is None or row >= len(live.topics) or live.topics[row] < 0:
        return ""
    code = int(live.topics[row])
    return topics.name(code) or str(topics.ids[code])


def _reasons(lists: Sequence[Made]) -> dict[str, float]:
    """Return the mean share of each kind of reason over the items."""
    found: dict[str, float] = {}
    count = sum(len(made.items) for made in lists)
    for made in lists:
        for one in made.items:
            for reason in one.reasons:
                found[reason.kind] = found.get(reason.kind, 0.0) + max(reason.share, 0.0) / count
    return found


def _rows(both: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return what differs most between two tables, at most MOST_ROWS rows; equal ones by name."""
    names = set(both[0]) | set(both[1])
    rows = [(name, both[0].get(name, 0.0), both[1].get(name, 0.0)) for name in names]
    rows = sorted(rows, key=lambda row: (-abs(row[2] - row[1]), row[0]))[:MOST_ROWS]
    return [{"name": name, "before": a, "after": b} for name, a, b in rows]
