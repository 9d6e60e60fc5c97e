"""FAISS index: approximate search for large catalogues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.errors import MissingExtra
from recsys.index.exact import ExactIndex, top_k
from recsys.index.vector_index import VectorIndex, share_above, true_floors

EXACT_UP_TO = 50_000  # vectors that are compared one by one in a few milliseconds
WIDER = 4  # times as many candidates as requested, which the true vectors then put in order
CODED_ABOVE = 2 * 10**9  # bytes, at one per number, above which cells hold product codes
CODES = (96, 64, 48, 32, 24, 16, 8, 4, 2, 1)  # bytes of a code that FAISS knows on a GPU, too
PER_BYTE = 4  # numbers of a vector that share one byte of its code, at least
CODED_FROM = 39 * 256  # vectors that FAISS wants to learn the 256 values of a byte from
CODED_WIDER = 40  # codes are coarse: so many times as many candidates
QUERIES = 300  # of the vectors themselves, to measure recall
AT = 20  # depth at which recall is measured
ENOUGH = 0.995  # recall at which no further cell is probed
BLOCK = 65_536  # vectors added at a time
ASSIGNED = 8_192  # vectors whose products with all centres are held at once
CELLS = 2  # times the root of the number of vectors: what four times saved a search, building cost
TRAIN_PER_CELL = 39  # vectors that a cell's centre is learned from; FAISS needs so many at least
ROUNDS = 4  # of k-means: more changed no recall (RESULTS.md, large catalogues)
REFINED = 0.75  # of the doubled number of cells, tried last


@dataclass(frozen=True, slots=True)
class FaissIndex:
    """A FAISS index proposes, the vectors themselves decide: scores are exact inner products."""

    index: Any  # faiss.Index
    vectors: Floats  # (n, d), the same rows; may be memory-mapped

    @property
    def kind(self) -> str:
        """How vectors are kept in it."""
        library = faiss()
        if isinstance(self.index, library.IndexIVFPQ):
            return f"IVF,PQ{self.index.pq.M}"
        return "IVF,SQ8" if isinstance(self.index, library.IndexIVF) else "Flat"

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def search(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and scores, (q, min(k, n)) each, best first; ties by row; -1 where none."""
        k = min(k, len(self))
        if not k or not len(queries):
            return np.zeros((len(queries), k), np.int32), np.zeros((len(queries), k), np.float32)
        queries = np.ascontiguousarray(queries, np.float32)
        wider = CODED_WIDER if "PQ" in self.kind else WIDER
        found = np.sort(self.index.search(queries, min(wider * k, len(self)))[1], axis=1)
        scores = np.full(found.shape, -np.inf, np.float32)
        for own, rows, query in zip(scores, found, queries, strict=True):
            first = int(np.searchsorted(rows, 0))  # cells may hold fewer than requested
            own[first:] = self.vectors[rows[first:]] @ query
        places, values = top_k(scores, k)
        return np.take_along_axis(found, places, axis=1).astype(np.int32), values

    def write(self, path: Path) -> None:
        """Write the index, without the vectors."""
        faiss().write_index(self.index, str(path))

    @classmethod
    def read(cls, path: Path, vectors: Floats) -> FaissIndex:
        """Map an index from a file whose checksum was compared: FAISS trusts what it reads."""
        library = faiss()
        return cls(library.read_index(str(path), library.IO_FLAG_MMAP), vectors)


def cell_index(
    vectors: Floats,
    seed: int = 0,
    exact: VectorIndex | None = None,
    coded_above: int = CODED_ABOVE,
) -> tuple[FaissIndex, float]:
    """Return an index of cells and its recall@20.

    Cells hold a byte per number, or where that takes more than `coded_above` bytes product codes.
    As many cells are probed as it takes for the recall, measured on vectors of the catalogue
    against `exact`, or against exact search in numpy. Built on a GPU where there is one.
    """
    library, rng = faiss(), np.random.default_rng(seed)
    cells = cell_count(len(vectors))
    coded = vectors.size > coded_above and len(vectors) >= CODED_FROM
    code = product_code(vectors.shape[1]) if coded else "SQ8"
    index = library.index_factory(
        vectors.shape[1], f"IVF{cells},{code}", library.METRIC_INNER_PRODUCT
    )
    drawn = rng.permutation(len(vectors))[: TRAIN_PER_CELL * cells]
    worker = trained(
        library, index, np.ascontiguousarray(vectors[np.sort(drawn)], np.float32), seed
    )
    rows = (np.arange(at, min(at + BLOCK, len(vectors))) for at in range(0, len(vectors), BLOCK))
    blocks = (
        (np.ascontiguousarray(vectors[part[0] : part[-1] + 1], np.float32), part) for part in rows
    )
    found = FaissIndex(added(library, index, worker, blocks), vectors)
    queries = np.asarray(vectors[np.sort(drawn[:QUERIES])], np.float32)
    floors = true_floors(exact or ExactIndex(vectors), queries, AT)

    def recall() -> float:
        return share_above(found, queries, floors, AT)

    return found, choose_probes(found.index, cells, ENOUGH, recall)


