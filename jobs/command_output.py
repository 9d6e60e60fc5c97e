"""Output of commands: tables on the terminal, JSON to stdout or a file."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from recsys.errors import DataError

WIDTH = 100  # columns that tables take at most
STDOUT = Path("-")  # of `--json -`
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
figures_file = click.option(
    "--json", "json_file", type=Path, help="Write the figures to this file; - is stdout."
)


def output(json_file: Path | None = None) -> Console:
    """Return a console that is never wider than the tables are meant to be.

    It writes to stdout, or to stderr where stdout is for JSON (`json_file` is "-").
    """
    console = Console(highlight=False, stderr=json_file == STDOUT)
    width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return Console(highlight=False, stderr=console.stderr, width=width)


def check_json_file(json_file: Path | None) -> None:
    """Raise DataError, before any work, when the folder of a JSON file does not exist."""
    if json_file and json_file != STDOUT and not json_file.absolute().parent.is_dir():
        raise DataError(f"{json_file}: its folder does not exist")


def write_json(json_file: Path | None, document: object, indent: int | None = None) -> None:
    """Write one JSON document to a file, or to stdout for "-"; nothing for None."""
    if json_file is None:
        return
    text = json.dumps(document, indent=indent, allow_nan=False) + "\n"
    if json_file == STDOUT:
        sys.stdout.write(text)
    else:
        json_file.write_text(text, "utf-8")


def moment_text(moment: float) -> str:
    """Return a moment, Unix seconds, as day and minute in UTC: 2026-11-30 09:40."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
