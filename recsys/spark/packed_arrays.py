"""Arrays by name as bytes: a header in JSON, then the arrays one after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.block_runner_protocol import Arrays

_LENGTH = 8  # bytes of the number that says how long the header is
_ALIGNED = 64  # each array begins at a multiple of so many bytes


def packed(arrays: Arrays, about: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays of numbers, and whatever JSON may say about them, as bytes."""
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    columns = [(name, one.dtype.str, one.shape) for name, one in plain.items()]
    header = json.dumps({"arrays": columns, "about": dict(about or {})}).encode()
    found = [len(header).to_bytes(_LENGTH, "little"), header]
    size = _LENGTH + len(header)
    for array in plain.values():
        gap = -size % _ALIGNED
        found += [bytes(gap), array.tobytes()]
        size += gap + array.nbytes
    return b"".join(found)


def unpacked(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays, read-only views of the bytes, and what was said about them.

    ValueError for bytes that `packed` has not made.
    """
    try:
        at = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
        header = json.loads(data[_LENGTH:at])
        arrays = {}
        for name, kind, shape in header["arrays"]:
            at += -at % _ALIGNED
            count = int(np.prod(shape, dtype=np.int64))
            arrays[name] = np.frombuffer(data, np.dtype(kind), count, at).reshape(shape)
            at += arrays[name].nbytes
        return arrays, dict(header["about"])
    except (KeyError, TypeError, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"not packed arrays: {error}") from error
