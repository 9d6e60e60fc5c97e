"""`recsys evaluate-experiments`: error rates and power of experiments, by simulation.

recsys evaluate-experiments --simulations 4000
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from recsys.evaluation.experiment_simulation import (
    DAYS,
    HARM,
    RATE,
    USERS,
    found_differences,
    found_mismatches,
    stopped_by_guardrail,
)
from recsys.evaluation.interleaving_simulation import ClickModel, interleaved, split

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json
from ..seed_option import seed_option

CLICK_MODELS: tuple[ClickModel, ...] = ("position", "cascade")
CORRELATION = 0.6  # of a user's value with the one before the experiment
UNITS = 100_000  # of the test of sample ratios


@click.command(name="evaluate-experiments")
@click.option("--simulations", type=click.IntRange(1), default=4_000, show_default=True)
@seed_option
@figures_file
def command(simulations: int, seed: int, json_file: Path | None) -> None:
    """Simulate experiments: false alarms, power, sample ratios, guardrails and interleaving."""
    check_json_file(json_file)
    figures: dict[str, Any] = {
        "rate": RATE,
        "looks": DAYS,
        "users_per_arm_and_look": USERS,
        "simulations": simulations,
        "seed": seed,
        "found": {
            f"{lift:+.0%}, correlation before {correlation:g}": asdict(
                found_differences(lift, correlation, simulations, seed)
            )
            for lift, correlation in (
                (0.0, 0.0),
                (0.0, CORRELATION),
                (0.2, 0.0),
                (0.2, CORRELATION),
                (0.1, 0.0),
                (0.1, CORRELATION),
            )
        },
        "sample_ratio_found": {
            f"{share:.0%} of {UNITS:,} units, {count:,} experiments": found_mismatches(
                share, UNITS, count, seed
            )
            for share, count in ((0.51, 1_000), (0.5, 1_000))
        },
        "guardrail_stops": {
            f"{HARM:+.0%} before half of the planned users": stopped_by_guardrail(
                HARM, 0.5, simulations, seed
            ),
            "no effect, until the end": stopped_by_guardrail(0.0, 1.0, simulations, seed),
        },
    }
    figures["interleaving"] = {
        model: _interleaving(model, max(simulations // 200, 2), seed) for model in CLICK_MODELS
    }
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def _interleaving(model: ClickModel, simulations: int, seed: int) -> dict[str, Any]:
    """Return the median users until a decision, interleaved and by an A/B test, as JSON."""
    together = interleaved(model, simulations, seed)
    apart = split(model, max(simulations // 2, 1), seed)
    return {
        "simulations": [simulations, max(simulations // 2, 1)],
        "users_interleaved": together.median,
        "users_of_ab_test": apart.median,
        "ratio": together.median / apart.median,
        "right": [together.right, apart.right],
    }


if __name__ == "__main__":
    run(command)
