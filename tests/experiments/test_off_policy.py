"""Off-policy estimates: unbiased, refused where the log cannot carry them, covered by intervals."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.errors import DataError
from recsys.evaluation.off_policy_trials import TRUTH
from recsys.experiments.off_policy import (
    Log,
    doubly_robust,
    ips,
    shrunk_doubly_robust,
    snips,
    switch,
)

CLICK = np.array([0.02, 0.05, 0.1])  # of three items
LOGGED, TARGET = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])


def world(rng, n=4_000):
    item = rng.choice(3, n, p=LOGGED)
    reward = (rng.random(n) < CLICK[item]).astype(float)
    return item, Log(reward, LOGGED[item], TARGET[item])


def test_estimates_are_unbiased_and_their_intervals_cover_the_truth():
    truth, values, covered = float(TARGET @ CLICK), [], []
    for seed in range(200):
        item, log = world(np.random.default_rng(seed))
        found = [ips(log), snips(log), doubly_robust(log, CLICK[item], np.full(len(item), truth))]
        values.append([each.value for each in found])
        covered.append([each.low <= truth <= each.high for each in found])
    assert np.abs(np.mean(values, axis=0) / truth - 1).max() < 0.02
    assert (np.mean(covered, axis=0) > 0.9).all()
    spread = np.std(values, axis=0)
    assert spread[2] < spread[0]  # a right model takes variance off


def test_a_log_that_cannot_carry_a_figure_is_refused():
    _, log = world(np.random.default_rng(0), 150)
    assert "200 are needed" in ips(log).refused
    _, log = world(np.random.default_rng(0))
    assert not ips(log).refused
    unseen = Log(log.reward, log.logged, log.target, np.full(len(log.reward), 0.6))
    assert "only 60% of what the policy would show" in ips(unseen).refused


@pytest.mark.parametrize("logged", [0.0, -0.1, 1.2, float("nan")])
def test_probabilities_that_are_none_name_their_row(logged):
    with pytest.raises(DataError, match="row 1: the logged probability"):
        Log(np.zeros(2), np.array([0.5, logged]), np.full(2, 0.5))
    with pytest.raises(DataError, match=r"columns of \[1, 2\] rows"):
        Log(np.zeros(1), np.full(2, 0.5), np.full(2, 0.5))


def test_the_command_reads_a_log_of_two_policies(tmp_path):
    path = tmp_path / "logs.csv"
    rng = np.random.default_rng(0)
    lines = ["policy,campaign,item_id,position,click,propensity"]
    for policy, campaign in TRUTH:
        for _ in range(300):
            lines.append(f"{policy},{campaign},{rng.integers(3)},{rng.integers(3) + 1},0,0.34")
    path.write_text("\n".join(lines))
    arguments = ["evaluate-ope", "--seeds", "0", "--open-bandit", str(path), "--json", "-"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["open_bandit"]
    refused = {(row["policy"], row["campaign"]) for row in rows if row["refused"]}
    assert len(rows) == 6 and ("random", "all") in refused  # three of 80 items were shown
    path.write_text("\n".join([*lines, "bts,all,x,1,0,0.1"]))
    with pytest.raises(DataError, match=r"logs\.csv:1802: is no row of a bandit log"):
        CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_large_weights_count_less_where_that_lowers_the_error():
    """A rare action of the log that the policy takes often, and a model that is nearly right."""
    logged, target = np.array([0.5, 0.499, 0.001]), np.array([0.2, 0.3, 0.5])
    truth, errors = float(target @ CLICK), {"dr": [], "switch": [], "dros": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        item = rng.choice(3, 2_000, p=logged)
        log = Log((rng.random(2_000) < CLICK[item]).astype(float), logged[item], target[item])
        model = CLICK * 1.05
        arguments = log, model[item], np.full(2_000, float(target @ model))
        for name, of in (
            ("dr", doubly_robust),
            ("switch", switch),
            ("dros", shrunk_doubly_robust),
        ):
            errors[name].append(of(*arguments).value - truth)
    squared = {name: float(np.mean(np.square(each))) for name, each in errors.items()}
    assert squared["switch"] < 0.5 * squared["dr"] and squared["dros"] < 0.5 * squared["dr"]


def test_weights_that_are_all_alike_stay_whole():
    item, log = world(np.random.default_rng(0))
    same = Log(log.reward, np.full(len(item), 0.3), np.full(len(item), 0.3))
    arguments = same, np.zeros(len(item)), np.zeros(len(item))
    whole = ips(same).value
    assert switch(*arguments).value == pytest.approx(whole)
    assert shrunk_doubly_robust(*arguments).value == pytest.approx(whole)
