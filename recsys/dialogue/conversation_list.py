"""Conversation list: the items that a conversation's wishes leave, ranked by the one recommender.

Filters hold together; where nothing is left, the oldest is relaxed first. "Less" of a target leaves
it one place in ten, "more" gives it at least half of the places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.dialogue.commands import Steer, Target
from recsys.dialogue.comparable_fields import ORDERS, ItemFields
from recsys.dialogue.conversation import Conversation, Critique
from recsys.dialogue.length_limits import limit_of_value
from recsys.dialogue.rational_speech_acts import STRENGTH, log_likelihood
from recsys.i18n import translate
from recsys.ranking import nonpersonal_lists
from recsys.ranking.candidates import candidates
from recsys.ranking.filters import allowed, capped
from recsys.ranking.gbdt_rerank import POOL, best_places
from recsys.ranking.query import Filters, Query, Reason, Recommendation
from recsys.ranking.request_scorer import Request
from recsys.ranking.user_controls import carrying
from recsys.recommender import Recommender, Scored
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control

SPARSE_SHARE = 10  # of places, one is left to a target that is wanted less
TONED = 150  # best rows whose tone is read where items are compared by it
STEERED = "You asked for more of {name}"
NEAR = 300  # items like one, or found by words, among which filters choose; those that are sorted


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of a conversation, and what of its wishes does not hold."""

    items: tuple[Recommendation, ...] = ()
    relaxed: tuple[Critique, ...] = ()  # filters that left nothing, the oldest first
    left: int = 0  # items that passed all filters, at most as many as were looked at
    unknown: tuple[Critique, ...] = ()  # comparisons by a field that the items do not have
    waived_from: int = 0  # items that fulfil every wish, where places were left; 0: all do
    waived_by: tuple[Critique, ...] = ()  # the wishes that items after these lack
    known: bool = False  # the words of the search are in items alone that are seen or hidden


def _excludes(critique: Critique) -> bool:
    return critique.steer is not None and critique.steer.action == "mute"


def target_mask(
    live: LiveState,
    target: Target,
    fields: ItemFields,
    size: int,
    follows: Sequence[str] = (),
) -> Mask:
    """Return which of the first `size` rows a target is about. `follows`: ids of the user's."""
    if target.kind == "either":
        parts = [target_mask(live, one, fields, size, follows) for one in target.either]
        return np.asarray(np.logical_or.reduce(parts), bool)
    if target.kind == "followed":
        codes = [code for name in follows if (code := live.code("author", name)) >= 0]
        return np.isin(live.labels["author"][:size], codes)
    if target.kind == "length":
        least, most = limit_of_value(target.value)
        minutes = fields.values("minutes")
        if minutes is None:
            return np.zeros(size, bool)
        with np.errstate(invalid="ignore"):
            return np.asarray((minutes[:size] >= least) & (minutes[:size] <= most), bool)
    if target.kind == "years":
        first, _, last = target.value.partition("-")
        values = fields.values("year")
        if values is None:
            return np.zeros(size, bool)
        with np.errstate(invalid="ignore"):
            whole = np.floor(values[:size])
            return np.asarray((whole >= int(first)) & (whole <= int(last)), bool)
    if target.kind == "dates":
        first, _, last = target.value.partition("/")
        created = live.created[:size]
        with np.errstate(invalid="ignore"):
            later = created >= datetime.fromisoformat(first).timestamp()
            return np.asarray(later & (created < datetime.fromisoformat(last).timestamp()), bool)
    if target.kind in ("entity", "language"):
        labels = frozenset({target.value})
        own = (
            Filters(entity=labels)
            if target.kind == "entity"
            else Filters(language=labels, strict_language=True)
        )
        return allowed(live, own, 0.0, unlisted=True)[:size]
    value = target.value or target.words
    return carrying(live, Control(0, "boost", target.kind, value, 0.0), size)


