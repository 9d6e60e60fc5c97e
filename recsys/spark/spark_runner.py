"""SparkRunner: blocks of work in the executors of a Spark session."""

from __future__ import annotations

import math
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.block_runner_protocol import Arrays, BlockWork
from recsys.errors import RunnerError
from recsys.object_storage.object_store import ObjectStore
from recsys.object_storage.opening import open_objects
from recsys.spark.executor_tasks import PROBE, PROBED, SPREAD, WRITTEN, Job, folder_of, part_key
from recsys.spark.packed_arrays import packed
from recsys.spark.result_block_files import (
    DamagedPiece,
    Piece,
    read_manifest,
    read_piece,
    write_manifest,
)
from recsys.spark.session import Session, failures, open_session, quiet

WORTH_SECONDS = 2.0  # of CPU time here, from which work is sent: a job costs about as much
BLOCK_BYTES = 256 << 20  # of what a block is made from; an executor holds about three times that
BLOCKS_PER_PROCESS = 2  # so that one large block does not keep all others waiting
TRIES = 3  # times that a block is computed until its piece can be read
JOBS = "jobs"  # prefix of all files
PROBES = 4_096  # rows of the first job, which every executor gets some of


@dataclass(slots=True)
class Use:
    """What was done in executors so far, as the record of a night has it."""

    jobs: int = 0
    pieces: int = 0
    again: int = 0  # pieces that were made a second time
    seconds: float = 0.0
    shuffled_bytes: int = 0
    by_name: dict[str, int] = field(default_factory=dict)  # jobs by the name of their work


@dataclass(slots=True)
class SparkRunner:
    """A session, and a place for files that the driver and all executors reach."""

    session: Session
    url: str  # of the object store
    log: Path  # of the JVM
    message: Callable[[str], None]
    worth_seconds: float = field(default_factory=lambda: WORTH_SECONDS)
    processes: int = 1  # that work at the same time
    blocks_per_process: int = BLOCKS_PER_PROCESS
    use: Use = field(default_factory=Use)

    @classmethod
    def open(
        cls,
        master: str,
        url: str,
        log: Path,
        environment: Mapping[str, str],
        message: Callable[[str], None],
    ) -> SparkRunner:
        """Start Spark, and find out whether its executors have what they need.

        `url`: `file:///folder` of a disk that the driver and all executors share, or `s3://…`.
        `environment`: of this process. RunnerError names what is missing.
        """
        runner = cls(open_session(master, log, environment), url, log, message)
        try:
            runner.processes = runner._probe()
        except BaseException:
            runner.session.close()
            raise
        where = f"; the log of the JVM is {log}" if log.exists() else ""
        message(f"{runner.name}, {runner.processes} at a time{where}")
        return runner

    @property
    def name(self) -> str:
        """Master and version."""
        return self.session.title

    def close(self) -> None:
        """Stop Spark."""
        self.session.close()

    def pays(self, cost: float) -> bool:
        """Return whether work of so many CPU seconds here is worth a job."""
        return cost >= self.worth_seconds

    def blocks_for(self, n_bytes: float) -> int:
        """Return a number of blocks that keeps all processes busy and each block in memory."""
        return max(self.blocks_per_process * self.processes, math.ceil(n_bytes / BLOCK_BYTES))

    def run(
        self,
        work: BlockWork,
        parts: Iterable[Arrays],
        shared: Arrays,
        blocks: int | None = None,
    ) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the arrays of each block, in order; `blocks` None: a block per part.

        Every piece is compared with the manifest as it is read; one that is missing, damaged or of
        another attempt is made again. RunnerError when that does not help.
        """
        store, start = open_objects(self.url), time.perf_counter()
        top = f"{JOBS}/{secrets.token_hex(8)}"
        folder = f"{top}/{work.name}"
        try:
            n_parts = _put_parts(store, folder, parts)
            places = _put_shared(store, folder, shared)
            pending = tuple(range(n_parts if blocks is None else blocks))
            job = Job(work, self.url, folder, places, pending)
            if n_parts and pending:
                self._make(store, job, n_parts, blocks is not None)
            self.use.jobs += 1
            self.use.by_name[work.name] = self.use.by_name.get(work.name, 0) + 1
            self.use.seconds += time.perf_counter() - start
            if not n_parts:
                ready = work.prepare(shared)
                yield from (work.compute(block, [], ready) for block in pending)
                return
            yield from self._gathered(store, job, n_parts, blocks is not None)
        finally:
            _remove(store, top)

    def _gathered(
        self, store: ObjectStore, job: Job, n_parts: int, spread: bool
    ) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the arrays of the pieces that the manifest names, in order."""
        pieces = read_manifest(store, job.folder)
        for block in job.blocks or ():
            problem = ""
            for _ in range(TRIES):
                if problem:
                    self.message(f"spark: {problem}; it is made again")
                    self.use.again += 1
                    one = replace(job, blocks=(block,))
                    pieces = self._make(store, one, n_parts, spread, pieces)
                try:
                    if block not in pieces:
                        raise DamagedPiece(f"piece {block} of {job.work.name} was not returned")
                    arrays = read_piece(store, job.folder, pieces[block])
                    break
                except DamagedPiece as error:
                    problem = str(error)
            else:
                raise RunnerError(
                    f"Spark: {problem} after {TRIES} tries; do driver and executors share"
                    f" {self.url} (RECSYS_RUNNER_FILES)?"
                )
            yield arrays

    def _make(
        self,
        store: ObjectStore,
        job: Job,
        n_parts: int,
        spread: bool,
        before: Mapping[int, Piece] | None = None,
    ) -> dict[int, Piece]:
        """Compute blocks, and write a manifest of their pieces and those of `before`."""
        found = self._written(job, n_parts, spread)
        self.use.pieces += len(found)
        self.use.shuffled_bytes += sum(one.received for one in found)
        pieces = {**(before or {}), **{one.block: one for one in found}}
        write_manifest(store, job.folder, pieces)
        return pieces

    def _written(self, job: Job, n_parts: int, spread: bool) -> Sequence[Piece]:
        """Return what the attempts that count have written."""
        spark = self.session.spark
        with quiet(), failures(self.log):
            numbers = spark.range(0, n_parts, 1, n_parts)
            if not spread:
                done = numbers.mapInArrow(job.map, _ddl(WRITTEN))
                return [Piece(**row) for row in done.toArrow().to_pylist()]
            # blocks are hashed to tasks: with as many tasks some would get two, others none
            spark.conf.set("spark.sql.shuffle.partitions", str(3 * len(job.blocks or ())))
            sent = numbers.mapInArrow(job.spread, _ddl(SPREAD)).groupBy("block")
            # Spark counts the parameters of a method, its own object among them
            done = sent.applyInArrow(lambda one: job.collect(one), _ddl(WRITTEN))
            return [Piece(**row) for row in done.toArrow().to_pylist()]

    def _probe(self) -> int:
        """Return how many tasks run at a time; RunnerError where executors lack something."""
        store, top = open_objects(self.url), f"{JOBS}/{_NOTHING.name}"
        _remove(store, JOBS)  # what nights that were killed have left
        store.put(f"{top}/{PROBE}", b"")
        job = Job(_NOTHING, self.url, top, ())
        with quiet(), failures(self.log):
            numbers = self.session.spark.range(0, PROBES)
            rows = numbers.mapInArrow(job.probe, _ddl(PROBED)).toArrow().to_pylist()
        _remove(store, top)
        own = version("recsys")
        if others := sorted({row["recsys"] for row in rows} - {own}):
            raise RunnerError(
                f"Spark: the executors have recsys {', '.join(others)}, not {own}: install the same"
                " version there"
            )
        if not all(row["shares"] for row in rows):
            raise RunnerError(
                f"Spark: the executors do not see {self.url}: name a bucket or a folder that driver"
                " and executors share in RECSYS_RUNNER_FILES"
            )
        return max(len({row["partition"] for row in rows}), 1)


