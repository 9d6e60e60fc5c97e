"""Outage announcements: one notice per outage and server, whatever its processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.delivery.backoff import Backoff
from recsys.delivery.sender import Sent
from recsys.delivery.store_outage_notice import LEAST, OutageAnnouncement
from recsys.store.notice_destinations import Destinations, Receiver
from recsys.store.outbox import Delivery, Outbox
from recsys.store.store import Store

RECEIVERS = [Receiver(number, "webhook", f"https://{number}.example", "") for number in (1, 2)]


class Channel:
    """A channel that keeps what it sends; destinations in `down` take nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []
        self.down: set[int] = set()
        self.meanwhile: Callable[[], object] = lambda: None  # called while it sends

    def send(self, delivery: Delivery) -> Sent:
        self.meanwhile()
        if delivery.destination in self.down:
            return Sent("refused")
        self.sent.append((delivery.destination, delivery.notice.uid))
        return Sent()


def test_processes_of_a_server_agree_on_one_notice_and_each_receiver_gets_it_once(
    tmp_path: Path,
) -> None:
    first, second, channel = OutageAnnouncement(tmp_path), OutageAnnouncement(tmp_path), Channel()
    since = time.time() - 3 * LEAST
    assert first.begun(time.time() - LEAST / 2) is None  # too short
    notice = first.begun(since)
    assert notice is not None and second.begun(since + 1.0) == notice
    others: list[int] = []
    channel.meanwhile = lambda: others.append(second.send(notice, RECEIVERS, {"webhook": channel}))
    assert first.send(notice, RECEIVERS, {"webhook": channel}) == 2
    assert others == [0, 0]  # the other process leaves it to the first
    channel.meanwhile = lambda: None
    assert second.send(notice, RECEIVERS, {"webhook": channel}) == 0
    assert sorted(channel.sent) == [(1, notice.uid), (2, notice.uid)]
    first.settled(since + LEAST)
    assert second.begun(since + 1.0) is None  # over, also for the one that sees it later
    assert second.send(notice, RECEIVERS, {"webhook": channel}) == 0
    later = second.begun(since + LEAST + 0.1)  # another outage
    assert later is not None and later.uid != notice.uid
    assert first.send(later, RECEIVERS, {"webhook": channel}) == 2


def test_what_no_receiver_has_taken_is_delivered_from_the_outbox(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        made = [Destinations(store.db).add_webhook(f"https://{n}.example")[0] for n in (1, 2)]
        Destinations(store.db).add_webhook("https://3.example", ["night_failed"])
        receivers = Destinations(store.db).receivers("writes_failing")
        assert [one.id for one in receivers] == [one.id for one in made]
        channel, outage = Channel(), OutageAnnouncement(tmp_path, Backoff(first_seconds=100.0))
        channel.down = {made[1].id}
        notice = outage.begun(time.time() - 2 * LEAST)
        assert notice is not None
        assert outage.send(notice, receivers, {"webhook": channel}) == 1
        assert outage.send(notice, receivers, {"webhook": channel}) == 0  # in the pause after it
        for process in (outage, OutageAnnouncement(tmp_path)):
            with store.db.write() as connection:
                process.over(connection)
        outage.settled(time.time())
        (kept,) = Outbox(store.db).page()
        assert (kept.uid, kept.created, kept.notice) == (
            notice.uid,
            notice.created,
            notice.notice,
        )
        states = Outbox(store.db).deliveries_of([kept.id])[kept.id]
        assert {one.destination: one.state for one in states} == {
            made[0].id: "delivered",
            made[1].id: "pending",
        }


@pytest.mark.parametrize("folder", [None, "gone"])
def test_without_its_files_a_process_goes_by_what_it_knows(
    folder: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Channel()
    outage = OutageAnnouncement(tmp_path / folder if folder else None)
    notice = outage.begun(time.time() - 2 * LEAST)
    assert notice is not None and outage.begun(time.time() - 2 * LEAST) == notice
    assert outage.send(notice, RECEIVERS, {"webhook": channel}) == 2
    assert outage.send(notice, RECEIVERS, {"webhook": channel}) == 0
    assert not list(tmp_path.iterdir())
    assert ("cannot be written" in caplog.text) is bool(folder)
    outage.settled(time.time())
    assert outage.begun(time.time() - 2 * LEAST) is None
