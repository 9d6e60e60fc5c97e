"""/digest and `recsys digest`: what was missed, nothing seen, or why there is none."""

import json
import time

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.store.erasure import erase
from recsys.store.outbox import Outbox
from recsys.store.store import Store
from recsys.writing.notification_texts import notification_texts, shortened


@pytest.fixture
def posted(client):
    """Ten items of ten authors, posted an hour ago."""
    items = [
        {
            "item_id": f"new-{n}",
            "title": f"The tide at sea {n}",
            "author_id": f"writer-{n}",
            "created_at": time.time() - 3_600,
        }
        for n in range(10)
    ]
    assert client.post("/items", json=items).status_code == 201
    return [one["item_id"] for one in items]


def ids(found):
    return [item["item_id"] for section in found["sections"] for item in section["items"]]


def test_a_digest_holds_what_was_posted_and_not_seen(client, service, posted):
    follow = {"user_id": "ann", "author_id": "writer-3"}
    assert client.post("/follows", json=[follow]).status_code < 300
    since = time.time() - 7_200
    found = client.get(f"/digest/ann?since={since}").json
    assert found["why_not"] is None and set(ids(found)) <= set(posted)
    kinds = {section["kind"]: section for section in found["sections"]}
    assert [one["item_id"] for one in kinds["followed"]["items"]] == ["new-3"]
    assert kinds["followed"]["text"] == "1 item by somebody whom you follow"
    assert all(item["reason"] for one in found["sections"] for item in one["items"])
    shown = client.get("/recommend/ann?n=4").json["items"]
    seen = {one["item_id"] for one in shown}
    again = client.get(f"/digest/ann?lang=zh&since={since}").json
    assert not seen & set(ids(again))
    assert len(ids(client.get("/digest/ann?max=3").json)) == 3


def test_notifications_have_three_lengths(client, posted):
    for section in client.get("/digest/ann").json["sections"]:
        for item in section["items"]:
            texts = item["notification"]
            assert item["title"] in texts["long"] and len(texts["short"]) <= 40
    assert shortened("one two three", 9) == "one two…"
    assert shortened("👩‍👩‍👧‍👧" * 3, 9) == "👩‍👩‍👧‍👧…"
    assert notification_texts("海" * 200, "new")["medium"] == "海" * 89 + "…"


def test_nothing_new_is_no_digest(client, posted):
    none = client.get(f"/digest/ann?since={time.time()}").json
    assert none["sections"] == [] and none["text"] == "" and none["why_not"] == "nothing_new"
    assert client.get("/digest/nobody").json["why_not"] is None
    assert client.get("/digest/ann?max=1").status_code == 400


def test_a_digest_is_in_the_languages_that_a_user_reads(client):
    new = [
        {
            "item_id": f"{language}-{n}",
            "title": title,
            "author_id": f"{language}-writer-{n}",
            "created_at": time.time() - 3_600,
            "language": language,
        }
        for n in range(3)
        for language, title in (("zh", "海上的潮水"), ("en", "The tide at sea"))
    ]
    assert client.post("/items", json=new).status_code == 201
    read = [{"user_id": "lee", "item_id": f"sea-{n}", "event": "view"} for n in range(11, 20, 2)]
    assert client.post("/events", json=read).status_code < 300
    own, anybody = (ids(client.get(f"/digest/{user}?max=50").json) for user in ("lee", "nobody"))
    assert {"en-0", "en-1", "en-2"} <= set(own)
    assert not any(one.startswith("zh") for one in own)
    assert any(one.startswith("zh") for one in anybody)


def test_a_sent_digest_goes_with_the_user(client, service, home, posted, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(home))
    runner = CliRunner()
    for _ in range(2):
        made = runner.invoke(cli, ["digest", "ann", "--send", "--json"], catch_exceptions=False)
    assert json.loads(made.stdout)["why_not"] is None
    with Store.open(f"sqlite:///{home}/store.db") as store:
        sent = Outbox(store.db).page("user_digest")
        assert len(sent) == 1 and sent[0].notice.data["user_id"] == "ann"
        erase(store, home, "ann")
        assert Outbox(store.db).page("user_digest") == []
