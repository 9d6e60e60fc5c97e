"""The audit log of requests: which routes and callers are in it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from api.console.page_dispatch import routes as console_pages
from api.http.endpoint_declaration import Endpoint, Routes
from api.runtime.app_state import AppState
from api.runtime.request_audit import LIST
from recsys.store.audit_log import StoredEntry

MakeApp = Callable[..., Flask]
DOCS = Path(__file__).parents[2] / "docs" / "access.md"
BODIES = {  # of routes whose answer needs a body that is right
    "POST /users/<id:user_id>/merge": {"from": "visitor"},
    "PATCH /users/<id:user_id>/profile": {"reset": True},
    "PUT /users/<user:user_id>": {"interests": ["oven"]},
    "POST /users": {"user_id": "baker"},
    "POST /events": {"user_id": "baker", "item_id": "sea-1"},
    "POST /follows": {"user_id": "baker", "author_id": "author-1"},
    "POST /authors": {"author_id": "author-1", "name": "Ada"},
    "POST /tokens": {"user_id": "baker"},
    "POST /webhooks": {"url": "https://127.0.0.1/x"},
    "POST /mail-addresses": {"address": "ann@example.org"},
    "POST /pins": {"item_id": "sea-1", "position": 1},
    "POST /watches": {"name": "tides", "query": "tide"},
    "PATCH /watches/<int:watch_id>": {"level": "quiet"},
    "POST /whatif": {"user": "baker", "overrides": {"diversity": 0.5}},
    "POST /dialogue": {"user": "baker", "text": "only sea"},
    "POST /silences": {"end": 4e9},
    "POST /experiments": {
        "id": "variety",
        "arms": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}],
        "metrics": {"primary": "click_rate"},
    },
    "PATCH /experiments/<experiment_id>": {"state": "running"},
    "POST /items": {"item_id": "new"},
    "PUT /items/<id:item_id>": {"title": "New"},
    "PATCH /items/<id:item_id>": {"title": "New"},
    "POST /api/user": {"UserId": "baker"},
    "POST /api/users": [{"UserId": "baker"}],
    "PATCH /api/user/<user>": {"Comment": "x"},
    "POST /api/item": {"ItemId": "new"},
    "POST /api/items": [{"ItemId": "new"}],
    "PATCH /api/item/<item>": {"Comment": "x"},
    "PUT /api/feedback": [{"FeedbackType": "like", "UserId": "baker", "ItemId": "sea-1"}],
    "POST /api/feedback": [{"FeedbackType": "like", "UserId": "baker", "ItemId": "sea-1"}],
}
FORMS = {
    "POST /console/bundles/rollback": {"version": "one", "confirm": "one"},
    "POST /console/keys/revoke": {"key_id": "unknown"},
    "POST /console/alerts/<int:alert>": {"change": "resolve"},
    "POST /console/watches": {"name": "dough", "query": "dough"},
    "POST /console/silences": {"hours": "1"},
    "POST /console/silences/remove": {"silence": "1"},
    "POST /console/watches/<int:watch>": {
        "name": "bread",
        "level": "normal",
        "least_people": "10",
        "digest": "none",
    },
    "POST /console/watches/<int:watch>/remove": {"confirm": "bread"},
    "POST /console/dialogue": {"user": "baker", "text": "only sea"},
    "POST /console/login": {"key": "unknown"},
    "POST /console/logout": {},
    "POST /console/view": {"lang": "en"},
}
QUERIES = {
    "GET /console/user": "?user=baker",
    "GET /console/why": "?user=baker&item=sea-1",
    "GET /console/compare": "?user=baker",
    "GET /console/item": "?item=sea-1",
    "GET /console/bundles/rollback": "?version=one",
    "GET /console/keys/revoke": "?key_id=unknown",
    "GET /explain": "?user=baker&item=sea-1",
    "GET /users": "?user_id=baker",
    "DELETE /users": "?user_id=baker",
    "GET /events": "?user_id=baker",
    "GET /follows": "?user_id=baker",
    "DELETE /follows": "?user_id=baker&author_id=author-1",
    "GET /audit": "?subject=baker",
}


def entries(app: Flask, user: str = "") -> list[StoredEntry]:
    """Return the entries of an app's store, oldest first."""
    service: AppState = app.extensions["service"]
    person = service.pseudonyms.of(user) if user else ""
    with service.link.use():
        return service.link.audit_log().page(person=person, n=1000)[::-1]


