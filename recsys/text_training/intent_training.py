"""Training of the intent classifier: sparse features and word vectors, logistic regression.

    python -m recsys.text_training.intent_training    # writes recsys/dialogue/data/intents.npz

Needs scikit-learn (extra `train`). The sentences are those of recsys/dialogue/data, with subjects
put in; what is none of the dialogue's business also from CLINC150 where `--outside FILE` names its
table (github.com/clinc/oos-eval, CC BY 3.0).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import logging
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.dialogue.intent_classifier import FILE, IntentClassifier, features
from recsys.dialogue.message_text import plain
from recsys.errors import MissingExtra

log = logging.getLogger(__name__)

DATA = FILE.parent
OUTSIDE = "outside"  # the intent of what the dialogue does not do
THRESHOLD = (
    0.4  # least probability of the best of the own intents, chosen on the training sentences
)
SUBJECTS_PER_SENTENCE = 6
STRENGTH = 10.0  # inverse regularisation
LEAST_TEXTS = 2  # that hold a feature
SEED = 0


def fit_intents(
    texts: Sequence[str],
    intents: Sequence[str],
    threshold: float = 0.0,
    least_texts: int = 1,
    strength: float = STRENGTH,
) -> IntentClassifier:
    """Return a classifier of sentences; `texts` are as `message_text.plain` returns them.

    `least_texts`: that a feature must be in. MissingExtra without scikit-learn.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "train") from error
    held: Counter[str] = Counter()
    for text in texts:
        held.update(set(features(text)))
    names = sorted(name for name, count in held.items() if count >= least_texts)
    row_of = {name: row for row, name in enumerate(names)}
    documents = np.array([held[name] for name in names], np.float32)
    importance = (np.log((1 + len(texts)) / (1 + documents)) + 1).astype(np.float32)
    labels = tuple(sorted(set(intents)))
    empty = np.zeros((0, 0), np.float32)
    base = IntentClassifier(labels, row_of, importance, empty, np.zeros(0, np.float32), threshold)
    made = LogisticRegression(C=strength, max_iter=300)
    made.fit(_matrix(base, texts), np.array(list(intents)))
    weights, bias = made.coef_.T, made.intercept_
    if len(labels) == 2:
        weights, bias = np.hstack([-weights, weights]) / 2, np.r_[-bias, bias] / 2
    return IntentClassifier(
        labels, row_of, importance, weights.astype(np.float32), bias.astype(np.float32), threshold
    )


def _matrix(base: IntentClassifier, texts: Sequence[str]) -> csr_array:
    pairs = [base.vector(text) for text in texts]
    ends = np.cumsum([0, *(len(rows) for rows, _ in pairs)])
    rows: NDArray[np.intp] = np.concatenate([rows for rows, _ in pairs])
    values = np.concatenate([values for _, values in pairs])
    return csr_array((values, rows, ends), shape=(len(texts), len(base.row_of)))


def own_sentences(folder: Path = DATA, seed: int = SEED) -> tuple[list[str], list[str]]:
    """Return the training sentences, with subjects put in, and their intents."""
    subjects = {
        language: [one.strip() for one in words.split(";")]
        for language, words in _rows(folder / "training_subjects.tsv", 2)
    }
    rng = random.Random(seed)
    texts, intents = [], []
    for intent, language, sentences in _rows(folder / "training_utterances.tsv", 3):
        for sentence in map(str.strip, sentences.split(";")):
            count = SUBJECTS_PER_SENTENCE if "{x}" in sentence else 1
            for one in rng.sample(subjects[language], count):
                texts.append(plain(sentence.replace("{x}", one)))
                intents.append(intent)
    return texts, intents


def _rows(path: Path, columns: int) -> Iterable[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        parts = line.split("\t")
        if len(parts) != columns:
            raise ValueError(f"{path}: {line[:40]!r} has {len(parts)} columns, not {columns}")
        yield parts


# intents of CLINC150 that a dialogue about lists has too
_SHARED = frozenset(
    "greeting goodbye thank_you what_can_i_ask_you who_made_you who_do_you_work_for are_you_a_bot"
    " what_is_your_name how_old_are_you yes no maybe cancel repeat play_music next_song fun_fact"
    " change_language meal_suggestion recipe restaurant_suggestion travel_suggestion what_song"
    " user_name change_user_name update_playlist meaning_of_life where_are_you_from"
    " what_are_your_hobbies do_you_have_pets change_ai_name change_accent change_speed"
    " whisper_mode reset_settings sync_device find_phone report_fraud report_lost_card pin_change"
    " account_blocked damaged_card replacement_card_duration".split()
)
OUTSIDE_PER_INTENT = 12


def outside_sentences(path: Path) -> list[str]:
    """Return training sentences of CLINC150 that are none of the dialogue's business."""
    found: Counter[str] = Counter()
    texts = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            intent = row["intent"]
            if row["split"] != "train" or intent in _SHARED:
                continue
            if intent == "oos" or found[intent] < OUTSIDE_PER_INTENT:
                found[intent] += 1
                texts.append(plain(row["text"]))
    return texts


def main() -> None:
    """Write the classifier of the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outside", type=Path, help="the table of CLINC150, gzipped CSV")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    texts, intents = own_sentences()
    if given.outside:
        more = outside_sentences(given.outside)
        texts, intents = [*texts, *more], [*intents, *[OUTSIDE] * len(more)]
    made = fit_intents(texts, intents, THRESHOLD, LEAST_TEXTS)
    np.savez_compressed(FILE, **made.arrays())  # type: ignore[arg-type]
    log.info("%s: %d sentences, %d features, %s", FILE, len(texts), len(made.row_of), made.intents)


if __name__ == "__main__":
    main()
