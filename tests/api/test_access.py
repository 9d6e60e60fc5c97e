"""Who may do what: every route and role, callers without a key, tokens of browsers."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Server, key_of, keyed
from flask import Flask
from flask.testing import FlaskClient

from api.console.page_dispatch import routes as console_pages
from api.http.endpoint_declaration import Endpoint
from api.user_tokens import Tokens
from recsys.data.api_roles import KEY_ONLY, RIGHTS, ROLES

DOCS = Path(__file__).parents[2] / "docs" / "access.md"
MakeApp = Callable[..., Flask]


def endpoints(app: Flask) -> list[Endpoint]:
    """Return the routes of an app, and the pages of its console, which are loaded later."""
    found: list[Endpoint] = app.extensions["endpoints"]
    return [*found, *console_pages.endpoints]


def url_of(endpoint: Endpoint) -> str:
    """Return a path of a route: users and items that exist, so that only rights decide."""
    path = re.sub(r"<int:\w+>", "1", endpoint.path)
    path = re.sub(r"<(?:\w+:)?(user|user_id)>", "baker", path)
    return re.sub(r"<(?:\w+:)?\w+>", "sea-1", path)


def test_every_route_refuses_every_role_without_its_right(make_app: MakeApp) -> None:
    app = make_app(auth="on", rate_limit=0)
    clients = {role: keyed(app, role) for role in ROLES}
    for endpoint in endpoints(app):
        for role, client in clients.items():
            may = endpoint.right is None or endpoint.right in ROLES[role]
            # a body that no route takes: whoever has the right is told so, and changes nothing
            body = b"no JSON" if endpoint.body or endpoint.page else None
            query = "/?" if endpoint.method == "DELETE" and may else ""
            if endpoint.method == "DELETE" and may:
                continue  # nothing but the right stands between this call and the deletion
            answer = client.open(url_of(endpoint) + query, method=endpoint.method, data=body)
            refused = answer.status_code == 403
            assert refused is not may, (role, endpoint.method, endpoint.path, answer.status_code)


def test_every_route_refuses_whoever_has_no_key(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    for endpoint in endpoints(app):
        answer = app.test_client().open(url_of(endpoint), method=endpoint.method)
        assert (answer.status_code == 401) is (endpoint.right is not None), endpoint.path


def test_the_tables_in_the_docs_are_those_that_hold(app: Flask) -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    for right, words in RIGHTS.items():
        marks = " | ".join("yes" if right in rights else "" for rights in ROLES.values())
        without = "" if right in KEY_ONLY else "yes"
        assert f"| `{right}` | {words} | {marks} | {without} |".replace("  ", " ") in [
            line.replace("  ", " ") for line in lines
        ], right
    for endpoint in endpoints(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", endpoint.path)
        token = "yes" if endpoint.own else ""
        row = f"| `{endpoint.method} {path}` | {endpoint.right or 'none'} | {token} |"
        assert row.replace("  ", " ") in [line.replace("  ", " ") for line in lines], row


ELSEWHERE: list[dict[str, str]] = [
    {"REMOTE_ADDR": "10.0.0.9"},
    {"REMOTE_ADDR": ""},
    {"HTTP_HOST": "feed.example.org"},
    {"HTTP_HOST": "localhost.example.org"},
    {"HTTP_HOST": "127.0.0.1.example.org:8000"},
    {"HTTP_HOST": "10.0.0.9"},
    {"HTTP_HOST": "0.0.0.0"},
    {"HTTP_HOST": ""},
    {"HTTP_FORWARDED": "for=10.0.0.9"},
    {"HTTP_VIA": "1.1 proxy"},
    {"HTTP_X_FORWARDED_FOR": "10.0.0.9"},
    {"HTTP_X_FORWARDED_HOST": "feed.example.org"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_X_REAL_IP": "10.0.0.9"},
    {"SERVER_PROTOCOL": "HTTP/1.0"},
    {"HTTP_ORIGIN": "https://evil.example.org"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_ORIGIN": "http://localhost:3000"},
    {"HTTP_SEC_FETCH_SITE": "cross-site"},
    {"HTTP_SEC_FETCH_SITE": "same-site"},
]


@pytest.mark.parametrize("environ", ELSEWHERE, ids=str)
def test_a_request_from_elsewhere_needs_a_key(client: FlaskClient, environ: dict[str, str]) -> None:
    assert client.get("/recommend/u").status_code == 200
    answer = client.get("/recommend/u", environ_overrides=environ)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.delete("/users/baker", environ_overrides=environ).status_code == 401
    assert client.get("/users/baker").status_code == 200
    assert client.get("/health/live", environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "127.0.0.1:8000"},
        {"HTTP_HOST": "127.9.9.9"},
        {"HTTP_HOST": "[::1]:8000"},
        {"HTTP_HOST": "[::1]"},
        {"HTTP_HOST": "LOCALHOST:8000"},
        {"HTTP_HOST": "localhost:8000", "HTTP_ORIGIN": "http://localhost:8000"},
        {"HTTP_SEC_FETCH_SITE": "none"},
        {"HTTP_SEC_FETCH_SITE": "same-origin"},
    ],
    ids=str,
)
def test_a_program_on_this_machine_needs_none(client: FlaskClient, environ: dict[str, str]) -> None:
    assert client.get("/recommend/u", environ_overrides=environ).status_code == 200


def test_an_origin_that_is_allowed_needs_none(make_app: MakeApp) -> None:
    client = make_app(cors_origins=("http://localhost:3000",)).test_client()
    for origin, status in (("http://localhost:3000", 200), ("http://localhost:3001", 401)):
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
        assert client.get("/recommend/u", headers=headers).status_code == status


def test_with_the_first_key_everybody_needs_one(app: Flask, client: FlaskClient) -> None:
    assert client.get("/recommend/u").status_code == 200
    admin = keyed(app)
    answer = client.get("/recommend/u")
    assert answer.status_code == 401 and "a key has been made" in answer.json["error"]["message"]
    assert admin.get("/recommend/u").status_code == 200
    for header in ("rk_without_a_scheme", "Basic dTpw"):
        answer = client.get("/recommend/u", headers={"Authorization": header})
        told = answer.json["error"]["message"]
        assert answer.status_code == 401 and "'Bearer <key>'" in told and "rk_w" not in told
    service = app.extensions["service"]
    with service.link.use():
        (key,) = service.link.keys().list()
        assert service.link.keys().revoke(key.key_id)
    service.worker.load_keys()
    assert client.get("/recommend/u").status_code == 401  # a key that was made stays made


@pytest.mark.parametrize("auth", ["auto", "off"])
def test_exporting_and_erasing_need_a_key_always(make_app: MakeApp, auth: str) -> None:
    app = make_app(auth=auth)
    for method, url in (
        ("DELETE", "/users/baker"),
        ("DELETE", "/users?user_id=baker"),
        ("DELETE", "/api/user/baker"),
        ("GET", "/users/baker/export"),
    ):
        answer = app.test_client().open(url, method=method)
        assert answer.status_code == 401, url
        assert "recsys keys create" in answer.json["error"]["message"]
    assert keyed(app).delete("/users/baker").status_code == 200


def test_a_key_of_before_roles_keeps_what_its_scope_admitted_to(app: Flask) -> None:
    from recsys.store.api_keys import _roles

    service = app.extensions["service"]
    writer = keyed(app, "write")
    assert writer.get("/users/baker/export").status_code == 403
    with service.link.use() as store, store.db.write() as connection:
        connection.execute(_roles.delete())
    service.worker.load_keys()
    assert writer.get("/users/baker/export").status_code == 200
    assert writer.get("/stats").status_code == 403
    assert writer.delete("/users/baker").status_code == 200


def test_a_read_key_is_not_told_what_somebody_has_done(app: Flask) -> None:
    reader, support = keyed(app, "read"), keyed(app, "support")
    mute = {"controls": [{"action": "mute", "kind": "item", "value": "sea-2"}]}
    assert support.patch("/users/baker/profile", json=mute).status_code == 200
    for item, closed in (("bread-1", "seen"), ("sea-2", "muted")):
        whole = support.get(f"/explain/baker/{item}").json
        assert whole["closed"] == closed and whole["rank"] is None
        result = reader.get(f"/explain/baker/{item}").json
        assert result["closed"] == "" and result["rank"] >= 1
    disliked = {"user_id": "baker", "item_id": "bread-15", "event": "dislike"}
    assert keyed(app, "write").post("/events", json=disliked).status_code == 201
    whole = support.get("/explain/baker/bread-9").json
    result = reader.get("/explain/baker/bread-9").json
    named = {r.get("item_id") for r in result["reasons"]} | {
        one["item_id"] for r in result["reasons"] for one in r.get("items", ())
    }
    assert "bread-15" in {p["item_id"] for p in whole["parts"] if p.get("item_id")} - named
    assert {p["item_id"] for p in result["parts"] if p.get("item_id")} <= named
    assert {i for part in (*result["topics"], *result["authors"]) for i in part["items"]} <= named
    parts = sum(part["value"] for part in result["parts"])
    assert result["base"] + parts == pytest.approx(result["score"], abs=1e-3)
    assert "Your history speaks against it" in {part["text"] for part in result["parts"]}
    assert "bread-15" not in str(result)
    for url in ("/events?user_id=baker", "/users", "/users/baker", "/users/baker/profile"):
        assert reader.get(url).status_code == 403
    assert reader.get("/api/user/baker/feedback").status_code == 403


def test_the_user_of_popular_in_the_form_of_gorse_changes_nothing(app: Flask) -> None:
    reader = keyed(app, "read")
    for path in ("/api/popular", "/api/latest", "/api/item/bread-1/neighbors"):
        plain, queried = reader.get(f"{path}?n=60"), reader.get(f"{path}?n=60&user-id=baker")
        assert plain.json == queried.json and plain.json


def test_flags_are_switched_off_by_operators_alone(make_app: MakeApp) -> None:
    app = make_app(auth="on", rate_limit=0)
    write, operate = keyed(app, "write"), keyed(app, "operate")
    insult = {"item_id": "rude", "title": "you idiot", "author_id": "ann"}
    assert write.post("/items", json=insult).status_code == 201
    assert "flags" in write.get("/items/rude").json["metadata"]
    said = {"metadata": {"reviewed": True}}
    refused = [
        write.post("/items", json=[{"item_id": "other"}, insult | said]),
        write.put("/items/rude", json=insult | said),
        write.put("/items/rude", json=insult | {"reviewed": True}),
        write.patch("/items/rude", json=said),
        write.post("/items", json={"item_id": "new", "title": "you idiot"} | said),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert "role operate or admin" in refused[0].json["error"]["message"]
    assert write.get("/items/other").status_code == 404  # all of a body, or none
    assert operate.patch("/items/rude", json=said).status_code == 200
    assert "flags" not in write.get("/items/rude").json["metadata"]
    # what was read is sent back, and what says nothing of it changes nothing
    known = write.get("/items/rude").json
    assert write.put("/items/rude", json={"metadata": known["metadata"]}).status_code == 200
    assert write.post("/items", json=insult).status_code == 201
    assert write.get("/items/rude").json["metadata"]["reviewed"] is True
    assert write.patch("/items/rude", json={"metadata": {"reviewed": False}}).status_code == 403


def test_a_get_does_not_write_without_the_right_to(app: Flask) -> None:
    reader, writer, admin = keyed(app, "read"), keyed(app, "write"), keyed(app)
    url = "/api/recommend/baker?n=3&write-back-type=read"
    assert admin.delete("/users/baker").status_code == 200
    answer = reader.get(url)
    assert answer.status_code == 403 and "role write" in answer.json["error"]["message"]
    assert admin.get("/events?user_id=baker").json["events"] == []
    assert len(writer.get(url).json) == 3
    assert len(admin.get("/events?user_id=baker").json["events"]) == 3


def browser(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_a_token_is_for_its_user_alone(make_app: MakeApp) -> None:
    app = make_app(auth="on", cors_origins=("https://feed.example.org",))
    made = keyed(app, "write").post("/tokens", json={"user_id": "baker", "seconds": 600})
    assert made.status_code == 201 and made.json["user_id"] == "baker"
    page = browser(app, made.json["token"])
    event = {"user_id": "baker", "item_id": "sea-1", "event": "like"}
    mute = {"controls": [{"action": "mute", "kind": "tag", "value": "rook"}]}
    assert page.get("/recommend/baker?n=3").json["user"] == "baker"
    assert page.get("/recommend?user=baker").status_code == 200
    assert page.post("/recommend", json={"items": ["sea-1"]}).status_code == 200
    assert page.post("/events", json=[event]).status_code == 201
    assert page.patch("/users/baker/profile", json=mute).status_code == 200
    assert page.get("/users/baker/profile").status_code == 200
    assert page.get("/explain/baker/bread-1").json["closed"] == "seen"
    for url in ("/similar/sea-1", "/popular", "/trends?user=baker", "/items/sea-1", "/topics"):
        assert page.get(url).status_code == 200, url
    other = {**event, "user_id": "ann"}
    refused: list[tuple[str, str, Any]] = [
        ("GET", "/recommend/ann", None),
        ("GET", "/recommend?user=ann", None),
        ("POST", "/recommend", {"user": "ann", "items": ["sea-1"]}),
        ("POST", "/recommend/batch", {"users": ["baker"]}),
        ("POST", "/events", [event, other]),
        ("GET", "/events?user_id=ann", None),
        ("GET", "/explain/ann/sea-1", None),
        ("GET", "/trends?user=ann", None),
        ("PATCH", "/users/ann/profile", mute),
        ("GET", "/users/ann/profile", None),
        ("GET", "/users", None),
        ("GET", "/users/baker/export", None),
        ("DELETE", "/users/baker", None),
        ("POST", "/items", {"item_id": "x", "title": "y"}),
        ("DELETE", "/events/1", None),
        ("GET", "/api/recommend/baker", None),
        ("GET", "/stats", None),
        ("POST", "/tokens", {"user_id": "baker"}),
    ]
    for method, url, body in refused:
        assert page.open(url, method=method, json=body).status_code == 403, (method, url)


def test_a_token_ends_with_its_time_and_with_its_key(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api import user_tokens

    app = make_app(auth="on")
    service = app.extensions["service"]
    token = keyed(app, "write").post("/tokens", json={"user_id": "baker"}).json["token"]
    page = browser(app, token)
    assert page.get("/recommend/baker").status_code == 200
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert browser(app, changed).get("/recommend/baker").status_code == 401
    own, _ = Tokens("another secret").make("baker", 60, "")
    assert browser(app, own).get("/recommend/baker").status_code == 401
    now = user_tokens.time.time()
    monkeypatch.setattr(user_tokens.time, "time", lambda: now + 3_601)
    assert page.get("/recommend/baker").status_code == 401
    monkeypatch.undo()
    assert page.get("/recommend/baker").status_code == 200
    with service.link.use():
        (key,) = service.link.keys().list()
        service.link.keys().revoke(key.key_id)
    service.worker.load_keys()
    assert page.get("/recommend/baker").status_code == 401
    too_long = keyed(app).post("/tokens", json={"user_id": "baker", "seconds": 3_601})
    assert too_long.status_code == 422


def test_a_token_stores_few_events_at_a_time(make_app: MakeApp) -> None:
    app = make_app(auth="on", rate_limit=60.0)  # 120 at once, then 60 a second
    back_end = keyed(app, "write")
    page = browser(app, back_end.post("/tokens", json={"user_id": "eve"}).json["token"])
    rows = [{"user_id": "eve", "item_id": f"any-{n}", "event": "like"} for n in range(101)]
    result = page.post("/events", json=rows)
    assert result.status_code == 422 and "send 1 to 100" in result.json["error"]["message"]
    assert page.post("/events", json=rows[:100]).status_code == 201
    assert page.post("/events", json=rows[:100]).status_code == 429  # each row is a request
    assert back_end.post("/events", json=rows).status_code == 201


def test_a_token_adds_so_many_follows_and_no_more(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.follows.TOKEN_FOLLOWS", 150)
    app = make_app(rate_limit=0)
    write = keyed(app, "write")
    token = write.post("/tokens", json={"user_id": "ann"}).json["token"]
    page = {"Authorization": f"Bearer {token}"}

    def rows(first: int) -> list[dict[str, str]]:
        return [{"user_id": "ann", "author_id": f"author-{n}"} for n in range(first, first + 100)]

    sent = [
        app.test_client().post("/follows", json=rows(first), headers=page).status_code
        for first in (0, 100, 200)
    ]
    assert sent == [201, 201, 409]
    assert write.post("/follows", json=rows(200)).status_code == 201  # the back end is trusted


def test_a_token_ends_when_its_user_is_erased(make_app: MakeApp) -> None:
    one, other = make_app(auth="on"), make_app(auth="on")  # two workers
    back_end, event = keyed(one), {"user_id": "eve", "item_id": "sea-1", "event": "like"}
    other.extensions["service"].worker.load_keys()
    queried = {"user_id": "eve", "seconds": 600}
    token = back_end.post("/tokens", json=queried).json["token"]
    bystander = back_end.post("/tokens", json={"user_id": "baker"}).json["token"]
    assert browser(one, token).post("/events", json=event).status_code == 201
    assert back_end.delete("/users/eve").status_code == 200
    other.extensions["service"].worker.load_keys()
    for app in (one, other):
        page = browser(app, token)
        assert page.post("/events", json=event).status_code == 401
        mute = {"controls": [{"action": "mute", "kind": "tag", "value": "rook"}]}
        assert page.patch("/users/eve/profile", json=mute).status_code == 401
        assert browser(app, bystander).get("/recommend/baker").status_code == 200
    assert back_end.get("/users/eve").status_code == 404  # the open page has not brought them back
    again = back_end.post("/tokens", json=queried).json["token"]
    assert browser(one, again).post("/events", json=event).status_code == 201


def ask(server: Server, *headers: str, line: str = "GET /recommend/ann?n=1 HTTP/1.1") -> int:
    """Send a request as it stands; return the status of the answer."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        text = "\r\n".join([line, *headers, "Connection: close", "", ""])
        connection.sendall(text.encode())
        answer = connection.makefile("rb").readline()
    return int(answer.split()[1])


