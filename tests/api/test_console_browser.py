"""The console in a real Chromium: accessibility, other hosts, keyboard, scripts in texts."""

from __future__ import annotations

import gzip
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import api_world as world
import httpx
import pytest
from api_server import Server, start
from console_browser import browser

from api.console.rendering import HERE
from recsys.data.records import Event, Item
from recsys.store.alerts import Alerts
from recsys.store.api_keys import Keys
from recsys.store.database import Database
from recsys.store.detected_events import DetectedEvents, EventText, StoredDetectedEvent
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import Watches

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(900)]

KEY: dict[str, str] = {}  # "key": of the role admin, once there is a server
HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'>"
PAGES = [
    "/console",
    "/console/login",
    "/console/runs",
    "/console/runs/1",
    "/console/users",
    "/console/user?user=ann",
    "/console/user?user=ann&as_of=2026-01-01T00:00",
    "/console/user?user=nobody",
    "/console/why?user=ann&item=bread-9",
    "/console/compare",
    "/console/compare?user=ann&b_personal=1",
    "/console/items?q=dough",
    "/console/item?item=bread-9",
    "/console/item?item=evil",
    "/console/topics",
    "/console/topics/1",
    "/console/trends",
    "/console/alerts",
    "/console/watches?query=dough",
    "/console/watches/1",
    "/console/alerts/1",
    "/console/events",
    "/console/events/1",
    "/console/suspects",
    "/console/bundles",
    "/console/bundles/rollback?version=one",
    "/console/keys",
    "/console/settings",
    "/console/audit",
    "/console/nowhere",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("console")
    world.build(home)
    world.publish(home, "two")
    store = Store.open(f"sqlite:///{home / 'store.db'}")
    evil = Item("evil", title=HOSTILE, text=HOSTILE, tags=(HOSTILE,), category=HOSTILE)
    store.add_items([evil])
    topics = list(world.TOPICS)
    store.add_events(
        Event(f"user-{n}", f"{topics[n % 3]}-{k}", "like", timestamp=world.NOW - 9000 + 60 * k)
        for n in range(10)
        for k in range(n % 4, n % 4 + 4)
    )
    store.add_events(
        [
            Event("ann", "bread-1", "like", timestamp=world.NOW - 4000),
            Event("ann", "sea-2", "comment", text=HOSTILE, timestamp=world.NOW - 3000),
        ]
    )
    gate = {"passed": True, "reason": "better", "people": 9, "today": 0.2, "yesterday": 0.1}
    for low in (-0.1, 0.2, 0.1):
        run = store.start_run("nightly")
        store.record_step(run, "fit", 3.0, {"items": 60, "cpu_seconds": 2.5})
        detail = {"gate": {**gate, "low": low, "high": 0.5}, "version": "one", "cpu_seconds": 9.0}
        store.finish_run(run, "published" if low > 0 else "refused", detail)
    values = {"name": HOSTILE, "query": "dough", "group": "", "level": "normal"}
    values |= {"least_people": 10, "digest": "none", "created_by": ""}
    watch = Watches(store.db).add(values, 1, 1)
    with store.db.write() as connection:
        figures = {"window_hours": 6, "texts": 50, "people": 41, "effective_people": 40.0}
        figures |= {"share": 0.7, "share_low": 0.6, "share_high": 0.8, "usual_share": 0.2}
        body = {**figures, "expected_people": 8.0, "terms": [HOSTILE], "entities": ["Sea"]}
        row = {"watch": watch.id, "kind": "negative", "state": "firing", "began": world.NOW}
        Alerts(store.db).add(connection, {**row, "fired": world.NOW, "body": body})
        words = {"terms": [HOSTILE, "dough"], "entities": [HOSTILE]}
        moments = (world.NOW - 90_000, world.NOW - 80_000, world.NOW - 1_000)
        event = StoredDetectedEvent(1, HOSTILE, *moments, False, words)
        number = WatchedLog(store.db).last_item()
        texts = [EventText(1, 0, number - n, world.NOW - 30_000 * n, -1) for n in range(3)]
        DetectedEvents(store.db).write(connection, [event], texts)
    Alerts(store.db).add_silence(
        watch.id, None, world.NOW - 60, world.NOW + 10 * 365 * 86_400, HOSTILE, ""
    )
    store.close()
    db = Database.open(f"sqlite:///{home / 'store.db'}")
    _, KEY["key"] = Keys(db).create("browser", ["admin"])  # keys and settings need one
    db.engine.dispose()
    found = start(home)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def context(chromium: Any, language: str = "en-US", scheme: str = "light", **more: Any) -> Any:
    view = {"width": 1280, "height": 800}
    sent = {"Authorization": f"Bearer {KEY['key']}"}
    return chromium.new_context(
        locale=language, color_scheme=scheme, viewport=view, extra_http_headers=sent, **more
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_no_violation_no_other_host_no_script_from_texts(
    server: Server, chromium: Any, language: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    rules = {"runOnly": {"type": "tag", "values": tags}}
    with context(chromium, language, scheme) as seen:
        page = seen.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        violations = {}
        for path in PAGES:
            page.goto(server.url + path)
            found = axe.run(page, options=rules)
            if found.violations_count:
                violations[path] = found.generate_report()
            assert page.evaluate("window.hit") is None, path
        assert violations == {}
        assert all(url.startswith(server.url + "/console") for url in asked), asked
        refused = [text for text in wrong if "404" not in text]
        assert refused == []


def test_a_page_with_all_that_it_loads_is_light(server: Server) -> None:
    files = [path for path in HERE.rglob("*") if path.suffix in (".html", ".css", ".js", ".svg")]
    own = sum(len(gzip.compress(path.read_bytes())) for path in files)
    with client_of(server) as client:
        client.headers["Accept-Encoding"] = "gzip"
        static = ("console.css", "console.js", "mark.svg")
        loaded = sum(weight(client, f"/console/static/{name}") for name in static)
        heaviest = max(weight(client, path) for path in PAGES)
    assert 5_000 < own <= 100_000
    assert loaded + heaviest <= 100_000


def client_of(server: Server) -> httpx.Client:
    """Return a client of the server that sends the key."""
    found = server.client()
    found.headers["Authorization"] = f"Bearer {KEY['key']}"
    return found


def weight(client: httpx.Client, path: str) -> int:
    with client.stream("GET", path) as answer:
        return len(b"".join(answer.iter_raw()))


def tab_to(page: Any, selector: str, most: int = 90) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


@pytest.mark.parametrize("case", range(10))
def test_why_did_somebody_see_an_item_by_keyboard(server: Server, chromium: Any, case: int) -> None:
    user = f"user-{case}"
    with client_of(server) as client:
        shown = client.get(f"/recommend/{user}", params={"n": 10}).json()["items"]
        item = shown[case % len(shown)]["item_id"]
        expected = client.get(f"/explain/{user}/{item}").json()
    time.sleep(2.5)  # until the exposure log is written
    with context(chromium) as seen:
        page = seen.new_page()
        visited: list[str] = []
        page.on("framenavigated", lambda frame: visited.append(frame.url))
        page.goto(server.url + "/console")
        visited.clear()
        tab_to(page, "#why-user")
        page.keyboard.type(user)
        page.keyboard.press("Tab")
        page.keyboard.type(item)
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/why*")
        assert len(visited) <= 3
        tiles = dict(
            zip(
                page.locator(".tiles dt").all_inner_texts(),
                page.locator(".tiles dd").all_inner_texts(),
                strict=True,
            )
        )
        assert tiles["Place among all items"] == str(expected["rank"])
        assert tiles["Score"] == f"{expected['score']:.3f}"
        assert tiles["Times shown"].startswith("1")
        rows = page.locator(".parts-table tbody tr td.name").all_inner_texts()
        assert rows[0].startswith(expected["parts"][0]["text"])
        place = page.locator("section[aria-labelledby=shown] tbody td.num").first.inner_text()
        assert place == str(case % len(shown) + 1)
        if change := expected["change"]:
            assert change["text"] in page.locator("main").inner_text()


def test_what_if_and_rollback_by_keyboard(server: Server, chromium: Any) -> None:
    with context(chromium) as seen:
        page = seen.new_page()
        page.goto(server.url + "/console")
        page.keyboard.press("/")  # the shortcut of the field on top
        page.keyboard.type("user-1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/user*")
        before = page.locator("table.list td.name a").all_inner_texts()
        visited: list[str] = []
        page.on("load", lambda: visited.append(page.url))
        tab_to(page, "#history td a[href*='without=']", 150)
        page.keyboard.press("Enter")
        page.wait_for_selector("#list .note")
        assert "without=" in page.url and visited == []  # replaced in place
        assert page.evaluate("document.activeElement.id") == "list-title"
        page.go_back()
        page.wait_for_selector("#list .note", state="detached")
        assert page.locator("table.list td.name a").all_inner_texts() == before
        page.goto(server.url + "/console/bundles")
        tab_to(page, "td a.button")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"  # where one is, is to be seen
        page.keyboard.press("Enter")
        page.wait_for_url("**/rollback*")
        tab_to(page, "#confirm")
        page.keyboard.type("one")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bundles?done=one")
        assert "one is the bundle to serve" in page.locator("[role=status]").first.inner_text()


def test_pages_work_without_scripts(server: Server, chromium: Any) -> None:
    with context(chromium, java_script_enabled=False) as seen:
        page = seen.new_page()
        page.goto(server.url + "/console/user?user=user-2")
        page.get_by_role("link", name="List without this").first.click()
        assert "without=" in page.url and page.locator("#list .note").count() == 1
        page.locator("#lang").select_option("zh")
        page.locator("#scheme").select_option("dark")
        page.locator(".view button").click()
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator("html").get_attribute("data-scheme") == "dark"


def test_no_other_page_frames_the_console(server: Server, chromium: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text(f"<iframe src='{server.url}/console'></iframe>")
    with context(chromium) as seen:
        page = seen.new_page()
        page.goto(outside.as_uri())
        page.wait_for_timeout(500)
        assert page.frames[1].url.startswith("chrome-error:")
    shutil.rmtree(tmp_path)
