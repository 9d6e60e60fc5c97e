"""Scoring: the personal part of every row's score, for one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Rows
from recsys.collaborative.item_item import Reach
from recsys.ranking.history import History, as_uptake
from recsys.ranking.stand_ins import StandIns, stand_ins
from recsys.ranking.traits import activity, passed
from recsys.state.blend import Blend
from recsys.state.live import LiveState
from recsys.state.votes import mean_loading, taste_parts

SPARSE = 200_000  # rows from which it is faster to gather neighbours than to look at every row


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the scorers see them, for one request only.

    Rows of `*_parts` belong to history entries; their sum is the vector that items are compared
    with, so an item's score splits into one product per entry.
    """

    history: History
    neighbour_weights: Floats  # (n,)
    stand_ins: StandIns  # the model's rows that the history's neighbours are read from
    reach: Reach | None  # those neighbours; None for a model without
    behaviour_parts: Floats  # (n, d)
    vectors: Floats  # (n, t): of the history's words
    word_parts: Floats  # (n, t): the same, weighed
    taste_parts: Floats  # (n, rank): nothing where the blend does not use taste
    sums: Floats  # (size,): what the history's neighbours point at
    pointed: Rows  # where the sums are not zero, and maybe some more
    mass: float  # of all that they point at

    @classmethod
    def of(cls, history: History, live: LiveState, blend: Blend) -> Profile:
        """Weigh the history for each scorer and gather its vectors."""
        ages = history.ages()

        def weights(scorer: str) -> Floats:
            given = history.weights
            if scorer == "neighbours":
                given = as_uptake(given, live.model.rated)
            return blend.history_weights(scorer, ages, given)

        standing, own = stand_ins(live, history.rows), weights("neighbours")
        reach = reach_of(live, standing)
        sums = neighbour_sums(live, standing, own[standing.entries] * standing.weights, reach)
        return cls(
            history,
            own,
            standing,
            reach,
            behaviour_parts(live, history.rows, weights("behaviour")),
            vectors := words_of(live, history.rows),
            vectors * weights("words")[:, None],
            tasted(live, history, blend),
            sums,
            pointed := pointed_at(live, reach, sums),
            live.commonness.mass(sums, pointed),
        )

    @property
    def stand_in_weights(self) -> Floats:
        """What the neighbours of each stand-in are multiplied with, (m,)."""
        return self.neighbour_weights[self.stand_ins.entries] * self.stand_ins.weights

    @property
    def behaviour(self) -> Floats:
        """The behaviour part of the query, (d,)."""
        return np.asarray(self.behaviour_parts.sum(axis=0), np.float32)

    @property
    def words(self) -> Floats:
        """The word part of the query, (t,)."""
        return np.asarray(self.word_parts.sum(axis=0), np.float32)


def tasted(live: LiveState, history: History, blend: Blend) -> Floats:
    """Return each history entry's part of the reader's taste vector, times the blend's weight."""
    known, rows = live.opinions, history.rows
    if known is None or not blend.taste:
        return np.zeros((len(history), 0), np.float32)
    bases, loadings = known.bases[rows], known.loadings[rows]
    parts = taste_parts(known.taste, bases, loadings, history.weights, known.rated)
    return np.float32(blend.taste) * parts


def usual_loading(live: LiveState) -> Floats:
    """Return the loading of what is usually voted on, (rank,); without opinions of rank 0."""
    known = live.opinions
    if known is None:
        return np.zeros(0, np.float32)
    return mean_loading(known.loadings[: live.size], known.evidence[: live.size])


def loadings_of(live: LiveState, rows: Rows | slice) -> Floats:
    """Return the loadings of rows, less those of what is usually voted on, (n, rank)."""
    if live.opinions is None:
        return np.zeros((len(live.created[rows]), 0), np.float32)
    return np.asarray(live.opinions.loadings[rows] - usual_loading(live), np.float32)


def words_of(live: LiveState, rows: Rows) -> Floats:
    """Return the word vectors of rows, new items included, (n, t)."""
    return _gather(live.model.words, live.new_words, rows)


def outputs_of(live: LiveState, rows: Rows) -> Floats:
    """Return the behaviour output vectors of rows, new items included, (n, d)."""
    factors = live.model.behaviour
    if factors is None:
        return np.zeros((len(rows), 0), np.float32)
    return _gather(factors.outputs, live.new_behaviour[:, 1], rows)


def behaviour_parts(live: LiveState, rows: Rows, weights: Floats) -> Floats:
    """Return each history entry's part of the behaviour vector, (n, d).

    An entry that is newer than the model takes part with the input its words predict.
    """
    factors = live.model.behaviour
    if factors is None:
        return np.zeros((len(rows), 0), np.float32)
    known = rows < len(live.model)
    parts = np.zeros((len(rows), factors.inputs.shape[1]), np.float32)
    parts[known] = factors.parts(rows[known], weights[known])
    if not known.all() and factors.gram is None:
        fresh = live.new_behaviour[rows[~known] - len(live.model), 0]
        parts[~known] = fresh * weights[~known][:, None]
    return parts


