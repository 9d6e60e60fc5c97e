"""What a live state sees rising, after a night over four quiet weeks."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.serving.live_item_labels import labels_of, name_of, rows_of
from recsys.serving.live_state import LiveState
from recsys.serving.recent_item_interactions import KEPT, ActivityBuffer
from recsys.serving.trend_monitor import find_trends, moment, read_now
from recsys.serving.trend_timeline import read_timeline
from recsys.text.entities.model import fit_entities
from recsys.training.trend_streams import labelled, stream_of, texts_of
from recsys.trends.trend_model import fit_trends, key_of

HOUR, DAYS = worlds.HOUR, 28
NOW = worlds.START + DAYS * 24 * HOUR - worlds.START % HOUR  # on the hour
ITEMS = [
    Item(
        f"post-{n}",
        title=f"post number {n} #{'odd' if n % 2 else 'even'}",
        tags=("odd",) if n % 2 else ("even",),
        category="all",
        author_id=f"author-{n % 3}",
    )
    for n in range(12)
]


def quiet_events():
    """Two acts an hour on each post in turn, each by somebody else."""
    return [
        Event(f"reader-{n}", f"post-{n % 12}", "like", timestamp=worlds.START + n * HOUR / 2)
        for n in range(2 * 24 * DAYS)
    ]


@pytest.fixture(scope="module")
def model():
    data = Dataset.build(worlds.event_table(quiet_events()), worlds.item_table(ITEMS))
    base = worlds.plain(data, worlds.WHOLE)
    names = fit_entities(texts_of(data.table))
    marked = labelled(base.catalogue, None, names)
    stream = stream_of(data, base.catalogue.labels["author"])
    trends = fit_trends(stream, marked.labels, marked.population)
    return replace(base, entities=names, trends=trends)


@pytest.fixture
def live(model):
    return LiveState(model)


def act(live, item, n=1, people=None, start=NOW, every=60.0):
    for number in range(n):
        actor = f"visitor-{number % (people or n)}"
        live.add_event(item, "like", timestamp=start + every * number, actor=actor)


def found(live, clock=None):
    clock = live.recent_activity.newest if clock is None else clock
    return {f"{t.kind}:{name_of(live, t.kind, t.ref)}": t for t in find_trends(live, clock)}


def test_a_quiet_night_shows_nothing(live):
    assert found(live) == {}


def test_an_item_that_many_take_up_rises_with_its_labels(live):
    act(live, "post-3", 40)
    seen = found(live)
    assert seen["item:post-3"].state == "rising" and not seen["item:post-3"].author_burst
    assert seen["item:post-3"].effective_users == pytest.approx(40, abs=3)
    assert {"tag:odd", "entity:#odd", "author:author-0"} <= set(seen)
    assert not {"tag:even", "entity:#even", "item:post-1"} & set(seen)
    assert seen["item:post-3"].start * HOUR == pytest.approx(NOW, abs=HOUR)


def test_a_few_people_are_a_flood(live):
    act(live, "post-3", 90, people=3)
    assert found(live)["item:post-3"].author_burst
    live.add_event("post-3", "like", timestamp=NOW + 2 * HOUR)
    assert found(live)["item:post-3"].author_burst


def test_what_is_only_shown_is_no_act(live):
    for n in range(50):
        live.add_event("post-3", "impression", timestamp=NOW + n, actor=f"v{n}")
    assert found(live) == {}


def test_an_item_posted_later_and_a_hashtag_nobody_knew(live):
    for n in range(8):
        new = Item(f"new-{n}", title="see #Eclipse", created_at=NOW + n, author_id=f"a{n}")
        live.add_item(new)
        act(live, new.item_id, 3, start=NOW + 60.0 * n)
    seen = found(live)
    assert not seen["entity:#Eclipse"].author_burst and seen["entity:#Eclipse"].acts == 32
    assert rows_of(live, "entity", live.mentions.code("#eclipse")).tolist() == list(range(12, 20))


def test_an_edited_item_keeps_its_series(live):
    act(live, "post-3", 20)
    live.add_item(replace(ITEMS[3], title="post number 3, edited #odd"))
    act(live, "post-3", 20, start=NOW + 20 * 60)
    seen = found(live)["item:post-3"]
    assert seen.acts == pytest.approx(40, abs=2) and seen.ref == 3
    assert live.item_id(seen.ref) == "post-3"


def test_a_burst_peaks_and_fades(live):
    states = []
    for hour, n in enumerate((6, 12, 20, 28, 30, 29, 12, 8, 5)):
        act(live, "post-3", n, start=NOW + hour * HOUR)
        states.append(found(live, NOW + (hour + 0.99) * HOUR)["item:post-3"].state)
    assert states[1:4] == ["rising"] * 3 and states[5] == "peak" and states[-1] == "fading"
    early = found(live, NOW + 9.1 * HOUR)["item:post-3"]  # a tenth of an hour tells nothing
    assert early.state == "fading" and early.peak * HOUR == pytest.approx(NOW + 4 * HOUR)


def test_time_stands_still_when_the_data_are_old(live):
    assert moment(live, NOW + 3_600) == NOW + 3_600
    assert moment(live, NOW + 9e8) == live.recent_activity.newest
    act(live, "post-3", 40)
    assert "item:post-3" in found(live, NOW + 9e8)


def test_no_night_no_trends(model):
    live = LiveState(replace(model, trends=None, entities=None))
    act(live, "post-3", 40)
    live.add_item(Item("later", title="#tag"))
    assert find_trends(live, NOW) == () and live.mentions.code("#tag") == -1


def test_all_hours_of_a_series(live, model):
    act(live, "post-3", 5)
    keys = key_of(0, np.array([3, 99]))
    now = read_now(live, live.recent_activity.newest, 30, keys)
    assert (
        now.unique_users.shape == (2, 30)
        and now.unique_users[0, -1] == 5
        and now.unique_users[1].sum() == 0
    )
    assert now.unique_users[0, :29].sum() == pytest.approx(29 / 6, abs=1)
    assert now.expected[0, 10] == pytest.approx(1 / 6, rel=0.3)


def test_labels_of_live_rows(live):
    live.add_item(Item("late", title="#even x", tags=("even", "fresh"), author_id="author-1"))
    rows = np.array([0, 12, 5], np.int32)
    place, codes = labels_of(live, "tag", rows)
    assert [(int(p), name_of(live, "tag", int(c))) for p, c in zip(place, codes, strict=True)] == [
        (0, "even"),
        (2, "odd"),
        (1, "even"),
        (1, "fresh"),
    ]
    assert labels_of(live, "author", rows)[0].tolist() == [0, 1, 2]
    assert labels_of(live, "topic", rows)[0].tolist() == []


def test_the_pulse_forgets(live):
    recent_activity = live.recent_activity
    act(live, "post-1", 3, start=NOW)
    act(live, "post-1", 1, start=NOW + (KEPT + 1) * HOUR)
    act(live, "post-1", 1, start=NOW)  # long past by now
    assert len(recent_activity.acts(0, 2**40)[0]) == 1
    _, people, _, _ = recent_activity.acts(0, 2**40)
    assert people[0] > 0 and "visitor" not in repr(people)
    other = LiveState(live.model)
    act(other, "post-1", 1, start=NOW + (KEPT + 1) * HOUR)
    assert other.recent_activity.acts(0, 2**40)[1] != people  # each process has its own salt
    assert (
        recent_activity.take_old()[2].tolist() == [int(NOW // HOUR)] * 4
        and recent_activity.take_old() is None
    )


def test_what_was_done_days_ago_is_counted_though_its_people_are_forgotten(live):
    """No night has run for five days, and the log is read in one go, as after a restart."""
    hour, keys = int(NOW // HOUR), key_of(0, np.array([3]))
    first = read_now(live, NOW, 30 + 24 * 5, keys).acts[0].sum()
    for day in range(5):
        act(live, "post-3", 6, people=2, start=NOW + day * 24 * HOUR, every=1.0)
    live.add_event("post-3", "comment", timestamp=NOW + HOUR, sentiment=-0.5, actor="ann")  # late
    live.add_event("post-3", "like", timestamp=NOW - 40 * 24 * HOUR, actor="ann")  # not shown
    now = read_now(live, live.recent_activity.newest, 30 + 24 * 4, keys)
    result = {
        int(h) - hour: (a, v)
        for h, a, v in zip(now.hours, now.acts[0], now.unique_users[0], strict=True)
        if h >= hour and a
    }
    assert result == {24 * day: (6.0, 2.0) for day in range(5)} | {1: (1.0, 1.0)}
    assert now.total[now.hours == hour + 24] == 2
    again = read_timeline(live, live.recent_activity.newest, keys, 30 + 24 * 4)
    assert again.acts.sum() == pytest.approx(now.acts[0, -len(again.acts) :].sum())
    assert again.sentiment[again.hours == hour + 1] == -0.5
    assert live.recent_activity.take_old() is None and first > 0


def test_an_event_costs_microseconds(model):
    import threading
    import time

    recent_activity = ActivityBuffer(0.0, threading.Lock())
    start = time.process_time()
    for n in range(20_000):
        recent_activity.add(n % 100, "somebody", NOW + n)
    assert (time.process_time() - start) / 20_000 < 10e-6


def test_one_act_after_years_does_not_make_what_was_measured_old(live):
    act(live, "post-1", n=20)
    now = NOW + 1500.0
    before = find_trends(live, now)
    assert before and moment(live, now) == now
    later = NOW + 13 * 365 * 24 * HOUR
    act(live, "post-3", start=later)
    end = live.model.trends.series.end
    assert end - 1 <= moment(live, later + 60.0) / HOUR < end
    act(live, "post-2", n=60, start=later, every=30.0)  # the platform wakes up
    assert moment(live, later + 2000.0) == later + 2000.0


def test_a_night_after_a_pause_of_years_measures_the_weeks_before_it(model):
    late = Event("ann", "post-3", "like", timestamp=NOW + 13 * 365 * 24 * HOUR)
    data = Dataset.build(worlds.event_table([*quiet_events(), late]), worlds.item_table(ITEMS))
    base = worlds.plain(data, worlds.WHOLE)
    marked = labelled(base.catalogue, None, fit_entities(texts_of(data.table)))
    stream = stream_of(data, base.catalogue.labels["author"])
    found = fit_trends(stream, marked.labels, marked.population)
    assert found.series.end == model.trends.series.end
    assert found.series.total == pytest.approx(model.trends.series.total)
