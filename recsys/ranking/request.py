"""Request: one person's scores, computed for whatever rows are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats, Mask, Rows
from recsys.index.fronts import Fronts
from recsys.ranking import priors, scoring, steering
from recsys.ranking.batch import traits_of
from recsys.ranking.history import History
from recsys.ranking.matching import search_matches
from recsys.ranking.query import Query
from recsys.ranking.repeats import Again
from recsys.ranking.rising import Rising, Surge
from recsys.ranking.scoring import Profile
from recsys.ranking.standing import BLOCK, Standing, Table
from recsys.ranking.steering import Nudges
from recsys.ranking.traits import passed
from recsys.state.live import LiveState

STEER = 3.0  # weight of words asked for, in standard deviations of the scores


@dataclass(frozen=True, slots=True)
class Request:
    """A query, resolved against a live state at one moment."""

    live: LiveState
    profile: Profile
    names: tuple[str, ...]  # of the item features that the blend reads
    table: Table
    weights: Floats  # (features of the table,)
    constant: float  # part of every score, which taste without agreeableness brings
    steering: Floats  # (2, t): by words asked for, and by interests; zeros without any
    seen: Rows  # of the history, what the person wants forgotten included
    fronts: Fronts | None  # of the words of the model's items; None: they are read whole
    query: str = ""  # words asked for
    penalty: float = 0.0  # what a flag of score 1 takes away
    muted: Mask | None = None  # (size,): rows never to be shown or named
    nudges: Nudges | None = None  # by what the person asked to see more or less of
    surge: Surge | None = None  # by what rises in what the person follows
    again: Again | None = None  # what was taken up before and may be shown again

    @classmethod
    def of(
        cls, query: Query, live: LiveState, standing: Standing, rising: Rising | None = None
    ) -> Request:
        """Weigh the history, and read what items bring along as of now."""
        blend, table = live.model.blend, standing.look()
        seen = History.resolve(query.history, live)
        kept = steering.remembered(live, query.history, query.controls)
        history = seen if len(kept) == len(query.history) else History.resolve(kept, live)
        profile = Profile.of(history, live, blend)
        weights, constant = _weights(live, profile, standing)
        none = np.zeros((2, live.model.words.shape[1]), np.float32)
        plain = cls(
            live,
            profile,
            standing.names,
            table,
            weights,
            constant,
            none,
            _seen(query, seen, live),
            standing.fronts,
        )
        repeats = query.repeat or bool(query.repeat_categories)
        wanted = _steering(plain, [query.words, *query.interests])
        steered = bool(query.controls or query.follows)
        if not (wanted.any() or live.marks.some or steered or repeats) and rising is None:
            return plain
        spread = plain.spread()
        out = steering.muted(live, query.controls, plain.size)
        found = replace(
            plain,
            steering=np.float32(spread) * wanted,
            query=query.words,
            muted=out,
            penalty=live.marks.weight * spread * live.marks.some,
            nudges=Nudges.of(live, query.controls, spread, plain.size, out, query.follows),
            surge=None if rising is None else rising.surge(history, spread),
        )
        if not repeats:
            return found
        again = Again.of(query, live, plain.size, found.total(), found.scores)
        return replace(found, again=again)

    @property
    def history(self) -> History:
        """What the person did."""
        return self.profile.history

    @property
    def size(self) -> int:
        """Rows there were when the query came."""
        return min(len(self.profile.sums), int(self.table.values.shape[1]))

    @property
    def words(self) -> Floats:
        """What the words of items are multiplied with, (t,): of the history and asked for."""
        asked: Floats = self.steering.sum(axis=0)
        return asked + self.profile.words if self.live.model.blend.uses("words") else asked

    def scores(self, rows: Rows) -> Floats:
        """Return the whole score of rows, (n,), the trees' corrections aside."""
        found, words = self.scores_without_words(rows), self.words
        return found + self.word_scores(rows, words) if words.any() else found

    def word_scores(self, rows: Rows, words: Floats) -> Floats:
        """Return what words bring to the score of rows, (n,)."""
        if 2 * len(rows) > self.size:  # one pass over all vectors costs less than picking most
            return scoring.word_scores(self.live, words)[rows]
        return scoring.word_scores(self.live, words, rows)

    def scores_without_words(self, rows: Rows) -> Floats:
        """Return the score of rows less what their words bring, (n,)."""
        live, blend = self.live, self.live.model.blend
        found = self._brought(rows) + np.float32(self.constant)
        found += scoring.pointed_scores(live, self.profile, blend, rows)
        found += scoring.passed_scores(live, self.history, blend, rows)
        if blend.uses("behaviour"):
            found += scoring.behaviour_scores(live, self.profile, rows)
        if self.penalty:
            found -= np.float32(self.penalty) * live.marks.score[rows]
        if self.nudges is not None:
            found += self.nudges.scores(rows)
        if self.surge is not None:
            found += self.surge.scores(rows)
        if self.again is not None:
            found += self.again.scores(rows)
        return np.asarray(found, np.float32)

    def search_matches(self, rows: Rows) -> Mask:
        """Return whether the words of rows are near enough to those asked for to say so."""
        return search_matches(self.live, self.query, rows)

    def spread(self) -> float:
        """Return the standard deviation of the scores, read off a sample of the catalogue."""
        found, words = self.scores_without_words(self.table.sample), self.words
        if words.any():
            found = found + self.table.words @ words
        return float(found.std()) or 1.0

    def total(self) -> float:
        """Return the log of the sum of exp(score) over the catalogue, read off a sample of it."""
        found, words = self.scores_without_words(self.table.sample), self.words
        if words.any():
            found = found + self.table.words @ words
        most = float(found.max(initial=0.0))
        mean = float(np.exp(found.astype(np.float64) - most).mean()) if len(found) else 1.0
        return most + float(np.log(mean * max(self.size, 1)))

    def _brought(self, rows: Rows) -> Floats:
        """Return what rows bring along; a line is read faster whole than most of its cells."""
        values = self.table.values
        if 2 * len(rows) > self.size:
            found = np.asarray((self.weights @ values[:, : self.size])[rows], np.float32)
        else:
            found = np.asarray(self.weights @ values[:, rows], np.float32)
        if self.history.newcomer:
            some = np.flatnonzero(self.live.counters.by_one_person(rows))
            if len(some):
                found[some] = self.weights @ self.brought(rows[some])
        return found

    def brought(self, rows: Rows) -> Floats:
        """Return what rows bring along, (features of the table, rows), as this person sees it."""
        values = self.table.values[:, rows]
        if not self.history.newcomer:
            return values
        alone = self.live.counters.by_one_person(rows)
        return priors.for_newcomers(values, self.names, alone)

    def bounds(self) -> Floats:
        """Return the most that a row of each block can score if no neighbour points at it."""
        table, blend = self.table, self.live.model.blend
        found = np.maximum(self.weights, 0) @ table.high + np.minimum(self.weights, 0) @ table.low
        if blend.passed and table.born.shape[1]:
            times = self.history.times
            ends = np.float32(blend.passed) * np.stack([passed(times, b) for b in table.born])
            found = found + ends.max(axis=0)
        if self.nudges is not None:
            found = found + self.nudges.bounds(table)
        most = 0.0 if self.surge is None else self.surge.unit
        return np.asarray(found + np.float32(self.constant + most), np.float32)

    def pointed_at(self) -> Rows:
        """Return the rows that the history's neighbours point at, and those of no block."""
        size, pointed = self.table.size, self.profile.pointed
        tail: Rows = np.arange(size, self.size, dtype=np.int32)
        found: Rows = np.concatenate([pointed[pointed < size], tail])
        return found if self.again is None else np.union1d(found, self.again.rows)

    def block(self, blocks: NDArray[np.intp]) -> Rows:
        """Return the rows of some blocks."""
        places = blocks[:, None] * BLOCK + np.arange(BLOCK)
        rows: Rows = self.table.order[places[places < self.table.size]]
        return rows


