"""Who gets into the console: keys for sessions, forgery, framing, fixation, roles, the setting."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.console.pages.sign_in import own_path
from api.console_session import COOKIE, SECONDS, Sessions
from api.runtime.app_state import AppState

MakeApp = Callable[..., Flask]
PEOPLE = [
    "/console/user?user=baker",
    "/console/why?user=baker&item=sea-1",
    "/console/compare?user=baker",
]


def key_for(app: Flask, *roles: str) -> tuple[str, str]:
    """Return the id and the text of a new key."""
    service: AppState = app.extensions["service"]
    with service.link.use():
        key, token = service.link.keys().create("desk", roles)
    service.worker.load_keys()
    return key.key_id, token


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page.get_data(as_text=True))
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, key: str, **more: str) -> TestResponse:
    page = client.get("/console/login")
    return client.post("/console/login", data={"csrf": token_of(page), "key": key, **more})


def test_a_key_is_exchanged_for_a_session_and_ends_it(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    key_id, key = key_for(app, "support")
    client = app.test_client()
    refused = client.get("/console/users")
    assert refused.status_code == 401 and 'type="password"' in refused.get_data(as_text=True)
    answer = sign_in(client, key, next="/console/users")
    assert (answer.status_code, answer.location) == (303, "/console/users")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/console" in cookie
    assert key not in cookie
    page = client.get("/console/user?user=baker")
    assert page.status_code == 200 and "desk" in page.get_data(as_text=True)
    assert client.get("/users/baker/profile").status_code == 401  # the cookie opens pages alone
    service: AppState = app.extensions["service"]
    with service.link.use():
        service.link.keys().revoke(key_id)
    service.worker.load_keys()
    assert client.get("/console/user?user=baker").status_code == 401


def test_the_cookie_is_secure_behind_https(make_app: MakeApp) -> None:
    for settings, secure in (({}, False), ({"public_url": "https://feed.example.org"}, True)):
        cookie = make_app(**settings).test_client().get("/console").headers["Set-Cookie"]
        assert ("Secure" in cookie) is secure
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.9"}  # as nginx.conf does
    answer = make_app(auth="off", console="on").test_client().get("/console", headers=proxied)
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("roles", [("read",), ("write",), ("metrics",)])
def test_a_key_of_a_program_opens_no_console(make_app: MakeApp, roles: tuple[str, ...]) -> None:
    app = make_app(auth="on")
    answer = sign_in(app.test_client(), key_for(app, *roles)[1])
    assert answer.status_code == 401 and "opens no console" in answer.get_data(as_text=True)


@pytest.mark.parametrize("key", ["", "   ", "rk_wrong", "键", "x" * 400])
def test_a_wrong_key_is_refused(make_app: MakeApp, key: str) -> None:
    client = make_app(auth="on").test_client()
    answer = sign_in(client, key)
    assert answer.status_code == 401 and client.get("/console").status_code == 401


def test_a_session_from_before_the_sign_in_ends_with_it(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    key = key_for(app, "admin")[1]
    client = app.test_client()
    before = client.get("/console/login")
    planted = client.get_cookie(COOKIE, path="/console")
    assert planted is not None
    old_token = token_of(before)
    sign_in(client, key)
    now = client.get_cookie(COOKIE, path="/console")
    assert now is not None and now.value != planted.value
    answer = client.post("/console/logout", data={"csrf": old_token})
    assert answer.status_code == 403  # whoever planted the old session knows no token of the new
    other = app.test_client()
    other.set_cookie(COOKIE, planted.value, path="/console")
    assert other.get("/console").status_code == 401


def test_signing_out_ends_the_session_of_the_browser(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    client = app.test_client()
    sign_in(client, key_for(app, "admin")[1])
    page = client.get("/console")
    answer = client.post("/console/logout", data={"csrf": token_of(page)})
    assert answer.location == "/console/login" and client.get("/console").status_code == 401


def test_sessions_end_by_time_and_bear_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions("secret")
    session, text = sessions.make("abcd")
    assert sessions.read(text) == session
    assert sessions.read(text[:-1]) is None and sessions.read("") is None
    assert Sessions("other").read(text) is None
    assert not Sessions("other").allows(session, sessions.form_token(session))
    later = time.time() + SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    assert sessions.read(text) is None


FORGED: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {}),
    ({"csrf": "0" * 64}, {}),
    ({"csrf": "ü"}, {}),
    ({"csrf": "right"}, {"Sec-Fetch-Site": "cross-site"}),
    ({"csrf": "right"}, {"Sec-Fetch-Site": "same-site"}),
]


@pytest.mark.parametrize(("fields", "headers"), FORGED)
@pytest.mark.parametrize(
    "path", ["/console/bundles/rollback", "/console/keys/revoke", "/console/view"]
)
def test_a_form_of_another_site_changes_nothing(
    make_app: MakeApp, path: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    app = make_app(auth="on")
    client = app.test_client()
    sign_in(client, key_for(app, "admin")[1])
    right = token_of(client.get("/console"))
    sent = {name: right if text == "right" else text for name, text in fields.items()}
    answer = client.post(path, data={"version": "one", "confirm": "one", **sent}, headers=headers)
    assert answer.status_code == 403
    assert "open its page again" in answer.get_data(as_text=True)


def test_a_token_of_another_session_is_refused(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    key = key_for(app, "admin")[1]
    mine, theirs = app.test_client(), app.test_client()
    sign_in(mine, key)
    sign_in(theirs, key)
    token = token_of(theirs.get("/console"))
    assert mine.post("/console/view", data={"csrf": token, "lang": "en"}).status_code == 403


def test_a_caller_without_a_key_needs_the_token_as_well(client: FlaskClient) -> None:
    fields = {"version": "one", "confirm": "one"}
    assert client.post("/console/bundles/rollback", data=fields).status_code == 403
    token = token_of(client.get("/console"))
    answer = client.post("/console/bundles/rollback", data={**fields, "csrf": token})
    assert answer.status_code == 303


@pytest.mark.parametrize("auth", ["auto", "off"])
def test_the_password_of_a_proxy_is_no_sign_of_the_console(make_app: MakeApp, auth: str) -> None:
    client = make_app(auth=auth, console="on").test_client()
    fields = {"version": "one", "confirm": "one"}
    headers = {"Authorization": "Basic YW5uOmFubg=="}  # which a browser adds to any form
    foreign = {**headers, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for sent in (headers, foreign):
        answer = client.post("/console/bundles/rollback", data=fields, headers=sent)
        assert answer.status_code in (401, 403), sent


@pytest.mark.parametrize(
    "path", ["/console", "/console/login", "/console/none", "/console/static/console.js"]
)
def test_no_page_is_framed_and_none_names_another_host(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert headers["X-Frame-Options"] == "DENY" and headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"] or "static" in path


def test_support_does_not_operate(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    client = app.test_client()
    sign_in(client, key_for(app, "support")[1])
    token = token_of(client.get("/console"))
    for path in (
        "/console/settings",
        "/console/runs",
        "/console/keys",
        "/console/audit",
        "/console/suspects",
        "/console/alerts",
        "/console/bundles/rollback?version=one",
    ):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "this needs the role" in answer.get_data(as_text=True)
    sent = {"version": "one", "confirm": "one", "csrf": token}
    assert client.post("/console/bundles/rollback", data=sent).status_code == 403
    assert (
        client.post("/console/keys/revoke", data={"key_id": "x", "csrf": token}).status_code == 403
    )


@pytest.mark.parametrize("path", PEOPLE)
def test_every_look_at_a_user_is_in_the_audit_log(make_app: MakeApp, path: str) -> None:
    app = make_app(auth="on")
    key_id, key = key_for(app, "support")
    client = app.test_client()
    sign_in(client, key)
    assert client.get(path).status_code == 200
    service: AppState = app.extensions["service"]
    with service.link.use():
        person = service.pseudonyms.of("baker")
        found = service.link.audit_log().page(person=person)
    assert [(one.entry.actor, one.entry.action) for one in found] == [
        (key_id, f"GET {path.split('?')[0]}")
    ]


def test_auto_is_on_for_loopback_and_else_with_an_operator(make_app: MakeApp) -> None:
    assert make_app().test_client().get("/console").status_code == 200
    assert make_app(console="off").test_client().get("/console").status_code == 404
    assert make_app(console="off").test_client().get("/console/login").status_code == 404
    elsewhere = make_app(host="0.0.0.0")
    assert elsewhere.test_client().get("/console/login").status_code == 404
    key_for(elsewhere, "write")
    assert elsewhere.test_client().get("/console/login").status_code == 404
    key_for(elsewhere, "support")
    assert elsewhere.test_client().get("/console/login").status_code == 200
    assert elsewhere.test_client().get("/console").status_code == 401
    assert make_app(host="0.0.0.0", console="on").test_client().get("/console").status_code == 401


def test_a_key_in_a_header_opens_pages_and_needs_no_token(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    client = keyed(app, "operate")
    assert client.get("/console/bundles").status_code == 200
    answer = client.post("/console/bundles/rollback", data={"version": "one", "confirm": "one"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example",
        "//evil.example",
        "/console//evil",
        "/consoleevil",
        "/docs",
        "",
        "/console\\x",
    ],
)
def test_the_way_back_stays_in_the_console(where: str) -> None:
    assert own_path(where) == "/console"
    assert own_path("/console/user?user=a//b") == "/console/user?user=a//b"
