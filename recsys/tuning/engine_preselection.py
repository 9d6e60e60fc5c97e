"""Preselection of engines: successive halving over families and their settings.

Every family is fitted at its usual settings first, those that cost least first, so that a dear one
takes no time from many. The best family of each of the best kinds then moves over its grid of
settings, one step at a time, for as long as the value rises and the budget lasts. The best setting
of each goes on, and the best sum of item-item models among them. In data without times, direction
stays only where it is no artefact of a numbering of the items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from recsys.models.engine_definitions import SUM, Engine, engine_sum
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_item_ensemble import SumConfig, summed
from recsys.models.item_to_item_weights import ItemWeights
from recsys.serving.model import Model
from recsys.tuning.choice_sets_at_cut import LARGE
from recsys.tuning.cpu_budget import Budget, cpu_seconds
from recsys.tuning.engine_catalogue import Family
from recsys.tuning.engine_gains import gains_of, users_compared
from recsys.tuning.item_numbering_artefact import gains_both_ways
from recsys.tuning.validation_gains import Gains, ranked
from recsys.tuning.validation_set import ValidationSet

N_SURVIVORS = 3  # kinds of families; every engine more costs time at each step of a replay
N_REFINED = 4  # kinds whose settings are searched
N_SUMMED = 3  # engines whose sums are tried
LEVEL = 0.9  # of the best value of an engine that a part of a sum has
DIRECTION_USERS = 3_000  # that direction is checked on, since steps down are few
# Shares of the budget after which neither fits or compares anything more: the lists that weights
# are learned from, and the search over forms, need the rest.
FIRST_ROUND, REFINEMENT = 0.6, 0.5
DEAR = 0.25  # share of the budget; a family that usually takes more is compared after all others
# CPU seconds that comparing takes per user, and per user and item up to `LARGE` of them, beyond
# which users choose among a shortlist (2026-11-30: 857 users and 10,500 items take 1.7 to 2.3 s).
PER_USER, PER_SCORE = 1e-3, 1.5e-7
RESERVED = 0.5  # share of what the steps after a comparison need that no overrun of it may take
GAIN = 1.003  # by which a setting has to be better for the search to move on
Part = dict[str, ItemWeights | Factors]  # scorer -> what serves


@dataclass(slots=True)
class Preselection:
    """Fits and compares engines at one cut or in some folds, inside a part of the budget.

    What is compared is decided by the CPU seconds that fits and comparisons are expected to take,
    so that equal data have equal engines on an idle and on a busy machine. The clock ends a
    comparison only where that takes part of the time of the steps after it, see `RESERVED`.
    """

    checks: Sequence[ValidationSet]  # a fold each
    known: Sequence[Interactions]  # of each fold
    assemble: Callable[[int, str, Part], Model]  # a model of one engine in a fold
    budget: Budget
    seed: int
    device: str
    note: Callable[[str], None]
    hurried: Callable[[str], None]
    rows: list[dict[str, object]]
    # engine -> what serves in each fold
    parts: dict[str, list[Part]] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)  # engine -> nDCG@20
    first_round: float = FIRST_ROUND  # shares of the budget, see `FIRST_ROUND`
    refinement: float = REFINEMENT
    each: float = 1.0  # share of the budget that one engine may take
    survivors: int = N_SURVIVORS  # engines that go on, beside a sum and factors in no sum
    debiased: bool = False  # whether engines that are level in nDCG are ranked by debiased nDCG
    gains: dict[str, Gains] = field(default_factory=dict)  # engine -> of each query
    planned: float = 0.0  # CPU seconds that all that was fitted and compared usually takes
    comparing: float = 0.0  # CPU seconds that asking all users by one engine took at most

    def run(self, families: Sequence[Family]) -> list[Engine]:
        """Return the engines that go on, best first; none where nothing could be fitted."""
        best: dict[str, tuple[tuple[int, ...], float]] = {}
        given, named = {*self.parts}, {family.name: family for family in families}
        ordered = self._cheapest_first(families)
        dear = [one for one in ordered if self._usual_seconds(one) > DEAR * self.budget.seconds]
        self._compare_usual([one for one in ordered if one not in dear], best)
        for name in self._best_of_kinds(named, best)[:N_REFINED]:
            best[name] = self._checked(named[name], *self._refined(named[name], *best[name]))
            kept = (named[one].at(place).name for one, (place, _) in best.items())
            self._forget_others(given, kept)
        self._compare_usual(dear, best)
        engines = [named[name].at(best[name][0]) for name in self._best_of_kinds(named, best)]
        sums = [engine for engine in [self._best_sum(engines)] if engine is not None]
        # Factors that take part in no sum are tried beside item-item models.
        floor = LEVEL * max((value for _, value in best.values()), default=0.0)
        beside = [
            engine
            for engine in engines[self.survivors :]
            if not self._sums(engine) and self.values[engine.name] >= floor
        ]
        return [*sums, *engines[: self.survivors], *beside[:1]]

    def _compare_usual(
        self, families: Sequence[Family], best: dict[str, tuple[tuple[int, ...], float]]
    ) -> None:
        """Add the usual setting of each family and its value to `best`, as far as there is time."""
        for family in families:
            start = family.usual_place(self.checks[0].data.timed)
            value = self._value(family.at(start), self.first_round * min(1.0, family.share))
            if value is not None:
                best[family.name] = start, value

    def _best_of_kinds(
        self,
        named: Mapping[str, Family],
        best: Mapping[str, tuple[tuple[int, ...], float]],
    ) -> list[str]:
        """Return the best family of each kind, best first.

        Families that nDCG cannot tell apart are ranked by debiased nDCG where `debiased`.
        """
        order = sorted(best, key=lambda name: -best[name][1])
        if self.debiased:
            order = ranked({name: self.gains[named[name].at(best[name][0]).name] for name in order})
        kinds = dict[str, str]()
        for name in order:
            kinds.setdefault(named[name].kind or name, name)
        return list(kinds.values())

    def _forget_others(self, *names: Iterable[str]) -> None:
        """Free the memory of settings that lost, of all fitted engines but those of some names."""
        kept = {name for some in names for name in some}
        self.parts = {name: part for name, part in self.parts.items() if name in kept}

    def _cheapest_first(self, families: Sequence[Family]) -> list[Family]:
        """Return the families for data of this size; those with a share of the time come last."""
        events, items = self.known[0].matrix.nnz, self.known[0].shape[1]
        fitting = [family for family in families if family.fits(events, items)]
        return sorted(fitting, key=lambda one: (one.share < 1, self._usual_seconds(one)))

    def _usual_seconds(self, family: Family) -> float:
        return self._charge(family.at(family.usual_place(self.checks[0].data.timed)))

    def _seconds(self, engine: Engine) -> float:
        """Return the CPU seconds that fits to all folds and a comparison are expected to take."""
        return sum(map(engine.tried_seconds, self.known)) + self._comparison(self._users())

    def _charge(self, engine: Engine) -> float:
        """Return the CPU seconds that fits to all folds and a comparison usually take."""
        fits = sum(map(engine.tried_seconds, self.known))
        return engine.usual * fits + self._comparison(self._users())

    def _comparison(self, users: int) -> float:
        """Return the CPU seconds that comparing one engine is expected to take.

        `users`: of a fold at most.
        """
        items = min(len(self.checks[0].data.items), LARGE)
        asked = sum(min(users, len(check)) for check in self.checks)
        return asked * (PER_USER + PER_SCORE * items)

    def _users(self) -> int:
        """Return how many users of each fold engines are compared on."""
        return users_compared(len(self.checks[0].data.items)) // len(self.checks)

    def _best_sum(self, engines: Sequence[Engine]) -> Engine | None:
        """Return the sum of item-item engines with the highest value; None where none is level.

        `engines`: best first. Sums of the best few are compared, which costs no further fit.
        """
        linear = [engine for engine in engines if self._sums(engine)][:N_SUMMED]
        highest = max((self.values[engine.name] for engine in linear), default=0.0)
        linear = [one for one in linear if self.values[one.name] >= LEVEL * highest]
        found, best = None, highest
        for size in range(2, len(linear) + 1):
            for parts in combinations(linear, size):
                began, expected = cpu_seconds(), self._comparison(self._users())
                engine = engine_sum(parts)
                if not self._has_time(expected, expected, self.first_round):
                    return found
                self.planned += expected
                folds = zip(self.known, *(self.parts[one.name] for one in parts), strict=True)
                fitted: list[Part] = [
                    {engine.scorer: summed([next(iter(one.values())) for one in own], known.matrix)}
                    for known, *own in folds
                ]
                value = self._compared(engine, fitted, cpu_seconds() - began, 0.0)
                if value > best:
                    found, best = engine, value
        return found

    def _sums(self, engine: Engine) -> bool:
        """Whether an engine can be a part of a sum: scores linear in the history, of every pair."""
        part = self.parts[engine.name][0][engine.scorer]
        if isinstance(part, ItemWeights):
            return SUM not in engine.name
        return part.gram is None and len(part.outputs) <= SumConfig().largest

    def _refined(
        self, family: Family, place: tuple[int, ...], value: float
    ) -> tuple[tuple[int, ...], float]:
        """Move over the grid from a place as long as the next one is better."""
        seen, moved = {place}, True
        while moved:
            moved = False
            for other in list(family.around(place)):
                if other in seen:
                    continue
                seen.add(other)
                found = self._value(family.at(other), self.refinement)
                if found is not None and self._better(family, other, place):
                    place, value, moved = other, found, True
                    break
        return place, value

    def _better(self, family: Family, other: tuple[int, ...], place: tuple[int, ...]) -> bool:
        """Return whether one setting of a family takes the place of another.

        With `debiased`, not by what the same users might gain by chance.
        """
        new, old = family.at(other).name, family.at(place).name
        if self.debiased:
            return ranked({old: self.gains[old], new: self.gains[new]})[0] == new
        return self.values[new] > self.values[old] * GAIN

    def _checked(
        self, family: Family, place: tuple[int, ...], value: float
    ) -> tuple[tuple[int, ...], float]:
        """Return a place without direction where direction does not gain whatever the numbering."""
        axis = family.direction
        if axis is None or not place[axis] or self.checks[0].data.timed:
            return place, value
        without = (*place[:axis], 0, *place[axis + 1 :])
        directed, symmetric = family.at(place).name, family.at(without).name
        fitted = symmetric in self.parts
        if not fitted and self._value(family.at(without), self.first_round) is None:
            return place, value  # there was no time
        most = DIRECTION_USERS // len(self.checks)
        some = [check.sample(most, self.seed) for check in self.checks]
        self.planned += 2 * self._comparison(most)
        gains = [self._gains(some, name).ndcg for name in (directed, symmetric)]
        kept = gains_both_ways(some, *gains)
        self.rows.append({"direction": directed, "kept": kept})
        if kept:
            return place, value
        self.note(
            f"{directed}: direction follows a numbering of the items; {symmetric} takes its place"
        )
        return without, self.values[symmetric]

    def _gains(self, checks: Sequence[ValidationSet], name: str) -> Gains:
        """Return what queries of some folds gain by the best form with a fitted engine."""
        folds = enumerate(self.parts[name])
        models = [self.assemble(fold, name, part) for fold, part in folds]
        return gains_of(checks, name, models, self.seed)

    def _value(self, engine: Engine, share: float) -> float | None:
        """Return nDCG@20 of the best form with an engine, which is fitted unless it was before.

        None without the time.
        """
        if (known := self.parts.get(engine.name)) is not None:
            self.planned += self._comparison(self._users())
            return self._compared(engine, known, 0.0, 0.0)
        expected = self._seconds(engine)
        most = min(share, self.each) * self.budget.seconds
        charge = self._charge(engine)
        if expected > most or not self._has_time(expected, charge, share):
            self._skipped(engine, expected + self._late(), most)
            return None
        self.planned += charge
        began = cpu_seconds()
        parts: list[Part] = [
            {engine.scorer: engine.tried(known, self.seed, self.device)} for known in self.known
        ]
        return self._compared(engine, parts, cpu_seconds() - began, expected)

    def _has_time(self, expected: float, charge: float, share: float) -> bool:
        """Return whether what is expected to take so many CPU seconds may begin.

        `charge`: what it usually takes. `share`: of the budget, that all that was charged may
        take. Where fits or comparisons took longer than expected, the clock decides.
        """
        seconds = self.budget.seconds
        kept = RESERVED * (1 - share) * seconds
        return (
            self.planned + charge <= share * seconds
            and expected + self._late() <= self.budget.left() - kept
        )

    def _late(self) -> float:
        """Return how many CPU seconds longer than expected a comparison took at most."""
        return max(0.0, self.comparing - self._comparison(self._users()))

    def _compared(self, engine: Engine, parts: list[Part], fitted: float, expected: float) -> float:
        """Note and return nDCG@20 of the best form with a fitted engine."""
        self.parts[engine.name], began = parts, cpu_seconds()
        some = [check.sample(self._users(), self.seed) for check in self.checks]
        gains = self.gains[engine.name] = self._gains(some, engine.name)
        self.comparing = max(self.comparing, cpu_seconds() - began)
        value = float(gains.ndcg.mean()) if len(gains.ndcg) else 0.0
        self.values[engine.name] = value
        self.note(
            f"{engine.name}: nDCG@20 {value:.4f} in the preselection, fitted in {fitted:.1f} s of"
            f" CPU and compared in {cpu_seconds() - began:.1f}, {expected:.0f} expected"
        )
        self.rows.append({"engine": engine.name, "seconds": fitted, "preselection_ndcg": value})
        return value

    def _skipped(self, engine: Engine, expected: float, whole: float) -> None:
        """Note an engine that is not fitted; only what a whole budget could pay for is pressure."""
        fit = min(sum(map(engine.tried_seconds, self.known)), 1e9)
        self.rows.append({"engine": engine.name, "skipped_seconds": fit})
        if not np.isfinite(expected):
            self.note(f"{engine.name}: skipped, the catalogue is too large for it")
        elif expected > whole:
            self.note(
                f"{engine.name}: skipped, it needs about {expected:.0f} s of CPU, and comparing"
                f" one engine may take {whole:.0f} s"
            )
        elif whole < self.refinement * self.budget.seconds:
            self.note(
                f"{engine.name}: skipped, its share of the time for comparing engines is over"
            )
        else:
            self.hurried(
                f"{engine.name} was skipped: it needs about {expected:.0f} s of CPU, less is left"
            )


def families_of(engines: Sequence[Engine | Family]) -> list[Family]:
    """Return families; an engine by itself is one without settings."""
    return [one if isinstance(one, Family) else Family.of(one) for one in engines]
