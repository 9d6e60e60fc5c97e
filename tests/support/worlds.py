"""Tiny worlds with known answers, built from events by the code that a night runs.

Books: odd users read odd books, even users even ones; ann, odd, lacks book 7.
Topics: texts about the sea and about chess, half in English, half in Chinese; sailors like the sea
and dislike chess, players the other way round. Some texts are unread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from scipy import sparse
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable
from recsys.data.records import Event, Item
from recsys.data.table_builder import EventColumns, item_table
from recsys.models.ease import EaseConfig, fit_ease
from recsys.models.elsa import ElsaConfig, fit_elsa
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.text.encoders.student import Student
from recsys.text.item_texts import documents
from recsys.training.model_builder import TextVectors, assemble

START = 1_700_000_000.0
HOUR = 3600.0
BOOKS = 20
WORDS = {
    "sea": ("tide", "sailor", "wave", "anchor", "海", "浪", "船", "帆"),
    "chess": ("rook", "pawn", "gambit", "bishop", "棋", "卒", "象", "局"),
}
EACH, UNREAD = 32, 4  # texts of a topic, and how many of them, the last, nobody has read


def event_table(events: Iterable[Event]) -> EventTable:
    """Return events as a store would."""
    columns = EventColumns()
    for event in events:
        columns.add(event)
    return columns.table(np.inf)


def odd_even(readers: int = 40, unread: int = 0) -> Dataset:
    """Return the world of books: book n at row n - 1, ann at row 0, each book read by many.

    `unread`: books beyond those, which nobody has read.
    """
    rng = np.random.default_rng(5)
    reads = [("ann", book) for book in range(1, BOOKS + 1, 2) if book != 7]
    for reader in range(readers):
        own = np.arange(reader % 2 + 1, BOOKS + 1, 2)
        reads += [(f"reader-{reader}", int(book)) for book in rng.permutation(own)[:8]]
    table = event_table(
        Event(who, f"book-{book}", "like", timestamp=START + place * HOUR)
        for place, (who, book) in enumerate(reads)
    )
    books = [Item(f"book-{n}", title=f"book {n}") for n in range(1, BOOKS + unread + 1)]
    return Dataset.build(table, item_table(books))


def one_user_one_item() -> Dataset:
    """Return the smallest world in which something has happened."""
    return Dataset.build(
        event_table([Event("ann", "x", "like", timestamp=START)]), item_table([Item("x")])
    )


def nothing(items: int = 3) -> Dataset:
    """Return a catalogue in which nothing has happened."""
    rows = [Item(f"item-{n}", title=f"tide {n}") for n in range(items)]
    return Dataset.build(event_table([]), item_table(rows))


def student() -> Student:
    """Return a student who reads both languages: a word points to its topic and a bit aside."""
    vocabulary, vectors = {"[UNK]": 0}, [np.zeros(10, np.float32)]
    for place, words in enumerate(WORDS.values()):
        for number, word in enumerate(words):
            vector = np.zeros(10, np.float32)
            vector[place], vector[2 + number] = 1.0, 0.4
            vocabulary[word] = len(vectors)
            vectors.append(vector)
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()  # sets Chinese characters apart
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return Student(tokenizer.to_str().encode(), np.stack(vectors), "tiny")


def texts() -> list[Item]:
    """Return sea-0 … sea-31, chess-0 … chess-31: even ones in English, odd ones in Chinese."""
    found = []
    for topic, words in WORDS.items():
        for number in range(EACH):
            half = words[4:] if number % 2 else words[:4]
            some = [half[(number // 2 + step) % 4] for step in range(2 + number % 3 // 2)]
            found.append(
                Item(
                    f"{topic}-{number}",
                    title=("" if number % 2 else " ").join(some),
                    tags=(topic, f"tag-{number % 3}"),
                    category=topic,
                    author_id=f"{topic}-author-{number % 4}",
                    created_at=START - 24 * HOUR * (40 - number),
                    metadata={"language": "zh" if number % 2 else "en"},
                )
            )
    return found


def opinions(readers: int = 50) -> list[Event]:
    """Return what everybody says, an opinion an hour: ten likes of his topic, three dislikes."""
    rng, found = np.random.default_rng(11), []
    for reader in range(readers):
        own, other = ("sea", "chess") if reader % 2 == 0 else ("chess", "sea")
        liked, disliked = rng.permutation(EACH - UNREAD)[:10], rng.permutation(EACH - UNREAD)[:3]
        found += [(f"reader-{reader}", f"{own}-{number}", "like") for number in liked]
        found += [(f"reader-{reader}", f"{other}-{number}", "dislike") for number in disliked]
    return [
        Event(*found[at], timestamp=START + place * HOUR)
        for place, at in enumerate(rng.permutation(len(found)).tolist())
    ]


@cache
def topics() -> Dataset:
    """Return the world of topics."""
    return Dataset.build(event_table(opinions()), item_table(texts()))


def words_of(data: Dataset) -> TextVectors:
    """Return the word side of a data set, read by the student."""
    return TextVectors(student().encode(documents(data.table)), student())


# Every ingredient at once, so that what holds for this score model holds for any.
WHOLE = ScoreModel(
    terms=(Term("neighbours", 6.0, 1.0), Term("behaviour", np.inf, 0.3), Term("words", 4.0, 0.2)),
    curves=(LogTerm(0.03, 0.4, 0.1), LogTerm(0.3, 0.6)),
    priors={"share_1d": 0.3, "share_all": 0.2, "liked": 0.5},
    user_features={"activity": {"share_1d": 0.05}, "habit": {"share_all": -0.04}},
    lift=0.2,
    linear={"exposure_age": -0.3},
    personal_rating=1.5,
    activity_discount=0.2,
)


@cache
def model() -> Model:
    """Return the model of the world of topics with all its parts."""
    data = topics()
    matrix = data.matrix()
    fitted = {
        "neighbours": fit_ease(matrix, EaseConfig(regularization=5.0)),
        "behaviour": fit_elsa(matrix, ElsaConfig(dimensions=8, epochs=20, batch=16), seed=1),
    }
    return assemble(data, fitted, words_of(data), WHOLE)


def plain(data: Dataset, score_model: ScoreModel) -> Model:
    """Return a model with neighbours alone."""
    fitted = {"neighbours": fit_ease(data.matrix(), EaseConfig(regularization=5.0))}
    return assemble(data, fitted, TextVectors.none(len(data.items)), score_model)


def live(score_model: ScoreModel = WHOLE) -> LiveState:
    """Return a state of its own over the model of topics."""
    return LiveState(replace(model(), score_model=score_model))


def read_only(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return the same matrix over arrays that nobody can write to."""
    found = matrix.copy()
    for array in (found.data, found.indices, found.indptr):
        array.flags.writeable = False
    return found
