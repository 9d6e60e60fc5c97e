"""Experiments over HTTP: drafts, states, arms in lists and exposures, caches, second bundles."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import api_world as world
import pytest
from api_server import Server
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState
from recsys.bundle_store import BundleStore
from recsys.experiments.assignment import Split
from recsys.experiments.definition import of_definition
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.store.exposures import Exposure, Outcome, Shown
from recsys.store.outbox import Outbox
from recsys.store.store import Store

ARMS = [
    {"name": "plain", "share": 0.5},
    {"name": "varied", "share": 0.5, "overrides": {"diversity": 1.0, "personal": 0.0}},
]
BODY = {"id": "variety", "arms": ARMS, "metrics": {"primary": "click_rate"}}
SPLIT = Split("variety", ("plain", "varied"), (0.5, 0.5))
NAMES = [f"user-{number}" for number in range(100)]
PLAIN, VARIED = (next(n for n in NAMES if SPLIT.arm(n) == arm) for arm in ("plain", "varied"))


def ids(answer: dict) -> list[str]:
    return [one["item_id"] for one in answer["items"]]


def begun(client: FlaskClient, **more: object) -> dict:
    body = BODY | more
    made = client.post("/experiments", json=body)
    assert made.status_code == 201, made.text
    started = client.patch(f"/experiments/{body['id']}", json={"state": "running"})
    assert started.status_code == 200, started.text
    return started.json


def test_an_experiment_from_draft_to_decision(client: FlaskClient, service: AppState) -> None:
    made = client.post("/experiments", json=BODY).json
    assert made["state"] == "draft" and made["plan"] is None and not made["in_force"]
    assert made["arms"][1]["overrides"] == {"diversity": 1.0, "personal": 0.0}
    before = client.get(f"/recommend/{VARIED}?n=6").json
    assert before["variant"] is None
    assert client.patch("/experiments/variety", json={"holdout": 0.0}).json["state"] == "draft"
    started = client.patch("/experiments/variety", json={"state": "running"}).json
    assert started["state"] == "running" and started["in_force"]
    varied = client.get(f"/recommend/{VARIED}?n=6").json
    assert varied["variant"] == {"variety": "varied"}
    plain = client.get(f"/recommend/{PLAIN}?n=6").json
    assert plain["variant"] == {"variety": "plain"}
    assert ids(plain) == ids(before) and ids(varied) != ids(before)
    queried = client.get("/recommend/nobody?n=6&diversity=1&personal=0").json
    assert ids(varied) == ids(queried)
    home = client.get(f"/home/{VARIED}").json
    assert home["variant"] == {"variety": "varied"}
    session = client.post("/recommend", json={"items": ["sea-1"]}).json
    assert session["variant"] is None
    refused = client.patch("/experiments/variety", json={"arms": ARMS})
    assert refused.status_code == 409 and "cannot change" in refused.text
    assert client.patch("/experiments/variety", json={"state": "stopped"}).json["stopped"]
    assert client.get(f"/recommend/{VARIED}?n=6").json["variant"] is None
    assert ids(client.get(f"/recommend/{VARIED}?n=6").json) == ids(before)
    unnamed = client.patch("/experiments/variety", json={"state": "decided"}).json
    assert (unnamed["state"], unnamed["decision"]) == ("decided", "")
    again = client.patch("/experiments/variety", json={"state": "decided"})
    assert again.status_code == 409
    decided = {"state": "decided", "decision": "varied"}  # an arm may be named later, once
    assert client.patch("/experiments/variety", json=decided).json["decision"] == "varied"
    other = client.patch("/experiments/variety", json={"state": "decided", "decision": "plain"})
    assert other.status_code == 409
    assert [one["id"] for one in client.get("/experiments").json["experiments"]] == ["variety"]
    service.worker._write_exposures()
    shown = service.link.exposures().shown_lists(service.pseudonyms.of(VARIED))
    arms = sorted({one.arms.get("variety", "none") for one in shown})
    assert arms == ["none", "varied"] and all(one.arms["aa"] in ("a1", "a2") for one in shown)


def test_a_holdout_is_told_in_exposures_alone(client: FlaskClient, service: AppState) -> None:
    begun(client, holdout=0.5)
    split = Split("variety", ("plain", "varied"), (0.5, 0.5), holdout=0.5)
    held = next(name for name in NAMES if split.arm(name) == "holdout")
    answer = client.get(f"/recommend/{held}?n=6").json
    assert answer["variant"] is None
    assert ids(answer) == ids(client.post("/recommend", json={"n": 6}).json)
    service.worker._write_exposures()
    (shown,) = service.link.exposures().shown_lists(service.pseudonyms.of(held))
    assert shown.arms["variety"] == "holdout"


def test_each_page_of_a_list_is_of_the_arm(client: FlaskClient) -> None:
    begun(client)
    first = client.get(f"/recommend/{VARIED}?n=4").json
    second = client.get(first["next"]).json
    assert second["variant"] == {"variety": "varied"}
    assert not set(ids(first)) & set(ids(second)) and len(ids(second)) == 4


def test_an_experiment_begins_and_ends_by_itself(client: FlaskClient, service: AppState) -> None:
    end = time.time() + 1.2
    begun(client, end=end)
    assert client.get(f"/recommend/{VARIED}?n=6").json["variant"]
    time.sleep(max(end - time.time(), 0) + 0.05)
    assert client.get(f"/recommend/{VARIED}?n=6").json["variant"] is None  # kept answers too
    service.worker.tick()
    ended = client.get("/experiments/variety").json
    assert (ended["state"], ended["reason"]) == ("stopped", "its end has come")
    assert ended["stopped"] == end
    with service.link.use() as store:
        (told,) = Outbox(store.db).page(kind="experiment_stopped")
    assert told.notice.data["reason"] == "its end has come"
    later = {"id": "later", "start": time.time() + 3600}
    assert begun(client, **later)["in_force"] is False
    assert client.get(f"/recommend/{VARIED}?n=6").json["variant"] is None


def test_rows_of_the_home_page_are_those_of_the_arm(client: FlaskClient) -> None:
    rows = ["something_else", "for_you"]
    arms = [ARMS[0], {"name": "varied", "share": 0.5, "overrides": {"home_rows": rows}}]
    baker = next(f"baker-{n}" for n in range(99) if SPLIT.arm(f"baker-{n}") == "varied")
    events = [{"user_id": baker, "item_id": f"bread-{n}", "event": "like"} for n in range(6)]
    assert client.post("/events", json=events).status_code == 201
    before = [row["kind"] for row in client.get(f"/home/{baker}").json["rows"]]
    assert before[0] == "for_you" and len(before) > 2
    begun(client, arms=arms)
    assert [row["kind"] for row in client.get(f"/home/{baker}").json["rows"]] == rows


def test_weights_of_an_arm_change_scores(client: FlaskClient, service: AppState) -> None:
    flag = {"item_id": "sea-0", "title": "anchor", "text": "http://a.b " * 40}
    assert client.put("/items/sea-0", json={k: v for k, v in flag.items() if k != "item_id"})
    service.worker.tick()
    if not service.serving.live.marks.some:
        service.serving.live.marks.some = True
    service.serving.live.marks.score[service.serving.live.row("sea-0")] = 1.0
    arms = [ARMS[0], {"name": "varied", "share": 0.5, "overrides": {"flag_weight": 100.0}}]

    def score(name: str) -> float:
        found = client.get(f"/recommend/{name}?n=60").json["items"]
        return next(one["score"] for one in found if one["item_id"] == "sea-0")

    before = score(VARIED)
    begun(client, arms=arms)
    assert score(VARIED) < before - 1 and score(PLAIN) == pytest.approx(before)


def test_an_arm_may_be_another_bundle(client: FlaskClient, service: AppState, home: Path) -> None:
    world.publish(home, "two")
    BundleStore(home).rollback("one")
    named = [ARMS[0], {"name": "varied", "share": 0.5, "bundle": "two"}]
    made = client.post("/experiments", json=BODY | {"arms": named}).json
    assert made["bundle_bytes"] == sum(p.stat().st_size for p in (home / "bundles/two").iterdir())
    assert client.get("/health/ready").json["second_bundle"] is None
    assert client.patch("/experiments/variety", json={"state": "running"}).status_code == 200
    memory = client.get("/health/ready").json["second_bundle"]
    assert memory["version"] == "two" and memory["array_bytes"] > 0
    answer = client.get(f"/recommend/{VARIED}?n=6").json
    assert (answer["model_version"], answer["variant"]) == ("two", {"variety": "varied"})
    assert client.get(f"/recommend/{PLAIN}?n=6").json["model_version"] == "one"
    like = {"user_id": VARIED, "item_id": ids(answer)[0], "event": "like"}
    assert client.post("/events", json=like).status_code == 201
    hidden = ids(answer)[1]
    assert client.patch(f"/items/{hidden}", json={"hidden": True}).status_code == 200
    after = client.get(f"/recommend/{VARIED}?n=6").json  # the second bundle follows the store
    assert after["model_version"] == "two" and not set(ids(answer)[:2]) & set(ids(after))
    assert BundleStore(home).prune(1, Experiments(_db(service)).bundles_in_use()) == []
    assert client.patch("/experiments/variety", json={"state": "stopped"}).status_code == 200
    assert client.get("/health/ready").json["second_bundle"] is None
    assert client.get(f"/recommend/{VARIED}?n=6").json["model_version"] == "one"


def _db(service: AppState):
    with service.link.use() as store:
        return store.db


def test_users_of_a_bundle_that_cannot_be_opened_are_in_no_arm(
    client: FlaskClient, service: AppState, home: Path
) -> None:
    world.publish(home, "two")
    BundleStore(home).rollback("one")
    named = [ARMS[0], {"name": "varied", "share": 0.5, "bundle": "two"}]
    client.post("/experiments", json=BODY | {"arms": named})
    array = next((home / "bundles" / "two").glob("*.npy"))
    array.write_bytes(array.read_bytes()[:-1] + b"?")
    assert client.patch("/experiments/variety", json={"state": "running"}).status_code == 200
    answer = client.get(f"/recommend/{VARIED}?n=6").json
    assert (answer["model_version"], answer["variant"]) == ("one", None)
    assert "cannot be opened" in " ".join(client.get("/health/ready").json["warnings"])


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"arms": [ARMS[0], ARMS[1] | {"share": 0.6}]}, 409, "add up to 1.1"),
        ({"arms": [ARMS[0], ARMS[1] | {"overrides": {"speed": 1}}]}, 422, "speed"),
        ({"arms": [ARMS[0], {"name": "b", "share": 0.5, "bundle": "nine"}]}, 409, "no bundle"),
        ({"metrics": {"primary": "joy"}}, 422, "primary"),
        ({"start": 4_000_000_000, "end": 3_900_000_000}, 409, "before it starts"),
        ({"end": 1_000_000_000}, 409, "before it could run"),
        ({"id": "aa"}, 409, "A/A experiment"),
        ({"id": "a b"}, 422, "id"),
        ({"range": [0.5, 0.2]}, 409, "no part of 0 to 1"),
        ({"holdout": 1}, 422, "holdout"),
        ({"speed": 1}, 422, "speed"),
    ],
)
def test_definitions_that_are_wrong(
    client: FlaskClient, change: dict, status: int, words: str
) -> None:
    answer = client.post("/experiments", json=BODY | change)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_what_cannot_run_together_or_again(client: FlaskClient) -> None:
    begun(client)
    assert client.post("/experiments", json=BODY).status_code == 409  # the same salt
    assert client.post("/experiments", json=BODY | {"id": "second"}).status_code == 201
    refused = client.patch("/experiments/second", json={"state": "running"})
    assert refused.status_code == 409 and "overlap" in refused.text
    assert client.patch("/experiments/nobody", json={"state": "running"}).status_code == 404
    assert client.get("/experiments/nobody").status_code == 404
    assert client.get("/experiments/nobody/report").status_code == 404
    assert client.patch("/experiments/variety", json={"state": "draft"}).status_code == 422


def test_a_weight_that_is_switched_off_cannot_be_tried(make_app: Callable[..., Flask]) -> None:
    client = make_app(rising_weight=0.0).test_client()
    arms = [ARMS[0], {"name": "b", "share": 0.5, "overrides": {"rising_weight": 0.1}}]
    refused = client.post("/experiments", json=BODY | {"arms": arms})
    assert refused.status_code == 409 and "RECSYS_RISING_WEIGHT" in refused.text


def fill(service: AppState, refused: float) -> None:
    """Log a list of 400 users of each arm; `refused`: share of the second arm's that are hidden."""
    shown, acts = [], []
    for arm in ("plain", "varied"):
        for number in range(400):
            name = f"{arm}-{number}"
            items = (Shown("sea-1", 1, "words"),)
            now = time.time()
            shown.append(Exposure(name, now, "one", name, "long", items, {"variety": arm}))
            if arm == "varied" and number < refused * 400:
                acts.append(Outcome(name, "sea-1", "hide", now))
            if number % 4 == 0:
                acts.append(Outcome(name, "sea-1", "click", now))
    with service.link.use():
        service.link.exposures().write(shown, acts)


