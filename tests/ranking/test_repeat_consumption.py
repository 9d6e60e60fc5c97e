"""Repeats: what is due is first, what was given up falls, what was refused stays away."""

import numpy as np
import pytest
import worlds

from recsys.ranking.query import Interaction, Query
from recsys.ranking.terms.repeat_consumption import DAY, repeat_shares
from recsys.recommender import Recommender
from recsys.setting_kinds import repeat_categories
from recsys.store.user_histories import Uses

NOW = worlds.topics().now


def uses(days):
    """Return the uses at some days before now."""
    moments = [NOW - DAY * day for day in sorted(days, reverse=True)]
    found = Uses(1, moments[0], moments[0])
    for moment in moments[1:]:
        found.add(moment)
    return found


def order(**taken):
    shares, _ = repeat_shares([uses(days) for days in taken.values()], NOW)
    assert shares.sum() == pytest.approx(1)
    names = list(taken)
    return [names[place] for place in np.argsort(-shares)]


def weekly(last):
    return [last + 7 * k for k in range(8)]


def monthly(last):
    return [last + 30 * k for k in range(6)]


def test_what_is_due_comes_first():
    assert order(week=weekly(7), month=monthly(3), once=[10])[0] == "week"
    assert order(week=weekly(0.5), month=monthly(30), once=[10])[0] == "month"


def test_what_was_given_up_falls():
    assert order(given_up=weekly(60), kept=weekly(6), once=[5])[0] == "kept"
    assert order(given_up=weekly(60), kept=weekly(6), once=[5])[-1] == "given_up"


def test_the_share_of_repeats_is_the_persons_own():
    many = repeat_shares([uses(weekly(3)) for _ in range(4)], NOW)[1]
    few = repeat_shares([uses([k + 1]) for k in range(30)], NOW)[1]
    assert few < 0.1 < 0.6 < many < 1


def test_rates_are_those_that_made_the_data():
    """Of items with known Poisson rates the estimated rates keep the order, nearly always."""
    rng = np.random.default_rng(3)
    rates = np.array([1, 1 / 3, 1 / 10, 1 / 40])  # a day
    right = 0
    for _ in range(40):
        own = []
        for rate in rates:
            days = np.cumsum(rng.exponential(1 / rate, 400))
            days = days[days < 240]
            own.append(uses(list(days) if len(days) else [240.0]))
        shares, _ = repeat_shares(own, NOW)
        right += int(shares[0] > shares[2] and shares[1] > shares[3])
    assert right >= 36


@pytest.fixture
def service():
    return Recommender(worlds.live(), drift=0.0)


def history(*of):
    return tuple(
        Interaction(item_id, event, timestamp=NOW - DAY * day)
        for item_id, event, day in sorted(of, key=lambda one: -one[2])
    )


WEEKLY = [("sea-1", "like", day) for day in weekly(7)]
GIVEN = history(*WEEKLY, ("sea-2", "like", 9), ("chess-1", "like", 8), ("chess-1", "hide", 7))


def ids(found):
    return [one.item_id for one in found]


def test_a_list_with_repeats_holds_what_is_due_and_says_so(service):
    without = service.recommend(Query(history=GIVEN, n=60, now=NOW))
    assert not {"sea-1", "sea-2", "chess-1"} & set(ids(without))
    found = service.recommend(Query(history=GIVEN, n=200, now=NOW, repeat=True))
    assert found[0].item_id == "sea-1" and found[0].source == "repeat"
    assert found[0].reasons[0].text == "You take this regularly"
    assert "sea-2" in ids(found) and "chess-1" not in ids(found)
    assert [one for one in ids(found) if one in ids(without)] == ids(without)


def test_parts_of_a_repeated_item_add_up_to_its_score(service):
    from recsys.explanation import explain

    query = Query(history=GIVEN, n=60, now=NOW, repeat=True)
    listed = {one.item_id: one.score for one in service.recommend(query)}
    found = explain(service, query, "sea-1")
    parts = sum(part.value for part in found.parts)
    assert found.score == pytest.approx(listed["sea-1"], abs=1e-4) and found.closed == ""
    service_base = found.score - parts
    other = explain(service, query, "sea-5")
    assert other.score - sum(part.value for part in other.parts) == pytest.approx(
        service_base, abs=1e-3
    )


def test_repeats_by_category_and_under_a_mute(service):
    from recsys.store.user_controls import Control

    only = repeat_categories(["category:Chess"])
    found = ids(service.recommend(Query(history=GIVEN, n=60, now=NOW, repeat_categories=only)))
    assert not {"sea-1", "sea-2"} & set(found)
    only = repeat_categories(["category:SEA"])
    found = ids(service.recommend(Query(history=GIVEN, n=60, now=NOW, repeat_categories=only)))
    assert found[0] == "sea-1"
    mute = (Control(1, "mute", "item", "sea-1", NOW),)
    found = service.recommend(Query(history=GIVEN, n=60, now=NOW, repeat=True, controls=mute))
    assert "sea-1" not in ids(found)
