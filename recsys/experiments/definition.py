"""Definition of an experiment: its arms, what they override, its metrics, and its states.

A definition is a draft until it runs; from then on only its state changes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from recsys.errors import DataError
from recsys.experiments.assignment import Split, check_layer
from recsys.experiments.confidence_sequence import PLANNED_UNITS
from recsys.experiments.metrics import METRICS

State = Literal["draft", "running", "stopped", "decided"]
STATES: tuple[State, ...] = ("draft", "running", "stopped", "decided")
METHODS = ("ab", "interleaving")  # arms by user; or both arms' items in one list
INTERLEAVED = "interleaved"  # group of all users of an interleaving experiment
AA = "aa"  # id of the A/A experiment that always runs
AA_SPLIT = Split(AA, ("a1", "a2"), (0.5, 0.5), layer="aa-layer")
MOST_RUNNING = 20  # each list of a user is assigned by all of them
MOST_ARMS = 10
CREDITED = "clicks_per_user"  # the metric of interleaving
MARGIN = 0.02  # relative loss that a guardrail is planned for
EFFECT = 0.05  # relative effect of the primary metric that a plan is made for
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
HOME_ROWS = (
    "for_you",
    "because_you_liked",
    "new_in_topics",
    "rising",
    "followed",
    "something_else",
)


def _number(low: float, high: float) -> Any:
    def check(value: object) -> bool:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return fits and low <= float(str(value)) <= high

    return check, f"a number from {low:g} to {high:g}"


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 500


def _home_rows(value: object) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return set(value) <= set(HOME_ROWS) and len(set(value)) == len(value)


# what an arm may override: check of a value, and what it has to be
OVERRIDES: Mapping[str, tuple[Any, str]] = {
    "personal": _number(0, 1),
    "diversity": _number(0, 1),
    "calibration": _number(0, 1),
    "explore": _number(0, 0.5),
    "explore_by": (lambda value: value in ("uniform", "thompson"), "uniform or thompson"),
    "rising_weight": _number(0, 100),
    "flag_weight": _number(0, 100),
    "author_cap": (_whole, "a whole number from 1 to 500"),
    "category_cap": (_whole, "a whole number from 1 to 500"),
    "impressions": (lambda value: isinstance(value, bool), "true or false"),
    "repeat": (lambda value: isinstance(value, bool), "true or false"),
    "home_rows": (_home_rows, f"a list of different ones of {', '.join(HOME_ROWS)}"),
}


def override_of(text: str) -> tuple[str, Any]:
    """Return the setting and the value of NAME=VALUE; DataError for what no arm may override."""
    name, sign, given = text.partition("=")
    if not sign or name not in OVERRIDES:
        raise DataError(
            f"{text!r} is not of the form NAME=VALUE with one of {', '.join(OVERRIDES)}"
        )
    try:
        value: Any = json.loads(given)
    except ValueError:
        value = given.split(",") if name == "home_rows" else given
    check, what = OVERRIDES[name]
    if not check(value):
        raise DataError(f"{name} = {given!r} is not {what}")
    return name, value


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: its share of the units, and what it overrides, or the bundle that it names."""

    name: str
    share: float
    overrides: Mapping[str, Any]
    bundle: str = ""  # version; empty: the bundle in service


@dataclass(frozen=True, slots=True)
class GuardrailMetric:
    """A metric that no arm may harm, with the relative loss that is planned for."""

    metric: str
    margin: float = MARGIN