def test_reports_and_a_guardrail_that_stops(client: FlaskClient, service: AppState) -> None:
    begun(client, metrics={"primary": "click_rate", "guardrails": ["refusal_rate"]})
    early = client.get("/experiments/variety/report").json
    assert (early["status"], early["metrics"]) == ("too_early", [])
    fill(service, 0.3)
    told = client.get("/experiments/variety/report").json
    assert told["status"] == "readable" and told["units"] == {"plain": 400, "varied": 400}
    primary, rail = told["metrics"]
    assert primary["arms"][1]["value"] == 0.25 and not primary["arms"][1]["difference"]["decided"]
    assert rail["arms"][1]["difference"]["harmed"]
    service.worker.tick()
    stopped = client.get("/experiments/variety").json
    assert stopped["state"] == "stopped"
    assert stopped["reason"] == "guardrail: refusal_rate of arm varied"
    service.worker._due.clear()
    service.worker.tick()  # workers learn of it within a second
    assert client.get(f"/recommend/{VARIED}?n=6").json["variant"] is None
    assert client.get("/experiments/aa/report").json["id"] == "aa"


def test_an_experiment_without_harm_goes_on(client: FlaskClient, service: AppState) -> None:
    begun(client, metrics={"primary": "click_rate", "guardrails": ["refusal_rate"]})
    fill(service, 0.0)
    service.worker.tick()
    assert client.get("/experiments/variety").json["state"] == "running"


