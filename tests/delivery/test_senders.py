"""Webhooks and mail, one try at a time, against real servers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import random
import socket
import threading
import time

import pytest
from receivers import mail_box, receiving

from recsys.delivery.backoff import Backoff
from recsys.delivery.mail import MailSender, MailServer
from recsys.delivery.public_addresses import PrivateAddress, is_public, networks, resolved
from recsys.delivery.webhook import WebhookSender
from recsys.errors import DataError
from recsys.store.outbox import Delivery, Notice, StoredNotice

LOOPBACK = networks(["127.0.0.0/8"])
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
FAILED = {"run": 7, "error": "no\nevents", "seconds": 1.5}


def delivery(to: str, kind: str = "night_failed", **data: object) -> Delivery:
    found = StoredNotice(3, "ntc_1", 1.5e9, Notice(kind, {**FAILED, **data}, "k", "nights"))
    return Delivery(1, 9, "webhook", to, "pending", 0, 0.0, "", 0.0, found, SECRET)


def test_a_request_is_signed_and_says_what_happened() -> None:
    with receiving() as receiver:
        assert WebhookSender(LOOPBACK).send(delivery(receiver.url + "?a=b")).error == ""
        (request,) = receiver.requests
    assert request.path == "/hook?a=b" and request.headers["content-type"] == "application/json"
    assert request.json == {
        "type": "night_failed",
        "timestamp": "2017-07-14T02:40:00.000Z",
        "subject": "nights",
        "data": FAILED,
    }
    assert request.uid == "ntc_1"
    sent = int(request.headers["webhook-timestamp"])
    assert abs(sent - time.time()) < 60
    signed = f"ntc_1.{sent}.".encode() + request.body
    digest = hmac.new(b"k" * 24, signed, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_only_2xx_counts_and_no_redirect_is_followed(status: int) -> None:
    with receiving() as receiver:
        receiver.answer = lambda _: (status, {"Location": receiver.url, "Retry-After": "120"})
        sent = WebhookSender(LOOPBACK).send(delivery(receiver.url))
        assert len(receiver.requests) == 1
    assert f"answered {status}" in sent.error and sent.wait == 120.0
    assert sent.gone is (status == 410) and ("redirects" in sent.error) is (status < 400)


def test_private_addresses_are_refused_after_the_name_is_resolved() -> None:
    with receiving() as receiver:
        port = receiver.url.split(":")[2]
        for url in (receiver.url, f"http://localhost:{port}"):
            assert "PrivateAddress" in WebhookSender().send(delivery(url)).error
        assert receiver.requests == []
    with pytest.raises(PrivateAddress, match="^127.0.0.1 is not public:"):
        resolved("127.0.0.1", 80)
    with pytest.raises(PrivateAddress, match="^localhost has the address .*, which is not public"):
        resolved("localhost", 80)
    assert resolved("127.0.0.1", 80, LOOPBACK) == ["127.0.0.1"]
    assert resolved("192.0.2.1", 80, networks(["192.0.2.1"])) == ["192.0.2.1"]
    with pytest.raises(DataError, match="'nowhere' is no network"):
        networks(["nowhere"])


@pytest.mark.parametrize(
    "text",
    """
    10.0.0.1 172.16.5.5 192.168.0.1 127.0.0.1 0.0.0.0 169.254.169.254 100.64.0.1 224.0.0.1
    255.255.255.255 240.0.0.1 ::1 :: fe80::1 fc00::1 fec0::1 ff02::1 ::ffff:10.0.0.1
    2606:4700::5efe:7f00:1 2606:4700::200:5efe:a9fe:a9fe 64:ff9b:1::7f00:1 ::127.0.0.1
    ::ffff:127.0.0.1 2002:7f00:1:: 64:ff9b::a00:1 2001:0:1:2:3:4:5:6 192.0.0.192 192.88.99.1
    168.63.129.16 3fff::1 ::ffff:192.0.0.192
    """.split(),
)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


def test_a_server_that_drips_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.delivery.webhook._WHOLE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                while not ended.is_set():
                    try:
                        peer.sendall(b"H")
                    except OSError:
                        return
                    ended.wait(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert WebhookSender(LOOPBACK).send(delivery(url)).error
        ended.set()
        thread.join()


def test_nobody_there_and_no_such_name_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sender = WebhookSender(LOOPBACK)
    assert "Refused" in sender.send(delivery(f"http://127.0.0.1:{port}/")).error
    assert sender.send(delivery("http://no-such-host.invalid/")).error


def test_a_mail_says_what_happened_under_the_notices_own_id() -> None:
    with mail_box() as box:
        server = MailServer.of(box.url, "recsys@example.org")
        sender = MailSender(server, lambda _: "9-token")
        for _ in range(2):
            assert sender.send(delivery("ann@example.org")).error == ""
        first, second = box.messages
        assert first["Message-ID"] == second["Message-ID"] == "<ntc_1@example.org>"
        assert first["Subject"] == "Night 7 failed: no events"
        assert first["Auto-Submitted"] == "auto-generated" and first["To"] == "ann@example.org"
        assert '"error": "no\\nevents"' in first.get_content()
        assert box.receivers == [["ann@example.org"]] * 2
        box.refuse = "451 later"
        assert "451" in sender.send(delivery("ann@example.org")).error


def test_a_confirmation_mail_has_the_token_and_a_link_where_the_service_has_a_url() -> None:
    with mail_box() as box:
        server = MailServer.of(box.url, "recsys@example.org")
        letter = delivery("ann@example.org", "mail_confirmation", address=9)
        MailSender(server, lambda id: f"{id}-token").send(letter)
        MailSender(server, lambda id: f"{id}-token", "https://r.example.org/").send(letter)
        plain, linked = (message.get_content() for message in box.messages)
    assert "    9-token" in plain.splitlines() and "recsys mail confirm" in plain
    assert "https://r.example.org/mail-addresses/confirm?token=9-token" in linked


def test_without_a_mail_server_nothing_is_sent_and_it_is_told() -> None:
    assert MailServer.of("", "") is None
    sent = MailSender(None, lambda _: "").send(delivery("ann@example.org"))
    assert sent.error == "RECSYS_SMTP is not set"
    gone = MailServer.of("smtp://127.0.0.1:1", "recsys@example.org")
    assert "Refused" in MailSender(gone, lambda _: "").send(delivery("ann@example.org")).error


@pytest.mark.parametrize(
    ("url", "sender", "words"),
    [
        ("http://a", "r@a.org", "write smtp://"),
        ("smtp://", "r@a.org", "write smtp://"),
        ("smtp://a:99999", "r@a.org", "write smtp://"),
        ("smtp://u:p@mail.example.org", "r@a.org", "a password needs"),
        ("smtps://u:p@mail.example.org", "", "RECSYS_MAIL_FROM"),
        ("smtps://u:p@mail.example.org", "nobody", "no mail address"),
    ],
)
def test_mail_settings_that_are_wrong(url: str, sender: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        MailServer.of(url, sender)


def test_mail_settings_that_are_right() -> None:
    found = MailServer.of("smtp+starttls://a%40b:p%2Fw@mail.example.org", "r@a.org")
    assert found == MailServer("smtp+starttls", "mail.example.org", 587, "a@b", "p/w", "r@a.org")


def test_pauses_double_with_jitter_and_end() -> None:
    backoff, rng = Backoff(2.0, 60.0, 8), random.Random(0)
    pauses = [[backoff.pause(n, rng) for _ in range(200)] for n in range(1, 8)]
    for pause, drawn in zip((2, 4, 8, 16, 32, 60, 60), pauses, strict=True):
        assert all(one is not None and pause / 2 <= one <= pause * 1.5 for one in drawn)
        assert max(drawn) - min(drawn) > pause * 0.8  # type: ignore[type-var, operator]
    assert backoff.pause(8, rng) is None
    total = sum(Backoff().pause(n, rng) or 0.0 for n in range(1, 15))
    assert 12 < total / 3600 < 48
