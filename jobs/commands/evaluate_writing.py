"""`recsys evaluate-writing`: extractive titles against those of the authors, and tags of titles.

recsys evaluate-writing --items posts.csv.gz
recsys evaluate-writing --items items.csv.gz --events events.csv.gz
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from recsys.data.item_and_event_readers import load_items
from recsys.errors import DataError
from recsys.evaluation.writing_trials import writing_figures

from ..cli import run
from ..seed_option import seed_option


@click.command(name="evaluate-writing")
@click.option("--items", type=Path, required=True, help="Items with title, text and category.")
@click.option("--events", type=Path, help="Tags instead, by a model of these events.")
@click.option("--sample", type=click.IntRange(1), default=1_000, show_default=True, help="Titles.")
@seed_option
def command(items: Path, events: Path | None, sample: int, seed: int) -> None:
    """Print ROUGE-1 and ROUGE-L, in points, of first sentences and of extracted titles.

    Posts with 5 to 60 sentences count, of categories whose crc32 is a multiple of 5: the ranker
    has not seen these. With events: how many titles of 4 to 8 words get tags, and the share of
    these tags that their items have; each item is held out in turn.
    """
    if events is not None:
        # loaded for this alone: it brings the engines
        from recsys.evaluation.tag_trials import tag_figures
        from recsys.fitting import fit

        with fit(str(events), str(items), seed=seed) as model:
            found = tag_figures(model.recommender.live, sample=sample, seed=seed)
        print(json.dumps(asdict(found)))
        return
    table = load_items(items)
    posts = list(zip(table.category, table.title, table.text, strict=True))
    figures = writing_figures(posts)
    if not figures["posts"]:
        raise DataError(f"{items}: no item of an unseen category has 5 to 60 sentences")
    print(json.dumps(figures))


if __name__ == "__main__":
    run(command)
