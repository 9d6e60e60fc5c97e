"""Recommender: a query in, a list with sources and reasons out; the only way items are ranked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.data.controls import Control
from recsys.ranking import carriers, priors, reasons, scoring, steering
from recsys.ranking.candidates import candidates
from recsys.ranking.query import Query, Reason, Recommendation
from recsys.ranking.request import Request
from recsys.ranking.rerank import POOL, best_places, corrections
from recsys.ranking.rules import allowed, capped, diversified
from recsys.ranking.standing import DRIFT, Standing
from recsys.state.live import LiveState


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows worth a look for one request, ascending, and their scores."""

    request: Request
    rows: Rows
    scores: Floats  # (n,), corrections included
    corrections: Floats  # (n,): what the trees added, to the best that may be shown

    def place(self, row: int) -> int:
        """Return where a row is; KeyError where it was not looked at."""
        place = int(np.searchsorted(self.rows, row))
        if place == len(self.rows) or self.rows[place] != row:
            raise KeyError(row)
        return place


class Recommender:
    """Ranks the items of a live state, for one thread at a time."""

    def __init__(self, live: LiveState, drift: float = DRIFT) -> None:
        self.live = live
        self.standing = Standing(live, drift)

    def recommend(self, query: Query) -> list[Recommendation]:
        """Return the best items the person has not acted on, best first.

        Fewer than `n` come back only when fewer are left. The same query gives the same list.
        """
        request = Request.of(query, self.live, self.standing)
        mask = self.open(query, request)[: request.size]
        wanted = query.offset + query.n
        capped_ = query.author_cap is not None or query.category_cap is not None
        most = len(mask) if capped_ else max(POOL, 3 * wanted)
        scored = self.corrected(request, *candidates(request, mask, most))
        return [
            self.told(query, scored, row, query.offset + place + 1)
            for place, row in enumerate(self._page(query, scored).tolist())
        ]

    def score(self, query: Query) -> Scored:
        """Return the scores of every row, as if all might be shown; the trees judge the best."""
        request = Request.of(query, self.live, self.standing)
        rows: Rows = np.arange(request.size, dtype=np.int32)
        return self.corrected(request, rows, request.scores(rows))

    def corrected(self, request: Request, rows: Rows, scores: Floats) -> Scored:
        """Return rows and scores with what the trees add to the best of them."""
        added = corrections(self.live, request.profile, rows, scores)
        return Scored(request, rows, scores + added, added)

    def open(self, query: Query, request: Request) -> Mask:
        """Return which rows may be shown."""
        now = time.time() if query.now is None else query.now
        mask = allowed(self.live, query.filters, now)
        mask[request.seen] = False
        left_out = [self.live.row(item_id) for item_id in query.exclude]
        mask[[row for row in left_out if row >= 0]] = False
        if request.muted is not None:
            mask[: len(request.muted)] &= ~request.muted
        return mask

    def closed(self, query: Query, request: Request, row: int) -> str:
        """Return why a row is not shown: gone, seen, muted, filtered; empty when it may be."""
        live = self.live
        if live.gone[row]:
            return "gone"
        if row in request.seen:
            return "seen"
        if request.muted is not None and request.muted[row]:
            return "muted"
        return "" if self.open(query, request)[row] else "filtered"

    def _page(self, query: Query, scored: Scored) -> Rows:
        wanted = query.offset + query.n
        caps = (("author", query.author_cap), ("category", query.category_cap))
        limits = [(self.live.labels[name], cap) for name, cap in caps if cap is not None]
        most = max(POOL, 3 * wanted)  # that diversity chooses from
        among = len(scored.rows) if limits else most
        if self.live.marks.free:  # of copies, the best one is enough
            limits.append((self.live.marks.group, 1))
        places = best_places(scored.rows, scored.scores, among)
        places = places[capped(scored.rows[places], limits)][:most]
        rows = scored.rows[places]
        if query.diversity > 0:
            vectors = scoring.words_of(self.live, rows)
            rows = rows[diversified(rows, scored.scores[places], vectors, query.diversity, wanted)]
        return rows[query.offset : wanted]

    def told(self, query: Query, scored: Scored, row: int, rank: int) -> Recommendation:
        """Return an item of a list with its reasons, the first three or, to explain, all."""
        parts = self._groups(scored.request, row) + self._others(scored, row)
        kept = reasons.shared(parts, most=len(parts) if query.explain else 3)
        kept = tuple(self._told(scored.request, reason, query.language) for reason in kept)
        source = SOURCES[kept[0].kind] if kept else "popular"
        score = float(scored.scores[scored.place(row)])
        return Recommendation(self.live.item_id(row), score, rank, source, kept)

    def parts(self, scored: Scored, row: int) -> list[Reason]:
        """Return every part of a row's score, in no order; with the base they add up to it.

        Priors are told against the mean of the catalogue, so that they speak for an item only
        where it stands out.
        """
        request = scored.request
        values = scoring.split(self.live, request.profile, self.live.model.blend, row)
        return [
            Reason("because_you", 0.0, "", self.live.item_id(entry), value)
            for entry, value in zip(request.history.rows.tolist(), values.tolist(), strict=True)
            if value
        ] + self._others(scored, row)

    def _others(self, scored: Scored, row: int) -> list[Reason]:
        """Return the parts of a row's score that no item of the history gives."""
        request, one = scored.request, np.array([row], np.int32)
        table, blend, sample = request.table, self.live.model.blend, request.table.sample
        by_kind: dict[str, float] = {}
        stand_out = (table.values[:, row] - table.usual) * request.weights
        for name, value in zip(request.names, stand_out[: len(request.names)], strict=True):
            kind = priors.KINDS[name]
            by_kind[kind] = by_kind.get(kind, 0.0) + float(value)
        own, all_ = (
            scoring.passed_scores(self.live, request.history, blend, rows) for rows in (one, sample)
        )
        by_kind["fresh"] = float(own[0] - all_.mean())  # told against the mean as well
        words = scoring.words_of(self.live, one)[0]
        by_kind["search"], by_kind["interests"] = map(float, request.steering @ words)
        by_kind["flagged"] = -request.penalty * float(self.live.marks.score[row])
        by_kind["context"] = float(scored.corrections[scored.place(row)])
        steered = request.nudges.parts(row) if request.nudges is not None else []
        return [Reason(kind, 0.0, "", None, value) for kind, value in by_kind.items() if value] + [
            self._asked(control, value) for control, value in steered
        ]

    def _asked(self, control: Control, value: float) -> Reason:
        if control.kind == "item":
            return Reason("steered", 0.0, "", control.value, value)
        name = steering.name_of(self.live, control)
        return Reason("steered", 0.0, "", None, value, label=name)

    def _groups(self, request: Request, row: int) -> list[Reason]:
        """Return the parts that the history gives, in groups that are worth telling."""
        live, history = self.live, request.history
        values = scoring.split(live, request.profile, live.model.blend, row)
        found = carriers.groups(live, history, values, row)
        hidden = None if request.muted is None else request.muted[history.rows]
        return [carriers.reason(live, history, group, hidden) for group in found]

    def _told(self, request: Request, reason: Reason, language: str) -> Reason:
        """Put a reason into words; only those shown need any."""
        live, history = self.live, request.history
        if reason.kind == "steered":
            title = self.title(live.row(reason.item_id)) if reason.item_id else ""
            return replace(reason, text=reasons.asked(reason, title, language))
        if reason.kind != "because_you":
            return replace(reason, text=reasons.sentence(reason.kind, language=language))
        giving = [live.row(item_id) for item_id, value in reason.items if value > 0]
        rows = giving[: carriers.NAMED]
        weights = [float(history.weights[history.rows == row][0]) for row in rows]
        titles = [self.title(row) for row in rows]
        return replace(reason, text=carriers.tell(reason, titles, weights, language))

    def title(self, row: int) -> str:
        """Return what to call an item: its title, else the start of its text, else its id."""
        known = self.live.document(row)
        text = str(known.get("title") or known.get("text") or known["item_id"])
        return text if len(text) <= 60 else text[:59] + "…"


SOURCES = {
    "because_you": "neighbours",
    "steered": "steered",
    "interests": "interests",
    "search": "search",
    "trending": "trending",
    "popular": "popular",
    "liked": "popular",
    "fresh": "fresh",
    "context": "neighbours",
    "flagged": "popular",  # speaks for no item: never the first of its reasons
}
