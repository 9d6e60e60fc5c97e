"""Recommender: answers a query with a ranked list, sources and reasons; the only ranking path."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.array_types import Floats, Mask, Rows
from recsys.explain.reason_formatter import ReasonFormatter
from recsys.explain.score_parts import Parts
from recsys.ranking import (
    cold_item_ranks,
    followed_places,
    popularity_free_places,
    reason_templates,
)
from recsys.ranking.calibrated_order import WIDENED, WIDER, by_score, calibrated, target_of
from recsys.ranking.candidates import candidates
from recsys.ranking.filters import allowed, capped, diversified
from recsys.ranking.gbdt_rerank import POOL, best_places, corrections
from recsys.ranking.item_feature_cache import DRIFT, ItemFeatureCache
from recsys.ranking.new_item_places import SOURCE, ReservedPlaces
from recsys.ranking.new_voices import SOURCE as NEW_VOICE
from recsys.ranking.new_voices import NewVoices
from recsys.ranking.query import Filters, Query, Reason, Recommendation
from recsys.ranking.reason_templates import sentence
from recsys.ranking.request_scorer import Request
from recsys.ranking.terms.registry import load_terms, sources
from recsys.ranking.text_scores import text_vectors
from recsys.ranking.trend_boost_table import WEIGHT, TrendBoostCache
from recsys.serving.live_state import LiveState
from recsys.serving.trend_monitor import TrendMonitor
from recsys.store.user_controls import widened


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows worth a look for one request, ascending, and their scores."""

    request: Request
    rows: Rows
    scores: Floats  # (n,), corrections included
    corrections: Floats  # (n,): what the trees and the personal places added
    gains: Floats  # (n,): what took unread items to the scores of their ranks

    def place(self, row: int) -> int:
        """Return where a row is; KeyError where it was not looked at."""
        place = int(np.searchsorted(self.rows, row))
        if place == len(self.rows) or self.rows[place] != row:
            raise KeyError(row)
        return place