def _seen(query: Query, history: History, live: LiveState) -> Rows:
    """Return the rows that the person has acted on, those beyond the history included."""
    if query.taken is None:
        return history.rows
    return np.concatenate([history.rows, query.taken.rows(live.ids, live.size)])


def _weights(live: LiveState, profile: Profile, standing: Standing) -> tuple[Floats, float]:
    blend, constant = live.model.blend, 0.0
    traits = traits_of(profile.history, live.created)
    parts = [blend.prior_weights(standing.names, traits, profile.history.newcomer)]
    if standing.common:
        some = len(profile.history) > 0 and blend.uses("neighbours")
        spread = -blend.lift * float(np.log1p(profile.mass)) * some
        parts.append(np.array([spread], np.float32))
    if standing.tastes:
        taste: Floats = profile.taste_parts.sum(axis=0)
        parts.append(taste)
        constant = -float(scoring.usual_loading(live) @ taste)
    return np.concatenate(parts).astype(np.float32), constant


def _steering(request: Request, texts: Sequence[str]) -> Floats:
    """Return the vectors of words asked for and of interests, STEER long together."""
    student = request.live.model.student
    if student is None or not any(texts):
        return request.steering
    vectors = student.encode(texts)
    wanted = np.stack([vectors[0], vectors[1:].sum(axis=0)])
    length = float(np.linalg.norm(wanted.sum(axis=0))) or 1.0
    return np.asarray(STEER * wanted / length, np.float32)
