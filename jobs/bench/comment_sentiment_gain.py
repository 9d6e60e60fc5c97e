"""Gain of comment sentiment: accuracy with reviews as events without rating, with the sentiment of
their text, and with ratings.

    python -m jobs.bench.comment_sentiment_gain --items F --events F
    python -m jobs.bench.comment_sentiment_gain --items F --events F --strengths 0,1,2,3,4

The events are likes and dislikes with a text. A fifth of the pairs of user and item is held out
(crc32("user-item") % 5 == 0). Each remaining review becomes an event `comment` with its text and no
value. Measured is the AUC of liked over disliked held-out items within each user, of the personal
score of `default` and of the like rate of the item. With `--strengths`, strengths of comments are
compared on another fifth (crc32 % 5 == 1), and the first fifth is left out altogether.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from recsys.array_types import Floats, Mask
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import REMARKS, TONE, EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.errors import DataError
from recsys.evaluation.baseline_registry import FitContext
from recsys.evaluation.service_adapter import ServiceScorer
from recsys.ranking_metrics import user_auc
from recsys.serving.live_state import LiveState
from recsys.text.sentiment.scorer import with_sentiment
from recsys.training.model_builder import TextVectors, assemble, fit_engines
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.scorer_protocol import Histories
from recsys.tuning.tuner import Scenario, TuningData, tune

from ..cli import run
from ..command_output import output
from ..commands.evaluate import means_of
from ..environment import load_settings

FOLDS, TEST, VALIDATION = 5, 0, 1
COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to read the reviews."""

    reading: str  # ignored, text or verdict
    strength: float  # of comments
    default: float  # AUC within users, mean
    default_error: float  # standard error over users
    like_rate: float
    like_rate_error: float
    users: int  # with a liked and a disliked item held out


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews with a verdict, in training and held-out pairs."""

    train: EventTable
    held: EventTable
    items: ItemTable

    @classmethod
    def of(cls, events: EventTable, items: ItemTable, held: int, without: Sequence[int]) -> Reviews:
        """Split by pair; `held`: the fold to be ranked, `without`: folds that are left out."""
        fold = folds(events)
        opinions = events.select(np.isin(fold, [held]))
        return cls(events.select(~np.isin(fold, [held, *without])), opinions, items)

    def measured(self, reading: str, strength: float, means: FitContext) -> Row:
        """Fit `default` to one reading of the training reviews; rank the held-out pairs."""
        nothing = np.full(len(self.train), np.nan, np.float32)
        events, sentiment = replace(self.train, value=nothing), TONE
        if reading != "verdict":
            events = replace(events, kind=np.zeros(len(events), np.int16), kinds=(COMMENT,))
        if reading != "text":
            events, sentiment, strength = replace(events, sentiment=None), 0.0, 0.0
        weights = EventWeights(sentiment=sentiment if strength else 0.0, remarks=strength)
        data = Dataset.build(events, self.items, weights=weights)
        scenario = Scenario(means.minutes, dated=False, ordered=False, seed=means.seed)

        def words(part: Dataset) -> TextVectors:
            return TextVectors.none(len(part.items)) if means.words is None else means.words(part)

        choice = tune(TuningData(events, self.items, words, weights), scenario, means.note)
        engines = [engine_named(name) for name in choice.engines]
        vectors = words(data)
        fitted = fit_engines(data, vectors, engines, means.seed, means.device)
        model = assemble(data, fitted, vectors, choice.score_model, posts=False, trees=choice.trees)
        user, item, liked = self._pairs(data)
        scores = _personal(ServiceScorer.of(model), data, user)[np.arange(len(item)), item]
        rates = LiveState(model).counters.like_rate()[item]
        personal, common = (
            user_auc(user, one.astype(np.float64), liked) for one in (scores, rates)
        )
        return Row(reading, strength, *_mean(personal), *_mean(common), len(personal))

    def _pairs(self, data: Dataset) -> tuple[NDArray[np.int32], NDArray[np.int32], Mask]:
        """Return user, item (rows of the data) and verdict of each held-out pair."""
        names = self.held.items
        item = data.items.rows([names[int(row)] for row in self.held.item])
        liked = np.array([kind == "like" for kind in self.held.kinds], bool)[self.held.kind]
        known = item >= 0
        return self.held.user[known], item[known], liked[known]


def folds(events: EventTable) -> NDArray[np.int64]:
    """Return crc32("user-item") % 5 of each event."""
    pairs = (
        f"{events.users[int(user)]}-{events.items[int(item)]}".encode()
        for user, item in zip(events.user, events.item, strict=True)
    )
    return np.array([zlib.crc32(pair) % FOLDS for pair in pairs], np.int64)


def _personal(scorer: ServiceScorer, data: Dataset, user: NDArray[np.int32]) -> Floats:
    """Return the scores of the whole catalogue for the user of each pair, (n, n_items)."""
    distinct, row = np.unique(user, return_inverse=True)
    return scorer.score(Histories.of(data, distinct))[row]


def _mean(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / np.sqrt(len(values)))


def parse_strengths(text: str) -> tuple[float, ...]:
    """Read "0,1,2.5"; DataError for what is no list of numbers from 0 to 4."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = (-1.0,)
    if not all(0 <= one <= 4 for one in found):
        raise DataError(f"--strengths {text!r} is no list of numbers from 0 to 4, as in 0,1,2")
    return found


@click.command(name="bench-comment-sentiment-gain")
@click.option("--items", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--events", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--strengths", help="Compare strengths on the validation fifth: 0,1,2,3,4.")
@click.option("--minutes", type=float, default=4.0, show_default=True, help="Of CPU per tuning.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    items: Path, events: Path, strengths: str | None, minutes: float, seed: int, as_json: bool
) -> None:
    """Print the AUC within users for reviews without tone, by text, and by their verdict."""
    tried = parse_strengths(strengths) if strengths else None
    settings = load_settings()
    table = with_sentiment(load_events([events]), settings.sentiment_scorer)
    if not {"like", "dislike"} <= set(table.kinds):
        raise DataError(f"{events}: likes and dislikes are needed; kinds here: {table.kinds}")
    means = replace(means_of(settings, seed, lambda text: None), minutes=minutes)
    catalogue = load_items([items])
    if tried is not None:
        reviews = Reviews.of(table, catalogue, VALIDATION, [TEST])
        readings = [("text", one) for one in tried]
    else:
        reviews = Reviews.of(table, catalogue, TEST, [])
        readings = [("ignored", 0.0), ("text", REMARKS), ("verdict", 0.0)]
    rows = [reviews.measured(reading, strength, means) for reading, strength in readings]
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("reading", "strength", "default", "like rate", "users"):
        shown.add_column(name, justify="left" if name == "reading" else "right")
    for row in rows:
        default = f"{row.default:.4f} ±{row.default_error:.4f}"
        rate = f"{row.like_rate:.4f} ±{row.like_rate_error:.4f}"
        shown.add_row(row.reading, f"{row.strength:g}", default, rate, f"{row.users:,}")
    output(None).print(shown)


if __name__ == "__main__":
    run(command)
