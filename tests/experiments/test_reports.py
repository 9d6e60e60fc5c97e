"""Reports: sums of the exposure log, what may be read, guardrails, plans; known answers."""

import time
from dataclasses import replace

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.experiments.definition import (
    AA_SPLIT,
    HOME_ROWS,
    Experiment,
    as_definition,
    check_together,
    of_definition,
)
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.experiment_plan import plan_of
from recsys.experiments.report import AA_READING, Reading, harmed_arms, report
from recsys.experiments.unit_counts import DAY, Window, unit_counts, usual_counts
from recsys.home_page import KINDS
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.store import Store

NOW = 1_700_000_000.0
ARMS = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "overrides": {"diversity": 0.3}}]


def definition(**more):
    given = {"arms": ARMS, "metrics": {"primary": "click_rate", "guardrails": ["refusal_rate"]}}
    return of_definition("x", given | more)


def running(**more):
    return replace(definition(**more), state="running", started=NOW)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def fill(store, rates, users=150, places=10, lists=2, experiment="x", refused=(0.0, 0.0)):
    """Log lists of users of each arm from NOW on, clicked with a rate per place."""
    rng, shown, acts = np.random.default_rng(0), [], []
    for arm, rate, hidden in zip("ab", rates, refused, strict=True):
        for user in range(users):
            for number in range(lists):
                name = f"{arm}{user}-{number}"
                items = tuple(Shown(str(p), p + 1, "words") for p in range(places))
                at = NOW + 60.0 * number
                shown.append(
                    Exposure(name, at, "v", f"{arm}{user}", "long", items, {experiment: arm})
                )
                for draws, event in ((rate, "click"), (hidden, "hide")):
                    hit = np.flatnonzero(rng.random(places) < draws)
                    acts += [Outcome(name, str(p), event, at) for p in hit.tolist()]
    Exposures(store.db).write(shown, acts)


def read(store, one=None, now=NOW + DAY):
    one = one or running()
    window = Window.of(one, now)
    return report(window, Reading.of(one), unit_counts(store.db, window))


def test_sums_are_those_of_the_log(store):
    fill(store, (0.1, 0.3))
    found = read(store)
    assert found["status"] == "readable" and found["units"] == {"a": 150, "b": 150}
    primary, rail = found["metrics"]
    rows = Exposures(store.db).rates(0.0)
    clicked = sum(rate.clicked for rate in rows["source"].values())
    a, b = (arm["value"] for arm in primary["arms"])
    assert (a + b) * 150 * 20 == pytest.approx(clicked, rel=0.05)  # but for winsorising
    assert a == pytest.approx(0.1, abs=0.02) and b == pytest.approx(0.3, abs=0.02)
    told = primary["arms"][1]["difference"]
    assert told["decided"] and told["interval"][0] > 0
    assert told["interval"][0] < told["interval_of_one_look"][0] < told["value"] < 0.25
    assert rail["metric"] == "refusal_rate" and rail["more_is_worse"]


def test_the_deviation_is_that_of_users_not_of_lists(store):
    # every list of a user is clicked, or none: 75 users of 150 in each arm; lists are no new facts
    shown, acts = [], []
    for arm in "ab":
        for user in range(150):
            for number in range(20):
                name = f"{arm}{user}-{number}"
                items = (Shown("1", 1, "words"),)
                shown.append(Exposure(name, NOW, "v", f"{arm}{user}", "long", items, {"x": arm}))
                if user % 2:
                    acts.append(Outcome(name, "1", "click", NOW))
    Exposures(store.db).write(shown, acts)
    low, high = read(store)["metrics"][0]["arms"][1]["difference"]["interval_of_one_look"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(2 * 0.25 / 149), rel=0.01)


def test_too_few_users_tell_no_figure(store):
    fill(store, (0.1, 0.3), users=99)
    found = read(store)
    assert found["status"] == "too_early" and found["metrics"] == []
    assert found["units"] == {"a": 99, "b": 99}
    assert (
        harmed_arms(
            Window.of(running(), NOW + DAY),
            Reading.of(running()),
            unit_counts(store.db, Window.of(running(), NOW + DAY)),
        )
        == []
    )


def test_other_shares_than_assigned_block_reading(store):
    fill(store, (0.1, 0.1), users=400)
    one = running(arms=[ARMS[0] | {"share": 0.3}, ARMS[1] | {"share": 0.7}])
    found = read(store, one)
    assert found["status"] == "sample_ratio_mismatch" and found["metrics"] == []


def test_robots_and_merged_accounts_are_left_out_and_counted(store):
    fill(store, (0.1, 0.1))
    items = (Shown("1", 1, "words"),)
    robot = [
        Exposure(f"r{n}", NOW + n, "v", "robot", "long", items, {"x": "a"}) for n in range(501)
    ]
    both = [Exposure(f"m{arm}", NOW, "v", "merged", "long", items, {"x": arm}) for arm in "ab"]
    session = [Exposure("s", NOW, "v", "", "session", items, {"x": "a"})]
    Exposures(store.db).write(robot + both + session, [])
    found = read(store)
    assert found["left_out"] == {"robots": 1, "in_two_arms": 1}
    assert found["units"] == {"a": 150, "b": 150}


