"""Items outside their dates and items without a record: in no list, by whatever route."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from api_server import Server
from flask import Flask
from flask.testing import FlaskClient
from test_trends import act

from api.runtime.app_state import AppState
from recsys.client import Client, ClientError
from recsys.data.records import Follow

ITEM = "sea-5"  # stands in every list below
PAGE = "page:/about"  # known from events alone
TOPIC_NAMES = ("sea", "chess", "bread")
FUTURE = "2099-01-01T00:00:00Z"
PAST = "2001-01-01T00:00:00Z"
# every route that lists items, and a request whose answer holds ITEM
LISTS: dict[str, tuple[str, Any]] = {
    "/recommend": ("/recommend?user=x&n=60", None),
    "POST /recommend": ("/recommend", {"items": ["sea-2"], "n": 60}),
    "/recommend/<id:user>": ("/recommend/x?n=60&q=tide", None),
    "POST /recommend/batch": ("/recommend/batch", {"users": ["x", "baker"], "n": 60}),
    "POST /whatif": ("/whatif", {"user": "baker", "n": 100, "overrides": {"diversity": 0.1}}),
    "/home": ("/home?user=x&n=50", None),
    "/home/<id:user>": ("/home/x?n=50", None),
    "/feed/following": ("/feed/following?user=fan&n=60", None),
    "/feed/following/<id:user>": ("/feed/following/fan?n=60&order=rank", None),
    "/similar": ("/similar?item=sea-2&n=60", None),
    "/similar/<id:item_id>": ("/similar/sea-2?n=60", None),
    "/search": ("/search?q=sea+sailor&n=60", None),
    "/trending": ("/trending?n=60", None),
    "/popular": ("/popular?n=60", None),
    "/latest": ("/latest?n=60", None),
    "/trends": ("/trends?n=60", None),
    "POST /dialogue": ("/dialogue", {"user": "x", "text": "find sea", "n": 50}),
    "/topics": ("/topics?n=60", None),
    "/topics/<int:topic_id>": ("/topics/{topic}", None),
    "/entities/<id:name>": ("/entities/%23eclipse", None),
    "/api/recommend/<user>": ("/api/recommend/x?n=60", None),
    "/api/recommend/<user>/": ("/api/recommend/x/?n=60", None),
    "/api/recommend/<user>/<category>": ("/api/recommend/x/sea?n=60", None),
    "POST /api/session/recommend": ("/api/session/recommend?n=60", [{"ItemId": "sea-2"}]),
    "POST /api/session/recommend/<category>": (
        "/api/session/recommend/sea?n=60",
        [{"ItemId": "sea-2"}],
    ),
    "/api/latest": ("/api/latest?n=60", None),
    "/api/latest/<category>": ("/api/latest/sea?n=60", None),
    "/api/popular": ("/api/popular?n=60", None),
    "/api/popular/<category>": ("/api/popular/sea?n=60", None),
    "/api/item/<item>/neighbors": ("/api/item/sea-2/neighbors?n=60", None),
    "/api/item/<item>/neighbors/": ("/api/item/sea-2/neighbors/?n=60", None),
    "/api/item/<item>/neighbors/<category>": ("/api/item/sea-2/neighbors/sea?n=60", None),
}
# routes that list no items: records as they are stored, one item, users, figures; and digests, of
# which a section holds four items of a list
OTHERS = frozenset(
    """
    / /audit /api/feedback /api/feedback/<kind> /api/feedback/<user>/<item> /api/item/<item>
    /api/items
    /api/user/<user> /api/user/<user>/feedback /api/user/<user>/feedback/<kind>
    /api/user/<user>/neighbors /api/user/<user>/neighbors/ /api/users /docs /entities
    /entities/<id:name>/timeline /event-kinds /events /explain
    /explain/<user>/<id:item> /health/live /health/ready /items /items/<id:item_id> /metrics
    /audit /mail-addresses /mail-addresses/confirm /notices /notices/dead /notices/kinds
    /notices/stream /pins /suspects /webhooks
    /openapi.json /stats /topics/<int:topic_id>/timeline /users /users/<id:user_id>/export
    /users/<id:user_id>/profile /users/<user:user_id> /follows /authors
    /users/<id:user_id>/suggestions
    /items/<id:item_id>/spread /watches /watches/<int:watch_id> /watches/<int:watch_id>/timeline
    /fairness /creators/<id:author_id>/report
    /experiments /experiments/<experiment_id> /experiments/<experiment_id>/report
    /alerts /alerts/<int:alert_id> /silences /console /console/<path:rest>
    /detected-events /detected-events/<int:event_id> /help /dialogue/<dialogue_id>
    /digest/<id:user>
    """.split()
)
# POST requests that store something
WRITES = frozenset(
    """
    /mail-addresses /mail-addresses/confirm /notices/dead/retry /pins /webhooks
    /mail-addresses/<int:address_id>/test /webhooks/<int:webhook_id>/test
    /api/feedback /api/item /api/items /api/user /api/users /events /items /tokens /users
    /users/<id:user_id>/merge /follows /authors /watches /watches/preview /opinion /silences
    /experiments /assist/title /assist/caption /assist/tags
    /alerts/<int:alert_id>/acknowledge /alerts/<int:alert_id>/resolve /console /console/<path:rest>
    """.split()
)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app that tells counts of any number of users, and keeps answers; `fan` follows all."""
    found = make_app(min_people=0)
    with found.extensions["service"].link.use() as store:
        store.add_follows(Follow("fan", author_id=f"author-{number}") for number in range(4))
    return found


