"""Options of commands that read files: names of files, column names, encoding and dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from recsys.data.day_month_order import ORDERS
from recsys.data.header_naming import COLUMNS
from recsys.data.reading_report import Options
from recsys.errors import DataError


def file_option(name: str, words: str) -> Callable[[Any], Any]:
    """Return an option that names a file, and may be given several times."""
    kind = click.Path(path_type=Path)
    return click.option(f"--{name}", type=kind, metavar="F", multiple=True, help=words)


def map_option(command: Any) -> Any:
    """Add the options that say what files do not say themselves."""
    named = click.option(
        "--map",
        "column_names",
        multiple=True,
        metavar="COLUMN=NAME",
        help="The column of another name in the files, as in item_id=content_id; may be repeated. "
        "Without a name, as in created_at=, no column is taken for it.",
    )
    coded = click.option(
        "--encoding", default="", metavar="NAME", help="Of text files, as in cp1252, if not UTF-8."
    )
    dated = click.option(
        "--dates",
        type=click.Choice(list(ORDERS)),
        help="Of tables with dates as 08/05/2021, where the first rows do not show the order.",
    )
    return named(coded(dated(command)))


def read_options(names: Sequence[str], encoding: str, dates: str | None) -> Options:
    """Return what --map, --encoding and --dates say; DataError for what is none."""
    found: dict[str, str] = {}
    for text in names:
        column, sign, name = (part.strip() for part in text.partition("="))
        if not sign or column not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise DataError(f"--map {text}: write COLUMN=NAME, where COLUMN is one of {known}")
        found[column] = name
    return Options(found, encoding, dates or "")
