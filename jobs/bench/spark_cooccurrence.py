"""Rows of co-occurrence in Spark's executors against one process: equality, CPU time, bytes.

    python -m jobs.bench.spark_cooccurrence 50000 300000 10000 --master "local[2]"

A synthetic platform of so many items, events and users (`jobs.bench.niche_world`). The engine is
`blocks`; its singular directions are computed at the driver by either runner and are not timed.
CPU seconds of Spark are those of this process, the JVM and the Python of the executors.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.models.block_plan import BlockConfig, BlockPlan, rows_of_blocks
from recsys.models.distributed_item_weights import distributed_rows
from recsys.models.gfcf_blockwise import ideal_filter, joined_rows
from recsys.models.item_to_item_weights import ItemWeights
from recsys.spark.spark_runner import SparkRunner

from ..cli import run
from ..environment import variables
from .large_catalogue_engines import interactions_of
from .niche_world import NicheConfig, niche_events


@dataclass(frozen=True, slots=True)
class Difference:
    """How two models differ."""

    entries: int  # of the first
    elsewhere: float  # share of all entries that only one of them has
    largest: float  # difference of the weights of an entry that both have

    @classmethod
    def of(cls, one: ItemWeights, other: ItemWeights) -> Difference:
        """Compare two models of the same catalogue."""
        size = len(one)
        keys = [
            np.repeat(np.arange(size), np.diff(each.indptr)) * size + each.indices
            for each in (one, other)
        ]
        _, first, second = np.intersect1d(keys[0], keys[1], True, True)
        alone = len(one.data) + len(other.data) - 2 * len(first)
        both = one.data[first].astype(np.float64) - other.data[second]
        largest = float(np.abs(both).max(initial=0.0))
        return cls(len(one.data), alone / max(len(one.data), 1), largest)


@click.command(name="spark-rows")
@click.argument("items", type=click.IntRange(min=2))
@click.argument("events", type=click.IntRange(min=2))
@click.argument("users", type=click.IntRange(min=2))
@click.option("--master", default="local[2]", show_default=True, help="Of Spark.")
@click.option("--directions", default=128, show_default=True, help="Of the ideal filter; 0: none.")
@click.option("--per-process", default=2, show_default=True, help="Stripes of rows per process.")
@click.option("--seed", default=0, show_default=True)
def command(
    items: int, events: int, users: int, master: str, directions: int, per_process: int, seed: int
) -> None:
    """Compute the rows of a synthetic platform here and in Spark, and print how both differ."""
    config = NicheConfig(items, events, users, seed)
    found = compared(config, master, BlockConfig(dimensions=directions), per_process)
    print(json.dumps(found, indent=1))


def compared(
    world: NicheConfig, master: str, config: BlockConfig, per_process: int = 2
) -> Mapping[str, Any]:
    """Return the figures of the command."""
    _, user, item, _ = niche_events(world)
    data = interactions_of(user, item, (world.users, world.items))
    ideal = ideal_filter(data, config, world.seed)
    histories = data.latest(config.history).matrix
    plan = BlockPlan.of(histories, config, ideal)
    reset_peak()
    begun = cpu_seconds()
    here = joined_rows(rows_of_blocks(histories, plan, ideal))
    local, local_mb = cpu_seconds() - begun, peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        begun = cpu_seconds()
        place, log = (Path(folder) / "pieces").as_uri(), Path(folder) / "spark.log"
        runner = SparkRunner.open(master, place, log, variables(), _print)
        runner.worth_seconds, runner.blocks_per_process = 0.0, per_process
        try:
            started = cpu_seconds()
            there = joined_rows(distributed_rows(runner, histories, plan, ideal))
            done = cpu_seconds()
        finally:
            runner.close()
    pairs = int(plan.pairs.sum())
    return {
        "runner": runner.name,
        "world": asdict(world),
        "pairs": pairs,
        "blocks": len(plan.starts) - 1,
        "local": {"cpu_seconds": round(local, 2), "peak_mb": round(local_mb)},
        "spark": {
            "start_cpu_seconds": round(started - begun, 2),
            "cpu_seconds": round(done - started, 2),
            "times_local": round((done - started) / max(local, 1e-9), 2),
            "shuffled_bytes_per_pair": round(runner.use.shuffled_bytes / max(pairs, 1), 3),
            **asdict(runner.use),
        },
        "difference": asdict(Difference.of(here, there)),
    }


def _print(text: str) -> None:
    click.echo(text, err=True)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of all processes that it has started."""
    ticks, children = 0, dict[int, list[tuple[int, int]]]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:  # has ended meanwhile; its parent has its time
            continue
        children.setdefault(int(words[1]), []).append(
            (int(path.parent.name), sum(map(int, words[11:15])))
        )
    waiting = [os.getpid()]
    while waiting:
        for number, used in children.get(waiting.pop(), []):
            ticks += used
            waiting.append(number)
    own = os.times()
    mine = own.user + own.system + own.children_user + own.children_system
    return mine + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run(command)