@pytest.fixture
def trending(client: FlaskClient, service: AppState) -> None:
    """Let ITEM stand in the trends, and among the items that have a name in their text."""
    assert client.patch(f"/items/{ITEM}", json={"text": "#eclipse"}).status_code == 200
    act(client, service, ITEM, 40)


def fetch(client: FlaskClient, route: str) -> str:
    url, body = LISTS[route]
    if "entities" in route and client.get(url).status_code == 404:
        return ""  # nothing that is listed has this name
    if "{topic}" in url:
        known = client.get("/items/sea-2").json["topics"]
        url = url.format(topic=known[0]["id"])
    found = client.get(url) if body is None else client.post(url, json=body)
    assert found.status_code == 200, found.text
    return str(found.text)


def in_lists(client: FlaskClient, item: str) -> list[str]:
    """Return the routes whose lists hold an item."""
    return [route for route in LISTS if f'"{item}"' in fetch(client, route)]


def ids(client: FlaskClient, url: str) -> list[str]:
    response = client.get(url)
    assert response.status_code == 200, response.text
    return [entry["item_id"] for entry in response.json["items"]]


def test_every_route_is_known_to_this_test(app: Flask) -> None:
    rules = [
        (("POST " if method == "POST" else "") + str(rule), method)
        for rule in app.url_map.iter_rules()
        for method in ("GET", "POST")
        if method in rule.methods and rule.endpoint != "static"
    ]
    unknown = [
        rule
        for rule, method in rules
        if rule not in LISTS
        and rule.removeprefix("POST ") not in (WRITES if method == "POST" else OTHERS)
    ]
    assert not unknown, (
        "\n".join(unknown) + "\nadd these to LISTS, or to OTHERS where they list no items"
    )
    assert set(LISTS) <= {rule for rule, _ in rules}


@pytest.mark.usefixtures("trending")
@pytest.mark.parametrize("change", [{"expires_at": PAST}, {"available_from": FUTURE}])
def test_outside_its_dates_an_item_is_in_no_list(
    client: FlaskClient, change: dict[str, str]
) -> None:
    assert in_lists(client, ITEM) == list(LISTS)
    assert client.patch(f"/items/{ITEM}", json=change).status_code == 200
    assert in_lists(client, ITEM) == []
    assert client.patch(f"/items/{ITEM}", json=dict.fromkeys(change)).status_code == 200
    assert in_lists(client, ITEM) == list(LISTS)


@pytest.mark.usefixtures("trending")
def test_time_alone_closes_an_item_to_the_second(client: FlaskClient, service: AppState) -> None:
    now = time.time()
    client.patch(f"/items/{ITEM}", json={"expires_at": now + 1000})
    live = service.serving.live
    live.clock = lambda: now + 999.0
    assert in_lists(client, ITEM) == list(LISTS)
    live.clock = lambda: now + 1000.0
    service.cache.clear()  # its own clock stands still
    assert in_lists(client, ITEM) == []


