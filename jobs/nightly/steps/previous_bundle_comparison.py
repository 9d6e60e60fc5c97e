"""Comparison of the new model and the previous bundle on events that neither has seen.

Yesterday's bundle knows everything up to its cutoff, so only later events are a fair question.
Today's settings fitted to what lies before that cutoff are yesterday's bundle again, where neither
settings nor past have changed: then it alone is evaluated, and nothing is fitted twice. Where there
are too few later events, yesterday's settings are fitted again before the slice, as today's are.
What a night has tuned is compared before it is fitted; where it is worse, the earlier settings
stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.array_types import Mask
from recsys.bundle import RawBundle
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.text_training.encode_catalogue import renumbered
from recsys.tuning.attack_robustness import planted_attack
from recsys.tuning.baseline_comparison import decided, features_of, named, replay_values
from recsys.tuning.live_state_replay import replay_validation
from recsys.tuning.publication_gate import (
    Verdict,
    answers,
    decide,
    decide_by_gains,
    decide_by_index_recall,
    people_asked,
)
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_gains import Gains
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import FEWEST, newest, validation_set_of

from ..context import NightContext
from .tune_ranking import (
    FEWEST_JUDGED,
    Comparison,
    against_baselines,
    comparable_choice,
    earlier_choice,
    replay_split,
)

MOVED = 0.005  # share of yesterday's events that may have come late or gone since


def compare_with_previous_bundle(night: NightContext) -> Verdict:
    """Return the gate's verdict on a night whose steps up to `index` are done.

    First how the choice did against popular and trending, then how against yesterday.
    """
    found = night.detail("baselines")
    if not found["passed"]:
        result = found["reason"]
        if found.get("lost", True):
            result = f"worse than {named(found['baseline'])}: {result}"
        verdict = Verdict(False, result, found["people"], found["model"])
    else:
        verdict = _compared(night)
        if found["design"] != "tuned" and verdict.passed:
            verdict = replace(verdict, reason=f"{found['reason']}; {verdict.reason}")
    return replace(verdict, design=found["design"], baselines=found)


def _compared(night: NightContext) -> Verdict:
    found = night.detail("baselines")
    known = _known(found, night.choice)
    refused = decide_by_index_recall(float(night.detail("index")["recall"]), known)
    if refused is not None:
        return refused
    if found.get("in_service"):
        return _unchanged(found["model"], found["people"])
    if found.get("previous"):
        return Verdict(**found["previous"])
    if night.before is None:
        return Verdict(True, "there is no previous bundle to compare with", 0, known)
    return compared_choice(night, night.before, night.choice, known)


def compared_choice(
    night: NightContext, before: RawBundle, choice: TuningResult, known: float
) -> Verdict:
    """Return how a choice does beside the previous bundle, or beside its settings fitted again.

    `known`: the nDCG@20 that the choice is known to have, for a verdict without a comparison.
    """
    events, items = night.tables
    weights, yesterday = night.settings.weights, Model.from_raw(before)
    events = without_listed(events, yesterday.cutoff)
    later = newest(events, yesterday.cutoff)
    check = validation_set_of(events, items, weights, later)
    same = _settings(before) == (choice.to_json(), night.kinds, night.encoder)
    if len(check) >= FEWEST:
        check = check.sample(people_asked(len(check.data.items)), night.settings.seed)
        then = answers(yesterday, check)
        if same and _same_past(night, before, int((~later).sum())):
            return _unchanged(float(then.ndcg.mean()), len(then.ndcg))
        return decide_by_gains(_today(night, choice, check), then)
    if same:
        return Verdict(
            True,
            "same settings as the previous bundle, too few new events for a comparison",
            0,
            known,
        )
    earlier = earlier_choice(before.manifest)
    if earlier is None:
        reason = "the previous bundle has settings of another version of recsys"
        return Verdict(True, f"{reason}, too few new events for a comparison", 0, known)
    is_test, check = night.validation
    check = check.sample(people_asked(len(check.data.items)), night.settings.seed)
    if not len(check) and evidence(earlier) > 0:
        return Verdict(
            False, "no event has a positive weight any more: check RECSYS_EVENT_WEIGHTS", 0, 0.0
        )
    then = _refitted(night, check, is_test, before, yesterday, earlier)
    return decide_by_gains(_today(night, choice, check), then)


def bundle_against_baselines(night: NightContext, choice: TuningResult) -> Comparison | None:
    """Let the bundle in service, popular and trending answer what came after it, event by event.

    Nothing is fitted. None where that says too little, so that the settings have to be fitted to
    the earlier events and compared: where the bundle was made with other settings, or what it
    learned from has changed; where it numbers its items in another way; where fewer than `TESTABLE`
    users have taken up something since; where a baseline has a higher mean, or the simulated attack
    moves too many entries.
    """
    before, events, settings = night.before, night.tables[0], night.settings
    if before is None or _settings(before) != (choice.to_json(), night.kinds, night.encoder):
        return None
    yesterday = Model.from_raw(before)
    later = newest(events, yesterday.cutoff)
    if not later.any() or not _same_past(night, before, int((~later).sum())):
        return None
    split = replay_split(night, float(later.mean()))
    check, way = replay_validation(split, settings.seed, FEWEST_JUDGED)
    ids = yesterday.catalogue.ids
    if len(ids) > len(check.data.items) or any(
        own != other for own, other in zip(ids, check.data.items, strict=False)
    ):
        return None
    live = LiveState(yesterday)
    contest = decided(replay_values(way((live,)), live), features_of(True))
    if not contest.tested or contest.model < contest.value:
        return None
    attack = planted_attack(yesterday, settings.weights, check, len(events.users), settings.seed)
    return Comparison(contest, attack) if attack.passed else None


@dataclass(frozen=True, slots=True)
class Retuned:
    """A new choice beside the earlier one of the bundle in service: which of them is fitted."""

    choice: TuningResult
    comparison: Comparison  # of `choice` with popular and trending
    verdict: Verdict | None  # on the new choice beside the earlier; None: not compared
    kept: bool  # the earlier choice stays


def better_of(
    night: NightContext, choice: TuningResult, found: Comparison, tuning: Mapping[str, Any]
) -> Retuned:
    """Compare a new choice with the earlier one, which stays where the new one is worse.

    Where users have taken up something since the bundle in service was made, they decide, as in
    the gate. Else both answer the newest events one by one, where these have times: the new choice
    was made for these events, so the earlier one stays if its mean nDCG@20 is higher. `tuning`: the
    record of the new choice.
    """
    before = night.before
    earlier = None if before is None else comparable_choice(before.manifest, tuning)
    plain = Retuned(choice, found, None, False)
    if before is None or earlier is None or choice.design != "tuned":
        return plain
    if earlier.to_json() == choice.to_json():
        return plain
    other = None
    if found.values is not None and _few_later(night, before):
        other = against_baselines(night, earlier)
        if other.values is None or len(other.values) != len(found.values):
            return plain
        verdict = decide(found.values, other.values)
        worse = verdict.yesterday is not None and verdict.today < verdict.yesterday
        verdict = replace(verdict, passed=True)
    else:
        known = found.contest.model if found.contest.tested else evidence(choice)
        verdict = compared_choice(night, before, choice, known)
        worse = not verdict.passed
    if not worse:
        return Retuned(choice, found, verdict, False)
    other = other or against_baselines(night, earlier)
    if other.contest.lost or not other.attack.passed:
        return Retuned(choice, found, verdict, False)
    return Retuned(replace(earlier, pressure=choice.pressure), other, verdict, True)


def without_listed(events: EventTable, cutoff: float) -> EventTable:
    """Return events without the later ones that came of this service's own lists.

    These were chosen among what the bundle in service showed, so that a whole catalogue ranked by
    another model would always lose to it.
    """
    if events.shown is None:
        return events
    return events.select(~(newest(events, cutoff) & events.shown.named))


def _few_later(night: NightContext, before: RawBundle) -> bool:
    """Whether too few users have taken up something since a bundle was made."""
    events, items = night.tables
    cutoff = Model.from_raw(before).cutoff
    events = without_listed(events, cutoff)
    later = newest(events, cutoff)
    return len(validation_set_of(events, items, night.settings.weights, later)) < FEWEST


def _known(found: Mapping[str, Any], choice: TuningResult) -> float:
    return float(found["model"]) if found["tested"] else evidence(choice)


def evidence(choice: TuningResult) -> float:
    """Return the value that a choice was made for, an nDCG@20; 0 when nothing was measured."""
    found = [row["value"] for row in choice.evidence if "value" in row]
    return max((value for value in found if isinstance(value, float)), default=0.0)


def _settings(before: RawBundle) -> tuple[object, ...]:
    manifest = before.manifest
    choice = earlier_choice(manifest)
    plan = None if choice is None else choice.to_json()
    return plan, manifest.get("event_weights"), manifest.get("encoder")


def _same_past(night: NightContext, before: RawBundle, past: int) -> bool:
    """Whether next to nothing of what yesterday learned from was added, erased or lost its words.

    `past`: today's events up to yesterday's cutoff.
    """
    counts, words = before.manifest.get("counts", {}), night.detail("encode")["with_words"]
    known = counts.get("events", 0)
    moved = abs(past - known) / max(known, 1)
    kept = words >= (1 - MOVED) * counts.get("with_words", np.inf)
    return bool(moved <= MOVED and kept)


def _unchanged(ndcg: float, users: int) -> Verdict:
    reason = "same settings and same earlier events as the previous bundle"
    return Verdict(True, reason, users, ndcg, ndcg)


def _today(night: NightContext, choice: TuningResult, check: ValidationSet) -> Gains:
    return answers(night.model(check.data, choice, night.words(check.data)), check)


def _refitted(
    night: NightContext,
    check: ValidationSet,
    is_test: Mask,
    before: RawBundle,
    yesterday: Model,
    earlier: TuningResult,
) -> Gains:
    """Fit yesterday's settings to what lies before the slice; its words are those of its bundle."""
    events, items = night.tables
    kinds = before.manifest.get("event_weights", night.kinds)
    data = Dataset.build(
        events.select(~is_test), items, weights=replace(night.settings.weights, kinds=kinds)
    )
    words = renumbered(yesterday.catalogue.ids, yesterday.words, yesterday.student, data)
    return answers(night.model(data, earlier, words), check)
