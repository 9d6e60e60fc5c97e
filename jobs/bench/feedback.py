"""`recsys bench feedback`: what many nights of clicks on the service's own lists do to the lists.

recsys bench feedback --home data/var --nights 30 --people 5000
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.evaluation.feedback_simulation import (
    FeedbackConfig,
    FeedbackSimulation,
    NightFigures,
)
from recsys.evaluation.nightly_metric_change import ChangeBetweenNights
from recsys.models.elsa import ElsaConfig, fit_elsa
from recsys.serving.model import Model
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.text.cold_start import ColdStartConfig
from recsys.text.item_texts import documents
from recsys.text_training.encode_catalogue import renumbered
from recsys.training.cold_item_neighbours import ColdStartSolver
from recsys.training.model_builder import TextVectors, assemble, known_interactions
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.tuner import FIRST_QUERIES, Scenario, TuningData, tune
from recsys.tuning.tuning_result import TuningResult

from ..local_recommender import open_bundle
from ..progress import job_progress
from .fake_account_attack import TEXTS, homed

DIMENSIONS = 64  # of tastes
GINI_AT_MOST, DISTINCT_AT_LEAST = 0.02, -0.05  # what is demanded of the last night


def feedback(home: Path | None, config: FeedbackConfig) -> dict[str, Any]:
    """Simulate nights on a home, or on the sample data; DataError for a home without a bundle."""
    nights: list[NightFigures] = []
    with job_progress("feedback") as progress, homed(home) as settings:
        progress.started("feedback")
        for one in simulation_of(settings, config).run():
            nights.append(one)
            progress.message(
                f"night {one.night}: {one.clicks:,} clicks, Gini {one.gini:.4f},"
                f" {one.distinct:,} items, swap gap {one.swap_gap:.4f}"
            )
            progress.advance(one.night, config.nights)
        progress.finished("feedback", 0.0, {}, False)
    return {
        "config": asdict(config),
        "nights": [*map(asdict, nights)],
        **changes(nights, config.tune_days),
    }


def changes(nights: Sequence[NightFigures], tune_days: int) -> dict[str, Any]:
    """Return the last night against the first, and whether it stays within what is demanded.

    `held` compares single nights. `swap_gap_intervals`: the same of the swap gap with an interval,
    and of the first and last `tune_days` nights, each where there are nights enough.
    """
    first, last = nights[0], nights[-1]
    gini, distinct = last.gini - first.gini, last.distinct / first.distinct - 1
    gap = last.swap_gap - first.swap_gap
    held = gini <= GINI_AT_MOST and distinct >= DISTINCT_AT_LEAST and gap >= 0
    gaps = [one.swap_gap for one in nights]
    compared = [ChangeBetweenNights.of(gaps, count) for count in sorted({1, max(tune_days, 1)})]
    return {
        "gini_change": gini,
        "distinct_change": distinct,
        "swap_gap_change": gap,
        "held": held,
        "swap_gap_intervals": [{**asdict(one), "fell": one.fell} for one in compared if one],
    }


def simulation_of(settings: Settings, config: FeedbackConfig) -> FeedbackSimulation:
    """Return a simulation on a home's events and items, with what its last night has chosen."""
    raw, served = open_bundle(settings.home)
    choice = TuningResult.from_json(raw.manifest["choice"])
    with Store.open(settings.store_url) as store:
        events, items = store.event_table(), store.item_table()
    engines = [engine_named(name) for name in choice.engines]

    def words_of(data: Dataset) -> TextVectors:
        words = renumbered(served.catalogue.ids, served.words, served.student, data)
        if words.student is None:
            return words
        new = np.flatnonzero(served.catalogue.ids.rows(data.items) < 0)
        vectors = np.array(words.vectors)
        texts = documents(data.table)
        vectors[new] = words.student.encode([texts[row] for row in new.tolist()])
        return TextVectors(vectors, words.student)

    def retune(events: EventTable, items: ItemTable) -> None:
        nonlocal choice, engines
        quick = Scenario(
            minutes=settings.tune_minutes,
            seed=settings.seed,
            queries=FIRST_QUERIES,
            compare_engines=False,
        )
        choice = tune(TuningData(events, items, words_of, settings.weights), quick)
        engines = [engine_named(name) for name in choice.engines]

    def fit(data: Dataset) -> Model:
        words = words_of(data)
        known = known_interactions(data, words)
        fitted = {engine.scorer: engine.tried(known, settings.seed, "cpu") for engine in engines}
        cold = ColdStartSolver(data, words.student, words.vectors, ColdStartConfig(largest=TEXTS))
        return assemble(
            data, fitted, words, choice.score_model, settings.seed, False, choice.trees, cold
        )

    data = Dataset.build(events, items, weights=settings.weights)
    tastes = ElsaConfig(dimensions=DIMENSIONS)
    factors = fit_elsa(data.matrix(), tastes, config.seed).outputs[: len(items)]
    return FeedbackSimulation(
        replace(events, follows=None), items, factors, fit, settings.weights, config, retune
    )


def feedback_table(found: dict[str, Any]) -> Table:
    """Return the nights as a table for users."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("night", "clicks", "Gini", "distinct", "swap gap", "new items"):
        table.add_column(name, justify="right")
    for one in found["nights"]:
        table.add_row(
            str(one["night"]),
            f"{one['clicks']:,}",
            f"{one['gini']:.4f}",
            f"{one['distinct']:,}",
            f"{one['swap_gap']:.4f}",
            f"{one['new_share']:.1%}",
        )
    lines = [
        f"last night against first: Gini {found['gini_change']:+.4f}, distinct items"
        f" {found['distinct_change']:+.1%}, swap gap {found['swap_gap_change']:+.4f}"
    ]
    for one in found["swap_gap_intervals"]:
        each = "night" if one["nights"] == 1 else f"{one['nights']} nights"
        lines.append(
            f"swap gap, last {each} against first: {one['change']:+.4f}, 95 % interval"
            f" {one['low']:+.4f} to {one['high']:+.4f} by the differences of neighbouring nights"
        )
    table.caption = "\n".join(lines)
    return table
