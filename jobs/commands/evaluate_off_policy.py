"""`recsys evaluate-ope`: off-policy estimates against known values.

recsys evaluate-ope --seeds 30 --open-bandit logs.csv.gz
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from recsys.evaluation.off_policy_trials import as_row, bandit_answers, digits_errors

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json


@click.command(name="evaluate-ope")
@click.option(
    "--seeds", type=click.IntRange(0), default=30, show_default=True, help="Splits of the digits."
)
@click.option("--open-bandit", type=Path, help="Rows of the Open Bandit Dataset, CSV or .csv.gz.")
@figures_file
def command(seeds: int, open_bandit: Path | None, json_file: Path | None) -> None:
    """Judge off-policy estimates: scikit-learn's digits, and the logs of two bandit policies."""
    check_json_file(json_file)
    figures: dict[str, Any] = {}
    if seeds:
        figures["digits"] = {"seeds": seeds, "relative_error": digits_errors(range(seeds))}
    if open_bandit is not None:
        figures["open_bandit"] = [as_row(answer) for answer in bandit_answers(open_bandit)]
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


if __name__ == "__main__":
    run(command)
