"""`recsys.fit`: trains a FittedModel from tables.

Tuning and fitting are those of a night: the tuner, the engines and the assembly of a bundle are
the same functions.
"""

from __future__ import annotations

import json
import logging
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import version as code_version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.dataframes import (
    OnError,
    Source,
    column_names,
    event_table,
    events_of,
    items_of,
    users_of,
)
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import REMARKS, TONE, EventWeights
from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.header_naming import COLUMNS, Shape
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.fitted_model import FittedModel
from recsys.safety.comment_dampening import dampened
from recsys.saved_model_folder import HISTORIES
from recsys.serving.model import Model
from recsys.store.store import Store
from recsys.text.cold_start import ColdStartConfig
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.student import Student
from recsys.text.item_texts import documents
from recsys.text.sentiment.scorer import SentimentScorer, with_sentiment
from recsys.text_training.encode_catalogue import encode_words, renumbered
from recsys.training.cold_item_neighbours import ColdStartSolver
from recsys.training.model_builder import TextVectors, assemble, known_interactions
from recsys.tuning.engine_catalogue import QUICK, engine_named
from recsys.tuning.tuner import Scenario, TuningData, tune
from recsys.tuning.tuning_result import TuningResult

QUICK_SECONDS = 20.0  # of CPU time that tune="quick" spends on tuning
FULL_MINUTES = 4.0  # of CPU time that tune="full" and a night may spend on tuning
QUICK_TEXTS = 6_000  # texts that the map for new items is fitted on with tune="quick"
Tune = Literal["quick", "full"] | TuningResult | Mapping[str, Any] | str | Path

log = logging.getLogger("recsys")


def fit(
    events: Source,
    items: Source | None = None,
    *,
    users: Source | None = None,
    tune: Tune = "quick",
    columns: Mapping[str, str] | None = None,
    event_weights: Mapping[str, float] | None = None,
    encoder: str = "",
    seed: int = 0,
    on_error: OnError = "raise",
) -> FittedModel:
    """Return a model that recommends to the users of some events.

    Parameters
    ----------
    events
        Columns user_id and item_id; event, value, text and timestamp are optional. A pandas, polars
        or arrow table, a list of dicts, or the path of a file (or a list of paths). Without
        timestamps the order of the rows is the order in time.
    items
        Column item_id; title, text, tags, category, author_id, created_at, url and others are
        optional. None: the items of the events, without texts. An item of the events that a given
        table lacks is listed only where most items lack there, and after three users' acts.
    users
        Column user_id; interests (words) are used for users with few events.
    tune
        "quick": the first choices of the tuner within 20 CPU seconds, and engines fitted to items
        that two users or more acted on. "full": what a night does, some minutes. A choice of
        before (`model.choice`, or the path of a JSON file with it): no tuning.
    columns
        Column -> name in the tables, where a name is not recognised.
    event_weights
        Weight per kind of event where it differs from the built-in one, such as {"view": 0.1}.
    encoder
        As RECSYS_ENCODER: "static", "minilm", a folder or a hub name. "": "static".
    seed
        Of everything that is drawn at random.
    on_error
        "raise": a row that breaks a rule is a DataError that names column and row. "skip": it is
        left out with a warning.

    The histories are kept in a SQLite file in a temporary folder until `model.save(path)`.
    DataError for tables that cannot be read and for choices that this version cannot fit.
    """
    plan = _Plan.of(tune)
    _check_names(columns or {}, [one for one in (events, items, users) if one is not None])
    event_rows = events_of(events, _names(columns, "events"), on_error)
    item_rows = [] if items is None else items_of(items, _names(columns, "items"), on_error)
    user_rows = [] if users is None else users_of(users, _names(columns, "users"), on_error)
    if not event_rows and not item_rows:
        raise DataError(
            "events and items hold no row: pass at least one item, or events with the columns"
            " user_id and item_id"
        )
    weights = _weights(event_weights or {})
    folder = tempfile.TemporaryDirectory(prefix="recsys-", ignore_cleanup_errors=True)
    home = Path(folder.name)
    try:
        table = dampened(with_sentiment(event_table(event_rows), SentimentScorer(home)))
        weights.check_kinds(table.kind_counts(), as_setting=False)
        if items is None:
            item_rows = [Item(item_id=one) for one in table.items]
        catalogue = item_table(item_rows)
        position = _store(home, event_rows, item_rows, user_rows)
        with threadpool_limits(1, "blas"):  # more would round sums otherwise, see thread_pool
            made = _fitted(table, catalogue, weights, plan, encoder, seed)
        _publish(home, made, position, weights, seed)
        return FittedModel.open(home, weights, owned=folder)
    except BaseException:
        folder.cleanup()
        raise


@dataclass(frozen=True, slots=True)
class _Plan:
    """How engines and weights are chosen."""

    quick: bool
    minutes: float
    choice: TuningResult | None  # None: by tuning

    def scenario(self, seed: int) -> Scenario:
        """Return what the tuner is called with."""
        if not self.quick:
            return Scenario(self.minutes, seed=seed)
        return Scenario(self.minutes, wall=math.inf, seed=seed, engines=QUICK)

    @classmethod
    def of(cls, tune: Tune) -> _Plan:
        if tune == "quick":
            return cls(True, QUICK_SECONDS / 60, None)
        if tune == "full":
            return cls(False, FULL_MINUTES, None)
        return cls(False, 0.0, _choice(tune))


