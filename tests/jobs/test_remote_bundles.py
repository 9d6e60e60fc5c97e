"""`recsys bundles`, nights and `recsys serve` with an object store for bundles."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import api_world
import httpx
import object_server
import pytest
from api_server import free_port
from click.testing import CliRunner
from night_world import call, fill

from jobs.bundle_pull_process import BundleFollower
from jobs.commands.bundles import command
from jobs.commands.nightly import pull_current, run_night
from jobs.progress import LogProgress
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError, DataError, ObjectStoreError
from recsys.object_storage.s3_objects import S3Objects
from recsys.object_storage.urls import FORMS
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.setting_kinds import OBJECTS
from recsys.settings import Settings, describe
from recsys.store.store import Store


@pytest.fixture
def url(tmp_path, monkeypatch):
    found = (tmp_path / "objects").as_uri()
    monkeypatch.setenv("RECSYS_BUNDLES", found)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    home = tmp_path_factory.mktemp("built") / "home"
    api_world.build(home)
    api_world.publish(home, "two")
    return home


@pytest.fixture
def night(built, tmp_path, url, monkeypatch):
    """A home with two bundles, both in the object store, the settings' home."""
    home = tmp_path / "night"
    monkeypatch.setenv("RECSYS_HOME", str(home))
    shutil.copytree(built, home)
    for version in ("one", "two"):
        RemoteBundleStore.open(url).push(home / "bundles" / version)
    return home


def run(*arguments):
    result = CliRunner().invoke(command, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_commands_work_on_the_object_store(night, url):
    infos = json.loads(run("list", "--json"))
    assert [(one["version"], one["current"]) for one in infos] == [("two", True), ("one", False)]
    assert "* two" in " ".join(run("list").split())
    assert "all checksums match" in run("show", "one")
    assert json.loads(run("show", "--json"))["version"] == "two"
    assert "one is served" in run("rollback")
    assert RemoteBundleStore.open(url).current() == "one"
    assert BundleStore(night).current() == "two"
    assert json.loads(run("prune", "--keep", "1", "--json")) == {"removed": []}
    assert "two is in file:///" in run("push")
    assert json.loads(run("prune", "--keep", "1", "--json")) == {"removed": ["one"]}
    with pytest.raises(BundleError, match="no bundle 'one'"):
        run("show", "one")


def test_pull_brings_the_current_one(night, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "replica"))
    assert run("pull").strip() == "two was pulled"
    assert json.loads(run("pull", "--json")) == {"current": "two", "pulled": False}
    assert BundleStore(tmp_path / "replica").open_current().version == "two"


def test_an_empty_object_store_says_what_to_run(url, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "replica"))
    assert "recsys nightly" in run("list")
    for words in (("show",), ("pull",), ("push",)):
        with pytest.raises(BundleError, match="recsys nightly"):
            run(*words)


def test_without_the_setting_push_and_pull_name_it(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    for words in (("pull",), ("push",)):
        with pytest.raises(DataError, match=r"RECSYS_BUNDLES is not set.*s3://bucket"):
            run(*words)


def test_the_forms_of_urls_are_told_alike():
    assert OBJECTS.words == FORMS


def test_credentials_in_the_url_are_refused_and_not_shown():
    with pytest.raises(DataError, match="RECSYS_BUNDLES") as raised:
        Settings.load({"RECSYS_BUNDLES": "s3://key:pa55word@bundles/a"})
    assert "pa55word" not in str(raised.value)
    for url in ("s3://bundles/a", "file:///srv/bundles"):
        rows = describe(Settings.load({"RECSYS_BUNDLES": url + "/"}))
        assert {row["name"]: row["value"] for row in rows}["bundles"] == url


def test_a_look_that_fails_is_logged_and_tried_sooner_without_a_bundle(tmp_path, url, caplog):
    place = tmp_path / "objects"
    place.write_text("no folder")
    home = tmp_path / "replica"
    follower = BundleFollower(Settings.load({"RECSYS_BUNDLES": url, "RECSYS_HOME": str(home)}))
    assert not follower.look() and "no bundle was pulled" in caplog.text
    assert follower.pause() < 1.0
    place.unlink()
    assert follower.look() and follower.pause() >= 15.0


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)  # between looks


def replica(home, url, *arguments, **more):
    home.mkdir()
    environment = {**os.environ, "RECSYS_HOME": str(home), "RECSYS_BUNDLES": url}
    environment |= {"RECSYS_BUNDLES_SECONDS": "0.3", **more}
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs.cli", "serve", *arguments],
            stdout=log,
            stderr=log,
            env=environment,
        )


