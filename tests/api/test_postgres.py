"""The service over PostgreSQL: what two workers see, and that nothing of a user is left."""

import time

import pytest
from api_world import items
from conftest import keyed
from postgres_server import emptied

from recsys.data.records import Event
from recsys.store.store import Store


@pytest.fixture
def url(postgres):
    found = emptied(postgres)
    with Store.open(found) as store:
        store.add_items(items())
    return found


@pytest.fixture
def two(make_app, url):
    """Two workers over one store, each with its own live state."""
    apps = [make_app(store=url) for _ in range(2)]
    for app in apps:
        app.extensions["service"].worker.tick()
    return [app.test_client() for app in apps]


def ids(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [one["item_id"] for one in answer.json["items"]]


def seen(client, check):
    """Let the worker of a client look at the store until a check holds."""
    for _ in range(50):
        client.application.extensions["service"].worker.tick()
        if check():
            return True
        time.sleep(0.02)  # between looks
    return False


def test_a_click_at_one_worker_changes_the_answer_of_the_other(two):
    here, there = two
    before = ids(there, "/recommend/eve?n=10")
    answer = here.post("/events", json=[{"user_id": "eve", "item_id": "chess-1", "event": "like"}])
    assert answer.status_code == 201 and answer.json["new"] == 1
    after = ids(there, "/recommend/eve?n=10")
    assert after != before and "chess-1" not in after
    assert sum(one.startswith("chess") for one in after) > 5


def test_a_post_at_one_worker_is_found_by_the_other_until_it_is_deleted(two):
    here, there = two
    post = {"item_id": "post", "title": "tide harbour sailor", "category": "sea"}
    assert here.post("/items", json=post).status_code == 201
    assert seen(there, lambda: "post" in ids(there, "/search?q=tide+harbour&n=50"))
    assert here.delete("/items/post").status_code == 200
    assert seen(there, lambda: "post" not in ids(there, "/search?q=tide+harbour&n=50"))


def test_keys_and_controls_are_shared(two):
    here, there = two
    here.post("/events", json=[{"user_id": "eve", "item_id": "sea-1", "event": "like"}])
    mute = {"controls": [{"action": "mute", "kind": "category", "value": "sea"}]}
    assert here.patch("/users/eve/profile", json=mute).status_code == 200
    assert not any(one.startswith("sea") for one in ids(there, "/recommend/eve?n=40"))


def test_an_erased_person_is_gone_from_every_table(two, url):
    here, there = (keyed(client.application) for client in two)
    here.post("/events", json=[{"user_id": "eve-secret", "item_id": "sea-1", "event": "like"}])
    ids(there, "/recommend/eve-secret?n=5")
    receipt = here.delete("/users/eve-secret")
    assert receipt.status_code == 200
    assert there.get("/users/eve-secret/export").status_code == 404
    assert there.get("/recommend/eve-secret").json["cold_start"] is True
    with Store.open(url) as store:
        assert store.history("eve-secret") == [] and store.user("eve-secret") is None
        assert store.add_events([Event("eve-secret", "sea-2", "like")]).new == 1


def test_a_store_that_goes_away_degrades_and_comes_back(make_app, url):
    client = make_app(store=url).test_client()
    service = client.application.extensions["service"]
    service.worker.tick()
    service.link.close()
    service.link.url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    answer = client.get("/recommend/eve?n=5")
    assert answer.status_code == 200 and answer.json["degraded"] is True
    assert client.post("/events", json=[{"user_id": "a", "item_id": "b"}]).status_code == 503
    service.link.url = url
    assert seen(client, lambda: not client.get("/recommend/eve?n=5").json["degraded"])
