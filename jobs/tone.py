"""`recsys tone`: the tone of texts, by the model that the service uses.

recsys tone --texts comments.csv --json tone.json
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click

from recsys.data.labels import read_texts
from recsys.errors import DataError
from recsys.text.sentiment import LABELS, labels, score
from recsys.text.tones import Tones

from .cli import run
from .recommend import output
from .settings import Settings


@click.command(name="tone")
@click.option("--texts", type=Path, required=True, help="File with a column text: CSV, JSONL, …")
@click.option("--model", type=Path, help="Model of `recsys train-tone`, if not the one in use.")
@click.option("--json", "json_file", type=Path, help="Write one row per text to this file.")
def command(texts: Path, model: Path | None, json_file: Path | None) -> None:
    """Say of each text whether it is negative, neutral or positive, and its score, -1 to 1.

    A row that cannot be read counts as an empty text, which is neutral: rows stay in step.
    """
    if json_file and not json_file.absolute().parent.is_dir():
        raise DataError(f"{json_file}: its folder does not exist")
    rows = tone_rows(Tones(Settings.load().home, model), read_texts(texts))
    if json_file:
        json_file.write_text(json.dumps({"rows": rows}, allow_nan=False) + "\n", "utf-8")
    counts = Counter(str(row["label"]) for row in rows)
    told = ", ".join(f"{counts[label]:,} {label}" for label in LABELS)
    output().print(f"{len(rows):,} texts: {told}")


def tone_rows(model: Tones, texts: list[str]) -> list[dict[str, object]]:
    """Return label, score and probabilities of each text, as JSON holds them."""
    chances = model.probabilities(texts)
    return [
        {
            "label": label,
            "score": round(float(one), 4),
            "probabilities": {
                name: round(float(p), 4) for name, p in zip(LABELS, row, strict=True)
            },
        }
        for label, one, row in zip(labels(chances), score(chances), chances, strict=True)
    ]


if __name__ == "__main__":
    run(command)
