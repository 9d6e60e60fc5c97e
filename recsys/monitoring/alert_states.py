"""States of an alert: pending → firing → acknowledged → resolved, with hysteresis.

A burst fires when two of three looks in a row pass the bar of the first. It is resolved after three
quiet looks over an hour; quiet is far from the bar that it fired at. What comes back within four
hours is the same alert and makes no second notice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from recsys.store.alerts import FIRING, PENDING, RESOLVED

LOOKS, HITS = 3, 2  # a burst fires when so many of the last looks pass
QUIET_LOOKS = 3
QUIET_SECONDS = 3_600.0
STILL = 0.05  # p-value up to which a firing alert goes on
AGAIN = 4 * 3_600.0  # seconds after which what comes back is a new alert
Change = Literal["pending", "fired", "reopened", "resolved", "dropped", ""]


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert between two looks."""

    state: str
    began: float  # Unix seconds
    bar: float  # p-value that the first look had to pass
    looks: tuple[bool, ...] = (True,)  # whether the last looks passed
    fired: float | None = None
    resolved: float | None = None
    quiet: int = 0  # looks in a row
    quiet_since: float = 0.0


def step(
    old: AlertState | None, passes: bool, bar: float, chance: float, now: float
) -> tuple[AlertState | None, Change]:
    """Return the state after a look, and what changed.

    `passes`: whether the look's test rejects at `bar`; `chance`: its p-value.
    """
    if old is not None and old.state == RESOLVED:
        over = old.resolved is None or not 0 <= now - old.resolved < AGAIN
        if passes and not over:
            return replace(old, state=FIRING, resolved=None, quiet=0), "reopened"
        old = None if over else old
        if old is not None:
            return old, ""
    if old is None:
        return (AlertState(PENDING, now, bar), "pending") if passes else (None, "")
    if old.state == PENDING:
        return _pending(old, passes or chance <= old.bar, now)
    return _firing(old, chance, now)


def _pending(old: AlertState, hit: bool, now: float) -> tuple[AlertState | None, Change]:
    looks = (*old.looks, hit)[-LOOKS:]
    if sum(looks) >= HITS:
        return replace(old, state=FIRING, looks=looks, fired=now), "fired"
    if len(looks) >= LOOKS:
        return None, "dropped"
    return replace(old, looks=looks), ""


def _firing(old: AlertState, chance: float, now: float) -> tuple[AlertState | None, Change]:
    if chance <= STILL:
        return replace(old, quiet=0), ""
    since = now if not old.quiet or now < old.quiet_since else old.quiet_since
    quiet = old.quiet + 1
    if quiet >= QUIET_LOOKS and now - since >= QUIET_SECONDS:
        return replace(old, state=RESOLVED, resolved=now, quiet=0), "resolved"
    return replace(old, quiet=quiet, quiet_since=since), ""
