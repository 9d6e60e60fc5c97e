"""What runs in Spark's executors: parts of the input are spread, and blocks become pieces.

Every function here is imported by an executor's Python, which needs the package recsys and PyArrow.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.block_runner_protocol import BlockWork
from recsys.object_storage.object_store import ObjectMissing, ObjectStore
from recsys.object_storage.opening import open_objects
from recsys.spark.packed_arrays import packed, unpacked
from recsys.spark.result_block_files import Piece, write_piece

SPREAD = pa.schema([("block", pa.int32()), ("part", pa.int32()), ("data", pa.binary())])
WRITTEN = pa.schema(
    [
        ("block", pa.int32()),
        ("attempt", pa.string()),
        ("key", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("received", pa.int64()),
    ]
)
PROBED = pa.schema([("partition", pa.int32()), ("recsys", pa.string()), ("shares", pa.bool_())])
PROBE = "probe"  # object that the first job looks for
NO_PART = -1  # so is numbered what every block gets, whether a part gives it something or not
CODEC = "zstd"  # of what is shuffled

_READY: dict[
    str, Any
] = {}  # by folder of the job: what its parts and blocks need, the latest alone


@dataclass(frozen=True, slots=True)
class Job:
    """Work and the place of its files; pickled to executors."""

    work: BlockWork
    url: str  # of the object store that driver and executors share
    folder: str  # of the job, a prefix of keys
    shared: tuple[tuple[str, str], ...]  # name and key of each shared array
    blocks: tuple[int, ...] | None = None  # those that are computed; None: a block per part

    def probe(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Return what each task runs in and whether it reaches the files, before any work."""
        for _ in batches:
            pass
        try:
            open_objects(self.url).get(f"{self.folder}/{PROBE}")
            shares = True
        except ObjectMissing:
            shares = False
        row = {"partition": [_task()[0]], "recsys": [version("recsys")], "shares": [shares]}
        yield pa.RecordBatch.from_pydict(row, PROBED)

    def spread(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Send what blocks need of each part: rows of block, part and packed arrays."""
        store, ready, kept = open_objects(self.url), self._ready(), set(self.blocks or ())
        for batch in batches:
            for number in batch.column("id").to_pylist():
                rows = [(block, NO_PART, b"") for block in sorted(kept)] if not number else []
                part = unpacked(store.get(part_key(self.folder, number)).data)[0]
                for block, arrays in self.work.spread(part, ready):
                    if block in kept:
                        rows.append((block, number, _compressed(packed(arrays))))
                yield _spread_batch(rows)

    def collect(self, table: pa.Table) -> pa.Table:
        """Compute a block from all that was sent to it, and write its piece."""
        order = np.argsort(table.column("part").to_numpy(), kind="stable").tolist()
        data = table.column("data")
        parts, received = [], 0
        for row in order:
            blob = data[row].as_py()
            received += len(blob)
            if blob:
                parts.append(unpacked(_decompressed(blob))[0])
        block = int(table.column("block")[0].as_py())
        arrays = self.work.compute(block, parts, self._ready())
        return _written(self._write(open_objects(self.url), block, arrays, received))

    def map(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Compute a block from each part, and write its piece."""
        store, ready = open_objects(self.url), self._ready()
        for batch in batches:
            for number in batch.column("id").to_pylist():
                if self.blocks is not None and number not in self.blocks:
                    continue
                part = unpacked(store.get(part_key(self.folder, number)).data)[0]
                arrays = self.work.compute(number, [part], ready)
                yield from _written(self._write(store, number, arrays, 0)).to_batches()

    def _write(
        self, store: ObjectStore, block: int, arrays: dict[str, NDArray[Any]], received: int
    ) -> Piece:
        attempt = f"{_task()[1]}-{secrets.token_hex(4)}"
        return write_piece(store, self.folder, block, attempt, arrays, received)

    def _ready(self) -> Any:
        if self.folder not in _READY:
            for before in _READY:
                shutil.rmtree(_copies(before), ignore_errors=True)
            _READY.clear()
            shared = {name: shared_array(self.url, key) for name, key in self.shared}
            _READY[self.folder] = self.work.prepare(shared)
        return _READY[self.folder]


def part_key(folder: str, number: int) -> str:
    """Return the key of a part of a job's input."""
    return f"{folder}/parts/{number:06d}"


def shared_array(url: str, key: str) -> NDArray[Any]:
    """Return an array that was saved as an object, mapped into memory, read-only.

    What does not lie in a folder is copied to the machine's temporary folder once; a process
    removes the copies of one job when it begins another.
    """
    folder = folder_of(url)
    if folder is not None:
        path = folder / key
    else:
        path = _copies(key) / key.split("/", 2)[2]
        if not path.exists():
            _copies(key).parent.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(open_objects(url).get(key).data)
            os.replace(aside, path)
    found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _copies(key: str) -> Path:
    """Return this machine's folder of copies of a job's arrays."""
    return Path(tempfile.gettempdir()) / f"recsys-{os.getuid()}" / key.split("/")[1]


def folder_of(url: str) -> Path | None:
    """Return the folder of an object store that is one; None for a bucket."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _task() -> tuple[int, str]:
    """Return the partition of the running task, and the number of its attempt."""
    pyspark = sys.modules.get("pyspark")  # loaded wherever there is a task
    context = pyspark and pyspark.TaskContext.get()
    if context is None:
        return 0, "0"
    return context.partitionId(), f"{context.stageId()}-{context.taskAttemptId()}"


def _compressed(data: bytes) -> bytes:
    found: bytes = pa.Codec(CODEC, 1).compress(data, asbytes=True)
    return len(data).to_bytes(8, "little") + found


def _decompressed(data: bytes) -> bytes:
    size = int.from_bytes(data[:8], "little")
    found: bytes = pa.Codec(CODEC).decompress(data[8:], size, asbytes=True)
    return found


def _spread_batch(rows: list[tuple[int, int, bytes]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pa.array(own, one.type) for own, one in zip(columns, SPREAD, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SPREAD)


def _written(piece: Piece) -> pa.Table:
    return pa.Table.from_pylist([asdict(piece)], WRITTEN)