def served(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).json()["model_version"]
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def test_a_replica_serves_what_the_object_store_holds(night, url, tmp_path):
    remote, home, port = RemoteBundleStore.open(url), tmp_path / "replica", free_port()
    process = replica(home, url, "--port", str(port))
    failed, stop = [], threading.Event()

    def ask():
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            while not stop.wait(0.02):
                answer = client.get("/recommend/ann", timeout=20)
                failed.extend([] if answer.status_code == 200 else [answer.status_code])

    asker = threading.Thread(target=ask)
    try:
        wait_for(lambda: served(port) == "two")
        asker.start()
        run("rollback")
        wait_for(lambda: served(port) == "one")
        api_world.publish(night, "three")
        remote.push(night / "bundles" / "three")
        wait_for(lambda: served(port) == "three")
        stop.set()
        asker.join()
        assert failed == []
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        found = [one for one in figures.splitlines() if "bundle_look_age_seconds{" in one]
        assert found == [] or 0.0 <= float(found[0].split()[-1]) < 30.0
        assert "recsys_bundle_look_age_seconds" in figures
    finally:
        stop.set()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    lines = object_server.json_lines((home / "log").read_text())
    pulled = [one["bundle"] for one in lines if one["message"] == "bundle pulled"]
    assert pulled == ["two", "one", "three"]


@pytest.mark.exhaustive
def test_a_server_that_pulls_nothing_says_what_to_run_beside_it(night, url, tmp_path):
    home, port = tmp_path / "replica", free_port()
    process = replica(home, url, "--server", "gunicorn", "--port", str(port))
    try:
        wait_for(lambda: "recsys bundles pull --follow" in (home / "log").read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.mark.exhaustive
def test_a_night_publishes_to_the_object_store(url, tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    fill(first).close()
    monkeypatch.setenv("RECSYS_STORE", f"sqlite:///{first / 'store.db'}")
    done = call(first, "nightly", "--json")
    assert done.returncode == 0, done.stderr
    version = json.loads(done.stdout)["version"]
    remote = RemoteBundleStore.open(url)
    assert remote.current() == version == BundleStore(first).current()
    remote.verify(version)
    shutil.copytree(first / "tiny", second / "tiny")  # the encoder; else an empty home
    again = call(second, "nightly", "--json")
    assert again.returncode == 0, again.stderr
    assert f"{version} was pulled" in again.stderr
    assert json.loads(again.stdout)["tune"]["tuned"] is False
    assert remote.current() != version and len(remote.versions()) == 2


@pytest.mark.exhaustive
def test_a_night_whose_upload_fails_goes_on_with_the_upload(url, tmp_path, monkeypatch):
    home, place = tmp_path / "home", tmp_path / "objects"
    fill(home).close()
    place.mkdir()
    (place / "versions").write_text("no folder")
    failed = call(home, "nightly", "--json")
    assert failed.returncode == 1 and "versions" in failed.stdout
    assert BundleStore(home).current() is not None and RemoteBundleStore.open(url).current() is None
    (place / "versions").unlink()
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        assert store.last_run("nightly").status == "failed"
    done = call(home, "nightly", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["run"] == 1
    assert RemoteBundleStore.open(url).current() == BundleStore(home).current()


def test_a_night_without_object_store_compares_with_the_home_or_fails_early(
    url, built, tmp_path, caplog
):
    (tmp_path / "objects").write_text("no folder")
    settings = {"RECSYS_BUNDLES": url, "RECSYS_HOME": str(tmp_path / "empty")}
    with pytest.raises(ObjectStoreError, match="objects/current"):
        run_night(Settings.load(settings))
    home = tmp_path / "home"
    shutil.copytree(built, home)
    caplog.set_level("INFO")
    progress = LogProgress("nightly")
    pull_current(Settings.load(settings | {"RECSYS_HOME": str(home)}), progress)
    assert "compares with the bundle of the home" in caplog.text


@pytest.mark.exhaustive
def test_a_replica_of_a_faulty_bucket(tmp_path, monkeypatch):
    night = tmp_path / "night"
    api_world.build(night)
    with object_server.object_server(tmp_path) as server_port:
        proxy = object_server.FaultyProxy(server_port)
        object_server.point_at(monkeypatch, proxy.port)
        remote = RemoteBundleStore(S3Objects(object_server.BUCKET, "a"))
        remote.push(night / "bundles" / "one")
        count = [0]

        def every_third(method, path):
            count[0] += 1
            return ("503", "flip", "truncate", "short")[count[0] % 4] if count[0] % 3 == 0 else ""

        proxy.fault = every_third
        port, home = free_port(), tmp_path / "replica"
        process = replica(home, remote.url, "--port", str(port))
        try:
            wait_for(lambda: served(port) == "one", 120)
            for version in ("two", "three", "four"):
                api_world.publish(night, version)
                proxy.fault = lambda method, path: ""
                remote.push(night / "bundles" / version)
                proxy.fault = every_third
                wait_for(lambda version=version: served(port) == version, 120)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            proxy.close()
        text = (home / "log").read_text()
        assert object_server.SECRET not in text and "no bundle was pulled" in text
    with pytest.raises(ObjectStoreError):
        remote.current()
