"""Tune: engines and blend, chosen on people whose next steps are known, within a time budget."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.collaborative.factors import Factors
from recsys.collaborative.item_item import ItemItem
from recsys.ranking import priors
from recsys.state.blend import Blend, Term
from recsys.state.live import LiveState
from recsys.state.model import Model
from recsys.state.trees import Trees
from recsys.text.student import Student
from recsys.training.check import Check
from recsys.training.choice import Choice
from recsys.training.cold import Cold
from recsys.training.design import Design, Judge
from recsys.training.engines import Engine
from recsys.training.fit import Words, assemble, known_interactions
from recsys.training.heats import FINALISTS, values_of
from recsys.training.pool import SELECTING, Pool, build_pool
from recsys.training.rank import learned
from recsys.training.search import Search
from recsys.training.walk import Moment, Walked, walk

PEOPLE = 3_000  # of the check that are asked
AT_EACH = 1_200  # at each of several cuts: windows differ by more than so many people do
HALF_LIVES = (1.6, 5.0, 20.0, math.inf)  # events back; how fast a history fades
WALKED = 0.5  # of the time left is for the search after a walk
TREE_SECONDS = 30.0  # that learning trees may take
# Where nobody can be asked: what is read by most, and what is written alike.
UNASKED = Blend(terms=(Term("words", math.inf, 1.0),), priors={"share_all": 1.0})
Note = Callable[[str], None]
Parts = dict[str, dict[str, ItemItem | Factors]]  # engine's name -> scorer -> what serves
OnTheWay = Callable[[Sequence[LiveState]], Iterable[Moment]]


@dataclass(slots=True)
class Budget:
    """Minutes that tuning may take."""

    minutes: float = 4.0
    started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Return the seconds left."""
        return 60.0 * self.minutes - (time.monotonic() - self.started)


def tune(
    check: Check,
    words: Words,
    engines: Sequence[Engine],
    budget: Budget,
    seed: int = 0,
    device: str = "cpu",
    note: Note = lambda text: None,
    on_the_way: OnTheWay | None = None,
    earlier: Sequence[tuple[Check, Words]] = (),
) -> Choice:
    """Fit the engines that the budget allows and choose the form of the score and its weights.

    Where they are many, the best at one cut go on.

    People are asked at one cut in time, or, with `on_the_way`, before each of the events that
    followed, as a service that hears of every event is. `earlier`: the same question asked at
    earlier cuts; then each cut's people are asked with weights learned at the other cuts.

    The form grows part by part; a part stays when it raises nDCG@20 of people whose own choices
    did not teach its weights. The weights of the winning form are then learned from everybody.
    """
    rows: list[dict[str, object]] = []
    models = _models(check, words, engines, budget, seed, device, note, rows)
    finalists = [engine for engine in engines if engine.name in models]
    people = AT_EACH if earlier else PEOPLE
    asked = _asked(check, models, seed, on_the_way, budget, note, people)
    windows = _windows(earlier, finalists, budget, seed, device, note)
    alike = [one for one in windows if one.columns.keys() == asked.pool.columns.keys()]
    pool, pools = asked.pool, [asked.pool, *alike]
    count, width = sum(map(len, pools)), max(one.offset.shape[1] for one in pools)
    note(f"{count} lists asked for, {width} places each to choose from")
    if not count:
        return Choice((), UNASKED, tuple(rows))
    halves = len(pools) < 2
    judge = Judge.halves(pool, seed, asked.opinions) if halves else Judge.windows(pools)
    voted = next(iter(models.values())).taste is not None
    design = Search(judge, note, rows, budget.left).grow(check.data.timed, pool.columns, voted)
    # Trees are judged by what is taken up; where dislikes are heard too, that is half the truth.
    judged = asked.opinions is None and check.only is None and budget.left() > TREE_SECONDS
    walked, trees = on_the_way is not None, None
    if judged and (walked or not check.data.timed):
        trees = _corrected(pool, design, walked, seed, note, rows)
    return Choice(_used(engines, design), design.blend(design.fit(*pools)), tuple(rows), trees)


def _used(engines: Sequence[Engine], design: Design) -> tuple[str, ...]:
    used = {name.rpartition("~")[0] for name in (design.neighbours, *design.behaviour) if name}
    return tuple(engine.name for engine in engines if engine.name in used)


