"""Bad input: one error shape, the right status, the name of what is wrong, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def failed(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert set(response.json) == {"error"}
    error: dict[str, Any] = response.json["error"]
    assert set(error) == {"code", "message", "details"}
    assert isinstance(error["details"], list) and error["message"]
    assert response.content_type == "application/json"
    assert response.headers["X-Request-ID"]
    return error


LIMITS = [
    ("n", ["1", "20", "500"], ["0", "-1", "501", "1.5", "x", "", "1e2", " 1", "9" * 30]),
    ("offset", ["0", "10000"], ["-1", "10001", "x", ""]),
    ("diversity", ["0", "0.5", "1", "1.0"], ["-0.1", "1.01", "x", "nan", "inf", ""]),
    ("personal", ["0", "0.5", "1"], ["-0.1", "1.01", "x", "nan", ""]),
    ("explore", ["0", "0.5"], ["0.51", "-1", "NaN"]),
    ("explain", ["0", "1", "true", "false"], ["2", "yes", "", "TRUE"]),
    ("impressions", ["0", "1"], ["maybe"]),
    ("author_cap", ["1", "500"], ["0", "501", "-3", "1.5"]),
    ("category_cap", ["1", "500"], ["0", "501"]),
    ("max_age", ["0", "86400.5", "10000000000"], ["-1", "1e11", "1d", "inf"]),
    ("min_age", ["0"], ["-0.5", "x"]),
    ("q", ["", "x" * 2000, "😀"], ["x" * 2001]),
    ("category", ["a", "x" * 512], ["x" * 513, " ", "", "a\x00b", "a\nb"]),
    ("exclude", ["a", "a,b"], ["x" * 513, ""]),
    ("fields", ["title", "none"], ["x" * 513]),
    ("cursor", [], ["", "!!!", "AAAA", "x" * 5000]),
]


@pytest.mark.parametrize(("name", "good", "bad"), LIMITS, ids=[one[0] for one in LIMITS])
def test_each_parameter_at_below_and_above_its_limits(
    client: FlaskClient, name: str, good: list[str], bad: list[str]
) -> None:
    for value in good:
        response = client.get("/recommend/baker", query_string={name: value})
        assert response.status_code == 200, (value, response.text)
    for value in bad:
        error = failed(client.get("/recommend/baker", query_string={name: value}), 400)
        assert name in error["message"] or name in str(error["details"]), value


def test_a_failed_check_is_told_in_its_own_words(client: FlaskClient) -> None:
    error = failed(client.post("/watches/preview", json={"query": "(dough"}), 422)
    assert error["message"].startswith("query: query, at its end: expected")
    assert error["details"][0]["type"] == "value_error"
    page = client.get("/console/watches?query=(dough").get_data(as_text=True)
    assert "query, at its end: expected" in page and "Value error" not in page
    error = failed(client.post("/watches", json=[]), 422)
    assert error["message"] == "body: Input should be an object"
    error = failed(client.post("/follows", json={"user_id": "ann"}), 422)
    assert error["message"] == "0: give either author_id or followed_user_id"


def test_a_control_is_refused_without_names_of_classes(client: FlaskClient) -> None:
    for control, field, words in (
        ({"action": "mutee", "kind": "tag", "value": "x"}, "controls.0.action", "'mute', 'boost'"),
        ({"action": "mute", "kind": "genre", "value": "x"}, "controls.0.kind", "'topic', 'author'"),
        ({"action": "mute", "kind": "tag"}, "controls.0.value", "Field required"),
        ({"action": "forget", "kind": "everything", "x": 1}, "controls.0.x", "is no field"),
    ):
        answer = client.patch("/users/baker/profile", json={"controls": [control]})
        error = failed(answer, 422)
        assert error["message"].startswith(f"{field}: ") and words in error["message"]
        assert [one["field"] for one in error["details"]] == [field]


def test_a_method_that_a_path_lacks_is_told_with_those_it_has(client: FlaskClient) -> None:
    answer = client.put("/recommend")
    told = failed(answer, 405)["message"]
    assert told == "there is no PUT /recommend; this path has GET and POST"


def test_an_empty_question_is_told_in_plain_words(client: FlaskClient) -> None:
    assert failed(client.get("/help?q="), 400)["message"] == "q: is empty"


@pytest.mark.parametrize(
    "since",
    ["1764500000", "0", "2026-11-01", "2026-11-01T00:00:00Z", "Sun, 01 Nov 2026 00:00:00 GMT"],
)
def test_times_in_queries_have_any_form(client: FlaskClient, since: str) -> None:
    for path in ("/audit", "/digest/baker"):
        answer = client.get(path, query_string={"since": since})
        assert answer.status_code == 200, answer.text
    assert client.get("/audit?since=2026-11-01T01:00:00+01:00").status_code == 200
    failed(client.get("/audit?since=20261201"), 400)
    if since.startswith("2026"):
        assert (
            client.get("/digest/baker", query_string={"since": since}).json["since"] == 1793491200
        )
        error = failed(client.get("/audit", query_string={"until": "gestern"}), 400)
        assert "'gestern' is not a time" in error["message"]


def test_unknown_parameters_are_named(client: FlaskClient) -> None:
    for url in ("/recommend/u?limit=3", "/recommend/u?n=3&limit=3", "/items/sea-0?limit=3"):
        error = failed(client.get(url), 400)
        assert error["code"] == "unknown_parameter" and "limit" in error["message"]
        assert error["details"][0]["field"] == "limit"


def test_a_parameter_given_twice(client: FlaskClient) -> None:
    assert "n is given 2 times" in failed(client.get("/recommend/u?n=1&n=2"), 400)["message"]


def test_what_is_not_utf8(client: FlaskClient) -> None:
    failed(client.get("/", environ_overrides={"PATH_INFO": "/recommend/\xff\xfe"}), 400)
    failed(client.get("/recommend/u?q=%ff"), 400)
    failed(client.post("/events", data=b"\xff\xfe", content_type="application/json"), 400)


@pytest.mark.parametrize("user", ["x" * 513, "x" * 10_000, "a%00b", "a%0Ab", "%20", "%E2%80%A8"])
def test_ids_that_are_none(client: FlaskClient, user: str) -> None:
    failed(client.get(f"/recommend/{user}"), 400)


def test_ids_at_their_limit(client: FlaskClient) -> None:
    assert client.get("/recommend/" + "x" * 512).status_code == 200
    assert client.get("/recommend/" + "%F0%9F%98%80" * 512).status_code == 200


BODIES = [
    (b"", 400, "bad_json"),
    (b"not json", 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i"', 400, "bad_json"),
    (b'{"user_id": "u", "user_id": "v", "item_id": "i"}', 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i", "value": NaN}', 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i", "value": Infinity}', 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i", "value": -Infinity}', 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i", "value": 1e999}', 400, "bad_json"),
    (b'{"user_id": "u", "item_id": "i", "value": ' + b"1" * 5000 + b"}", 400, "bad_json"),
    (b"[" * 40 + b"]" * 40, 400, "bad_json"),
    (b"[" * 200_000 + b"]" * 200_000, 400, "bad_json"),
    (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "bad_json"),
    (b"[]", 422, "invalid"),
    (b"{}", 422, "invalid"),
    (b"null", 422, "invalid"),
    (b"3", 422, "invalid"),
    (b'"text"', 422, "invalid"),
    (b"[[]]", 422, "invalid"),
    (b'{"user_id": 5.5, "item_id": "i"}', 422, "invalid"),
    (b'{"user_id": null, "item_id": "i"}', 422, "invalid"),
    (b'{"user_id": "", "item_id": "i"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "  "}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "a\\u0000b"}', 422, "invalid"),
    (b'{"user_id": "\\ud800", "item_id": "i"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "' + b"x" * 10_000 + b'"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "value": "3"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "value": true}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "value": 1e300}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "event": 3}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": "yesterday"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": "2999-01-01"}', 409, "future_time"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": 99999999999}', 409, "future_time"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": ""}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": true}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "timestamp": {}}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "kind": "like"}', 422, "invalid"),
    (b'{"user_id": "u", "item_id": "i", "recommendation_id": "x"}', 422, "invalid"),
]


@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=[str(b[0][:60]) for b in BODIES])
def test_bodies_of_events(client: FlaskClient, body: bytes, status: int, code: str) -> None:
    before = client.get("/stats").json["counts"]
    error = failed(client.post("/events", data=body, content_type="application/json"), status)
    assert error["code"] == code
    assert client.get("/stats").json["counts"] == before


def test_wrong_media_types(client: FlaskClient) -> None:
    event = json.dumps({"user_id": "u", "item_id": "i"})
    for kind in ("text/plain", "", "application/x-www-form-urlencoded", "application/xml"):
        failed(client.post("/events", data=event, content_type=kind), 415)
    kind = "application/json; charset=utf-8"
    assert client.post("/events", data=event, content_type=kind).status_code == 201


def test_bodies_that_are_too_large(make_app: Callable[..., Flask]) -> None:
    client = make_app(max_body=1000, max_batch=3).test_client()
    rows = [{"user_id": "u", "item_id": "i"}] * 4
    failed(client.post("/events", data=b"x" * 1001, content_type="application/json"), 413)
    failed(client.post("/events", json=rows), 422)
    assert client.post("/events", json=rows[:3]).status_code == 201


def test_a_truncated_body(client: FlaskClient) -> None:
    response = client.post(
        "/events",
        data=b'{"user_id": "u"',
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "500"},
    )
    failed(response, 400)


def test_json_lines_name_the_line(client: FlaskClient) -> None:
    body = b'{"user_id": "u", "item_id": "i"}\n\n{"user_id": "u", "item_id"}\n'
    error = failed(client.post("/events", data=body, content_type="application/x-ndjson"), 400)
    assert error["message"].startswith("line 3")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"item_id": "i", "title": 3}, "title"),
        ({"item_id": "i", "title": "x" * 2001}, "title"),
        ({"item_id": "i", "tags": "a|b"}, "tags"),
        ({"item_id": "i", "tags": ["x"] * 101}, "tags"),
        ({"item_id": "i", "tags": [3]}, "tags"),
        ({"item_id": "i", "category": ["a"]}, "category"),
        ({"item_id": "i", "created_at": "soon"}, "created_at"),
        ({"item_id": "i", "metadata": []}, "metadata"),
        ({"title": "x"}, "item_id"),
    ],
)
def test_bodies_of_items(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    error = failed(client.post("/items", json=body), 422)
    assert field in error["details"][0]["field"]


def test_unknown_paths_and_methods(client: FlaskClient) -> None:
    failed(client.get("/nothing"), 404)
    assert failed(client.delete("/recommend/u"), 405)["code"] == "method_not_allowed"
    assert "GET" in client.delete("/recommend/u").headers["Allow"]
    failed(client.get("/items/nothing"), 404)


def test_an_error_inside_tells_nothing(app: Flask) -> None:
    client = app.test_client()
    app.extensions["service"].serving_or_none.recommender.recommend = None
    error = failed(client.get("/recommend/u"), 500)
    assert error["code"] == "internal" and "NoneType" not in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/recommendations/ann", "is GET /recommend/{user} or GET /recommend meant?"),
        ("POST", "/event", "is POST /events"),
        ("GET", "/health", "is GET /health/live or GET /health/ready meant?"),
        ("GET", "/zzz", "there is no route GET /zzz; GET /docs lists all"),
    ],
)
def test_an_unknown_route_is_answered_with_the_nearest(
    client: FlaskClient, method: str, path: str, words: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 404 and words in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/recommend/ann?limit=3", "unknown parameter: limit; is n meant?"),
        ("/recommend/ann?not_categroy=x", "is not_category meant?"),
        ("/recommend?userId=ann&n=3", "is user meant?"),
        ("/search?query=bread", "is q meant?"),
        ("/popular?zzzz=1", "unknown parameter: zzzz"),
    ],
)
def test_an_unknown_parameter_is_answered_with_the_nearest(
    client: FlaskClient, path: str, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.json["error"]["message"].endswith(words)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/search?q=%20", "q: is blank"),
        ("/latest?cursor=x", "cursor: is no cursor: take it from `next` of an answer, as it is"),
        ("/popular?lang=x_", "lang: 'x_' is no tag of a language, such as en or zh-Hant"),
    ],
)
def test_a_text_of_another_form_is_refused_in_words(
    client: FlaskClient, path: str, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.json["error"]["message"] == words


def test_a_field_that_a_request_does_not_have_is_refused_in_words(client: FlaskClient) -> None:
    message = client.patch("/items/bread-1", json={"titel": "x"}).json["error"]["message"]
    words = "titel: is no field of this request; GET /docs lists those that are; is 'title' meant?"
    assert message == words


def test_fields_under_other_names_are_told(client: FlaskClient) -> None:
    answer = client.post("/events", json={"userId": "ann", "contentId": "i", "event": "like"})
    told = {one["field"]: one["message"] for one in answer.json["error"]["details"]}
    assert told["0.user_id"] == "Field required; is it 'userId'? Then rename that"
    assert told["0.item_id"] == "Field required; is it 'contentId'? Then rename that"
    answer = client.post("/items", json={"id": "i", "title": "Bread"})
    assert "item_id: Field required; is it 'id'?" in answer.json["error"]["message"]


def test_what_is_not_there_is_named(client: FlaskClient) -> None:
    message = client.get("/users/nobody-here").json["error"]["message"]
    assert message == "there is no user of this id: 'nobody-here'"


def test_the_root_says_where_everything_is(client: FlaskClient) -> None:
    start = client.get("/").json
    assert start["service"] == "recsys"
    for name in ("docs", "openapi", "health"):
        assert client.get(start[name]).status_code == 200
    if start["console"]:
        assert client.get(start["console"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "meant"),
    [
        ("/events", {"user_id": "u", "item_id": "i", "event": "like", "time": 3}, "timestamp"),
        ("/pins", {"item_id": "a", "position": 1, "strat": "2026-01-01"}, "start"),
        ("/recommend", {"events": [], "zzz": 0.5}, ""),
    ],
)
def test_an_unknown_field_is_told_with_the_one_that_may_be_meant(client, path, body, meant):
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    told = answer.json["error"]["message"]
    assert "is no field of this request" in told
    assert (f"is '{meant}' meant?" in told) == bool(meant), told