def test_lists_before_and_after_the_experiment_are_not_counted(store):
    fill(store, (0.1, 0.1))
    one = running(start=NOW + 30.0)
    assert Window.of(one, NOW + DAY).begins == NOW + 30.0
    assert read(store, one)["units"] == {"a": 150, "b": 150}  # of the second lists
    ended = replace(running(), state="stopped", stopped=NOW + 30.0)
    counts = unit_counts(store.db, Window.of(ended, NOW + DAY))
    assert counts.counts[:, 0].tolist() == [1.0] * 300


def test_values_before_narrow_the_interval(store):
    rng, shown, acts = np.random.default_rng(1), [], []
    items = tuple(Shown(str(p), p + 1, "words") for p in range(20))
    for arm in "ab":
        for user in range(200):
            rate = rng.beta(1, 3)
            for name, at, arms in (
                (f"{arm}{user}", NOW, {"x": arm}),
                (f"{arm}{user}-before", NOW - DAY, {}),
            ):
                shown.append(Exposure(name, at, "v", f"{arm}{user}", "long", items, arms))
                hit = np.flatnonzero(rng.random(20) < rate)
                acts += [Outcome(name, str(p), "click", at) for p in hit.tolist()]
    Exposures(store.db).write(shown, acts)
    known = unit_counts(store.db, Window.of(running(), NOW + DAY))
    with_, without = ([], [])
    for target, counts in ((with_, known), (without, replace_before(known))):
        told = report(Window.of(running(), NOW + DAY), Reading.of(running()), counts)
        low, high = told["metrics"][0]["arms"][1]["difference"]["interval"]
        target.append(high - low)
    assert with_[0] < 0.75 * without[0]


def replace_before(counts):
    return replace(counts, before=np.zeros_like(counts.before))


def test_a_broken_guardrail_is_found_and_says_so(store):
    fill(store, (0.1, 0.1), users=400, refused=(0.02, 0.12))
    one = running()
    window = Window.of(one, NOW + DAY)
    counts = unit_counts(store.db, window)
    assert harmed_arms(window, Reading.of(one), counts) == [("b", "refusal_rate")]
    assert read(store)["metrics"][1]["arms"][1]["difference"]["harmed"]
    fill_other = running(metrics={"primary": "click_rate", "guardrails": ["clicks_per_user"]})
    assert harmed_arms(window, Reading.of(fill_other), counts) == []


def test_a_holdout_is_an_arm_of_the_report_alone(store):
    fill(store, (0.1, 0.1), users=200)
    items = (Shown("1", 1, "words"),)
    held = [
        Exposure(f"h{n}", NOW, "v", f"h{n}", "long", items, {"x": "holdout"}) for n in range(100)
    ]
    Exposures(store.db).write(held, [])
    found = read(store, running(holdout=0.2))
    assert found["units"] == {"a": 200, "b": 200, "holdout": 100}
    assert found["shares"] == {"a": 0.4, "b": 0.4, "holdout": 0.2}
    assert [arm["arm"] for arm in found["metrics"][0]["arms"]] == ["a", "b", "holdout"]


def test_the_aa_experiment_reads_the_last_days(store):
    fill(store, (0.1, 0.1), experiment="aa")
    window = replace_groups(Window.of_aa(NOW + DAY))
    found = report(window, replace(AA_READING, control="a"), unit_counts(store.db, window))
    assert found["status"] == "readable"
    assert not found["metrics"][0]["arms"][1]["difference"]["decided"]
    assert set(AA_SPLIT.groups) == {"a1", "a2"}


def replace_groups(window):
    return replace(window, groups={"a": 0.5, "b": 0.5})


def test_a_plan_is_what_the_last_days_say(store):
    items = tuple(Shown(str(p), p + 1, "words") for p in range(1))
    shown = [Exposure(f"{n}", NOW - 60.0, "v", f"u{n}", "long", items) for n in range(1_400)]
    acts = [Outcome(f"{n}", "0", "click", NOW) for n in range(140)]
    Exposures(store.db).write(shown, acts)
    counts = usual_counts(store.db, now=NOW)
    one = definition(metrics={"primary": "click_rate", "effect": 0.1})
    found = plan_of(one, counts)
    # rate .1: 2 · .09 · ((1.96 + .8416) / .01)² users of each arm, 100 users a day
    assert found["users_per_arm"] == pytest.approx(14_128, rel=0.002)
    assert found["days"] == pytest.approx(283, abs=1) and found["correlation"] == 0
    half = definition(metrics={"primary": "click_rate", "effect": 0.1}, range=[0.0, 0.5])
    assert plan_of(half, counts)["days"] == pytest.approx(566, abs=2)
    assert plan_of(one, usual_counts(store.db, now=NOW - DAY)) is None