def cell_count(vectors: int, by_root: int = CELLS) -> int:
    """Return how many cells an index of so many vectors has: `by_root` times √n, with 39 vectors
    each at least.
    """
    return max(1, min(by_root * int(vectors**0.5), vectors // 39))


def trained(library: Any, index: Any, sample: Floats, seed: int) -> Any:
    """Learn the centres of an empty index from vectors (m, d); return it on a GPU if there is
    one.
    """
    index.cp.seed, index.cp.niter = seed + 1, ROUNDS
    worker = on_gpu(library, index)
    worker.train(sample)
    return worker


def added(
    library: Any, index: Any, worker: Any, blocks: Iterable[tuple[Floats, NDArray[np.integer]]]
) -> Any:
    """Add (vectors, their numbers) to a trained index; return the index for a CPU.

    `worker`: what `trained` returned for `index`.
    """
    if worker is not index:
        for vectors, numbers in blocks:
            worker.add_with_ids(vectors, numbers)
        return library.index_gpu_to_cpu(worker)
    centres = index.quantizer.reconstruct_n(0, index.nlist)
    by_distance = index.metric_type == library.METRIC_L2
    shorter = 0.5 * np.einsum("cd,cd->c", centres, centres) if by_distance else np.float32(0)
    for vectors, numbers in blocks:
        numbers = np.ascontiguousarray(numbers, np.int64)
        for start in range(0, len(vectors), ASSIGNED):
            part = vectors[start : start + ASSIGNED]
            # NumPy's product of matrices is four times as fast as that of the FAISS wheel
            cells = (part @ centres.T - shorter).argmax(axis=1).astype(np.int64)
            index.add_core(
                len(part),
                library.swig_ptr(part),
                library.swig_ptr(numbers[start : start + ASSIGNED]),
                library.swig_ptr(cells),
            )
    return index


def choose_probes(index: Any, most: int, enough: float, recall: Callable[[], float]) -> float:
    """Set how many cells a search probes: 8, doubled until the recall is enough; return the recall.

    At most `most` cells, and three quarters of the last number where these are enough. `recall`:
    measures the index as it is set.
    """
    probes = min(8, most)
    while True:
        index.nprobe = probes
        found = recall()
        if found >= enough or probes >= most:
            break
        probes = min(2 * probes, most)
    if probes > 8 and found >= enough:
        index.nprobe = max(int(REFINED * probes), 1)
        fewer = recall()
        if fewer >= enough:
            return fewer
        index.nprobe = probes
    return found


def product_code(dimensions: int) -> str:
    """Return FAISS' name of the longest product code for vectors of this length."""
    sizes = [m for m in CODES if dimensions % m == 0 and dimensions >= PER_BYTE * m]
    return f"PQ{sizes[0]}" if sizes else "SQ8"


def has_faiss() -> bool:
    """Say whether FAISS can be imported."""
    try:
        faiss()
    except MissingExtra:
        return False
    return True


def faiss() -> Any:
    """Import FAISS; MissingExtra when it is absent or lacks its CUDA libraries."""
    logging.getLogger("faiss").setLevel(logging.WARNING)  # its loader logs what it tries
    try:
        import faiss as library
    except (ImportError, RuntimeError) as error:  # RuntimeError: the GPU build without CUDA
        raise MissingExtra("faiss", "cpu") from error
    return library


def on_gpu(library: Any, index: Any) -> Any:
    """Return the index on a GPU where there is one, else the index itself."""
    if library.get_num_gpus() > 0:
        options = library.GpuClonerOptions()
        options.useFloat16 = True  # tables of long codes do not fit a GPU's shared memory else
        return library.index_cpu_to_gpu(library.StandardGpuResources(), 0, index, options)
    return index