def _windows(
    earlier: Sequence[tuple[Check, Words]],
    engines: Sequence[Engine],
    budget: Budget,
    seed: int,
    device: str,
    note: Note,
) -> list[Pool]:
    """Return the pools of earlier cuts, as long as half of the time is left."""
    pools: list[Pool] = []
    for check, words in earlier:
        if budget.left() < 30.0 * budget.minutes:
            note("an earlier cut is left out: the time is for the search")
            break
        models = _models(check, words, engines, budget, seed, device, note, [])
        pools.append(_asked(check, models, seed, None, budget, note, AT_EACH).pool)
    return pools


def _corrected(
    pool: Pool, design: Design, in_time: bool, seed: int, note: Note, rows: list[dict[str, object]]
) -> Trees | None:
    """Return trees that correct the blend; none after one cut in time, which teaches its day.

    There, everybody chooses among items as hot as they were at the cut: trees would learn which
    items those were, and no half of the people could tell.
    """
    found = learned(pool, design, in_time, seed)
    rows.append({"trees": found.rounds, "gain": found.gain, "kept": found.trees is not None})
    note(f"trees: nDCG@20 times {found.gain:.3f}, {'kept' if found.trees else 'left out'}")
    return found.trees


def _asked(
    check: Check,
    models: Mapping[str, Model],
    seed: int,
    on_the_way: OnTheWay | None,
    budget: Budget,
    note: Note,
    people: int,
) -> Walked:
    if on_the_way is not None:
        lives = {name: LiveState(model) for name, model in models.items()}
        until = WALKED * budget.left()

        def enough() -> bool:
            return budget.left() < until

        found = walk(on_the_way(tuple(lives.values())), lives, HALF_LIVES, seed, enough)
        if enough():
            note("the walk ends early: the time is for the search")
        return found
    features = priors.prior_features(LiveState(next(iter(models.values()))))
    some, offered = check.sample(people, seed), SELECTING if people < PEOPLE else ("",)
    return Walked(build_pool(some, models, HALF_LIVES, features, seed, offered), None)


def _models(
    check: Check,
    words: Words,
    engines: Sequence[Engine],
    budget: Budget,
    seed: int,
    device: str,
    note: Note,
    rows: list[dict[str, object]],
) -> dict[str, Model]:
    known = known_interactions(check.data, words)
    parts: Parts = {}
    for engine in engines if known.matrix.nnz else ():  # there may be no past before the cut
        expected = engine.seconds(known)
        if expected > budget.left():
            note(f"{engine.name}: skipped, would take some {expected:.0f} s")
            rows.append({"engine": engine.name, "skipped_seconds": expected})
            continue
        started = time.monotonic()
        parts[engine.name] = {engine.scorer: engine.tried(known, seed, device)}
        took = time.monotonic() - started
        note(f"{engine.name}: fitted in {took:.1f} s, {expected:.0f} expected")
        rows.append({"engine": engine.name, "seconds": took})
    if len(parts) > FINALISTS:
        parts = _finalists(check, parts, words, seed, note, rows)
    return _assembled(check, parts or {"": {}}, words, seed, words.student)


def _finalists(
    check: Check, parts: Parts, words: Words, seed: int, note: Note, rows: list[dict[str, object]]
) -> Parts:
    if check.only is not None or not len(check):  # engines say nothing of what nobody has read
        return {name: parts[name] for name in list(parts)[:FINALISTS]}
    values = values_of(check, _assembled(check, parts, words, seed, None), seed)
    for name, value in values.items():
        note(f"{name}: {value:.4f} in the heat")
        rows.append({"engine": name, "heat": value})
    best = list(values)[:FINALISTS]
    return {name: part for name, part in parts.items() if name in best}


def _assembled(
    check: Check, parts: Parts, words: Words, seed: int, student: Student | None
) -> dict[str, Model]:
    """Return a model per engine; `student` None leaves items without readers out."""
    cold = Cold(check.data, student, words.vectors)
    models: dict[str, Model] = {}
    for name, part in parts.items():
        first = next(iter(models.values()), None)
        models[name] = assemble(
            check.data, part, words, Blend(), seed, posts=False, cold=cold, like=first
        )
    return models