def test_a_kept_answer_ends_with_the_next_change(client: FlaskClient, service: AppState) -> None:
    live, now = service.serving.live, time.time()
    assert ITEM in ids(client, "/recommend/x?n=60")
    client.patch(f"/items/{ITEM}", json={"expires_at": now + 5})
    live.clock = lambda: now + 4.9
    assert ITEM in ids(client, "/recommend/x?n=60")
    left = [kept.until - time.monotonic() for kept in service.cache._kept.values()]
    assert 0 < max(left) <= 0.1


def forms(item_id: str, **limits: Any) -> dict[str, Any]:
    return {"item_id": item_id, "title": "rook gambit", "category": "chess", **limits}


@pytest.mark.parametrize("how", ["post", "jsonl", "put", "patch", "bulk", "gorse"])
def test_dates_are_taken_by_every_way_of_writing(client: FlaskClient, how: str) -> None:
    late = forms("late", available_from=FUTURE)
    if how == "post":
        client.post("/items", json=late)
    elif how == "bulk":
        client.post("/items", json={"items": [late, forms("there", expires_at=FUTURE)]})
        assert "there" in ids(client, "/latest?n=99")
    elif how == "jsonl":
        line = '{"item_id": "late", "title": "rook", "available_from": 4070908800}\n'
        sent = client.post("/items", data=line, content_type="application/x-ndjson")
        assert sent.status_code == 201, sent.text
    elif how == "put":
        client.put("/items/late", json=late)
    elif how == "gorse":  # its only date is that of the item
        client.post("/api/item", json={"ItemId": "late", "Timestamp": FUTURE})
    else:
        client.post("/items", json=forms("late"))
        client.patch("/items/late", json={"available_from": FUTURE})
    known = client.get("/items/late").json
    assert known["created_at" if how == "gorse" else "available_from"] == 4_070_908_800.0
    assert "late" not in ids(client, "/recommend/x?n=99")
    assert "late" not in ids(client, "/latest?n=99")


def test_a_date_in_the_future_is_when_a_post_comes(client: FlaskClient, service: AppState) -> None:
    now = time.time()
    sent = client.post("/items", json=forms("coming", created_at=now + 3600))
    assert sent.status_code == 201
    assert client.get("/items/coming").json["created_at"] == now + 3600
    assert "coming" not in ids(client, "/latest?n=99")
    service.serving.live.clock = lambda: now + 3600
    assert ids(client, "/latest?n=99")[0] == "coming"


def test_a_clock_that_runs_ahead_costs_no_minute(client: FlaskClient) -> None:
    client.post("/items", json=forms("ahead", created_at=time.time() + 200))
    assert "ahead" in ids(client, "/latest?n=99")


def test_an_impossible_window_is_refused_with_both_dates(client: FlaskClient) -> None:
    wrong = {"available_from": "2030-01-02", "expires_at": "2030-01-01"}
    for sent in (
        client.post("/items", json=forms("a", **wrong)),
        client.put("/items/a", json=forms("a", **wrong)),
        client.patch(f"/items/{ITEM}", json=wrong),
    ):
        assert sent.status_code == 409 and sent.json["error"]["code"] == "never_listed"
        message = sent.json["error"]["message"]
        assert "2030-01-01T00:00:00Z is not after available_from, 2030-01-02T00:00:00Z" in message
    client.patch(f"/items/{ITEM}", json={"available_from": "2020-01-02"})
    later = client.patch(f"/items/{ITEM}", json={"expires_at": "2020-01-01"})
    assert later.status_code == 409 and "available_from" in later.json["error"]["message"]
    none = client.post("/items?partial=1", json=[forms("a", **wrong)])
    assert none.status_code == 409 and none.json["error"]["code"] == "never_listed"
    some = client.post("/items?partial=1", json=[forms("a", **wrong), forms("b")])
    assert some.json["accepted"] == 1 and some.json["rejected"][0]["field"] == "expires_at"


