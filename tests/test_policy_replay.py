"""Replay of policies: probabilities by hand, estimates of a known truth, refusals, files."""

import json
import time

import api_world as world
import numpy as np
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.records import Event
from recsys.errors import DataError
from recsys.exploration import Pool
from recsys.policy_replay import Decision, Policy, Recomputed, decisions, estimates
from recsys.ranking.query import Recommendation
from recsys.store.exposure_reader import ShownList
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store


def pool(*ids):
    return Pool.of([Recommendation(one, 1.0, 1, "fresh") for one in ids], {})


def logged(items, propensities, kinds, clicked=()):
    return ShownList(
        "l",
        1.0,
        "p",
        "v",
        {},
        tuple(items),
        tuple(range(1, len(items) + 1)),
        ("",) * len(items),
        frozenset(clicked),
        propensities=tuple(propensities),
        slot_kinds=tuple(kinds),
    )


def test_probabilities_of_a_place_are_those_of_the_draw():
    one = Recomputed(("a", "b"), pool("n1", "n2", "b"))
    assert one.chances(0, (), 0.4, "uniform") == {
        "a": 0.6,
        "n1": pytest.approx(0.2),
        "n2": pytest.approx(0.2),
    }
    after = one.chances(1, ("n1",), 0.4, "uniform")  # drawn above: one is left
    assert after == {"b": 0.6, "n2": pytest.approx(0.4)}
    assert one.chances(0, (), 0.0, "uniform") == {"a": 1.0}
    assert Recomputed(("a",), pool()).chances(0, (), 0.4, "uniform") == {"a": 1.0}


def test_support_is_the_share_that_the_log_may_show():
    shown = logged(["a", "n1", "c"], [0.8, 0.1, None], ["ranked", "explore", "pinned"], ["n1"])
    logging = Recomputed(("a", "b", "c"), pool("n1", "n2"))
    same = list(decisions(shown, logging, logging, Policy(explore=0.2)))
    assert [one.position for one in same] == [1, 2]  # a pin is no decision
    assert [one.supported for one in same] == [pytest.approx(1.0)] * 2
    assert [one.reward for one in same] == [0.0, 1.0]
    other = Recomputed(("x", "b", "c"), pool("n1", "n2"))
    first, second = decisions(shown, logging, other, Policy())
    assert first.supported == 0.0 and first.target == {"x": 1.0}
    assert second.supported == 1.0  # the ranked item of the place, which the draw replaced


def drawn(rng, count, rates, chances, target):
    """Return decisions of a log that draws items by chances and is clicked by rates."""
    names = list(rates)
    found = []
    for number in range(count):
        item = names[rng.choice(len(names), p=[chances[name] for name in names])]
        reward = float(rng.random() < rates[item])
        found.append(Decision(1, item, f"u{number}", reward, chances[item], target, 1.0))
    return found


def test_estimates_hold_the_truth():
    rates, chances = {"a": 0.02, "b": 0.3, "c": 0.1}, {"a": 0.8, "b": 0.1, "c": 0.1}
    target = {"b": 0.9, "c": 0.1}
    truth = 0.9 * 0.3 + 0.1 * 0.1
    inside = 0
    for seed in range(20):
        rows = drawn(np.random.default_rng(seed), 6_000, rates, chances, target)
        (found,) = estimates(rows)
        assert found["refused"] is None and found["logged_rate"] < 0.1
        inside += found["dr"]["low"] <= truth <= found["dr"]["high"]
        assert found["ips"]["value"] == pytest.approx(truth, abs=0.08)
        assert found["snips"]["value"] == pytest.approx(truth, abs=0.08)
    assert inside >= 17


def test_no_figure_where_the_log_cannot_carry_it():
    rng = np.random.default_rng(0)
    few = drawn(rng, 500, {"a": 0.1, "b": 0.1}, {"a": 0.9, "b": 0.1}, {"b": 1.0})
    (found,) = estimates(few)
    assert found["dr"] is found["ips"] is found["snips"] is None
    assert "decisions of this policy" in found["refused"] and "lists like these" in found["refused"]
    for one in few:
        one.supported = 0.5
    assert "by exploration first" in estimates(few)[0]["refused"]


@pytest.mark.parametrize("value", [0.0, 1.5, -0.1, float("nan")])
def test_a_propensity_that_is_none_is_refused(value):
    shown = logged(["a"], [value], ["ranked"])
    one = Recomputed(("a",), pool())
    with pytest.raises(DataError, match="at place 1 is not above 0"):
        list(decisions(shown, one, one, Policy()))


def test_a_missing_propensity_is_left_out():
    one = Recomputed(("a", "b"), pool())
    shown = logged(["a", "b"], [None, 1.0], ["ranked", "ranked"])
    assert [each.position for each in decisions(shown, one, one, Policy())] == [2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed = 1", "'speed' is none of"),
        ("diversity = 3", "diversity = 3 is not a number from 0 to 1"),
        ("explore = 'x'", "explore = 'x'"),
        ("= 3", "is no policy file"),
        ("home_rows = ['for_you']", "'home_rows' is none of"),
    ],
)
def test_policy_files_that_are_wrong(tmp_path, text, words):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(DataError, match=words):
        Policy.read(tmp_path / "p.toml")


@pytest.fixture
def call(tmp_path, monkeypatch):
    world.build(tmp_path)
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    now = time.time()
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event("ann", "bread-1", "like", timestamp=now - 5_000)])
        who = Pseudonyms.of_store(store).of("ann")
        items = tuple(Shown(f"bread-{n}", n, "words") for n in range(2, 6))
        shown = [Exposure(f"{n:032}", now - 900 + n, "one", who, "short", items) for n in range(9)]
        late = Exposure("f" * 32, now - 600, "one", "gone", "short", items)
        Exposures(store.db).write([*shown, late], [Outcome(f"{0:032}", "bread-2", "click", now)])
    (tmp_path / "b.toml").write_text('name = "popular"\npersonal = 0.0\n')
    runner = CliRunner()
    words = ["replay", "--policy", str(tmp_path / "b.toml"), "--from", str(now - 1_000)]
    return lambda *more: runner.invoke(cli, [*words, *more], catch_exceptions=False)


def test_the_command_keeps_recomputed_and_estimated_apart(call):
    found = json.loads(call("--json", "-").stdout)
    assert found["policy"] == "popular" and found["left_out_lists"] == 1
    assert found["recomputed"]["lists"] == 9 and found["recomputed"]["unchanged_lists"] == 0.0
    assert [row["position"] for row in found["estimated"]] == [1, 2, 3, 4]
    # nothing was drawn: of another ranking the log says nothing
    assert all(row["dr"] is None and row["refused"] for row in found["estimated"])
    told = call().output
    assert "recomputed: 9 lists" in told and "no figure" in told


def test_a_time_that_is_none(call):
    with pytest.raises(DataError, match="nothing between"):
        call("--to", "2001-01-01")
