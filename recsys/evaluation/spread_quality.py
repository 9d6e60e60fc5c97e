"""Spread, evaluated: who shares next, the size an hour later, stances and veracity of threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.social_network.rumour import rumour_score
from recsys.social_network.size_forecast import HOUR, SizeForecast
from recsys.social_network.stance import STANCES, StanceModel, StanceText

Values = NDArray[np.float64]
FIRST = 10  # shares from which the size an hour later is forecast
_WINDOW = 15  # places back in a cascade from which a share may come
_DECAY = 0.8  # of the weight of a place in the current cascade
_EDGE_WEIGHTS = (0.0, 0.03, 0.1, 0.3, 1.0)  # tried on the validation part
_POPULAR = 0.01  # weight of how often somebody shared at all


@dataclass(frozen=True, slots=True)
class Cascade:
    """Shares of one item in order."""

    users: tuple[str, ...]
    times: tuple[float, ...]
    split: str  # train, valid or test


def cascades_of(rows: Sequence[Mapping[str, str]]) -> list[Cascade]:
    """Return the cascades of rows (item_id, user_id, timestamp[, split, position]).

    Without `split` the first 80 % by their first share are train, the next 10 % valid.
    """
    shares: dict[str, list[tuple[float, float, str]]] = {}
    split: dict[str, str] = {}
    for number, row in enumerate(rows, 2):
        try:
            time, place = float(row["timestamp"]), float(row.get("position") or number)
            shares.setdefault(row["item_id"], []).append((place, time, row["user_id"]))
        except (KeyError, ValueError) as error:
            raise DataError(f"row {number} of the cascades: {error}") from error
        split[row["item_id"]] = row.get("split") or ""
    found = []
    for item, own in shares.items():
        own.sort(key=lambda one: one[0] if "position" in rows[0] else one[1])
        first: dict[str, float] = {}
        for _, time, user in own:
            first.setdefault(user, time)
        found.append(Cascade(tuple(first), tuple(first.values()), split[item]))
    if not any(one.split for one in found):
        found.sort(key=lambda one: one.times[0])
        marks = np.array([0.8, 0.9]) * len(found)
        names = ("train", "valid", "test")
        found = [
            Cascade(one.users, one.times, names[int(np.searchsorted(marks, at, "right"))])
            for at, one in enumerate(found)
        ]
    return [
        Cascade(one.users, one.times, "valid" if one.split in ("val", "dev") else one.split)
        for one in found
    ]


def size_figures(cascades: Sequence[Cascade]) -> dict[str, Any]:
    """Return the error of the log size an hour after the tenth share, relative to the size so far.

    Fitted to the training part; tested once.
    """
    parts = {name: _samples(cascades, name) for name in ("train", "test")}
    if not parts["train"] or not parts["test"]:
        return {"cascades": 0, "ratio": None}
    forecast = SizeForecast.fit(parts["train"])
    truth = np.array([np.log(later / len(times)) for times, _, later in parts["test"]])
    growth = np.array([forecast.growth(times, now) for times, now, _ in parts["test"]])
    ends = [forecast.predict(times, now)[1:] for times, now, _ in parts["test"]]
    inside = [
        low - 1e-9 <= later <= high + 1e-9
        for (low, high), (_, _, later) in zip(ends, parts["test"], strict=True)
    ]
    error, so_far = np.abs(truth - growth), np.abs(truth)
    shipped = SizeForecast.default()
    other = np.abs(truth - [shipped.growth(times, now) for times, now, _ in parts["test"]])
    return {
        "cascades": len(truth),
        "mean_absolute_log_error": float(error.mean()),
        "size_so_far": float(so_far.mean()),
        "ratio": _ratio(error, so_far),
        "ratio_shipped_weights": _ratio(other, so_far),
        "interval_80_coverage": float(np.mean(inside)),
    }


def _ratio(error: Values, reference: Values) -> float | None:
    """Return the ratio of two mean errors; None where nothing grows within the hour."""
    return float(error.mean() / reference.mean()) if reference.mean() > 1e-6 else None


def _samples(cascades: Sequence[Cascade], split: str) -> list[tuple[Values, float, int]]:
    found = []
    for one in cascades:
        times = np.sort(np.array(one.times))
        if one.split == split and len(times) >= FIRST:
            now = float(times[FIRST - 1])
            later = int(np.searchsorted(times, now + HOUR, "right"))
            found.append((times[:FIRST], now, later))
    return found


@dataclass(slots=True)
class NextSharer:
    """Who shares after whom, counted on cascades; with edges also who follows whom."""

    rows: dict[str, int]
    after: list[dict[int, float]]  # (users): weights of who came next
    popular: Values
    followers: list[NDArray[np.int64]] = field(default_factory=list)

    @classmethod
    def fit(cls, cascades: Sequence[Cascade], follows: Sequence[tuple[str, str]]) -> NextSharer:
        """Count the cascades of the training part; `follows`: (follower, followed)."""
        names = dict.fromkeys(user for one in cascades for user in one.users)
        rows = {user: at for at, user in enumerate(names)}
        after: list[dict[int, float]] = [{} for _ in rows]
        popular = np.zeros(len(rows))
        for one in cascades:
            if one.split != "train":
                continue
            own = [rows[user] for user in one.users]
            popular[own] += 1
            for place, user in enumerate(own):
                for distance, before in enumerate(
                    reversed(own[max(place - _WINDOW, 0) : place]), 1
                ):
                    after[before][user] = after[before].get(user, 0.0) + 1 / distance
        lists: list[list[int]] = [[] for _ in rows]
        for follower, followed in follows:
            if follower in rows and followed in rows:
                lists[rows[followed]].append(rows[follower])
        return cls(rows, after, popular, [np.array(own, np.int64) for own in lists])

    def ranks(self, cascade: Cascade, edge_weight: float) -> list[int]:
        """Return the rank, from 1, of each next user among those not in the cascade yet."""
        own = [self.rows[user] for user in cascade.users]
        base = _POPULAR * self.popular / max(self.popular.max(), 1.0)
        found = []
        for place in range(1, len(own)):
            scores = base.copy()
            for back, user in enumerate(reversed(own[max(place - _WINDOW, 0) : place])):
                weight = _DECAY**back
                for other, amount in self.after[user].items():
                    scores[other] += weight * amount
                if edge_weight:
                    near = self.followers[user]
                    np.add.at(scores, near, weight * edge_weight)
            scores[own[:place]] = -1.0
            found.append(int((scores > scores[own[place]]).sum()) + 1)
        return found


def next_figures(cascades: Sequence[Cascade], follows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return Hits@10, Hits@50 and MAP@100 in per cent, with and without edges, on the test part."""
    model = NextSharer.fit(cascades, follows)
    parts = {
        name: [one for one in cascades if one.split == name and len(one.users) > 1]
        for name in ("valid", "test")
    }
    if not parts["test"]:
        return {"cascades": 0}
    weight = 0.0
    if follows and parts["valid"]:
        judged = {one: _hits(model, parts["valid"], one)[0] for one in _EDGE_WEIGHTS}
        weight = max(judged, key=lambda one: (judged[one], -one))
    plain, plain_ranks = _hits(model, parts["test"], 0.0)
    found: dict[str, Any] = {"cascades": len(parts["test"]), "without_edges": _row(plain_ranks)}
    if follows:
        _, ranks = _hits(model, parts["test"], weight)
        gain = np.array(
            [
                100 * (np.mean(np.array(one) <= 10) - np.mean(np.array(other) <= 10))
                for one, other in zip(ranks, plain_ranks, strict=True)
            ]
        )
        error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0
        mean = float(gain.mean())
        found |= {
            "edge_weight": weight,
            "with_edges": _row(ranks),
            "difference_hits@10": {
                "mean": mean,
                "low": mean - 1.96 * error,
                "high": mean + 1.96 * error,
            },
        }
    return found


