"""Watch trials: false alarms on a stream of posts, injected negative bursts, floods.

The posts of a real stream keep their times and watches; the tone of each is that of a labelled
text drawn at random, as the classifier reads it. So the negative share never changes, and every
alert of negative share is false. Bursts add people whose texts are negative more often by half of
all; floods add many negative texts of one to three people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.monitoring.alert_detection import NEGATIVE, Monitor, Setting
from recsys.monitoring.watch_baselines import Baselines, DayCount
from recsys.store.watches import ALL, HOUR, Match
from recsys.trends.series import WEEK

DAY = 24 * HOUR
LOOK = 900.0  # seconds of stream time between looks
RISE = 0.5  # of the negative share among the people of a burst
FEWEST, MOST = 40, 80  # people of a burst
LENGTH = 2 * HOUR  # in which they come, and in which a burst has to be found
FLOOD_TEXTS = (60, 200)
WARM_UP = 60 * DAY
_STRANGERS = 1 << 40  # numbers of injected people


@dataclass(frozen=True, slots=True)
class Pool:
    """Labelled texts as the classifier reads them."""

    label: NDArray[np.int64]  # (n,): 0 negative, 1 neutral, 2 positive, by people
    read: NDArray[np.floating]  # (n, 3): probabilities of a classifier that did not see the text

    def draw(self, n: int, negative: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return rows, negative ones with a probability."""
        sides = [np.flatnonzero(self.label == 0), np.flatnonzero(self.label != 0)]
        angry = rng.random(n) < negative
        return np.where(angry, rng.choice(sides[0], n), rng.choice(sides[1], n))


@dataclass(frozen=True, slots=True)
class WatchTrial:
    """What to do."""

    start: float  # Unix seconds; alarms before it do not count
    end: float
    bursts: int = 0
    floods: int = 0
    level: str = "normal"
    seed: int = 0


@dataclass
class Outcome:
    """Alerts of negative share of one run."""

    fired: list[tuple[int, float]] = field(default_factory=list)  # watch, moment
    injected: list[tuple[int, float]] = field(default_factory=list)  # watch, start
    flooded: list[tuple[int, float]] = field(default_factory=list)
    rule: int = 0  # alarms of the rule "24 h mean > 7 day mean + 3 SD"
    rule_found: int = 0  # bursts that it finds within the time
    rule_floods: int = 0


def run_trial(
    time: NDArray[np.float64],
    watches: Mapping[int, NDArray[np.int64]],
    pool: Pool,
    trial: WatchTrial,
) -> dict[str, object]:
    """Return false alarms, recall and delay; `watches`: places of the posts of each watch."""
    rng = np.random.default_rng(trial.seed)
    texts = _Texts.of(time, watches, pool, trial, rng)
    months = (trial.end - trial.start) / (30 * DAY) * len(watches)
    outcome = _run(texts, sorted(watches), trial)
    outcome.injected, outcome.flooded = texts.bursts, texts.floods
    _rule(texts, sorted(watches), trial, outcome)
    near = [(w, s) for w, s in (*outcome.injected, *outcome.flooded)]
    delays, fooled = [], 0
    for watch, start in outcome.injected:
        some = [at - start for w, at in outcome.fired if w == watch and 0 <= at - start <= LENGTH]
        delays += [min(some)] if some else []
    for watch, start in outcome.flooded:
        fooled += any(w == watch and 0 <= at - start <= DAY for w, at in outcome.fired)
    false = [
        (w, at)
        for w, at in outcome.fired
        if not any(w == one and 0 <= at - start <= DAY for one, start in near)
    ]
    found = len(delays) / max(len(outcome.injected), 1)
    return {
        "watches": len(watches),
        "posts": len(texts.at),
        "watch_months": round(months, 1),
        "false_alarms": len(false),
        "false_alarms_per_watch_month": round(len(false) / months, 4),
        "bursts": len(outcome.injected),
        "found": round(found, 4),
        "delay_minutes_median": float(np.median(delays)) / 60 if delays else None,
        "floods": len(outcome.flooded),
        "floods_fired": fooled,
        "rule_alarms_per_watch_month": round(outcome.rule / months, 4),
        "rule_found": round(outcome.rule_found / max(len(outcome.injected), 1), 4),
        "rule_floods_fired": outcome.rule_floods,
    }


@dataclass(frozen=True, slots=True)
class _Texts:
    """All texts in order of time; `watch_of`: which watches each belongs to."""

    at: NDArray[np.float64]
    author: NDArray[np.int64]
    row: NDArray[np.int64]  # of the pool
    watch_of: Sequence[Sequence[int]]
    read: NDArray[np.floating]  # (n, 3)
    bursts: list[tuple[int, float]]
    floods: list[tuple[int, float]]

    @classmethod
    def of(
        cls,
        time: NDArray[np.float64],
        watches: Mapping[int, NDArray[np.int64]],
        pool: Pool,
        trial: WatchTrial,
        rng: np.random.Generator,
    ) -> _Texts:
        usual = float((pool.label == 0).mean())
        belongs: list[list[int]] = [[] for _ in time]
        for watch, places in watches.items():
            for place in places.tolist():
                belongs[place].append(watch)
        at, author = [time], [np.arange(len(time))]
        rows = [pool.draw(len(time), usual, rng)]
        bursts, floods, number = list[tuple[int, float]](), list[tuple[int, float]](), _STRANGERS
        names = sorted(watches)
        for place in range(trial.bursts + trial.floods):
            watch = int(rng.choice(names))
            start = _free(rng, trial, watch, [*bursts, *floods])
            if place < trial.bursts:
                n = people = int(rng.integers(FEWEST, MOST + 1))
                bursts.append((watch, start))
                rows.append(pool.draw(n, min(usual + RISE, 1.0), rng))
            else:
                n, people = int(rng.integers(*FLOOD_TEXTS)), int(rng.integers(1, 4))
                floods.append((watch, start))
                rows.append(pool.draw(n, 1.0, rng))
            at.append(start + np.sort(rng.uniform(0, LENGTH, n)))
            author.append(number + np.arange(n) % people)
            number += people
            belongs += [[watch]] * n
        joined = np.concatenate(at)
        order = np.argsort(joined, kind="stable")
        row = np.concatenate(rows)[order]
        return cls(
            joined[order],
            np.concatenate(author)[order],
            row,
            [belongs[place] for place in order.tolist()],
            pool.read[row],
            bursts,
            floods,
        )