def test_operators_change_experiments_and_are_audited(app: Flask) -> None:
    operator, reader = keyed(app, "operate"), keyed(app, "read")
    assert reader.post("/experiments", json=BODY).status_code == 403
    assert reader.get("/experiments").status_code == 403
    assert keyed(app, "metrics").get("/experiments").status_code == 200
    assert operator.post("/experiments", json=BODY).status_code == 201
    change = {"state": "running"}
    assert operator.patch("/experiments/variety", json=change).json["created_by"]
    entries = keyed(app).get("/audit").json["entries"]
    done = {(entry["action"], entry["outcome"]) for entry in entries}
    assert ("POST /experiments", "refused") in done and ("POST /experiments", "done") in done
    assert ("PATCH /experiments/{experiment_id}", "done") in done


INTERLEAVED = {
    "id": "dial",
    "method": "interleaving",
    "arms": [
        {"name": "history", "share": 0.5, "overrides": {"personal": 1.0}},
        {"name": "popular", "share": 0.5, "overrides": {"personal": 0.0}},
    ],
    "metrics": {"primary": "clicks_per_user"},
}


def test_interleaved_lists_hold_items_of_both_arms(client: FlaskClient, service: AppState) -> None:
    events = [{"user_id": "ann", "item_id": f"bread-{n}", "event": "like"} for n in range(4)]
    assert client.post("/events", json=events).status_code == 201
    both = [client.get(f"/recommend/ann?n=12&personal={at}").json for at in (1, 0)]
    begun(client, **INTERLEAVED)
    first = client.get("/recommend/ann?n=4&pin=sea-9@2").json
    assert first["variant"] == {"dial": "interleaved"} and ids(first)[1] == "sea-9"
    second = client.get(first["next"]).json
    assert not set(ids(first)) & set(ids(second)) and len(ids(second)) == 4
    like = {"user_id": "ann", "item_id": ids(second)[0], "event": "like"}
    like |= {"recommendation_id": second["recommendation_id"]}
    assert client.post("/events", json=like).status_code == 201
    service.worker._write_exposures()
    shown = service.link.exposures().shown_lists(service.pseudonyms.of("ann"))
    by_id = {one.recommendation_id: one for one in shown}
    teams = {}
    for answer in (first, second):
        places = by_id[answer["recommendation_id"]].items
        teams |= {one.item_id: one.team for one in places}
    assert teams.pop("sea-9") is None
    assert {*teams.values()} == {"history", "popular"}
    for name, answer in zip(("history", "popular"), both, strict=True):
        own = [item for item, team in teams.items() if team == name]
        assert set(own) <= set(ids(answer))
    told = client.get("/experiments/dial/report").json
    assert (told["status"], told["units"]) == ("too_early", {"interleaved": 1})
    assert told["preference"]["users"] == 1 and told["preference"]["value"] is None


