"""Engine selection: which engines are fitted before users are evaluated or a replay begins.

Where lists are asked for at one cut, engines are compared there. Before a replay, one engine that
knows order goes on in any case, and the best of the others at one cut beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recsys.models.engine_definitions import SUM, Engine
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_item_ensemble import summed
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel
from recsys.text.encoders.student import Student
from recsys.training.cold_item_neighbours import ColdStartSolver, config_of
from recsys.training.model_builder import TextVectors, assemble, known_interactions
from recsys.tuning.cpu_budget import Budget, cpu_seconds
from recsys.tuning.engine_catalogue import CHEAP, Family, engine_of
from recsys.tuning.engine_preselection import Part, Preselection, families_of
from recsys.tuning.replay_candidate_shortlist import LARGE
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import TESTABLE

# Families that are fitted before a replay whatever else is: of each group the first that the
# catalogue and the budget have room for. A catalogue of any size has one that knows order.
USUAL = (("slist", "sequence-knn"), ("lowpass", "blocks"))
# Share of the time left that a family may take where another one of its group is made for a
# catalogue of that size: the lists that weights are learned from are asked for afterwards.
PRECEDING = 0.25
BELOW = 0.5  # the same of a family at a setting below its usual one
SMALLEST = 0.7  # the same of the last setting of the last family: after it there is none
# Shares of the budget after which nothing more is fitted for a comparison before a replay, which
# takes most of the time itself: of families, and of their settings.
REPLAY_FIRST_ROUND, REPLAY_REFINEMENT = 0.25, 0.35
# Shares of the budget where dated events are asked at cuts: for settings, and for one engine. What
# form a score has differs more there than how two engines differ beside popularity.
CUT_REFINEMENT, CUT_EACH = 0.35, 0.2
REPLAYED = 2  # kinds that go into a replay, beside the usual engine, a sum and factors in no sum
FURTHER = 0.25  # share of the time left that fits to further folds are expected to take at most
Note = Callable[[str], None]
Parts = dict[str, Part]  # engine's name -> scorer -> what serves


@dataclass(slots=True)
class Log:
    """Progress messages and records of a search."""

    note: Note
    rows: list[dict[str, object]] = field(default_factory=list)
    pressure: list[str] = field(default_factory=list)

    def hurried(self, text: str) -> None:
        """Tell what there was no time for."""
        self.note(text)
        self.pressure.append(text)


def selected_engines(
    checks: Sequence[ValidationSet],
    words: TextVectors,
    engines: Sequence[Engine | Family],
    budget: Budget,
    seed: int,
    device: str,
    log: Log,
    replayed: bool,
    compared: bool = True,
) -> list[Parts]:
    """Return the engines that go on, fitted to the data of each fold; item-knn where none does.

    They are compared at one cut, by the users of `checks`; where only items without events are
    shown, by the neighbours that their words predict. Before a replay (`replayed`) `USUAL` are
    fitted, as far as the budget allows; others are compared with these where `compared`, where the
    set has `TESTABLE` users, and up to `LARGE` items.
    """
    families, check = families_of(engines), checks[0]
    known = [known_interactions(fold.data, words) for fold in checks]
    if not known[0].matrix.nnz or not families:
        return [{} for _ in checks]
    folds: list[Parts] = [{} for _ in checks]
    if len(check) and not replayed:
        found = _preselection(checks, known, words, budget, seed, device, log)
        if check.data.timed and check.only is None:
            found.refinement, found.each = CUT_REFINEMENT, CUT_EACH
            found.debiased = True
        for engine in found.run(families):
            for parts, part in zip(folds, found.parts[engine.name], strict=True):
                parts[engine.name] = part
    else:
        for group in usual_groups(families):
            fit_first(group, check.data.timed, known[0], folds[0], budget, seed, device, log)
        more = [one for one in families if not _is_of(one, folds[0])]
        small = check.only is None and len(check.data.items) <= LARGE
        if compared and more and small and len(check) >= TESTABLE:
            found = _preselection(checks, known, words, budget, seed, device, log)
            found.hurried = log.note  # what is compared besides is an extra, no lack of time
            found.first_round, found.refinement = REPLAY_FIRST_ROUND, REPLAY_REFINEMENT
            found.survivors = REPLAYED
            found.parts |= {name: [part] for name, part in folds[0].items()}
            names = [next(iter(folds[0]), ""), *(one.name for one in found.run(families))]
            names = [name for name in dict.fromkeys(names) if name in found.parts]
            folds = [{name: found.parts[name][0] for name in names}]
    if not folds[0]:
        for parts, own in zip(folds, known, strict=True):
            parts[CHEAP.name] = {CHEAP.scorer: CHEAP.tried(own, seed, device)}
    return folds


def fitted_again(
    names: Iterable[str],
    checks: Sequence[ValidationSet],
    words: TextVectors,
    engines: Sequence[Engine | Family],
    budget: Budget,
    seed: int,
    device: str,
    log: Log,
) -> list[Parts]:
    """Return engines of some names, fitted to further folds.

    Of all folds, or none where the fits are expected to take more than `FURTHER` of the time left.
    """
    order = list(names)
    single = [name for name in order if SUM not in name]
    sums = [name.split(SUM) for name in order if SUM in name]
    needed = dict.fromkeys([*single, *(part for parts in sums for part in parts)])
    fitted = [engine_of(name, engines) for name in needed]
    known = [known_interactions(fold.data, words) for fold in checks]
    expected = sum(one.usual * one.tried_seconds(own) for one in fitted for own in known)
    if not known or expected > FURTHER * budget.left():
        return []
    log.note(f"the engines are fitted to {len(known)} further folds: {expected:.0f} s expected")
    folds = list[Parts]()
    for own in known:
        each = {one.name: one.tried(own, seed, device) for one in fitted}
        found: Parts = {one.name: {one.scorer: each[one.name]} for one in fitted}
        for parts in sums:
            together = summed([each[part] for part in parts], own.matrix)
            found[SUM.join(parts)] = {"neighbours": together}
        folds.append({name: found[name] for name in order})
    return folds


def _preselection(
    checks: Sequence[ValidationSet],
    known: Sequence[Interactions],
    words: TextVectors,
    budget: Budget,
    seed: int,
    device: str,
    log: Log,
) -> Preselection:
    """Return a comparison of engines on the users of some folds, nothing fitted yet."""
    alike: dict[int, Model] = {}  # fold -> a model with all that no engine changes
    cold = [None if check.only is None else _cold(check, words.student, words) for check in checks]

    def assemble_one(fold: int, name: str, part: Part) -> Model:
        like = alike.get(fold)
        found = assembled(
            checks[fold], {name: part}, words, seed, None, like=like, cold=cold[fold]
        )[name]
        alike.setdefault(fold, replace(found, neighbours=None, behaviour=None))
        return found

    return Preselection(
        checks, known, assemble_one, budget, seed, device, log.note, log.hurried, log.rows
    )


def _is_of(family: Family, parts: Parts) -> bool:
    """Whether one of some fitted engines is of a family."""
    kinds = (family.name, f"{family.name}-symmetric")
    return any(name == family.name or name.split()[0] in kinds for name in parts)


def usual_groups(families: Sequence[Family]) -> list[list[Family]]:
    """Return groups of families that are fitted where engines are not compared."""
    named = {family.name: family for family in families}
    usual = [[named[name] for name in group if name in named] for group in USUAL]
    usual = [group for group in usual if group]
    return usual or [[family] for family in families[: len(USUAL)]]


def fit_first(
    group: Sequence[Family],
    timed: bool,
    known: Interactions,
    parts: Parts,
    budget: Budget,
    seed: int,
    device: str,
    log: Log,
) -> None:
    """Fit the first family of a group that there is time for; note why others were passed over.

    Settings below the usual one may take a part of the time alone, the smallest one a larger part:
    they are there to save it. So may a family that another one follows which is made for so large
    a catalogue.
    """
    expected: list[tuple[Engine, float]] = []
    for place, family in enumerate(group):
        later = any(_made_for(other, known, timed) for other in group[place + 1 :])
        engines = list(family.usual_and_below(timed))
        for number, engine in enumerate(engines):
            seconds, share = engine.seconds(known), 1.0 if number == 0 else BELOW
            if number == len(engines) - 1 and family is group[-1]:
                share = max(share, SMALLEST)
            if seconds <= budget.left() * (PRECEDING if later else share):
                _skipped(expected, log, log.note)
                began = cpu_seconds()
                parts[engine.name] = {engine.scorer: engine.tried(known, seed, device)}
                took = cpu_seconds() - began
                log.note(f"{engine.name}: fitted in {took:.1f} s of CPU, {seconds:.0f} expected")
                log.rows.append({"engine": engine.name, "seconds": took})
                return
            if number == 0:
                expected.append((engine, seconds))
            if later:
                break
    _skipped(expected, log, log.hurried)


def _made_for(family: Family, known: Interactions, timed: bool) -> bool:
    """Whether a family is made for catalogues of this size, whose usual engine takes less there."""
    made = 0 < family.fewest_items <= known.shape[1]
    return made and bool(np.isfinite(family.usual(timed).seconds(known)))


def _skipped(expected: Sequence[tuple[Engine, float]], log: Log, hurried: Note) -> None:
    """Note the engines that were not fitted, with the seconds that each would have taken."""
    for engine, seconds in expected:
        log.rows.append({"engine": engine.name, "skipped_seconds": min(seconds, 1e9)})
        if np.isfinite(seconds):
            hurried(
                f"{engine.name} was skipped: it needs about {seconds:.0f} s of CPU, more than it"
                " may take of what is left"
            )
        else:
            log.note(f"{engine.name}: skipped, the catalogue is too large for it")


def assembled(
    check: ValidationSet,
    parts: Parts,
    words: TextVectors,
    seed: int,
    student: Student | None,
    rated: bool = True,
    like: Model | None = None,
    cold: ColdStartSolver | None = None,
    asked: ValidationSet | None = None,
) -> dict[str, Model]:
    """Return a model per engine; `student` None leaves items without users out.

    `asked`: the users who are asked, with their whole histories: items that none of them has are
    given no predicted neighbours. None: anybody may be asked, after further events too.

    `rated`: with the expected rating of each user, where there are dislikes to learn it from.
    `like`: a model of the same data, of which all that no engine changes is taken over. `cold`:
    what words say, solved before; None: it is solved here.
    """
    cold = cold or _cold(check, student, words)
    if asked is not None:
        cold.histories = np.unique(asked.histories.rows).astype(np.int32)
    models: dict[str, Model] = {}
    for name, part in parts.items():
        like = like or next(iter(models.values()), None)
        model = assemble(
            check.data,
            part,
            words,
            ScoreModel(),
            seed,
            posts=False,
            cold=cold,
            like=like,
            rated=rated,
            documents=False,
        )
        # With few users counting less, a trend would also tell how much is used in all, and a
        # trend without information would be chosen for it.
        models[name] = replace(model, counters={**model.counters, "few": np.zeros(1)})
    return models


def _cold(check: ValidationSet, student: Student | None, words: TextVectors) -> ColdStartSolver:
    """Return the solver of what words say about items without users."""
    config = config_of(len(check.data.items), tried=True)
    return ColdStartSolver(check.data, student, words.vectors, config)
