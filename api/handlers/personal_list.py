"""Recommendation handler: validated parameters to the JSON of a personal list."""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from recsys.empty_list_reasons import personal as personal_notice
from recsys.errors import StoreError
from recsys.experiments.definition import Arm
from recsys.exploration import EMPTY_POOL, Method, Placed, explored, pool_of
from recsys.i18n import SOURCE
from recsys.personal_list import ListRequest, UserState, personal_place, query_of, ranked
from recsys.ranking.history import acts
from recsys.ranking.new_item_places import ReservedPlaces
from recsys.ranking.new_voices import NewVoices
from recsys.ranking.pinned_items import PinnedPlace, with_pins, without_items
from recsys.ranking.query import Interaction, Query, Recommendation
from recsys.store.exposures import Exposure, Shown

from ..http.cursor import Cursor, mark
from ..http.responses import json_bytes
from ..runtime.app_state import AppState
from ..runtime.experiment_cache import NOBODY, Assignment
from ..runtime.exposure_write_buffer import still_seen
from ..runtime.served_model import ServedModel
from ..schemas.lists import SessionBody, SteerParameters
from . import experiment_arms, pin_eligibility
from . import list_pagination as pages

log = logging.getLogger("recsys.api")

NO_TEAMS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MadeList:
    """A list that is ready to be sent."""

    answer: dict[str, Any]  # as JSON knows it
    exposure: Exposure
    kind: str  # in the figures: personal, cold or degraded


