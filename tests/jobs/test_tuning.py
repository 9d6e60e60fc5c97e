"""When a night tunes again."""

import time

import pytest

from jobs.nightly.steps.tune_ranking import (
    FEWEST_JUDGED,
    JUDGED,
    WALKED_ROWS,
    engine_reason,
    judged,
    pressure_sentence,
    retune_reason,
    times_hurried,
)
from recsys.serving.score_model import ScoreModel
from recsys.tuning.tuning_result import TuningResult

COUNTS = {"events": 1000, "items": 100, "kinds": {"like": 800, "view": 200}}
PLAN = {"encoder": "static-1", "event_weights": {"like": 1.0}, "tuner": "23b1cd3dd89d"}

CHOICE = TuningResult((), ScoreModel()).to_json()


def reason(seen=(), plan=(), age_days=1.0, manifest=None, minutes=4.0):
    tuning = {"at": time.time() - 86_400 * age_days, "counts": COUNTS, **PLAN}
    before = {"tuning": tuning, "choice": CHOICE} if manifest is None else manifest
    return retune_reason(before, {**COUNTS, **dict(seen)}, {**PLAN, **dict(plan)}, 7.0, minutes)


def test_what_was_chosen_in_a_hurry_or_not_tuned_is_tuned_again():
    for choice, words in (
        ({"pressure": ["the replay stopped after 3 lists"]}, "stopped after 3"),
        ({"design": "baseline"}, "design baseline"),
        ({"design": "untested"}, "design untested"),
        ({"design": "tuned", "pressure": []}, None),
    ):
        before = {
            "tuning": {"at": time.time(), "counts": COUNTS, **PLAN},
            "choice": CHOICE | choice,
        }
        found = reason(manifest=before)
        assert found is None if words is None else words in found


def test_what_a_first_night_chose_quickly_is_chosen_again():
    tuning = {"at": time.time(), "counts": COUNTS, **PLAN}
    assert reason(manifest={"tuning": {**tuning, "quick": False}, "choice": CHOICE}) is None
    found = reason(manifest={"tuning": {**tuning, "quick": True}, "choice": CHOICE})
    assert found == "the first night tuned quickly"


def test_a_time_that_is_always_too_short_does_not_tune_every_night():
    short = TuningResult((), ScoreModel(), pressure=("the walk ended after 300 lists",))
    tuning = {"at": time.time(), "counts": COUNTS, **PLAN, "minutes": 4.0}
    before, said = {}, []
    for _ in range(3):
        hurried = times_hurried(before, short, 4.0)
        said.append(pressure_sentence(short.pressure, hurried, 7.0))
        before = {"tuning": {**tuning, "hurried": hurried}, "choice": short.to_json()}
        if hurried < 2:
            assert "ran out of time" in reason(manifest=before)
        else:
            assert reason(manifest=before) is None
            assert "ran out of time" in reason(manifest=before, minutes=8.0)
    assert "the next night tunes again" in said[0]
    assert "serves for 7 days" in said[1] and "RECSYS_TUNE_MINUTES" in said[1]
    assert times_hurried(before, TuningResult((), ScoreModel()), 4.0) == 0  # there was time
    assert times_hurried(before, short, 8.0) == 1  # with more time it is the first


def test_one_sentence_says_all_that_there_was_no_time_for():
    said = pressure_sentence(["slist 8 was skipped", "the time was over after 1 list"], 1, 7.0)
    assert said == (
        "tuning: slist 8 was skipped; the time was over after 1 list; the next night tunes again"
    )


@pytest.mark.parametrize(
    ("engines", "design", "evidence", "sentence"),
    [
        ((), "tuned", (), "no engine, because a score without one ranks"),
        ((), "baseline", (), "no engine, because a baseline ranks"),
        (("item-knn 100",), "untested", (), "item-knn 100, because there are too few events"),
        (("slist 8",), "tuned", (), "slist 8, because no other engine ranks the held-out events"),
        (
            ("blocks 256",),
            "tuned",
            ({"engine": "lowpass 512", "skipped_seconds": 1e9}, {"engine": "blocks 256"}),
            "better; 150,000 items are too many for lowpass 512",
        ),
    ],
)
def test_a_night_says_which_engines_serve_and_why(engines, design, evidence, sentence):
    choice = TuningResult(engines, ScoreModel(), evidence, design=design)
    assert sentence in engine_reason(choice, 150_000)


def test_a_night_without_time_says_what_it_had_no_time_for():
    choice = TuningResult(
        ("item-knn 100",), ScoreModel(), pressure=("the time was over after 90 lists",)
    )
    sentence = engine_reason(choice, 1_000)
    assert sentence == "item-knn 100, the best within the time (the time was over after 90 lists)"


def test_what_the_baselines_are_compared_by_does_not_grow_with_the_catalogue():
    assert judged(0) == judged(100_000) == JUDGED
    assert judged(300_000) * 300_000 <= WALKED_ROWS
    assert judged(10**7) == FEWEST_JUDGED


def test_a_young_tuning_of_the_same_data_serves():
    assert reason() is None
    assert reason({"events": 1400, "kinds": {"like": 1100, "view": 300}}) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"manifest": {}}, "no earlier tuning"),
        ({"age_days": 8}, "older than 7 days"),
        ({"plan": {"encoder": "static-2"}}, "the text encoder changed"),
        ({"plan": {"event_weights": {}}}, "RECSYS_EVENT_WEIGHTS) changed"),
        ({"plan": {"tuner": "0123456789ab"}}, "the code that tunes changed"),
        ({"seen": {"events": 2000}}, "1,000 events at the last tuning are 2,000 now"),
        ({"seen": {"items": 50}}, "100 items at the last tuning are 50 now"),
        ({"seen": {"kinds": {"like": 500, "dislike": 500}}}, "kinds of 50%"),
    ],
)
def test_otherwise_it_says_why_it_tunes(arguments, words):
    assert words in reason(**arguments)


def test_a_tuning_from_before_definitions_were_recorded_is_tuned_again():
    old = {"at": time.time(), "counts": COUNTS, **PLAN}
    del old["tuner"]
    found = reason(manifest={"tuning": old, "choice": CHOICE})
    assert found == "the code that tunes changed"


@pytest.mark.parametrize("choice", [{"engines": ["magic 3"]}, {"blend": None}, {"engines": None}])
def test_what_another_version_chose_is_tuned_again(choice):
    manifest = {"tuning": {"at": time.time(), "counts": COUNTS, **PLAN}, "choice": CHOICE | choice}
    assert "another version" in reason(manifest=manifest)
    manifest = {"tuning": {"at": time.time(), **PLAN}, "choice": CHOICE}
    assert "another version" in reason(manifest=manifest)