class ConversationList:
    """Makes the lists of conversations over one recommender, for one thread at a time."""

    def __init__(
        self, recommender: Recommender, fields: ItemFields, follows: Sequence[str] = ()
    ) -> None:
        """`follows`: ids of the authors and users whom the user follows."""
        self.recommender, self.fields = recommender, fields
        self.live, self._follows = recommender.live, follows

    def of_user(self, follows: Sequence[str]) -> ConversationList:
        """Return what makes the lists of another user, who follows these."""
        return ConversationList(self.recommender, self.fields, follows)

    def about(self, target: Target, size: int) -> Mask:
        """Return which of the first `size` rows a target is about."""
        return target_mask(self.live, target, self.fields, size, self._follows)

    def make(
        self,
        query: Query,
        conversation: Conversation,
        n: int,
        further: bool,
        strict: bool = False,
    ) -> Listed:
        """Return the list of a conversation; `further`: without what it has shown already.

        `strict`: without items where a wish would have to be relaxed.
        """
        find = conversation.find
        language = query.language
        request = self.recommender.request(query)
        mask = self.recommender.open(query, request)[: request.size]
        if further:
            rows = [self.live.row(one) for one in conversation.shown]
            mask[[row for row in rows if 0 <= row < len(mask)]] = False
        critiques = list(conversation.critiques)
        own = [
            Critique(than=one, reference=(find.like.value,) if find.like else conversation.listed)
            for one in find.than
        ]
        if find.target is not None:
            mask &= self.about(find.target, len(mask))
        if find.within is not None:
            own.append(Critique(Steer("only", find.within)))
        critiques = [*critiques, *own]
        filters, unknown = self._filters(critiques, len(mask))
        base, source = self._base(query, conversation, mask)
        wanted, known = self._matching(find.words, base, source)
        kept_out = base.copy()
        for one, holds in filters:
            if _excludes(one):
                kept_out &= holds
        if not (wanted & kept_out).any():  # nothing that is muted comes back for a search
            wanted, known = base, known or not np.array_equal(wanted, base)
        relaxed: list[Critique] = []
        waived_from, waived_by = 0, list[Critique]()
        for one, holds in list(filters):  # what leaves nothing by itself is no reason to end others
            if one in own and not (wanted & holds).any() and not strict:
                filters = [each for each in filters if each[0] is not one]
                relaxed.append(one)
        while True:
            combined = base.copy()
            for _, holds in filters:
                combined &= holds
            if (combined & wanted).any() or not filters:
                break
            if strict:
                return Listed(unknown=tuple(unknown))
            relaxed.append(filters.pop(0)[0])
        toned = [one for one in critiques if one.than in ("lighter", "darker") and not one.order]
        if source is not None:
            items = self._of_source(source, combined, conversation.critiques, toned, n)
            if find.like is None:
                items = tuple(nonpersonal_lists.with_matches(self.live, find.words, items))
        else:
            items = self._ranked(query, request, combined, conversation.critiques, toned, n)
            lacking = self._lacking(filters, base) if items and not own and len(items) < n else ()
            for waived, passing in lacking:  # the places that are left
                passing[[self.live.row(one.item_id) for one in items]] = False
                more = n - len(items)
                if not more or not passing.any():
                    continue
                if not waived_from:
                    waived_from = len(items)
                waived_by.append(waived)
                found = self._ranked(query, request, passing, conversation.critiques, toned, more)
                ranks = range(len(items) + 1, n + 1)
                added = [one._replace(rank=at) for at, one in zip(ranks, found, strict=False)]
                items = (*items, *added)
        items = tuple(self.with_steered(one, conversation.critiques, language) for one in items)
        return Listed(
            items,
            tuple(relaxed),
            int(combined.sum()),
            tuple(unknown),
            waived_from,
            tuple(waived_by),
            known,
        )

    def _ranked(
        self,
        query: Query,
        request: Request,
        mask: Mask,
        critiques: Sequence[Critique],
        toned: Sequence[Critique],
        n: int,
    ) -> tuple[Recommendation, ...]:
        found = candidates(request, mask, max(POOL, 6 * n))
        scored = self.recommender.corrected(request, mask, *found)
        return self._personal(query, scored, critiques, toned, n)

    @staticmethod
    def _lacking(
        filters: Sequence[tuple[Critique, Mask]], base: Mask
    ) -> Iterator[tuple[Critique, Mask]]:
        """Yield a wish that is waived, the oldest first, and the rows that pass the others.

        What is not wanted at all is never waived, nor the newest wish; for a comparison, none is.
        """
        if not filters or filters[-1][0].steer is None:
            return
        kept = list(filters)
        for one in [filter for filter in filters[:-1] if not _excludes(filter[0])]:
            kept = [each for each in kept if each[0] is not one[0]]
            passing = base.copy()
            for _, holds in kept:
                passing &= holds
            yield one[0], passing

    def _base(
        self, query: Query, conversation: Conversation, mask: Mask
    ) -> tuple[Mask, list[Recommendation] | None]:
        """Return the rows that a list may hold, and a list that is ranked already, if it is one."""
        find = conversation.find
        language = query.language
        if find.like is not None and find.like.kind == "item":
            found = nonpersonal_lists.similar(self.live, find.like.value, NEAR, Filters(), language)
        elif find.words and find.target is None:
            found = nonpersonal_lists.near_by_words(
                self.live, find.words, NEAR, Filters(), language
            )
        else:
            return mask, None
        rows = np.array([self.live.row(one.item_id) for one in found], np.int32)
        among = np.zeros(len(mask), bool)
        among[rows[rows < len(mask)]] = True
        return mask & among, found

    def _matching(
        self, words: str, base: Mask, source: Sequence[Recommendation] | None
    ) -> tuple[Mask, bool]:
        """Return the open rows of a search that hold its words, and whether only others do.

        All open rows where none holds them, and of a list without words.
        """
        if source is None or not words:
            return base, False
        found = nonpersonal_lists.with_matches(self.live, words, source)
        rows = [self.live.row(one.item_id) for one in found if one.reasons]
        matching = np.zeros(len(base), bool)
        matching[[row for row in rows if row < len(base)]] = True
        is_open = bool((matching & base).any())
        return (matching & base if is_open else base), bool(rows) and not is_open

    def _filters(
        self, critiques: Sequence[Critique], size: int
    ) -> tuple[list[tuple[Critique, Mask]], list[Critique]]:
        found: list[tuple[Critique, Mask]] = []
        unknown: list[Critique] = []
        for one in critiques:
            if one.steer is not None and one.filters:
                about = self.about(one.steer.target, size)
                found.append((one, about if one.steer.action == "only" else ~about))
            elif one.order:
                if one.than is not None and not self.fields.sorts(one.than):
                    unknown.append(one)
            elif one.than is not None and ORDERS[one.than].field != "tone":
                holds = self.fields.holds(one.than, self._rows(one.reference), size)
                if holds is None:
                    unknown.append(one)
                else:
                    found.append((one, holds))
        return found, unknown

    def _rows(self, ids: Sequence[str]) -> Rows:
        rows = [self.live.row(one) for one in ids]
        return np.array([row for row in rows if row >= 0], np.int32)

    def _toned(self, rows: Rows, toned: Sequence[Critique]) -> Rows:
        """Return the rows that are lighter or darker than wanted; all where none is."""
        for one in toned:
            sign = ORDERS[one.than].sign if one.than is not None else 1
            holds = self.fields.tone_holds(sign, self._rows(one.reference), rows)
            rows = rows[holds] if holds.any() else rows
        return rows

    def _sorted(self, rows: Rows, critiques: Sequence[Critique]) -> Rows:
        """Return the best NEAR rows in the order that the latest wish for one asks for."""
        wished = [one.than for one in critiques if one.order and one.than is not None]
        return self.fields.sorted_rows(wished[-1], rows[:NEAR]) if wished else rows

    def _of_source(
        self,
        source: Sequence[Recommendation],
        mask: Mask,
        critiques: Sequence[Critique],
        toned: Sequence[Critique],
        n: int,
    ) -> tuple[Recommendation, ...]:
        rows = np.array([self.live.row(one.item_id) for one in source], np.int32)
        rows = rows[mask[rows]] if len(rows) else rows
        if toned:
            rows = self._toned(rows[:TONED], toned)
        rows = self._with_quotas(self._sorted(rows, critiques), critiques, n)
        by_id = {one.item_id: one for one in source}
        kept = [by_id[self.live.item_id(row)] for row in rows[:n].tolist()]
        return tuple(one._replace(rank=place) for place, one in enumerate(kept, start=1))

    def _personal(
        self,
        query: Query,
        scored: Scored,
        critiques: Sequence[Critique],
        toned: Sequence[Critique],
        n: int,
    ) -> tuple[Recommendation, ...]:
        scores = scored.scores
        said = log_likelihood(self.live, critiques, scored.rows)
        if said is not None and len(scores):
            scores = scores + STRENGTH * float(scores.std()) * said
        places = best_places(scored.rows, scores, len(scored.rows))
        rows = scored.rows[places]
        if self.live.marks.free:  # of copies, the best one is enough
            rows = rows[capped(rows, [(self.live.marks.group, 1)])]
        if toned:
            rows = self._toned(rows[:TONED], toned)
        rows = self._with_quotas(self._sorted(rows, critiques), critiques, n)
        found = self.recommender.with_reasons(replace(query, n=n), scored, rows)
        return tuple(found)

    def with_steered(
        self, one: Recommendation, critiques: Sequence[Critique], language: str
    ) -> Recommendation:
        """Return an item that has no reason with the wish that it stands for, if there is one."""
        if one.reasons:
            return one
        row = self.live.row(one.item_id)
        for critique in reversed(critiques):
            steer = critique.steer
            if steer is not None and steer.action in ("only", "more"):
                if self.about(steer.target, self.live.size)[row]:
                    text = translate(STEERED, language, name=steer.target.called)
                    return one._replace(reasons=(Reason("steered", 1.0, text),))
        return one

    def _with_quotas(self, rows: Rows, critiques: Sequence[Critique], n: int) -> Rows:
        """Return the first n rows, so that "less" and "more" have their shares of the places."""
        less, more = self._shared(rows, critiques, "less"), self._shared(rows, critiques, "more")
        if less is None and more is None:
            return rows[:n]
        sparse, chosen, rest = 0, [], []
        for place in range(len(rows)):
            if less is not None and less[place]:
                if sparse >= n // SPARSE_SHARE:
                    rest.append(place)
                    continue
                sparse += 1
            chosen.append(place)
        order = chosen
        if more is not None:
            own = [place for place in chosen if more[place]]
            head = set(chosen[:n])
            missing = (n + 1) // 2 - sum(more[place] for place in head)
            add = [place for place in own if place not in head][: max(missing, 0)]
            drop = [place for place in reversed(chosen[:n]) if not more[place]][: len(add)]
            kept = [place for place in chosen[:n] if place not in set(drop)] + add
            order = sorted(kept)
        return rows[(order + rest if len(order) < n else order)[:n]]

    def _shared(self, rows: Rows, critiques: Sequence[Critique], action: str) -> Mask | None:
        found: Mask | None = None
        for one in critiques:
            if one.steer is not None and one.steer.action == action:
                about = self.about(one.steer.target, self.live.size)
                found = about[rows] if found is None else found | about[rows]
        return found
