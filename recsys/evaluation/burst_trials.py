"""Burst trials: recall and delay of detected artificial bursts, and false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.evaluation.injected_bursts import Injection, Mixed, inject, settled
from recsys.trends.historical_bursts import Alarm, People, alarms
from recsys.trends.item_series_membership import KINDS, Labels
from recsys.trends.series import HOUR, Stream, count, hours_of

WARM_UP = 14  # days of history before the first burst
EXPLAINED = 0.5  # share of an alarm's surplus that injected acts must make up
LATE = 3 * HOUR  # seconds after its end until which a burst counts as seen


@dataclass(frozen=True, slots=True)
class BurstInjection:
    """What to inject."""

    per_week: float = 10.0
    floods: float = 0.25  # share of them that few users make
    settle: bool = True  # whether real bursts are spread first, so that other alarms are false
    seed: int = 0


def run_trial(
    stream: Stream, labels: Mapping[str, Labels], sizes: Mapping[str, int], trial: BurstInjection
) -> dict[str, object]:
    """Return recall, precision, delays and false alarms of artificial bursts in a stream.

    `sizes`: how many labels of each kind there are. An alarm is true when injected acts make up
    half of what it is above the expected; a burst counts as seen by a true alarm of its own
    series before it ends, or within three hours.
    """
    rng = np.random.default_rng(trial.seed)
    stream = settled(stream, rng) if trial.settle else stream
    first = int(hours_of(stream.time).min())
    begin = (first + WARM_UP * 24) * HOUR
    mixed = inject(stream, labels, sizes["item"], begin, trial.per_week, trial.floods, rng)
    length = int(hours_of(mixed.stream.time).max()) + 1 - first
    series = count(
        mixed.stream, labels, first, length - length % 24, [sizes.get(k, 0) for k in KINDS]
    )
    effective_users = People(mixed.stream, labels, series)
    found = alarms(series, effective_users, WARM_UP)
    weeks = max(length / 24 - WARM_UP, 1) / 7
    return {"weeks": weeks, "series": len(series), **_figures(mixed, effective_users, found, weeks)}


def _figures(
    mixed: Mixed, effective_users: People, found: list[Alarm], weeks: float
) -> dict[str, object]:
    called = [alarm for alarm in found if not alarm.author_burst]
    causes = [_causes(mixed, effective_users, alarm) for alarm in called]
    genuine = [
        alarm
        for alarm, why in zip(called, causes, strict=True)
        if any(not mixed.injections[number].author_burst for number in why)
    ]
    fooled = sum(
        bool(why) and all(mixed.injections[number].author_burst for number in why) for why in causes
    )
    seen = [
        _first_seen(one, effective_users, found) for one in mixed.injections if not one.author_burst
    ]
    delays = [delay for delay in seen if delay is not None]
    n_floods = sum(one.author_burst for one in mixed.injections)
    false = len(called) - len(genuine)
    return {
        "bursts": len(seen),
        "floods": n_floods,
        "alarms": len(called),
        "recall": len(delays) / max(len(seen), 1),
        "precision": len(genuine) / max(len(called), 1),
        "delay_hours": {
            "median": float(np.median(delays)) if delays else None,
            "p90": float(np.quantile(delays, 0.9)) if delays else None,
        },
        "other_alarms_per_week": false / weeks,
        "floods_taken_for_bursts": fooled,
        "floods_named": sum(alarm.author_burst for alarm in found),
    }


def _causes(mixed: Mixed, effective_users: People, alarm: Alarm) -> set[int]:
    """Return the injections that make up half of an alarm's surplus."""
    acts = effective_users.acts(alarm.place, alarm.first + 1 - alarm.window, alarm.first + 1)
    source = mixed.source[acts]
    if (source >= 0).sum() < EXPLAINED * (alarm.acts - alarm.expected):
        return set()
    return set(source[source >= 0].tolist())


def _first_seen(one: Injection, effective_users: People, found: list[Alarm]) -> float | None:
    """Return the hours from a burst's start to the end of the hour of its first alarm."""
    series = effective_users.series
    moments = [
        (alarm.first + 1) * HOUR
        for alarm in found
        if not alarm.author_burst
        and KINDS[series.kind[alarm.place]] == one.kind
        and int(series.ref[alarm.place]) == one.ref
        and alarm.last * HOUR >= one.start - HOUR
        and alarm.first * HOUR <= one.end + LATE
    ]
    return max((min(moments) - one.start) / HOUR, 0.0) if moments else None
