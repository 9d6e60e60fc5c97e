"""`recsys train-tone`: trains the sentiment model from labelled texts, or installs a lexicon.

recsys train-tone --labels comments.csv
recsys train-tone --labels english.csv --labels chinese.csv --except test.csv
recsys train-tone --lexicon chinese.csv
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import click

from recsys.data.labeled_texts import Labelled, joined, read_labels, read_texts
from recsys.errors import DataError
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.sentiment.lexicon import TURN, read_lexicon
from recsys.text.sentiment.model import load_sentiment_model, write_sentiment_model
from recsys.text.sentiment.scorer import FOLDER, LEXICON, MODEL
from recsys.text.sentiment.training import check_classes, fit_sentiment_model
from recsys.text.train_test_text_overlap import sharing_phrases

from ..cli import run
from ..command_output import output
from ..environment import load_settings


@click.command(name="train-tone")
@click.option(
    "--labels",
    type=Path,
    multiple=True,
    help="File of text and label (negative, neutral, positive) or valence (-4 to 4); repeatable.",
)
@click.option(
    "--except",
    "excepted",
    type=Path,
    multiple=True,
    help="File with a column text: labelled texts that share six words in a row with one of its "
    "texts are left out; repeatable.",
)
@click.option(
    "--lexicon",
    type=Path,
    help="File of language, term and valence (-4 to 4, or not), beside the model.",
)
@click.option("--out", type=Path, help="Where to write the model, if not into the home.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    labels: tuple[Path, ...],
    excepted: tuple[Path, ...],
    lexicon: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train the tone model from files; from then on it replaces the one that is shipped.

    A minute of CPU for 20,000 texts. Without Chinese texts among the labelled ones the shipped
    model of Chinese is kept, and the other way round. For a language that no labelled texts are at
    hand for, a lexicon holds the valences of its words. Running services use both after a restart.
    """
    if not labels and lexicon is None:
        raise DataError("nothing to learn from: give --labels F, --lexicon F or both")
    folder = load_settings().home / FOLDER
    result: dict[str, object] = {}
    if lexicon is not None:
        result |= _install(lexicon, folder / LEXICON)
    if labels:
        result |= _train(labels, excepted, out or folder / MODEL)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    output().print("\n".join(f"{name}: {value}" for name, value in result.items()), soft_wrap=True)


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


def _train(paths: Sequence[Path], excepted: Sequence[Path], target: Path) -> dict[str, object]:
    labelled = _without(joined([read_labels(path) for path in paths], paths), excepted)
    check_classes(labelled.classes)  # before the word vectors, which may take a minute
    student = packaged_word_vectors()
    names = ", ".join(path.name for path in paths)
    note = f"{len(labelled.texts)} texts of {names}, {student.name}"
    model = fit_sentiment_model(
        labelled.texts,
        labelled.classes,
        student,
        note=note,
        sources=labelled.sources,
        base=load_sentiment_model(),
    )
    write_sentiment_model(target, model)
    return {"texts": len(labelled.texts), "model": str(target), "note": note}


def _without(labelled: Labelled, excepted: Sequence[Path]) -> Labelled:
    """Return the labelled texts that share no phrase with the texts of some files."""
    if not excepted:
        return labelled
    others = [text for path in excepted for text in read_texts(path)]
    return labelled.select(~sharing_phrases(labelled.texts, others))


if __name__ == "__main__":
    run(command)
