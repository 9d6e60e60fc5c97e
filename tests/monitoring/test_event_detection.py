"""Event detection on small streams with known events, and the follower on a real store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.data.records import Item
from recsys.evaluation.event_trials import LabelledPost, run_event_trial, shares_word
from recsys.monitoring import event_detection_worker as module
from recsys.monitoring.event_detection.detector import EventDetector
from recsys.monitoring.event_detection.event_names import event_name
from recsys.monitoring.event_detection.posts import Post
from recsys.monitoring.event_detection.terms import terms
from recsys.monitoring.event_detection_worker import EventDetectionWorker
from recsys.store.detected_events import DetectedEvents
from recsys.store.store import Store
from recsys.text.sentiment.scorer import SentimentScorer

HOUR, DAY = 3_600.0, 86_400.0
START = 1_700_000_000.0
USUAL = "coffee guitar garden bicycle baking museum camera kitchen library football".split()
FLOOD = "river bridge flooded rescue boats harbourtown".split()
QUAKE = "earthquake magnitude epicentre aftershock shaking hillsville".split()


def stream(days: float = 14, per_day: int = 40) -> list[tuple[float, str]]:
    """Texts without any event: three of ten words each."""
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(START, START + days * DAY, int(days * per_day)))
    return [(float(at), " ".join(rng.choice(USUAL, 3, replace=False))) for at in times]


def burst(words: list[str], at: float, n: int = 60, seed: int = 5) -> list[tuple[float, str]]:
    """Texts of an event: its place and two more of its words."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(at, at + 12 * HOUR, n))
    return [
        (float(t), " ".join([*rng.choice(words[:-1], 2, replace=False), words[-1], USUAL[n % 9]]))
        for t, n in zip(times, rng.integers(0, 9, n), strict=True)
    ]


def run(texts: list[tuple[float, str]], author: int = -1, item: int = -1) -> EventDetector:
    detector, look = EventDetector(), START
    for place, (at, text) in enumerate(sorted(texts)):
        while at > look:
            detector.look(look)
            look += HOUR
        found = tuple(term for term, _ in terms(text))
        detector.add(Post(0, place, at, author, found, item))
    detector.look(look)
    return detector


def test_nothing_is_detected_where_nothing_happens() -> None:
    assert not run(stream()).events


def test_an_event_is_found_with_its_texts_and_a_name() -> None:
    posts = [LabelledPost(at, text, "") for at, text in stream()]
    posts += [LabelledPost(at, t, "Harbourtown_floods") for at, t in burst(FLOOD, START + 10 * DAY)]
    result = run_event_trial(sorted(posts, key=lambda one: one.at))
    assert (result["found"], result["others"], result["named"]) == (1, 0, 1)
    (row,) = result["events"]
    assert row["purity"] > 0.95 and row["share"] > 0.9 and row["hours_after_20"] < 4
    assert "harbourtown" in row["name"]


def test_two_events_on_one_day_are_told_apart() -> None:
    at = START + 10 * DAY
    texts = stream() + burst(FLOOD, at) + burst(QUAKE, at + 2 * HOUR, seed=6)
    found = run(texts).events.values()
    counts = [{t for t, n in one.profile.counts.items() if n > 20} for one in found]
    assert sorted("hillsville" in one for one in counts) == [False, True]
    assert sorted("harbourtown" in one for one in counts) == [False, True]


def test_one_person_and_talk_about_one_item_make_no_event() -> None:
    texts = stream() + burst(FLOOD, START + 10 * DAY)
    assert not run(texts, author=7).events
    assert not run(texts, item=9).events


def test_an_event_ends_and_is_forgotten() -> None:
    texts = stream(days=60) + burst(FLOOD, START + 10 * DAY)
    detector = run([one for one in texts if one[0] < START + 17 * DAY])
    assert [one.over for one in detector.events.values()] == [True]
    assert not run(texts).events


