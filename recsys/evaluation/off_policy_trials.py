"""Off-policy estimates against known values: digits as a bandit, and two logged policies."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError, MissingExtra
from recsys.experiments.off_policy import (
    LEAST_PROPENSITY,
    Estimate,
    Log,
    direct,
    doubly_robust,
    ips,
    shrunk_doubly_robust,
    snips,
    switch,
)

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
TRAIN = 0.7  # of the digits, for both policies
MIXED = 0.9  # share of a classifier's choice in its policy; the rest is uniform
FOLDS = 10  # of the rows, for the model of the reward
PENALTIES = (0.1, 1.0, 10.0, 100.0)  # inverse regularisation of that model, by held-out likelihood
ITEMS = {"all": 80, "men": 34, "women": 46}  # of the campaigns of the Open Bandit Dataset
POSITIONS = 3
SHRINKAGE = 1_000.0  # rows at the mean rate that each item's rate begins with
# click rates of both policies in all 26 million rows (Saito et al., NeurIPS 2021, table 1)
TRUTH = {
    ("random", "all"): 0.0035,
    ("random", "men"): 0.0051,
    ("random", "women"): 0.0048,
    ("bts", "all"): 0.0050,
    ("bts", "men"): 0.0067,
    ("bts", "women"): 0.0064,
}


def digits_errors(seeds: Iterable[int]) -> dict[str, float]:
    """Return the mean relative error of each estimator over seeds.

    Logged: the choice of a logistic regression, mixed with a uniform one. Evaluated: that of a
    random forest, mixed likewise. Reward: the class is right. MissingExtra without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("scikit-learn", "train") from None
    pixels, classes = load_digits(return_X_y=True)
    found = [_digits(pixels / 16, classes, seed) for seed in seeds]
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def _digits(pixels: Floats, classes: Ints, seed: int) -> dict[str, float]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    rng = np.random.default_rng(seed)
    train, test, train_class, right = train_test_split(
        pixels, classes, train_size=TRAIN, random_state=seed
    )
    logging, target = (
        _mixed(model.fit(train, train_class).predict(test))
        for model in (LogisticRegression(max_iter=1_000), RandomForestClassifier(random_state=seed))
    )
    row = np.arange(len(test))
    action = (logging.cumsum(axis=1) > rng.random((len(test), 1))).argmax(axis=1)
    log = Log((action == right).astype(float), logging[row, action], target[row, action])
    model = _reward_model(test, action, log.reward, rng)
    truth = float(target[row, right].mean())
    expected = (target * model).sum(axis=1)
    estimates = {
        "ips": ips(log),
        "snips": snips(log),
        "dr": doubly_robust(log, model[row, action], expected),
        "switch": switch(log, model[row, action], expected),
        "dros": shrunk_doubly_robust(log, model[row, action], expected),
        "model": direct(log, expected),
    }
    return {name: abs(each.value - truth) / truth for name, each in estimates.items()}


def _mixed(chosen: Ints) -> Floats:
    """Return (n, 10): probabilities of a policy that mostly takes the chosen class."""
    found = np.full((len(chosen), 10), (1 - MIXED) / 10)
    found[np.arange(len(chosen)), chosen] += MIXED
    return found


def _reward_model(pixels: Floats, action: Ints, reward: Floats, rng: np.random.Generator) -> Floats:
    """Return (n, 10): the predicted reward of each class at each row, by models of other rows.

    A logistic regression per class; its penalty is the one with the best held-out likelihood of
    the logged rewards.
    """
    fold = rng.permutation(len(reward)) % FOLDS
    row = np.arange(len(reward))
    fits = [_crossfitted(pixels, action, reward, fold, penalty) for penalty in PENALTIES]
    likelihood = [
        np.log(np.where(reward > 0, fit[row, action], 1 - fit[row, action]).clip(1e-6)).mean()
        for fit in fits
    ]
    return fits[int(np.argmax(likelihood))]


def _crossfitted(
    pixels: Floats, action: Ints, reward: Floats, fold: Ints, penalty: float
) -> Floats:
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(reward), 10))
    for number in range(FOLDS):
        learned, held = fold != number, fold == number
        inputs = _of_class(pixels[learned], action[learned])
        if len(set(reward[learned])) < 2:
            found[held] = reward[learned].mean()
            continue
        model = LogisticRegression(C=penalty, max_iter=500).fit(inputs, reward[learned])
        for each in range(10):
            one = np.full(int(held.sum()), each)
            found[held, each] = model.predict_proba(_of_class(pixels[held], one))[:, 1]
    return found


