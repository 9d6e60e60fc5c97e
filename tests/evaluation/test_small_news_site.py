"""A small news site: articles are read for a day or two, and each user reads two subjects.

Every list of 20 holds all that is new, so that only its order can be personal. A night of such a
site once chose a score without any personal part (DESIGN.md, 116).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.commands.evaluate import command

HOUR = 3600.0
END = 1_790_000_000.0
SUBJECTS = {
    "garden": "soil tomato seeds pruning compost roses watering greenhouse mulch shovel",
    "space": "rocket orbit lunar probe telescope galaxy astronaut launch nebula mars",
    "足球": "球队 进球 联赛 教练 冠军 比赛 前锋 门将 决赛 球迷",
    "股票": "股市 上涨 投资 基金 央行 利率 市场 下跌 公司 财报",
}
USERS, ARTICLES, DAYS = 200, 300, 45


def written(folder: Path, seed: int) -> tuple[Path, Path]:
    """Write a site: articles of four subjects, users who read two of them 85 % of the time."""
    rng = np.random.default_rng(seed)
    names = list(SUBJECTS)
    subject = rng.integers(len(names), size=ARTICLES)
    released = END - rng.random(ARTICLES) * DAYS * 24 * HOUR
    items, events = folder / "articles.csv", folder / "reads.csv"
    with items.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "title", "text", "category", "created_at"])
        for article in range(ARTICLES):
            name = names[subject[article]]
            words, joint = SUBJECTS[name].split(), " " if name.isascii() else ""
            title = joint.join(rng.choice(words, 4, replace=False))
            rows.writerow(
                [f"a{article}", title, joint.join(rng.choice(words, 30)), name, released[article]]
            )
    with events.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "item_id", "event", "timestamp"])
        for user in range(USERS):
            liked = rng.choice(len(names), 2, replace=False)
            for _ in range(int(rng.lognormal(2.5, 0.7))):
                near = rng.random() < 0.85
                about = rng.choice(liked) if near else rng.integers(len(names))
                article = rng.choice(np.flatnonzero(subject == about))
                time = released[article] + rng.exponential(30 * HOUR)
                if time < END:
                    rows.writerow([f"u{user}", f"a{article}", "read", time])
    return items, events


def test_lists_of_a_small_news_site_are_personal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    items, events = written(tmp_path, 0)
    out = tmp_path / "out.json"
    options = ["--items", str(items), "--events", str(events), "--protocol", "replay"]
    done = CliRunner().invoke(
        command,
        [*options, "--models", "default,trending", "--json", str(out)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    models = json.loads(out.read_text())["models"]
    ours, trend = (models[name]["metrics"] for name in ("default", "trending"))
    assert ours["ndcg@20"]["mean"] > 1.3 * trend["ndcg@20"]["mean"]
    assert ours["swap_gap@20"]["low"] > trend["swap_gap@20"]["high"]
