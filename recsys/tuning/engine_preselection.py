"""Preselection of engines: successive halving over families and their settings.

Every family is fitted at its usual settings first, in the order of the catalogue of engines. The
best families then move over their grids of settings, one step at a time, for as long as the value
rises and the budget lasts. The best setting of each of the best families goes on. In data without
times, direction stays only where it is no artefact of a numbering of the items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys.models.engine_definitions import Engine
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Column
from recsys.ranking_metrics import Values
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import build_choice_sets
from recsys.tuning.cpu_budget import Budget, cpu_seconds
from recsys.tuning.engine_catalogue import Family
from recsys.tuning.item_numbering_artefact import gains_both_ways
from recsys.tuning.score_model_form import CandidateForm, CrossValidator
from recsys.tuning.score_model_form_search import plain
from recsys.tuning.validation_set import ValidationSet

N_SURVIVORS = 3  # families; every engine more costs time at each step of a replay
N_REFINED = 3  # families whose settings are searched
USERS = 600  # that engines are compared on
DIRECTION_USERS = 3_000  # that direction is checked on, since steps down are few
HALF_LIVES = (5.0, np.inf)  # events of a history back
FIRST_ROUND, REFINEMENT = 1.0, 0.5  # shares of the budget after which neither fits anything more
GAIN = 1.003  # by which a setting has to be better for the search to move on
Part = dict[str, ItemWeights | Factors]  # scorer -> what serves


@dataclass(slots=True)
class Preselection:
    """Fits and compares engines at one cut, inside a part of the budget."""

    check: ValidationSet
    known: Interactions
    assemble: Callable[[str, Part], Model]  # a model of one engine
    budget: Budget
    seed: int
    device: str
    note: Callable[[str], None]
    hurried: Callable[[str], None]
    rows: list[dict[str, object]]
    parts: dict[str, Part] = field(default_factory=dict)  # engine -> what serves
    values: dict[str, float] = field(default_factory=dict)  # engine -> nDCG@20

    def run(self, families: Sequence[Family]) -> list[Engine]:
        """Return the engines that go on, best first; none where nothing could be fitted."""
        best: dict[str, tuple[tuple[int, ...], float]] = {}
        for family in families:
            if not family.fits(self.known.matrix.nnz, self.known.shape[1]):
                continue
            value = self._value(family.at(family.start), min(FIRST_ROUND, family.share))
            if value is not None:
                best[family.name] = family.start, value
        named = {family.name: family for family in families}
        ranked = sorted(best, key=lambda name: -best[name][1])
        for name in ranked[:N_REFINED]:
            best[name] = self._checked(named[name], *self._refined(named[name], *best[name]))
        ranked = sorted(best, key=lambda name: -best[name][1])
        return [named[name].at(best[name][0]) for name in ranked[:N_SURVIVORS]]

    def _refined(
        self, family: Family, place: tuple[int, ...], value: float
    ) -> tuple[tuple[int, ...], float]:
        """Move over the grid from a place as long as the value rises."""
        seen, moved = {place}, True
        while moved:
            moved = False
            for other in list(family.around(place)):
                if other in seen:
                    continue
                seen.add(other)
                found = self._value(family.at(other), REFINEMENT)
                if found is not None and found > value * GAIN:
                    place, value, moved = other, found, True
                    break
        return place, value

    def _checked(
        self, family: Family, place: tuple[int, ...], value: float
    ) -> tuple[tuple[int, ...], float]:
        """Return a place without direction where direction does not gain whatever the numbering."""
        axis = family.direction
        if axis is None or not place[axis] or self.check.data.timed:
            return place, value
        without = (*place[:axis], 0, *place[axis + 1 :])
        directed, symmetric = family.at(place).name, family.at(without).name
        if symmetric not in self.parts and self._value(family.at(without), FIRST_ROUND) is None:
            return place, value  # there was no time
        some = self.check.sample(DIRECTION_USERS, self.seed)
        (gains, users), (others, _) = (
            gains_of(some, name, self.assemble(name, self.parts[name]), self.seed)
            for name in (directed, symmetric)
        )
        kept = gains_both_ways(some, gains, others, users)
        self.rows.append({"direction": directed, "kept": kept})
        if kept:
            return place, value
        self.note(
            f"{directed}: direction follows a numbering of the items; {symmetric} takes its place"
        )
        return without, self.values[symmetric]

    def _value(self, engine: Engine, share: float) -> float | None:
        """Fit an engine and return nDCG@20 of the best form with it; None without the time."""
        expected, total = engine.seconds(self.known), share * self.budget.seconds
        if expected > self.budget.left() - (self.budget.seconds - total):
            self._skipped(engine, expected, total)
            return None
        began = cpu_seconds()
        part: Part = {engine.scorer: engine.tried(self.known, self.seed, self.device)}
        fitted = cpu_seconds() - began
        value = value_of(self.check, engine.name, self.assemble(engine.name, part), self.seed)
        self.parts[engine.name], self.values[engine.name] = part, value
        self.note(
            f"{engine.name}: nDCG@20 {value:.4f} in the preselection,"
            f" fitted in {fitted:.1f} s of CPU, {expected:.0f} expected"
        )
        self.rows.append({"engine": engine.name, "seconds": fitted, "preselection_ndcg": value})
        return value

    def _skipped(self, engine: Engine, expected: float, whole: float) -> None:
        """Note an engine that is not fitted; only what a whole budget could pay for is pressure."""
        self.rows.append({"engine": engine.name, "skipped_seconds": min(expected, 1e9)})
        if not np.isfinite(expected):
            self.note(f"{engine.name}: skipped, the catalogue is too large for it")
        elif expected > whole:
            self.note(
                f"{engine.name}: skipped, it needs about {expected:.0f} s of CPU, and comparing"
                f" engines may take {whole:.0f} s"
            )
        elif whole < REFINEMENT * self.budget.seconds:
            self.note(
                f"{engine.name}: skipped, its share of the time for comparing engines is over"
            )
        else:
            self.hurried(
                f"{engine.name} was skipped: it needs about {expected:.0f} s of CPU, less is left"
            )


def value_of(check: ValidationSet, name: str, model: Model, seed: int) -> float:
    """Return nDCG@20 of the best form with an engine: alone, or beside popularity and trends."""
    gains, _ = gains_of(check.sample(USERS, seed), name, model, seed)
    return float(gains.mean()) if len(gains) else 0.0


def gains_of(
    check: ValidationSet, name: str, model: Model, seed: int
) -> tuple[Values, NDArray[np.int64]]:
    """Return nDCG@20 of each user by the best form with an engine, and the users' rows in `check`.

    The order of users depends on their number and `seed` alone.
    """
    model = replace(model, words=np.zeros((len(model), 0), np.float32))
    features = prior_features(LiveState(model))
    choice_sets = build_choice_sets(check, {name: model}, HALF_LIVES, features, seed)
    validator = CrossValidator.halves(choice_sets, seed)
    shares = SHARES if check.data.timed else ("share_all",)
    columns = [c for c in choice_sets.columns if c.term in ("neighbours", "factors")]
    forms = [form for column in columns for form in (plain(column), _form(shares, column))]
    best = max((validator.gains(form) for form in forms), key=np.sum, default=np.zeros(0))
    return best, np.concatenate([ask.user for _, ask in validator.folds]).astype(np.int64)


def _form(shares: tuple[str, ...], column: Column) -> CandidateForm:
    if column.term == "factors":
        return CandidateForm(shares, factors=(column,))
    return CandidateForm(shares, neighbours=column)


def families_of(engines: Sequence[Engine | Family]) -> list[Family]:
    """Return families; an engine by itself is one without settings."""
    return [one if isinstance(one, Family) else Family.of(one) for one in engines]
