"""Regret of the model `default`: its margin over the best single model on synthetic platforms.

    python -m jobs.bench.default_model_regret --half 0
    python -m jobs.bench.default_model_regret --worlds dense,sparse --json OUT

Worlds are drawn from a seed and split into two halves by a hash of their name: one to develop on,
one that is looked at rarely. Each is written as files and evaluated by `recsys evaluate` with its
default settings.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

ROWS = ("default", "popular", "item-knn", "ease", "als", "elsa", "bpr")
DATED = ("trending",)  # further rows where events have times
METRIC = "ndcg@20"
START = 1_750_000_000.0
DAY = 86_400.0
TEST_SHARE = 0.2  # of the events, drawn at random where they have neither times nor order


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a platform."""

    name: str
    users: int
    items: int
    events: float  # mean per user
    topics: int
    sharpness: float = 4.0  # of tastes: 0 is none
    skew: float = 0.8  # exponent of popularity
    order: float = 0.0  # share of events that follow the one before in a series
    words: bool = False
    dated: bool = False
    fresh_days: float = 0.0  # half-life of interest in an item since its release; 0: none
    ratings: bool = False
    votes: bool = False  # likes and dislikes

    @property
    def half(self) -> int:
        """0 to develop on, 1 to look at rarely."""
        return zlib.crc32(self.name.encode()) % 2

    @property
    def protocol(self) -> str:
        """How it is evaluated: a random fifth held out, or in the order of events."""
        if self.dated:
            return "time"
        return "leave-last-out" if self.order else "given"


SHAPES = (
    Shape("tiny shop", 150, 100, 15, 5),
    Shape("dense films", 700, 400, 70, 12, words=True),
    Shape("dense catalogue", 1_500, 1_200, 80, 20, sharpness=6.0),
    Shape("middling", 3_000, 2_500, 25, 40),
    Shape("middling with words", 3_000, 2_500, 18, 40, words=True),
    Shape("sparse", 4_000, 6_000, 9, 80, skew=0.6),
    Shape("sparse with words", 4_000, 6_000, 8, 80, skew=0.6, words=True),
    Shape("one taste", 1_500, 800, 20, 1, sharpness=0.0, skew=1.1),
    Shape("closed groups", 2_000, 2_000, 20, 150, sharpness=9.0, skew=0.3),
    Shape("series", 3_000, 3_000, 10, 60, order=0.5),
    Shape("short series, large", 6_000, 16_000, 7, 200, order=0.4, words=True),
    Shape("news", 2_000, 1_500, 20, 15, dated=True, fresh_days=2.0, words=True),
    Shape("archive", 2_000, 1_500, 25, 25, dated=True),
    Shape("rated films", 1_200, 900, 40, 15, ratings=True),
    Shape("debate", 1_500, 600, 30, 4, votes=True, dated=True, fresh_days=10.0),
    Shape("large and sparse", 8_000, 30_000, 8, 300, skew=0.7),
    Shape("courses", 2_000, 1_500, 10, 40, order=0.5),
    Shape("wide catalogue", 5_000, 20_000, 9, 250, skew=0.7),
)


def rows_of(shape: Shape) -> tuple[str, ...]:
    """Return the rows of the table of a world."""
    return ROWS + (DATED if shape.dated else ())


