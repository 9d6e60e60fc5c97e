"""Repeats: score of items that the user consumed before and is likely to consume again.

A list with repeats is a mixture of two choices: with the user's own share of repeats, something
taken before, in proportion to its rate at this moment; otherwise something new, in proportion to
exp(score), as the score model is learned. The rate of an item is its repeats per time since the
first use, shrunk to the user's usual rate (gamma-Poisson), times the hazard of a renewal process:
intervals follow a gamma distribution whose shape is estimated over all items of the user. After
each of n uses the item may have been given up, with probability 1 / (n + 1) (compare Fader, Hardie
and Lee, Marketing Science 2005, and Anderson et al., WWW 2014). Nothing is learned in the night.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.ranking.history import weigh
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.query import Query
from recsys.ranking.terms.protocol import Attribution, Part, RequestContext, ScoreTerm, UserTerm
from recsys.serving.live_state import LiveState
from recsys.store.user_histories import Uses, note_use

DAY = 86_400.0
USUAL = 7 * DAY  # interval assumed where a user repeated nothing yet
SHARE, SHARE_WEIGHT = 0.25, 8.0  # share of repeats assumed, and the acts that it counts like
SHAPE_WEIGHT = 5.0  # intervals that the shape 1 (no memory) counts like
SHAPES = (0.5, 6.0)  # bounds of the shape
DUE, GIVEN_UP = 0.5, 0.25  # powers of what intervals say: rarely are they as regular as they look
LEAST = 60.0  # seconds: acts closer together are one use of the item


@dataclass(frozen=True, slots=True)
class UserRepeats(UserTerm):
    """Rows that were taken up before, with what takes their scores to where they belong."""

    rows: Rows  # ascending
    added: Floats  # (n,)
    counts: Rows  # (n,): uses of each

    @property
    def scores_rows(self) -> bool:
        """Always: without repeats the term is not bound."""
        return True

    def score(self, rows: Rows) -> Floats:
        """Return what is added to the score of rows; 0 where one was not taken before."""
        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: Floats = np.where(self.rows[places] == rows, self.added[places], np.float32(0))
        return found

    def exceptions(self) -> Rows:
        """Return the rows that were taken up before."""
        return self.rows

    def bound(self, table: ItemFeatureTable) -> float:
        """Return 0: other rows gain nothing."""
        return 0.0

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return what is added, apart for what was taken up once and more often."""
        added, regular = self.score(rows), self.regular(rows)
        none = np.float32(0)
        return Attribution(
            (
                Part("again", np.where(regular, none, added)),
                Part("regular", np.where(regular, added, none)),
            )
        )

    def absorbs(self, rows: Rows) -> Mask:
        """Return which rows were taken up before: that is the whole reason they are shown."""
        return np.isin(rows, self.rows)

    def regular(self, rows: Rows) -> Mask:
        """Return which rows were taken up more than once."""
        return np.isin(rows, self.rows[self.counts > 1])


class Repeats(ScoreTerm):
    """What takes items that were taken up before to the score of their rate of repeats."""

    name = "repeats"
    sources = {"again": "repeat", "regular": "repeat"}

    def bind_request(self, context: RequestContext) -> UserRepeats | None:
        """Return the rows that may be shown again; None without any."""
        query, live = context.query, context.live
        if not (query.repeat or query.repeat_categories):
            return None
        uses = _uses(query, live)
        ids = list(uses)
        known = np.array(live.ids.rows(ids), np.int32)
        kept = (known >= 0) & (known < context.size)
        if not query.repeat:
            codes = [c for name in query.repeat_categories for c in live.codes("category", name)]
            kept[kept] = np.isin(live.labels["category"][known[kept]], codes)
        if not kept.any():
            return None
        order = np.flatnonzero(kept)[np.argsort(known[kept], kind="stable")]
        rows: Rows = known[order]
        own = [uses[ids[place]] for place in order.tolist()]
        now = live.counters.newest if query.now is None else query.now
        shares, share = repeat_shares(own, now)
        target = np.log(share / (1 - share)) + np.log(np.maximum(shares, 1e-12))
        added = target + context.log_total() - context.scores(rows)
        counts: Rows = np.array([use.count for use in own], np.int32)
        return UserRepeats(rows, added.astype(np.float32), counts)


def repeat_shares(uses: list[Uses], now: float) -> tuple[Times, float]:
    """Return how likely each item is the next repeat, adding to 1, and the share of repeats.

    `now`: Unix seconds. Shares are in the order of `uses`.
    """
    from scipy.special import gammaincc, gammaln  # here: slow to load

    count = np.array([use.count for use in uses], np.float64)
    first = np.array([use.first for use in uses])
    last = np.array([use.last for use in uses])
    squares = np.array([use.squares for use in uses])
    gaps, span = count - 1, np.maximum(last - first, 0.0)
    pooled = span.sum() / gaps.sum() if gaps.sum() and span.sum() else USUAL
    interval = np.maximum((span + pooled) / (gaps + 1), LEAST)
    shape = _shape(gaps, span, squares)
    intervals = np.maximum(now - last, 0.0) / interval
    alive = gammaincc(
        shape, shape * intervals
    )  # that nothing happened since, had it not been given up
    hazard = np.exp(
        shape * np.log(shape)
        + (shape - 1) * np.log(np.maximum(intervals, 1e-3))
        - shape * intervals
        - gammaln(shape)
    ) / np.maximum(alive, 1e-12)
    left = 1 / (count + 1)
    still = (1 - left) * alive / ((1 - left) * alive + left)
    known = np.maximum(now - first, LEAST)  # seconds since the first use
    usual = max(float(gaps.sum()), 0.5) / float(known.sum())  # repeats a second of any one item
    rates = (gaps + 1) / (known + 1 / usual) * hazard**DUE * still**GIVEN_UP
    share = (gaps.sum() + SHARE * SHARE_WEIGHT) / (count.sum() + SHARE_WEIGHT)
    return rates / max(float(rates.sum()), 1e-300), float(np.clip(share, 0.02, 0.98))


def _shape(gaps: Times, span: Times, squares: Times) -> float:
    """Return the gamma shape of a user's intervals, 1 over their squared variation."""
    some = (gaps >= 2) & (span > 0)
    free = float((gaps[some] - 1).sum())
    spread = float((squares[some] * (gaps[some] / span[some]) ** 2 - gaps[some]).sum())
    variation = (max(spread, 0.0) + SHAPE_WEIGHT) / (free + SHAPE_WEIGHT)
    return float(np.clip(1 / max(variation, 1e-6), *SHAPES))


def _uses(query: Query, live: LiveState) -> dict[str, Uses]:
    """Return the uses of items in a history, and those beyond it that are known."""
    found: dict[str, Uses] = {}
    ratings = [
        i.value
        for i in query.history
        if live.weights.rates(i.event, i.value) and i.value is not None
    ]
    total, count = float(sum(ratings)), len(ratings)
    for place, each in enumerate(query.history):
        weight = weigh(each, total, count, live.weights, live.scale)
        moment = float(place) if each.timestamp is None else each.timestamp
        note_use(found, each.item_id, moment, weight)
    beyond = query.taken.uses if query.taken is not None else {}
    return found if not beyond else {**found, **beyond}
