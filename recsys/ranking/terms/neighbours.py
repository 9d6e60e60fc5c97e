"""Neighbours: sum of item-to-item weights from the items of the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from recsys.array_types import Floats, Rows, Times
from recsys.models.item_to_item_weights import NeighbourRows
from recsys.ranking.history import History, implicit_weights
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.item_newness import not_new
from recsys.ranking.new_history_item_proxies import HistoryProxies, stand_ins
from recsys.ranking.terms.protocol import (
    ALWAYS,
    WHEN_CHEAP,
    Attribution,
    BatchContext,
    Choices,
    Column,
    CutContext,
    ModelForm,
    Parameter,
    Part,
    ReplayContext,
    ScoreTerm,
    UserContext,
    UserTerm,
)
from recsys.ranking.user_features import activity
from recsys.serving.history_item_lift import ItemPopularity
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import LogTerm, ScoreModel, Term

SPARSE = 200_000  # rows from which it is faster to gather neighbours than to look at every row
SCALES = (0.003, 0.03, 0.3)  # of the neighbour sum; together they bend it as the data ask
GBDT_SCALE = 0.03  # of the neighbour sum, in the logarithm that the trees read
NOMINATING = (5.0, 6.0)  # half-lives whose best items are always offered to choose from


@dataclass(frozen=True, slots=True)
class UserNeighbours(UserTerm):
    """The neighbour sums of one history."""

    live: LiveState
    history: History
    score_model: ScoreModel
    weights: Floats  # (n,): of each history entry
    stand_ins: HistoryProxies  # the model's rows that the neighbours are read from
    neighbours_of_proxies: NeighbourRows | None  # those neighbours; None for a model without
    sums: Floats  # (size,)
    pointed: Rows  # rows where the sums are not zero, and maybe some more
    mass: float  # sum of the positive sums

    @property
    def scores_rows(self) -> bool:
        """Whether the history says anything."""
        return self.score_model.uses("neighbours") and len(self.history) > 0

    @property
    def feature_weights(self) -> Floats:
        """Weight of the confidence in an item's neighbours, (1,) with lift, else (0,).

        With lift, a user with a history is likelier to stay with what it points at, so all other
        items lose.
        """
        if not self.score_model.lift:
            return np.zeros(0, np.float32)
        some = float(self.scores_rows)
        return np.array([-self.score_model.lift * np.log1p(self.mass) * some], np.float32)

    @property
    def stand_in_weights(self) -> Floats:
        """What the neighbours of each stand-in are multiplied with, (m,)."""
        return self.weights[self.stand_ins.entries] * self.stand_ins.weights

    def score(self, rows: Rows) -> Floats:
        """Return what the sums of rows add, beside rows that nothing points at."""
        sums = self.sums[rows]
        if not self.scores_rows:
            return np.zeros_like(sums)
        scores = self.score_model.log_transformed(sums, float(activity(len(self.history))))
        if self.score_model.lift:
            common, lift = self.live.commonness, np.float32(self.score_model.lift)
            scores += lift * common.of_rows(sums, rows, self.mass)
            scores += np.float32(lift * np.log1p(self.mass)) * common.trust_of(rows)
        return scores

    def exceptions(self) -> Rows:
        """Return the rows that are pointed at."""
        return self.pointed

    def bound(self, table: ItemFeatureTable) -> float:
        """Return 0: what nothing points at gains nothing."""
        return 0.0

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Share the score of each row in proportion to the entries that speak for it.

        Evenly where none does. The confidence in neighbours is a part of its own: an item that
        nobody can point at yet loses less.
        """
        parts: tuple[Part, ...] = ()
        weights, base = self.feature_weights, 0.0
        if len(weights):
            usual = table.usual_of(NEIGHBOURS.name)
            quiet = not_new(self.live, rows)
            parts = (Part("fresh", weights[0] * (values[0] - usual[0]), quiet),)
            base = float(weights @ usual)
        if not self.scores_rows:
            return Attribution(parts, base=base)
        speaking = np.maximum(self.parts(rows), 0)
        speaking[:, ~speaking.any(axis=0)] = 1.0
        total = np.maximum(speaking.sum(axis=0), np.float32(1e-30))
        shares = np.asarray(speaking / total * self.score(rows), np.float32)
        return Attribution(parts, shares, base)

    def parts(self, rows: Rows) -> Floats:
        """Return what each history entry gives to the sums of distinct rows, (n, rows)."""
        live, model = self.live, self.live.model
        parts = np.zeros((len(self.history), len(rows)), np.float32)
        if self.neighbours_of_proxies is None:
            return parts
        older = {new: old for old, new in live.versions.items()}
        targets = np.array([older.get(row, row) for row in rows.tolist()], np.int32)
        proxies, known = self.stand_ins, targets < len(model)
        given = np.zeros((len(proxies.rows), len(rows)), np.float32)
        given[:, known] = self.neighbours_of_proxies.weights(targets[known])
        if model.item_input_vectors is not None and not known.all():
            vectors = live.posted_vectors.inputs[targets[~known] - len(model)]
            given[:, ~known] = model.item_input_vectors[proxies.rows].astype(np.float32) @ vectors.T
        np.add.at(parts, proxies.entries, given * self.stand_in_weights[:, None])
        return parts

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return the logarithm of the sums, and the lift."""
        sums = self.sums[rows]
        lift = self.live.commonness.of_rows(sums, rows, self.mass)
        return {"neighbours": _logarithm(sums), "lift": lift}


class Neighbours(ScoreTerm):
    """Σ weight · log(1 + sum / scale), or weight · lift, of the neighbour sums of a history."""

    name = "neighbours"
    sources = {"because_you": "neighbours", "fresh": "fresh"}
    gbdt_names = ("neighbours", "lift")

    def used_features(self, model: Model) -> int:
        """Return 1 with lift: the confidence in an item's neighbours."""
        return int(bool(model.score_model.lift))

    def item_features(self, live: LiveState, rows: Rows | slice, now: float) -> Floats:
        """Return the confidence in the neighbours of rows, (1, rows); (0, rows) without lift."""
        some = _rows(live, rows)
        trust = live.commonness.trust_of(some)[None]
        return trust[: self.used_features(live.model)]

    def bind(self, context: UserContext) -> UserNeighbours:
        """Sum the neighbours of a history."""
        live, history, score_model = context.live, context.history, context.score_model
        given = implicit_weights(history.weights, live.model.rated)
        weights = score_model.history_weights("neighbours", history.ages(), given)
        proxies = stand_ins(live, history.rows)
        neighbours_of_proxies = neighbour_rows(live, proxies)
        sums = neighbour_sums(
            live, proxies, weights[proxies.entries] * proxies.weights, neighbours_of_proxies
        )
        pointed = rows_pointed_at(live, neighbours_of_proxies, sums)
        mass = live.commonness.mass(sums, pointed)
        return UserNeighbours(
            live, history, score_model, weights, proxies, neighbours_of_proxies, sums, pointed, mass
        )

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the term's scores of many users."""
        model, score_model, histories = context.model, context.score_model, context.histories
        if not score_model.uses("neighbours"):
            return None
        given = implicit_weights(histories.weights, model.rated)
        weights = score_model.history_weights("neighbours", histories.ages(), given)
        sums = _batch_sums(model, histories.matrix(weights, len(model)))
        lengths = np.diff(histories.ends)
        total = score_model.log_transformed(sums, activity(lengths)[:, None])
        if score_model.lift:
            common = ItemPopularity.of_counters(model.counters)
            total += np.float32(score_model.lift) * common.lift(sums) * (lengths > 0)[:, None]
        return total

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the sums of each engine at each half-life, and their lift."""
        found: dict[Column, Floats] = {}
        histories = context.histories
        for engine, model in context.models.items():
            if model.neighbours is None:
                continue
            weights = implicit_weights(histories.weights, model.rated)
            common = ItemPopularity.of_counters(next(iter(context.models.values())).counters)
            size = len(context.created)
            decayed = [histories.decayed(life, size, weights) for life in context.half_lives]
            for life, sums in zip(context.half_lives, _sums_at_each(model, decayed), strict=True):
                found[self.column(engine, life)] = sums
                found[self.lift_column(engine, life)] = common.lift(sums)
        return found

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the sums of each engine at each half-life, and their lift."""
        found: dict[Column, Floats] = {}
        history, first = context.history, context.live
        ages, proxies = history.ages(), stand_ins(first, history.rows)
        uptake = implicit_weights(history.weights, first.model.rated)
        some, rows = np.float32(len(history) > 0), context.rows
        for engine, live in context.lives.items():
            lives = [n for n in context.half_lives if context.wants(self.column(engine, n))]
            neighbours_of_proxies = neighbour_rows(live, proxies) if lives else None
            if neighbours_of_proxies is None:
                continue
            for life in lives:
                weights = uptake * np.exp2(-ages / np.float32(life))
                given = (weights[proxies.entries] * proxies.weights).astype(np.float32)
                sums = neighbour_sums(live, proxies, given, neighbours_of_proxies)
                mass = live.commonness.mass(
                    sums, rows_pointed_at(live, neighbours_of_proxies, sums)
                )
                own = sums[rows]
                found[self.column(engine, life)] = own
                lift = live.commonness.of_rows(own, rows, mass)
                found[self.lift_column(engine, life)] = some * lift
        return found

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return all rows that the history's neighbours reach."""
        proxies = stand_ins(context.live, context.history.rows)
        reached = [np.fromiter(context.live.versions.values(), np.int32)]
        for live in context.lives.values():
            neighbours_of_proxies = neighbour_rows(live, proxies)
            reached += [] if neighbours_of_proxies is None else [neighbours_of_proxies.rows]
        return np.concatenate(reached).astype(np.int32)

    def column(self, engine: str, half_life: float) -> Column:
        """Return the column of an engine's sums."""
        nominates = ALWAYS if half_life in NOMINATING else WHEN_CHEAP
        return Column(self.name, engine, half_life, nominates)

    def lift_column(self, engine: str, half_life: float) -> Column:
        """Return the column of the lift of an engine's sums."""
        nominates = ALWAYS if half_life in NOMINATING else WHEN_CHEAP
        return Column("lift", engine, half_life, nominates)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the lift, or the log-transformed sums."""
        if form.neighbours is None:
            return []
        if form.lift:
            column = replace(form.neighbours, term="lift")
            return [(Parameter(self.name, "lift"), choices.columns[column])]
        sums = np.maximum(choices.columns[form.neighbours], 0)
        logs = [(scale, np.log1p(sums / scale)) for scale in self.scales(form)]
        found = [(Parameter(self.name, f"log {scale}"), values) for scale, values in logs]
        if form.by_activity:
            active = choices.user_features["activity"][:, None]
            found += [
                (Parameter(self.name, f"log {scale}", "activity"), values * active)
                for scale, values in logs[1:2]
            ]
        return found

    def scales(self, form: ModelForm) -> tuple[float, ...]:
        """Return the scales of the logarithms: one for a plain form, whose order it keeps."""
        return SCALES[1:2] if form.plain else SCALES

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with half-life and weights of the logarithms or the lift."""
        if form.neighbours is None:
            return score_model
        assert form.neighbours.half_life is not None
        terms = (*score_model.terms, Term("neighbours", form.neighbours.half_life, 1.0))
        if form.lift:
            return replace(score_model, terms=terms, lift=weights[Parameter(self.name, "lift")])
        curves = tuple(
            LogTerm(
                scale,
                weights[Parameter(self.name, f"log {scale}")],
                weights.get(Parameter(self.name, f"log {scale}", "activity"), 0.0),
            )
            for scale in self.scales(form)
        )
        return replace(score_model, terms=terms, curves=curves)

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return the logarithm of the sums, and the lift; nothing for a form without them."""
        if form.neighbours is None:
            return {}
        lift = choices.columns[replace(form.neighbours, term="lift")]
        return {"neighbours": _logarithm(choices.columns[form.neighbours]), "lift": lift}


NEIGHBOURS = Neighbours()


def neighbour_rows(live: LiveState, proxies: HistoryProxies) -> NeighbourRows | None:
    """Return the neighbours of a history's stand-ins; None for a model without."""
    neighbours = live.model.neighbours
    return None if neighbours is None else neighbours.neighbour_rows(proxies.rows)