def test_kinds_of_home_rows_are_those_of_the_home_page():
    assert HOME_ROWS == KINDS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arms": [ARMS[0], ARMS[1] | {"share": 0.6}]}, "add up to 1.1"),
        ({"arms": [ARMS[0], ARMS[1] | {"overrides": {"speed": 1}}]}, "'speed', which is none of"),
        ({"arms": [ARMS[0], ARMS[1] | {"overrides": {"diversity": 2}}]}, "from 0 to 1"),
        ({"arms": [ARMS[0], ARMS[1] | {"overrides": {"diversity": float("nan")}}]}, "from 0 to 1"),
        ({"arms": [ARMS[0], ARMS[1] | {"overrides": {"home_rows": ["x"]}}]}, "home_rows"),
        ({"arms": [ARMS[0], ARMS[1] | {"bundle": "v1"}]}, "names a bundle and overrides"),
        ({"arms": [ARMS[0], ARMS[0]]}, "a name of its own"),
        ({"arms": [ARMS[0]]}, "two arms or more"),
        ({"arms": 7}, "cannot be read"),
        ({"metrics": {"primary": "joy"}}, "metric 'joy' is none of"),
        ({"metrics": {"primary": "click_rate", "guardrails": ["joy"]}}, "metric 'joy'"),
        ({"metrics": {"primary": "click_rate", "effect": 0}}, "effect 0"),
        (
            {
                "metrics": {
                    "primary": "click_rate",
                    "guardrails": [{"metric": "refusal_rate", "margin": -1}],
                }
            },
            "margin -1",
        ),
        ({"start": 50.0, "end": 40.0}, "before it starts"),
        ({"range": [0.5, 0.5]}, "no part of 0 to 1"),
        ({"holdout": 1.0}, "its share 1"),
        ({"speed": 1}, "unknown speed"),
        ({"method": "guess"}, "method 'guess'"),
    ],
)
def test_definitions_that_are_wrong_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        definition(**change)


@pytest.mark.parametrize("id", ["", "aa", "a b", "x" * 65, "/"])
def test_ids_that_are_none(id):
    with pytest.raises(DataError, match="an id has"):
        of_definition(id, as_definition(definition()))


def test_experiments_that_cannot_run_together():
    one = running()
    other = replace(running(), id="y")
    with pytest.raises(DataError, match="overlap in the layer"):
        check_together([one, other])
    apart = of_definition("y", as_definition(one) | {"layer": "second"})
    with pytest.raises(DataError, match="both override diversity, in different layers"):
        check_together([one, apart])
    check_together(
        [
            of_definition("p", as_definition(one) | {"range": [0, 0.5]}),
            of_definition("q", as_definition(one) | {"range": [0.5, 1]}),
        ]
    )
    bundles = [
        of_definition(
            id,
            as_definition(one)
            | {"range": at, "arms": [ARMS[0], {"name": "b", "share": 0.5, "bundle": f"v-{id}"}]},
        )
        for id, at in (("p", [0, 0.5]), ("q", [0.5, 1]))
    ]
    with pytest.raises(DataError, match="a worker opens one besides"):
        check_together(bundles)


def test_a_definition_is_itself_again_as_json():
    one = definition(range=[0.25, 0.5], holdout=0.1, start=NOW, end=NOW + 1)
    assert of_definition("x", as_definition(one)) == one


def test_an_experiment_goes_from_draft_to_decided_and_never_back(store):
    known = Experiments(store.db)
    assert known.add(definition()).state == "draft"
    with pytest.raises(DataError, match="used once"):
        known.add(definition())
    changed = known.redefine("x", {"holdout": 0.1}, lambda one: None)
    assert changed is not None and changed.holdout == 0.1 and changed.created > 0
    with pytest.raises(DataError, match="is draft: it can become running"):
        known.move("x", "stopped")
    with pytest.raises(DataError, match="names the bundle 'v9'"):
        bundled = [ARMS[0], {"name": "b", "share": 0.5, "bundle": "v9"}]
        known.redefine("x", {"arms": bundled}, lambda one: None)
        known.move("x", "running", bundles=frozenset({"v1"}))
    known.redefine("x", {"arms": ARMS}, lambda one: None)
    assert known.bundles_in_use() == frozenset()
    assert known.move("x", "running").started >= time.time() - 5
    with pytest.raises(DataError, match="its definition cannot change"):
        known.redefine("x", {"arms": ARMS}, lambda one: None)
    assert known.stop_running("x", "guardrail: refusal_rate of arm b")
    assert not known.stop_running("x", "again")
    with pytest.raises(DataError, match="decision 'c' is none of a, b"):
        known.move("x", "decided", decision="c")
    found = known.move("x", "decided", decision="b")
    assert (found.state, found.decision) == ("decided", "b")
    assert found.reason == "guardrail: refusal_rate of arm b"
    with pytest.raises(DataError, match="it can become nothing else"):
        known.move("x", "running")
    assert known.move("nobody", "running") is None


def test_an_end_before_now_is_refused(store):
    with pytest.raises(DataError, match="before it could run"):
        Experiments(store.db).add(definition(end=NOW))


def test_the_types_of_an_experiment_survive_the_store(store):
    one = Experiments(store.db).add(definition(range=[0, 1], end=4e9))
    assert Experiments(store.db).one("x") == one and isinstance(one, Experiment)
