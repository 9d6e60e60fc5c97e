"""/watches and /alerts: an alert with its evidence, who may watch an author, languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from api_world import NOW
from conftest import keyed
from flask import Flask

from api.runtime.app_state import AppState
from recsys.data.records import Event
from recsys.i18n import languages, translate
from recsys.monitoring.alert_sentences import EVERY, summary
from recsys.store.alerts import Alerts, Evidence
from recsys.store.schema import watches
from recsys.store.watches import MOST

AUTHOR = "erika.mustermann"
BODY = {
    "people": 40,
    "window_hours": 3,
    "share": 0.62,
    "usual_share": 0.2,
    "terms": ["crust"],
    "evidence": 3,
    "memory": {"bar": 0.1},
}


def with_alert(app: Flask) -> int:
    """Add a watch, and an alert of two comments and an item; return its id."""
    service: AppState = app.extensions["service"]
    made = keyed(app, "operate").post("/watches", json={"name": "crusts", "query": "crust"})
    assert made.status_code == 201, made.text
    with service.link.use() as store:
        said = [
            Event(who, "bread-3", "comment", None, f"awful terrible crust, says {who[:3]}", NOW)
            for who in (AUTHOR, "bob")
        ]
        store.add_events(said)
        refs = [(1, one.id) for one in store.events_after(store.last_event_id() - 2, 2)]
        refs.append((0, store.item_numbers(["bread-3"])["bread-3"]))
        log = Alerts(store.db)
        with store.db.write() as connection:
            values = {"watch": made.json["id"], "kind": "negative", "state": "firing"}
            id = log.add(connection, {**values, "began": NOW, "fired": NOW, "body": BODY})
            log.set_evidence(
                connection,
                id,
                [Evidence(id, at, "central", *ref, NOW) for at, ref in enumerate(refs)],
            )
    return id


def test_an_alert_shows_its_evidence_and_what_is_gone(app: Flask) -> None:
    id, operator = with_alert(app), keyed(app, "operate")
    service: AppState = app.extensions["service"]
    found = operator.get(f"/alerts/{id}").json
    assert (found["name"], found["state"], found["terms"]) == ("crusts", "firing", ["crust"])
    assert found["figures"] == {
        k: BODY[k] for k in ("people", "window_hours", "share", "usual_share")
    }
    first, second, third = found["evidence"]
    assert first["text"] == "awful terrible crust, says eri" and first["tone"] == "negative"
    assert first["author"] == service.pseudonyms.of(AUTHOR) and AUTHOR not in str(found)
    assert second["author"] == service.pseudonyms.of("bob") != first["author"]
    assert (third["source"], third["id"], third["item_id"]) == ("item", "bread-3", "bread-3")
    assert (found["evidence_erased"], found["warnings"]) == (0, [])
    admin = keyed(app)
    assert admin.delete(f"/users/{AUTHOR}").status_code == 200
    left = operator.get(f"/alerts/{id}").json
    assert left["evidence"] == [second, third] and left["evidence_erased"] == 1
    with service.link.use() as store:
        assert store.hide_item("bread-3")  # which hides its comments too
    left = operator.get(f"/alerts/{id}").json
    assert (left["evidence"], left["evidence_erased"]) == ([], 3)
    assert left["warnings"] == [
        "3 of the texts that stood for this alert are gone: erased, removed or hidden"
    ]
    chinese = operator.get(f"/alerts/{id}", headers={"Accept-Language": "zh-CN"})
    assert chinese.json["warnings"] == ["支持此警报的文本中有3条已不在：被清除、删除或隐藏"]
    done = operator.post(f"/alerts/{id}/acknowledge", json={"note": "we know"}).json
    assert (done["state"], done["note"]) == ("acknowledged", "we know")
    again = operator.post(f"/alerts/{id}/acknowledge", json={})
    assert again.status_code == 409 and "acknowledged" in again.text
    assert operator.get("/alerts/99").status_code == 404


def test_of_ten_thousand_watches_each_is_listed_and_one_more_is_refused(app: Flask) -> None:
    operator = keyed(app, "operate")
    body = {"name": "first", "query": "crust"}
    id = operator.post("/watches", json=body).json["id"]
    service: AppState = app.extensions["service"]
    with service.link.use() as store, store.db.write() as connection:
        row = dict(connection.execute(sa.select(watches)).mappings().one())
        del row["id"]
        rows = [row | {"name": f"watch {number}"} for number in range(MOST - 2)]
        connection.execute(sa.insert(watches), rows)
    assert operator.post("/watches", json=body | {"name": "last"}).status_code == 201
    refused = operator.post("/watches", json=body | {"name": "one more"})
    assert refused.status_code == 409
    assert "there are 10000 watches, the most there may be" in refused.json["error"]["message"]
    names, path = set[str](), "/watches?n=1000"
    while path:
        found = operator.get(path).json
        names |= {one["name"] for one in found["watches"]}
        path = found["next"]
    assert len(names) == MOST and {"first", "last"} <= names
    assert operator.delete(f"/watches/{id}").status_code == 200
    assert operator.post("/watches", json=body | {"name": "one more"}).status_code == 201


@pytest.mark.parametrize(
    "query", ["author:ann", "crust AND NOT (tide OR author:ann)", "-author:ann"]
)
def test_a_watch_on_an_author_needs_the_right_profile(app: Flask, query: str) -> None:
    operator, both, admin = keyed(app, "operate"), keyed(app, "operate", "support"), keyed(app)
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/watches", {"name": "ann", "query": query}),
        ("/watches/preview", {"query": query}),
        ("/opinion", {"query": query}),
    ]
    for path, body in bodies:
        refused = operator.post(path, json=body)
        assert refused.status_code == 403 and "profile" in refused.json["error"]["message"], path
    assert admin.get("/watches").json["watches"] == []
    for path, body in bodies[1:]:
        assert both.post(path, json=body).status_code == 200, path
    assert both.post(*bodies[0][:1], json=bodies[0][1]).status_code == 201
    assert keyed(app, "support").post("/watches", json=bodies[0][1]).status_code == 403
    assert operator.post("/watches", json={"name": "b", "query": '"author:ann"'}).status_code == 201


def looks_at(app: Flask, user: str) -> list[str]:
    service: AppState = app.extensions["service"]
    with service.link.use():
        log = service.link.audit_log()
        return [one.entry.action for one in log.page(person=service.pseudonyms.of(user), n=100)]


def test_a_query_about_an_author_is_a_look_at_them(app: Flask) -> None:
    admin, query = keyed(app), "crust OR author:ann"
    assert admin.post("/watches/preview", json={"query": "crust"}).status_code == 200
    assert looks_at(app, "ann") == []
    asked = {"query": query}
    assert admin.post("/watches/preview", json=asked).status_code == 200
    assert admin.post("/opinion", json=asked).status_code == 200
    assert admin.get("/console/watches", query_string=asked).status_code == 200
    id = admin.post("/watches", json={"name": "a", **asked}).json["id"]
    assert admin.get(f"/watches/{id}/timeline").status_code == 200
    assert looks_at(app, "ann")[::-1] == [
        "POST /watches/preview",
        "POST /opinion",
        "GET /console/watches",
        "POST /watches",
        "GET /watches/{watch_id}/timeline",
    ]


def test_whoever_may_not_watch_an_author_does_not_read_such_a_watch(app: Flask) -> None:
    admin, operator = keyed(app), keyed(app, "operate")
    names = {"about": "author:ann", "else": "crust"}
    ids = {
        name: admin.post("/watches", json={"name": name, "query": query}).json["id"]
        for name, query in names.items()
    }
    service: AppState = app.extensions["service"]
    with service.link.use() as store, store.db.write() as connection:
        values = {"kind": "negative", "state": "firing", "began": NOW, "fired": NOW, "body": BODY}
        alerts = {
            name: Alerts(store.db).add(connection, {"watch": ids[name], **values}) for name in ids
        }
    for client, seen, status in ((admin, ["about", "else"], 200), (operator, ["else"], 403)):
        assert [one["name"] for one in client.get("/watches").json["watches"]] == seen
        assert sorted(one["name"] for one in client.get("/alerts").json["alerts"]) == seen
        for path in (
            f"/watches/{ids['about']}",
            f"/watches/{ids['about']}/timeline",
            f"/console/watches/{ids['about']}",
            f"/alerts/{alerts['about']}",
            f"/console/alerts/{alerts['about']}",
        ):
            assert client.get(path).status_code == status, path
        assert client.get(f"/alerts/{alerts['else']}").status_code == 200
    note = {"note": "seen"}
    assert operator.post(f"/alerts/{alerts['about']}/acknowledge", json=note).status_code == 403


def test_a_preview_reads_so_many_characters_and_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, query = keyed(app), {"query": "tide"}
    rows = [{"item_id": f"tide-{n}", "title": f"tide {n} {'wave ' * 100}"} for n in range(40)]
    assert admin.post("/items", json=rows).status_code == 201
    whole = admin.post("/watches/preview", json=query).json
    assert whole["complete"] and whole["texts"] >= 40
    monkeypatch.setattr("recsys.monitoring.watch_preview.MOST_TONE_CHARACTERS", 5_000)
    part = admin.post("/watches/preview", json=query).json
    assert not part["complete"] and part["texts"] == whole["texts"] > part["people"] >= 8
    monkeypatch.setattr("recsys.monitoring.watch_preview.MOST_CHARACTERS", 10_000)
    part = admin.post("/watches/preview", json=query).json
    assert not part["complete"] and 18 <= part["texts_read"] < 40


def test_warnings_in_the_language_of_the_caller(app: Flask) -> None:
    operator = keyed(app, "operate")
    body = {"name": "none", "query": "zeppelin"}
    made = operator.post("/watches", json=body, headers={"Accept-Language": "zh"}).json
    assert [re.sub(r"\d+", "n", one) for one in made["warnings"]] == ["n条文本中没有一条符合此监测"]
    found = operator.post("/watches/preview", json={"query": "zeppelin"}).json["warnings"]
    assert [re.sub(r"\d+", "n", one) for one in found] == ["the watch holds for none of n texts"]


def test_conditions_that_no_item_meets_are_told_with_the_nearest_label(app: Flask) -> None:
    operator = keyed(app, "operate")
    client = keyed(app)
    tagged = {"item_id": "t", "title": "tide", "tags": ["Sourdough"], "category": "Baking"}
    assert client.post("/items", json=tagged).status_code == 201
    topic = client.get("/topics").json["topics"][0]["id"]

    def doubts(query: str, path: str = "/watches/preview", **more: str) -> list[str]:
        answer = operator.post(path, json={"query": query, **more})
        assert answer.status_code in (200, 201), answer.text
        return [one for one in answer.json["warnings"] if "no item has" in one]

    met = f"(topic:{topic} OR tag:sourdough OR category:BAKING OR language:en) NOT tone:positive"
    assert doubts(met) == [] and doubts(f"topic:0{topic}") == []
    known = "until one has, this condition holds for no text"
    assert doubts("bread OR topic:999999") == [f"no item has topic:999999: {known}"]
    assert doubts("tag:sourdogh", "/watches", name="a") == [
        f"no item has tag:sourdogh: {known}; is tag:sourdough meant?"
    ]
    both = doubts('category:bakin AND NOT entity:"nobody of this name"')
    assert [one.split(":")[0] for one in both] == ["no item has category", "no item has entity"]
    assert "author" not in "".join(
        keyed(app).post("/watches/preview", json={"query": "author:x"}).json["warnings"]
    )


def test_every_sentence_is_in_every_language_with_the_same_places(app: Flask) -> None:
    for sentence in EVERY:
        for language in languages()[1:]:
            places = {name: f"<{name}>" for name in re.findall(r"{(\w+)}", sentence)}
            said = translate(sentence, language, **places)
            assert said != sentence.format(**places), sentence
            assert sorted(re.findall(r"<\w+>", said)) == sorted(places.values()), said
    id = with_alert(app)
    service: AppState = app.extensions["service"]
    with service.link.use() as store:
        alert = Alerts(store.db).one(id)
    assert alert is not None
    assert summary(alert, "crusts") == "crusts: 62% of 40 people in 3 h negative, usually 20%"
    assert summary(alert, "面包", "zh") == "面包：3小时内40人发言，62%为负面，平时为20%"
