"""Commands about notices, their delivery, and backups that fail, against real receivers."""

import json
import re

import pytest
from click.testing import CliRunner
from receivers import mail_box, receiving

from jobs.cli import cli
from recsys.errors import DataError
from recsys.store.audit_log import AuditLog
from recsys.store.outbox import Notice, Outbox
from recsys.store.store import Store


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECSYS_WEBHOOK_NETWORKS", "127.0.0.0/8")
    runner = CliRunner()
    return lambda *words: runner.invoke(cli, [*words], catch_exceptions=False)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/home/store.db") as store:
        yield store


def test_webhooks_are_added_tested_delivered_to_and_removed(call, store):
    assert "recsys webhooks add URL" in call("webhooks", "list").output
    with receiving() as receiver:
        made = json.loads(call("webhooks", "add", receiver.url, "--json").output)
        number = str(made["id"])
        assert made["secret"] not in call("webhooks", "list", "--json").output
        assert "on its way" in call("webhooks", "test", number).output
        done = json.loads(call("deliver", "--once", "--json").output)
        assert done == {"tries": 1, "pending": 0, "dead": 0} and len(receiver.requests) == 1
    assert "[1 delivered]" in call("notices", "list").output
    assert f"removed webhook {number}" in call("webhooks", "remove", number).output
    with pytest.raises(DataError, match="there is no webhook"):
        call("webhooks", "remove", number)
    with pytest.raises(DataError, match="there is no webhook"):
        call("webhooks", "test", number)
    actions = [one.entry.action for one in AuditLog(store.db).page()][::-1]
    assert actions[:3] == ["recsys webhooks add", "recsys webhooks test", "recsys webhooks remove"]


def test_a_private_address_is_refused(call, monkeypatch):
    monkeypatch.delenv("RECSYS_WEBHOOK_NETWORKS")
    with pytest.raises(DataError, match="not public"):
        call("webhooks", "add", "http://127.0.0.1:9/")


def test_dead_letters_are_listed_and_tried_anew(call, store, monkeypatch):
    monkeypatch.setenv("RECSYS_NOTICE_RETRY_SECONDS", "0.0000001")
    with receiving() as receiver:
        receiver.answer = lambda _: (503, {})
        call("webhooks", "add", receiver.url)
        Outbox(store.db).add(Notice("test", {"text": "x"}, "k"))
        for _ in range(15):
            call("deliver", "--once")
        assert "15 tries: the server answered 503" in call("notices", "dead").output
        assert "[1 dead]" in call("notices", "list").output
        (dead,) = json.loads(call("notices", "dead", "--json").output)
        assert json.loads(call("notices", "retry", "99", "--json").output) == {"retried": 0}
        assert "1 deliveries" in call("notices", "retry", str(dead["id"])).output
        receiver.answer = lambda _: (204, {})
        assert "1 tries; 0 deliveries are pending, 0 dead" in call("deliver", "--once").output
    assert json.loads(call("notices", "dead", "--json").output) == []


def test_a_mail_address_is_confirmed_by_its_token(call, store, monkeypatch):
    with pytest.raises(DataError, match="set RECSYS_SMTP"):
        call("mail", "add", "ann@example.org")
    with mail_box() as box:
        monkeypatch.setenv("RECSYS_SMTP", box.url)
        monkeypatch.setenv("RECSYS_MAIL_FROM", "recsys@example.org")
        number = str(json.loads(call("mail", "add", "ann@example.org", "--json").output)["id"])
        with pytest.raises(DataError, match="is not confirmed"):
            call("mail", "test", number)
        call("deliver", "--once")
        token = re.search(r"^    (\S+)\s*$", box.messages[0].get_content(), re.M).group(1)
        with pytest.raises(DataError, match="this token is wrong"):
            call("mail", "confirm", token[:-1])
        assert "is confirmed" in call("mail", "confirm", token).output
        call("mail", "test", number)
        call("deliver", "--once")
        assert [one["Subject"] for one in box.messages] == ["Confirm this address", "Test"]
    assert "confirmed" in call("mail", "list").output
    assert "removed" in call("mail", "remove", number).output


def test_a_backup_that_fails_is_a_notice(call, store, tmp_path):
    (tmp_path / "copy").mkdir()
    with pytest.raises(DataError, match="exists"):
        call("backup", str(tmp_path / "copy"))
    (one,) = Outbox(store.db).page()
    assert one.notice.kind == "backup_failed" and "exists" in one.notice.data["error"]
    assert one.notice.data["folder"] == str(tmp_path / "copy")


def test_a_backup_without_a_store_makes_none(call, tmp_path):
    with pytest.raises(DataError):
        call("backup", str(tmp_path / "copy"))
    assert not (tmp_path / "home" / "store.db").exists()


def test_settings_that_are_wrong_stop_the_delivery(call, monkeypatch):
    monkeypatch.setenv("RECSYS_SMTP", "mail.example.org")
    with pytest.raises(DataError, match="RECSYS_SMTP: write smtp://"):
        call("deliver", "--once")
    monkeypatch.delenv("RECSYS_SMTP")
    monkeypatch.setenv("RECSYS_WEBHOOK_NETWORKS", "here")
    with pytest.raises(
        DataError, match="RECSYS_WEBHOOK_NETWORKS = 'here': 'here' is no address or network"
    ):
        call("deliver", "--once")