def _hits(
    model: NextSharer, cascades: Sequence[Cascade], weight: float
) -> tuple[float, list[list[int]]]:
    ranks = [model.ranks(one, weight) for one in cascades]
    return float(np.mean([rank <= 10 for own in ranks for rank in own])), ranks


def _row(ranks: Sequence[Sequence[int]]) -> dict[str, float]:
    flat = np.array([rank for own in ranks for rank in own])
    reciprocal = np.where(flat <= 100, 1 / flat, 0.0)
    return {
        "hits@10": float(100 * (flat <= 10).mean()),
        "hits@50": float(100 * (flat <= 50).mean()),
        "map@100": float(100 * reciprocal.mean()),
    }


def thread_texts(rows: Sequence[Mapping[str, str]]) -> list[StanceText]:
    """Return the texts of rows (item_id, parent_id, text) with depth and the root's text.

    A parent that is missing, or part of a cycle, ends the way to the root.
    """
    parent = {row["item_id"]: row.get("parent_id") or "" for row in rows}
    words = {row["item_id"]: row.get("text") or "" for row in rows}
    found = []
    for row in rows:
        at, depth, seen = row["item_id"], 0, set[str]()
        while parent.get(at) and parent[at] in parent and at not in seen:
            seen.add(at)
            at, depth = parent[at], depth + 1
        found.append(StanceText(words[row["item_id"]], depth, words[at]))
    return found


