"""Comparison of encoders and training objectives on unread (cold) and read (warm) items, with
speed.

python -m jobs.bench_encoders --items items.csv --events events.csv --json OUT --encoders static
python -m jobs.bench_encoders --items items.csv --events events.csv --speed
python -m jobs.bench_encoders --gpu
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from recsys.errors import DataError
from recsys.text.encoders.transformer import pick_device

from ..cli import run
from ..environment import load_settings
from .encoder_quality import OBJECTIVES, Bench, Cell
from .encoder_speed import speed
from .encoder_test_data import World
from .gpu_speed import gpu_figures


def markdown(rows: Sequence[Cell]) -> str:
    """Return the table as Markdown."""
    head = "| encoder | objective | items | Recall@20 | nDCG@20 | student's nDCG@20 | steps "
    head += "| fit, CPU s | encode, CPU s |\n|---|---|---|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {c.encoder} | {c.objective} | {c.protocol} | {c.recall20:.4f} | {c.ndcg20:.4f} "
        f"| {'the same' if c.student_ndcg20 is None else format(c.student_ndcg20, '.4f')} "
        f"| {c.steps} | {c.fit_seconds} | {c.encode_seconds} |"
        for c in rows
    )


def figures(found: dict[str, Any]) -> str:
    """Return named figures as Markdown; None is not measured."""
    rows = [
        f"| {name} | {'not measured' if value is None else value} |"
        for name, value in found.items()
    ]
    return "\n".join(["| figure | value |", "|---|---|", *rows])


@click.command(name="bench-encoders")
@click.option("--items", type=click.Path(exists=True, path_type=Path))
@click.option("--events", type=click.Path(exists=True, path_type=Path))
@click.option("--encoders", default="static", show_default=True, help="Comma between them.")
@click.option("--objectives", default=",".join(OBJECTIVES), show_default=True)
@click.option("--protocols", default="cold,warm", show_default=True)
@click.option("--seconds", default=240.0, show_default=True, help="Clock limit of each training.")
@click.option("--seed", default=0, show_default=True, help="Which items are cold.")
@click.option("--keep", type=click.Path(path_type=Path), help="Save trained transformers here.")
@click.option("--speed", "only_speed", is_flag=True, help="Instead: time and memory of encoding.")
@click.option("--gpu", is_flag=True, help="Instead: the figures of a GPU.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Also write JSON here.")
def command(
    items: Path | None,
    events: Path | None,
    encoders: str,
    objectives: str,
    protocols: str,
    seconds: float,
    seed: int,
    keep: Path | None,
    only_speed: bool,
    gpu: bool,
    out: Path | None,
) -> None:
    """Print the table encoders × objectives × (cold, warm) with fit and encode times."""
    settings = load_settings()
    if gpu:
        _show(gpu_figures(), out)
        return
    if items is None or events is None:
        raise DataError("--items F and --events F name the data; only --gpu does without")
    world, specs = World.load(items, events), encoders.split(",")
    if only_speed:
        _show(speed(world.texts, specs, settings.home), out)
        return
    rows: list[Cell] = []
    bench = Bench(world, settings.home, seconds, pick_device(settings.device), keep)
    for cell in bench.cells(specs, objectives.split(","), protocols.split(","), seed):
        rows.append(cell)
        print(markdown([cell]).splitlines()[-1], flush=True)
        if out:
            out.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    print(markdown(rows))


def _show(found: dict[str, Any], out: Path | None) -> None:
    print(figures(found))
    if out:
        out.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    run(command)