class Recommend:
    """Makes personal lists with what the requests of a process share.

    `holder`: of the token that the request has; see `ExposureShare`.
    """

    def __init__(
        self, service: AppState, language: str = SOURCE, holder: str | None = None
    ) -> None:
        self.service = service
        self.language = language  # of the reasons
        self._holder = holder

    def for_user(self, user_id: str, given: SteerParameters, base: str) -> bytes:
        """Return the answer for a user, a kept one while nothing has changed."""
        service = self.service
        assignment = experiment_arms.assigned(service, user_id)
        made_with = experiment_arms.overridden(given, assignment.overrides)
        if service.settings.cache_entries <= 0 or not _keepable(made_with, assignment):
            return json_bytes(self.answer(self.user_state(user_id), given, base))
        serving = experiment_arms.model_of(service, assignment)
        key = (user_id, given.model_dump_json(), base, self.language)
        stamp = service.link.stamp()
        kept = service.cache.get(key)
        if kept and stamp is not None and kept.stamp == stamp and service.link.up:
            service.metrics.cached.inc()
            return kept.body
        user_state = self.user_state(user_id)
        service.see_changes()
        listing = serving.live.listing
        now = time.time()
        held = tuple(pin.id for pin in service.pins.in_force(now))
        arms = (service.experiments.version(now), tuple(assignment.logged.items()))
        state = (serving.version, serving.feed.items, listing.version, user_state.mark, held, arms)
        if kept and kept.state == state and not user_state.degraded:
            kept.stamp = stamp
            service.metrics.cached.inc()
            return kept.body
        serving.live.listed()  # as of now
        change = listing.next_change
        body = json_bytes(self.answer(user_state, given, base))
        if not user_state.degraded:
            lasts = min(
                change - serving.live.clock(),
                service.pins.next_change(now) - now,
                service.experiments.next_change(now) - now,
            )
            service.cache.put(key, state, stamp, body, lasts)
        return body

    def user_state(self, user_id: str) -> UserState:
        """Return what the store knows of a user at this moment."""
        service = self.service
        try:
            past, graph = service.past(user_id), service.follow_graph()
            with service.link.use() as store:
                known = None
                if graph is not None and service.serving_or_none is not None:
                    known = service.follow_signals.of(store, user_id, service.serving.live)
                read = UserState.read(
                    store, past, user_id, service.comment_scorer, service.settings.weights, known
                )
                if service.serving_or_none is None:
                    return read
                return service.author_names.named(store, service.serving.live, read)
        except StoreError:
            return UserState(user_id, degraded=True)

    def session(self, given: SessionBody) -> UserState:
        """Return the history of a body, after what the store knows when it names a user."""
        known = self.user_state(given.user) if given.user else UserState(None)
        result = tuple(
            Interaction(e.item_id, e.event, e.value, e.timestamp) for e in given.events
        ) + tuple(Interaction(item_id, "like") for item_id in given.items)
        result = acts(result, self.service.settings.weights)
        interests = known.interests + tuple(given.interests)
        return replace(known, history=known.history + result, interests=interests)

    def session_warnings(self, given: SessionBody) -> list[str]:
        """Return what of a body counts for nothing: kinds and items that are not known."""
        weights = self.service.settings.weights
        found = [
            f"events: the kind {one['event']!r} is not known and counts for nothing"
            + (f"; is {one['nearest']!r} meant?" if one["nearest"] else "")
            for one in weights.unknown_kinds(Counter(each.event for each in given.events))
        ]
        live = experiment_arms.model_of(self.service, NOBODY).live
        named = dict.fromkeys([*(each.item_id for each in given.events), *given.items])
        odd = [item_id for item_id in named if live.row(item_id) < 0]
        if odd:
            more = f" and {len(odd) - 1:,} more" if len(odd) > 1 else ""
            found.append(f"there is no item of this id: {odd[0]!r}{more}")
        return found

    def answer(self, user_state: UserState, given: SteerParameters, base: str) -> dict[str, Any]:
        """Return a list as JSON knows it, and remember what it shows."""
        made = self.made(user_state, given, base)
        self.remember([made])
        return made.answer

    def made(
        self, user_state: UserState, given: SteerParameters, base: str, preview: bool = False
    ) -> MadeList:
        """Return a list that counts as shown once it is given to `remember`.

        Places of new items count towards their share of lists at once: the next list of the same
        answer must stay within it. `preview`: they do not, since nobody is shown the list, and no
        experiment changes it.
        """
        self.service.see_changes()
        metrics = self.service.metrics
        assignment = NOBODY
        if not preview:
            assignment = experiment_arms.assigned(self.service, user_state.user_id)
        serving = experiment_arms.model_of(self.service, assignment)
        cursor = pages.opened(given, "recommend", user_state.user_id)
        made_with = experiment_arms.overridden(given, assignment.overrides)
        query = self.query(user_state, made_with, cursor.started)
        if assignment.overrides:
            query = replace(query, **experiment_arms.weights(assignment.overrides))
        pages.check_where(serving.live, query.filters)
        serving.find_phrases(query)
        with metrics.stage("recommend"):
            places, unpinned = self._pins(serving, query, given.pin)
            ranking = without_items(query, places)

            drafted = experiment_arms.Drafted(assignment.interleaved, user_state.user_id, cursor)

            def ranked_by(arm: Arm | None, k: int) -> Sequence[Recommendation]:
                if arm is None:
                    return self._best(serving, ranking, k)
                own = self._of_arm(user_state, made_with, arm, cursor.started)
                model = experiment_arms.model_named(self.service, arm.bundle)
                return self._best(model, without_items(own, places), k)

            def best(k: int) -> Sequence[Recommendation]:
                found = drafted.best(ranked_by, serving.live, k)
                return with_pins(found, places, self.language)[:k]

            page = pages.cut(cursor, given.n, best)
            placed = self._placed(
                serving, page.items, query, made_with.explore, cursor, made_with.explore_by
            )
            placed = _with_repeats(placed, query)
        after = page.after(one.item.item_id for one in placed)
        answer_id = uuid.uuid4().hex
        exposure = self.exposure(
            answer_id, serving, user_state, placed, assignment, drafted.team_of
        )
        if not preview:
            count_new(self.service, serving, exposure.items, self._holder)
        with metrics.stage("documents"):
            entries = [
                pages.entry(one.item, serving, given.fields, given.explain) for one in placed
            ]
        notice = ""
        if len(entries) < given.n and not page.more:
            with serving.feed.ranking:
                notice = personal_notice(serving.recommender, query, not cursor.shown)
        warnings = [*unpinned, *pages.warnings(serving.live, given)]
        answer = {
            "user": user_state.user_id,
            "recommendation_id": answer_id,
            "model_version": serving.version,
            "cold_start": user_state.cold,
            "degraded": user_state.degraded,
            "variant": experiment_arms.variant_json(assignment),
            "items": entries,
            "next": pages.next_url(base, given, after) if base else None,
            **({"personal": personal_place(query, serving.live)} if given.explain else {}),
            **({"notice": notice} if notice else {}),
            **({"warnings": warnings} if warnings else {}),
        }
        kind = "degraded" if user_state.degraded else "cold" if user_state.cold else "personal"
        return MadeList(answer, exposure, kind)

    def remember(self, lists: Sequence[MadeList]) -> None:
        """Log lists as shown, all those of an answer when the answer is complete."""
        metrics = self.service.metrics
        for one in lists:
            metrics.lists.labels(one.kind).inc()
            for source, count in Counter(item.source for item in one.exposure.items).items():
                metrics.shown.labels(source).inc(count)
            self.service.exposures.shown(one.exposure)

    def _of_arm(self, user_state: UserState, given: SteerParameters, arm: Arm, now: float) -> Query:
        """Return the query of an arm of an interleaved list."""
        own = experiment_arms.overridden(given, arm.overrides)
        found = self.query(user_state, own, now)
        return replace(found, **experiment_arms.weights(arm.overrides))

    def _pins(
        self, serving: ServedModel, query: Query, pinned: Sequence[str]
    ) -> tuple[list[PinnedPlace], list[str]]:
        """Return the pins of a list, and why some of the request do not hold."""
        others = pin_eligibility.of_operators(self.service)
        if not pinned and not others:
            return [], []
        with serving.feed.ranking:
            closed = pin_eligibility.closed_to(serving.recommender, query)
            return pin_eligibility.open_places(pinned, others, closed, self.language)

    def _best(self, serving: ServedModel, query: Query, k: int) -> Sequence[Recommendation]:
        """Return the best k items of a query; the last one only tells that another page follows."""
        reserved = ReservedPlaces(self.service.exposure_share)
        with serving.feed.ranking:
            return ranked(serving.recommender, query, k - 1, reserved, new_voices(self.service))

    def query(self, user_state: UserState, given: SteerParameters, now: float) -> Query:
        """Return the query of one request."""
        request = ListRequest(
            words=given.q,
            exclude=frozenset(given.exclude) | self._seen(user_state, given),
            filters=pages.filters(given),
            own=given.own,
            repeat=given.repeat,
            diversity=given.diversity,
            calibration=given.calibration,
            personal=given.personal,
            author_cap=given.author_cap,
            category_cap=given.category_cap,
            explain=given.explain,
            language=self.language,
            now=now,
        )
        return query_of(user_state, request, self.service.settings.repeat_categories)

    def _seen(self, user_state: UserState, given: SteerParameters) -> set[str]:
        if not given.impressions or user_state.user_id is None or user_state.degraded:
            return set()
        who = self.service.pseudonyms.of(user_state.user_id)
        half_life = self.service.settings.impression_half_life
        waiting = self.service.exposures.waiting(who)
        try:
            with self.service.link.use():
                written = self.service.link.exposures().shown_to(who, time.time() - 7 * half_life)
        except StoreError:
            written = []
        return still_seen(waiting + written, half_life)

    def _placed(
        self,
        serving: ServedModel,
        items: list[Recommendation],
        query: Query,
        share: float,
        cursor: Cursor,
        method: Method,
    ) -> list[Placed]:
        if not share:
            return explored(items, EMPTY_POOL, 0.0, self.service.rng)
        rates: Mapping[str, tuple[float, float]] = {}
        if method == "thompson":
            rates = self.service.new_item_rates.wanted()
        with serving.feed.ranking:
            pool = pool_of(serving.recommender, query, rates)
        shown = [one.item_id for one in pool.items if mark(one.item_id) in cursor.shown]
        return explored(items, pool.without(shown), share, self.service.rng, method)

    def exposure(
        self,
        answer_id: str,
        serving: ServedModel,
        user_state: UserState,
        placed: list[Placed],
        assignment: Assignment = NOBODY,
        team_of: Mapping[str, str] = NO_TEAMS,
    ) -> Exposure:
        """Return the row of the exposure log of a list; `team_of`: arm by item, of interleaving."""
        shown = tuple(
            Shown(
                p.item.item_id,
                p.item.rank,
                p.item.source,
                None if p.propensity is None else round(p.propensity, 6),
                p.slot_kind,
                team=None if p.slot_kind == "explore" else team_of.get(p.item.item_id),
            )
            for p in placed
        )
        return exposure_of(self.service, answer_id, serving, user_state, shown, assignment)


