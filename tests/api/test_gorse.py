"""Gorse's own Python client, PyGorse 0.5, unchanged against a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import Server, key_of
from gorse import Gorse, GorseException


@pytest.fixture
def gorse(serve: Callable[..., Server]) -> Iterator[Gorse]:
    server = serve()
    yield Gorse(server.url, key_of(f"sqlite:///{server.home / 'store.db'}"))


def test_every_call_of_the_client(gorse: Gorse) -> None:
    done = gorse.insert_item(
        {
            "ItemId": "g1",
            "IsHidden": False,
            "Categories": ["chess", "games"],
            "Timestamp": "2024-02-02T00:00:00Z",
            "Labels": ["rook", "pawn"],
            "Comment": "gambit rook",
        }
    )
    assert done == {"RowAffected": 1}
    item = gorse.get_item("g1")
    assert item == {
        "ItemId": "g1",
        "IsHidden": False,
        "Categories": ["chess", "games"],
        "Timestamp": "2024-02-02T00:00:00Z",
        "Labels": ["rook", "pawn"],
        "Comment": "gambit rook",
    }
    gorse.update_item("g1", comment="bishop", categories=["chess"])
    changed = gorse.get_item("g1")
    assert changed["Comment"] == "bishop" and changed["Labels"] == ["rook", "pawn"]
    assert changed["Categories"] == ["chess"]
    gorse.update_item("g1", is_hidden=True)
    assert gorse.get_item("g1")["IsHidden"] is True
    gorse.update_item("g1", is_hidden=False)
    seen, cursor = [], ""
    while True:
        items, cursor = gorse.get_items(20, cursor)
        seen += [one["ItemId"] for one in items]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 61 and "g1" in seen

    assert gorse.insert_user({"UserId": "gus", "Labels": ["rook", "gambit"], "Comment": "x"})
    assert gorse.insert_users([{"UserId": "gia"}, {"UserId": "gil"}]) == {"RowAffected": 2}
    assert gorse.get_user("gus")["Labels"] == ["rook", "gambit"]
    users, cursor = gorse.get_users(2)
    assert len(users) == 2 and cursor

    assert gorse.get_recommend("gus", n=3)[0].startswith(("chess", "g1"))
    assert gorse.insert_feedback("like", "gia", "bread-1", "2024-02-02T10:00:00Z", 1.0)
    assert gorse.insert_feedbacks(
        [
            {
                "FeedbackType": "star",
                "UserId": "gia",
                "ItemId": "bread-2",
                "Timestamp": "2024-02-03T10:00:00Z",
                "Comment": "fine",
            },
            {"FeedbackType": "read", "UserId": "gia", "ItemId": "bread-3", "Timestamp": ""},
        ]
    ) == {"RowAffected": 2}
    stars = gorse.list_feedbacks("star", "gia")
    assert [(one["ItemId"], one["Comment"]) for one in stars] == [("bread-2", "fine")]
    assert stars[0]["Timestamp"] == "2024-02-03T10:00:00Z"
    feedbacks, cursor = gorse.get_feedbacks(5)
    assert len(feedbacks) == 5 and cursor
    rest, cursor = gorse.get_feedbacks(100, cursor)
    assert len(rest) == 4 and cursor == ""

    first = gorse.get_recommend("gia", n=5)
    assert len(first) == 5 and all(one.startswith("bread") for one in first)
    assert not {"bread-1", "bread-2", "bread-3"} & set(first)
    assert gorse.get_recommend("gia", n=3, offset=2) == first[2:]
    only = gorse.get_recommend("gia", category="sea", n=4)
    assert len(only) == 4 and all(one.startswith("sea") for one in only)
    written = gorse.get_recommend("gia", n=2, write_back_type="read", write_back_delay="10m")
    assert not set(written) & set(gorse.get_recommend("gia", n=10))
    session = gorse.session_recommend(
        [
            {
                "FeedbackType": "like",
                "UserId": "x",
                "ItemId": "sea-1",
                "Timestamp": "2024-02-02T10:00:00Z",
            }
        ],
        n=3,
    )
    assert all(one["Id"].startswith("sea") and one["Score"] for one in session)
    near = gorse.get_neighbors("chess-1", n=3)
    assert len(near) == 3 and all(one["Id"].startswith(("chess", "g1")) for one in near)

    assert gorse.delete_feedback("gia", "bread-1") == {"RowAffected": 1}
    assert gorse.list_feedbacks("like", "gia") == []
    assert gorse.delete_user("gia") == {"RowAffected": 1}
    assert gorse.delete_item("g1") == {"RowAffected": 1}
    for call in (lambda: gorse.get_item("g1"), lambda: gorse.get_user("gia")):
        with pytest.raises(GorseException) as refused:
            call()
        assert refused.value.status_code == 404


def test_the_rest_of_the_wire_format(gorse: Gorse) -> None:
    import httpx

    key = {"X-API-Key": gorse.api_key}
    with httpx.Client(base_url=gorse.entry_point, headers=key) as http:
        for path, start in (
            ("/api/latest", "sea-0"),
            ("/api/popular", "sea"),
            ("/api/latest/bread", "bread-0"),
            ("/api/popular/sea", "sea"),
            ("/api/item/bread-1/neighbors/bread", "bread"),
        ):
            found = http.get(path, params={"n": 2, "anything": "x"}).json()
            assert len(found) == 2 and found[0]["Id"].startswith(start), path
            assert set(found[0]) == {"Id", "Score"}
        assert http.get("/api/user/baker/neighbors/").json() == []
        body = {"FeedbackType": "like", "UserId": "p", "ItemId": "sea-1", "Timestamp": ""}
        assert http.put("/api/feedback", json=[body]).json() == {"RowAffected": 1}
        assert len(http.get("/api/feedback/p/sea-1").json()) == 1
        assert http.delete("/api/feedback/like/p/sea-1").json() == {"RowAffected": 1}
        assert http.put("/api/item/sea-1/category/chess").json() == {"RowAffected": 1}
        assert http.get("/api/item/sea-1").json()["Categories"] == ["sea", "chess"]
        assert http.patch("/api/user/baker", json={"Labels": ["oven"]}).status_code == 200
        bad = http.post("/api/feedback", json=[{"UserId": "p"}])
        assert bad.status_code == 422 and bad.json()["error"]["details"]
