"""Spark's part of a job played in this process: parts are spread, grouped by block and collected.

The runner, its jobs, pieces and manifest are the real ones; only scheduling and shuffling are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.spark import executor_tasks
from recsys.spark.executor_tasks import Job
from recsys.spark.result_block_files import Piece
from recsys.spark.spark_runner import SparkRunner


class InProcessSpark(SparkRunner):
    """A runner without Spark; `after` may change the files of a job after its first attempt."""

    def __init__(self, folder: Path, url: str = "") -> None:
        session: Any = None
        self.messages: list[str] = []
        self.after: Callable[[Sequence[Piece]], Sequence[Piece]] = lambda pieces: pieces
        place = url or (folder / "pieces").as_uri()
        super().__init__(session, place, folder / "spark.log", self.messages.append, 0.0, 3)

    @property
    def name(self) -> str:
        return "spark in this process"

    def _written(self, job: Job, n_parts: int, spread: bool) -> list[Piece]:
        executor_tasks._READY.clear()
        ids = [pa.RecordBatch.from_pydict({"id": [number]}) for number in range(n_parts)]
        if spread:
            sent = pa.Table.from_batches(job.spread(iter(ids)), executor_tasks.SPREAD)
            order = np.random.default_rng(0).permutation(len(sent))  # as a shuffle returns them
            sent = sent.take(pa.array(order))
            blocks = sent.column("block").to_numpy()
            made = [job.collect(sent.filter(pa.array(blocks == b))) for b in np.unique(blocks)]
        else:
            made = [pa.Table.from_batches(job.map(iter(ids)), executor_tasks.WRITTEN)]
        found = [Piece(**row) for one in made for row in one.to_pylist()]
        after, self.after = self.after, lambda pieces: pieces
        return list(after(found))
