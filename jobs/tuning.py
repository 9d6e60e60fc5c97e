"""When a night tunes again, on what, and what serves where there is nothing to tune on."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recsys.evaluation.service import walked_check
from recsys.evaluation.split import Rules, make_split
from recsys.state.blend import Blend, Term
from recsys.training.choice import Choice
from recsys.training.menu import CANDIDATES
from recsys.training.slices import SHARE
from recsys.training.tune import Budget, tune

if TYPE_CHECKING:
    from .night import Night

GROWTH = 1.5  # times as many events or items (or as few) as when it was tuned
FEWEST = 2  # people whose next steps are known: one to learn from, one to judge by
ASKED = 2_500  # questions that a night is tuned on; an evaluation, which has more time, asks more
MIX = 0.2  # share of events whose kind would have to change to get the old mix


def reason_to_tune(
    manifest: Mapping[str, Any], seen: Mapping[str, Any], plan: Mapping[str, Any], days: float
) -> str | None:
    """Say why a night should tune; None when the tuning of the bundle before still serves.

    `seen`: counts of events and items, and events by kind. `plan`: settings that a tuning depends
    on; another encoder, say, makes the old weights meaningless.
    """
    tuning = manifest.get("tuning")
    if not isinstance(tuning, dict) or "choice" not in manifest:
        return "there is no earlier tuning"
    for name, value in plan.items():
        if tuning.get(name) != value:
            return f"{name} changed"
    if time.time() - tuning["at"] > 86_400 * days:
        return f"the last tuning is older than {days:g} days"
    before = tuning["counts"]
    for name in ("events", "items"):
        ratio = (seen[name] + 1) / (before[name] + 1)
        if not 1 / GROWTH <= ratio <= GROWTH:
            return f"{before[name]} {name} became {seen[name]}"
    moved = _moved(before["kinds"], seen["kinds"])
    return f"the kinds of {moved:.0%} of the events changed" if moved > MIX else None


def _moved(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """Return half the summed difference of two mixes: 0 for equal ones, 1 for disjoint ones."""
    totals = max(sum(before.values()), 1), max(sum(now.values()), 1)
    kinds = before.keys() | now.keys()
    shares = (abs(before.get(k, 0) / totals[0] - now.get(k, 0) / totals[1]) for k in kinds)
    return sum(shares) / 2


def tuned(night: Night) -> Choice:
    """Return the engines and the blend that answer the newest events of a night best."""
    settings, progress = night.settings, night.progress
    _, check = night.validation
    if len(check) < FEWEST:
        return untuned()
    way = None
    if check.data.timed:  # the service hears of every event, so it is tuned on a walk
        rules = Rules("replay", share=SHARE, weights=settings.weights)
        check, way = walked_check(make_split(*night.tables, rules), settings.seed, ASKED)
    words = night.words(check.data)
    budget = Budget(settings.tune_minutes)

    def note(text: str) -> None:
        progress.note(text)
        progress.advance(60 * budget.minutes - budget.left(), 60 * budget.minutes)

    return tune(check, words, CANDIDATES, budget, settings.seed, night.device, note, way)


def untuned() -> Choice:
    """Return what serves where nobody's next steps are known: words, and what is popular."""
    return Choice((), Blend(terms=(Term("words", math.inf, 1.0),), priors={"share_all": 1.0}))
