"""`recsys evaluate-writing`: extractive titles against those of the authors.

recsys evaluate-writing --items posts.csv.gz
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recsys.data.item_and_event_readers import load_items
from recsys.errors import DataError
from recsys.evaluation.writing_trials import writing_figures

from ..cli import run


@click.command(name="evaluate-writing")
@click.option("--items", type=Path, required=True, help="Items with title, text and category.")
def command(items: Path) -> None:
    """Print ROUGE-1 and ROUGE-L, in points, of first sentences and of extracted titles.

    Posts with 5 to 60 sentences count, of categories whose crc32 is a multiple of 5: the ranker
    has not seen these.
    """
    table = load_items(items)
    posts = list(zip(table.category, table.title, table.text, strict=True))
    figures = writing_figures(posts)
    if not figures["posts"]:
        raise DataError(f"{items}: no item of an unseen category has 5 to 60 sentences")
    print(json.dumps(figures))


if __name__ == "__main__":
    run(command)
