"""`recsys settings`: every setting with its value, its default and where the value came from.

recsys settings                     # what differs from the defaults
recsys settings --all
recsys --set seed=3 settings --json
"""

from __future__ import annotations

import json

import click

from recsys.settings import DEFAULT, describe

from ..cli import run
from ..environment import load_settings


@click.command(name="settings")
@click.option("--all", "show_all", is_flag=True, help="Show those with their default as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all settings.")
def command(show_all: bool, as_json: bool) -> None:
    """Show settings with value, default and source; passwords are masked."""
    rows = describe(load_settings())
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    shown = [row for row in rows if show_all or row["source"] != DEFAULT]
    if not shown:
        print(f"all {len(rows)} settings have their defaults; recsys settings --all shows them")
        return
    lines = [("setting", "value", "default", "source")]
    lines += [(row["variable"], row["value"], row["default"], row["source"]) for row in shown]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print("  ".join(text.ljust(width) for text, width in cells).rstrip())


if __name__ == "__main__":
    run(command)