def test_proxies_and_foreign_pages_before_a_real_server(serve: Callable[..., Server]) -> None:
    server = serve()
    own = f"Host: {server.url.removeprefix('http://')}"
    assert ask(server, own) == 200
    assert ask(server, "Host: rebound.example.org") == 401
    assert ask(server, own, "X-Forwarded-For: 10.0.0.9") == 401
    assert ask(server, own, "Via: 1.1 caddy") == 401
    assert ask(server, own, "Origin: https://evil.example.org") == 401
    # what nginx sends for a plain `proxy_pass http://127.0.0.1:8000`
    assert ask(server, own, line="GET /recommend/ann?n=1 HTTP/1.0") == 401
    assert ask(server, own, line="DELETE /users/baker HTTP/1.0") == 401
    assert ask(server, own, line="DELETE /users/baker HTTP/1.1") == 401
    token = key_of(f"sqlite:///{server.home / 'store.db'}", "read")
    key = f"Authorization: Bearer {token}"
    deadline = 100
    while ask(server, own, key) != 200 and deadline:  # workers read the keys every two seconds
        deadline -= 1
    assert ask(server, own, key, "X-Forwarded-For: 10.0.0.9") == 200
    assert ask(server, own) == 401


def test_no_answer_may_be_kept_by_a_shared_cache(make_app: Callable[..., Flask]) -> None:
    """A cache before the service knows nothing of keys: it would give ann's list to everybody."""
    app = make_app()
    client = keyed(app, "admin")
    for endpoint in app.extensions["endpoints"]:
        if endpoint.method == "GET" and "<" not in endpoint.path and "stream" not in endpoint.path:
            told = client.get(endpoint.path).headers["Cache-Control"]
            assert "no-store" in told or "private" in told, endpoint.path
    for path in ("/recommend/ann", "/home/ann", "/digest/ann", "/users/ann/profile", "/nothing"):
        told = client.get(path).headers["Cache-Control"]
        assert told in ("no-store", "private, no-cache"), path
    assert app.test_client().get("/recommend/ann").headers["Cache-Control"]
