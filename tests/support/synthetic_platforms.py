"""Synthetic platforms: a news feed, and a graph of who follows whom.

python tests/support/synthetic_platforms.py F: writes news-items.csv, news-events.csv, graph.csv
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

import numpy as np

HOUR = 3600
START = 1_760_000_000
THEMES = (
    "足球联赛进球教练冠军",
    "股市基金利率央行通胀",
    "电影导演票房剧本明星",
    "手机芯片算法软件屏幕",
    "面包发酵烤箱甜点餐厅",
    "海岛航班签证徒步护照",
    "睡眠医生疫苗营养心脏",
    "高考大学课程论文考试",
)
FILLER = "今天我们大家现在最新记者报道关于"


def news(folder: Path, days: int, people: int, seed: int = 0) -> tuple[Path, Path]:
    """Write (items, events) of a feed: a post is read for hours, mostly by whom its theme suits.

    Four posts an hour; reading follows the hour of the day, a post's age and its quality.
    """
    rng = np.random.default_rng(seed)
    hours = np.repeat(np.arange(days * 24), 4)
    created = START + hours * HOUR + rng.integers(HOUR, size=len(hours))
    theme, quality = rng.integers(len(THEMES), size=len(hours)), rng.lognormal(size=len(hours))
    titles = [_title(THEMES[t], rng) for t in theme]
    rows = [(f"n{n}", title, int(created[n])) for n, title in enumerate(titles)]
    items = _write(folder / "news-items.csv", ("item_id", "title", "created_at"), rows)
    taste = rng.dirichlet(np.full(len(THEMES), 0.25), people) + 0.02
    active = rng.lognormal(size=people)
    events = []
    for hour in range(24, days * 24):
        fresh = slice(4 * max(0, hour - 48), 4 * hour)
        pull = quality[fresh] * np.exp(-(hour - hours[fresh]) / 8)
        busy = people / 40 * (1 + 0.8 * math.sin(2 * math.pi * (hour % 24 - 8) / 24))
        for reader in rng.choice(people, rng.poisson(busy), p=active / active.sum()):
            chances = pull * taste[reader][theme[fresh]]
            post = fresh.start + rng.choice(len(pull), p=chances / chances.sum())
            moment = START + hour * HOUR + int(rng.integers(HOUR))
            events.append((f"读者{reader}", f"n{post}", rng.choice(["view", "like"]), moment))
    events.sort(key=lambda row: row[3])
    header = ("user_id", "item_id", "event", "timestamp")
    return items, _write(folder / "news-events.csv", header, events)


def graph(folder: Path, people: int, groups: int, seed: int = 0) -> Path:
    """Write who follows whom: most within their group, the more the more followers one has."""
    rng = np.random.default_rng(seed)
    group, followers = rng.integers(groups, size=people), np.ones(people)
    rows = []
    for one in range(people):
        pull = followers * np.where(group == group[one], 2.0 * groups, 1.0)
        pull[one] = 0.0
        count = rng.integers(3, 25)
        others = rng.choice(people, count, replace=False, p=pull / pull.sum())
        followers[others] += 1
        rows += [(f"p{one}", f"p{other}", "follow") for other in others]
    rng.shuffle(rows)
    return _write(folder / "graph.csv", ("user_id", "item_id", "event"), rows)


def _title(theme: str, rng: np.random.Generator) -> str:
    words = [theme[2 * at : 2 * at + 2] for at in rng.integers(len(theme) // 2, size=5)]
    return "".join(words) + "".join(FILLER[2 * at : 2 * at + 2] for at in rng.integers(8, size=3))


def _write(file: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    return file


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    news(target, days=45, people=3000)
    graph(target, people=4000, groups=20)