def _free(
    rng: np.random.Generator,
    trial: WatchTrial,
    watch: int,
    taken: Sequence[tuple[int, float]],
) -> float:
    """Return a start two days away from all that was injected into the same watch."""
    start = float(rng.uniform(trial.start, trial.end - DAY))
    for _ in range(100):
        if all(one != watch or abs(start - at) > 2 * DAY for one, at in taken):
            break
        start = float(rng.uniform(trial.start, trial.end - DAY))
    return start


def _run(texts: _Texts, watches: Sequence[int], trial: WatchTrial) -> Outcome:
    monitor, outcome, at = Monitor(), Outcome(), 0
    monitor.set_watches({watch: Setting(trial.level) for watch in watches})
    days: dict[tuple[int, int], list[int]] = {}
    hourly: dict[int, int] = {}
    now = trial.start - WARM_UP
    at = int(np.searchsorted(texts.at, now))
    begun = int(now // HOUR)
    while now < trial.end:
        now += LOOK
        end = int(np.searchsorted(texts.at, now, side="right"))
        new = _matches(texts, range(at, end))
        for one in new:
            cell = days.setdefault((one.watch, one.hour // 24), [0, 0])
            cell[0] += 1
            cell[1] += one.tone == 0
            if one.watch == ALL:
                hourly[one.hour] = hourly.get(one.hour, 0) + 1
        monitor.add(new)
        at = end
        if now < trial.start:
            continue
        if monitor.baselines is None or now % (6 * HOUR) < LOOK:
            monitor.baselines = _baselines(days, hourly, begun, now)
        outcome.fired += [
            (one.watch, now)
            for one in monitor.look(now)
            if one.kind == NEGATIVE and one.change == "fired"
        ]
    return outcome


def _baselines(
    days: Mapping[tuple[int, int], Sequence[int]], hourly: Mapping[int, int], begun: int, now: float
) -> Baselines:
    rows: list[DayCount] = [(w, day, n, k) for (w, day), (n, k) in days.items()]
    last = int(now // HOUR)
    first = max(last - 4 * WEEK, begun)
    return Baselines(rows, [hourly.get(hour, 0) for hour in range(first, last)], first, now)


def _matches(texts: _Texts, places: range) -> list[Match]:
    found = []
    for place in places:
        read = texts.read[place]
        common = (
            0,
            place,
            float(texts.at[place]),
            int(texts.author[place]),
            0,
            int(read.argmax()),
            float(read[0]),
            float(read[2]),
        )
        found += [Match(watch, *common) for watch in (ALL, *texts.watch_of[place])]
    return found


def _rule(texts: _Texts, watches: Sequence[int], trial: WatchTrial, outcome: Outcome) -> None:
    """Count the alarms of: mean of 24 hours > mean of 7 days + 3 standard deviations.

    Of the hourly counts of negative texts; an alarm is counted when it begins.
    """
    first = int((trial.start - 8 * DAY) // HOUR)
    length = int(trial.end // HOUR) - first
    for watch in watches:
        mine = [
            place
            for place in range(len(texts.at))
            if watch in texts.watch_of[place] and texts.read[place].argmax() == 0
        ]
        hour = (texts.at[mine] // HOUR).astype(np.int64) - first
        counts = np.bincount(hour[(hour >= 0) & (hour < length)], minlength=length).astype(float)
        sums, squares = (np.concatenate([[0.0], np.cumsum(x)]) for x in (counts, counts**2))
        ends = np.arange(WEEK, length + 1)
        day = (sums[ends] - sums[ends - 24]) / 24
        week = (sums[ends] - sums[ends - WEEK]) / WEEK
        spread = np.sqrt(np.maximum((squares[ends] - squares[ends - WEEK]) / WEEK - week**2, 0))
        over = (day > week + 3 * spread) & (day > 0)
        begins = (first + ends[1:][over[1:] & ~over[:-1]]) * HOUR
        begins = begins[begins >= trial.start]
        near = [at for one, at in (*texts.bursts, *texts.floods) if one == watch]
        outcome.rule += sum(not any(0 <= b - at <= DAY for at in near) for b in begins)
        for found, starts in ((True, texts.bursts), (False, texts.floods)):
            hits = sum(
                any(0 <= b - at <= (LENGTH if found else DAY) for b in begins)
                for one, at in starts
                if one == watch
            )
            outcome.rule_found += hits if found else 0
            outcome.rule_floods += 0 if found else hits