def reach_of(live: LiveState, standing: StandIns) -> Reach | None:
    """Return the neighbours of a history's stand-ins; None for a model without."""
    neighbours = live.model.neighbours
    return None if neighbours is None else neighbours.reach(standing.rows)


def neighbour_sums(
    live: LiveState, standing: StandIns, weights: Floats, reach: Reach | None
) -> Floats:
    """Return the neighbours' sum of every row; `weights` is one number per stand-in."""
    model, base = live.model, len(live.model)
    size = live.size  # read once: another thread may add items
    sums = np.zeros(size, np.float32)
    if reach is None:
        return sums
    reach.add_scores(weights, sums[:base])
    if model.reader_inputs is not None and size > base:
        asking = weights @ model.reader_inputs[standing.rows].astype(np.float32)
        sums[base:] = live.new_readers[: size - base] @ asking
    for before, row in live.versions.items():
        if row < size:
            sums[row] = sums[before]
    return sums


def neighbour_scores(live: LiveState, profile: Profile, blend: Blend, rows: Rows) -> Floats:
    """Return what the blend makes of the neighbours' sums of some rows, (n,)."""
    sums, events = profile.sums[rows], len(profile.history)
    if not blend.uses("neighbours") or not events:
        return np.zeros_like(sums)
    scores = blend.bent(sums, float(activity(events)))
    if blend.lift:
        scores += np.float32(blend.lift) * live.commonness.of_rows(sums, rows, profile.mass)
    return scores


def pointed_scores(live: LiveState, profile: Profile, blend: Blend, rows: Rows) -> Floats:
    """Return what the history's pointing at some rows adds to their scores, (n,).

    That is `neighbour_scores` beside those of the same reader had nothing pointed at the row: with
    lift, whoever has a history is likelier to stay with what it points at, so all else loses.
    """
    found = neighbour_scores(live, profile, blend, rows)
    if blend.lift and len(profile.history) and blend.uses("neighbours"):
        lost = np.float32(blend.lift * np.log1p(profile.mass))
        found = found + lost * live.commonness.trust_of(rows)
    return found


def passed_scores(live: LiveState, history: History, blend: Blend, rows: Rows) -> Floats:
    """Return what the blend makes of the reader's having passed some rows over, (n,)."""
    if not blend.passed:
        return np.zeros(len(rows), np.float32)
    return np.float32(blend.passed) * passed(history.times, live.created[rows])


def word_scores(live: LiveState, vector: Floats, rows: Rows | None = None) -> Floats:
    """Return the products of a vector with the words of some rows, or of all there are."""
    if rows is not None:
        return words_of(live, rows) @ vector
    base, size = len(live.model), live.size
    return np.concatenate([live.model.words @ vector, live.new_words[: size - base] @ vector])


def behaviour_scores(live: LiveState, profile: Profile, rows: Rows) -> Floats:
    """Return the products of a reader's behaviour vector with the outputs of some rows, (n,)."""
    return outputs_of(live, rows) @ profile.behaviour


def personal_scores(
    live: LiveState, profile: Profile, blend: Blend, rows: Rows | None = None
) -> Floats:
    """Return the personal score of some rows, or of all there were when the profile was made."""
    own: Rows = np.arange(len(profile.sums), dtype=np.int32) if rows is None else rows
    scores = neighbour_scores(live, profile, blend, own)
    scores += passed_scores(live, profile.history, blend, own)
    if blend.uses("behaviour"):
        scores += behaviour_scores(live, profile, own)
    if blend.uses("words"):
        scores += word_scores(live, profile.words, rows)[: len(own)]
    if profile.taste_parts.shape[1]:
        scores += loadings_of(live, own) @ profile.taste_parts.sum(axis=0)
    return scores


def pointed_at(live: LiveState, reach: Reach | None, sums: Floats) -> Rows:
    """Return the rows where the neighbours' sums are not zero, and maybe some more, each once."""
    base = len(live.model)
    if reach is None or len(sums) < SPARSE:
        return np.flatnonzero(sums != 0).astype(np.int32)  # of numbers it takes ten times as long
    later: Rows = np.arange(base, len(sums), dtype=np.int32)  # new versions of items among them
    return np.concatenate([reach.reached(), later])


def _gather(base: Floats, new: Floats, rows: Rows) -> Floats:
    if not len(rows) or rows.max() < len(base):
        return np.asarray(base[rows], np.float32)
    found = np.empty((len(rows), base.shape[1]), np.float32)
    known = rows < len(base)
    found[known] = base[rows[known]]
    found[~known] = new[rows[~known] - len(base)]
    return found