class Recommender:
    """Ranks the items of a live state, for one thread at a time."""

    def __init__(
        self,
        live: LiveState,
        drift: float = DRIFT,
        trend_monitor: TrendMonitor | None = None,
        rising: float = WEIGHT,
    ) -> None:
        load_terms()
        self.live = live
        self.risen = TrendBoostCache(trend_monitor, rising)
        self.item_features = ItemFeatureCache(live, drift)

    def request(self, query: Query) -> Request:
        """Return a query as it stands against what is known at this moment."""
        return Request.of(query, self.live, self.item_features, self.risen.now())

    def recommend(
        self,
        query: Query,
        reserved: ReservedPlaces | None = None,
        voices: NewVoices | None = None,
    ) -> list[Recommendation]:
        """Return the best items the user has not acted on, best first.

        Fewer than `n` come back only when fewer are left. The same query gives the same list.
        `reserved`: puts new items with few users into some places; None: no place is reserved.
        `voices`: the same with items of new creators.
        """
        request = self.request(query)
        request_cpu_budget.check("the reading of the history")
        mask = self.open(query, request)[: request.size]
        depth = query.offset + query.n + query.more
        capped_ = query.author_cap is not None or query.category_cap is not None
        most = len(mask) if capped_ else max(POOL, 3 * depth)
        request_cpu_budget.check("the filters")
        scored = self.corrected(request, mask, *candidates(request, mask, most))
        request_cpu_budget.check("the scores")
        rows = self._page(query, scored)
        request_cpu_budget.check("the selection of the page")
        if reserved is None and voices is None:
            return self.with_reasons(query, scored, rows, query.offset + 1)
        now = time.time() if query.now is None else query.now
        loud, filled = self.risen.flooded(), rows
        if reserved is not None:
            filled = reserved.fill(request, scored.rows, mask, rows, query.offset, now, loud)
        new, given = set(filled.tolist()) - set(rows.tolist()), frozenset[int]()
        if voices is not None:
            filled, given = voices.fill(
                request, scored.rows, scored.scores, mask, filled, query.offset, now, loud
            )
        found = self.with_reasons(query, scored, filled, query.offset + 1)
        if not new and not given:
            return found
        text = sentence(NEW_VOICE, language=query.language)
        reason = Reason(NEW_VOICE, 1.0, text)
        return [
            one._replace(source=NEW_VOICE, reasons=(reason, *one.reasons) if one.reasons else ())
            if row in given
            else one._replace(source=SOURCE)
            if row in new
            else one
            for row, one in zip(filled.tolist(), found, strict=True)
        ]

    def recommend_many(self, queries: Iterable[Query]) -> list[list[Recommendation]]:
        """Return the list of each query, as `recommend` does, without reasons.

        For whole test sets: reasons take most of a list's time.
        """
        return [self.recommend(replace(query, reasons=False)) for query in queries]

    def score(self, query: Query) -> Scored:
        """Return the scores of every row, as if all might be shown; the trees judge the best."""
        request = self.request(query)
        rows: Rows = np.arange(request.size, dtype=np.int32)
        mask = self.open(query, request)[: request.size]
        return self.corrected(request, mask, rows, request.scores(rows))

    def corrected(self, request: Request, mask: Mask, rows: Rows, scores: Floats) -> Scored:
        """Return rows and scores with what the trees add to the best, and the ranks of new items.

        `mask`: rows that may be shown.
        """
        own, learned = scores, request.learned
        added = corrections(learned, rows, own)
        scores = own + added
        gained = cold_item_ranks.gains(learned, mask, rows, scores - request.request_part(rows))
        scores = scores + gained
        placed = popularity_free_places.gains(learned, mask, rows, scores, own)
        placed += followed_places.gains(request, mask, rows, scores + placed)
        return Scored(request, rows, scores + placed, added + placed, gained)

    def open(self, query: Query, request: Request) -> Mask:
        """Return which rows may be shown.

        (request.size,).
        """
        now = time.time() if query.now is None else query.now
        mask = allowed(self.live, query.filters, now)
        repeats = request.repeats
        again = None if repeats is None else mask[repeats.rows]
        mask[request.seen] = False
        mask &= ~self.live.marks.copies(request.seen, len(mask))
        if repeats is not None and again is not None:
            mask[repeats.rows] = again
        left_out = [self.live.row(item_id) for item_id in query.exclude]
        mask[[row for row in left_out if row >= 0]] = False
        if request.muted is not None:
            mask[: len(request.muted)] &= ~request.muted
        if query.author:
            mask &= ~self.own(query, len(mask))
        return mask

    def own(self, query: Query, size: int) -> Mask:
        """Return which of the first `size` rows are items by the user.

        (size,); all False without `query.author`.
        """
        codes = self.live.codes("author", query.author) if query.author else []
        if not codes:
            return np.zeros(size, bool)
        return np.asarray(self.live.labels["author"][:size] == codes[0])

    def closed(self, query: Query, request: Request, row: int) -> str:
        """Return why a row is closed, empty: it is not.

        gone, unavailable, expired, unrecorded (see `Listing.why_not`), seen, copy, muted, own,
        reply, filtered.
        """
        live = self.live
        if why := live.listing.why_not(row, live.clock()):
            return why
        repeats = request.repeats
        if row in request.seen and (repeats is None or row not in repeats.rows):
            return "seen"
        if live.marks.copies(request.seen, row + 1)[row]:
            return "copy"
        if request.muted is not None and request.muted[row]:
            return "muted"
        if self.own(query, row + 1)[row]:
            return "own"
        if self.open(query, request)[row]:
            return ""
        admitted = live.replies.admitted(query.filters.replies, live.size)
        return "filtered" if admitted or not live.replies.mask[row] else "reply"

    def _page(self, query: Query, scored: Scored) -> Rows:
        depth = query.offset + query.n + query.more
        caps = (("author", query.author_cap), ("category", query.category_cap))
        limits = [(self.live.labels[name], cap) for name, cap in caps if cap is not None]
        most = max(POOL, 3 * depth)  # that diversity chooses from
        among = len(scored.rows) if limits else most
        if self.live.marks.free:  # of copies, the best one is enough
            limits.append((self.live.marks.group, 1))
        places = best_places(scored.rows, scored.scores, among)
        places = places[capped(scored.rows[places], limits)][:most]
        rows = scored.rows[places]
        target = None
        if query.calibration > 0:
            wider = WIDENED if widened(query.controls) else WIDER
            target = target_of(self.live, scored.request.history, wider)
        if target is not None:
            codes, own = self.live.topics[rows], scored.scores[places]
            picked = calibrated(rows, own, codes, target, query.calibration, depth)
            return rows[by_score(picked[query.offset :], own)]
        elif query.diversity > 0:
            vectors = text_vectors(self.live, rows)
            rows = rows[diversified(rows, scored.scores[places], vectors, query.diversity, depth)]
        return rows[query.offset : depth]

    def with_reasons(
        self, query: Query, scored: Scored, rows: Rows, rank: int = 1
    ) -> list[Recommendation]:
        """Return ranked rows as a list, with their reasons: the first three or, to explain, all."""
        places = np.searchsorted(scored.rows, rows)
        scores = scored.scores[places].tolist()
        ids = self.live.item_ids(rows)
        heads = list(zip(ids, scores, range(rank, rank + len(rows)), strict=True))
        count = min(query.n, len(rows)) if query.reasons else 0
        if not count:
            return [Recommendation(*head, "") for head in heads]
        shown = np.concatenate([places[:count], self._beside(scored, places[:count], rank)])
        others = self._unfiltered(query, scored)
        none: Floats = np.zeros(len(others), np.float32)
        rows_shown = np.concatenate([scored.rows[shown], others])
        corrected = np.concatenate([scored.corrections[shown], none])
        gained = np.concatenate([scored.gains[shown], none])
        parts = Parts.of(scored.request, rows_shown, corrected, gained)
        formatter = ReasonFormatter.of(
            scored.request, parts.groups.ids, query.language, self.title, dict(query.names)
        )
        found, by_kind = [], {**SOURCES, **sources()}
        for place, head in enumerate(heads[:count]):
            own = parts.gathered(place)
            kept = (
                reason_templates.shared(own, len(own), text=formatter.text)
                if query.explain
                else reason_templates.shared(own, 3, reason_templates.TOLD, formatter.text)
            )
            known = [one for one in own if not (one.kind == "fresh" and one.quiet)]
            first = max(known, key=attrgetter("value"), default=None)
            source = by_kind[first.kind] if first is not None and first.value > 0 else "popular"
            found.append(Recommendation(*head, source, kept))
        return found + [Recommendation(*head, "") for head in heads[count:]]

    @staticmethod
    def _beside(scored: Scored, places: NDArray[np.intp], rank: int) -> NDArray[np.intp]:
        """Return places of the best rows, where a page is not the first or has few rows.

        Whether a history speaks for an item is judged beside what it gives to the best ones.
        """
        if rank == 1 and len(places) >= BESIDE:
            return places[:0]
        best = np.argsort(-scored.scores, kind="stable")[:BESIDE]
        return best[~np.isin(best, places)]

    def _unfiltered(self, query: Query, scored: Scored) -> Rows:
        """Return the best rows that the filters of a list leave out; none without filters.

        What a history gives to the best of few may be next to nothing, and no reason for it.
        """
        if query.filters.empty:
            return np.zeros(0, np.int32)
        mask = self.open(replace(query, filters=Filters()), scored.request)[: scored.request.size]
        rows, scores = candidates(scored.request, mask, BESIDE)
        best = rows[np.argsort(-scores, kind="stable")[:BESIDE]]
        return best[~np.isin(best, scored.rows)]

    def parts(self, scored: Scored, row: int) -> list[Reason]:
        """Return every part of a row's score, in no order; with the base they add up to it."""
        one: Rows = np.array([row], np.int32)
        place = [scored.place(row)]
        added, gained = scored.corrections[place], scored.gains[place]
        return Parts.of(scored.request, one, added, gained).of_row(0)

    def title(self, row: int) -> str:
        """Return what to call an item: its title, else the start of its text, else its id."""
        known = self.live.document(row)
        text = str(known.get("title") or known.get("text") or known["item_id"])
        return text if len(text) <= 60 else text[:59] + "…"


BESIDE = 3  # best rows that the reasons of others are compared with
SOURCES = {  # of no single term
    "because_you": "neighbours",
    "context": "neighbours",
    "new_item": "fresh",
    "little_known": "neighbours",
}
