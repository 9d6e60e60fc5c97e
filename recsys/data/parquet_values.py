"""Python values of Parquet and arrow columns: bytes as text, times in UTC."""

from __future__ import annotations

from typing import Any


def values_of_column(column: Any) -> list[Any]:
    """Return the values of an arrow column: bytes as text, zoned times in UTC, others as is."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        return _decoded(column)
    if pyarrow.types.is_timestamp(kind):
        # nanoseconds become datetime objects without pandas; a zone only says how to show it
        zone = "UTC" if kind.tz else None
        column = column.cast(pyarrow.timestamp("us", zone), safe=False)
    try:
        if _is_bytes(kind):
            return [None if one is None else _text(one) for one in column.to_pylist()]
        found: list[Any] = column.to_pylist()
        return found
    except (ValueError, OverflowError):  # no such date, text that is not UTF-8
        if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
            return values_of_column(column.cast(pyarrow.large_binary()))
        return list(column.cast(pyarrow.string()).to_pylist())


def is_struct(kind: Any) -> bool:
    """Return whether the values of an arrow type are objects, or lists of objects."""
    import pyarrow

    listed = pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)
    return bool(pyarrow.types.is_struct(kind.value_type if listed else kind))


def _decoded(column: Any) -> list[Any]:
    """Return the values of a dictionary-encoded column (categories); a null code is None.

    Codes are looked up here: arrow decodes no dictionary of text views, as polars has them.
    """
    known = values_of_column(column.dictionary)
    return [None if code is None else known[code] for code in column.indices.to_pylist()]


def _is_bytes(kind: Any) -> bool:
    import pyarrow

    types = pyarrow.types
    return any(
        (
            types.is_binary(kind),
            types.is_large_binary(kind),
            types.is_binary_view(kind),
            types.is_fixed_size_binary(kind),
        )
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
