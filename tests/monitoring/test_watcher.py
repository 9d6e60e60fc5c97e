"""The watcher on a real store: counting, backfill, alerts with evidence, notices, erasure."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.data.records import Event, Item
from recsys.monitoring import watcher as module
from recsys.monitoring.watcher import Watcher
from recsys.store.alerts import ACKNOWLEDGED, Alerts
from recsys.store.outbox import Outbox
from recsys.store.store import Store
from recsys.store.watched_log import WatchedLog
from recsys.store.watches import ALL, HOUR, Watches
from recsys.text.sentiment.scorer import SentimentScorer

GOOD = "Great fun, we love the harbour festival and the music"
BAD = "Terrible, the harbour festival was an awful disgusting failure"
VALUES = {
    "name": "harbour",
    "group": "",
    "level": "eager",
    "least_people": 10,
    "digest": "none",
    "created_by": "test",
}


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A store with a past, its watches' texts counted; and what time it is there."""
    folder, now = tmp_path_factory.mktemp("filled"), time.time()
    with Store.open(f"sqlite:///{folder / 'store.db'}") as store:
        fill(store, now)
        for name, group in (("harbour", ""), ("one", "town"), ("two", "town"), ("quiet", "asleep")):
            watch(store, name=name, group=group)
        found = Watcher(store, SentimentScorer(folder))
        run(found, store, 6)
        assert all(one.backfilled == 1.0 for one in found.watches.every())
        found.leases.release(module.LEASE, found._token)
        store.set_note("watch_budgets", "{}")
    return folder / "store.db", now


@pytest.fixture
def past(filled: tuple[Path, float], tmp_path: Path, clock: Clock) -> Iterator[Store]:
    shutil.copy(filled[0], tmp_path / "past.db")
    clock.now = filled[1]
    with Store.open(f"sqlite:///{tmp_path / 'past.db'}") as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("recsys.monitoring.watcher.time.time", found)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as found:
        yield found


def fill(store: Store, now: float, days: int = 40) -> None:
    """Two posts an hour about anything, a quarter of them complaints, one in four on the watch."""
    store.add_items(
        Item(
            f"old-{at}",
            title=("Terrible awful bus" if at % 4 == 1 else "Lovely great train")
            + (" at the harbour" if at % 4 < 2 and at % 8 < 4 else ""),
            author_id=f"author-{at % 50}",
            created_at=now - at * 1800.0,
        )
        for at in range(1, days * 48)
    )


def watch(store: Store, query: str = "harbour", **changes: object) -> int:
    last = WatchedLog(store.db).last_item() + 1, store.last_event_id() + 1
    return Watches(store.db).add({**VALUES, "query": query, **changes}, *last).id


def run(found: Watcher, store: Store, n: int = 1) -> None:
    for _ in range(n):
        assert found.run(None, store.last_change_id(), store.last_event_id())


def burst(
    store: Store, now: float, people: int = 60, text: str = BAD, prefix: str = "angry"
) -> None:
    store.add_items([Item("stage", title="The harbour festival", created_at=now - 40 * 86_400)])
    store.add_events(
        Event(f"{prefix}-{at}", "stage", "comment", text=f"{text} {at}", timestamp=now - 60 - at)
        for at in range(people)
    )


def test_without_a_watch_nothing_is_read(store: Store, tmp_path: Path) -> None:
    assert not Watcher(store, SentimentScorer(tmp_path)).run(None, 0, 0)


