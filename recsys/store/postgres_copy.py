"""PostgreSQL COPY: many new rows of a table at once, without those that are there already.

COPY knows no ON CONFLICT, so that rows which may be there already go to a temporary table first,
which ends with the transaction. Rows without texts travel in COPY's binary form, made column by
column, which spares both sides the writing and reading of numbers as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    SmallInteger,
    String,
    text,
)

LEAST = 500  # rows; fewer are inserted by one statement with an array per column
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no extension
_END = b"\xff\xff"
_NUMBERS = {BigInteger: ">i8", SmallInteger: ">i2", Integer: ">i4", Float: ">f8"}
_MAY = text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")


def may_copy(connection: Connection) -> bool:
    """Whether this account may have temporary tables."""
    return bool(connection.execute(_MAY).scalar())


def copy_new(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
) -> int:
    """Add rows in their order but those there already; return how many are new.

    Values in the order of `columns`, which are columns of one table. Inside a transaction.
    """
    table = columns[0].table.name
    names = ", ".join(f'"{one.name}"' for one in columns)
    staged = stage(connection, table, columns, rows)
    result = connection.exec_driver_sql(
        f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{staged}" ORDER BY place'
        " ON CONFLICT DO NOTHING"
    )
    return result.rowcount


def stage(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
) -> str:
    """Copy rows to a temporary table that ends with the transaction; return what it is called.

    Its column `place` has the number of each row, from 0.
    """
    staged = f"recsys_copy_{name}"
    typed = ", ".join(f'"{one.name}" {sql_type(one)}' for one in columns)
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staged}" (place integer, {typed}) ON COMMIT DROP'
    )
    connection.exec_driver_sql(f'TRUNCATE "{staged}"')
    numbered = [Column("place", Integer), *columns]
    copy_rows(connection, staged, numbered, [(at, *row) for at, row in enumerate(rows)])
    return staged


def copy_rows(
    connection: Connection,
    table: str,
    columns: Sequence[Column[Any]],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Add rows to a table in their order; values in the order of `columns`."""
    names = ", ".join(f'"{one.name}"' for one in columns)
    binary = _binary(columns, rows)
    form = "" if binary is None else " (FORMAT binary)"
    driver = connection.connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN{form}') as copy,
    ):
        copy.write(_text(columns, rows) if binary is None else binary)


def sql_type(column: Column[Any]) -> str:
    """Return the name of a column's type in PostgreSQL."""
    names = {
        BigInteger: "bigint",
        SmallInteger: "smallint",
        Integer: "integer",
        Float: "float8",
        String: "text",
    }
    return next(name for kind, name in names.items() if isinstance(column.type, kind))


def _binary(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> bytes | None:
    """Return rows in the binary form of COPY: per value its length and itself, -1 where it is NULL.

    None where a value is a text.
    """
    values = list(zip(*rows, strict=True))
    lacks = np.zeros(len(rows), np.int64)  # a bit per column: whether it is NULL
    held = []
    for at, (column, one) in enumerate(zip(columns, values, strict=True)):
        if column.nullable:
            missing = np.array([value is None for value in one])
            if isinstance(column.type, String) and not missing.all():
                return None
            if missing.any():
                lacks |= missing.astype(np.int64) << at
                one = tuple(0 if value is None else value for value in one)
        elif isinstance(column.type, String):
            return None
        held.append(np.array(one, _number_type(column)))
    # rows that lack the same values are of the same form
    forms, form_of = np.unique(lacks, return_inverse=True)
    parts = [
        _records(held, int(form), np.flatnonzero(form_of == n)) for n, form in enumerate(forms)
    ]
    if len(parts) == 1:
        return b"".join((_SIGNATURE, parts[0].tobytes(), _END))
    sizes = np.array([part.dtype.itemsize for part in parts])[form_of]
    starts = np.cumsum(sizes) - sizes
    out = np.zeros(int(sizes.sum()), np.uint8)
    for n, part in enumerate(parts):
        size = part.dtype.itemsize
        out[starts[form_of == n, None] + np.arange(size)] = part.view(np.uint8).reshape(-1, size)
    return b"".join((_SIGNATURE, out.tobytes(), _END))


def _number_type(column: Column[Any]) -> str:
    """Return the form of a column's numbers; of texts, which are all NULL here, any."""
    return next((form for kind, form in _NUMBERS.items() if isinstance(column.type, kind)), ">i8")


def _records(values: Sequence[NDArray[Any]], lacks: int, rows: NDArray[np.intp]) -> NDArray[Any]:
    """Return some rows, which lack the same values, in binary form; `lacks`: a bit per column."""
    fields: list[tuple[str, Any]] = [("count", ">i2")]
    for at, column in enumerate(values):
        fields.append((f"length{at}", ">i4"))
        if not lacks >> at & 1:
            fields.append((f"value{at}", column.dtype))
    found = np.zeros(len(rows), np.dtype(fields))
    found["count"] = len(values)
    for at, column in enumerate(values):
        found[f"length{at}"] = -1 if lacks >> at & 1 else column.dtype.itemsize
        if not lacks >> at & 1:
            found[f"value{at}"] = column[rows]
    return found


def _text(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows in the text form of COPY."""
    written = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        write: Callable[[Any], str] = _escaped if isinstance(column.type, String) else repr
        written.append([_NULL if value is None else write(value) for value in values])
    return "\n".join(map("\t".join, zip(*written, strict=True))) + "\n"


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)
