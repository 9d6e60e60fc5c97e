"""Registry of evaluated models by name: fitting function and settings tried on validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.entry_points import call_entry_points
from recsys.errors import DataError
from recsys.evaluation import baselines
from recsys.evaluation.baselines import Options
from recsys.text.item_texts import documents
from recsys.training.model_builder import TextVectors
from recsys.tuning.scorer_protocol import Scorer, Skip

if TYPE_CHECKING:
    from recsys.tuning.engine_catalogue import Family  # implicit

NEIGHBOURS = (100, 20, 500)  # of an item that are tried
RECENCIES = (np.inf, 16.0, 8.0, 4.0, 2.0, 1.0)  # half-lives of a history's items, in events


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a fit may use."""

    seed: int = 0
    minutes: float = 4.0  # for tuning one row, and again for a fit that could go on for ever
    device: str = "cpu"
    words: Callable[[Dataset], TextVectors] | None = None  # reads the items' words; None: cannot
    note: Callable[[str], None] = lambda text: None  # receives what is being tried
    directed: bool = True  # whether `default` may use the direction of histories
    engines: Sequence[Family] | None = None  # that `default` chooses from; None: all
    test_users: int = 0  # users with training events who are asked, drawn by the seed; 0: all cases


Fits = Iterator[tuple[Options, Scorer]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """How to make one row of the table."""

    name: str
    fits: Callable[
        [Dataset, Options, FitContext], Fits
    ]  # the same, trained ever longer, or one alone
    grid: Callable[[Dataset], Sequence[Options]]  # the first is used where nothing can be tuned
    recency: bool = False  # also choose how fast a history fades
    ladder: Callable[[Dataset], int] | None = None  # steps of the grid's first, ordered setting
    seconds: Callable[[Dataset], float] = lambda data: 0.0  # expected of one fit, on one core
    trained: bool = False  # `fits` goes on for ever; the options then say for how many epochs


def _alone(
    fit: Callable[[Dataset, Options, FitContext], Scorer],
) -> Callable[[Dataset, Options, FitContext], Fits]:
    """Return the fits of an engine that is fitted in one go."""

    def fits(data: Dataset, options: Options, means: FitContext) -> Fits:
        yield options, fit(data, options, means)

    return fits


def _grid(**choices: Sequence[float | str]) -> Callable[[Dataset], Sequence[Options]]:
    made = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    return lambda data: made


def _popular(data: Dataset, options: Options, means: FitContext) -> Scorer:
    return baselines.fit_popular(data)


def _trending(data: Dataset, options: Options, means: FitContext) -> Scorer:
    return baselines.fit_trending(data, float(options["half_life"]), str(options["counts"]))


def _item_knn(data: Dataset, options: Options, means: FitContext) -> Fits:
    """Compare all items once; fewer neighbours are found among more."""
    counts = [int(options["neighbours"])] if "neighbours" in options else NEIGHBOURS
    fitted = baselines.fit_item_knn(data, str(options["weighting"]), max(counts))
    for count in counts:
        yield {**options, "neighbours": count}, baselines.fewer(fitted, count)


def _ease(data: Dataset, options: Options, means: FitContext) -> Scorer:
    return baselines.fit_ease_row(data, float(options["regularization"]))


def _elsa(data: Dataset, options: Options, means: FitContext) -> Scorer:
    epochs, width = int(options["epochs"]), int(options["dimensions"])
    return baselines.fit_elsa_row(data, epochs, width, means.seed, means.device)


def _als(data: Dataset, options: Options, means: FitContext) -> Scorer:
    from recsys.evaluation.external_baselines import fit_als_row  # implicit is an extra

    alpha, regularization = float(options["alpha"]), float(options["regularization"])
    return fit_als_row(data, int(options["dimensions"]), alpha, regularization, means.seed)


def _bpr(data: Dataset, options: Options, means: FitContext) -> Scorer:
    from recsys.evaluation.external_baselines import fit_bpr_row

    rate, regularization = float(options["learning_rate"]), float(options["regularization"])
    return fit_bpr_row(data, int(options["dimensions"]), rate, regularization, means.seed)


def _lightfm(data: Dataset, options: Options, means: FitContext) -> Fits:
    from recsys.evaluation.external_baselines import train_lightfm

    for epoch, scorer in train_lightfm(data, int(options["dimensions"]), means.seed):
        yield {**options, "epochs": epoch}, scorer


def _sasrec(data: Dataset, options: Options, means: FitContext) -> Fits:
    from recsys.evaluation.sasrec import SasrecConfig, train_sasrec  # torch takes seconds

    config = SasrecConfig(dropout=float(options["dropout"]))
    for epoch, scorer in train_sasrec(data, config, means.seed, means.device, 60 * means.minutes):
        yield {**options, "epochs": epoch}, scorer


def _text(data: Dataset, options: Options, means: FitContext) -> Scorer:
    return _words(_read(data, means).vectors)


def _student(data: Dataset, options: Options, means: FitContext) -> Scorer:
    student = _read(data, means).student
    if student is None:
        raise Skip("there is no student of this encoder")
    return _words(student.encode(documents(data.table)))


def _read(data: Dataset, means: FitContext) -> TextVectors:
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


def _squares(data: Dataset) -> float:
    return 5e-11 * len(data.items) ** 3


def _events(each: float) -> Callable[[Dataset], float]:
    """Return the cost of a fit that goes through all events, so many seconds for each."""
    return lambda data: each * len(data.item)


def _elsa_seconds(data: Dataset) -> float:
    return 7e-8 * len(data.users) * len(data.items) * 5


def _als_seconds(data: Dataset) -> float:
    return 4e-5 * (len(data.item) + 16 * (len(data.users) + len(data.items)))


NOTHING = _grid()
ENGINES = {
    engine.name: engine
    for engine in (
        Baseline("popular", _alone(_popular), NOTHING),
        Baseline(
            "trending",
            _alone(_trending),
            _half_lives,
            ladder=lambda d: len(baselines.half_lives(d)),
        ),
        Baseline(
            "item-knn",
            _item_knn,
            _grid(weighting=["cosine", "tf-idf"]),
            recency=True,
        ),
        Baseline(
            "ease",
            _alone(_ease),
            _grid(regularization=[200, 50, 1000]),
            recency=True,
            seconds=_squares,
        ),
        Baseline(
            "als",
            _alone(_als),
            _grid(dimensions=[256], alpha=[10, 3, 30], regularization=[30, 10, 100, 300]),
            seconds=_als_seconds,
        ),
        Baseline(
            "bpr",
            _alone(_bpr),
            _grid(dimensions=[128], learning_rate=[0.05, 0.02], regularization=[0.01, 0.05, 0.002]),
            seconds=_events(2e-4),
        ),
        Baseline(
            "elsa",
            _alone(_elsa),
            _grid(dimensions=[256], epochs=[5, 3, 8]),
            recency=True,
            seconds=_elsa_seconds,
        ),
        Baseline(
            "lightfm", _lightfm, _grid(dimensions=[64, 128]), seconds=_events(1e-4), trained=True
        ),
        Baseline("text", _alone(_text), NOTHING, recency=True),
        Baseline("sasrec", _sasrec, _grid(dropout=[0.5, 0.3]), trained=True),
        Baseline("student", _alone(_student), NOTHING, recency=True),
    )
}
BASELINE_ENTRY_POINTS = "recsys.baselines"  # group of other packages' rows


def register_baseline(engine: Baseline) -> None:
    """Make a row of another package known to `recsys evaluate --models`.

    DataError for a name that a row has already. A package registers by an entry point of the group
    `recsys.baselines`: a function without arguments that calls this one.
    """
    if engine.name in ENGINES or engine.name in ("default", "all", "like-rate", ""):
        raise DataError(f"baseline {engine.name!r}: another row has this name")
    ENGINES[engine.name] = engine


@cache
def load_baselines() -> None:
    """Call the registering functions of installed packages, once per process."""
    call_entry_points(BASELINE_ENTRY_POINTS)