class _Nothing:
    """Work of the first job, which computes nothing."""

    name = "probe"

    def prepare(self, shared: Arrays) -> Any:
        """Return nothing."""

    def spread(self, part: Arrays, ready: Any) -> Iterator[tuple[int, Arrays]]:
        """Yield nothing."""
        yield from ()

    def compute(self, block: int, parts: Sequence[Arrays], ready: Any) -> dict[str, NDArray[Any]]:
        """Return nothing."""
        return {}


_NOTHING = _Nothing()


def _put_parts(store: ObjectStore, folder: str, parts: Iterable[Arrays]) -> int:
    count = 0
    for count, part in enumerate(parts, 1):
        store.put(part_key(folder, count - 1), packed(part))
    return count


def _put_shared(store: ObjectStore, folder: str, shared: Arrays) -> tuple[tuple[str, str], ...]:
    places = []
    for name, array in shared.items():
        key = f"{folder}/shared/{name}.npy"
        with tempfile.NamedTemporaryFile() as file:  # not in memory: directions are large
            np.save(file, array, allow_pickle=False)
            file.flush()
            store.put(key, Path(file.name))
        places.append((name, key))
    return tuple(places)


def _remove(store: ObjectStore, prefix: str) -> None:
    """Remove all objects of a job, those of attempts that do not count among them."""
    store.delete([one.key for one in store.list(f"{prefix}/")])
    if (folder := folder_of(store.url)) is not None:
        shutil.rmtree(folder / prefix, ignore_errors=True)  # what is left is empty


def _ddl(schema: Any) -> str:
    """Return the columns of an Arrow schema as Spark writes them."""
    kinds = {"int32": "int", "int64": "long", "bool": "boolean"}
    return ", ".join(f"{one.name} {kinds.get(str(one.type), one.type)}" for one in schema)
