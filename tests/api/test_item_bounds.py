"""Items are bounded on every route: labels, keys, bytes and depth of metadata; lists stay small."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


TOO_MUCH = [
    {f"key{n}": 1 for n in range(101)},
    {"long": "x" * 70_000},
    {"deep": nested(11)},
    {"wide": [{"a": "x" * 100}] * 800},
]


@pytest.mark.parametrize("metadata", TOO_MUCH, ids=["keys", "bytes", "depth", "width"])
def test_too_much_metadata_is_refused_on_every_route(
    client: FlaskClient, metadata: dict[str, Any]
) -> None:
    assert client.post("/items", json={"item_id": "new", "title": "t"}).status_code == 201
    answers = [
        client.post("/items", json={"item_id": "x", "metadata": metadata}),
        client.post("/items", json=[{"item_id": "y"}, {"item_id": "x", **metadata}]),
        client.put("/items/x", json={"metadata": metadata}),
        client.patch("/items/new", json={"metadata": metadata}),
        client.post("/api/item", json={"ItemId": "x", "Labels": metadata}),
        client.post("/api/items", json=[{"ItemId": "x", "Labels": nested(40)}]),
        client.patch("/api/item/new", json={"Labels": list(metadata.values()) * 101}),
    ]
    refused = [answer.status_code for answer in answers[:4]]
    assert refused == [422] * 4
    assert "metadata" in answers[0].json["error"]["message"] or "deep" in str(answers[0].json)
    assert answers[5].status_code in (400, 422)
    assert client.get("/items/y").status_code == 404  # all of a body, or none
    if len(metadata) == 1:  # Labels are one key of the metadata
        assert [answer.status_code for answer in (answers[4], answers[6])] == [422, 422]
        assert client.get("/items/x").status_code == 404


def test_labels_of_an_item_are_bounded(client: FlaskClient) -> None:
    tags = [f"t{n}" for n in range(1_001)]
    answer = client.post("/api/item", json={"ItemId": "x", "Categories": tags})
    assert answer.status_code == 422
    assert "1001" in answer.json["error"]["message"]


def test_lists_carry_little_metadata(client: FlaskClient) -> None:
    metadata = {"large": "x" * 10_000, "huge": "x" * 40_000, "small": "kept"}
    for name in ("m1", "m2"):
        body = {"item_id": name, "title": "red", "metadata": metadata}
        assert client.post("/items", json=body).status_code == 201

    def listed(url: str) -> list[dict[str, Any]]:
        entries = client.get(url).json["items"]
        return [one["item"].get("metadata", {}) for one in entries if one["item_id"] in "m1 m2"]

    found = listed("/latest?n=20")
    assert len(found) == 2
    for one in found:
        assert one["small"] == "kept"
        assert "large" not in one and "huge" not in one
    named = listed("/latest?n=20&fields=large,huge")
    assert [set(one) for one in named] == [{"large"}, {"large"}]
    whole = client.get("/items/m1").json["metadata"]
    assert {name: whole[name] for name in metadata} == metadata
