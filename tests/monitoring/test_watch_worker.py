"""The watcher on a real store: counting, backfill, alerts with evidence, notices, erasure."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import copied, running
from sqlalchemy.engine import URL

from recsys.data.records import Event, Item
from recsys.monitoring import watch_worker as module
from recsys.monitoring.watch_worker import WatchWorker, counted
from recsys.store.alerts import ACKNOWLEDGED, Alerts, Evidence
from recsys.store.outbox import Outbox
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import ALL, HOUR, Match, Watches
from recsys.text.sentiment.scorer import SentimentScorer

GOOD = "Great fun, we love the harbour festival and the music"
BAD = "Terrible, the harbour festival was an awful disgusting failure"
NUMBERS = itertools.count()
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[URL | None]:
    if request.param == "sqlite":
        yield None
    else:
        with running() as found:
            yield found


@pytest.fixture(scope="module")
def filled(server: URL | None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A store with a past, its watches' texts counted; and what time it is there."""
    folder, now = tmp_path_factory.mktemp("filled"), time.time()
    with Store.open(address(server, folder / "store.db", "filled")) as store:
        fill(store, now)
        for name, group in (("harbour", ""), ("one", "town"), ("two", "town"), ("quiet", "asleep")):
            watch(store, name=name, group=group)
        found = WatchWorker(store, SentimentScorer(folder))
        run(found, store, 6)
        assert all(one.backfilled == 1.0 for one in found.watches.every())
        found.leases.release(module.LEASE, found._token)
        store.set_note("watch_budgets", "{}")
    return folder / "store.db", now


def address(server: URL | None, file: Path, name: str = "") -> str:
    """Return the address of a new store: a file, or a database of the server."""
    if server is None:
        return f"sqlite:///{file}"
    return copied(server, "template1", name or f"test-{next(NUMBERS)}")


@pytest.fixture
def past_url(server: URL | None, filled: tuple[Path, float], tmp_path: Path) -> str:
    """The address of a copy of the store with a past."""
    if server is None:
        shutil.copy(filled[0], tmp_path / "past.db")
        return f"sqlite:///{tmp_path / 'past.db'}"
    return copied(server, "filled", f"test-{next(NUMBERS)}")


@pytest.fixture
def past(past_url: str, filled: tuple[Path, float], clock: Clock) -> Iterator[Store]:
    clock.now = filled[1]
    with Store.open(past_url) as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("recsys.monitoring.watch_worker.time.time", found)
    return found


@pytest.fixture
def store(server: URL | None, tmp_path: Path) -> Iterator[Store]:
    with Store.open(address(server, tmp_path / "store.db")) as found:
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


def run(found: WatchWorker, store: Store, n: int = 1) -> None:
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
    assert not WatchWorker(store, SentimentScorer(tmp_path)).run(None, 0, 0)


