"""Pieces: one block of a result as an object, written aside; a manifest names those that count.

Spark may run a task twice: after an executor was lost, or a second time beside a slow one. Each
attempt writes an object of its own, and only what Spark returns of the attempt that it counts
enters the manifest, with a checksum. Objects are never listed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from recsys.block_runner_protocol import Arrays
from recsys.errors import ObjectStoreError
from recsys.object_storage.object_store import ObjectMissing, ObjectStore
from recsys.spark.packed_arrays import packed, unpacked


@dataclass(frozen=True, slots=True)
class Piece:
    """What an attempt at a block has written."""

    block: int
    attempt: str  # differs between any two attempts
    key: str
    sha256: str
    bytes: int
    received: int  # bytes that were shuffled to make it


class DamagedPiece(ObjectStoreError):
    """A piece is missing, damaged, or of another block or attempt than the manifest names."""


def write_piece(
    store: ObjectStore, folder: str, block: int, attempt: str, arrays: Arrays, received: int
) -> Piece:
    """Write the arrays of a block under a key that no other attempt has."""
    data = packed(arrays, {"folder": folder, "block": block, "attempt": attempt})
    key = f"{folder}/{block:05d}.{attempt}"
    store.put(key, data)
    return Piece(block, attempt, key, hashlib.sha256(data).hexdigest(), len(data), received)


def read_piece(store: ObjectStore, folder: str, piece: Piece) -> dict[str, NDArray[Any]]:
    """Return the arrays of a piece; DamagedPiece says what is wrong with it."""
    name = f"piece {piece.block} of {folder.rpartition('/')[2]}"
    try:
        data = store.get(piece.key).data
    except ObjectMissing:
        raise DamagedPiece(f"{name} is missing") from None
    if hashlib.sha256(data).hexdigest() == piece.sha256:
        return unpacked(data)[0]
    try:
        about = unpacked(data)[1]
    except ValueError:
        raise DamagedPiece(f"{name} is damaged: its checksum is another one") from None
    if about.get("attempt") != piece.attempt or about.get("block") != piece.block:
        raise DamagedPiece(
            f"{name} is of another attempt ({about.get('attempt')}, not {piece.attempt})"
        )
    raise DamagedPiece(f"{name} is damaged: its checksum is another one")


def write_manifest(store: ObjectStore, folder: str, pieces: Mapping[int, Piece]) -> None:
    """Write which pieces count, by block."""
    rows = [asdict(pieces[block]) for block in sorted(pieces)]
    store.put(f"{folder}/manifest.json", json.dumps({"pieces": rows}).encode())


def read_manifest(store: ObjectStore, folder: str) -> dict[int, Piece]:
    """Return the pieces that count, by block."""
    rows = json.loads(store.get(f"{folder}/manifest.json").data)["pieces"]
    return {row["block"]: Piece(**row) for row in rows}
