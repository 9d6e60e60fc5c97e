"""The console's pages: each answers in both languages, wrong names get a page, texts stay text."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import api_world as world
import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from api.console import formats, watch_charts
from api.console.rendering import HERE
from api.runtime.app_state import AppState
from recsys.data.records import Event, Item
from recsys.store.detected_events import DetectedEvents, EventText, StoredDetectedEvent
from recsys.store.text_log import WatchedLog

PAGES = [
    "/console",
    "/console/login",
    "/console/runs",
    "/console/runs/1",
    "/console/users",
    "/console/user?user=baker",
    "/console/user?user=baker&personal=1&n=5",
    "/console/why?user=baker&item=bread-9",
    "/console/compare",
    "/console/compare?user=baker&b_personal=1&b_diversity=0.5",
    "/console/dialogue",
    "/console/dialogue?user=baker",
    "/console/items",
    "/console/items?q=dough",
    "/console/item?item=bread-9",
    "/console/topics",
    "/console/topics/1",
    "/console/trends",
    "/console/alerts",
    "/console/events",
    "/console/events?state=over",
    "/console/suspects",
    "/console/experiments",
    "/console/experiments/aa",
    "/console/bundles",
    "/console/bundles/rollback?version=one",
    "/console/keys",
    "/console/settings",
    "/console/settings?show=all",
    "/console/audit",
]
NEED_KEY = ("/console/keys", "/console/settings")  # whoever asks
GATE = {"passed": True, "reason": "better", "people": 9, "today": 0.2, "yesterday": 0.1}


@pytest.fixture
def nights(service: AppState) -> AppState:
    """The service, two nights in its store."""
    with service.link.use() as store:
        for low in (-0.1, 0.2):
            run = store.start_run("nightly")
            store.record_step(run, "fit", 3.0, {"items": 60, "cpu_seconds": 2.5})
            detail = {"gate": {**GATE, "low": low, "high": 0.5}, "version": "one"}
            store.finish_run(run, "published", detail)
    return service


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_in_both_languages(
    nights: AppState, app: Flask, client: FlaskClient, path: str
) -> None:
    texts = {}
    if path.startswith(NEED_KEY):
        assert client.get(path).status_code == 401
        client = keyed(app)
    for language, mark in (("en", "Skip to the content"), ("zh", "跳到正文")):
        answer = client.get(path, headers={"Accept-Language": language})
        texts[language] = answer.get_data(as_text=True)
        assert answer.status_code == 200, texts[language]
        assert mark in texts[language] and "<h1" in texts[language]
        assert not re.search(
            r"<script(?! type=\"module\" src=\"/console/static/)|<style|\sstyle=", texts[language]
        )
        assert not re.search(r"\son[a-z]+=|javascript:|https?://(?!www\.w3\.org)", texts[language])
    assert texts["en"] != texts["zh"]


MISSING = [
    ("/console/user?user=nobody", "Nothing is known of a user nobody."),
    ("/console/why?user=nobody&item=sea-1", "Nothing is known of a user nobody."),
    ("/console/why?user=baker&item=none", "there is no item &#39;none&#39;"),
    ("/console/compare?user=nobody", "Nothing is known of a user nobody."),
    ("/console/item?item=none", "there is no item &#39;none&#39;"),
    ("/console/topics/999", "there is no topic 999"),
    ("/console/runs/999", "there is no run 999"),
    ("/console/bundles/rollback?version=none", "there is no bundle &#39;none&#39;; there are: one"),
    ("/console/experiments/none", "there is no experiment &#39;none&#39;"),
    ("/console/keys/revoke?key_id=none", "there is no key &#39;none&#39;"),
    ("/console/trends?series=topic&id=nope", "does not stand out"),
    ("/console/events/9", "there is no event 9"),
    ("/console/watches/9", "there is no watch 9"),
    ("/console/alerts/9", "there is no alert 9"),
    ("/console/nowhere", "there is no such page"),
    ("/console/static/none.css", "there is no such file"),
    ("/console/static/..%2Fpage_routes.py", "there is no such"),
]


@pytest.mark.parametrize(("path", "sentence"), MISSING)
def test_what_is_not_there_gets_a_page_that_says_so(
    app: Flask, client: FlaskClient, path: str, sentence: str
) -> None:
    answer = (keyed(app) if path.startswith(NEED_KEY) else client).get(path)
    assert answer.status_code == 404
    assert sentence in answer.get_data(as_text=True) and answer.mimetype == "text/html"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console/user?user=baker&without=999999", 422),
        ("/console/user?user=baker&as_of=yesterday", 400),
        ("/console/user?user=baker&as_of=2999-01-01T00:00", 400),
        ("/console/user?user=baker&personal=2", 400),
        ("/console/user", 400),
        ("/console/user?user=", 400),
        ("/console/runs?before=x", 400),
        ("/console/compare?user=baker&a_diversity=7", 400),
        ("/console/audit?nonsense=1", 400),
    ],
)
def test_wrong_parameters_get_a_page_that_names_them(
    client: FlaskClient, path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status and answer.mimetype == "text/html"
    assert "Traceback" not in answer.get_data(as_text=True)


def test_an_unknown_language_is_refused_with_those_there_are(client: FlaskClient) -> None:
    answer = submit(client, "/console/view", lang="xx")
    assert answer.status_code == 422
    assert "there are: en, zh" in answer.get_data(as_text=True)


def test_language_and_colours_are_kept(client: FlaskClient) -> None:
    answer = submit(client, "/console/view", lang="zh", scheme="dark", next="/console/items")
    assert (answer.status_code, answer.location) == (303, "/console/items")
    text = client.get("/console", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert 'lang="zh-CN" data-scheme="dark"' in text


def submit(client: FlaskClient, path: str, **fields: str):  # type: ignore[no-untyped-def]
    """Send a form as its page would."""
    page = client.get("/console/login").get_data(as_text=True)
    token = re.search(r'name="csrf" value="(\w+)"', page)
    assert token is not None
    return client.post(path, data={"csrf": token[1], **fields})


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_script_in_titles_names_ids_and_comments_is_text(
    service: AppState, client: FlaskClient
) -> None:
    evil = Item(
        "<b>evil", title=HOSTILE, text=HOSTILE, tags=(HOSTILE,), category=HOSTILE, author_id=HOSTILE
    )
    with service.link.use() as store:
        store.add_items([evil])
        store.add_events([Event("<i>bad", "<b>evil", "comment", text=HOSTILE, timestamp=world.NOW)])
        store.add_events([Event("<i>bad", "sea-1", "like", timestamp=world.NOW)])
        service.link.keys()
    service.catch_up()
    for path in (
        "/console/item?item=%3Cb%3Eevil",
        "/console/items",
        "/console/items?q=" + "%3Cscript%3E",
        "/console/user?user=%3Ci%3Ebad",
        "/console/why?user=%3Ci%3Ebad&item=%3Cb%3Eevil",
        "/console/compare?user=%3Ci%3Ebad",
        "/console/user?user=%3Cscript%3Ealert(1)%3C/script%3E",
        "/console/audit?route=%3Cscript%3E",
    ):
        text = client.get(path).get_data(as_text=True)
        assert "<script>" not in text and "<img src=x" not in text and "<b>evil" not in text, path
        assert "<i>bad" not in text, path
    assert "&lt;script&gt;alert(1)" in client.get("/console/item?item=%3Cb%3Eevil").get_data(
        as_text=True
    )


def test_without_an_event_and_as_of_before_it_the_list_is_that_of_then(
    service: AppState, client: FlaskClient
) -> None:
    with service.link.use() as store:
        store.add_events([Event("ann", "sea-1", "like", timestamp=world.NOW - 7200)])
        before = [one["item_id"] for one in client.get("/recommend/ann?n=20").json["items"]]
        store.add_events([Event("ann", "chess-1", "like", timestamp=world.NOW - 60)])
        late = store.events_of("ann")[-1].id
    service.forget_answers()
    now = [one["item_id"] for one in client.get("/recommend/ann?n=20").json["items"]]
    assert before != now

    def order(query: str) -> list[str]:
        page = client.get(f"/console/user?user=ann{query}").get_data(as_text=True)
        table = page.split('id="history"')[0].split('class="list"')[1].split("</table>")[0]
        return re.findall(r'/console/item\?item=([\w-]+)"', table)

    assert order("") == now
    assert order(f"&without={late}") == before
    assert order(f"&as_of={int(world.NOW - 3600)}") == before


def test_a_preview_is_not_logged_as_shown(service: AppState, client: FlaskClient) -> None:
    client.get("/console/user?user=baker")
    assert service.exposures.held == 0
    client.get("/recommend/baker")
    assert service.exposures.held == 1


def test_compare_opens_another_bundle_in_a_process_of_its_own(
    home: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app().test_client()
    world.publish(home, "two")
    page = client.get("/console/compare?user=baker&a_bundle=one&b_bundle=two").get_data(
        as_text=True
    )
    assert "Jaccard" in page and page.count("in service") >= 1
    with (home / "bundles" / "two" / "manifest.json").open("a") as file:
        file.write(" ")
    damaged = next(
        path for path in (home / "bundles" / "two").iterdir() if path.suffix in (".npy", ".bin")
    )
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x00")
    answer = client.get("/console/compare?user=baker&a_bundle=one&b_bundle=two")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and damaged.name in page and 'role="alert"' in page
    shutil.rmtree(home / "bundles" / "two")
    page = client.get("/console/compare?user=baker&a_bundle=one&b_bundle=gone").get_data(
        as_text=True
    )
    assert "no bundle &#39;gone&#39;" in page


def test_words_of_the_code_are_not_shown_to_chinese_readers(client: FlaskClient) -> None:
    chinese = {"Accept-Language": "zh"}
    address = "/console/compare?user=baker&a_personal=1&b_diversity=0.5"
    assert client.get(address, headers=chinese).status_code == 200  # a look, which is an entry
    page = client.get(address, headers=chinese).get_data(as_text=True)
    assert "个性化程度 1.00" in page and "多样性 0.50" in page
    assert "personal 1" not in page and "diversity 0" not in page
    page = client.get(address).get_data(as_text=True)
    assert "Personalisation 1.00" in page and "Diversity 0.50" in page
    page = client.get("/console/audit", headers=chinese).get_data(as_text=True)
    assert "<td>画像</td>" in page and "<td>profile</td>" not in page
    assert "<td>profile</td>" in client.get("/console/audit").get_data(as_text=True)


def test_a_rollback_needs_the_version_typed_once_more(
    home: Path, app: Flask, client: FlaskClient
) -> None:
    world.publish(home, "two")
    service: AppState = app.extensions["service"]
    assert service.bundles.current() == "two"
    answer = submit(client, "/console/bundles/rollback", version="one", confirm="two")
    assert answer.status_code == 422 and service.bundles.current() == "two"
    answer = submit(client, "/console/bundles/rollback", version="one", confirm="one")
    assert answer.status_code == 303 and service.bundles.current() == "one"
    assert "one is the bundle to serve" in client.get(answer.location).get_data(as_text=True)


def test_why_tells_when_the_item_was_shown(service: AppState, client: FlaskClient) -> None:
    shown = client.get("/recommend/baker?n=5").json
    item_id = shown["items"][1]["item_id"]
    event = {"user_id": "baker", "item_id": item_id, "event": "click"}
    client.post("/events", json={**event, "recommendation_id": shown["recommendation_id"]})
    service.worker.tick()  # type: ignore[attr-defined]
    page = client.get(f"/console/why?user=baker&item={item_id}").get_data(as_text=True)
    times = page.split('id="shown"')[1]
    assert re.search(r'<td class="num">2</td>', times) and "click" in times


def test_the_pages_of_a_role_are_those_of_its_rights(make_app: Callable[..., Flask]) -> None:
    app = make_app(auth="on")
    support, operate = keyed(app, "support"), keyed(app, "operate")
    links = {}
    for name, client in (("support", support), ("operate", operate)):
        page = client.get("/console").get_data(as_text=True)
        links[name] = set(re.findall(r'<li><a href="(/console[\w/]*)"', page))
        for link in links[name]:
            assert client.get(link).status_code == 200, link
    assert "/console/users" in links["support"] - links["operate"]
    assert "/console/settings" in links["operate"] - links["support"]
    assert not {"/console/keys", "/console/audit"} & (links["support"] | links["operate"])


def test_a_worker_that_opens_no_page_loads_none(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from api.app import create_app;"
        "from recsys.settings import Settings;"
        f"app = create_app(Settings(home=Path({str(home)!r})), background=False);"
        "assert app.test_client().get('/recommend/ann').status_code == 200;"
        "print([n for n in sys.modules if n == 'api.console' or n.startswith('api.console.')]);"
        "assert app.test_client().get('/console').status_code == 200;"
        "print('api.console.pages.overview' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    top = str(Path(__file__).parents[2])
    done = subprocess.run(run, capture_output=True, text=True, cwd=top, check=False)
    assert done.stdout.split("\n")[:2] == ["[]", "True"], done.stderr


def test_the_assets_are_small() -> None:
    sizes = [path.stat().st_size for path in (HERE / "static").iterdir()]
    assert 10_000 < sum(sizes) < 60_000


def test_a_watch_is_tried_before_it_is_saved(service: AppState, client: FlaskClient) -> None:
    page = client.get("/console/watches?query=dough").get_data(as_text=True)
    assert "What it holds for" in page and 'name="name"' in page
    assert "Nothing to draw yet." in page and 'class="plot"' not in page
    answer = submit(client, "/console/watches", name=HOSTILE, query="dough")
    assert answer.status_code == 303
    page = client.get(answer.location).get_data(as_text=True)
    assert "&lt;script&gt;" in page and "<script>" not in page
    assert answer.location in client.get("/console/alerts").get_data(as_text=True)
    wrong = client.get("/console/watches?query=%2Fa.*b%2F")  # a regular expression
    assert wrong.status_code == 422 and 'role="alert"' in wrong.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/console/alerts/9", "/console/watches/9"])
def test_an_alert_that_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 and "there is no" in answer.get_data(as_text=True)


def test_a_watch_is_changed_silenced_and_removed(service: AppState, client: FlaskClient) -> None:
    made = submit(client, "/console/watches", name="dough", query="dough", group="town")
    path = made.location
    number = path.rsplit("/", 1)[1]
    fields = {"level": "eager", "least_people": "12", "digest": "week"}
    assert submit(client, path, name="bread", **fields).status_code == 303
    page = client.get(path).get_data(as_text=True)
    assert "<h1>bread</h1>" in page and 'value="12"' in page
    assert submit(client, path, name="bread", level="loud").status_code == 400
    assert submit(client, "/console/watches/999", name="x", **fields).status_code == 404
    sent = submit(client, "/console/silences", watch=number, hours="4", reason=HOSTILE)
    assert sent.location == "/console/alerts#silences"
    page = client.get("/console/alerts").get_data(as_text=True)
    assert "&lt;script&gt;" in page and "<script>" not in page
    silence = re.search(r'name="silence" value="(\d+)"', page)
    assert silence is not None
    assert submit(client, "/console/silences", hours="0").status_code == 400
    assert submit(client, "/console/silences", watch="999", hours="1").status_code == 404
    both = {"watch": number, "group": "town", "hours": "1"}
    assert submit(client, "/console/silences", **both).status_code == 422
    assert submit(client, "/console/silences/remove", silence=silence[1]).status_code == 303
    assert submit(client, "/console/silences/remove", silence=silence[1]).status_code == 404
    assert submit(client, f"{path}/remove", confirm="dough").status_code == 422
    assert client.get(path).status_code == 200
    assert submit(client, f"{path}/remove", confirm="bread").location == "/console/alerts"
    assert client.get(path).status_code == 404
    for sent_to in (path, f"{path}/remove", "/console/silences", "/console/silences/remove"):
        assert client.post(sent_to, data={"hours": "1"}).status_code == 403  # without a token


def test_failures_are_told_in_the_language_of_the_page(client: FlaskClient) -> None:
    chinese = {"Accept-Language": "zh"}
    for path, sentence in (
        ("/console/nowhere", "没有这个页面"),
        ("/console/topics/999", "没有话题 999"),
        ("/console/item?item=none", "没有内容 &#39;none&#39;"),
        ("/console/watches?query=%22open", "引号未闭合"),
    ):
        assert sentence in client.get(path, headers=chinese).get_data(as_text=True), path
    odd = client.get("/console/compare?user=baker&a_diversity=7", headers=chinese)
    assert "a_diversity" in odd.get_data(as_text=True)


def test_an_unknown_address_has_the_menu(client: FlaskClient) -> None:
    page = client.get("/console/nowhere").get_data(as_text=True)
    assert '<a href="/console/alerts"' in page and "there is no such page" in page


def test_a_detected_event_is_shown_with_its_texts(service: AppState, client: FlaskClient) -> None:
    with service.link.use() as store:
        store.add_items([Item("evil-9", title=HOSTILE, created_at=world.NOW - 5_000)])
        number = WatchedLog(store.db).last_item()
        words = {"terms": [HOSTILE, "dough"], "entities": [HOSTILE]}
        event = StoredDetectedEvent(7, HOSTILE, world.NOW - 90_000, 1.0, world.NOW, False, words)
        texts = [EventText(7, 0, number, world.NOW - 5_000, -1)]
        with store.db.write() as connection:
            DetectedEvents(store.db).write(connection, [event], texts)
    for path in ("/console/events", "/console/events/7"):
        page = client.get(path).get_data(as_text=True)
        assert "&lt;script&gt;" in page and "<script>" not in page
    assert "evil-9" in page
    (found,) = client.get("/detected-events").get_json()["events"]
    assert (found["id"], found["texts"], found["people"], found["state"]) == (7, 1, 1, "active")
    one = client.get("/detected-events/7").get_json()
    assert [text["role"] for text in one["examples"]] == ["first"]
    assert sum(hour["texts"] for hour in one["timeline"]) == 1
    assert client.get("/detected-events/8").status_code == 404
    assert client.get("/detected-events?state=over").get_json()["events"] == []


def test_charts_of_counts_have_whole_numbers_and_whole_columns() -> None:
    days = [{"time": 86_400.0 * day, "texts": day % 2} for day in range(7)]
    chart = watch_charts.days(days, str)
    axis = re.findall(r'text-anchor="end">([^<]+)<', chart)
    assert axis == ["0", "1"]
    columns = re.findall(r'<rect class="bar " x="([\d.-]+)"[^>]* width="([\d.]+)"', chart)
    ends = [(float(x), float(x) + float(width)) for x, width in columns]
    assert len(ends) == 7 and min(x for x, _ in ends) >= 52 and max(x for _, x in ends) <= 586
    assert all(end < start for (_, end), (start, _) in zip(ends, ends[1:], strict=False))
    assert watch_charts.days([one | {"texts": 0} for one in days], str) == ""


def test_numbers_that_round_to_zero_have_no_sign() -> None:
    assert (formats.percent(-0.0001), formats.signed(-0.0001), formats.signed(0.0)) == (
        "0.0 %",
        "0.000",
        "0.000",
    )
    assert (formats.signed(0.5), formats.signed_percent(-0.25)) == ("+0.500", "-25.0 %")
    assert formats.figure(-1e-9) == "0.0000" and formats.number(-0.4) == "0"


def test_small_parts_of_a_score_are_summed_up_until_all_are_asked_for(client: FlaskClient) -> None:
    whole = client.get("/explain/baker/bread-9").json
    page = client.get("/console/why?user=baker&item=bread-9").text
    every = client.get("/console/why?user=baker&item=bread-9&every=1").text
    shown, all_shown = (len(re.findall(r'<td class="name">', one)) for one in (page, every))
    assert all_shown == len(whole["parts"]) >= shown
    assert ("smaller parts together" in page) == (shown < all_shown)


def test_durations_are_told_in_the_language_of_the_page(client: FlaskClient) -> None:
    told = {
        language: client.get("/console", headers={"Accept-Language": language}).text
        for language in ("en", "zh")
    }
    assert re.search(r"<dd>\d+\.\d s</dd>", told["en"])
    assert re.search(r"<dd>\d+\.\d 秒</dd>", told["zh"])
