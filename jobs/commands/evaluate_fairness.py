"""`recsys evaluate-fairness`: what the creator floor and calibrated order cost, on dated acts.

recsys evaluate-fairness --data data/sample/movietweetings
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from recsys.data.item_and_event_readers import load_events, load_items
from recsys.errors import DataError
from recsys.evaluation.fairness_trials import Acts, try_calibration, try_floor

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json

AGAINST = frozenset({"dislike", "view"})  # kinds of event that are no act in favour
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
FLOOR = 0.05


@click.command(name="evaluate-fairness")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with events.csv.gz and items.csv.gz.",
)
@click.option("--lists", "most", type=click.IntRange(2), default=6_000, show_default=True)
@click.option("--floor", type=click.FloatRange(0.001, 0.5), default=FLOOR, show_default=True)
@figures_file
def command(data: Path, most: int, floor: float, json_file: Path | None) -> None:
    """Replay acts with a creator floor, and with calibrated lists: shares, divergence and nDCG."""
    check_json_file(json_file)
    acts = read_acts(data)
    kept = try_floor(acts, floor, most)
    rows = try_calibration(acts, WEIGHTS, most)
    plain = rows[0]
    figures: dict[str, Any] = {
        "data": data.name,
        "lists": len(kept.gain),
        "floor": {
            "share": floor,
            "hours": [round(one, 4) for one in kept.hours],
            "hours_without": [round(one, 4) for one in kept.plain_hours],
            "missed": kept.missed,
            "exceeded": kept.exceeded,
            "ndcg_lost": kept.cost,
        },
        "calibration": [
            {
                "weight": one.weight,
                "divergence": one.divergence,
                "divergence_change": one.divergence / plain.divergence - 1,
                "ndcg": one.gain,
                "ndcg_lost": 1 - one.gain / plain.gain if plain.gain else 0.0,
            }
            for one in rows
        ],
    }
    output(json_file).print(json.dumps(figures, indent=1), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def read_acts(folder: Path) -> Acts:
    """Return the acts in favour of a folder, in the order of time; DataError without times."""
    events, known = load_events(folder / "events.csv.gz"), load_items(folder / "items.csv.gz")
    against = [place for place, kind in enumerate(events.kinds) if kind in AGAINST]
    kept = np.isfinite(events.time) & ~np.isin(events.kind, against)
    if kept.sum() < 100:
        raise DataError(f"{folder}: fewer than 100 dated acts")
    rows = known.ids.rows(events.items)
    names = [
        (known.author[row] if row >= 0 else "") or f"item {item_id}"
        for row, item_id in zip(rows.tolist(), events.items, strict=True)
    ]
    labels = [
        (known.category[row] or next(iter(known.tags[row]), "")) if row >= 0 else ""
        for row in rows.tolist()
    ]
    author = np.unique(names, return_inverse=True)[1].astype(np.int32)
    topic = np.unique(labels, return_inverse=True)[1].astype(np.int32)
    topic[np.array(labels) == ""] = -1
    return Acts(events.user[kept], events.item[kept], events.time[kept], author, topic)


if __name__ == "__main__":
    run(command)
