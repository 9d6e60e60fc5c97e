"""Suspicious groups: items whose users exceed the usual mix of accounts, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.data.account_mix_anomalies import BACK, DAY, NARROW, YOUNG
from recsys.data.item_account_cusum import TESTS, Platform
from recsys.serving.live_state import LiveState
from recsys.store.events import AccountOnItem


@dataclass(frozen=True, slots=True)
class SuspiciousGroup:
    """Excess of first acts with one property on an item, compared with the platform's share."""

    row: int
    unique_users: int  # that count nothing; of the night at least so many
    tests: tuple[tuple[str, int], ...]  # property, how many of them have it; the most first
    first: float  # Unix seconds, of the earliest first act that counts nothing
    last: float


def suspicious_groups(live: LiveState) -> list[SuspiciousGroup]:
    """Return the groups that a live state knows, the latest first; none without the defences."""
    if live.unique_users is None:
        return []
    account_mix, found = live.account_mix, live.unique_users.excess
    rows = set(np.flatnonzero(account_mix.excess.any(axis=1)).tolist()) - set(live.versions)
    rows |= set(found)
    groups = [_group(live, row) for row in rows]
    return sorted(groups, key=lambda one: (-one.last, live.item_id(one.row)))


def _group(live: LiveState, row: int) -> SuspiciousGroup:
    assert live.unique_users is not None
    counts, moments, unique_users = np.zeros(len(TESTS), np.int64), [np.nan, np.nan], 0
    if row < len(live.account_mix.excess):
        counts += live.account_mix.excess[row]
        moments, unique_users = live.account_mix.span[row].tolist(), int(counts.max())
    since = live.unique_users.excess.get(row)
    if since is not None:
        counts += np.array(since.tests)
        unique_users += since.unique_users
        moments = [np.fmin(moments[0], since.first), np.fmax(moments[1], since.last)]
    order = np.argsort(-counts, kind="stable").tolist()
    tests = tuple((TESTS[test], int(counts[test])) for test in order if counts[test])
    return SuspiciousGroup(row, unique_users, tests, float(moments[0]), float(moments[1]))


def expected_shares(live: LiveState) -> dict[str, float]:
    """Return the share of the platform's first acts that have each property."""
    platform: Platform = (
        live.account_mix.platform if live.unique_users is None else live.unique_users.platform
    )
    both = zip(TESTS, platform.flagged, platform.counted, strict=True)
    return {name: flagged / total if total else 1.0 for name, flagged, total in both}


def properties(accounts: Sequence[AccountOnItem]) -> list[tuple[str, ...]]:
    """Return which properties each account has; accounts in the order of their acts."""
    days = [int(one.first_act // DAY) for one in accounts]
    found = []
    for place, one in enumerate(accounts):
        flags = (
            one.items == 0,
            one.at - one.first_act < YOUNG,
            one.items <= NARROW,
            days[place] in days[max(place - BACK, 0) : place],
        )
        found.append(tuple(name for name, flag in zip(TESTS, flags, strict=True) if flag))
    return found