def exposure_of(
    service: AppState,
    answer_id: str,
    serving: ServedModel,
    user_state: UserState,
    shown: tuple[Shown, ...],
    assignment: Assignment,
) -> Exposure:
    """Return the row of the exposure log of an answer that is made now."""
    who = service.pseudonyms.of(user_state.user_id) if user_state.user_id else ""
    return Exposure(
        answer_id, time.time(), serving.version, who, user_state.kind, shown, assignment.logged
    )


def new_voices(service: AppState) -> NewVoices | None:
    """Return what gives places to new creators; None without a floor."""
    return NewVoices(service.creator_floor) if service.creator_floor.share > 0 else None


def count_new(
    service: AppState, serving: ServedModel, shown: Sequence[Shown], holder: str | None
) -> None:
    """Count the places of new items and of new creators towards their shares of lists."""
    now, live, floor = time.time(), serving.live, service.creator_floor
    new = [one.item_id for one in shown if one.slot_kind == "reserved"]
    rows = np.array(live.ids.rows(new), np.int32)
    service.exposure_share.record(live, rows, now, holder)
    if shown and floor.share > 0:
        rows = np.array(live.ids.rows([one.item_id for one in shown]), np.int32)
        floor.record(floor.of_new(live, rows, now), now, first=max(shown[0].position - 1, 0))


def _with_repeats(placed: list[Placed], query: Query) -> list[Placed]:
    """Return the places, those of items that the user has taken up before as of kind `repeat`."""
    if not (query.repeat or query.repeat_categories):
        return placed  # no list holds such items
    acted = {one.item_id for one in query.history}
    if query.taken is not None:
        acted.update(query.taken.ids)
    return [
        one._replace(slot_kind="repeat")
        if one.slot_kind == "ranked" and one.item.item_id in acted
        else one
        for one in placed
    ]


def _keepable(given: SteerParameters, assignment: Assignment) -> bool:
    drawn = given.explore or given.impressions or assignment.interleaved is not None
    return given.cursor is None and not drawn
