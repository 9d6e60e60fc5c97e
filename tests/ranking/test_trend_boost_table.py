"""What rises, as a part of scores."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.explanation import explain
from recsys.ranking.query import Interaction, Query
from recsys.ranking.trend_boost_table import TrendBoostTable
from recsys.recommender import Recommender
from recsys.serving.trend_monitor import Trend, TrendMonitor

SAILOR = tuple(Interaction(f"sea-{n}") for n in (1, 4, 6))


def trend(kind, ref, effective_users=40.0, **more):
    known = dict(
        kind=kind,
        ref=ref,
        significance=9.0,
        author_burst=False,
        window=6,
        acts=effective_users,
        effective_users=effective_users,
        expected=1.0,
        start=0,
        peak=0,
        state="rising",
        unique_users=(),
    )
    return Trend(**{**known, **more})


class Fixed(TrendMonitor):
    """A watch that has seen what it is told."""

    def __init__(self, live, *trends):
        super().__init__(live)
        self.seen = trends


@pytest.fixture
def live():
    return worlds.live()


def scores(live, *trends, history=SAILOR, weight=0.3):
    engine = Recommender(live, drift=0.0, trend_monitor=Fixed(live, *trends), rising=weight)
    listed = engine.recommend(Query(history=history, n=64, now=worlds.topics().now, explain=True))
    return {one.item_id: one for one in listed}


def gains(live, *trends, **more):
    calm, risen = scores(live, **more), scores(live, *trends, **more)
    found = {item: risen[item].score - calm[item].score for item in calm}
    return {item: gain for item, gain in found.items() if abs(gain) > 1e-6}


def test_a_rising_item_gains_and_says_why(live):
    row = live.row("chess-9")
    assert set(gains(live, trend("item", row))) == {"chess-9"}
    result = scores(live, trend("item", row))["chess-9"].reasons
    reason = next(one for one in result if one.kind == "rising")
    assert reason.text == "More people than usual turn to it, or to what it is about"
    assert reason.share > 0


def test_a_rising_label_counts_for_those_who_follow_it(live):
    sea = live.code("category", "sea")
    gained = gains(live, trend("category", sea))
    assert {item.split("-")[0] for item in gained} == {"sea"} and len(gained) > 20
    player = tuple(Interaction(f"chess-{n}") for n in (1, 4, 6))
    assert gains(live, trend("category", sea), history=player) == {}
    assert gains(live, trend("category", sea), history=()) == {}


def test_floods_and_what_fades_count_for_nothing(live):
    row = live.row("chess-9")
    assert (
        gains(live, trend("item", row, author_burst=True), trend("item", row, state="fading")) == {}
    )
    assert TrendBoostTable.of(live, [trend("item", row, author_burst=True)]) is None
    assert gains(live, trend("item", row), weight=0.0) == {}


def test_the_part_is_bounded_and_grows_with_the_lift(live):
    row, sea = live.row("sea-9"), live.code("category", "sea")
    strong = gains(live, trend("item", row, 1e9), trend("category", sea, 1e9))
    weak = gains(live, trend("item", row, 2.0))
    assert strong["sea-9"] == pytest.approx(max(strong.values()))
    assert 0 < weak["sea-9"] < strong["sea-9"]
    unit = gains(live, trend("item", row, 1e9))["sea-9"]
    assert strong["sea-9"] == pytest.approx(unit, rel=1e-4)  # cut off, not added up


def test_shares_add_up_and_parts_are_the_score(live):
    trends = trend("item", live.row("sea-9")), trend("category", live.code("category", "sea"))
    for one in scores(live, *trends).values():
        assert sum(r.share for r in one.reasons) == pytest.approx(1.0, abs=1e-5)
    engine = Recommender(live, drift=0.0, trend_monitor=Fixed(live, *trends))
    scored = engine.score(Query(history=SAILOR, now=worlds.topics().now))
    calm = Recommender(live, drift=0.0).score(Query(history=SAILOR, now=worlds.topics().now))
    for row in (live.row("sea-9"), live.row("chess-2")):
        added = sum(r.value for r in engine.parts(scored, row) if r.kind == "rising")
        gain = scored.scores[row] - calm.scores[row]
        assert added == pytest.approx(gain, abs=1e-5)


def test_items_posted_after_the_look_are_left_as_they_are(live):
    trend_monitor = Fixed(live, trend("category", live.code("category", "sea")))
    engine = Recommender(live, drift=0.0, trend_monitor=trend_monitor)
    engine.recommend(Query(history=SAILOR, n=3))
    live.add_item(replace(worlds.texts()[0], item_id="late"))
    listed = engine.recommend(Query(history=SAILOR, n=70, now=worlds.topics().now))
    assert "late" in [one.item_id for one in listed]
    assert np.isfinite([one.score for one in listed]).all()


def test_an_explanation_holds_the_same_part(live):
    row = live.row("sea-9")
    engine = Recommender(live, drift=0.0, trend_monitor=Fixed(live, trend("item", row)), rising=0.3)
    query = Query(history=SAILOR, n=64, now=worlds.topics().now, explain=True)
    shown = next(one for one in engine.recommend(query) if one.item_id == "sea-9")
    found = explain(engine, query, "sea-9")
    part = next(part for part in found.parts if part.kind == "rising")
    assert found.score == shown.score and found.rank == shown.rank
    assert part.value == next(r.value for r in shown.reasons if r.kind == "rising")
    total = found.base + sum(part.value for part in found.parts)
    assert total == pytest.approx(found.score, abs=1e-5)
