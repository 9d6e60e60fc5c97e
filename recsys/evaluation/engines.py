"""The rows of the table by name: how each is fitted, and what is tried on the validation slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from recsys.arrays import Floats
from recsys.data.dataset import Dataset
from recsys.evaluation import baselines
from recsys.evaluation.baselines import Options
from recsys.evaluation.scorer import Scorer, Skip
from recsys.training.documents import documents
from recsys.training.fit import Words

RECENCIES = (np.inf, 16.0, 8.0, 4.0, 2.0, 1.0)  # half-lives of a history's items, in events


@dataclass(frozen=True, slots=True)
class Means:
    """What a fit may use."""

    seed: int = 0
    minutes: float = 4.0  # for tuning one row, and again for a fit that could go on for ever
    device: str = "cpu"
    words: Callable[[Dataset], Words] | None = None  # reads the items' words; None: cannot
    note: Callable[[str], None] = lambda text: None  # is told what is being tried


@dataclass(frozen=True, slots=True)
class Engine:
    """How to make one row of the table."""

    name: str
    fit: Callable[[Dataset, Options, Means], Scorer]
    grid: Callable[[Dataset], Sequence[Options]]  # the first is used where nothing can be tuned
    recency: bool = False  # also choose how fast a history fades
    ladder: Callable[[Dataset], int] | None = None  # steps of the grid's first, ordered setting


def _grid(**choices: Sequence[float | str]) -> Callable[[Dataset], Sequence[Options]]:
    made = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    return lambda data: made


def _popular(data: Dataset, options: Options, means: Means) -> Scorer:
    return baselines.fit_popular(data)


def _trending(data: Dataset, options: Options, means: Means) -> Scorer:
    return baselines.fit_trending(data, float(options["half_life"]), str(options["counts"]))


def _item_knn(data: Dataset, options: Options, means: Means) -> Scorer:
    return baselines.fit_item_knn(data, str(options["weighting"]), int(options["neighbours"]))


def _ease(data: Dataset, options: Options, means: Means) -> Scorer:
    return baselines.fit_ease_row(data, float(options["regularization"]))


def _elsa(data: Dataset, options: Options, means: Means) -> Scorer:
    epochs, width = int(options["epochs"]), int(options["dimensions"])
    return baselines.fit_elsa_row(data, epochs, width, means.seed, means.device)


def _als(data: Dataset, options: Options, means: Means) -> Scorer:
    from recsys.evaluation.peers import fit_als_row  # implicit is an extra

    alpha, regularization = float(options["alpha"]), float(options["regularization"])
    return fit_als_row(data, int(options["dimensions"]), alpha, regularization, means.seed)


def _bpr(data: Dataset, options: Options, means: Means) -> Scorer:
    from recsys.evaluation.peers import fit_bpr_row

    rate, regularization = float(options["learning_rate"]), float(options["regularization"])
    return fit_bpr_row(data, int(options["dimensions"]), rate, regularization, means.seed)


def _lightfm(data: Dataset, options: Options, means: Means) -> Scorer:
    from recsys.evaluation.peers import fit_lightfm_row

    return fit_lightfm_row(data, int(options["dimensions"]), int(options["epochs"]), means.seed)


def _sasrec(data: Dataset, options: Options, means: Means) -> Scorer:
    from recsys.evaluation.sasrec import SasrecConfig, fit_sasrec  # torch takes seconds to import

    config = SasrecConfig(dropout=float(options["dropout"]), epochs=int(options["epochs"]))
    return fit_sasrec(data, config, means.seed, means.device, 60 * means.minutes)


def _text(data: Dataset, options: Options, means: Means) -> Scorer:
    return _words(_read(data, means).vectors)


def _student(data: Dataset, options: Options, means: Means) -> Scorer:
    student = _read(data, means).student
    if student is None:
        raise Skip("there is no student of this encoder")
    return _words(student.encode(documents(data.table)))


def _read(data: Dataset, means: Means) -> Words:
    if means.words is None:
        raise Skip("no encoder was given")
    return means.words(data)


def _words(vectors: Floats) -> Scorer:
    if not vectors.any():
        raise Skip("the items have no words")
    return baselines.text_row(vectors)


def _half_lives(data: Dataset) -> Sequence[Options]:
    lives = reversed(baselines.half_lives(data))
    return [{"half_life": life, "counts": how} for life in lives for how in counted_as(data)]


def counted_as(data: Dataset) -> Sequence[str]:
    """Return the ways of counting for `trending` that differ on this data."""
    plain = bool(np.isin(data.weight, (-1.0, 0.0, 1.0)).all())
    return baselines.COUNTS[:1] if plain else baselines.COUNTS


NOTHING = _grid()
ENGINES = {
    engine.name: engine
    for engine in (
        Engine("popular", _popular, NOTHING),
        Engine("trending", _trending, _half_lives, ladder=lambda d: len(baselines.half_lives(d))),
        Engine(
            "item-knn", _item_knn,
            _grid(neighbours=[100, 20, 500], weighting=["cosine", "tf-idf"]), recency=True,
        ),
        Engine("ease", _ease, _grid(regularization=[200, 50, 1000]), recency=True),
        Engine(
            "als", _als,
            _grid(dimensions=[256], alpha=[10, 3, 30], regularization=[30, 10, 100, 300]),
        ),
        Engine(
            "bpr", _bpr,
            _grid(dimensions=[128], learning_rate=[0.05, 0.02], regularization=[0.01, 0.05, 0.002]),
        ),
        Engine("elsa", _elsa, _grid(dimensions=[256], epochs=[5, 3, 8]), recency=True),
        Engine("lightfm", _lightfm, _grid(dimensions=[64, 128], epochs=[20, 50])),
        Engine("text", _text, NOTHING, recency=True),
        Engine("sasrec", _sasrec, _grid(epochs=[30], dropout=[0.3])),
        Engine("student", _student, NOTHING, recency=True),
    )
}  # fmt: skip
