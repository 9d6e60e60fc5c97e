"""`recsys demo`: the sample's times are moved by whole days, once per home."""

import csv
import gzip
import time

import pytest

from jobs.commands.demo import DAY, SAMPLE, shift_days, write_shifted
from jobs.commands.ingest_files import ingest
from recsys.settings import Settings
from recsys.store.store import Store

NEWEST = 1_378_067_265.0
ROWS = [("ann", "a", NEWEST - 3 * DAY), ("bob", "b", NEWEST), ("ann", "b", NEWEST - 60.0)]


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.csv.gz"
    with gzip.open(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "event", "value", "timestamp"])
        writer.writerows([user, item, "rating", 7, int(when)] for user, item, when in ROWS)
    return path


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def moved(settings, events, tmp_path, now=None):
    days = shift_days(settings, events, now)
    write_shifted(events, tmp_path / "moved.csv", days * DAY)
    return ingest({"events": tmp_path / "moved.csv"}, settings)["events"]


def test_the_newest_event_lies_in_the_last_24_hours_and_a_second_run_adds_nothing(
    settings, events, tmp_path
):
    now = time.time()
    assert moved(settings, events, tmp_path)["new"] == 3
    with Store.open(settings.store_url) as store:
        times = [event.timestamp for event in store.events_after(0, 10)]
    assert now - DAY < max(times) <= time.time()
    assert (max(times) - NEWEST) % DAY == 0
    assert sorted(times) == [when + max(times) - NEWEST for when in sorted(r[2] for r in ROWS)]
    again = moved(settings, events, tmp_path, now + 40 * DAY)
    assert (again["new"], again["duplicates"]) == (0, 3)


def test_a_home_that_holds_the_sample_unmoved_keeps_its_times(settings, events, tmp_path):
    write_shifted(events, tmp_path / "moved.csv", 0.0)
    ingest({"events": tmp_path / "moved.csv"}, settings)
    assert shift_days(settings, events) == 0
    assert moved(settings, events, tmp_path)["new"] == 0


def test_a_clock_before_the_sample_moves_nothing(settings, events):
    assert shift_days(settings, events, NEWEST - 5 * DAY) == 0


def test_the_sample_itself_has_dated_events():
    with gzip.open(SAMPLE / "events.csv.gz", "rt", encoding="utf-8") as file:
        assert all(float(row["timestamp"]) <= NEWEST for row in csv.DictReader(file))