def endpoints(app: Flask) -> list[Endpoint]:
    found: list[Endpoint] = app.extensions["endpoints"]
    return [*found, *console_pages.endpoints]


def call(client: FlaskClient, endpoint: Endpoint) -> int:
    name = f"{endpoint.method} {endpoint.path}"
    path = re.sub(r"<int:\w+>", "1", endpoint.path)
    path = re.sub(r"<(?:\w+:)?(user|user_id)>", "baker", path)
    path = re.sub(r"<(?:\w+:)?\w+>", "sea-1", path) + QUERIES.get(name, "")
    sent = {"data": FORMS.get(name)} if endpoint.page else {"json": BODIES.get(name)}
    answer = client.open(path, method=endpoint.method, **sent)
    if not endpoint.path.endswith("/stream"):  # it does not end
        answer.get_data()
    answer.close()
    return answer.status_code


def test_a_route_that_names_a_user_or_changes_something_cannot_be_declared_without_a_rule() -> None:
    routes = Routes("test")
    for method, path in (("GET", "/things/<user>"), ("POST", "/things")):
        with pytest.raises(ValueError, match="give audit="):
            routes.route(method, path, "lists", answers=str)(lambda: "")
        routes.route(method, path, "lists", answers=str, audit="look")(lambda: "")
        routes.route(method, path, "lists", answers=str, unaudited=LIST)(lambda: "")
    routes.get("/things/<user>/more", "profile", answers=str)(lambda: "")
    assert routes.endpoints[-1].audit == "always"


def test_every_route_is_audited_or_exempt_with_a_reason(app: Flask) -> None:
    client = keyed(app, "admin")
    client.post("/events", json={"user_id": "visitor", "item_id": "sea-2"})
    # what is erased or deleted goes last
    order = sorted(endpoints(app), key=lambda one: (one.right == "erase", one.method == "DELETE"))
    for endpoint in order:
        name = f"{endpoint.method} {endpoint.name}"
        before = len(entries(app))
        status = call(client, endpoint)
        found = entries(app)[before:]
        if endpoint.audit == "never":
            assert not endpoint.sensitive or len(endpoint.unaudited) > 20, name
            assert found == [], name
            continue
        assert found and {one.entry.action for one in found} == {name}, (name, status)
        assert {one.entry.right for one in found} == {endpoint.right}
        assert {one.entry.roles for one in found} == {"admin"}
        assert {one.entry.outcome for one in found} <= {"done", "missing", "invalid"}, name
        if "user" in endpoint.path or name in QUERIES or "user" in str(BODIES.get(name, "")):
            expected = {"GET /api/users", "POST /api/users"}
            assert all(one.entry.subject for one in found) or name in expected, name
    assert app.extensions["service"].link.audit_log().verify().problems == ()


@pytest.mark.parametrize(
    ("roles", "profile", "history", "explain", "change"),
    [
        (("admin",), 1, 1, 1, 1),
        (("support",), 1, 1, 1, 1),
        (("write",), None, 0, 0, 0),
        (("read",), None, None, 0, None),
        ((), 1, 1, 1, 0),  # without a key, on this machine
    ],
)
def test_back_ends_are_told_from_operators(
    app: Flask,
    roles: tuple[str, ...],
    profile: int | None,
    history: int | None,
    explain: int | None,
    change: int | None,
) -> None:
    client = keyed(app, *roles) if roles else app.test_client()
    expected = {
        "/users/baker/profile": profile,
        "/events?user_id=baker": history,
        "/explain/baker/sea-1": explain,
        "/recommend/baker": 0,
    }
    for path, count in expected.items():
        before = len(entries(app))
        status = client.get(path).status_code
        assert status == (403 if count is None else 200), path
        found = [one.entry.outcome for one in entries(app)[before:]]
        refused = count is None and path == "/users/baker/profile"
        assert found == (["refused"] if refused else ["done"] * (count or 0)), path
    before = len(entries(app))
    client.put("/users/baker", json={"interests": ["oven"]})
    assert len(entries(app)) - before == (change or 0)


