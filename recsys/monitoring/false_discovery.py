"""False discovery rate over watches and over time.

At each look Benjamini and Hochberg decide over the watches that have enough voices, at a level
taken from a budget. The budget grows evenly with time, by the rate times the discoveries of the
last thirty days (at least one) per thirty days: with a look's level bounded by what was saved, the
levels spent in any month stay below the rate times the month's discoveries, which bounds the
estimate that LORD++ keeps below the rate (Ramdas et al. 2017). Nothing is saved beyond a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RATES: Mapping[str, float] = {"quiet": 0.05, "normal": 0.3, "eager": 0.5}
# false alerts of negative share per watch and 30 days that are accepted besides: with few
# discoveries the rate of false discoveries lets nothing through that is not extreme
PER_WATCH: Mapping[str, float] = {"quiet": 0.04, "normal": 0.2, "eager": 0.6}
WATCH_SPENT = 0.15  # share of what a watch has saved that one test may spend
DAY = 86_400.0
SPAN = 30 * DAY  # seconds over which discoveries count
SPENT = 0.5  # share of what was saved that one look may spend
FIRST = 1.0  # of a day's budget that is there at the start
KEPT = 10_000  # discoveries that are remembered


@dataclass
class Budget:
    """What may be spent on looks at one level."""

    rate: float
    saved: float = -1.0  # below 0: not begun
    looked: float = 0.0  # Unix seconds
    found: list[float] = field(default_factory=list)  # moments of discoveries, ascending

    def level(self, now: float) -> float:
        """Return the level of a look at a moment. A clock that went back earns nothing."""
        self.found = [at for at in self.found if now - SPAN < at <= now][-KEPT:]
        per_day = self.rate * max(1, len(self.found)) / (SPAN / DAY)
        if self.saved < 0:
            self.saved = FIRST * per_day
        elapsed = min(max(now - self.looked, 0.0), DAY) if self.looked else 0.0
        self.saved = min(self.saved + per_day * elapsed / DAY, per_day)
        self.looked = now
        return SPENT * self.saved

    def spend(self, level: float) -> None:
        """Take what a look has cost."""
        self.saved = max(self.saved - level, 0.0)

    def discovered(self, now: float) -> None:
        """Note an alert that fired."""
        self.found.append(now)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes back."""
        return {"saved": self.saved, "looked": self.looked, "found": self.found}

    @classmethod
    def from_json(cls, rate: float, values: Mapping[str, Any]) -> Budget:
        """Return a budget as it was kept."""
        return cls(
            rate,
            float(values.get("saved", -1.0)),
            float(values.get("looked", 0.0)),
            [float(at) for at in values.get("found", [])],
        )


@dataclass
class WatchSpending:
    """Levels of single watches (alpha spending).

    A watch earns evenly, `rate` per SPAN, saves at most that much, and pays the level of each of
    its tests. The levels of any SPAN add up to at most twice the rate, and to the rate in the long
    run, which bounds the expected false alerts (union bound), however the tests depend on
    each other.
    """

    saved: dict[int, tuple[float, float]] = field(default_factory=dict)  # watch: saved, moment

    def level(self, watch: int, rate: float, now: float) -> float:
        """Return the level of a test of a watch, and pay it."""
        saved, at = self.saved.get(watch, (rate, now))
        saved = min(saved + rate * min(max(now - at, 0.0), SPAN) / SPAN, rate)
        level = WATCH_SPENT * saved
        self.saved[watch] = saved - level, now
        return level

    def forget(self, known: Collection[int], now: float) -> None:
        """Forget watches that are gone, and those that have earned all again."""
        self.saved = {
            watch: (saved, at)
            for watch, (saved, at) in self.saved.items()
            if watch in known and 0 <= now - at < SPAN
        }

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes back."""
        return {str(watch): list(one) for watch, one in self.saved.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WatchSpending:
        """Return what was kept."""
        return cls({int(watch): (float(one[0]), float(one[1])) for watch, one in values.items()})


def rejected(chances: Sequence[float], level: float) -> tuple[list[bool], float]:
    """Return which p-values Benjamini and Hochberg reject, and the bar that they passed.

    The bar is that of the least significant rejected one; without any, that of the first.
    """
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    last = -1
    for place, at in enumerate(order):
        if chances[at] <= level * (place + 1) / len(chances):
            last = place
    bar = level * (last + 1 if last >= 0 else 1) / max(len(chances), 1)
    found = [False] * len(chances)
    for at in order[: last + 1]:
        found[at] = True
    return found, bar