def test_explain_says_why_an_item_is_closed(client: FlaskClient) -> None:
    def closed() -> str:
        return str(client.get("/explain?user=x&item=sea-5").json["closed"])

    assert closed() == ""
    client.patch(f"/items/{ITEM}", json={"expires_at": PAST})
    assert closed() == "expired"
    client.patch(f"/items/{ITEM}", json={"expires_at": "", "available_from": FUTURE})
    assert closed() == "unavailable"
    client.patch(f"/items/{ITEM}", json={"hidden": True})
    assert closed() == "gone"


def view(client: FlaskClient, service: AppState, *users: str, item: str = PAGE) -> None:
    client.post("/events", json=[{"user_id": u, "item_id": item, "event": "view"} for u in users])
    service.worker.tick()
    service.serving.trend_monitor.seconds = 0.0


def test_with_an_item_feed_what_was_only_viewed_is_in_no_list(
    client: FlaskClient, service: AppState
) -> None:
    view(client, service, "ann", "ben", "cem", "dan", "eve")
    assert in_lists(client, PAGE) == []
    assert client.get(f"/explain?user=x&item={PAGE}").json["closed"] == "unrecorded"


def test_the_third_person_lists_it_at_once_where_it_may_be(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(unrecorded_items="on", min_people=0)
    client, service = app.test_client(), app.extensions["service"]
    assert PAGE not in ids(client, "/recommend/x?n=99")  # an answer that is kept
    view(client, service, "ann", "ann", "ben")
    view(client, service, "ben", "ann")
    assert in_lists(client, PAGE) == []
    view(client, service, "cem")
    assert PAGE in ids(client, "/recommend/x?n=99")
    found = in_lists(client, PAGE)
    assert "/popular" in found and "/recommend" in found
    assert not [route for route in found if "latest" in route]
    entry = next(e for e in client.get("/recommend/x?n=99").json["items"] if e["item_id"] == PAGE)
    assert "fresh" not in {entry["source"], *(reason["kind"] for reason in entry["reasons"])}


def test_a_record_that_comes_later_makes_it_an_item(client: FlaskClient, service: AppState) -> None:
    view(client, service, "ann")
    assert in_lists(client, PAGE) == []
    client.post("/items", json={"item_id": PAGE, "title": "tide sailor", "category": "sea"})
    assert PAGE in ids(client, "/recommend/x?n=99") and PAGE in ids(client, "/latest?n=99")
    other = "page:/terms"
    view(client, service, "ann", item=other)
    client.patch(f"/items/{other}", json={"title": "tide"})
    assert other in ids(client, "/latest?n=99")


def test_a_platform_of_two_people_without_records_is_told_what_is_missing(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(unrecorded_items="on").test_client()
    service = client.application.extensions["service"]
    for number in range(60):
        client.delete(f"/items/{TOPIC_NAMES[number // 20]}-{number % 20}")
    view(client, service, "ann", "ben")
    found = client.get("/recommend/x").json
    assert found["items"] == []
    assert "Items known from events alone: 1;" in found["notice"]
    assert "each needs 3 different people" in found["notice"]


def test_hidden_and_shown_again_an_unrecorded_item_has_still_no_record(
    client: FlaskClient, service: AppState
) -> None:
    view(client, service, "ann", "ben", "cem")
    client.patch(f"/items/{PAGE}", json={"hidden": True})
    client.patch(f"/items/{PAGE}", json={"hidden": False})
    assert in_lists(client, PAGE) == []


@pytest.mark.slow
def test_a_real_server_drops_an_item_when_its_time_comes(serve: Callable[..., Server]) -> None:
    server = serve(workers=2)
    with Client(server.url) as recsys:
        end = time.time() + 2.0
        recsys.add_items([{"item_id": "brief", "title": "rook gambit", "expires_at": end}])
        seen: list[tuple[float, float, bool]] = []
        while time.time() < end + 1.0:
            before = time.time()
            found = recsys.recommend("x", n=99)["items"]
            seen.append((before, time.time(), "brief" in [one["item_id"] for one in found]))
        assert any(there for _, after, there in seen if after < end)
        assert not any(there for before, _, there in seen if before >= end)
        assert recsys.item("brief")["expires_at"] == end
        recsys.change_item("brief", expires_at=None)
        assert "brief" in [one["item_id"] for one in recsys.recommend("x", n=99)["items"]]
        with pytest.raises(ClientError, match="available_from"):
            recsys.change_item("brief", available_from=end, expires_at=end - 1)
