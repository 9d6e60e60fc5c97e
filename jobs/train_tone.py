"""`recsys train-tone`: teach the tone model from labelled texts.

    recsys train-tone --labels comments.csv
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from jobs.cli import run
from jobs.recommend import output
from jobs.settings import Settings
from jobs.tone import tone_path
from recsys.data.labels import read_labels
from recsys.text.sentiment import write_tone
from recsys.text.sentiment_training import check_classes, fit_tone
from recsys.text.static import load_static


@click.command(name="train-tone")
@click.option(
    "--labels", type=Path, required=True,
    help="File of text and label (negative, neutral, positive) or valence (-4 to 4).",
)  # fmt: skip
@click.option("--out", type=Path, help="Where to write the model, if not into the home.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(labels: Path, out: Path | None, as_json: bool) -> None:
    """Teach the tone model from a file; from then on it replaces the one that is shipped.

    A minute for 20,000 texts. Running services take it up when they are started again.
    """
    settings = Settings.load()
    labelled = read_labels(labels)
    check_classes(labelled.classes)  # before the word vectors, which may take a minute
    student = load_static(settings.home)
    note = f"{len(labelled.texts)} texts of {labels.name}, {student.name}"
    model = fit_tone(labelled.texts, labelled.classes, student, note=note)
    path = out or tone_path(settings)
    write_tone(path, model)
    if as_json:
        print(json.dumps({"texts": len(labelled.texts), "model": str(path), "note": note}))
        return
    output().print(f"taught from {len(labelled.texts):,} texts: {path}", soft_wrap=True)


if __name__ == "__main__":
    run(command)