def thread_figures(rows: Sequence[Mapping[str, str]]) -> tuple[dict[str, Any], StanceModel | None]:
    """Return figures of stances and veracity on the rows whose split is `test`, and the model."""
    texts = thread_texts(rows)
    labelled = [at for at, row in enumerate(rows) if row.get("stance")]
    train = [at for at in labelled if rows[at].get("split") != "test"]
    test = [at for at in labelled if rows[at].get("split") == "test"]
    if not train or not test:
        return {"posts": 0}, None
    model = StanceModel.fit([texts[at] for at in train], [rows[at]["stance"] for at in train])
    truth = [STANCES.index(rows[at]["stance"]) for at in test]
    found: dict[str, Any] = {"posts": len(test), "stance": _scores(model, texts, test, truth)}
    found["stance_without_training"] = _scores(StanceModel.by_hand(), texts, test, truth)
    found["always_comment"] = {"accuracy": float(np.mean(np.array(truth) == 0))}
    found["veracity"] = _veracity(rows, texts, model)
    return found, model


def _scores(
    model: StanceModel, texts: Sequence[StanceText], rows: Sequence[int], truth: Sequence[int]
) -> dict[str, Any]:
    guessed = model.probabilities([texts[at] for at in rows]).argmax(1)
    real = np.array(truth)
    by_class = {}
    for at, name in enumerate(STANCES):
        both = int(((guessed == at) & (real == at)).sum())
        by_class[name] = 2 * both / max(int((guessed == at).sum() + (real == at).sum()), 1)
    return {
        "accuracy": float((guessed == real).mean()),
        "macro_f1": float(np.mean(list(by_class.values()))),
        "f1": by_class,
    }


def _veracity(
    rows: Sequence[Mapping[str, str]], texts: Sequence[StanceText], model: StanceModel
) -> dict[str, Any]:
    """Return AUC of the rumour score for roots that are not true, with a bootstrap interval."""
    chances = model.probabilities(texts)
    members: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        if row.get("split") == "test":
            members.setdefault(row.get("thread_id") or row["item_id"], []).append(at)
    scores, false = [], []
    for own in members.values():
        verdicts = [rows[at].get("veracity") for at in own if rows[at].get("veracity")]
        below = [at for at in own if texts[at].depth]
        if verdicts:
            scores.append(rumour_score(chances[below]))
            false.append(verdicts[0] != "true")
    value, target = np.array(scores), np.array(false, bool)
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(1_000):
        rows_drawn = rng.integers(0, max(len(value), 1), len(value))
        drawn = _auc(value[rows_drawn], target[rows_drawn])
        if drawn is not None:
            draws.append(drawn)
    ends = np.quantile(draws, [0.025, 0.975]).tolist() if draws else None
    return {"threads": len(value), "auc_not_true": _auc(value, target), "interval": ends}


def _auc(scores: Values, positive: NDArray[np.bool_]) -> float | None:
    if not positive.any() or positive.all():
        return None
    above = scores[positive][:, None] - scores[~positive][None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())
