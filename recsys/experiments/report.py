"""Report of an experiment: what may be read of it at this moment, and what may not.

Nothing is reported of fewer than `LEAST_UNITS` users in an arm, nor where the arms have other
shares of users than were assigned. Intervals hold at all looks together; those of one look stand
beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recsys.experiments.arm_sums import ArmSums, Difference, difference
from recsys.experiments.assignment import HOLDOUT
from recsys.experiments.confidence_sequence import PLANNED_UNITS, always_valid, fixed_horizon
from recsys.experiments.definition import AA_SPLIT, INTERLEAVED, Experiment, GuardrailMetric
from recsys.experiments.guardrail import Guardrail
from recsys.experiments.interleaving import as_json, credits_of, preference
from recsys.experiments.metrics import METRICS
from recsys.experiments.sample_ratio import mismatched
from recsys.experiments.unit_counts import UnitCounts, Window, checked, unit_counts
from recsys.store.database import Database
from recsys.store.exposure_reader import ShownList, shown_lists

LEAST_UNITS = 100  # users of an arm, below which nothing is reported
ALPHA = 0.05
TOO_EARLY, MISMATCH, READABLE = "too_early", "sample_ratio_mismatch", "readable"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report reads: metrics, the arm that others are compared with, and plans."""

    primary: str
    guardrails: tuple[GuardrailMetric, ...]
    control: str
    planned_units: int = PLANNED_UNITS
    planned_guardrail_units: int = PLANNED_UNITS

    @classmethod
    def of(cls, one: Experiment) -> Reading:
        """Return what is read of an experiment."""
        return cls(
            one.primary,
            one.guardrails,
            one.arms[0].name,
            one.planned_units,
            one.planned_guardrail_units,
        )


AA_READING = Reading("click_rate", (), AA_SPLIT.arms[0])  # of the A/A experiment


def preference_report(
    window: Window, experiment: Experiment, lists: Iterable[ShownList]
) -> dict[str, Any]:
    """Return the report of an interleaving experiment as JSON; `lists`: read whole.

    No figure of fewer than 100 users with a credited click.
    """
    names = (experiment.arms[0].name, experiment.arms[1].name)
    credits, users = credits_of(lists, experiment.id, names)
    found = as_json(preference(credits), names)
    return {
        "begins": window.begins,
        "ends": window.ends,
        "status": TOO_EARLY if found["value"] is None else READABLE,
        "units": {INTERLEAVED: users},
        "shares": {INTERLEAVED: 1.0},
        "left_out": {"robots": 0, "in_two_arms": 0},
        "metrics": [],
        "preference": found,
    }


def report_of(db: Database, one: Experiment, now: float) -> dict[str, Any]:
    """Return the report of an experiment at a moment, whichever its method is."""
    window = Window.of(one, now)
    if one.method == "interleaving":
        lists = checked(shown_lists(db, window.begins, window.ends, whole=True))
        return preference_report(window, one, lists)
    return report(window, Reading.of(one), unit_counts(db, window))


def aa_report(db: Database, now: float) -> dict[str, Any]:
    """Return the report of the A/A experiment of the last days."""
    window = Window.of_aa(now)
    return report(window, AA_READING, unit_counts(db, window))


def report(window: Window, reading: Reading, counts: UnitCounts) -> dict[str, Any]:
    """Return a report as JSON; `metrics` is empty unless its status is `readable`."""
    units = {name: int(counts.of_arm(name).sum()) for name in window.groups}
    status = _status(window.groups, units)
    metrics = []
    if status == READABLE:
        names = dict.fromkeys([reading.primary, *(one.metric for one in reading.guardrails)])
        metrics = [_metric(name, window, reading, counts) for name in names]
    return {
        "begins": window.begins,
        "ends": window.ends,
        "status": status,
        "units": units,
        "shares": dict(window.groups),
        "left_out": {"robots": counts.robots, "in_two_arms": counts.in_two_arms},
        "metrics": metrics,
        "preference": None,
    }


def _status(groups: Mapping[str, float], units: Mapping[str, int]) -> str:
    """Return whether users of arms are as many as assigned, and enough of them."""
    if mismatched([units[name] for name in groups], list(groups.values())):
        return MISMATCH
    arms = [count for name, count in units.items() if name != HOLDOUT]
    return TOO_EARLY if min(arms) < LEAST_UNITS else READABLE


def _metric(name: str, window: Window, reading: Reading, counts: UnitCounts) -> dict[str, Any]:
    sums = counts.sums(name, window.groups)
    others = [arm for arm in window.groups if arm != reading.control]
    rail = next((one for one in reading.guardrails if one.metric == name), None)
    arms = [
        {"arm": reading.control, "units": sums[reading.control].units}
        | {"value": sums[reading.control].ratio, "difference": None}
    ]
    for arm in others:
        change = None
        if sums[arm].units >= LEAST_UNITS:
            # of several arms each interval is wider, so that all of them hold together
            alpha = ALPHA / len(others)
            change = _difference(sums[arm], sums[reading.control], alpha, reading.planned_units)
            if rail is not None:
                change["harmed"] = guardrail(rail, reading, len(others)).harmed(
                    sums[arm], sums[reading.control]
                )
        arms.append(
            {"arm": arm, "units": sums[arm].units}
            | {"value": sums[arm].ratio if change else None, "difference": change}
        )
    return {
        "metric": name,
        "help": METRICS[name].help,
        "more_is_worse": METRICS[name].more_is_worse,
        "role": "primary" if name == reading.primary else "guardrail",
        "arms": arms,
    }


def _difference(arm: ArmSums, control: ArmSums, alpha: float, planned: int) -> dict[str, Any]:
    found = difference(arm, control)
    valid, fixed = always_valid(found, alpha, planned), fixed_horizon(found, alpha)
    return {
        "value": found.value,
        "relative": found.relative,
        "interval": [valid.low, valid.high],
        "relative_interval": _relative(found, [valid.low, valid.high]),
        "interval_of_one_look": [fixed.low, fixed.high],
        "decided": valid.excludes_zero,
        "harmed": False,
    }


def _relative(found: Difference, interval: list[float]) -> list[float] | None:
    """Return an interval as shares of the reference; None where that is not above 0."""
    return [one / found.reference for one in interval] if found.reference > 0 else None


def guardrail(one: GuardrailMetric, reading: Reading, comparisons: int = 1) -> Guardrail:
    """Return the test of a guardrail, at an equal part of alpha for each arm compared."""
    return Guardrail(
        one.metric,
        one.margin,
        METRICS[one.metric].more_is_worse,
        ALPHA / max(comparisons, 1),
        reading.planned_guardrail_units,
    )


def harmed_arms(window: Window, reading: Reading, counts: UnitCounts) -> list[tuple[str, str]]:
    """Return (arm, metric) of guardrails that are broken at this look; none while too early.

    A holdout cannot be harmed. While the shares of users are wrong nothing is judged.
    """
    units = {name: int(counts.of_arm(name).sum()) for name in window.groups}
    if _status(window.groups, units) != READABLE:
        return []
    arms = [name for name in window.groups if name not in (reading.control, HOLDOUT)]
    found = []
    for one in reading.guardrails:
        sums = counts.sums(one.metric, window.groups)
        test = guardrail(one, reading, len(arms))
        found += [
            (arm, one.metric) for arm in arms if test.harmed(sums[arm], sums[reading.control])
        ]
    return found
