"""`recsys evaluate-help`: right entries, refused questions, pairs that ask the same.

recsys evaluate-help --entries faq.csv.gz --pairs pairs.csv --unanswerable oos.csv
recsys evaluate-help --question-pairs lcqmc.csv.gz --dev lcqmc-dev --test lcqmc-test
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path

import click
import numpy as np

from recsys.data.file_opening import opened, translated
from recsys.errors import DataError
from recsys.evaluation.help_trials import (
    Entry,
    QuestionPairs,
    pair_figures,
    retrieval_figures,
)
from recsys.help.question_answering import shared_vectors

from ..cli import run


@click.command(name="evaluate-help")
@click.option("--entries", type=Path, help="CSV with question and answer.")
@click.option("--pairs", type=Path, help="CSV with question_1, question_2, same.")
@click.option("--unanswerable", type=Path, help="CSV with text: questions of another subject.")
@click.option("--most", type=click.IntRange(1), default=200, show_default=True, help="Of these.")
@click.option("--question-pairs", type=Path, help="CSV with set, question_1, question_2, same.")
@click.option("--dev", default="lcqmc-dev", show_default=True, help="Set of the thresholds.")
@click.option("--test", default="lcqmc-test", show_default=True, help="Set that is judged.")
def command(
    entries: Path | None,
    pairs: Path | None,
    unanswerable: Path | None,
    most: int,
    question_pairs: Path | None,
    dev: str,
    test: str,
) -> None:
    """Judge retrieval (--entries with --pairs), pairs of questions (--question-pairs), or both.

    A pair of --pairs with same=1 is the question question_2, whose entry is question_1. Of a file
    with columns split and intent, --unanswerable reads the rows of split test and intent oos.
    """
    if (entries is None) != (pairs is None) or entries is None and question_pairs is None:
        raise DataError("give --entries with --pairs, or --question-pairs")
    if entries is not None and pairs is not None:
        questions = [
            (row["question_2"], row["question_1"])
            for row in _rows(pairs, "question_1", "question_2", "same")
            if row["same"] == "1"
        ]
        known = [
            Entry(row["question"], row["answer"]) for row in _rows(entries, "question", "answer")
        ]
        others = list(_unanswerable(unanswerable))[:most] if unanswerable else []
        figures = retrieval_figures(known, questions, others, shared_vectors())
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    if question_pairs is not None:
        print(json.dumps(pair_figures(*_parts(question_pairs, dev, test)), ensure_ascii=False))


def _unanswerable(path: Path) -> Iterator[str]:
    for row in _rows(path, "text"):
        if row.get("split", "test") == "test" and row.get("intent", "oos") == "oos":
            yield row["text"]


def _parts(path: Path, *sets: str) -> list[QuestionPairs]:
    rows = list(_rows(path, "set", "question_1", "question_2", "same"))
    found = []
    for name in sets:
        own = [row for row in rows if row["set"] == name]
        if not own:
            raise DataError(f"{path}: no row is of the set {name!r}")
        same = np.array([row["same"] == "1" for row in own])
        found.append(QuestionPairs([(row["question_1"], row["question_2"]) for row in own], same))
    return found


def _rows(path: Path, *columns: str) -> Iterator[Mapping[str, str]]:
    with translated(path), TextIOWrapper(opened(path), "utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise DataError(f"{path}: lacks the column {missing[0]!r}")
        yield from reader


if __name__ == "__main__":
    run(command)
