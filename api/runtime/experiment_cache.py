"""ExperimentCache: in-memory copy of the running experiments in one worker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from recsys.experiments.assignment import HOLDOUT, Split
from recsys.experiments.definition import AA, AA_SPLIT, INTERLEAVED, Arm, Experiment

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arms of one user at one moment."""

    variant: Mapping[str, str]  # arm by experiment, as lists tell it
    logged: Mapping[str, str]  # the same with the A/A experiment and holdouts
    overrides: Mapping[str, Any] = field(default_factory=dict)
    bundle: str = ""  # version whose lists the user gets; empty: the one in service
    interleaved: Experiment | None = None  # whose two arms give the items of the list


NOBODY = Assignment(_NOTHING, _NOTHING)  # of sessions, and of lists that are not logged


class ExperimentCache:
    """Experiments read from the store a second ago at most; replaced as a whole."""

    def __init__(self) -> None:
        self._running: tuple[Experiment, ...] = ()
        self.in_service = ""  # version of the bundle in service
        self.opened = ""  # version of the second bundle of this worker; empty: it has none

    @cached_property
    def _arms(self) -> list[tuple[Experiment, Split, dict[str, Arm]]]:
        return [(one, one.split, {arm.name: arm for arm in one.arms}) for one in self._running]

    def learn(self, experiments: Iterable[Experiment]) -> bool:
        """Take over the experiments of the store; return whether those that run are others."""
        running = tuple(one for one in experiments if one.state == "running")
        if running == self._running:
            return False
        self._running = running
        self.__dict__.pop("_arms", None)
        return True

    def active(self, now: float) -> list[Experiment]:
        """Return the experiments that lists of a moment are in."""
        return [one for one in self._running if one.active(now)]

    @property
    def bundle(self) -> str:
        """Version that an arm of a running experiment names; empty: none does."""
        return next((name for one in self._running for name in one.bundles), "")

    def version(self, now: float) -> tuple[str, ...]:
        """Return what changes when other experiments are in force, or another bundle is open."""
        return (self.in_service, self.opened, *(one.id for one in self.active(now)))

    def next_change(self, now: float) -> float:
        """Return when the next experiment begins or ends, Unix seconds; inf: none does."""
        moments = [at for one in self._running for at in (one.begins, one.ends)]
        return min((at for at in moments if at > now), default=math.inf)

    def of(self, user_id: str, now: float) -> Assignment:
        """Return the arms of a user.

        A user whose arm's bundle is not open in this worker is in no arm of that experiment: where
        that lasts, the test of the sample ratio blocks its report.
        """
        logged = {AA: AA_SPLIT.arm(user_id) or ""}
        variant: dict[str, str] = {}
        overrides: dict[str, Any] = {}
        bundle = ""
        interleaved: Experiment | None = None
        for one, split, arms in self._arms:
            if not one.active(now) or (name := split.arm(user_id)) is None:
                continue
            if name == HOLDOUT:
                logged[one.id] = name
                continue
            arm = arms[name]
            if one.method == "interleaving":
                if one.bundles <= {self.opened, self.in_service}:
                    logged[one.id] = variant[one.id] = INTERLEAVED
                    interleaved = one
                continue
            if arm.bundle not in ("", self.opened, self.in_service):
                continue
            logged[one.id] = variant[one.id] = name
            overrides.update(arm.overrides)
            bundle = arm.bundle or bundle
        return Assignment(variant, logged, overrides, bundle, interleaved)