@dataclass(frozen=True, slots=True)
class Experiment:
    """A definition with its state; the first arm is what the others are compared with."""

    id: str
    arms: tuple[Arm, ...]
    primary: str
    guardrails: tuple[GuardrailMetric, ...] = ()
    method: str = "ab"
    layer: str = "default"
    range: tuple[float, float] = (0.0, 1.0)  # of the layer
    holdout: float = 0.0  # share of the range that gets no arm
    effect: float = EFFECT  # relative, of the primary metric, that the plan is made for
    start: float | None = None  # Unix seconds; lists before are in no arm; None: when it runs
    end: float | None = None  # Unix seconds, not included; None: until it is stopped
    state: State = "draft"
    created: float = 0.0
    created_by: str = ""
    started: float | None = None
    stopped: float | None = None
    decided: float | None = None
    reason: str = ""  # why it was stopped; empty: somebody asked
    decision: str = ""  # name of the arm that was decided on
    planned_units: int = PLANNED_UNITS  # of two arms, at which intervals are narrowest
    planned_guardrail_units: int = PLANNED_UNITS  # the same of guardrails

    def __post_init__(self) -> None:
        where = f"experiment {self.id!r}"
        if not _ID.fullmatch(self.id) or self.id == AA:
            raise DataError(
                f"{where}: an id has 1 to 64 letters, digits, . _ - and is not {AA!r}, which is"
                " the id of the A/A experiment"
            )
        if self.method not in METHODS:
            raise DataError(f"{where}: method {self.method!r} is none of {', '.join(METHODS)}")
        if len(self.arms) > MOST_ARMS:
            raise DataError(f"{where}: {len(self.arms)} arms; {MOST_ARMS} are the most")
        if self.method == "interleaving" and len(self.arms) != 2:
            raise DataError(f"{where}: interleaving compares two arms, not {len(self.arms)}")
        check_layer([self.split])  # DataError where it does not add up
        for arm in self.arms:
            _check_arm(where, arm, self.method)
        metrics = [self.primary, *(one.metric for one in self.guardrails)]
        for name in metrics:
            if name not in METRICS:
                raise DataError(f"{where}: metric {name!r} is none of {', '.join(METRICS)}")
        for one in self.guardrails:
            if not 0 < one.margin < 1:
                raise DataError(
                    f"{where}: guardrail {one.metric!r}: margin {one.margin:g} is not between 0"
                    " and 1"
                )
        if self.method == "interleaving" and (self.guardrails or self.primary != CREDITED):
            raise DataError(
                f"{where}: interleaving counts {CREDITED} by credit and has no guardrails: a user"
                " sees both arms in one list"
            )
        if self.effect == 0 or not -1 < self.effect <= 10:
            raise DataError(f"{where}: effect {self.effect:g} is 0, or outside of -1 to 10")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise DataError(f"{where}: it ends ({self.end:.0f}) before it starts")

    @property
    def split(self) -> Split:
        """How units are divided among its arms."""
        return Split(
            self.id,
            tuple(arm.name for arm in self.arms),
            tuple(arm.share for arm in self.arms),
            self.layer,
            *self.range,
            self.holdout,
        )

    @property
    def bundles(self) -> frozenset[str]:
        """Versions that its arms name."""
        return frozenset(arm.bundle for arm in self.arms if arm.bundle)

    @property
    def begins(self) -> float:
        """Unix seconds from which lists are in it; inf for a draft."""
        if self.started is None:
            return math.inf
        return max(self.started, self.start or 0.0)

    @property
    def ends(self) -> float:
        """Unix seconds until which lists are in it; inf while that is not known."""
        return min(self.stopped or math.inf, self.end or math.inf)

    def active(self, now: float) -> bool:
        """Whether lists of a moment are in it."""
        return self.state == "running" and self.begins <= now < self.ends


def _check_arm(where: str, arm: Arm, method: str) -> None:
    if not 1 <= len(arm.name) <= 64:
        raise DataError(f"{where}: the name of an arm has 1 to 64 characters")
    if arm.bundle and arm.overrides:
        raise DataError(
            f"{where}: arm {arm.name!r} names a bundle and overrides settings; it may do one"
        )
    for name, value in arm.overrides.items():
        if name not in OVERRIDES:
            raise DataError(
                f"{where}: arm {arm.name!r} overrides {name!r}, which is none of"
                f" {', '.join(OVERRIDES)}"
            )
        check, what = OVERRIDES[name]
        if not check(value):
            raise DataError(f"{where}: arm {arm.name!r}: {name} = {value!r} is not {what}")
    if method == "interleaving" and {"explore", "explore_by", "home_rows"} & arm.overrides.keys():
        raise DataError(
            f"{where}: arm {arm.name!r}: lists are interleaved by their ranking, which neither"
            " explore nor home_rows is part of"
        )