def test_texts_are_counted_backwards_and_forwards_once(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    fill(store, clock.now, 10)
    id = watch(store)
    found = Watcher(store, SentimentScorer(tmp_path))
    run(found, store, 4)
    last = int(clock.now // HOUR) + 1
    counts = Watches(store.db).counts(id, last - 500, last)
    every = Watches(store.db).counts(ALL, last - 500, last)
    titles = [one.title for one in store.items_page(n=1_000)]
    assert sum(one.texts for one in counts) == sum("harbour" in title for title in titles)
    assert sum(one.texts for one in every) == len(titles)
    assert Watches(store.db).one(id).backfilled == 1.0  # type: ignore[union-attr]
    store.add_items([Item("new", title="A harbour", author_id="x", created_at=clock.now - 5)])
    store.add_items([Item("new", title="A harbour again", author_id="x", created_at=clock.now - 5)])
    run(found, store, 2)
    again = Watches(store.db).counts(id, last - 500, last)
    assert sum(one.texts for one in again) == sum(one.texts for one in counts) + 1


def fired(store: Store, clock: Clock, tmp_path: Path) -> tuple[Watcher, int]:
    found = Watcher(store, SentimentScorer(tmp_path))
    run(found, store)
    burst(store, clock.now)
    for _ in range(3):
        clock.now += module.LOOK
        run(found, store)
    alerts = Alerts(store.db).page(kind="negative", watch=1)
    assert [one.state for one in alerts] == ["firing"]
    return found, alerts[0].id


def test_a_burst_fires_with_evidence_and_one_notice(
    past: Store, tmp_path: Path, clock: Clock
) -> None:
    found, id = fired(past, clock, tmp_path)
    clock.now += 120
    run(found, past)
    alert = Alerts(past.db).one(id)
    assert alert is not None and alert.body["people"] >= 60
    assert alert.body["share"] > alert.body["usual_share"] + 0.3
    assert {"awful", "terrible"} & set(alert.body["terms"])
    evidence = Alerts(past.db).evidence(id)
    assert [one.role for one in evidence].count("central") == 3
    notices = [one.notice for one in Outbox(past.db).page(kind="alert_firing")]
    notices = [one for one in notices if one.subject == "alerts:harbour"]
    assert len(notices) == 1
    assert "usually" in notices[0].data["summary"]
    run(found, past)
    again = [one.notice.subject for one in Outbox(past.db).page(kind="alert_firing")]
    assert again.count("alerts:harbour") == 1


def test_an_alert_goes_on_in_another_process_and_is_resolved(
    past: Store, tmp_path: Path, clock: Clock
) -> None:
    first, id = fired(past, clock, tmp_path)
    first.leases.release(module.LEASE, first._token)
    second = Watcher(past, SentimentScorer(tmp_path))
    clock.now += 120
    run(second, past)
    assert Alerts(past.db).set_state(id, ACKNOWLEDGED, "we know", "key") is not None
    clock.now += 26 * HOUR  # all texts of the burst are older than the longest window
    for _ in range(6):
        run(second, past)
        clock.now += 1500
    alert = Alerts(past.db).one(id)
    assert alert is not None and (alert.state, alert.note) == ("resolved", "we know")
    told = [one.notice.data["alert"] for one in Outbox(past.db).page(kind="alert_resolved")]
    assert told.count(id) == 1


def test_evidence_goes_with_its_author(past: Store, tmp_path: Path, clock: Clock) -> None:
    _, id = fired(past, clock, tmp_path)
    evidence = Alerts(past.db).evidence(id)
    comments = WatchedLog(past.db).comments_of([one.ref for one in evidence])
    author = comments[evidence[0].ref].user_id
    past.delete_user(author)
    left = Alerts(past.db).evidence(id)
    assert 0 < len(left) < len(evidence)
    assert evidence[0] not in left
    matches = Watches(past.db).matches_since(0.0)
    assert evidence[0].ref not in {one.ref for one in matches if one.source == 1}


def test_a_flood_by_three_fires_no_burst(past: Store, tmp_path: Path, clock: Clock) -> None:
    found = Watcher(past, SentimentScorer(tmp_path))
    run(found, past)
    past.add_items([Item("stage", title="The harbour festival", created_at=clock.now - 4e6)])
    past.add_events(
        Event(f"bot-{at % 3}", "stage", "comment", text=f"{BAD} {at}", timestamp=clock.now - at)
        for at in range(1, 200)
    )
    for _ in range(4):
        clock.now += module.LOOK
        run(found, past)
    assert {one.kind for one in Alerts(past.db).page()} <= {"flood"}
    assert Outbox(past.db).page(kind="alert_firing") == []


def test_silence_and_grouping(past: Store, tmp_path: Path, clock: Clock) -> None:
    Alerts(past.db).add_silence(None, "asleep", clock.now, clock.now + 1e6, "", "test")
    found = Watcher(past, SentimentScorer(tmp_path))
    run(found, past)
    burst(past, clock.now)
    for _ in range(3):
        clock.now += module.LOOK
        run(found, past)
    clock.now += 120
    run(found, past)
    notices = [one.notice for one in Outbox(past.db).page(kind="alert_firing")]
    groups = {one.data["group"]: one for one in notices}
    assert len(groups) == len(notices) and set(groups) == {"town", "harbour"}
    assert {"one", "two"} == set(groups["town"].data["watches"].split(", "))


@pytest.mark.parametrize("jump", [-5 * 86_400.0, 40 * 86_400.0])
def test_a_clock_that_jumps_makes_no_alert(
    past: Store, tmp_path: Path, clock: Clock, jump: float
) -> None:
    found = Watcher(past, SentimentScorer(tmp_path))
    run(found, past)
    clock.now += jump
    for _ in range(4):
        clock.now += module.LOOK
        run(found, past)
    assert [one for one in Alerts(past.db).page() if one.kind != "flood"] == []


def test_one_process_watches(store: Store, tmp_path: Path, clock: Clock) -> None:
    watch(store)
    first, second = (Watcher(store, SentimentScorer(tmp_path)) for _ in range(2))
    assert first.run(None, 0, 0) and not second.run(None, 0, 0)


def test_a_digest_comes_once_a_day(store: Store, tmp_path: Path, clock: Clock) -> None:
    fill(store, clock.now, 3)
    id = watch(store, digest="day")
    found = Watcher(store, SentimentScorer(tmp_path))
    run(found, store, 3)
    assert Outbox(store.db).page(kind="watch_digest") == []
    clock.now += 86_400.0
    run(found, store, 2)
    notices = [one.notice for one in Outbox(store.db).page(kind="watch_digest")]
    assert len(notices) == 1
    assert notices[0].data["watches"][0]["watch"] == id
    assert notices[0].data["text"].startswith("harbour: ")
