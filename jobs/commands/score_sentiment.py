"""`recsys tone`: sentiment of texts by the model that the service uses.

recsys tone --texts comments.csv                 # a row per text on the screen
recsys tone --texts comments.csv --json tone.json
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from recsys.data.labeled_texts import read_texts
from recsys.text.sentiment.model import LABELS, labels, score
from recsys.text.sentiment.scorer import SentimentScorer

from ..cli import run
from ..command_output import check_json_file, output, write_json
from ..environment import load_settings


@click.command(name="tone")
@click.option("--texts", type=Path, required=True, help="File with a column text: CSV, JSONL, …")
@click.option("--model", type=Path, help="Model of `recsys train-tone`, if not the one in use.")
@click.option(
    "--json", "json_file", type=Path, help="Write one row per text to this file; - is stdout."
)
def command(texts: Path, model: Path | None, json_file: Path | None) -> None:
    """Say of each text whether it is negative, neutral or positive, and its score, -1 to 1.

    A row that cannot be read counts as an empty text, which is neutral: rows stay in step.
    """
    check_json_file(json_file)
    found = read_texts(texts)
    rows = sentiment_rows(SentimentScorer(load_settings().home, model), found)
    console = output(json_file)
    if json_file is None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("row", "tone", "score", "text"):
            table.add_column(name, no_wrap=True, justify="right" if name != "text" else "left")
        for number, (row, text) in enumerate(zip(rows, found, strict=True), start=1):
            shown = escape(" ".join(text.split()))
            table.add_row(str(number), str(row["label"]), f"{row['score']:+.2f}", shown)
        console.print(table)
    write_json(json_file, {"rows": rows})
    counts = Counter(str(row["label"]) for row in rows)
    result = ", ".join(f"{counts[label]:,} {label}" for label in LABELS)
    console.print(f"{len(rows):,} texts: {result}")


def sentiment_rows(model: SentimentScorer, texts: list[str]) -> list[dict[str, object]]:
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
