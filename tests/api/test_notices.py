"""Notices over HTTP: pages, streams, webhooks, mail addresses; and those of the service itself."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from conftest import Server, key_of, keyed
from flask import Flask
from flask.testing import FlaskClient
from receivers import mail_box, receiving

from api.errors import ApiError
from api.http.server_sent_events import MOST
from api.runtime.app_state import AppState
from api.runtime.operational_notices import OperationNotices
from recsys.client import Client
from recsys.data.notice_kinds import KINDS
from recsys.store.notice_destinations import Destinations
from recsys.store.outbox import Notice, Outbox
from recsys.store.store import Store

MakeApp = Callable[..., Flask]
LOOPBACK = ("127.0.0.0/8",)


def add(app: Flask, number: int, subject: str = "alert:1") -> int:
    service: AppState = app.extensions["service"]
    with service.link.use() as store:
        return Outbox(store.db).add(Notice("test", {"text": f"{number}"}, f"k:{number}", subject))


def until(seconds: float, found: Callable[[], Any]) -> Any:
    """Return what a function finds, tried again until it is true."""
    deadline = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert value
    return value


def test_notices_are_read_in_pages_with_their_deliveries(make_app: MakeApp) -> None:
    app = make_app(webhook_networks=LOOPBACK)
    operator = keyed(app, "operate")
    with receiving() as receiver:
        made = operator.post("/webhooks", json={"url": receiver.url})
        assert made.status_code == 201 and made.json["secret"].startswith("whsec_")
        for number in range(5):
            add(app, number)
        app.extensions["service"].worker.deliver()
        assert [one.json["data"]["text"] for one in receiver.requests] == list("01234")
    first = operator.get("/notices?n=2").json
    assert [one["data"]["text"] for one in first["notices"]] == ["4", "3"]
    (sent,) = first["notices"][0]["deliveries"]
    assert (sent["state"], sent["attempts"], sent["address"]) == ("delivered", 1, receiver.url)
    assert made.json["secret"] not in operator.get("/notices").text
    assert made.json["secret"] not in operator.get("/webhooks").text
    last = operator.get(operator.get(first["next"]).json["next"]).json
    assert len(last["notices"]) == 1 and last["next"] is None
    assert operator.get("/notices?kind=night_failed").json["notices"] == []
    assert len(operator.get("/notices?subject=alert:1").json["notices"]) == 5


def test_the_kinds_are_listed_with_their_schemas(app: Flask) -> None:
    found = keyed(app, "operate").get("/notices/kinds").json["kinds"]
    assert [one["kind"] for one in found] == list(KINDS)
    assert found[0]["data"]["required"] == ["run", "version", "reason", "seconds"]
    client = keyed(app, "operate")
    assert client.get("/notices?kind=night_failed").status_code == 200
    wrong = client.get("/notices?kind=night_faild")
    assert wrong.status_code == 400 and "is night_failed meant?" in wrong.json["error"]["message"]


def test_dead_letters_are_listed_and_tried_anew(make_app: MakeApp) -> None:
    app = make_app(webhook_networks=LOOPBACK, notice_retry_seconds=1e-6)
    operator, worker = keyed(app, "operate"), app.extensions["service"].worker
    with receiving() as receiver:
        receiver.answer = lambda _: (500, {})
        operator.post("/webhooks", json={"url": receiver.url})
        add(app, 1)
        until(20, lambda: worker.deliver() or operator.get("/notices/dead").json["deliveries"])
        (dead,) = operator.get("/notices/dead").json["deliveries"]
        assert dead["attempts"] == 15 == len(receiver.requests)
        assert dead["error"] == "the server answered 500"
        assert dead["notice"]["data"] == {"text": "1"}
        assert len({one.uid for one in receiver.requests}) == 1
        receiver.answer = lambda _: (200, {})
        body = {"deliveries": [dead["id"] + 1]}
        assert operator.post("/notices/dead/retry", json=body).json == {"retried": 0}
        assert operator.post("/notices/dead/retry").json == {"retried": 1}
        worker.deliver()
        assert operator.get("/notices/dead").json == {"deliveries": [], "next": None}
        assert len(receiver.requests) == 16


def test_webhooks_are_made_tested_and_removed_by_operators(make_app: MakeApp) -> None:
    app = make_app(webhook_networks=LOOPBACK)
    operator, worker = keyed(app, "operate"), app.extensions["service"].worker
    support = keyed(app, "support")
    assert support.get("/webhooks").status_code == 403
    assert support.post("/webhooks", json={"url": "https://a.example.org"}).status_code == 403
    with receiving() as receiver:
        one = operator.post("/webhooks", json={"url": receiver.url, "kinds": ["night_failed"]}).json
        add(app, 1)  # of a kind that it does not want
        assert operator.post(f"/webhooks/{one['id']}/test").status_code == 201
        worker.deliver()
        (request,) = receiver.requests
        assert request.json["type"] == "test"
        receiver.answer = lambda _: (410, {})
        operator.post(f"/webhooks/{one['id']}/test")
        worker.deliver()
        assert operator.get("/webhooks").json["webhooks"][0]["disabled"] is not None
    assert operator.delete(f"/webhooks/{one['id']}").status_code == 200
    assert operator.delete(f"/webhooks/{one['id']}").status_code == 404
    assert operator.post(f"/webhooks/{one['id']}/test").status_code == 404
    audit = keyed(app, "admin").get("/audit?route=/webhooks").json["entries"]
    assert [(e["action"], e["outcome"]) for e in audit[::-1]][:2] == [
        ("POST /webhooks", "refused"),
        ("POST /webhooks", "done"),
    ]
    assert audit[-2]["object"] == receiver.url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/x", "not public"),
        ("http://localhost/x", "not public"),
        ("http://[::1]/x", "not public"),
        ("http://169.254.169.254/latest/meta-data", "not public"),
        ("http://[::ffff:10.0.0.1]/", "not public"),
        ("http://2130706433/", "not public"),
        ("ftp://example.org/", "no URL of a webhook"),
        ("https://no-such-host.invalid/", "cannot be resolved"),
        ("https://user:pass@example.org/", "no user or password"),
    ],
)
def test_webhooks_that_are_refused(app: Flask, url: str, words: str) -> None:
    answer = keyed(app, "operate").post("/webhooks", json={"url": url})
    assert answer.status_code == 422 and words in answer.json["error"]["message"]


def test_an_address_gets_its_token_and_nothing_else_until_it_is_confirmed(
    make_app: MakeApp,
) -> None:
    with mail_box() as box:
        app = make_app(smtp=box.url, mail_from="r@example.org", public_url="http://r.example.org")
        operator, worker = keyed(app, "operate"), app.extensions["service"].worker
        one = operator.post("/mail-addresses", json={"address": "ann@example.org"}).json
        assert one["confirmed"] is None
        add(app, 1)
        worker.deliver()
        (letter,) = box.messages
        token = re.search(r"token=(\S+)", letter.get_content()).group(1)  # type: ignore[union-attr]
        assert token not in operator.get("/notices").text
        assert operator.post(f"/mail-addresses/{one['id']}/test").status_code == 404
        browser = app.test_client()  # the receiver has no key
        page = browser.get(f"/mail-addresses/confirm?token={token}")
        assert page.status_code == 200 and "<button>" in page.text
        assert operator.get("/mail-addresses").json["addresses"][0]["confirmed"] is None
        assert browser.post("/mail-addresses/confirm?token=1-wrong").status_code == 404
        assert browser.post(f"/mail-addresses/confirm?token={token}").json["confirmed"]
        add(app, 2)
        worker.deliver()
        assert [message["Subject"] for message in box.messages[1:]] == ["Test"]
        assert box.receivers == [["ann@example.org"]] * 2
        assert operator.delete(f"/mail-addresses/{one['id']}").status_code == 200
        add(app, 3)
        worker.deliver()
        assert len(box.messages) == 2


def test_addresses_that_are_refused(make_app: MakeApp, app: Flask) -> None:
    answer = keyed(app, "operate").post("/mail-addresses", json={"address": "ann@example.org"})
    assert answer.status_code == 409 and "RECSYS_SMTP" in answer.json["error"]["message"]
    operator = keyed(make_app(smtp="smtp://127.0.0.1:1", mail_from="r@a.org"), "operate")
    for wrong in ("ann", "ann@a.org,bob@a.org", "ann@a.org\nBcc: x@y.org"):
        answer = operator.post("/mail-addresses", json={"address": wrong})
        assert answer.status_code == 422, wrong


def test_the_page_of_a_token_shows_script_as_text(client: FlaskClient) -> None:
    page = client.get('/mail-addresses/confirm?token="><script>alert(1)</script>').text
    assert "<script" not in page and "%3Cscript" in page


def events(text: str) -> list[tuple[str, str, Any]]:
    """Return (id, kind, data) of server-sent events."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[1:])
        if "data" in lines:
            found.append((lines["id"], lines["event"], json.loads(lines["data"])))
    return found