def _of_class(pixels: Floats, action: Ints) -> Floats:
    """Return (n, 650): the pixels and a one in the block of the row's class, zeros elsewhere."""
    wide = np.hstack([pixels, np.ones((len(pixels), 1))])
    return np.asarray((wide[:, :, None] * np.eye(10)[action][:, None, :]).reshape(len(pixels), -1))


@dataclass(frozen=True, slots=True)
class BanditAnswer:
    """Estimate of one policy's click rate from the log of the other, and the known rate."""

    campaign: str
    logged: str
    policy: str
    estimate: Estimate
    truth: float

    @property
    def inside(self) -> bool:
        """Whether the known rate lies in the interval."""
        return self.estimate.low <= self.truth <= self.estimate.high


def bandit_answers(logs: Path, seed: int = 0) -> list[BanditAnswer]:
    """Return the doubly robust answers for each campaign of the Open Bandit Dataset, both ways.

    `logs`: CSV with policy, campaign, item_id, position, click and propensity. The probabilities of
    the Thompson sampling policy at rows of the uniform one are its shares in its own rows.
    """
    rows = _read(logs)
    found = []
    for campaign, size in ITEMS.items():
        for logged, policy in (("bts", "random"), ("random", "bts")):
            target = np.full((size, POSITIONS), 1 / size)
            if policy == "bts":
                target = _shares(rows["bts", campaign], size)
            estimate = _answer(rows[logged, campaign], target, seed)
            truth = TRUTH[policy, campaign]
            found.append(BanditAnswer(campaign, logged, policy, estimate, truth))
    return found


def _read(path: Path) -> Mapping[tuple[str, str], Floats]:
    """Return (n, 4) rows of item, position from 0, click and propensity by policy and campaign."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                cells = (row["item_id"], row["position"], row["click"], row["propensity"])
                item, position, click, propensity = map(float, cells)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"{path}:{line}: is no row of a bandit log ({error})") from None
            key = (row["policy"], row["campaign"])
            found.setdefault(key, []).append((item, position - 1, click, propensity))
    missing = [key for key in TRUTH if key not in found]
    if missing:
        raise DataError(f"{path}: no row of policy {missing[0][0]} and campaign {missing[0][1]}")
    return {key: np.array(each) for key, each in found.items()}


def _shares(rows: Floats, size: int) -> Floats:
    """Return (size, POSITIONS): share of each item among the rows of a position."""
    counts = np.zeros((size, POSITIONS))
    np.add.at(counts, (rows[:, 0].astype(int), rows[:, 1].astype(int)), 1)
    return np.asarray(counts / counts.sum(axis=0))


def _answer(rows: Floats, target: Floats, seed: int) -> Estimate:
    item, position = rows[:, 0].astype(int), rows[:, 1].astype(int)
    click, propensity = rows[:, 2], rows[:, 3]
    largest = np.zeros(target.shape)
    np.maximum.at(largest, (item, position), propensity)
    support = (target * (largest >= LEAST_PROPENSITY)).sum(axis=0)[position]
    predicted, expected = np.zeros(len(rows)), np.zeros(len(rows))
    fold = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    for number in range(FOLDS):
        learned, held = fold != number, fold == number
        clicks = np.bincount(item[learned], click[learned], len(target))
        shown = np.bincount(item[learned], minlength=len(target))
        rate = (clicks + SHRINKAGE * click[learned].mean()) / (shown + SHRINKAGE)
        predicted[held] = rate[item[held]]
        expected[held] = (target * rate[:, None]).sum(axis=0)[position[held]]
    log = Log(click, propensity, target[item, position], support)
    return doubly_robust(log, predicted, expected)


def as_row(answer: BanditAnswer) -> dict[str, Any]:
    """Return an answer as JSON; without a value where it is refused."""
    estimate = answer.estimate
    read = not estimate.refused
    return {
        "campaign": answer.campaign,
        "logged": answer.logged,
        "policy": answer.policy,
        "value": round(estimate.value, 5) if read else None,
        "interval": [round(estimate.low, 5), round(estimate.high, 5)] if read else None,
        "truth": answer.truth,
        "inside": answer.inside if read else None,
        "refused": estimate.refused or None,
        "effective_size": round(estimate.effective_size),
        "support": round(estimate.support, 4),
        "largest_weight": round(estimate.largest_weight, 1),
    }