def neighbour_sums(
    live: LiveState,
    proxies: HistoryProxies,
    weights: Floats,
    neighbours_of_proxies: NeighbourRows | None,
) -> Floats:
    """Return the neighbour sum of every row, (live.size,); `weights`: one number per stand-in."""
    model, base = live.model, len(live.model)
    size = live.size  # read once: another thread may add items
    sums = np.zeros(size, np.float32)
    if neighbours_of_proxies is None:
        return sums
    neighbours_of_proxies.add_scores(weights, sums[:base])
    if model.item_input_vectors is not None and size > base:
        query = weights @ model.item_input_vectors[proxies.rows].astype(np.float32)
        sums[base:] = live.posted_vectors.inputs[: size - base] @ query
    for before, row in live.versions.items():
        if row < size:
            sums[row] = sums[before]
    return sums


def rows_pointed_at(
    live: LiveState, neighbours_of_proxies: NeighbourRows | None, sums: Floats
) -> Rows:
    """Return the rows where the neighbour sums are not zero, and maybe some more, each once.

    Ascending; rows of items newer than the model among them.
    """
    base = len(live.model)
    if neighbours_of_proxies is None or len(sums) < SPARSE:
        return np.flatnonzero(sums != 0).astype(np.int32)  # of numbers it takes ten times as long
    later: Rows = np.arange(base, len(sums), dtype=np.int32)  # new versions of items among them
    return np.concatenate([neighbours_of_proxies.reached(), later])


