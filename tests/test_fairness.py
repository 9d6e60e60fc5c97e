"""Exposure reports: sums by hand, merged groups, the worst group, what creators are told."""

import math

import numpy as np
import pytest

from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.fairness.creator_report import creator_report
from recsys.fairness.creators import DAY, OTHERS, Creators
from recsys.fairness.exposure_report import exposure_report, gini
from recsys.fairness.popularity_lift import Popularity
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.store import Store

NOW = 1_700_000_000.0


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def items(count, prefix, *, language="en", age=300.0, each=1, **metadata):
    return [
        Item(
            f"{prefix}{n}-{k}",
            title="x",
            author_id=f"{prefix}{n}",
            created_at=NOW - age * DAY,
            metadata={"language": language, **metadata},
        )
        for n in range(count)
        for k in range(each)
    ]


def show(store, places, lists=200, clicked=lambda number, item: False):
    shown, acts = [], []
    for number in range(lists):
        id = f"{number:032}"
        held = tuple(Shown(item, at, "words") for at, item in enumerate(places, start=1))
        shown.append(Exposure(id, NOW - 60.0, "v", f"p{number % 50}", "long", held))
        acts += [Outcome(id, item, "click", NOW) for item in places if clicked(number, item)]
    Exposures(store.db).write(shown, acts)


def test_gini_is_that_of_the_books():
    assert gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.75)
    assert gini(np.array([1.0, 3.0])) == pytest.approx(0.25)
    assert gini(np.zeros(0)) == gini(np.zeros(3)) == 0.0


def test_exposure_falls_as_the_places_say(store):
    store.add_items(items(25, "a") + items(25, "b", language="zh", age=5.0))
    show(store, ["a0-0", "b0-0", "a1-0"])
    found = exposure_report(store.db, now=NOW)
    weights = [1 / math.log2(1 + rank) for rank in (1, 2, 3)]
    assert found["creators"] == 50 and found["new_creators"] == 25
    assert found["unseen"] == pytest.approx(47 / 50) and found["lists"] == 200
    assert found["new_share"] == pytest.approx(weights[1] / sum(weights))
    by = {(one["dimension"], one["group"]): one for one in found["groups"]}
    assert by["language", "zh"]["exposure_share"] == pytest.approx(weights[1] / sum(weights))
    assert by["language", "zh"]["item_share"] == 0.5
    assert by["age", "new"]["creators"] == 25 and by["size", "1-1"]["creators"] == 50
    assert found["worst"]["exposure_by_merit"] == min(
        one["exposure_by_merit"] for one in found["groups"]
    )
    assert found["worst"]["group"] in ("zh", "new")


def test_uptake_is_measured_against_the_same_positions(store):
    store.add_items(items(30, "a") + items(30, "b", language="zh"))
    # whatever stands first is clicked twice as often as what stands second
    for first, second in (("a0-0", "b0-0"), ("b1-0", "a1-0")):
        shown, acts = [], []
        for number in range(300):
            id = f"{first}{number:028}"[:32]
            held = (Shown(first, 1, "words"), Shown(second, 2, "words"))
            shown.append(Exposure(id, NOW - 60.0, "v", "p", "long", held))
            acts += [Outcome(id, first, "click", NOW)] if number % 3 == 0 else []
            acts += [Outcome(id, second, "click", NOW)] if number % 6 == 0 else []
        Exposures(store.db).write(shown, acts)
    by = {one["group"]: one for one in exposure_report(store.db, now=NOW)["groups"]}
    for language in ("en", "zh"):
        assert by[language]["uptake"] == pytest.approx(1.0)
        assert by[language]["exposure_by_merit"] == pytest.approx(1.0)
        low, high = by[language]["uptake_interval"]
        assert low < 1 < high


def test_groups_of_fewer_than_twenty_creators_are_merged_and_tell_no_uptake(store):
    store.add_items(items(30, "a", kind="x") + items(5, "b", language="fr", kind="y"))
    store.add_items(items(5, "c", language="pt", kind="z"))
    show(store, ["a0-0", "b0-0"])
    found = exposure_report(store.db, ("kind", "absent"), NOW)
    language = {one["group"]: one for one in found["groups"] if one["dimension"] == "language"}
    assert language.keys() == {"en", OTHERS} and language[OTHERS]["uptake"] is None
    assert language[OTHERS]["creators"] is None
    kinds = {one["group"] for one in found["groups"] if one["dimension"] == "kind"}
    assert kinds == {"x", OTHERS}
    assert not [one for one in found["groups"] if one["dimension"] == "absent"]
    assert found["worst"]["group"] != OTHERS


def test_a_field_of_many_values_and_values_that_are_none(store):
    rows = items(200, "a")
    for number, one in enumerate(rows):
        one.metadata["id"] = number
        one.metadata["odd"] = [1, float("nan"), {"a": 1}, " ", True][number % 5]
    store.add_items(rows)
    known = Creators.read(store.db, ("id", "odd"))
    assert set(known.dimension("id", NOW).values()) == {OTHERS}
    assert set(known.dimension("odd", NOW).values()) == {"1", "True"}


def test_too_few_lists_tell_of_no_group(store):
    store.add_items(items(30, "a"))
    show(store, ["a0-0"], lists=99)
    found = exposure_report(store.db, now=NOW)
    assert found["groups"] == [] and found["worst"] is None
    empty = exposure_report(store.db, now=NOW - 900 * DAY)
    assert (empty["lists"], empty["gini"], empty["new_share"]) == (0, 0.0, 0.0)


def test_creators_are_told_of_twenty_people_or_more(store):
    store.add_items(items(2, "a", each=2))
    show(store, ["a0-0", "a1-0"], lists=100, clicked=lambda number, item: number % 4 == 0)
    own = {"a0-0": "tides", "a0-1": "bread"}
    found = creator_report(store.db, own, NOW)
    assert (found["people"], found["shown"], found["items"]) == (50, 100, 2)
    assert found["uptake"] == pytest.approx(1.0)
    assert found["topics"] == [{"topic": "tides", "shown": 100, "uptake": pytest.approx(1.0)}]
    assert "a1" not in str(found)
    few = creator_report(store.db, {"a0-1": "bread"}, NOW)
    assert few["people"] is few["shown"] is few["uptake"] is None and few["topics"] == []


def test_popularity_lift_is_that_of_hand_made_lists(store):
    ids = IdMap.from_ids(["known", "rare", "unread"])
    # users 0 to 3 read "known" (0 twice), user 0 "rare" too
    user = np.array([0, 0, 1, 2, 3, 0], np.int32)
    item = np.array([0, 0, 0, 0, 0, 1], np.int32)
    popularity = Popularity.of(ids, user, item)
    assert popularity.users.tolist() == [4, 1, 0]
    assert popularity.taken == pytest.approx(((4 + 1) / 2 + 4 + 4 + 4) / 4)
    lift = popularity.lift({"known": 3.0, "rare": 1.0, "newer": 4.0})
    assert lift["shown"] == pytest.approx((3 * 4 + 1) / 8)
    assert lift["lift"] == pytest.approx(lift["shown"] / lift["taken"] - 1)
    assert popularity.lift({}) is None
    assert Popularity.of(ids, user[:0], item[:0]).lift({"known": 1.0}) is None
    store.add_items([Item("known", title="x", author_id="a")])
    show(store, ["known"])
    found = exposure_report(store.db, now=NOW, popularity=popularity)["popularity"]
    assert found == popularity.lift({"known": 1.0})
    assert exposure_report(store.db, now=NOW)["popularity"] is None
