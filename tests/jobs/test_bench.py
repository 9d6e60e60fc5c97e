"""Bench: synthetic worlds of a given size, and the chart of what they took."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from jobs.bench import parse_counts, told_scale
from jobs.bench_chart import growth
from jobs.bench_scale import CLUSTERS, TASTES, items_at, world
from recsys.data.dataset import Dataset
from recsys.errors import DataError


def test_a_world_has_the_size_asked_for_and_people_keep_to_their_tastes():
    events, items = world(20_000, seed=0)
    data = Dataset.build(events, items)
    assert (len(data.user), len(data.users), len(data.items)) == (20_000, 2_000, items_at(20_000))
    assert data.timed and (np.diff(data.time) >= 0).all()
    assert world(20_000, seed=0)[0].item.tolist() == events.item.tolist()
    cluster = data.item % CLUSTERS
    own = [len(np.unique(cluster[data.user == user])) for user in range(50)]
    assert np.mean(own) < TASTES + 2  # and some stray
    counts = np.sort(np.bincount(data.item, minlength=len(data.items)))[::-1]
    assert counts[: len(counts) // 5].sum() > 0.4 * counts.sum()
    titles = [set(title.split()) for title in data.table.title]
    assert titles[0] & titles[CLUSTERS] or titles[0] & titles[2 * CLUSTERS]


def test_items_grow_as_the_square_root_of_events():
    assert [items_at(n) for n in (100_000, 1_000_000, 10_000_000, 10**9)] == [
        10_000, 31_600, 100_000, 100_000,
    ]  # fmt: skip


def test_counts_are_read_or_refused():
    assert parse_counts("1000, 20000") == [1000, 20000] and parse_counts("") == []
    for text in ("many", "10", "1e6", "-5"):
        with pytest.raises(DataError, match="not whole numbers from 1000"):
            parse_counts(text)


RUNS = [
    {"events": 10.0**n, "cpu_seconds": 3.0 * 5 ** (n - 5), "peak_mb": 400.0 + 10 ** (n - 4)}
    for n in (5, 6, 7)
]


def test_the_chart_is_one_file_that_needs_no_network():
    drawn = growth(RUNS, "Fitting <a night>")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}circle")) == 6
    lines = [line.attrib["points"].split() for line in root.findall(f"{space}polyline")]
    assert [len(line) for line in lines] == [2, 3, 2, 3]
    heights = [float(point.split(",")[1]) for point in lines[1]]
    even = [float(point.split(",")[1]) for point in lines[0]]
    assert heights[0] == even[0] and heights[2] > even[1]  # slower than in proportion lies below
    assert "href" not in drawn and "&lt;a night&gt;" in drawn and "3,500" not in drawn
    assert "1,400" in drawn


def test_what_a_world_took_is_told_step_by_step():
    steps = [{"name": "fit", "seconds": 2.0, "peak_mb": 300.0}]
    run = {"events": 1000, "users": 100, "items": 200, "engine": "slist 8", "seconds": 2.0,
           "cpu_seconds": 1.5, "peak_mb": 300.0, "bundle_mb": 7.0, "steps": steps}  # fmt: skip
    told = told_scale(run)
    assert "1,000 events, 100 users, 200 items: slist 8, 2.0 s" in told[0] and "fit" in told[1]
