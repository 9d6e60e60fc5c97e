"""Nights, erasures and merges with RECSYS_ARCHIVE."""

import json
import shutil
import time

import numpy as np
import pytest
from click.testing import CliRunner
from night_world import call, exit_status, fill, reads
from sqlalchemy import update

from api.runtime.store_connection import StoreLink
from jobs.bench.event_archive_speed import measured
from jobs.commands import erase_user, merge_users
from jobs.nightly.context import NightContext
from jobs.nightly.data_snapshot import load_snapshot
from jobs.nightly.pipeline import NightPipeline
from jobs.progress import LogProgress
from recsys.bundle_store import BundleStore
from recsys.settings import Settings
from recsys.store.day_signatures import DAY
from recsys.store.schema import events
from recsys.store.store import Store

WEEK = 7 * DAY


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose events arrived a week ago."""
    fill(tmp_path / "home").close()
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECSYS_ARCHIVE", (tmp_path / "archive").as_uri())
    with Store.open(f"sqlite:///{tmp_path / 'home' / 'store.db'}") as store:
        with store.db.write() as connection:
            connection.execute(update(events).values(received=time.time() - WEEK))
    return tmp_path / "home"


def files(tmp_path):
    return sorted((tmp_path / "archive").rglob("*.parquet"))


def snapshot(settings, folder):
    with Store.open(settings.store_url, archive=settings.archive) as store:
        night = NightContext(settings, store, folder, 1, LogProgress("nightly"))
        detail = NightPipeline(night).snapshot(folder / "snapshot")
    return detail, load_snapshot(folder / "snapshot")[0]


def test_snapshots_with_and_without_an_archive_are_equal(home, tmp_path):
    plain = Settings(home=home)
    with_archive = Settings(home=home, archive=(tmp_path / "archive").as_uri())
    none, right = snapshot(plain, tmp_path / "a")
    first, _ = snapshot(with_archive, tmp_path / "b")
    following, found = snapshot(with_archive, tmp_path / "c")
    assert none["archive"] is None and first["archive"]["days_written"] == 1
    assert following["archive"]["events_read"] == len(right) == len(found)
    for name in ("user", "item", "kind", "value", "time", "share", "numbers"):
        np.testing.assert_array_equal(getattr(found, name), getattr(right, name))


def test_erase_and_merge_remove_files(home, tmp_path):
    settings = Settings(home=home, archive=(tmp_path / "archive").as_uri())
    snapshot(settings, tmp_path / "a")
    assert len(files(tmp_path)) == 1
    printed = CliRunner().invoke(erase_user.command, ["reader-3", "--json"]).output
    place = [one for one in json.loads(printed)["places"] if one["place"] == "archive"]
    assert place[0]["removed"] == {"archive_files": 1} and files(tmp_path) == []
    snapshot(settings, tmp_path / "b")
    assert len(files(tmp_path)) == 1
    CliRunner().invoke(merge_users.command, ["reader-4", "--from", "reader-6"])
    assert files(tmp_path) == []


def test_the_service_erases_from_the_archive(tmp_path):
    url = (tmp_path / "archive").as_uri()
    link = StoreLink(f"sqlite:///{tmp_path}/store.db", archive=url)
    with link.use() as store:
        assert store.archive is not None and store.archive.url == url
    link.close()


def test_the_benchmark_measures_what_it_says(tmp_path):
    found = measured(tmp_path, 3_000, days=5)
    assert found["first"]["archive"]["days_written"] == 5
    assert found["next"]["archive"]["events_read"] == 3_000
    assert found["next"]["archive"]["events_from_store"] == 30
    assert found["equal"] is True and 0 < found["bytes_per_event"] < 100


@pytest.mark.exhaustive
def test_nights_with_and_without_an_archive_publish_the_same(home, tmp_path, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(home, other, symlinks=True)
    for number in range(2):
        for place, archive in ((home, True), (other, False)):
            if archive:
                monkeypatch.setenv("RECSYS_ARCHIVE", (tmp_path / "archive").as_uri())
            else:
                monkeypatch.delenv("RECSYS_ARCHIVE")
            if number:
                with Store.open(f"sqlite:///{place / 'store.db'}") as store:
                    store.add_events(reads(since=1_710_000_000.0, seed=7)[:40])
            done = call(place, "nightly", "--json")
            assert done.returncode == exit_status(done), done.stderr
        one, two = (BundleStore(place).open_current() for place in (home, other))
        assert one.arrays.keys() == two.arrays.keys()
        for name, array in one.arrays.items():
            np.testing.assert_array_equal(array, two.arrays[name], err_msg=name)
    assert len(files(tmp_path)) >= 1
