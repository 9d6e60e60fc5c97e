"""Personal lists: the contract's shape, real time, filters, steering, paging, kept answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.handlers.personal_list import Recommend
from api.runtime.app_state import AppState
from api.schemas.lists import SteerParameters
from recsys.exploration import pool_of


def recommend(client: FlaskClient, user: str, query: str = "") -> dict[str, Any]:
    response = client.get(f"/recommend/{user}{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [entry["item_id"] for entry in found["items"]]


def topics(found: dict[str, Any]) -> set[str]:
    return {item_id.split("-")[0] for item_id in ids(found)}


def test_the_shape_of_the_contract(client: FlaskClient) -> None:
    found = recommend(client, "baker", "?n=5&explain=1")
    assert set(found) == {
        "user",
        "recommendation_id",
        "model_version",
        "cold_start",
        "degraded",
        "items",
        "next",
        "personal",
        "variant",
    }
    assert (found["user"], found["model_version"], found["cold_start"]) == ("baker", "one", False)
    first = found["items"][0]
    assert set(first) == {"item_id", "score", "rank", "source", "reasons", "item"}
    assert [entry["rank"] for entry in found["items"]] == [1, 2, 3, 4, 5]
    assert first["item"]["title"]
    assert any(reason["kind"] == "because_you" for reason in first["reasons"])
    assert found["next"].startswith("/recommend/baker?n=5&")


def test_a_reader_of_bread_gets_bread_and_nothing_twice(client: FlaskClient) -> None:
    found = recommend(client, "baker", "?n=14")
    assert topics(found) == {"bread"}
    assert not {f"bread-{n}" for n in range(6)} & set(ids(found))


def test_an_unknown_user_gets_what_is_hot(client: FlaskClient) -> None:
    found = recommend(client, "stranger", "?n=5&diversity=0")
    assert found["cold_start"] is True
    assert topics(found) == {"sea"}


def test_the_dial_goes_from_what_is_hot_to_the_history(client: FlaskClient) -> None:
    hot = ids(recommend(client, "stranger", "?n=15&diversity=0"))
    shared = ids(recommend(client, "baker", "?n=15&personal=0"))
    assert shared == hot
    own = recommend(client, "baker", "?n=5&personal=1&explain=1")
    assert topics(own) == {"bread"} and own["personal"] == 1
    assert recommend(client, "baker", "?n=5&explain=1")["personal"] == 0.5
    body = {"users": ["baker"], "personal": 0, "n": 15}
    batch = client.post("/recommend/batch", json=body).json["results"][0]
    assert ids(batch) == shared
    why = client.get(f"/explain/baker/{ids(own)[0]}?personal=1").json
    assert why["personal"] == 1
    assert why["score"] == pytest.approx(own["items"][0]["score"], abs=1e-4)


def test_a_click_changes_the_next_answer(client: FlaskClient) -> None:
    assert topics(recommend(client, "ann", "?n=5&diversity=0")) == {"sea"}
    event = {"user_id": "ann", "item_id": "chess-3", "event": "like"}
    assert client.post("/events", json=event).status_code == 201
    found = recommend(client, "ann", "?n=5")
    assert topics(found) == {"chess"} and found["cold_start"] is False
    assert "chess-3" not in ids(found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("category=sea", {"sea"}),
        ("category=sea&category=chess", {"sea", "chess"}),
        ("category=sea|chess", {"sea", "chess"}),
        ("not_category=bread&not_category=sea", {"chess"}),
        ("tags=rook", {"chess"}),
        ("not_tags=bread|sea", {"chess"}),
    ],
)
def test_filters(client: FlaskClient, query: str, expected: set[str]) -> None:
    assert topics(recommend(client, "baker", f"?n=50&{query}")) == expected


def test_filters_by_author_language_and_age(client: FlaskClient) -> None:
    one = recommend(client, "baker", "?n=60&author=author-1&language=en")
    assert {entry["item"]["author_id"] for entry in one["items"]} == {"author-1"}
    assert recommend(client, "baker", "?n=60&language=en&author=author-2")["items"] == []
    young = recommend(client, "baker", "?n=60&max_age=262000")
    assert set(ids(young)) == {"sea-0", "sea-1", "sea-2"}
    assert "sea-0" not in ids(recommend(client, "baker", "?n=60&min_age=172800"))


def test_excluded_items_stay_away(client: FlaskClient) -> None:
    both = ids(recommend(client, "baker", "?exclude=bread-7,bread-8"))
    assert not {"bread-7", "bread-8"} & set(both)
    assert "bread-7" not in ids(recommend(client, "baker", "?exclude=bread-7&n=60"))


def test_words_steer(client: FlaskClient) -> None:
    assert topics(recommend(client, "stranger", "?q=gambit+pawn&n=5")) == {"chess"}


def test_caps_and_fields(client: FlaskClient) -> None:
    found = recommend(client, "baker", "?n=60&author_cap=2&fields=title|author_id")
    authors = [entry["item"]["author_id"] for entry in found["items"]]
    assert max(map(authors.count, authors)) <= 2
    assert set(found["items"][0]["item"]) == {"title", "author_id"}
    assert "item" not in recommend(client, "baker", "?n=1&fields=none")["items"][0]


def test_pages_never_repeat_nor_skip(client: FlaskClient) -> None:
    whole = ids(recommend(client, "baker", "?n=54"))
    url, seen = "/recommend/baker?n=10", []
    while url:
        found = client.get(url).json
        assert [e["rank"] for e in found["items"]] == list(
            range(len(seen) + 1, len(seen) + 1 + len(found["items"]))
        )
        seen += ids(found)
        url = found["next"]
    assert seen == whole and len(set(seen)) == 54


def test_pages_hold_while_the_ranking_moves(client: FlaskClient) -> None:
    first = recommend(client, "baker", "?n=10")
    for item in ("chess-1", "chess-2", "sea-3"):
        client.post("/events", json={"user_id": "baker", "item_id": item, "event": "like"})
    url, seen = first["next"], ids(first)
    while url:
        found = client.get(url).json
        seen += ids(found)
        url = found["next"]
    assert len(seen) == len(set(seen)) == 51


def test_pages_that_start_at_an_offset(client: FlaskClient) -> None:
    whole = ids(recommend(client, "baker", "?n=30"))
    first = recommend(client, "baker", "?n=10&offset=5")
    second = client.get(first["next"]).json
    assert ids(first) + ids(second) == whole[5:25]
    assert [entry["rank"] for entry in second["items"]] == list(range(16, 26))


def test_a_cursor_belongs_to_its_list(client: FlaskClient) -> None:
    cursor = recommend(client, "baker", "?n=5")["next"].split("cursor=")[1]
    for url, status in (
        (f"/recommend/other?n=5&cursor={cursor}", 409),
        (f"/recommend/baker?n=5&category=sea&cursor={cursor}", 409),
        (f"/recommend/baker?n=5&cursor={cursor[:-3]}", 409),
        (f"/recommend/baker?n=5&offset=1&cursor={cursor}", 409),
        ("/recommend/baker?cursor=AAAA", 400),
    ):
        assert client.get(url).status_code == status, url


def test_an_old_cursor_is_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    url = recommend(client, "baker", "?n=5")["next"]
    from api.http import cursor

    now = cursor.time.time()
    monkeypatch.setattr(cursor.time, "time", lambda: now + 599)
    assert client.get(url).status_code == 200
    monkeypatch.setattr(cursor.time, "time", lambda: now + 601)
    assert client.get(url).json["error"]["code"] == "bad_cursor"


def test_ids_that_a_path_can_hardly_carry(client: FlaskClient) -> None:
    for user in ("a/b", "a%b", "😀", "中文", "a b", "a?b", "a+b", 'a"b', "a//b", "/x", "batch"):
        event = {"user_id": user, "item_id": "chess-3", "event": "like"}
        assert client.post("/events", json=event).status_code == 201
        by_parameter = client.get("/recommend", query_string={"user": user, "n": 3})
        assert topics(by_parameter.json) == {"chess"} and by_parameter.json["user"] == user
        following = client.get(by_parameter.json["next"]).json
        assert following["user"] == user and not set(ids(following)) & set(ids(by_parameter.json))
    assert topics(recommend(client, "a/b", "?n=3")) == {"chess"}
    assert topics(recommend(client, "a%2Fb", "?n=3")) == {"chess"}


def test_sessions(client: FlaskClient) -> None:
    for body in (
        {"items": ["chess-1", "chess-2"], "n": 5},
        {"events": [{"item_id": "chess-1", "event": "click"}], "n": 5},
        {"interests": ["rook", "gambit"], "n": 5},
    ):
        found = client.post("/recommend", json=body).json
        assert topics(found) == {"chess"} and found["user"] is None and not found["cold_start"]
    both = client.post("/recommend", json={"user": "baker", "items": ["chess-1"], "n": 40}).json
    assert topics(both) >= {"bread", "chess"}


def test_what_a_session_names_in_vain_is_told(client: FlaskClient) -> None:
    body = {"events": [{"item_id": "chess-1", "event": "clik"}], "items": ["chess-01", "chess-2"]}
    assert client.post("/recommend", json=body).json["warnings"] == [
        "events: the kind 'clik' is not known and counts for nothing; is 'click' meant?",
        "there is no item of this id: 'chess-01'",
    ]
    assert "warnings" not in client.post("/recommend", json={"items": ["chess-1"]}).json


def test_batch(client: FlaskClient) -> None:
    found = client.post("/recommend/batch", json={"users": ["baker", "stranger"], "n": 3}).json
    assert [one["user"] for one in found["results"]] == ["baker", "stranger"]
    assert [one["cold_start"] for one in found["results"]] == [False, True]


def test_lists_of_a_batch_that_fails_halfway_are_not_shown(
    make_app: Callable[..., Flask],
) -> None:
    whole, short = make_app(), make_app(request_cpu_seconds=0.08)
    users, body = [f"stranger-{number}" for number in range(100)], {"n": 50, "where": "price<2"}
    service: AppState = short.extensions["service"]
    row = {"item_id": "p", "title": "a plum", "metadata": {"price": 1.0}}
    assert short.test_client().post("/items", json=[row]).status_code == 201
    for one in (short, whole):
        one.extensions["service"].worker.follow()
    # one list fits into the CPU time of a request, a hundred do not
    short.test_client().get("/recommend/baker?where=price<2")  # what is built once
    first = short.test_client().post("/recommend/batch", json={"users": users[:1], **body})
    assert first.status_code == 200
    failed = short.test_client().post("/recommend/batch", json={"users": users, **body})
    assert failed.status_code == 413 and failed.json["error"]["code"] == "cpu_limit"
    assert service.exposures.waiting(service.pseudonyms.of(users[0])) != []
    assert service.exposures.waiting(service.pseudonyms.of(users[1])) == []
    assert service.exposure_share.lists > 1  # some were made
    answer = whole.test_client().post("/recommend/batch", json={"users": users[:9], **body})
    assert len(answer.json["results"]) == 9
    service = whole.extensions["service"]
    assert all(service.exposures.waiting(service.pseudonyms.of(user)) for user in users[:9])


def test_a_new_user_with_interests(client: FlaskClient) -> None:
    assert client.put("/users/zoe", json={"interests": ["oven", "yeast"]}).status_code == 200
    found = recommend(client, "zoe", "?n=5")
    assert topics(found) == {"bread"} and found["cold_start"] is False
    assert client.put("/users/max", json={"items": ["chess-1", "chess-2"]}).status_code == 200
    assert topics(recommend(client, "max", "?n=5")) == {"chess"}


def test_repeated_requests_are_answered_from_memory_until_something_happens(
    client: FlaskClient, service: AppState
) -> None:
    first = recommend(client, "baker")
    assert recommend(client, "baker") == first
    client.post("/events", json={"user_id": "other", "item_id": "sea-1"})
    assert recommend(client, "baker") == first
    client.post("/events", json={"user_id": "baker", "item_id": ids(first)[0]})
    second = recommend(client, "baker")
    assert ids(first)[0] not in ids(second)
    client.delete(f"/items/{ids(second)[0]}")
    assert ids(second)[0] not in ids(recommend(client, "baker"))


def test_impressions_count_as_seen_for_a_while(client: FlaskClient, service: AppState) -> None:
    first = recommend(client, "baker", "?n=5&impressions=1")
    second = recommend(client, "baker", "?n=5&impressions=1")
    assert not set(ids(first)) & set(ids(second))
    service.worker.tick()  # now they are read from the store
    third = recommend(client, "baker", "?n=4&impressions=1")
    assert not (set(ids(first)) | set(ids(second))) & set(ids(third))
    assert ids(recommend(client, "baker", "?n=5")) == ids(first)


def test_exploration_logs_its_chance(client: FlaskClient, service: AppState) -> None:
    ranked = ids(recommend(client, "baker", "?n=10"))
    with service.serving.feed.ranking:
        maker = Recommend(service)
        query = maker.query(maker.user_state("baker"), SteerParameters(), time.time())
        pool = pool_of(service.serving.recommender, query, {})
    new = {one.item_id for one in pool.items} - set(ranked)
    assert not new & {f"bread-{number}" for number in range(6)}  # what baker has taken up
    assert 5 < len(new) < 50  # those that baker would like least are left out
    service.worker._write_exposures()
    plain = service.link.exposures().shown_lists(service.pseudonyms.of("baker"))
    assert {(p.propensity, p.slot_kind) for p in plain[0].items} == {(1.0, "ranked")}
    shown = [recommend(client, "baker", "?n=10&explore=0.5") for _ in range(10)]
    explored = [e for one in shown for e in one["items"] if e["source"] == "explore"]
    assert 20 <= len(explored) <= 80
    assert all(len(set(ids(one))) == 10 for one in shown)
    service.worker._write_exposures()
    lists = service.link.exposures().shown_lists(service.pseudonyms.of("baker"))
    lists = [one for one in lists if one != plain[0]]
    assert len(lists) == 10 and {tuple(one.arms) for one in lists} == {("aa",)}
    for one in lists:  # the pool holds one item fewer after each place that has drawn
        pool = len(new)
        for place in one.items:
            assert (place.slot_kind == "explore") is (place.source == "explore")
            chance = 0.5 / pool if place.slot_kind == "explore" else 0.5
            assert place.propensity == pytest.approx(chance, abs=1e-6)
            pool -= place.slot_kind == "explore"


def test_a_place_of_what_was_taken_up_before_is_a_repeat(
    client: FlaskClient, service: AppState
) -> None:
    found = ids(recommend(client, "baker", "?n=60&repeat=1"))
    acted = {f"bread-{number}" for number in range(6)}
    assert acted & set(found)
    service.worker._write_exposures()
    (one,) = service.link.exposures().shown_lists(service.pseudonyms.of("baker"))
    repeats = {place.item_id for place in one.items if place.slot_kind == "repeat"}
    assert repeats == acted & set(found) and {place.propensity for place in one.items} == {1.0}