def test_the_holder_of_a_token_looks_at_themselves(app: Flask) -> None:
    back_end = keyed(app, "write")
    token = back_end.post("/tokens", json={"user_id": "baker"}).json["token"]
    browser = app.test_client()
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert browser.get("/users/baker/profile").status_code == 200
    assert browser.patch("/users/baker/profile", json={"reset": True}).status_code == 200
    assert browser.get("/users/ann/profile").status_code == 403
    assert entries(app) == []


def test_a_refused_request_and_an_unknown_user_are_entries_too(app: Flask) -> None:
    client = keyed(app, "support")
    assert client.delete("/users/baker").status_code == 403
    assert client.get("/users/nobody/export").status_code == 404
    assert client.get("/users/baker/profile?nope=1").status_code == 400
    outcomes = [(one.entry.action, one.entry.outcome) for one in entries(app)]
    assert outcomes == [
        ("DELETE /users/{user_id}", "refused"),
        ("GET /users/{user_id}/export", "missing"),
    ]
    assert entries(app, "baker")[0].entry.action == "DELETE /users/{user_id}"
    assert app.test_client().get("/users/baker/profile").status_code == 401
    assert len(entries(app)) == 2


def test_the_log_is_read_by_admins_with_filters_and_pages(app: Flask) -> None:
    support, admin = keyed(app, "support"), keyed(app, "admin")
    for user in ("baker", "ann", "baker"):
        support.get(f"/events?user_id={user}")
    assert support.get("/audit").status_code == 403
    found = admin.get("/audit?subject=baker&route=/events").json
    assert [one["action"] for one in found["entries"]] == ["GET /events"] * 2
    (subject,) = {one["subject"] for one in found["entries"]}
    assert subject not in ("", "baker") and found["next"] is None
    assert len(admin.get(f"/audit?subject={subject}&route=/events").json["entries"]) == 2
    assert admin.get(f"/audit?actor={found['entries'][0]['actor']}").json["entries"][-1][
        "roles"
    ] == ["support"]
    at = found["entries"][0]["at"]
    assert len(admin.get(f"/audit?until={at}&route=/events").json["entries"]) == 2
    pages, url = [], "/audit?route=/events&n=2"
    while url:
        page = admin.get(url).json
        pages += [one["id"] for one in page["entries"]]
        url = page["next"]
    assert len(pages) == len(set(pages)) == 3 and pages == sorted(pages, reverse=True)
    assert len(entries(app)) >= 8  # reading the log is in the log


def test_an_erasure_is_an_entry_that_leads_to_nobody(app: Flask) -> None:
    admin = keyed(app, "admin")
    admin.get("/users/baker/profile")
    receipt = admin.delete("/users/baker").json
    assert receipt["deleted"]["audit_links"] == 1
    looked, erased = entries(app)
    assert looked.entry.subject == erased.entry.subject != ""
    assert entries(app, "baker") == []
    again = admin.delete("/users/baker")
    assert (again.status_code, again.json["error"]["code"]) == (404, "erased")
    assert entries(app, "baker") == []


def test_an_export_shows_a_person_who_looked(app: Flask) -> None:
    admin = keyed(app, "admin")
    admin.get("/users/baker/profile")
    looks = admin.get("/users/baker/export").json["looks"]
    assert [(one["action"], one["outcome"]) for one in looks] == [
        ("GET /users/{user_id}/profile", "done")
    ]


def test_no_look_without_an_entry_and_no_change_is_lost(make_app: MakeApp, home: Path) -> None:
    app = make_app(write_seconds=0.1)
    service: AppState = app.extensions["service"]
    client = keyed(app, "admin")
    client.get("/users/baker/profile")  # the user has a subject from now on
    with sqlite3.connect(home / "store.db") as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get("/users/baker/profile")
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        other.rollback()
    client.get("/recommend/baker")
    service.audit.keep([entries(app)[0].entry])  # of a change after which the store failed
    assert len(entries(app)) == 1
    service.link.failed = 0.0
    time.sleep(1.1)  # writers were refused for a second
    service.audit.flush()
    assert len(entries(app)) == 2
    service.audit.flush()
    assert len(entries(app)) == 2


def test_lists_write_nothing(app: Flask) -> None:
    client = keyed(app, "admin")
    for path in ("/recommend/baker", "/trending", "/api/recommend/baker", "/similar/sea-1"):
        assert client.get(path).status_code == 200
    assert client.post("/recommend", json={"user": "baker"}).status_code == 200
    assert entries(app) == []
