"""The runner of a night: this process, or Spark, and what the record of the night says of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from recsys.block_runner_protocol import using
from recsys.settings import Settings

from ..environment import variables
from ..progress import LogProgress, TerminalProgress
from .step_messages import counted

LOCAL = "local"
LOG = "spark.log"  # in the folder of the run: what JVM and executors print
PIECES = "pieces"  # folder of parts and pieces, where RECSYS_RUNNER_FILES names no other place


@dataclass(slots=True)
class RunnerRecord:
    """Who made a night."""

    name: str = LOCAL  # with Spark: master and version
    work: dict[str, Any] = field(default_factory=dict)  # what executors did; empty: nothing

    def detail(self) -> dict[str, Any]:
        """Return it as the record of a run holds it."""
        return {"runner": self.name, **({"executors": self.work} if self.work else {})}


@contextmanager
def night_runner(
    settings: Settings, folder: Path, progress: LogProgress | TerminalProgress
) -> Iterator[RunnerRecord]:
    """Let the runner of the settings do the work of this block; give its record, which grows.

    `folder`: of the run. RunnerError where Spark cannot be started.
    """
    kind, _, master = settings.runner.partition(":")
    if kind == LOCAL:
        yield RunnerRecord()
        return
    # here: a night without Spark loads none of it
    from recsys.spark.spark_runner import SparkRunner

    record = RunnerRecord(settings.runner)
    place = settings.runner_files or (folder.absolute() / PIECES).as_uri()
    before = _children_seconds()
    log = folder.absolute() / LOG
    runner = SparkRunner.open(master, place, log, variables(), progress.message)
    record.name = runner.name
    try:
        with using(runner):
            yield record
    finally:
        runner.close()
        record.work = asdict(runner.use)
        record.work["cpu_seconds"] = round(_children_seconds() - before, 3)
        progress.message(sentence(record.work))


def sentence(work: dict[str, Any]) -> str:
    """Return what executors have done."""
    kinds = ", ".join(f"{name} {count:,}" for name, count in sorted(work["by_name"].items()))
    again = f" ({work['again']:,} made again)" if work["again"] else ""
    return (
        f"spark: {counted(work['jobs'], 'job')}{f' ({kinds})' if kinds else ''},"
        f" {counted(work['pieces'], 'piece')}{again}, {work['shuffled_bytes'] / 1e6:.1f} MB"
        f" shuffled, {work['seconds']:.1f} s"
    )


def _children_seconds() -> float:
    """Return the CPU seconds of the processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
