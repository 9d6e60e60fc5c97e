"""Five accounts, too few for any test of company: what they can move at most."""

from __future__ import annotations

import numpy as np
import pytest
import worlds

from recsys.array_types import Floats
from recsys.serving.explicit_user_factors import explicit_ratings
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.popularity_counters import FEW, PSEUDO, PopularityCounters

ACCOUNTS, ACTS = 5, 400
KINDS = np.array(["view", "click", "like", "save", "share", "dislike"])


def sums(live: LiveState, moment: float) -> Floats:
    """Return what counts of each item's uptake at each half-life as of a moment."""
    return np.exp(live.counters.log_shares(slice(0, live.size), moment)) - PSEUDO


def acts_of_five(seed: int, moment: float, pushed: bool) -> list[LiveEvent]:
    """Return acts of five accounts on one item: of any kind, or likes alone."""
    rng = np.random.default_rng(seed)
    kinds = np.full(ACTS, "like") if pushed else rng.choice(KINDS, ACTS)
    times = np.sort(moment + 3_600 * rng.random(ACTS))
    return [
        LiveEvent("sea-1", str(kind), None, float(time), 0.0, f"one-of-five-{who}")
        for kind, time, who in zip(kinds, times, rng.integers(0, ACCOUNTS, ACTS), strict=True)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pushed", [True, False])
def test_five_accounts_add_five_voices_at_most_however_often_they_act(seed, pushed):
    """Of n users who took the item up m times, m · n / (n + FEW) counts; nobody counts twice."""
    made, control, moment = worlds.live(), worlds.live(), worlds.topics().now + 60
    made.counters.few = control.counters.few = FEW
    row, acts = made.row("sea-1"), acts_of_five(seed, moment, pushed)
    made.add_events(acts)
    now = made.counters.newest
    control.add_events([LiveEvent("chess-9", "view", None, now, 0.0, "reader-1")])
    gained = sums(made, now)[:, row] - sums(control, now)[:, row]
    before = np.array([control.counters.uptake(life, made.size)[row] for life in range(7)])
    users = before[-1]
    most = (before + ACCOUNTS) * (users + ACCOUNTS) / (users + ACCOUNTS + FEW)
    most[-1], counted = users + ACCOUNTS, sums(control, now)[:, row]
    assert (gained <= most - counted + 1e-4).all() and (gained >= -1e-4).all()
    greatest = max(abs(made.weights.of_kind(str(kind))) for kind in KINDS)
    for name in ("likes", "dislikes"):
        before, after = (getattr(live.counters, name)[row] for live in (control, made))
        assert -1e-4 <= after - before <= ACCOUNTS * greatest + 1e-4
    others = np.setdiff1d(np.arange(made.size), [row, made.row("chess-9")])
    np.testing.assert_allclose(sums(made, now)[:, others], sums(control, now)[:, others], atol=1e-4)


def test_five_accounts_count_like_two_and_a_half_for_a_new_item():
    made, moment = worlds.live(), worlds.topics().now + 60
    made.counters.few = FEW
    likes = [
        LiveEvent("unheard-of", "like", None, moment, 0.0, f"one-of-five-{n}")
        for n in range(ACCOUNTS)
    ]
    made.add_events(likes)
    found = sums(made, moment)[:, made.row("unheard-of")]
    assert (found[:-1] <= ACCOUNTS / 2 + 1e-4).all() and found[-1] <= ACCOUNTS + 1e-4


def test_five_acts_at_once_are_no_trend_of_an_item_with_a_usual_rate():
    """Of three acts a day nearly all count; of five more at once, some two thirds."""
    counters, day, start = PopularityCounters.empty(1), HALF_LIVES.index(DAY), 1.7e9
    for n in range(180):
        counters.add(0, 1.0, True, start + n * DAY / 3)
    counters.few = FEW

    def counted():
        return float(np.exp(counters.log_shares()[day, 0])) - PSEUDO

    before, taken = counted(), counters.uptake(day, 1)[0]
    assert 0.7 * taken < before < taken
    for _ in range(ACCOUNTS):
        counters.add(0, 1.0, True, counters.newest)
    assert counters.uptake(day, 1)[0] == pytest.approx(taken + ACCOUNTS)
    assert 0 < counted() - before < 0.7 * ACCOUNTS


@pytest.mark.parametrize("seed", range(3))
def test_five_accounts_move_the_expected_opinion_by_five_votes_a_day_at_most(seed):
    """Of the way to a dislike each vote goes p / (e + p + tau_base), e the item's evidence."""
    made, moment = worlds.live(), worlds.topics().now + 60
    assert made.opinions is not None
    row, explicit_mf = made.row("sea-1"), made.opinions.explicit_mf.config
    base, evidence = float(made.opinions.bases[row]), float(made.opinions.evidence[row])
    acts = [act for act in acts_of_five(seed, moment, False) if act.event == "dislike"]
    assert len(acts) > 5 * ACCOUNTS and acts[-1].timestamp - acts[0].timestamp < DAY
    made.add_events(acts)
    _, trust = explicit_ratings(np.array([-1.0], np.float32), made.opinions.rated)
    precision, left = float(trust[0]) / explicit_mf.noise, 1.0
    for _ in range(ACCOUNTS):
        evidence = explicit_mf.keep * evidence + precision
        left *= 1 - precision / (evidence + explicit_mf.tau_base)
    assert base - float(made.opinions.bases[row]) <= (base + 1.0) * (1 - left) + 1e-4
