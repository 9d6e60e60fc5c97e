"""The synthetic site: the same for a seed, in two languages, nothing read before it was there."""

import csv

import numpy as np

from jobs.bench.synthetic_news_site import CHINESE, make_site, write_site


def test_a_site_is_the_same_for_every_run_of_a_seed(tmp_path):
    for name in ("one", "two"):
        write_site(tmp_path / name, make_site(200, 2_000, seed=3), seed=3)
    for file in ("items.csv", "events.csv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    site = make_site(2_000, 20_000, seed=1)
    assert 0.9 * 20_000 < len(site.item) <= 20_000 and (np.diff(site.time) >= 0).all()
    assert (site.created[site.item] <= site.time).all()
    assert abs(site.chinese.mean() - CHINESE) < 0.05 and 0 < site.hidden.mean() < 0.05


def test_both_languages_and_all_columns_are_written(tmp_path):
    write_site(tmp_path, make_site(200, 2_000))
    with (tmp_path / "items.csv").open(encoding="utf-8") as file:
        titles = [row["title"] for row in csv.DictReader(file)]
    chinese = [any("一" <= sign <= "鿿" for sign in title) for title in titles]
    assert len(titles) == 200 and 0.2 < np.mean(chinese) < 0.5
    with (tmp_path / "events.csv").open(encoding="utf-8") as file:
        events = list(csv.DictReader(file))
    assert {"click", "like", "share", "comment", "hide"} == {row["event"] for row in events}
    assert [row["timestamp"] for row in events] == sorted(row["timestamp"] for row in events)
