"""`recsys evaluate-grounding`: planted corruptions of true sentences, caught or not.

recsys evaluate-grounding --items posts.csv.gz
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recsys.data.item_and_event_readers import load_items
from recsys.errors import DataError
from recsys.evaluation.grounding_trials import trial

from ..cli import run
from ..seed_option import seed_option


@click.command(name="evaluate-grounding")
@click.option("--items", type=Path, required=True, help="Items with texts, or titles.")
@click.option("--most", type=click.IntRange(1), default=2_000, show_default=True, help="Texts.")
@seed_option
def command(items: Path, most: int, seed: int) -> None:
    """Corrupt a name, a number and a negation of a sentence of each text; print what is caught.

    Where items have no text, their titles are the texts.
    """
    table = load_items(items)
    texts = [one or title for one, title in zip(table.text, table.title, strict=True)]
    texts = [one for one in texts if one]
    if not texts:
        raise DataError(f"{items}: no item has a text or a title")
    print(json.dumps(trial(texts, most, seed), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    run(command)
