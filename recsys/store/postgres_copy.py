"""PostgreSQL COPY: many new rows of a table at once, without those that are there already.

COPY knows no ON CONFLICT, so that rows go to a temporary table first, which ends with the
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Float, Integer, SmallInteger, String, text

LEAST = 500  # rows; fewer are inserted by one statement with an array per column
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
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
    staged, names = f"recsys_copy_{name}", ", ".join(f'"{one.name}"' for one in columns)
    typed = ", ".join(f'"{one.name}" {sql_type(one)}' for one in columns)
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staged}" (place integer, {typed}) ON COMMIT DROP'
    )
    connection.exec_driver_sql(f'TRUNCATE "{staged}"')
    driver = connection.connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{staged}" (place, {names}) FROM STDIN') as c,
    ):
        c.write(_text(columns, rows))
    return staged


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


def _text(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows in the text form of COPY, the number of each first."""
    written = [list(map(str, range(len(rows))))]
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        write: Callable[[Any], str] = _escaped if isinstance(column.type, String) else repr
        written.append([_NULL if value is None else write(value) for value in values])
    return "\n".join(map("\t".join, zip(*written, strict=True))) + "\n"


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)