def test_texts_are_counted_backwards_and_forwards_once(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    fill(store, clock.now, 10)
    id = watch(store)
    found = WatchWorker(store, SentimentScorer(tmp_path))
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


def test_a_query_that_cannot_be_read_stops_no_other_watch(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    fill(store, clock.now, 2)
    broken, id = watch(store, "harbour:festival", name="broken"), watch(store)
    found = WatchWorker(store, SentimentScorer(tmp_path))
    run(found, store, 4)
    last = int(clock.now // HOUR) + 1
    counts = {one: Watches(store.db).counts(one, last - 500, last) for one in (broken, id)}
    assert counts[broken] == [] and sum(one.texts for one in counts[id]) > 0


def fired(store: Store, clock: Clock, tmp_path: Path) -> tuple[WatchWorker, int]:
    found = WatchWorker(store, SentimentScorer(tmp_path))
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
    assert "平时为" in notices[0].data["summary_zh"]
    run(found, past)
    again = [one.notice.subject for one in Outbox(past.db).page(kind="alert_firing")]
    assert again.count("alerts:harbour") == 1


def test_an_alert_goes_on_in_another_process_and_is_resolved(
    past: Store, tmp_path: Path, clock: Clock
) -> None:
    first, id = fired(past, clock, tmp_path)
    first.leases.release(module.LEASE, first._token)
    second = WatchWorker(past, SentimentScorer(tmp_path))
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
    log, refs = WatchedLog(past.db), [one.ref for one in left if one.source == 1]
    assert "stage" in {one.item_id for one in log.comments_of(refs).values()}
    past.hide_item("stage")  # and with it what was written about it
    assert "stage" not in {one.item_id for one in log.comments_of(refs).values()}


def test_a_flood_by_three_fires_no_burst(past: Store, tmp_path: Path, clock: Clock) -> None:
    found = WatchWorker(past, SentimentScorer(tmp_path))
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
    found = WatchWorker(past, SentimentScorer(tmp_path))
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
    found = WatchWorker(past, SentimentScorer(tmp_path))
    run(found, past)
    clock.now += jump
    for _ in range(4):
        clock.now += module.LOOK
        run(found, past)
    assert [one for one in Alerts(past.db).page() if one.kind != "flood"] == []


def test_one_process_watches(store: Store, tmp_path: Path, clock: Clock) -> None:
    watch(store)
    first, second = (WatchWorker(store, SentimentScorer(tmp_path)) for _ in range(2))
    assert first.run(None, 0, 0) and not second.run(None, 0, 0)


def test_a_digest_comes_once_a_day(store: Store, tmp_path: Path, clock: Clock) -> None:
    fill(store, clock.now, 3)
    id = watch(store, digest="day")
    found = WatchWorker(store, SentimentScorer(tmp_path))
    run(found, store, 3)
    assert Outbox(store.db).page(kind="watch_digest") == []
    clock.now += 86_400.0
    run(found, store, 2)
    notices = [one.notice for one in Outbox(store.db).page(kind="watch_digest")]
    assert len(notices) == 1
    assert notices[0].data["watches"][0]["watch"] == id
    assert notices[0].data["text"].startswith("harbour: ")
    assert notices[0].data["text_zh"].startswith("harbour：")


def texts_of(store: Store, watch: int, now: float) -> int:
    last = int(now // HOUR) + 1
    return sum(one.texts for one in Watches(store.db).counts(watch, last - 1_000, last))


def harbour(number: int, at: float) -> Item:
    return Item(f"h-{number}", title="A harbour", author_id=f"writer-{number}", created_at=at)


def test_what_comes_between_a_watch_and_the_first_round_is_counted(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    store.add_items([harbour(0, clock.now - 100)])
    id = watch(store)
    store.add_items([harbour(1, clock.now - 50), harbour(0, clock.now - 100)])
    store.add_events([Event("ann", "h-1", "comment", text="fine", timestamp=clock.now - 9)])
    run(WatchWorker(store, SentimentScorer(tmp_path)), store, 2)
    assert texts_of(store, id, clock.now) == texts_of(store, ALL, clock.now) == 3


def test_a_watch_that_is_added_within_a_round_misses_nothing(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    class Adding(WatchedLog):
        """Adds a watch, then texts, once the watches of the round are known."""

        late = 0

        def comments_after(self, event: int, last: int, n: int) -> Any:
            if not self.late:
                type(self).late = watch(store, name="late")
                store.add_items([harbour(2, clock.now - 5)])
            return super().comments_after(event, last, n)

    watch(store, "festival", name="first")
    found = WatchWorker(store, SentimentScorer(tmp_path))
    run(found, store)
    store.add_items([harbour(number, clock.now - 10) for number in range(2)])
    store.add_items([harbour(3, clock.now - 20 * 86_400)])
    found.texts = Adding(store.db)
    run(found, store, 3)
    assert texts_of(store, Adding.late, clock.now) == 4
    assert texts_of(store, ALL, clock.now) == 3  # what is late by three days is not counted


def test_an_hour_keeps_what_is_counted_of_texts_that_are_not_kept(store: Store) -> None:
    known, at = Watches(store.db), 500_000 * HOUR
    texts = [Match(1, 0, ref, at + ref, 7 + ref % 2, 0, ref % 3, 0.5, 0.25) for ref in range(6)]
    with store.db.write() as connection:
        assert known.keep(connection, texts[:3]) == 3
        known.add_counts(connection, counted(texts[3:4]))
        assert known.keep(connection, texts[:3]) == 0
    known.prune(at + 9 * 86_400)
    assert known.matches_since(0.0) == []
    with store.db.write() as connection:
        assert known.keep(connection, texts[4:]) == 2
        assert known.unkept(connection, texts) == texts[:4]
    (row,) = known.counts(1, 0, 1_000_000)
    assert (row.texts, row.negative, row.positive, row.p_negative) == (6, 2, 2, 3.0)


def test_what_is_erased_while_it_is_read_is_not_kept(store: Store) -> None:
    store.add_events([Event("ann", "1", "comment", text="hm", timestamp=5.0)])
    event = store.last_event_id()
    store.delete_user("ann")
    with store.db.write() as connection:
        match = Match(1, 1, event, 5.0, 7, 0, 0, 0.5, 0.25)
        assert Watches(store.db).keep(connection, [match]) == 0
        shown = [Evidence(1, place, "first", place, event, 5.0) for place in (0, 1)]
        Alerts(store.db).set_evidence(connection, 1, shown)
    assert Watches(store.db).matches_since(0.0) == []
    assert [one.source for one in Alerts(store.db).evidence(1)] == [0]


def test_a_process_that_takes_over_looks_not_again(
    past: Store, tmp_path: Path, clock: Clock
) -> None:
    first = WatchWorker(past, SentimentScorer(tmp_path))
    run(first, past)
    burst(past, clock.now)
    clock.now += module.LOOK
    run(first, past)
    for _ in range(3):
        clock.now += 90  # more than a lease lasts; the database's clock is its own
        first.leases.release(module.LEASE, first._token)
        first = WatchWorker(past, SentimentScorer(tmp_path))
        run(first, past)
    states = {one.state for one in Alerts(past.db).page("pending", kind="negative")}
    assert states == {"pending"} and Alerts(past.db).page(kind="negative") == []
    clock.now += module.LOOK
    run(first, past)
    assert {one.state for one in Alerts(past.db).page(kind="negative")} == {"firing"}


@pytest.mark.parametrize("jump", [-30 * 86_400.0, 500 * 86_400.0])
def test_a_clock_that_jumps_and_comes_back_loses_nothing(
    past: Store, tmp_path: Path, clock: Clock, jump: float
) -> None:
    found = WatchWorker(past, SentimentScorer(tmp_path))
    run(found, past)
    before = {watch: texts_of(past, watch, clock.now) for watch in (ALL, 1)}
    kept = len(Watches(past.db).matches_since(clock.now - 2 * 86_400))
    for step in (jump, module.LOOK, module.LOOK, -jump):
        clock.now += step
        run(found, past)
    assert {watch: texts_of(past, watch, clock.now) for watch in (ALL, 1)} == before
    assert len(Watches(past.db).matches_since(clock.now - 2 * 86_400 - 1_800)) >= kept
    burst(past, clock.now)
    for _ in range(3):
        clock.now += module.LOOK
        run(found, past)
    states = [one.state for one in Alerts(past.db).page(kind="negative", watch=1)]
    assert states == ["firing"]
    assert texts_of(past, 1, clock.now) == before[1] + 60