def test_credited_clicks_decide(client: FlaskClient, service: AppState) -> None:
    begun(client, **INTERLEAVED)
    shown, acts, now = [], [], time.time()
    for number in range(300):
        name = f"{number:032}"
        items = (
            Shown("sea-1", 1, "words", team="history"),
            Shown("sea-2", 2, "words", team="popular"),
        )
        arms = {"dial": "interleaved"}
        shown.append(Exposure(name, now, "one", f"u{number}", "long", items, arms))
        acts.append(Outcome(name, "sea-1" if number % 3 else "sea-2", "click", now))
    with service.link.use():
        service.link.exposures().write(shown, acts)
    told = client.get("/experiments/dial/report").json["preference"]
    assert told["favours"] == "history" and told["wins"] == [200, 100]
    assert told["value"] == pytest.approx(-1 / 3) and told["interval"][1] < 0


@pytest.mark.parametrize(
    "change",
    [
        {"arms": [*ARMS, ARMS[0] | {"name": "c"}]},
        {"metrics": {"primary": "click_rate"}},
        {"metrics": {"primary": "clicks_per_user", "guardrails": ["refusal_rate"]}},
        {"arms": [ARMS[0], {"name": "b", "share": 0.5, "overrides": {"explore": 0.1}}]},
    ],
)
def test_what_cannot_be_interleaved(client: FlaskClient, change: dict) -> None:
    assert client.post("/experiments", json=INTERLEAVED | change).status_code == 409


