"""Options of commands that read files: names of files, column names, encoding and dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from recsys.data.day_month_order import ORDERS
from recsys.data.header_naming import COLUMNS, KINDS
from recsys.data.reading_report import Options
from recsys.errors import DataError


def file_option(name: str, words: str) -> Callable[[Any], Any]:
    """Return an option that names a file, and may be given several times."""
    kind = click.Path(path_type=Path)
    return click.option(f"--{name}", type=kind, metavar="F", multiple=True, help=words)


def names_option(command: Any) -> Any:
    """Add the option that names columns which have other names in the input."""
    named = click.option(
        "--map",
        "column_names",
        multiple=True,
        metavar="COLUMN=NAME",
        help="The column of another name in the input, as in item_id=content_id; may be repeated. "
        "Without a name, as in created_at=, no column is taken for it.",
    )
    return named(command)


def map_option(command: Any) -> Any:
    """Add the options that say what files do not say themselves."""
    coded = click.option(
        "--encoding", default="", metavar="NAME", help="Of text files, as in cp1252, if not UTF-8."
    )
    dated = click.option(
        "--dates",
        type=click.Choice(list(ORDERS)),
        help="Of tables with dates as 08/05/2021, where the first rows do not show the order.",
    )
    headed = click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="KIND:NAMES",
        help="The columns of tables without a line of names, in their order, as in "
        "events:user_id,item_id,value,timestamp; may be repeated. Unknown names are not read.",
    )
    return names_option(coded(dated(headed(command))))


def read_options(
    names: Sequence[str], encoding: str, dates: str | None, headers: Sequence[str]
) -> Options:
    """Return what --map, --encoding, --dates and --header say; DataError for what is none."""
    found: dict[str, str] = {}
    for text in names:
        column, sign, name = (part.strip() for part in text.partition("="))
        if not sign or column not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise DataError(f"--map {text}: write COLUMN=NAME, where COLUMN is one of {known}")
        found[column] = name
    columns: dict[str, tuple[str, ...]] = {}
    for text in headers:
        kind, sign, listed = text.partition(":")
        if not sign or kind not in KINDS or not listed.strip():
            raise DataError(
                f"--header {text}: write KIND:NAME,NAME,… as in events:user_id,item_id,timestamp, "
                f"where KIND is one of {', '.join(KINDS)}"
            )
        columns[kind] = tuple(name.strip() for name in listed.split(","))
    return Options(found, encoding, dates or "", columns)