def check_together(running: Sequence[Experiment]) -> None:
    """Raise DataError where experiments cannot run at the same time."""
    if len(running) > MOST_RUNNING:
        raise DataError(f"{MOST_RUNNING} experiments run, the most there may be: stop some")
    check_layer([one.split for one in running])
    versions = frozenset[str]().union(*(one.bundles for one in running))
    if len(versions) > 1:
        raise DataError(
            f"running experiments name the bundles {' and '.join(sorted(versions))}: a worker opens"
            " one besides the one in service"
        )
    overridden: dict[str, Experiment] = {}
    for one in running:
        names = {name for arm in one.arms for name in arm.overrides}
        names |= {"bundle"} if one.bundles else set()
        names |= {"interleaving"} if one.method == "interleaving" else set()
        for name in names:
            other = overridden.setdefault(name, one)
            if other.layer != one.layer:
                raise DataError(
                    f"experiments {other.id!r} and {one.id!r} both override {name}, in different"
                    " layers, so that a user may be in both: use one layer and ranges of it"
                )


def as_definition(one: Experiment) -> dict[str, Any]:
    """Return what defines an experiment as JSON, as `of_definition` reads it."""
    return {
        "arms": [
            {
                "name": arm.name,
                "share": arm.share,
                **({"bundle": arm.bundle} if arm.bundle else {"overrides": dict(arm.overrides)}),
            }
            for arm in one.arms
        ],
        "method": one.method,
        "layer": one.layer,
        "range": list(one.range),
        "holdout": one.holdout,
        "metrics": {
            "primary": one.primary,
            "guardrails": [{"metric": g.metric, "margin": g.margin} for g in one.guardrails],
            "effect": one.effect,
        },
        "start": one.start,
        "end": one.end,
    }


def of_definition(id: str, given: Mapping[str, Any], **more: Any) -> Experiment:
    """Return the experiment of a definition; DataError for one that is wrong or misses something.

    `more`: further fields of Experiment.
    """
    where = f"experiment {id!r}"
    known = {"arms", "method", "layer", "range", "holdout", "metrics", "start", "end"}
    if unknown := set(given) - known:
        raise DataError(f"{where}: unknown {', '.join(sorted(unknown))}")
    try:
        arms = tuple(
            Arm(
                str(arm["name"]),
                float(arm["share"]),
                dict(arm.get("overrides") or {}),
                str(arm.get("bundle") or ""),
            )
            for arm in given["arms"]
        )
        metrics = given["metrics"]
        rails = tuple(_guardrail(one) for one in metrics.get("guardrails") or ())
        low, high = given.get("range") or (0.0, 1.0)
        values: dict[str, Any] = {
            "method": str(given.get("method") or "ab"),
            "layer": str(given.get("layer") or "default"),
            "range": (float(low), float(high)),
            "holdout": float(given.get("holdout") or 0.0),
            "effect": float(EFFECT if metrics.get("effect") is None else metrics["effect"]),
            "start": None if given.get("start") is None else float(given["start"]),
            "end": None if given.get("end") is None else float(given["end"]),
        }
        return Experiment(id, arms, str(metrics["primary"]), rails, **values, **more)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{where}: its definition cannot be read ({error!r})") from None


def _guardrail(given: object) -> GuardrailMetric:
    if isinstance(given, str):
        return GuardrailMetric(given)
    if not isinstance(given, Mapping):
        raise TypeError(f"guardrail {given!r}")
    margin = given.get("margin")
    return GuardrailMetric(str(given["metric"]), MARGIN if margin is None else float(margin))
