"""`recsys train-tone`: teach the tone model from labelled texts, or a language from a lexicon.

recsys train-tone --labels comments.csv
recsys train-tone --lexicon chinese.csv
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import click

from recsys.data.labeled_texts import read_labels
from recsys.errors import DataError
from recsys.text.encoders.static import load_static
from recsys.text.sentiment.lexicon import TURN, read_lexicon
from recsys.text.sentiment.model import write_tone
from recsys.text.sentiment.scorer import FOLDER, LEXICON, MODEL
from recsys.text.sentiment.training import check_classes, fit_tone

from ..cli import run
from ..command_output import output
from ..settings import Settings


@click.command(name="train-tone")
@click.option(
    "--labels",
    type=Path,
    help="File of text and label (negative, neutral, positive) or valence (-4 to 4).",
)
@click.option(
    "--lexicon",
    type=Path,
    help="File of language, term and valence (-4 to 4, or not), beside the model.",
)
@click.option("--out", type=Path, help="Where to write the model, if not into the home.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(labels: Path | None, lexicon: Path | None, out: Path | None, as_json: bool) -> None:
    """Teach the tone model from a file; from then on it replaces the one that is shipped.

    A minute of CPU for 20,000 texts. For a language that no labelled texts are at hand for, a
    lexicon says what its words are worth. Running services take both up when they are started
    again.
    """
    if labels is None and lexicon is None:
        raise DataError("nothing to learn from: give --labels F, --lexicon F or both")
    folder = Settings.load().home / FOLDER
    told: dict[str, object] = {}
    if lexicon is not None:
        told |= _install(lexicon, folder / LEXICON)
    if labels is not None:
        told |= _teach(labels, out or folder / MODEL)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    output().print("\n".join(f"{name}: {value}" for name, value in told.items()), soft_wrap=True)


def _install(path: Path, target: Path) -> dict[str, object]:
    found = read_lexicon(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("language", "term", "valence"))
        for language, lexicon in found.items():
            for term, valence in lexicon.valences.items():
                rows.writerow((language, term, TURN if valence is None else valence))
    counts = {language: len(lexicon.valences) for language, lexicon in found.items()}
    return {"terms": counts, "lexicon": str(target)}


def _teach(path: Path, target: Path) -> dict[str, object]:
    labelled = read_labels(path)
    check_classes(labelled.classes)  # before the word vectors, which may take a minute
    student = load_static(Settings.load().cache)
    note = f"{len(labelled.texts)} texts of {path.name}, {student.name}"
    write_tone(
        target,
        fit_tone(labelled.texts, labelled.classes, student, note=note, sources=labelled.sources),
    )
    return {"texts": len(labelled.texts), "model": str(target), "note": note}


if __name__ == "__main__":
    run(command)
