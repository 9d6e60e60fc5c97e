"""Answer of a what-if request: opens the bundles it names and compares the lists of its users."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from recsys.author_name_cache import AuthorDisplayNames
from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.follow_signals import FollowSignals
from recsys.live_recommender import open_recommender
from recsys.personal_list import UserState
from recsys.serving.follow_graph import FollowGraph
from recsys.settings import Settings
from recsys.store.schema import users as _users
from recsys.store.store import Store
from recsys.what_if import (
    MOST_USERS,
    SHOWN_USERS,
    Hypothesis,
    Side,
    check_overrides,
    check_user,
    compared,
    hypothetical_state,
    lists_of,
)

MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class WhatIfRequest:
    """Users, and what is otherwise on the second side."""

    users: tuple[str, ...] = ()
    sample: int = 0  # users that are drawn evenly over the store's, where none are named
    n: int = 20
    overrides: Mapping[str, Any] = field(default_factory=dict)
    bundle: str = ""  # version; empty: the one in service
    without: tuple[int, ...] = ()  # ids of events, of one user
    as_of: float | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        check_overrides(self.overrides)
        if bool(self.users) == bool(self.sample):
            raise DataError("name users, or say how many to draw: one of both")
        if max(len(self.users), self.sample) > MOST_USERS:
            raise DataError(f"at most {MOST_USERS} users, not {len(self.users) or self.sample}")
        if not 1 <= self.n <= MOST_ITEMS:
            raise DataError(f"n={self.n}: lists have 1 to {MOST_ITEMS} items")
        if self.without and len(self.users) != 1:
            raise DataError("events may be left out of the history of one user")
        if not (self.overrides or self.bundle or self.without or self.as_of is not None):
            raise DataError(
                "nothing is otherwise: give overrides, a bundle, events to leave out or a time"
            )

    @property
    def hypothesis(self) -> Hypothesis:
        """What is left out on the second side."""
        return Hypothesis(self.without, self.as_of)


@dataclass(frozen=True, slots=True)
class States:
    """States of the users on both sides, and how many of them nothing is held of."""

    before: list[UserState]
    after: list[UserState]
    unknown: int


def states_of(
    store: Store, settings: Settings, request: WhatIfRequest, sides: tuple[Side, Side]
) -> States:
    """Return the states of the users of a request, each for the live state of its side.

    UnknownUser for a single user of whom nothing is held; of several, such are left out.
    """
    names = request.users or sampled(store, request.sample)
    if len(names) == 1:
        check_user(store, names[0])
    known = [name for name in names if store.user(name) is not None]
    scorer = settings.sentiment_scorer if settings.tone_strength else None

    def states(hypothesis: Hypothesis, side: Side) -> list[UserState]:
        return [
            hypothetical_state(
                store, name, hypothesis, settings.weights, scorer, side.signals, side.live
            )
            for name in known
        ]

    before = after = states(Hypothesis(), sides[0])
    if request.hypothesis or sides[1].live is not sides[0].live:
        after = states(request.hypothesis, sides[1])
    return States(before, after, len(names) - len(known))


def sampled(store: Store, n: int) -> tuple[str, ...]:
    """Return n users of a store, or all, evenly over the order in which they came."""
    with store.db.read() as connection:
        first, last = connection.execute(
            sa.select(sa.func.min(_users.c.id), sa.func.max(_users.c.id))
        ).one()
        if first is None:
            return ()
        step = max((last - first + 1) / n, 1.0)
        numbers = sorted({first + int(step * place) for place in range(n)})
        query = sa.select(_users.c.user_id).where(store.db.among(_users.c.id, numbers))
        return tuple(connection.execute(query.order_by(_users.c.id)).scalars())


def compare_sides(
    store: Store, settings: Settings, request: WhatIfRequest, sides: tuple[Side, Side]
) -> dict[str, Any]:
    """Return the differences of the lists of two sides as JSON.

    Reasons and the table of authors have the display names of authors, where there are any.
    """
    states, now = states_of(store, settings, request, sides), time.time()
    explain = len(states.before) <= SHOWN_USERS
    names = AuthorDisplayNames()
    categories = frozenset(settings.repeat_categories)
    before, after = (
        lists_of(
            side,
            [names.named(store, side.live, one) for one in some] if explain else some,
            request.n,
            now,
            categories,
            left_out,
            request.language,
            explain=explain,
        )
        for side, some, left_out in zip(
            sides,
            (states.before, states.after),
            (Hypothesis(), request.hypothesis),
            strict=True,
        )
    )
    found = compared(before, after, sides)
    called = store.names_of([row["name"] for row in found["summary"]["authors"]])
    for row in found["summary"]["authors"]:
        row["display_name"] = called.get(row["name"])
    return {**found, "unknown_users": states.unknown}


def answer(
    store: Store, settings: Settings, request: WhatIfRequest, version: str = ""
) -> dict[str, Any]:
    """Return the answer to a request from the bundles of the home.

    `version`: of the bundle in service; empty: the current one.
    BundleError for a bundle that is not there or does not verify.
    """
    bundles = BundleStore(settings.home)
    first = open_side(bundles, version, store, settings)
    graph = FollowGraph(settings.weights, first.live.model.rating_scale.mean)
    graph.follow_all(store)
    first = replace(first, signals=FollowSignals(graph))
    if request.bundle in ("", first.version):
        second = replace(first, overrides=request.overrides)
    else:
        second = open_side(bundles, request.bundle, store, settings)
        second = replace(second, overrides=request.overrides, signals=first.signals)
    return compare_sides(store, settings, request, (first, second))


def open_side(bundles: BundleStore, version: str, store: Store, settings: Settings) -> Side:
    """Open a bundle, without a version the current one, and read the store's logs to their ends."""
    recommender, _ = open_recommender(bundles, version, store, settings)
    return Side.of(recommender.live.model.version, recommender)
