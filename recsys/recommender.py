"""Recommender: a query in, a list with sources and reasons out; the only way items are ranked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.ranking import priors, reasons, scoring
from recsys.ranking.batch import traits_of
from recsys.ranking.history import History
from recsys.ranking.query import Query, Reason, Recommendation
from recsys.ranking.rerank import POOL, best, corrections
from recsys.ranking.rules import allowed, capped, diversified
from recsys.state.live import LiveState

REFRESH = 0.2  # seconds that the features shared by all requests may be old
STEER = 3.0  # weight of words asked for, in standard deviations of the scores


@dataclass(frozen=True, slots=True)
class Scored:
    """A query's scores over all rows, and what they are made of."""

    profile: scoring.Profile
    scores: Floats  # (size,)
    prior_weights: Floats  # (features,)
    features: Floats  # (features, size)
    steering: Floats  # (2, t): by words asked for, and by interests; zeros without any
    usual: Floats  # (features,): the features' means
    corrections: Floats  # (size,): what the trees added, to the best that may be shown
    entries: tuple[str, ...]  # ids of the history's items


class Recommender:
    """Ranks the items of a live state. Threads may share one; it writes only its own cache."""

    def __init__(self, live: LiveState, refresh: float = REFRESH) -> None:
        self.live = live
        self.refresh = refresh
        self._features: tuple[int, float, Floats, Floats] | None = None  # changes, when, both

    def recommend(self, query: Query) -> list[Recommendation]:
        """Return the best items the person has not acted on, best first.

        Fewer than `n` come back only when fewer are left. The same query gives the same list.
        """
        scored = self.score(query)
        mask = self._candidates(query, scored.profile.history)
        scored = self._corrected(scored, mask)
        rows = self._page(query, scored, mask)
        return [
            self._recommendation(scored, int(row), query.offset + place + 1, query.explain)
            for place, row in enumerate(rows)
        ]

    def score(self, query: Query) -> Scored:
        """Return the blend's score of every row for a query."""
        live = self.live
        history = History.resolve(query.history, live)
        profile = scoring.Profile.of(history, live, live.model.blend)
        features, usual = self.features()
        blend = live.model.blend
        weights = blend.prior_weights(priors.NAMES, traits_of(history, live.created))
        scores = scoring.personal_scores(live, profile, blend)
        size = min(len(scores), features.shape[1])  # another thread may have added items
        scores = scores[:size] + weights @ features[:, :size]
        steering = self._steering(query, scores)
        if steering.any():
            scores = scores + self._word_scores(steering.sum(axis=0), size)
        if not np.isfinite(scores).all():
            raise FloatingPointError(f"bundle {live.model.version} gave a score that is not finite")
        none = np.zeros(len(scores), np.float32)
        entries = tuple(live.item_id(row) for row in history.rows.tolist())
        return Scored(profile, scores, weights, features, steering, usual, none, entries)

    def _corrected(self, scored: Scored, mask: Mask) -> Scored:
        if self.live.model.trees is None:
            return scored
        rows: Rows = np.flatnonzero(mask[: len(scored.scores)]).astype(np.int32)
        added = corrections(self.live, scored.profile, scored.features, scored.scores, rows)
        return replace(scored, scores=scored.scores + added, corrections=added)

    def features(self) -> tuple[Floats, Floats]:
        """Return the features all requests share and their means, `refresh` seconds old at most."""
        kept, now = self._features, time.monotonic()
        if kept and (kept[0] == self.live.changes or now - kept[1] < self.refresh):
            return kept[2:]
        changes = self.live.changes
        found = priors.prior_features(self.live)
        usual: Floats = found.mean(axis=1)
        self._features = (changes, now, found, usual)
        return found, usual

    def _steering(self, query: Query, scores: Floats) -> Floats:
        student = self.live.model.student
        texts = [query.words, *query.interests]
        if student is None or not any(texts):
            return np.zeros((2, self.live.model.words.shape[1]), np.float32)
        vectors = student.encode(texts)
        wanted = np.stack([vectors[0], vectors[1:].sum(axis=0)])
        length = float(np.linalg.norm(wanted.sum(axis=0))) or 1.0
        spread = float(scores.std()) or 1.0
        return np.asarray(STEER * spread * wanted / length, np.float32)

    def _word_scores(self, vector: Floats, size: int) -> Floats:
        base = len(self.live.model)
        known = self.live.model.words @ vector
        return np.concatenate([known, self.live.new_words[: size - base] @ vector])

    def _candidates(self, query: Query, history: History) -> Mask:
        now = time.time() if query.now is None else query.now
        mask = allowed(self.live, query.filters, now)
        mask[history.rows] = False
        left_out = [self.live.row(item_id) for item_id in query.exclude]
        mask[[row for row in left_out if row >= 0]] = False
        return mask

    def _page(self, query: Query, scored: Scored, mask: Mask) -> Rows:
        rows: Rows = np.flatnonzero(mask[: len(scored.scores)]).astype(np.int32)
        wanted = query.offset + query.n
        caps = (("author", query.author_cap), ("category", query.category_cap))
        limits = [(self.live.labels[name], cap) for name, cap in caps if cap is not None]
        most = max(POOL, 3 * wanted)  # that diversity chooses from
        rows = best(rows, scored.scores, len(rows) if limits else most)
        rows = rows[capped(rows, limits)][:most]
        if query.diversity > 0:
            vectors = scoring.words_of(self.live, rows)
            picks = diversified(rows, scored.scores[rows], vectors, query.diversity, wanted)
            rows = rows[picks]
        return rows[query.offset : wanted]

    def _recommendation(self, scored: Scored, row: int, rank: int, explain: bool) -> Recommendation:
        parts = self.parts(scored, row)
        kept = reasons.shared(parts, most=len(parts) if explain else 3)
        kept = tuple(self._told(reason) for reason in kept)
        source = SOURCES[kept[0].kind] if kept else "popular"
        return Recommendation(self.live.item_id(row), float(scored.scores[row]), rank, source, kept)

    def parts(self, scored: Scored, row: int) -> list[Reason]:
        """Return every part of a row's score, in no order; with the base they add up to it.

        Priors are told against the mean of all items, so that they speak for an item only where
        it stands out.
        """
        found = self._history_parts(scored, row)
        stand_out = scored.features[:, row] - scored.usual
        by_kind: dict[str, float] = {}
        for name, value in zip(priors.NAMES, stand_out * scored.prior_weights, strict=True):
            kind = priors.KINDS[name]
            by_kind[kind] = by_kind.get(kind, 0.0) + float(value)
        passed = scored.profile.passed  # told against the mean as well
        by_kind["fresh"] = float(passed[row] - passed.mean())
        words = scoring.words_of(self.live, np.array([row], np.int32))[0]
        by_kind["search"], by_kind["interests"] = map(float, scored.steering @ words)
        by_kind["context"] = float(scored.corrections[row])
        return found + [
            Reason(kind, 0.0, reasons.sentence(kind), None, value)
            for kind, value in by_kind.items()
            if value
        ]

    def _history_parts(self, scored: Scored, row: int) -> list[Reason]:
        values = scoring.split(self.live, scored.profile, self.live.model.blend, row)
        return [
            Reason("because_you", 0.0, "", item_id, value)
            for item_id, value in zip(scored.entries, values.tolist(), strict=True)
            if value
        ]

    def _told(self, reason: Reason) -> Reason:
        """Put a reason that names an item of the history into words; only those shown need any."""
        if reason.item_id is None:
            return reason
        title = self.title(self.live.row(reason.item_id))
        return replace(reason, text=reasons.sentence(reason.kind, title))

    def title(self, row: int) -> str:
        """Return what to call an item: its title, else the start of its text, else its id."""
        known = self.live.document(row)
        text = str(known.get("title") or known.get("text") or known["item_id"])
        return text if len(text) <= 60 else text[:59] + "…"


SOURCES = {
    "because_you": "neighbours",
    "interests": "interests",
    "search": "search",
    "trending": "trending",
    "popular": "popular",
    "liked": "popular",
    "fresh": "fresh",
    "context": "neighbours",
}
