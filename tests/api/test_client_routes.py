"""The Python client has a method for every route of the OpenAPI document, or a reason why not."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flask import Flask, request

from api.runtime.app_state import AppState
from recsys.client import Client, ClientError

WITHOUT = {
    "GET /": "where everything else is, for people",
    "GET /docs": "a page for browsers",
    "GET /openapi.json": "for generators of clients",
    "GET /metrics": "for Prometheus, in its own format",
    "GET /health/live": "for those who restart the process; `ready` says more",
    "GET /mail-addresses/confirm": "the link in a mail, a page for browsers",
    "GET /notices/stream": "`notice_stream`, which does not end; tests/delivery tries it",
    "GET /recommend/{user}": "`recommend` asks GET /recommend: a path cannot carry every id",
    "GET /home/{user}": "`home` asks GET /home, likewise",
    "GET /feed/following/{user}": "`following` asks GET /feed/following, likewise",
    "GET /similar/{item_id}": "`similar` asks GET /similar, likewise",
    "GET /explain/{user}/{item}": "`explain` asks GET /explain, likewise",
    "GET /items/{item_id}": "`item` asks GET /items, likewise",
    "GET /users/{user_id}": "`user` asks GET /users, likewise",
    "DELETE /users/{user_id}": "`delete_user` asks DELETE /users, likewise",
}
EVENT = {"user_id": "ann", "item_id": "sea-1", "event": "like", "timestamp": 1.7e9}
ARMS = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}]
ASSIST = ("title", "caption", "tags")
FOLLOW = {"user_id": "ann", "author_id": "author-1"}
# each method with arguments; those that answer with an error in this world come last
CALLS: list[tuple[str, Callable[[Client], Any]]] = [
    ("recommend", lambda c: c.recommend("ann", n=3)),
    ("pages", lambda c: next(c.pages(c.recommend("ann", n=3)))),
    ("home", lambda c: c.home("ann")),
    ("following", lambda c: c.following("ann")),
    ("more_of_row", lambda c: c.more_of_row(c.home("ann", n=1)["rows"][0])),
    ("recommend_session", lambda c: c.recommend_session(items=["sea-1"])),
    ("recommend_batch", lambda c: c.recommend_batch(["ann", "bob"])),
    ("similar", lambda c: c.similar("sea-1")),
    ("search", lambda c: c.search("tide")),
    ("trending", lambda c: c.trending()),
    ("popular", lambda c: c.popular(n=3)),
    ("latest", lambda c: c.latest()),
    ("topics", lambda c: c.topics()),
    ("topic", lambda c: c.topic(c.topics()[0]["id"])),
    ("topic_timeline", lambda c: c.topic_timeline(c.topics()[0]["id"], resolution="day")),
    ("help", lambda c: c.help("how?", lang="en")["text"]),
    ("assist", lambda c: [c.assist(w, "The tide. The tide is high.") for w in ASSIST][0]),
    ("digest", lambda c: c.digest("ann", since=0)["until"]),
    ("entities", lambda c: c.entities(n=5)),
    ("trends", lambda c: c.trends()),
    ("event_kinds", lambda c: c.event_kinds()["kinds"]),
    ("stats", lambda c: c.stats()["counts"]),
    ("add_events", lambda c: c.add_events([EVENT])),
    ("events", lambda c: c.events("ann", n=5)["events"][0]),
    ("delete_event", lambda c: c.delete_event(c.events("ann")["events"][0]["id"])),
    ("add_items", lambda c: c.add_items([{"item_id": "new/1", "title": "tide"}])),
    ("items", lambda c: c.items(n=2)["items"][1]),
    ("put_item", lambda c: c.put_item("new/2", title="wave")),
    ("item", lambda c: c.item("new/2")["title"]),
    ("spread", lambda c: c.spread("sea-1")["item_id"]),
    ("change_item", lambda c: c.change_item("new/2", hidden=True)),
    ("delete_item", lambda c: c.delete_item("new/2")),
    ("add_users", lambda c: c.add_users([{"user_id": "bob", "interests": ["chess"]}])),
    ("add_follows", lambda c: c.add_follows([FOLLOW])["new"]),
    ("follows", lambda c: c.follows("ann")["follows"]),
    ("suggestions", lambda c: c.suggestions("ann", n=3)["suggestions"]),
    ("remove_follows", lambda c: c.remove_follows([FOLLOW])["deleted"]["follows"]),
    ("add_authors", lambda c: c.add_authors([{"author_id": "a", "name": "A"}])),
    ("authors", lambda c: c.authors()["authors"]),
    ("users", lambda c: c.users(n=2)["users"]),
    ("put_user", lambda c: c.put_user("a/b", interests=["sea"])),
    ("user", lambda c: c.user("a/b")["interests"]),
    ("make_token", lambda c: c.make_token("ann", seconds=60)["token"]),
    ("explain", lambda c: c.explain("ann", "sea-2")),
    ("profile", lambda c: c.profile("ann")),
    ("change_controls", lambda c: c.change_controls("ann", reset=True)),
    ("merge_users", lambda c: c.merge_users("ann", "a/b")),
    ("audit", lambda c: c.audit(n=1)),
    ("notices", lambda c: c.notices()),
    ("dead_notices", lambda c: c.dead_notices()),
    ("notice_kinds", lambda c: c.notice_kinds()),
    ("retry_notices", lambda c: c.retry_notices() == 0),
    ("add_pin", lambda c: c.add_pin("sea-3", 1)),
    ("pins", lambda c: c.pins()[0]),
    ("remove_pin", lambda c: c.remove_pin(c.pins()[0]["id"])),
    ("preview_watch", lambda c: c.preview_watch("tide")),
    ("opinion", lambda c: c.opinion("tide")),
    ("add_watch", lambda c: c.add_watch("tides", "tide OR wave")),
    ("watches", lambda c: c.watches()["watches"][0]),
    ("watch", lambda c: c.watch(1)["name"] == "tides"),
    ("change_watch", lambda c: c.change_watch(1, level="eager")),
    ("watch_timeline", lambda c: c.watch_timeline(1)["points"]),
    ("delete_watch", lambda c: c.delete_watch(1)),
    ("add_experiment", lambda c: c.add_experiment("variety", ARMS, "click_rate", effect=0.1)),
    ("experiments", lambda c: c.experiments()[0]["metrics"]["effect"] == 0.1),
    ("experiment", lambda c: c.experiment("variety")["state"] == "draft"),
    ("change_experiment", lambda c: c.change_experiment("variety", state="running")["started"]),
    ("what_if", lambda c: c.what_if("ann", overrides={"diversity": 0.5})["lists"]),
    ("say", lambda c: c.say("only chess", "ann")["commands"][0]["action"] == "only"),
    ("dialogue", lambda c: c.dialogue(c.say("hi", "ann")["dialogue_id"])["turns"]),
    ("delete_dialogue", lambda c: c.delete_dialogue(c.say("hi")["dialogue_id"])["deleted"]),
    ("fairness", lambda c: c.fairness()["at"] is None),
    ("creator_report", lambda c: c.creator_report("author-1")["people"] is None),
    ("experiment_report", lambda c: c.experiment_report("aa")["status"] == "too_early"),
    ("detected_events", lambda c: c.detected_events(n=2)["events"] == []),
    ("alerts", lambda c: c.alerts()),
    ("add_silence", lambda c: c.add_silence(4e9)),
    ("silences", lambda c: c.silences()[0]),
    ("remove_silence", lambda c: c.remove_silence(1)),
    ("webhooks", lambda c: c.webhooks() == []),
    ("mail_addresses", lambda c: c.mail_addresses() == []),
    ("suspects", lambda c: c.suspects()),
    ("export_user", lambda c: c.export_user("ann")),
    ("delete_user", lambda c: c.delete_user("ann")),
    ("ready", lambda c: c.ready()),
]
REFUSED: list[tuple[str, int, Callable[[Client], Any]]] = [
    ("entity", 404, lambda c: c.entity("no/such")),
    ("entity_timeline", 404, lambda c: c.entity_timeline("no/such")),
    ("add_webhook", 422, lambda c: c.add_webhook("ftp://example.org")),
    ("detected_event", 404, lambda c: c.detected_event(7)),
    ("alert", 404, lambda c: c.alert(7)),
    ("acknowledge_alert", 404, lambda c: c.acknowledge_alert(7)),
    ("resolve_alert", 404, lambda c: c.resolve_alert(7)),
    ("test_webhook", 404, lambda c: c.test_webhook(7)),
    ("delete_webhook", 404, lambda c: c.delete_webhook(7)),
    ("add_mail_address", 409, lambda c: c.add_mail_address("ann@example.org")),
    ("confirm_mail_address", 404, lambda c: c.confirm_mail_address("x" * 43)),
    ("test_mail_address", 404, lambda c: c.test_mail_address(7)),
    ("delete_mail_address", 404, lambda c: c.delete_mail_address(7)),
]


@pytest.fixture
def queried(app: Flask) -> set[str]:
    """The routes that were asked, as the OpenAPI document writes them."""
    found: set[str] = set()

    @app.after_request
    def note(response: Any) -> Any:
        if request.url_rule is not None:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", request.url_rule.rule)
            found.add(f"{request.method} {path}")
        return response

    return found


def test_every_route_has_a_method_or_a_reason(app: Flask, queried: set[str]) -> None:
    service: AppState = app.extensions["service"]
    with service.link.use():
        _, token = service.link.keys().create("client", ("admin",))
    transport = httpx.WSGITransport(app=app)
    with Client("http://service", key=token, retries=0, transport=transport) as client:
        for name, call in CALLS:
            assert call(client), name
        for name, status, call in REFUSED:
            with pytest.raises(ClientError) as error:
                call(client)
            assert error.value.status == status, (name, error.value)
    seen = frozenset(queried)
    document = app.test_client().get("/openapi.json").json
    routes = {
        f"{method.upper()} {path}" for path, one in document["paths"].items() for method in one
    }
    assert set(WITHOUT) <= routes and not set(WITHOUT) & seen
    assert routes - seen == set(WITHOUT)


def test_every_method_is_called_here() -> None:
    public = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if name[0] != "_"}
    named = {call[0] for call in (*CALLS, *REFUSED)}
    assert public - named == {"close", "notice_stream"}