def test_a_detector_goes_on_from_what_it_has_kept() -> None:
    at = START + 10 * DAY
    texts = sorted(stream() + burst(FLOOD, at))
    first = run([one for one in texts if one[0] < at + 6 * HOUR])
    again = EventDetector.from_json(first.as_json())
    for post in first.held:
        again.keep(post, None)
    for event in first.events.values():
        for post in event.recent:
            again.keep(post, event.id)
    rest = [one for one in texts if one[0] >= at + 6 * HOUR]
    for place, (moment, text) in enumerate(rest):
        post = Post(0, 10_000 + place, moment, -1, tuple(term for term, _ in terms(text)))
        assert again.add(post) == first.add(post)
    one, other = (found.as_json()["events"][0] for found in (again, first))
    assert one["profile"]["texts"] == pytest.approx(other["profile"]["texts"])
    assert (one["id"], one["last"], one["over"]) == (other["id"], other["last"], other["over"])


def test_terms_leave_out_what_tells_nothing() -> None:
    text = "RT @ann: The FLOOD's in Köln, 2013! https://t.co/x #PrayForKöln 洪水预警"
    assert [term for term, _ in terms(text)] == [
        "flood",
        "köln",
        "prayforköln",
        "洪水",
        "水预",
        "预警",
    ]
    assert terms("") == () and len(terms(" ".join(f"word{n}" for n in range(99)))) == 40


def test_names_join_words_that_stand_together() -> None:
    texts = ["Costa Rica hit by earthquake", "Earthquake shakes Costa Rica", "Costa Rica"]
    assert event_name(["rica", "earthquake", "costa"], texts) == "Costa Rica, earthquake"
    assert event_name([], texts) == ""
    assert shares_word("Costa Rica", "2012_Costa_Rica_earthquake")
    assert not shares_word("Boston", "2012_Costa_Rica_earthquake")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'store.db'}")


def test_the_follower_stores_events_and_erasure_takes_their_texts(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = START + 11 * DAY
    monkeypatch.setattr(module.time, "time", lambda: clock[0])
    clock = [START + 9.9 * DAY]
    past = [one for one in stream() if one[0] < clock[0]]
    store.add_items(items(past, "usual"))
    follower = EventDetectionWorker(store, SentimentScorer(tmp_path), "secret")
    assert follower.run(None, store.last_change_id(), store.last_event_id())
    assert DetectedEvents(store.db).page(None, None, 9) == []
    texts = burst(FLOOD, START + 10 * DAY)
    store.add_items(items(texts, "flood"))
    clock[0] = now
    follower.run(None, store.last_change_id(), store.last_event_id())
    events = DetectedEvents(store.db)
    (found,) = events.page(None, None, 9)
    assert "harbourtown" in found.name and not found.over
    before = events.counts([found.id])[found.id][0]
    assert before >= 50 and sum(n for _, n, _ in events.hours(found.id)) == before
    assert EventDetectionWorker(store, SentimentScorer(tmp_path), "secret").run(None, 0, 0) is False
    follower.leases.release(module.LEASE, follower._token)
    second = EventDetectionWorker(store, SentimentScorer(tmp_path), "secret")
    clock[0] = now + HOUR
    assert second.run(None, store.last_change_id(), store.last_event_id())
    assert [one.id for one in events.page(None, None, 9)] == [found.id]
    assert events.counts([found.id])[found.id][0] >= before
    assert store.delete_item("flood-3")
    assert events.counts([found.id])[found.id][0] == before - 1
    clock[0] = now + 10 * DAY
    second.run(None, store.last_change_id(), store.last_event_id())
    assert events.page(True, None, 9)[0].id == found.id


def test_an_import_of_undated_items_is_no_event(store: Store, tmp_path: Path) -> None:
    follower = EventDetectionWorker(store, SentimentScorer(tmp_path), "secret")
    follower.run(None, 0, 0)
    store.add_items([Item(f"film-{n}", title="Same harbour film again") for n in range(200)])
    follower._looked = 0.0
    follower.run(None, store.last_change_id(), store.last_event_id())
    assert not DetectedEvents(store.db).page(None, None, 9)


def items(texts: list[tuple[float, str]], name: str) -> list[Item]:
    return [
        Item(f"{name}-{n}", title=text, author_id=f"{name}{n}", created_at=at)
        for n, (at, text) in enumerate(texts)
    ]