def test_a_stream_goes_on_after_the_last_event_that_a_client_has_seen(
    serve: Callable[..., Server], home: Path
) -> None:
    url = f"sqlite:///{home}/store.db"
    with Store.open(url) as store:
        outbox = Outbox(store.db)
        ids = [outbox.add(Notice("test", {"text": str(n)}, f"k{n}", "a")) for n in range(3)]
        server = serve(workers=2)
        headers = {"Authorization": f"Bearer {key_of(url, 'operate')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60.0) as http:
            seen: list[tuple[str, str, Any]] = []
            with http.stream(
                "GET", "/notices/stream", headers={"Last-Event-ID": str(ids[0])}
            ) as response:
                assert response.headers["content-type"].startswith("text/event-stream")
                text = ""
                for part in response.iter_text():
                    text += part
                    if len(events(text)) == 2 and not seen:
                        seen = events(text)
                        ids.append(outbox.add(Notice("test", {"text": "3"}, "k3", "a")))
                    if len(events(text)) == 3:
                        break
            assert [int(one[0]) for one in events(text)] == ids[1:]
            assert [one[2]["data"]["text"] for one in events(text)] == ["1", "2", "3"]
            assert http.get("/notices/stream", headers={"Last-Event-ID": "x"}).status_code == 400

            def refused() -> bool:  # each worker learns within two seconds that there is a key
                with httpx.stream("GET", server.url + "/notices/stream") as answer:
                    return answer.status_code == 401

            until(20, refused)
        with Client(server.url, key=headers["Authorization"].split()[1]) as recsys:
            stream = recsys.notice_stream(after=0)
            assert [next(stream)["id"] for _ in range(4)] == ids


def test_open_streams_take_no_thread_and_are_limited(
    serve: Callable[..., Server], home: Path
) -> None:
    server = serve(workers=1)
    streams = [server.client() for _ in range(MOST + 1)]
    held = []
    for one in streams[:MOST]:
        request = one.build_request("GET", "/notices/stream")
        held.append(one.send(request, stream=True))
    assert {one.status_code for one in held} == {200}
    full = streams[MOST].get("/notices/stream")
    assert full.status_code == 503 and full.headers["Retry-After"]
    with server.client() as other:  # four threads answer reads; twenty streams wait
        for _ in range(20):
            assert other.get("/recommend/baker").status_code == 200
    for one in held:
        one.close()
    for one in streams:
        one.close()

    def free() -> bool:
        with server.client() as other, other.stream("GET", "/notices/stream") as again:
            return again.status_code == 200

    until(20, free)


def test_heads_of_the_stream_take_no_place(serve: Callable[..., Server], home: Path) -> None:
    with serve(workers=1).client() as http:
        for _ in range(MOST + 1):
            assert http.head("/notices/stream").status_code == 200
        with http.stream("GET", "/notices/stream") as response:
            assert response.status_code == 200


def test_a_place_is_given_back_however_a_stream_ends(app: Flask) -> None:
    client = app.test_client()
    for read in (True, False) * MOST:
        answer = client.get("/notices/stream", buffered=False)
        assert answer.status_code == 200
        if read:
            next(answer.response)
        answer.close()
        answer.close()  # a second time gives nothing back
    places = app.extensions["streams"]
    taken = [places.take() for _ in range(MOST)]
    with pytest.raises(ApiError):
        places.take()
    taken[0].give_back()
    places.take()


def test_a_stream_holds_no_thread_of_a_wsgi_server(app: Flask, home: Path) -> None:
    with Store.open(f"sqlite:///{home}/store.db") as store:
        uid = Outbox(store.db).add(Notice("test", {"text": "1"}, "k", "a"))
    answer = app.test_client().get("/notices/stream?after=0")  # reads to the end, which there is
    assert answer.text.startswith("retry: ")
    assert [one[0] for one in events(answer.text)] == [str(uid)]


def test_a_service_makes_notices_of_workers_that_die_and_delivers_them(
    serve: Callable[..., Server], home: Path
) -> None:
    with receiving() as receiver:
        server = serve(workers=2, RECSYS_WEBHOOK_NETWORKS="127.0.0.0/8")
        with server.client() as http:
            assert http.post("/webhooks", json={"url": receiver.url}).status_code == 201
            victim = psutil.Process(server.process.pid).children()[0]
            os.kill(victim.pid, signal.SIGKILL)
            (request, *_) = until(30, lambda: receiver.requests)
            data = request.json["data"]
            assert request.json["type"] == "worker_died"
            assert (data["pid"], data["cause"], data["status"]) == (victim.pid, "signal", -9)
            assert len(http.get("/notices?kind=worker_died").json()["notices"]) == 1


def test_an_outage_of_writes_is_a_notice_when_it_is_over(
    make_app: MakeApp, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.runtime.operational_notices.LEAST", 0.5)
    monkeypatch.setattr("recsys.delivery.store_outage_notice.LEAST", 0.5)
    apps = [make_app(write_seconds=0.1) for _ in range(2)]
    workers = [one.extensions["service"].worker for one in apps]
    for worker in workers:
        worker._probe()
    with sqlite3.connect(home / "store.db") as other:
        other.execute("BEGIN IMMEDIATE")
        deadline = time.monotonic() + 2.5  # a second passes before writers try again
        while time.monotonic() < deadline:
            for worker in workers:
                worker._probe()
            time.sleep(0.05)
        other.rollback()
    deadline = time.monotonic() + 20
    page: list[Any] = []
    while not page and time.monotonic() < deadline:
        for worker in workers:
            worker._probe()
        page = apps[0].test_client().get("/notices?kind=writes_failed").json["notices"]
    for _ in range(30):
        for worker in workers:
            worker._probe()
        time.sleep(0.05)
    page = apps[0].test_client().get("/notices?kind=writes_failed").json["notices"]
    assert len(page) == 1 and 0.5 < page[0]["data"]["seconds"] < 20


def test_an_outage_is_settled_by_a_worker_that_was_not_there(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.delivery.store_outage_notice.LEAST", 0.05)
    app, folder = make_app(), str(tmp_path)
    link = app.extensions["service"].link
    dead, later = OperationNotices(link, folder), OperationNotices(link, folder)
    dead.probed(False)
    time.sleep(0.1)
    notice = dead.outage()
    assert notice is not None
    later.probed(True)
    page = app.test_client().get("/notices").json["notices"]
    assert [one["type"] for one in page] == ["writes_failed", "writes_failing"]
    assert page[1]["uid"] == notice.uid and page[0]["data"]["since"] == page[1]["data"]["since"]
    later.probed(True)
    assert len(app.test_client().get("/notices").json["notices"]) == 2
    later.probed(False)  # another outage
    time.sleep(0.1)
    again = later.outage()
    assert again is not None and again.uid != notice.uid


def taken_of(server: Server) -> list[int]:
    """Return the destinations that are recorded to have taken the notice of an outage."""
    folders = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    names = [one for at in folders for one in at.glob(f"recsys-serve-{server.process.pid}-*")]
    (state,) = [one for name in names for one in name.glob("outage.state")]
    return list(json.loads(state.read_text("utf-8"))["taken"])


def test_an_outage_of_writes_is_told_while_it_goes_on(
    serve: Callable[..., Server], home: Path
) -> None:
    url, body = f"sqlite:///{home}/store.db", {"Authorization": ""}
    with receiving() as receiver, receiving() as broken:
        broken.answer = lambda _: (500, {})
        server = serve(workers=2, RECSYS_WEBHOOK_NETWORKS="127.0.0.0/8")
        body["Authorization"] = f"Bearer {key_of(url, 'operate')}"
        with httpx.Client(base_url=server.url, headers=body, timeout=60.0) as http:
            for one in (receiver, broken):
                assert http.post("/webhooks", json={"url": one.url}).status_code == 201
            with (
                http.stream("GET", "/notices/stream") as response,
                sqlite3.connect(home / "store.db") as other,
            ):
                other.execute("BEGIN IMMEDIATE")
                (first, *_) = until(90, lambda: receiver.requests)
                text = ""
                for part in response.iter_text():
                    text += part
                    if "writes_failing" in text and text.endswith("\n\n"):
                        break
                until(90, lambda: broken.requests)
                until(30, lambda: taken_of(server))  # else it would rightly be sent once more
                other.rollback()
            assert first.json["type"] == "writes_failing"
            streamed = json.loads(re.findall("^data: (.*)$", text, re.MULTILINE)[-1])
            assert (streamed["id"], streamed["uid"]) == (None, first.uid) and "\nid:" not in text
            broken.answer = lambda _: (200, {})

            def result() -> Any:
                return http.get("/notices?kind=writes_failing").json()["notices"]

            (kept,) = until(30, result)
            assert kept["uid"] == first.uid
            assert [one["state"] for one in kept["deliveries"]][0] == "delivered"
            until(30, lambda: [one.json["type"] for one in broken.requests][-1] == "writes_failed")
            for one in (receiver, broken):
                kinds = [each.json["type"] for each in one.requests]
                assert set(kinds) == {"writes_failing", "writes_failed"}
                assert kinds.index("writes_failed") == len(kinds) - 1  # the order of a subject
                assert len({each.body for each in one.requests}) == 2  # each copy is the same
            assert len(receiver.requests) == 2  # by one of the two workers, and not again


def test_an_outage_of_writes_is_mailed_while_it_goes_on(
    serve: Callable[..., Server], home: Path
) -> None:
    with mail_box() as box:
        with Store.open(f"sqlite:///{home}/store.db") as store:
            known = Destinations(store.db)
            first = known.add_address("ann@example.org")
            known.add_address("never-confirmed@example.org")
            known.add_address("bob@example.org", ["night_failed"])
            assert known.confirm(known.token(first.id))
        box.refuse = "451 try again"  # once, of the first worker that sends
        server = serve(workers=2, RECSYS_SMTP=box.url, RECSYS_MAIL_FROM="recsys@example.org")

        def outage() -> list[Any]:
            return [m for m in box.messages if "writes_failing" in m.get_content()]

        with sqlite3.connect(home / "store.db") as other:
            other.execute("BEGIN IMMEDIATE")
            until(60, lambda: "not delivered" in server.log.read_text())
            box.refuse = ""
            (mail,) = until(60, outage)
            until(30, lambda: taken_of(server))  # else it would rightly be sent once more
            other.rollback()
        assert (mail["To"], mail["From"]) == ("ann@example.org", "recsys@example.org")
        (uid,) = re.findall(r"id (ntc_\w+)", mail.get_content())
        assert mail["Message-ID"] == f"<{uid}@example.org>" and mail["X-Recsys-Notice"] == uid
        until(60, lambda: [m for m in box.messages if "writes_failed" in m.get_content()])
        assert len(outage()) == 1  # by one of two workers, and not again from the outbox
        to_ann = [m for m in box.messages if m["To"] == "ann@example.org"]
        assert "writes_failed" in to_ann[-1].get_content()  # the order of a subject
        others = [m.get_content() for m in box.messages if m["To"] != "ann@example.org"]
        assert others and all("writes_fail" not in text for text in others)  # their letters only


def test_figures_tell_of_deliveries_that_wait_and_of_dead_ones(make_app: MakeApp) -> None:
    app = make_app(webhook_networks=LOOPBACK)
    client = app.test_client()
    client.post("/webhooks", json={"url": "http://127.0.0.1:1/"})
    add(app, 1)
    app.extensions["service"].look_at_nights()
    text = client.get("/metrics").text
    assert 'recsys_notice_deliveries{state="pending"} 1.0' in text
    assert 'recsys_notice_deliveries{state="dead"} 0.0' in text
