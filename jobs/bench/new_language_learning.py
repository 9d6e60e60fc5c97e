"""Accuracy gain of nightly training on a language unknown to the pretrained word vectors.

    python -m jobs.bench_languages --items F --events F --category NAME --liked
    python -m jobs.bench_languages --items F --events F --transliterate

Every token's vector is replaced by one drawn at random, so nothing is known but which words are
equal. Unread items are then ranked by the words of what a user took up: with the random vectors
as they are, and after learning from users.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import numpy as np
from scipy.sparse import csr_array

from recsys.array_types import Floats, Rows
from recsys.ranking_metrics import user_auc
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.static_vector_distillation import write_static
from recsys.text.encoders.student import Student
from recsys.text.encoders.vocabulary_extension import widened

from ..cli import run
from ..environment import load_settings
from .encoder_quality import Bench
from .encoder_test_data import Question, World, question

# Latin letters as Cyrillic ones, one for one: no word of it is in any vocabulary.
CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстужвщыз")
OBJECTIVES = ("frozen", "behaviour", "readers")


@dataclass(frozen=True, slots=True)
class Row:
    """Means over seeds, each of which holds out other items."""

    start: str
    objective: str
    recall: float
    ndcg: float
    auc: float  # likes against dislikes of one user; NaN: nobody dislikes
    ndcg_error: float  # standard error over the seeds
    auc_error: float
    unread: int  # items ranked, mean over seeds


def forgotten(student: Student, seed: int = 0) -> Student:
    """Return a student whose vectors are all of usual length and say nothing."""
    known = student.rows(slice(None))
    length = np.linalg.norm(known, axis=1, keepdims=True)
    drawn = np.random.default_rng(seed).standard_normal(known.shape).astype(np.float32)
    drawn *= length / np.linalg.norm(drawn, axis=1, keepdims=True)
    return Student(student.tokenizer_json, drawn, f"forgotten-{seed}")


def transliterated(texts: Sequence[str]) -> list[str]:
    """Return texts in letters that no vocabulary has met in these words."""
    return [text.lower().translate(CYRILLIC) for text in texts]


def rows(world: World, home: Path, seeds: int, seconds: float) -> list[Row]:
    """Measure a random start before and after learning, and the ready vectors frozen."""
    static = packaged_word_vectors()
    starts = {"random": forgotten(static), "MiniLM's words": static}
    found = []
    for name, start in starts.items():
        folder = home / "encoders" / f"language-{name[:6]}"
        write_static(folder, widened(start, world.texts))
        bench = Bench(world, home, seconds, "cpu", checked=True)
        frozen = bench.frozen(load_encoder(str(folder)))
        for objective in OBJECTIVES if name == "random" else OBJECTIVES[:1]:
            values, counts = [], []
            for seed in range(seeds):
                test_cases = question(world.events, len(world.texts), world.item, "cold", seed)
                done = bench.fitted(str(folder), objective, test_cases, frozen)
                apart = opinion_auc(test_cases, world.disliked, done.inputs, done.outputs)
                values.append((*test_cases.measure(done.inputs, done.outputs), apart))
                counts.append(len(test_cases.candidates))
            recall, ndcg, auc = np.array(values).mean(axis=0).tolist()
            errors = np.array(values).std(axis=0) / max(1, seeds - 1) ** 0.5
            unread = round(float(np.mean(counts)))
            spreads = float(errors[1]), float(errors[2])
            found.append(Row(name, objective, recall, ndcg, auc, *spreads, unread))
    return found


def opinion_auc(
    question: Question, disliked: tuple[Rows, Rows], inputs: Floats, outputs: Floats
) -> float:
    """Return how often what a user likes is ranked above what they dislike, unread items only.

    A user is the sum of the liked items less the disliked ones, old and new alike. The mean over
    users with both; NaN where there is nobody.
    """
    result = ~np.isin(disliked[1], question.candidates)
    user = np.concatenate([question.user, disliked[0][result]])
    item = np.concatenate([question.item, disliked[1][result]])
    sign = np.where(np.arange(len(user)) < len(question.user), 1, -1).astype(np.float32)
    users = csr_array((sign, (user, item)), shape=question.shape)[question.queried_users]
    scores = (users @ inputs) @ outputs[question.candidates].T
    place = {int(user): at for at, user in enumerate(question.queried_users)}
    column = {int(row): at for at, row in enumerate(question.candidates)}
    both = zip(*(part.tolist() for part in disliked), strict=True)
    against = [(place[u], column[i]) for u, i in both if u in place and i in column]
    liked = list(zip(question.positives.owner, question.positives.items, strict=True))
    user, item = np.array([*liked, *against], np.int32).reshape(-1, 2).T
    found = user_auc(user, scores[user, item].astype(float), np.arange(len(user)) < len(liked))
    return float(found.mean()) if len(found) else float("nan")


def finite(row: dict[str, object]) -> dict[str, object]:
    """Return a row as JSON takes it: None for what could not be measured."""
    return {name: None if value != value else value for name, value in row.items()}


@click.command(name="bench-languages")
@click.option("--items", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--events", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--category", default="", help="Keep the items of one category.")
@click.option("--liked", is_flag=True, help="Only likes count, not views or dislikes.")
@click.option("--transliterate", is_flag=True, help="Write the texts in Cyrillic letters first.")
@click.option("--seeds", default=5, show_default=True, help="Times that other items are held out.")
@click.option("--seconds", default=60.0, show_default=True, help="Clock limit of each training.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    items: Path,
    events: Path,
    category: str,
    liked: bool,
    transliterate: bool,
    seeds: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Print Recall@20 and nDCG@20 of unread items, before and after users' choices were used to
    fit the words.
    """
    world = World.load(items, events, category, liked)
    if transliterate:
        world = replace(world, texts=transliterated(world.texts))
    found = rows(world, load_settings().home, seeds, seconds)
    if as_json:
        print(json.dumps([finite(asdict(row)) for row in found], ensure_ascii=False))
        return
    print("| start | objective | Recall@20 | nDCG@20 | AUC | unread items |")
    print("|---|---|---|---|---|---|")
    for row in found:
        auc = f"{row.auc:.4f} ± {row.auc_error:.4f}" if np.isfinite(row.auc) else "–"
        result = f"{row.recall:.4f} | {row.ndcg:.4f} ± {row.ndcg_error:.4f} | {auc} | {row.unread}"
        print(f"| {row.start} | {row.objective} | {result} |")


if __name__ == "__main__":
    run(command)