def _weights(given: Mapping[str, float]) -> EventWeights:
    for kind, weight in given.items():
        if not isinstance(weight, (int, float)) or not abs(weight) < 1e6:
            raise DataError(f"event_weights: {kind!r} weighs {weight!r}, which is no finite number")
    return EventWeights(kinds={**KIND_WEIGHTS, **given}, sentiment=TONE, remarks=REMARKS)


def _choice(tune: TuningResult | Mapping[str, Any] | str | Path) -> TuningResult:
    if isinstance(tune, TuningResult):
        return tune
    found: Any = tune
    if isinstance(tune, (str, Path)):
        try:
            found = json.loads(Path(tune).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"tune={str(tune)!r}: neither 'quick' nor 'full' nor a JSON file with a choice:"
                f" {error}"
            ) from None
    try:
        return TuningResult.from_json(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"tune: no choice such as `model.choice` of an earlier model: {error!r}"
        ) from None


@dataclass(frozen=True, slots=True)
class _Made:
    """What is published."""

    model: Model
    choice: TuningResult
    encoder: str
    counts: Mapping[str, int]
    minutes: float


def _check_names(columns: Mapping[str, str], tables: Sequence[Source]) -> None:
    """Raise DataError for an unknown column, and for a name that none of the tables has.

    The latter only where all tables are frames or dicts, whose names are there before any reading.
    """
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        known = ", ".join(COLUMNS)
        raise DataError(f"columns: {unknown[0]!r} is no column; there are {known}")
    headers = [column_names(table) for table in tables]
    if not all(headers):
        return
    there = sorted(name for header in headers for name in header or ())
    for column, name in columns.items():
        nested = "." in name  # a field of an object
        if name and not nested and name not in there:
            near = get_close_matches(name, there, 1)
            meant = f"; is {near[0]!r} meant?" if near else f"; there are {', '.join(there)}"
            raise DataError(f"columns: {column!r} is {name!r}, which no table has{meant}")


def _names(columns: Mapping[str, str] | None, kind: str) -> dict[str, str]:
    """Return the names that are about one kind of table: those of its columns."""
    given = dict(columns or {})
    own = Shape.of(kind).columns
    return {name: value for name, value in given.items() if name in own}


def _store(home: Path, events: Any, items: Any, users: Any) -> dict[str, int]:
    """Write the tables into the histories' file; return the positions of its logs."""
    with Store.open(f"sqlite:///{home / HISTORIES}", bulk=True) as store:
        store.add_items(items)
        store.add_users(users)
        store.add_events(events)
        return {
            "last_event_id": store.last_event_id(),
            "last_change_id": store.last_change_id(),
        }


def _fitted(
    events: EventTable,
    items: ItemTable,
    weights: EventWeights,
    plan: _Plan,
    encoder: str,
    seed: int,
) -> _Made:
    data = Dataset.build(events, items, weights=weights)
    vectors, student = _encoded(documents(data.table), encoder)

    def words(part: Dataset) -> TextVectors:
        return renumbered(data.items, vectors, student, part)

    choice = plan.choice
    if choice is None:
        known = TuningData(events, items, words, weights)
        choice = tune(known, plan.scenario(seed), log.debug)
    own = words(data)
    read = known_interactions(data, own)
    engines = [engine_named(name) for name in choice.engines]
    fitted = {
        engine.scorer: (engine.tried if plan.quick else engine.fit)(read, seed, "cpu")
        for engine in engines
    }
    cold = None
    if plan.quick:
        cold = ColdStartSolver(data, own.student, own.vectors, ColdStartConfig(largest=QUICK_TEXTS))
    model = assemble(data, fitted, own, choice.score_model, seed, True, choice.trees, cold)
    counts = {"events": len(events), "items": len(items), "users": len(events.users)}
    return _Made(model, choice, student.name if student else "none", counts, plan.minutes)


def _encoded(
    texts: list[str], encoder: str
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], Student | None]:
    """Return the text vector of each item and the student that encodes new texts."""
    if not any(texts):
        return TextVectors.none(len(texts)).vectors, None
    found = load_encoder(encoder or "static", "cpu")
    with tempfile.TemporaryDirectory(prefix="recsys-") as kept:
        made = encode_words(texts, found, Path(kept), "fit")
    return made.vectors, made.student.compact()


def _publish(
    home: Path, made: _Made, position: Mapping[str, int], weights: EventWeights, seed: int
) -> None:
    model = made.model
    now = time.time()
    manifest = {
        "code_version": code_version("recsys"),
        "model": model.settings(),
        "cutoff": model.cutoff,
        "created": now,
        **position,
        "counts": dict(made.counts),
        "design": made.choice.design,
        "pressure": list(made.choice.pressure),
        "choice": made.choice.to_json(),
        "encoder": made.encoder,
        "event_weights": dict(weights.kinds),
        "seed": seed,
    }

    def write(folder: Path) -> None:
        write_bundle(folder, model.arrays(), {}, manifest)

    BundleStore(home).publish(write)