def _batch_sums(model: Model, weighted: sparse.csr_array) -> Floats:
    """Return the neighbour sums of weighted histories, (users, n_items)."""
    if model.neighbours is None:
        return np.zeros(weighted.shape, np.float32)
    return np.asarray((weighted @ model.neighbours.matrix()).todense(), np.float32)


def _sums_at_each(model: Model, weighted: Sequence[sparse.csr_array]) -> list[Floats]:
    """Return the neighbour sums at several weights of the same histories, (users, n_items) each.

    The rows of a history are read once for all weights.
    """
    found = [np.zeros(one.shape, np.float32) for one in weighted]
    if model.neighbours is None or not weighted:
        return found
    matrix, ends, rows = model.neighbours.matrix(), weighted[0].indptr, weighted[0].indices
    values = np.stack([one.data for one in weighted], axis=1)
    for user in np.flatnonzero(np.diff(ends)).tolist():
        own = slice(ends[user], ends[user + 1])
        sums = matrix[rows[own]].T @ values[own]
        for one, column in zip(found, sums.T, strict=True):
            one[user] = column
    return found


def _logarithm(sums: Floats) -> Floats:
    logs: Floats = np.log1p(np.maximum(sums, 0) / np.float32(GBDT_SCALE))
    return logs


def _rows(live: LiveState, rows: Rows | slice) -> Rows:
    if isinstance(rows, slice):
        return np.arange(*rows.indices(live.size), dtype=np.int32)
    return rows