def events_of(shape: Shape, seed: int) -> Iterator[tuple[int, int, str, float, float]]:
    """Yield user, item, kind, value (NaN: none) and time of each event, in order."""
    rng = np.random.default_rng([seed, zlib.crc32(shape.name.encode())])
    topic = rng.integers(shape.topics, size=shape.items)
    popularity = -shape.skew * np.log(1.0 + rng.permutation(shape.items))
    quality = rng.normal(size=shape.items)
    released = np.sort(rng.uniform(0, 60 * DAY, shape.items)) if shape.fresh_days else None
    tastes = rng.dirichlet(np.full(shape.topics, 3.0 / shape.topics), size=shape.users)
    found: list[tuple[float, int, int, str, float]] = []
    for user in range(shape.users):
        count = min(1 + rng.poisson(shape.events - 1), shape.items // 2)
        liking = popularity + shape.sharpness * np.log1p(20 * tastes[user])[topic] / 3
        items = _drawn(rng, shape, liking, released, count)
        own = _times(rng, shape, released, items)
        for item, time in zip(items, own, strict=True):
            agree = np.log1p(20 * tastes[user][topic[item]]) + quality[item] + rng.normal()
            kind, value = "like", np.nan
            if shape.ratings:
                kind, value = "rating", float(np.clip(np.round(2.5 + agree), 1, 5))
            elif shape.votes:
                kind = "like" if agree > 0.8 else "dislike"
            found.append((time, user, item, kind, value))
    if shape.dated:
        found.sort()
    return ((user, item, kind, value, time) for time, user, item, kind, value in found)


def _drawn(
    rng: np.random.Generator,
    shape: Shape,
    liking: NDArray[np.float64],
    released: NDArray[np.float64] | None,
    count: int,
) -> list[int]:
    """Return distinct items, drawn in proportion to exp(liking); some continue a series."""
    keys = liking + rng.gumbel(size=shape.items)
    if released is not None:  # each visit has a moment, and its items are new at that moment
        moments = rng.uniform(released[0], 60 * DAY, count)
        taken: list[int] = []
        for moment in np.sort(moments):
            age = (moment - released) / DAY
            here = np.where(age >= 0, keys - age * np.log(2) / shape.fresh_days, -np.inf)
            here[taken] = -np.inf
            best = int(here.argmax())
            if np.isfinite(here[best]):
                taken.append(best)
        return taken
    selected = np.argsort(-keys)[: 2 * count].tolist()
    taken, seen = [], set()
    for item in selected:
        if len(taken) >= count:
            break
        follow = taken[-1] + 1 if taken else -1
        if shape.order and 0 < follow < shape.items and follow not in seen:
            item = follow if rng.random() < shape.order else item
        if item not in seen:
            taken.append(int(item))
            seen.add(int(item))
    if not shape.order:
        rng.shuffle(taken)
    return taken


def _times(
    rng: np.random.Generator,
    shape: Shape,
    released: NDArray[np.float64] | None,
    items: Sequence[int],
) -> list[float]:
    if not shape.dated:
        return [float(place) for place in range(len(items))]
    if released is None:
        return [START + t for t in np.sort(rng.uniform(0, 90 * DAY, len(items))).tolist()]
    delay = rng.exponential(shape.fresh_days * DAY, len(items))
    return [START + float(released[item] + late) for item, late in zip(items, delay, strict=True)]


def write(shape: Shape, folder: Path, seed: int) -> list[str]:
    """Write the files of a world; return the options of `recsys evaluate` that name them."""
    rng = np.random.default_rng([seed, 1, zlib.crc32(shape.name.encode())])
    folder.mkdir(parents=True, exist_ok=True)
    events = list(events_of(shape, seed))
    held = np.zeros(len(events), bool)
    if shape.protocol == "given":
        held = rng.random(len(events)) < TEST_SHARE
    for name, kept in (("events.csv", ~held), ("test.csv", held)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            dated = ["timestamp"] if shape.dated else []
            writer.writerow(["user_id", "item_id", "event", "value", *dated])
            for (user, item, kind, value, time), own in zip(events, kept, strict=True):
                if own:
                    moment = [f"{time:.0f}"] if shape.dated else []
                    result = "" if np.isnan(value) else f"{value:g}"
                    writer.writerow([f"u{user}", f"i{item}", kind, result, *moment])
    topic = np.random.default_rng([seed, zlib.crc32(shape.name.encode())]).integers(
        shape.topics, size=shape.items
    )
    with (folder / "items.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["item_id", "title"])
        for item in range(shape.items):
            words = [f"topic{topic[item]} word{rng.integers(400)} word{rng.integers(400)}"]
            writer.writerow([f"i{item}", words[0] if shape.words else ""])
    options = ["--items", str(folder / "items.csv"), "--events", str(folder / "events.csv")]
    options += ["--protocol", shape.protocol]
    if shape.protocol == "given":
        options += ["--test-events", str(folder / "test.csv")]
    if shape.ratings:
        options += ["--positive", "rating>=4"]
    if shape.votes:
        options += ["--positive", "like"]
    return options


@dataclass(frozen=True, slots=True)
class WorldResult:
    """What each row had on a world, and `default` paired with every other row."""

    values: Mapping[str, float]  # row -> nDCG@20
    paired: Mapping[str, Mapping[str, Any]]  # other row -> better, mean, low, high
    engines: tuple[str, ...]  # that `default` chose
    cpu_seconds: float  # of tuning and fitting `default`

    @property
    def best(self) -> str:
        """The best row other than `default`."""
        others = {name: value for name, value in self.values.items() if name != "default"}
        return max(others, key=others.__getitem__)

    @property
    def margin(self) -> float:
        """The margin of `default` over the best other row, as a ratio less 1."""
        return self.values["default"] / max(self.values[self.best], 1e-9) - 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the margin, users paired, as ratios to the best other row."""
        one, scale = self.paired[self.best], max(self.values[self.best], 1e-9)
        return one["low"] / scale, one["high"] / scale

    def to_json(self) -> dict[str, object]:
        """Return the figures as `--json` writes them."""
        return {
            "rows": dict(self.values),
            "best": self.best,
            "margin": self.margin,
            "interval": list(self.interval),
            "engines": list(self.engines),
            "cpu_seconds": self.cpu_seconds,
        }


def evaluated(options: Sequence[str], rows: Sequence[str]) -> WorldResult:
    """Return nDCG@20 of each row that `recsys evaluate` could fit, `default` among them."""
    command = [sys.executable, "-m", "recsys", "evaluate", *options, "--models", ",".join(rows)]
    done = subprocess.run([*command, "--json", "-"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().splitlines()[-1])
    models = json.loads(done.stdout)["models"]
    own = models["default"]
    return WorldResult(
        {
            name: row["metrics"][METRIC]["mean"]
            for name, row in models.items()
            if METRIC in row.get("metrics", {})
        },
        {name: verdicts[METRIC] for name, verdicts in own["better_than"].items()},
        tuple(own["chosen"]["engines"]),
        own["fit_cpu_seconds"],
    )


@click.command()
@click.option("--worlds", default="", help="Names with commas between; default: all of the half.")
@click.option("--half", type=click.IntRange(0, 1), default=0, help="Half of the worlds to run.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the worlds.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def main(worlds: str, half: int, seed: int, out: Path | None) -> None:
    """Print the margin of `default` over the best single row on made-up platforms."""
    console, selected = Console(), [name.strip() for name in worlds.split(",") if name.strip()]
    known = {shape.name: shape for shape in SHAPES}
    if unknown := [name for name in selected if name not in known]:
        raise click.ClickException(
            f"no world is named {unknown[0]!r}; there are: {', '.join(known)}"
        )
    chosen = [known[n] for n in selected] if selected else [s for s in SHAPES if s.half == half]
    table = Table("world", "default", "best single row", "margin", "95 %", "engines", box=None)
    found, all_margins = [], []
    with tempfile.TemporaryDirectory() as folder:
        for shape in chosen:
            options = write(shape, Path(folder) / shape.name.replace(" ", "-"), seed)
            one = evaluated(options, rows_of(shape))
            low, high = one.interval
            table.add_row(
                shape.name,
                f"{one.values['default']:.4f}",
                f"{one.best} {one.values[one.best]:.4f}",
                f"{one.margin:+.1%}",
                f"{low:+.1%} to {high:+.1%}",
                ", ".join(one.engines),
            )
            found.append({"world": shape.name, "half": shape.half, **one.to_json()})
            all_margins.append(one.margin)
            console.print(
                f"{shape.name}: default {one.margin:+.1%} beside {one.best}", highlight=False
            )
            if out is not None:
                out.write_text(json.dumps(found, indent=1), "utf-8")
    console.print(table)
    console.print(f"mean {np.mean(all_margins):+.1%}, worst {min(all_margins):+.1%}")


if __name__ == "__main__":
    main()