def test_what_a_user_was_assigned_is_exported_and_erased(
    client: FlaskClient, service: AppState
) -> None:
    admin = keyed(client.application)
    begun(admin)
    admin.post("/events", json={"user_id": VARIED, "item_id": "sea-1", "event": "like"})
    admin.get(f"/recommend/{VARIED}?n=6")
    service.worker._write_exposures()
    shown = admin.get(f"/users/{VARIED}/export").json["shown"]
    assert shown[0]["variant"]["variety"] == "varied" and "aa" in shown[0]["variant"]
    assert admin.delete(f"/users/{VARIED}").status_code == 200
    with service.link.use() as store:
        assert Experiments(store.db).one("variety") is not None
        assert service.link.exposures().shown_lists(service.pseudonyms.of(VARIED)) == []


def test_every_worker_has_an_experiment_within_two_seconds(
    serve: Callable[..., Server], home: Path
) -> None:
    server = serve(workers=2)
    with server.client() as client, Store.open(f"sqlite:///{home / 'store.db'}") as store:
        known = Experiments(store.db)
        known.add(of_definition("variety", {k: v for k, v in BODY.items() if k != "id"}))
        asked = f"/recommend/{VARIED}?n=3"
        for _ in range(8):
            assert client.get(asked).json()["variant"] is None
        known.move("variety", "running")
        time.sleep(2.0)
        assert all(client.get(asked).json()["variant"] for _ in range(12))
        known.move("variety", "stopped")
        time.sleep(2.0)
        assert not any(client.get(asked).json()["variant"] for _ in range(12))
