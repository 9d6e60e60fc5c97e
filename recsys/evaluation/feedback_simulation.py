"""Feedback over many nights: people of fixed tastes click on lists that their clicks have taught.

An item of a list is clicked with the probability logistic(slope · affinity − threshold) /
log2(1 + rank). The affinity is the normal score of the rank that the product of taste and item
factors has among those of the first night's catalogue, for each person: all like as many items as
much. The threshold is set so that a list of the first night has `clicks_per_list` clicks. Each
night the model is fitted anew to all acts so far, and tuned anew after `tune_days` nights, as a
service does. New items come with the labels of an item there
is and factors near its own.

The lists of a night are those of the night's model; what was clicked leaves them. The last place of
each ten without an item of few users is given to the new one with the best score, within the share
that `recsys.serving.new_item_exposure_cap` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsys.array_types import Floats, Rows
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.shown_lists import ShownLists
from recsys.errors import DataError
from recsys.evaluation.personalization_metrics import strata, swap_partners
from recsys.evaluation.service_adapter import ServiceScorer
from recsys.fairness.exposure_report import gini
from recsys.ranking.new_item_places import EVERY, FEW_USERS
from recsys.ranking_metrics import Values
from recsys.serving.model import Model
from recsys.serving.new_item_exposure_cap import SHARE
from recsys.tuning.scorer_protocol import Histories

Fit = Callable[[Dataset], Model]
Tune = Callable[[EventTable, ItemTable], None]  # what is fitted from then on is tuned on these
DAY = 86_400.0
PLACES = 20  # of a list
DEPTH = 3 * PLACES  # items of a person's night, so that lists stay full while items leave them
BLOCK = 500  # people who are scored at once
CLICK = "click"  # kind of event


@dataclass(frozen=True, slots=True)
class FeedbackConfig:
    """Size of a simulation, and how people click."""

    nights: int = 30
    people: int = 5_000
    lists: int = 20  # of a person and night
    new_items: int = 50  # a night, from the second one
    least: int = 3  # acts of a person before the first night
    slope: float = 2.0  # of the logit, per normal score of affinity
    clicks_per_list: float = 0.1  # on the first night
    novelty: float = 0.3  # length of the random part of a new item's factors
    reserved: float = SHARE  # largest share of the people to whom a night gives one new item
    tune_days: int = 7  # nights from one tuning to the next; 0: the first choice serves all
    seed: int = 0


@dataclass(frozen=True, slots=True)
class NightFigures:
    """What the lists of one night were like; a place of rank r has the exposure 1 / log2(1 + r)."""

    night: int  # from 1
    clicks: int
    gini: float  # of exposure over the catalogue of the night
    distinct: int  # items shown
    expected: float  # clicks of a list, by the tastes
    swap_gap: float  # nDCG by the tastes, less that of lists of others of like activity
    swap_gap_clicks: float  # the same of the expected clicks of a list
    new_share: float  # of the exposure, of items that came since the first night


class FeedbackSimulation:
    """Items, people and their acts, night by night."""

    def __init__(
        self,
        events: EventTable,
        items: ItemTable,
        factors: Floats,
        fit: Fit,
        weights: EventWeights,
        config: FeedbackConfig,
        tune: Tune | None = None,
    ) -> None:
        """`factors`: (items, d) unit rows, of `items`; `events`: dated, before the first night.

        `tune`: None for models without tuning.

        DataError where too few users have `config.least` acts.
        """
        if not events.timed:
            raise DataError("feedback is simulated after events that all have a time")
        self.config, self.fit, self.weights, self.tune = config, fit, weights, tune
        self.rng = np.random.default_rng(config.seed)
        self.events, self.items, self.factors = events, items, factors
        self.first_items, self.begin = len(items), float(events.time[-1]) + 1.0
        able = np.flatnonzero(np.bincount(events.user, minlength=len(events.users)) >= config.least)
        if len(able) < config.people:
            raise DataError(f"{len(able)} users have {config.least} acts, not {config.people}")
        self.people = np.sort(self.rng.choice(able, config.people, replace=False)).astype(np.int32)
        self.tastes = self._tastes()
        self.products = np.sort(self.tastes @ factors.T, axis=1)  # (people, first items)
        self.threshold = 0.0

    def _tastes(self) -> Floats:
        """Return the mean of the factors of each person's items, unit rows, (people, d)."""
        place = np.full(len(self.events.users), -1, np.int32)
        place[self.people] = np.arange(len(self.people))
        known = self.items.ids.rows(list(self.events.items))[self.events.item]
        kept = (place[self.events.user] >= 0) & (known >= 0)
        found = np.zeros((len(self.people), self.factors.shape[1]), np.float32)
        np.add.at(found, place[self.events.user[kept]], self.factors[known[kept]])
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(length, 1e-9), np.float32)

    def run(self) -> Iterator[NightFigures]:
        """Yield the figures of each night."""
        for night in range(1, self.config.nights + 1):
            if night > 1:
                self._post(night)
            days = self.config.tune_days
            if self.tune is not None and days and night > 1 and (night - 1) % days == 0:
                self.tune(self.events, self.items)
            data = Dataset.build(self.events, self.items, weights=self.weights)
            ranking = self.rankings(data)
            appeal = self._affinity(ranking)
            if night == 1:
                self.threshold = self._calibrated(appeal)
            yield self._night(night, ranking, self._chances(appeal), data)

    def rankings(self, data: Dataset) -> Rows:
        """Return the items of each person's night, best first, (people, DEPTH); rows of `items`."""
        scorer = ServiceScorer.of(self.fit(data), data)
        if not np.array_equal(data.items.rows(self.items.ids), np.arange(len(self.items))):
            raise AssertionError("items of a data set begin with those of the catalogue")
        count = len(self.items)
        users = _users_of(data, count)
        new = np.flatnonzero((users < FEW_USERS) & (np.arange(count) >= self.first_items))
        given = np.zeros(count, np.int64)
        most = max(1, int(self.config.reserved * len(self.people)))
        found = np.empty((len(self.people), DEPTH), np.int32)
        for start in range(0, len(self.people), BLOCK):
            histories = Histories.of(data, self.people[start : start + BLOCK])
            scores = scorer.score(histories)[:, :count]
            owner, seen = histories.seen(len(data.items)).nonzero()
            scores[owner[seen < count], seen[seen < count]] = -np.inf
            part = np.argpartition(-scores, DEPTH, axis=1)[:, :DEPTH]
            order = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
            best = np.take_along_axis(part, order, axis=1)
            if self.config.reserved > 0 and len(new):
                for row in range(len(best)):
                    able = new[(given[new] < most) & np.isfinite(scores[row, new])]
                    able = able[np.argsort(-scores[row, able], kind="stable")]
                    best[row] = self._reserve(best[row], able, users, given)
            found[start : start + BLOCK] = best
        return found

    def _reserve(
        self,
        ranking: NDArray[np.int64],
        able: NDArray[np.int64],
        users: NDArray[np.int64],
        given: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return a ranking whose first PLACES have a new item in each ten; counts it in `given`."""
        found, left = ranking.tolist(), [row for row in able.tolist() if row not in ranking]
        for place in range(EVERY - 1, PLACES, EVERY):
            ten = found[place - EVERY + 1 : place + 1]
            few = [row for row in ten if row >= self.first_items and users[row] < FEW_USERS]
            if not few and left:
                given[left[0]] += 1
                found.insert(place, left.pop(0))
        return np.array(found[: len(ranking)], np.int64)

    def _affinity(self, ranking: Rows) -> Values:
        """Return the affinity of each person to ranked items, (people, places): normal scores."""
        products = np.einsum("pd,pkd->pk", self.tastes, self.factors[ranking])
        below = [np.searchsorted(*pair) for pair in zip(self.products, products, strict=True)]
        return np.asarray(ndtri((np.array(below) + 0.5) / (self.first_items + 1)), np.float64)

    def _chances(self, appeal: Values) -> Values:
        """Return the probability of a click at rank 1."""
        return np.asarray(1 / (1 + np.exp(self.threshold - self.config.slope * appeal)))

    def _calibrated(self, appeal: Values) -> float:
        """Return the threshold at which the first lists have `clicks_per_list` clicks."""
        low, high = -20.0, 40.0
        weights = 1 / np.log2(2 + np.arange(PLACES))
        for _ in range(60):
            self.threshold = (low + high) / 2
            expected = float((self._chances(appeal[:, :PLACES]) @ weights).mean())
            low, high = (
                (self.threshold, high)
                if expected > self.config.clicks_per_list
                else (
                    low,
                    self.threshold,
                )
            )
        return (low + high) / 2

    def _night(self, night: int, ranking: Rows, chance: Values, data: Dataset) -> NightFigures:
        """Show the lists of a night, and add the clicks to the events."""
        weights = 1 / np.log2(2 + np.arange(PLACES))
        exposure = np.zeros(len(self.items))
        clicked = np.zeros(ranking.shape, bool)
        user, item = list[Rows](), list[Rows]()
        lists, places, expected = list[Rows](), list[NDArray[np.int64]](), 0.0
        for _ in range(self.config.lists):
            at = np.argsort(clicked, axis=1, kind="stable")[:, :PLACES]
            shown = np.take_along_axis(ranking, at, axis=1)
            likely = np.take_along_axis(chance, at, axis=1) * weights
            expected += float(likely.sum(axis=1).mean()) / self.config.lists
            np.add.at(exposure, shown, np.broadcast_to(weights, shown.shape))
            who, place = np.nonzero(self.rng.random(likely.shape) < likely)
            clicked[who, at[who, place]] = True
            user.append(self.people[who])
            item.append(shown[who, place])
            lists.append(shown[who])
            places.append(place + 1)
        acts = np.concatenate(user), np.concatenate(item)
        self._add(*acts, np.concatenate(lists), np.concatenate(places), night)
        return NightFigures(
            night,
            sum(map(len, user)),
            gini(np.sort(exposure)),
            int(np.count_nonzero(exposure)),
            expected,
            *self._swap_gap(ranking, data),
            float(exposure[self.first_items :].sum() / exposure.sum()),
        )

    def _swap_gap(self, ranking: Rows, data: Dataset) -> tuple[float, float]:
        """Return nDCG of the lists less nDCG on lists of people of like activity, and clicks.

        The gain of an item is the probability of a click at rank 1; the ideal list is the best of
        all that a person has not taken up, so that the measure does not fall as the best are. What
        they have taken up is removed from the other's list, and what follows moves up. The second
        figure is the same difference of the expected clicks.
        """
        weights = 1 / np.log2(2 + np.arange(PLACES))
        taken = np.unique(data.user.astype(np.int64) * len(data.items) + data.item)
        lengths = np.bincount(data.user, minlength=len(data.users))[self.people]
        partners = swap_partners(strata(lengths), self.config.seed)
        own = self._chances(self._affinity(ranking[:, :PLACES])) @ weights
        kept, total = (partners >= 0).all(axis=0), np.zeros(len(own))
        for partner in np.maximum(partners, 0):
            other = ranking[partner]
            key = self.people[:, None].astype(np.int64) * len(data.items) + other
            at = np.minimum(np.searchsorted(taken, key), len(taken) - 1)
            order = np.argsort(taken[at] == key, axis=1, kind="stable")[:, :PLACES]
            shown = np.take_along_axis(other, order, axis=1)
            total += self._chances(self._affinity(shown)) @ weights
        gap = own - total / len(partners)
        ideal = self._chances(self._affinity(self._best(data))) @ weights
        return float((gap / ideal)[kept].mean()), float(gap[kept].mean())

    def _best(self, data: Dataset) -> Rows:
        """Return the items that each person likes best of what they have not taken up."""
        found = np.empty((len(self.people), PLACES), np.int32)
        for start in range(0, len(self.people), BLOCK):
            people = self.people[start : start + BLOCK]
            products = self.tastes[start : start + BLOCK] @ self.factors.T
            owner, seen = Histories.of(data, people).seen(len(data.items)).nonzero()
            known = seen < len(self.items)
            products[owner[known], seen[known]] = -np.inf
            part = np.argpartition(-products, PLACES, axis=1)[:, :PLACES]
            order = np.argsort(-np.take_along_axis(products, part, axis=1), axis=1, kind="stable")
            found[start : start + BLOCK] = np.take_along_axis(part, order, axis=1)
        return found

    def _add(
        self, user: Rows, item: Rows, lists: Rows, places: NDArray[np.int64], night: int
    ) -> None:
        """Add clicks at random moments of a night's day, in the order of time.

        `lists`: (clicks, PLACES), the items of the list of each click; `places`: (clicks,), where
        the item stood in it.
        """
        events, count = self.events, len(user)
        ids = IdMap.from_ids([*events.items, *(self.items.ids[row] for row in np.unique(item))])
        place = ids.rows(list(self.items.ids))
        kinds = tuple(dict.fromkeys([*events.kinds, CLICK]))
        time = np.sort(self.begin + DAY * (night - 1 + self.rng.random(count)))
        order = self.rng.permutation(count)
        more: dict[str, Any] = {
            "user": user[order].astype(np.int32),
            "item": place[item[order]].astype(np.int32),
            "kind": np.full(count, kinds.index(CLICK), np.int16),
            "value": np.full(count, np.nan, np.float32),
            "time": time,
        }
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(events, name), own]) for name, own in more.items()
        }
        self.events = replace(
            events,
            items=ids,
            kinds=kinds,
            sentiment=None,
            share=None,
            comments={},
            numbers=None,
            shown=self._shown(lists[order], places[order]),
            **joined,
        )

    def _shown(self, lists: Rows, places: NDArray[np.int64]) -> ShownLists:
        """Return the lists of all events, those of further ones last."""
        before = self.events.shown
        if before is None:
            none = np.full(len(self.events), -1, np.int32)
            before = ShownLists.of(none, np.zeros_like(none), [])
        count, size = lists.shape
        return ShownLists(
            np.append(before.number, len(before.starts) - 1 + np.arange(count, dtype=np.int32)),
            np.append(before.place, places.astype(np.int32)),
            np.append(before.starts, before.starts[-1] + size * np.arange(1, count + 1)),
            np.append(before.items, lists.astype(np.int32).ravel()),
            self.items.ids,
        )

    def _post(self, night: int) -> None:
        """Add the new items of a night: labels of random items, factors near theirs."""
        items, count = self.items, self.config.new_items
        like = self.rng.choice(self.first_items, count, replace=False)
        noise = self.rng.normal(size=(count, self.factors.shape[1]))
        noise *= self.config.novelty / np.linalg.norm(noise, axis=1, keepdims=True)
        own = self.factors[like] + noise
        own /= np.linalg.norm(own, axis=1, keepdims=True)
        self.factors = np.concatenate([self.factors, own.astype(np.float32)])
        copied: dict[str, Any] = {
            name: [*getattr(items, name), *(getattr(items, name)[row] for row in like.tolist())]
            for name in ("title", "text", "tags", "category", "url")
        }
        created = np.full(count, self.begin + DAY * (night - 1))
        self.items = ItemTable(
            ids=IdMap.from_ids([*items.ids, *(f"new-{night}-{n}" for n in range(count))]),
            author=[*items.author, *[""] * count],
            created=np.concatenate([items.created, created]),
            metadata=[*items.metadata, *({} for _ in range(count))],
            **copied,
        )


def _users_of(data: Dataset, count: int) -> NDArray[np.int64]:
    """Return how many users acted on each of the first `count` items."""
    key = np.unique(data.user.astype(np.int64) * len(data.items) + data.item)
    return np.bincount(key % len(data.items), minlength=count)[:count]
