"""Monitor: tests all watches for bursts and advances the states of alerts; no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.monitoring.alert_states import AlertState, Change, step
from recsys.monitoring.false_discovery import PER_WATCH, RATES, Budget, WatchSpending, rejected
from recsys.monitoring.negative_share import LEAST_KNOWN, WINDOWS
from recsys.monitoring.watch_baselines import Baselines
from recsys.monitoring.watch_windows import LONGEST, QUIET, Reading, Voices, WatchWindows, read
from recsys.store.watches import ALL, Match

NEGATIVE, VOLUME, FLOOD = "negative", "volume", "flood"
KEPT = 2_000_000  # texts of the last day that are held for all watches together
# p-values above this are discarded, and cost nothing; those below are divided by it. Valid for
# conservative p-values (ADDIS, Tian and Ramdas 2019), as those of small counts are
DISCARDED = 0.25
LEAST, MOST = 50, 5_000  # texts that are held per watch


@dataclass(frozen=True, slots=True)
class Setting:
    """What a watch says about its alerts."""

    level: str = "normal"
    least_people: int = 10


@dataclass(frozen=True, slots=True)
class AlertChange:
    """What a look changed of one alert."""

    watch: int
    kind: str
    change: Change
    state: AlertState | None
    reading: Reading
    chance: float
    window: int  # place in WINDOWS


@dataclass
class Monitor:
    """Voices of the last day of all watches, and what was said of them."""

    settings: dict[int, Setting] = field(default_factory=dict)
    states: dict[tuple[int, str], AlertState] = field(default_factory=dict)
    budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)  # by level and kind
    spending: WatchSpending = field(default_factory=WatchSpending)
    windows: dict[int, WatchWindows] = field(default_factory=dict)
    baselines: Baselines | None = None
    _fresh: set[int] = field(default_factory=set)  # watches with texts since the last look
    _looked: float = 0.0

    def set_watches(self, settings: Mapping[int, Setting]) -> None:
        """Take over the watches there are; what is gone is forgotten."""
        self.settings = dict(settings)
        most = max(LEAST, min(MOST, KEPT // (len(settings) + 1)))
        for watch in (ALL, *settings):
            if watch not in self.windows:
                self.windows[watch] = WatchWindows(MOST * 20 if watch == ALL else most)
        for watch in set(self.windows) - set(settings) - {ALL}:
            del self.windows[watch]
        self.states = {key: one for key, one in self.states.items() if key[0] in settings}

    def add(self, found: Iterable[Match]) -> None:
        """Add texts of the last day."""
        by_watch: dict[int, list[Match]] = {}
        for one in found:
            by_watch.setdefault(one.watch, []).append(one)
        for watch, some in by_watch.items():
            if watch in self.windows:
                self.windows[watch].add(some)
                self._fresh.add(watch)

    def look(self, now: float) -> list[AlertChange]:
        """Return what changed by a look at a moment; no alerts before enough is known."""
        base = self.baselines
        if now < self._looked - 3_600.0:  # the clock went back: windows are those of its new time
            self._fresh = set(self.windows)
        self._looked = now
        self.spending.forget(self.settings, now)
        for one in self.windows.values():
            one.drop_before(now - LONGEST)
        if base is None or base.known < LEAST_KNOWN:
            return []
        open_watches = {watch for watch, _ in self.states}
        watches = sorted((self._fresh | open_watches) & set(self.settings))
        self._fresh = set()
        if not watches:
            return []
        others = self.windows[ALL].voices(now)
        readings = {watch: self._read(watch, base, others, now) for watch in watches}
        found: list[AlertChange] = []
        for kind in (NEGATIVE, VOLUME):
            found += self._judge(kind, readings, now)
        return found + self._floods(readings, now)

    def _read(self, watch: int, base: Baselines, others: tuple[Voices, ...], now: float) -> Reading:
        least = self.settings[watch].least_people
        own = self.windows[watch].voices(now, least)
        if not own:
            return QUIET
        usual = base.usual(watch)
        people = [one.people for one in own]
        tides = base.tides([one.people for one in others], people, WINDOWS, now)
        level = base.expected(watch, WINDOWS, now)
        expected = tuple(one * tide for one, tide in zip(level, tides, strict=True))
        return read(
            own,
            base.share(watch),
            others,
            base.platform_share,
            expected,
            usual.size,
            least,
        )

    def _judge(self, kind: str, readings: Mapping[int, Reading], now: float) -> list[AlertChange]:
        found: list[AlertChange] = []
        for level, rate in RATES.items():
            some = [watch for watch in readings if self.settings[watch].level == level]
            tested = [w for w in some if readings[w].enough and not readings[w].is_flood]
            tested = [w for w in tested if _chance(readings[w], kind) <= DISCARDED]
            budget = self.budgets.setdefault((level, kind), Budget(rate))
            bar, passes = 0.0, dict[int, bool]()
            if tested:
                alpha = budget.level(now)
                chances = [_chance(readings[w], kind) / DISCARDED for w in tested]
                result, bar = rejected(chances, alpha)
                bar *= DISCARDED
                passes = dict(zip(tested, result, strict=True))
                budget.spend(alpha)
            own = self._own_levels(tested, level, now) if kind == NEGATIVE else {}
            for watch in some:
                reading, its = readings[watch], max(bar, own.get(watch, 0.0))
                passed = passes.get(watch, False)
                passed = passed or _chance(reading, kind) <= own.get(watch, -1.0)
                change = self._step(watch, kind, reading, passed, its, now)
                if change.change == "fired":
                    budget.discovered(now)
                if change.change:
                    found.append(change)
        return found

    def _own_levels(self, tested: Sequence[int], level: str, now: float) -> dict[int, float]:
        """Return the levels of the tests of single watches."""
        return {watch: self.spending.level(watch, PER_WATCH[level], now) for watch in tested}

    def _step(
        self, watch: int, kind: str, reading: Reading, passes: bool, bar: float, now: float
    ) -> AlertChange:
        chance = 1.0 if reading.is_flood else _chance(reading, kind)
        state, change = step(self.states.get((watch, kind)), passes, bar, chance, now)
        self._keep(watch, kind, state)
        window = reading.negative_window if kind == NEGATIVE else reading.volume_window
        return AlertChange(watch, kind, change, state, reading, chance, window)

    def _floods(self, readings: Mapping[int, Reading], now: float) -> list[AlertChange]:
        found = []
        for watch, reading in readings.items():
            old = self.states.get((watch, FLOOD))
            chance = 0.0 if reading.is_flood else 1.0
            state, change = step(old, reading.is_flood, 0.0, chance, now)
            self._keep(watch, FLOOD, state)
            if change:
                found.append(AlertChange(watch, FLOOD, change, state, reading, chance, 3))
        return found

    def _keep(self, watch: int, kind: str, state: AlertState | None) -> None:
        if state is None:
            self.states.pop((watch, kind), None)
        else:
            self.states[watch, kind] = state


def _chance(reading: Reading, kind: str) -> float:
    return reading.negative if kind == NEGATIVE else reading.volume
