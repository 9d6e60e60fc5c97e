"""Step: decides whether to tune, tunes, and compares the result with popular and trending."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.data.unrecorded_items import ON
from recsys.errors import DataError
from recsys.ranking_metrics import Values
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.attack_robustness import AttackTest, planted_attack
from recsys.tuning.baseline_comparison import (
    Contest,
    contest_at_a_cut,
    decided,
    features_of,
    replay_values,
)
from recsys.tuning.engine_catalogue import candidates, engine_named
from recsys.tuning.evaluation_protocols import Rules, Split, make_split
from recsys.tuning.live_state_replay import replay_validation
from recsys.tuning.publication_gate import people_asked
from recsys.tuning.replay_choice_sets import ReplayStep
from recsys.tuning.tuner import FIRST_QUERIES, QUERIES, Scenario, TuningData, tune
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import TESTABLE, newest, replayed_share

from ..context import NightContext

GROWTH = 1.5  # times as many events or items (or as few) as when it was tuned
JUDGED = 1_500  # questions on the way that a night's choice and the baselines are compared by
WALKED_ROWS = (
    200_000_000  # with more than 133,000 items fewer: what a question costs grows with them
)
FEWEST_JUDGED = 400  # however many items there are
ALWAYS_SHORT = 2  # tunings in a row without time for all of it, after which the time is too short
# What a tuning depends on beside the data, and how a sentence names it.
PLANNED = {
    "encoder": "the text encoder",
    "event_weights": "the weights of kinds of events (RECSYS_EVENT_WEIGHTS)",
    "direction": "RECSYS_DIRECTION",
    "engines": "RECSYS_ENGINES",
    "tuner": "the code that tunes",
}
MIX = 0.2  # share of events whose kind would have to change to get the old mix


def retune_reason(
    manifest: Mapping[str, Any],
    seen: Mapping[str, Any],
    plan: Mapping[str, Any],
    days: float,
    minutes: float,
) -> str | None:
    """Say why a night should tune; None when the tuning of the bundle before still serves.

    `seen`: counts of events and items, and events by kind. `plan`: what a tuning depends on, see
    `PLANNED`; another encoder, say, makes the old weights meaningless. `minutes`: of CPU time that
    tuning may take.
    """
    tuning = manifest.get("tuning")
    if not isinstance(tuning, dict) or "choice" not in manifest:
        return "there is no earlier tuning"
    if earlier_choice(manifest) is None or not _complete(tuning):
        return "the last tuning was written by another version of recsys"
    if tuning.get("quick"):
        return "the first night tuned quickly"
    for name, value in plan.items():
        if tuning.get(name) != value:
            return f"{PLANNED.get(name, name)} changed"
    if time.time() - tuning["at"] > 86_400 * days:
        return f"the last tuning is older than {days:g} days"
    choice = manifest["choice"]
    if choice.get("pressure") and not _always_short(tuning, minutes):
        return f"the last tuning ran out of time: {choice['pressure'][0]}"
    if choice.get("design", "tuned") != "tuned":
        return f"the previous bundle has the design {choice['design']}"
    before = tuning["counts"]
    for name in ("events", "items"):
        ratio = (seen[name] + 1) / (before[name] + 1)
        if not 1 / GROWTH <= ratio <= GROWTH:
            return f"{before[name]:,} {name} at the last tuning are {seen[name]:,} now"
    moved = _moved(before["kinds"], seen["kinds"])
    return f"the kinds of {moved:.0%} of the events changed" if moved > MIX else None


def times_hurried(manifest: Mapping[str, Any], choice: TuningResult, minutes: float) -> int:
    """Return how many tunings in a row, a new one included, had no time for all of it.

    `manifest`: of the bundle before. Tunings with less time than `minutes` do not count.
    """
    if not choice.pressure:
        return 0
    tuning = manifest.get("tuning")
    if not isinstance(tuning, dict) or float(tuning.get("minutes", 0.0)) < minutes:
        return 1
    return 1 + int(tuning.get("hurried", 0))


def pressure_sentence(pressure: Sequence[str], hurried: int, days: float) -> str:
    """Return one sentence about a tuning without time for all of it, and what follows.

    `pressure`: what there was no time for, in order.
    """
    what = "; ".join(pressure)
    if hurried < ALWAYS_SHORT:
        return f"tuning: {what}; the next night tunes again"
    return (
        f"tuning: {what}; so it was at the tuning before, and this choice serves for"
        f" {days:g} days (RECSYS_TUNE_MINUTES gives it more time)"
    )


def _always_short(tuning: Mapping[str, Any], minutes: float) -> bool:
    """Whether so much time did not suffice several times in a row: once more would not help."""
    enough = float(tuning.get("minutes", 0.0)) >= minutes
    return enough and int(tuning.get("hurried", 0)) >= ALWAYS_SHORT


def earlier_choice(manifest: Mapping[str, Any]) -> TuningResult | None:
    """Return what a bundle was made with; None where this version cannot make it again."""
    try:
        choice = TuningResult.from_json(manifest["choice"])
        for name in choice.engines:
            engine_named(name)
    except (KeyError, TypeError, ValueError, AttributeError, DataError):
        return None
    return choice


def comparable_choice(
    manifest: Mapping[str, Any], tuning: Mapping[str, Any]
) -> TuningResult | None:
    """Return the choice of a bundle where a new one may be compared with it; else None.

    `tuning`: the record of the new one. Their settings must be equal; the code that tunes may
    differ. A choice that is a baseline, or was never tested, is not worth keeping.
    """
    before, choice = manifest.get("tuning"), earlier_choice(manifest)
    if choice is None or choice.design != "tuned" or not isinstance(before, dict):
        return None
    settings = PLANNED.keys() - {"tuner"}
    equal = all(before.get(name) == tuning.get(name) for name in settings)
    return choice if equal else None


def engine_reason(choice: TuningResult, items: int) -> str:
    """Return a sentence on the engines of a choice: which, and why."""
    names = " + ".join(choice.engines)
    if not names:
        alone = "a baseline" if choice.design == "baseline" else "a score without one"
        return f"no engine, because {alone} ranks the held-out events best"
    if choice.design == "untested":
        return f"{names}, because there are too few events to compare engines on"
    skipped = [str(row["engine"]) for row in choice.evidence if row.get("skipped_seconds") == 1e9]
    if choice.pressure:
        reason = f"{names}, the best within the time ({choice.pressure[-1]})"
    else:
        reason = f"{names}, because no other engine ranks the held-out events better"
    if not skipped:
        return reason
    return f"{reason}; {items:,} items are too many for {' and '.join(skipped)}"


def _complete(tuning: Mapping[str, Any]) -> bool:
    counts = tuning.get("counts")
    return (
        isinstance(tuning.get("at"), float)
        and isinstance(counts, dict)
        and {"events", "items", "kinds"} <= counts.keys()
    )


def _moved(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """Return half the summed difference of two mixes: 0 for equal ones, 1 for disjoint ones."""
    totals = max(sum(before.values()), 1), max(sum(now.values()), 1)
    kinds = before.keys() | now.keys()
    shares = (abs(before.get(k, 0) / totals[0] - now.get(k, 0) / totals[1]) for k in kinds)
    return sum(shares) / 2


def tuned(night: NightContext) -> TuningResult:
    """Return the engines and the score model that answer the newest events of a night best."""
    settings, progress = night.settings, night.progress
    data = TuningData(*night.tables, night.words, settings.weights)
    scenario = Scenario(
        settings.tune_minutes,
        seed=settings.seed,
        device=night.device,
        engines=candidates(settings.engines),
        directed=settings.direction == "auto",
        queries=FIRST_QUERIES if night.quick else QUERIES,
        compare_engines=not night.quick,
    )
    return tune(data, scenario, progress.note, progress.advance)


def judged(n_items: int) -> int:
    """Return how many questions a choice and the baselines are compared by in a catalogue."""
    return min(JUDGED, max(FEWEST_JUDGED, WALKED_ROWS // max(n_items, 1)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a choice answered the newest events, and an attack on the model that answered."""

    contest: Contest  # with popular and trending
    attack: AttackTest
    values: Values | None = None  # (users,): nDCG@20 event by event; None: asked at one cut


