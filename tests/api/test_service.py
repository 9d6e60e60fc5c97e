"""Keys, limits, health, logs, figures, degraded mode, swaps: within one process."""

from __future__ import annotations

import gc
import gzip
import json
import logging
import shutil
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import api_world as world
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.app import create_app
from api.auth import RateLimiter
from api.logs import JsonFormatter
from api.runtime.app_state import AppState
from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.index.faiss_index import FaissIndex
from recsys.serving.model import INDEX
from recsys.settings import Settings
from recsys.store.api_keys import Keys
from recsys.store.database import Database
from recsys.store.store import Store

ROOT = Path(__file__).parents[2]
REMOTE = {"REMOTE_ADDR": "10.0.0.9"}
FORBIDDEN = (
    "torch",
    "sentence_transformers",
    "implicit",
    "pyarrow",
    "lightgbm",
    "sklearn",
    "pandas",
    "transformers",
)


def make_key(home: Path, scope: str, rate: float | None = None) -> tuple[str, str]:
    db = Database.open(f"sqlite:///{home / 'store.db'}")
    key, token = Keys(db).create("test", scope, rate)
    db.engine.dispose()
    return key.key_id, token


def test_importing_the_app_is_quick_and_brings_no_training_package() -> None:
    code = (
        "import sys, api.app;"
        f"print([m for m in {FORBIDDEN!r} if m in sys.modules]);"
        "print(len(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, modules = done.stdout.splitlines()
    assert found == "[]"
    assert int(modules) < 1_300  # what takes time; seconds would depend on the machine


def test_open_on_loopback_with_a_warning_closed_elsewhere(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_app().test_client()
    assert "no key is needed" in caplog.text
    assert client.get("/recommend/u").status_code == 200
    for environ in (REMOTE, {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}, {"REMOTE_ADDR": ""}):
        response = client.get("/recommend/u", environ_overrides=environ)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/health/live", environ_overrides=REMOTE).status_code == 200
    assert make_app(host="0.0.0.0").test_client().get("/recommend/u").status_code == 401
    assert make_app(auth="on").test_client().get("/recommend/u").status_code == 401
    off = make_app(auth="off").test_client()
    assert off.get("/recommend/u", environ_overrides=REMOTE).status_code == 200


def test_scopes(make_app: Callable[..., Flask], home: Path) -> None:
    tokens = {scope: make_key(home, scope)[1] for scope in ("read", "write", "admin")}
    client = make_app(auth="on").test_client()
    event = {"user_id": "u", "item_id": "sea-1"}

    def status(scope: str, method: str, url: str) -> int:
        headers = {"Authorization": f"Bearer {tokens[scope]}"}
        body = event if method == "POST" else None
        return client.open(url, method=method, headers=headers, json=body).status_code

    allowed = {
        ("GET", "/recommend/u"): ("read", "write", "admin"),
        ("POST", "/events"): ("write", "admin"),
        ("GET", "/events?user_id=u"): ("write", "admin"),
        ("GET", "/stats"): ("admin",),
        ("GET", "/metrics"): ("admin",),
    }
    for (method, url), scopes in allowed.items():
        for scope in tokens:
            expected = {200, 201} if scope in scopes else {403}
            assert status(scope, method, url) in expected, (scope, url)
    assert client.get("/recommend/u", headers={"X-API-Key": tokens["read"]}).status_code == 200
    assert client.get("/recommend/u", headers={"X-API-Key": "rk_wrong"}).status_code == 401


def test_a_revoked_key_is_refused(make_app: Callable[..., Flask], home: Path) -> None:
    key_id, token = make_key(home, "read")
    app = make_app(auth="on")
    client, service = app.test_client(), app.extensions["service"]
    headers = {"X-API-Key": token}
    assert client.get("/recommend/u", headers=headers).status_code == 200
    db = Database.open(f"sqlite:///{home / 'store.db'}")
    assert Keys(db).revoke(key_id) and not Keys(db).revoke(key_id)
    assert token not in str(Keys(db).list())
    db.engine.dispose()
    service.worker.load_keys()
    assert client.get("/recommend/u", headers=headers).status_code == 401


def test_rate_limits_per_key(make_app: Callable[..., Flask], home: Path) -> None:
    slow, fast = make_key(home, "read", rate=1.0)[1], make_key(home, "read")[1]
    client = make_app(auth="on").test_client()
    codes = [
        client.get("/recommend/u?n=1", headers={"X-API-Key": slow}).status_code for _ in range(4)
    ]
    assert codes[:2] == [200, 200] and codes[-1] == 429
    limited = client.get("/recommend/u?n=1", headers={"X-API-Key": slow})
    assert int(limited.headers["Retry-After"]) >= 1
    assert client.get("/recommend/u?n=1", headers={"X-API-Key": fast}).status_code == 200


def test_buckets_fill_again() -> None:
    buckets = RateLimiter()
    assert [buckets.wait("a", 1.0, now=0.0) for _ in range(2)] == [0.0, 0.0]
    assert buckets.wait("a", 1.0, now=0.0) == pytest.approx(1.0)
    assert buckets.wait("b", 1.0, now=0.0) == 0.0
    assert buckets.wait("a", 1.0, now=1.0) == 0.0
    assert buckets.wait("a", 1.0, now=-5.0) > 0.0  # a clock that goes back grants nothing


def test_health_tells_the_truth(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    good = make_app().test_client()
    ready = good.get("/health/ready")
    assert ready.status_code == 200
    assert (ready.json["status"], ready.json["model_version"]) == ("ready", "one")
    empty = make_app(home=tmp_path / "empty").test_client()
    assert empty.get("/health/live").status_code == 200
    assert empty.get("/health/ready").status_code == 503
    missing = empty.get("/recommend/u")
    assert missing.status_code == 503 and missing.json["error"]["code"] == "no_bundle"
    assert empty.post("/events", json={"user_id": "u", "item_id": "i"}).status_code == 201


def test_a_stale_bundle_warns(
    make_app: Callable[..., Flask], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world.publish(home, "old", created=time.time() - 40 * 3600)
    client = make_app().test_client()
    assert "stale" in caplog.text
    assert client.get("/health/ready").json["warnings"] == ["the bundle is stale"]


def test_a_bundle_whose_index_needs_faiss_says_so_where_faiss_is_missing(
    make_app: Callable[..., Flask],
    home: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faiss = pytest.importorskip("faiss")
    words = np.ascontiguousarray(world.model().words, np.float32)
    index = faiss.IndexFlatIP(words.shape[1])
    index.add(words)
    FaissIndex(index, words).write(tmp_path / INDEX)
    made = world.model("indexed")

    def write(folder: Path) -> None:
        blobs = {INDEX: (tmp_path / INDEX).read_bytes()}
        write_bundle(folder, made.arrays(), blobs, {"model": made.settings()})

    BundleStore(home).publish(write, "indexed")
    answers = []
    for absent in (False, True):
        if absent:
            monkeypatch.setitem(sys.modules, "faiss", None)
        caplog.clear()
        client = make_app(console="off").test_client()
        answers.append([i["item_id"] for i in client.get("/recommend/baker?n=9").json["items"]])
        warnings = client.get("/health/ready").json["warnings"]
        assert len(warnings) == absent
        assert all("words.faiss" in text and "extra cpu" in text for text in warnings)
        assert caplog.text.count("is served without its index words.faiss") == absent
        assert f"recsys_missing_indexes {absent:.1f}" in client.get("/metrics").text
    assert answers[0] == answers[1]


def test_the_store_is_away(make_app: Callable[..., Flask], home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    app = make_app(store=f"sqlite:///{tmp_path / 'file' / 'store.db'}")
    client = app.test_client()
    found = client.get("/recommend/baker?n=5").json
    assert found["degraded"] is True and found["cold_start"] is True and len(found["items"]) == 5
    event = client.post("/events", json={"user_id": "u", "item_id": "i"})
    assert event.status_code == 503 and event.json["error"]["code"] == "store_unreachable"
    assert event.headers["Retry-After"]
    ready = client.get("/health/ready")
    assert ready.status_code == 200 and ready.json["status"] == "degraded"
    assert client.get("/items/sea-0").json["title"]
    assert client.get("/similar/sea-0?n=3").json["degraded"] is True
    service = app.extensions["service"]
    service.link.url = f"sqlite:///{home / 'store.db'}"  # it is back
    service.worker.tick()
    back = client.get("/recommend/baker?n=5").json
    assert back["degraded"] is False and back["cold_start"] is False


def test_a_locked_store_is_read_and_refuses_writes_in_time(
    client: FlaskClient, service: AppState, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    client.get("/recommend/baker?n=1")
    holder = sqlite3.connect(home / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with service.link.use() as store, store.db.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 100")
    event = client.post("/events", json={"user_id": "u", "item_id": "i"})
    assert event.status_code == 503 and event.headers["Retry-After"]
    assert event.json["error"]["code"] == "store_busy"
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json["status"], ready.json["writes"]) == (
        200,
        "degraded",
        False,
    )
    assert client.get("/health/ready?for=writes").status_code == 503
    assert client.get("/recommend/baker?n=5").json["degraded"] is False
    holder.execute("ROLLBACK")
    holder.close()
    deadline = time.monotonic() + 60
    while client.post("/events", json={"user_id": "u", "item_id": "i"}).status_code != 201:
        assert time.monotonic() < deadline
        time.sleep(0.1)  # writers are refused for a moment


def test_a_full_disk_answers_507_and_stores_nothing(client: FlaskClient, service: AppState) -> None:
    with service.link.use() as store, store.db.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    rows = [{"user_id": f"u{n}", "item_id": f"i{n}", "text": "x" * 3000} for n in range(200)]
    full = client.post("/events", json=rows)
    assert full.status_code == 507, full.text
    with service.link.use() as store, store.db.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert client.get("/events?user_id=u0").json["events"] == []
    assert client.post("/events", json=rows).status_code == 201


def test_swaps_of_bundles(client: FlaskClient, service: AppState, home: Path) -> None:
    assert client.get("/recommend/baker").json["model_version"] == "one"
    world.publish(home, "two")
    service.worker.take_bundle()
    assert client.get("/recommend/baker").json["model_version"] == "two"
    shutil.rmtree(home / "bundles")
    service.worker.take_bundle()
    assert client.get("/recommend/baker?n=7").json["model_version"] == "two"


def test_a_damaged_bundle_is_refused(
    client: FlaskClient, service: AppState, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world.publish(home, "bad")
    path = home / "bundles" / "bad" / "words.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    service.worker.take_bundle()
    service.worker.take_bundle()
    assert client.get("/recommend/baker").json["model_version"] == "one"
    assert "checksum" in caplog.text
    world.publish(home, "three")
    service.worker.take_bundle()
    assert client.get("/recommend/baker").json["model_version"] == "three"


def test_items_posted_before_a_swap_live_on(
    client: FlaskClient, service: AppState, home: Path
) -> None:
    client.post("/items", json={"item_id": "fresh-one", "title": "rook gambit"})
    client.delete("/items/sea-0")
    world.publish(home, "two")
    service.worker.take_bundle()
    found = client.get("/recommend/x?q=rook&n=60").json
    shown = [entry["item_id"] for entry in found["items"]]
    assert found["model_version"] == "two" and "fresh-one" in shown and "sea-0" not in shown


def test_another_workers_writes_are_seen_at_once(make_app: Callable[..., Flask]) -> None:
    one, two = make_app().test_client(), make_app().test_client()
    assert two.get("/recommend/ann?n=5").json["cold_start"] is True
    one.post("/events", json={"user_id": "ann", "item_id": "chess-1", "event": "like"})
    assert two.get("/recommend/ann?n=5").json["cold_start"] is False
    one.post("/items", json={"item_id": "fresh-one", "title": "rook gambit"})
    shown = two.get("/recommend/ann?q=rook+gambit&n=60").json["items"]
    assert "fresh-one" in [entry["item_id"] for entry in shown]
    one.delete("/items/fresh-one")
    shown = two.get("/recommend/ann?q=rook+gambit&n=60").json["items"]
    assert "fresh-one" not in [entry["item_id"] for entry in shown]


def test_logs_are_json_with_request_ids_and_pseudonyms(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = client.get("/recommend/secret-person?q=private", headers={"X-Request-ID": "abc-1"})
    assert response.headers["X-Request-ID"] == "abc-1"
    record = next(r for r in caplog.records if r.name == "recsys.access")
    line = json.loads(JsonFormatter().format(record))
    assert line["request"] == "abc-1" and line["status"] == 200
    assert line["route"] == "GET /recommend/{user}" and len(line["user"]) == 24
    whole = "".join(JsonFormatter().format(r) for r in caplog.records)
    assert "secret-person" not in whole and "private" not in whole
    long = client.get("/recommend/u", headers={"X-Request-ID": "x" * 65})
    assert long.headers["X-Request-ID"] != "x" * 65


def test_keys_stay_out_of_logs(
    make_app: Callable[..., Flask], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key_id, token = make_key(home, "read")
    client = make_app(auth="on").test_client()
    client.get("/recommend/u", headers={"X-API-Key": token})
    client.get("/stats", headers={"Authorization": f"Bearer {token}"})
    client.get("/stats", headers={"Authorization": "Bearer rk_made_up_secret"})
    whole = "".join(JsonFormatter().format(r) for r in caplog.records)
    assert key_id in whole and token not in whole and "made_up" not in whole


def test_metrics(client: FlaskClient) -> None:
    client.get("/recommend/baker?n=2")
    client.get("/recommend/baker?n=2")
    text = client.get("/metrics").text
    assert 'recsys_request_seconds_count{route="GET /recommend/{user}",status="200"} 2.0' in text
    assert "recsys_cached_answers_total 1.0" in text
    assert 'recsys_shown_items_total{source="neighbours"} 2.0' in text
    for name in ("bundle_age_seconds", "store_lag_seconds", "store_up", "stage_seconds_sum"):
        assert f"recsys_{name}" in text


def test_gzip_and_cors(make_app: Callable[..., Flask]) -> None:
    client = make_app(cors_origins=("https://shop.example",)).test_client()
    response = client.get(
        "/recommend/baker",
        headers={
            "Accept-Encoding": "gzip",
            "Origin": "https://shop.example",
        },
    )
    assert json.loads(gzip.decompress(response.data))["user"] == "baker"
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Accept-Encoding" in response.headers["Vary"]
    other = client.get("/recommend/baker", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_docs_need_no_network(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert "/recommend/{user}" in page and "http://" not in page and "https://" not in page
    document = client.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")


def test_settings(tmp_path: Path) -> None:
    config = tmp_path / "recsys.toml"
    config.write_text('home = "/srv/recsys"\nrate_limit = 5\ncors_origins = ["a", "b"]\n')
    found = Settings.load(
        {"RECSYS_CONFIG": str(config), "RECSYS_RATE_LIMIT": "7", "RECSYS_EVENT_WEIGHTS": "like=2"}
    )
    assert found.home == Path("/srv/recsys") and found.rate_limit == 7.0
    assert found.cors_origins == ("a", "b") and found.weights.of_kind("like") == 2.0
    assert found.weights.of_kind("dislike") == -1.0
    assert not Settings.load({"RECSYS_DEFENCES": "off"}).weights.account_tests
    for bad in (
        {"RECSYS_AUTH": "maybe"},
        {"RECSYS_DEFENCES": "onn"},
        {"RECSYS_EXPLORE_SHARE": "1.5"},
        {"RECSYS_MAX_BODY": "big"},
        {"RECSYS_CONFIG": "/none"},
    ):
        with pytest.raises(DataError):
            Settings.load(bad)


def test_an_app_that_is_gone_keeps_no_file_open(home: Path) -> None:
    app = create_app(Settings(home=home), background=False)
    app.test_client().get("/recommend/ann")
    held = weakref.ref(app.extensions["service"])
    app.extensions["service"].close()
    del app
    gc.collect()
    assert held() is None


def test_metrics_of_the_last_night(make_app: Callable[..., Flask], home: Path) -> None:
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        app = make_app()
        service, client = app.extensions["service"], app.test_client()
        service.worker.tick()
        assert "recsys_last_night_age_seconds -1.0" in client.get("/metrics").text
        store.finish_run(store.start_run("nightly"), "refused", {"gate": {"people": 321}})
        store.start_run("nightly")  # still at work: the one before it is told
        service.look_at_nights()
        service.take_figures()
    result = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines())
    assert result['recsys_last_night_status{status="refused"}'] == "1.0"
    assert result['recsys_last_night_status{status="published"}'] == "0.0"
    assert result["recsys_last_night_people"] == "321.0"
    assert 0.0 <= float(result["recsys_last_night_age_seconds"]) < 300.0
    assert 0.0 <= float(result["recsys_last_night_seconds"]) < 300.0
