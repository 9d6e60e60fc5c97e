"""Pieces: only those of the manifest count, and what is wrong with one is said and mended."""

from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from in_process_spark import InProcessSpark

from recsys.errors import RunnerError
from recsys.object_storage.folder_objects import FolderObjects
from recsys.spark.executor_tasks import Job
from recsys.spark.packed_arrays import packed, unpacked
from recsys.spark.result_block_files import (
    DamagedPiece,
    read_manifest,
    read_piece,
    write_manifest,
    write_piece,
)

FOLDER = "jobs/1/rows"
ARRAYS = {"counts": np.arange(5, dtype=np.int32), "weights": np.ones((2, 3), np.float32)}


@pytest.fixture
def store(tmp_path):
    return FolderObjects(tmp_path / "pieces")


class Doubled:
    """Work of a test: every number of a part goes to block `number % 3`, doubled there."""

    name = "doubled"

    def prepare(self, shared):
        return int(shared["factor"][0])

    def spread(self, part, ready):
        for block in range(3):
            yield block, {"numbers": part["numbers"][part["numbers"] % 3 == block]}

    def compute(self, block, parts, ready):
        none = np.zeros(0, np.int64)
        return {"numbers": ready * np.concatenate([*(part["numbers"] for part in parts), none])}


def doubled(runner: InProcessSpark, numbers: int = 20) -> list[list[int]]:
    parts = [
        {"numbers": np.arange(start, min(start + 6, numbers))} for start in range(0, numbers, 6)
    ]
    found = runner.run(Doubled(), parts, {"factor": np.array([2])}, 4)
    return [one["numbers"].tolist() for one in found]


WANTED = [[2 * n for n in range(20) if n % 3 == block] for block in range(3)] + [[]]


def test_arrays_are_read_back_as_they_were():
    given = {**ARRAYS, "none": np.zeros((0, 4)), "flags": np.array([True, False])}
    arrays, about = unpacked(packed(given, {"block": 3}))
    assert about == {"block": 3} and list(arrays) == list(given)
    assert all(np.array_equal(arrays[name], given[name]) for name in given)
    assert [arrays[name].dtype for name in given] == [given[name].dtype for name in given]
    for wrong in (b"", b"12345678", packed(given)[:-9], b"\x02" + bytes(7) + b"{}"):
        with pytest.raises(ValueError):
            unpacked(wrong)


def test_an_attempt_writes_beside_another_and_the_manifest_decides(store):
    first = write_piece(store, FOLDER, 3, "0-1", ARRAYS, 10)
    second = write_piece(store, FOLDER, 3, "1-9", {"counts": np.zeros(2)}, 10)
    assert first.key != second.key
    write_manifest(store, FOLDER, {3: first})
    assert read_manifest(store, FOLDER) == {3: first}
    found = read_piece(store, FOLDER, read_manifest(store, FOLDER)[3])
    assert np.array_equal(found["counts"], ARRAYS["counts"])


def test_a_piece_that_is_missing_cut_or_of_another_attempt_is_refused(store):
    piece = write_piece(store, FOLDER, 3, "0-1", ARRAYS, 10)
    other = write_piece(store, FOLDER, 3, "1-9", ARRAYS, 10)
    with pytest.raises(
        DamagedPiece, match=r"piece 3 of rows is of another attempt \(1-9, not 0-1\)"
    ):
        read_piece(store, FOLDER, replace(piece, key=other.key))
    store.put(piece.key, store.get(piece.key).data[:-1])
    with pytest.raises(DamagedPiece, match="piece 3 of rows is damaged"):
        read_piece(store, FOLDER, piece)
    store.delete([piece.key])
    with pytest.raises(DamagedPiece, match="piece 3 of rows is missing"):
        read_piece(store, FOLDER, piece)


def test_the_first_job_looks_for_a_file_in_the_shared_place(store, tmp_path):
    job = Job(Doubled(), store.url, "jobs/probe", ())
    found = [next(job.probe(iter(()))).to_pylist()[0]]
    store.put("jobs/probe/probe", b"")
    found.append(next(job.probe(iter(()))).to_pylist()[0])
    assert [row["shares"] for row in found] == [False, True]
    assert {row["recsys"] for row in found} == {version("recsys")}


def test_blocks_are_returned_in_order_whatever_order_they_were_made_in(tmp_path):
    runner = InProcessSpark(tmp_path)
    assert doubled(runner) == WANTED  # the last block got nothing of any part
    assert runner.messages == [] and runner.use.again == 0 and runner.use.pieces == 4
    assert doubled(InProcessSpark(tmp_path), 0) == [[], [], [], []]


def missing(store, pieces):
    store.delete([pieces[1].key])
    return pieces


def of_another_attempt(store, pieces):
    store.put(pieces[1].key, store.get(pieces[2].key).data)
    return pieces


def lost(store, pieces):
    return [piece for piece in pieces if piece.block != 1]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (missing, "piece 1 of doubled is missing"),
        (of_another_attempt, "piece 1 of doubled is of another attempt"),
        (lost, "piece 1 of doubled was not returned"),
    ],
)
def test_a_piece_that_cannot_be_read_is_made_again_and_a_sentence_says_so(tmp_path, harm, words):
    runner = InProcessSpark(tmp_path)
    store = FolderObjects(tmp_path / "pieces")
    runner.after = lambda pieces: harm(store, pieces)
    assert doubled(runner) == WANTED
    assert len(runner.messages) == 1 and runner.messages[0].startswith(f"spark: {words}")
    assert runner.messages[0].endswith("; it is made again")
    assert runner.use.again == 1 and runner.use.pieces == (4 if harm is lost else 5)


def test_pieces_that_stay_away_are_an_error_that_names_the_shared_place(tmp_path):
    runner = InProcessSpark(tmp_path)
    store = FolderObjects(tmp_path / "pieces")

    def always(pieces):
        runner.after = always
        store.delete([piece.key for piece in pieces])
        return pieces

    runner.after = always
    with pytest.raises(RunnerError, match=r"missing after 3 tries.*RECSYS_RUNNER_FILES"):
        doubled(runner)
    assert runner.use.again == 2 and not any((tmp_path / "pieces" / "jobs").iterdir())