def against_baselines(night: NightContext, choice: TuningResult) -> Comparison:
    """Let a choice, popular and trending answer the newest events, which none has learned from.

    Event by event where these have times and ask enough users, else at one cut. The model that
    answers is attacked afterwards, see `recsys.tuning.attack_robustness`.
    """
    settings, (is_test, cut) = night.settings, night.validation
    if cut.data.timed and bool((is_test == newest(night.tables[0])).all()):
        questions = judged(len(night.tables[1]))
        split = replay_split(night, replayed_share(len(night.tables[0])))
        check, way = replay_validation(split, settings.seed, questions)
        model = night.tried(check.data, choice)
        live = LiveState(model)
        values = replay_values(_with_progress(way((live,)), night, questions), live)
        found = decided(values, features_of(True))
        if found.tested:
            return Comparison(found, _attacked(night, model, cut), values[0])
    validation = cut.sample(people_asked(len(cut.data.items)), settings.seed)
    if len(validation) < TESTABLE:
        untested = Contest(len(validation), 0.0, "share_all", 0.0, 0.0, 0.0)
        return Comparison(untested, AttackTest(0, 0))
    model = night.tried(cut.data, choice)
    return Comparison(contest_at_a_cut(model, validation), _attacked(night, model, cut))


def _attacked(night: NightContext, model: Model, check: ValidationSet) -> AttackTest:
    users, settings = len(night.tables[0].users), night.settings
    return planted_attack(model, settings.weights, check, users, settings.seed)


def replay_split(night: NightContext, share: float) -> Split:
    """Return a night's events cut in two, the newest `share` of them to be replayed."""
    rules = Rules(
        "replay",
        share=share,
        weights=night.settings.weights,
        unrecorded=ON,  # the snapshot has left out what is not to be listed
    )
    return make_split(*night.tables, rules)


def _with_progress(
    moments: Iterable[ReplayStep], night: NightContext, most: int
) -> Iterator[ReplayStep]:
    for number, moment in enumerate(moments):
        night.progress.advance(min(number, most), most)
        yield moment
