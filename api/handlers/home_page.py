"""Home page handler: validated parameters to the JSON of the response."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from recsys.empty_list_reasons import personal as personal_notice
from recsys.home_page import HomePage
from recsys.home_row_pages import RowPage, copy_groups, first_pages, later_page
from recsys.personal_list import OVERRIDES, ListRequest, UserState, query_of
from recsys.ranking.new_item_places import SOURCE, ReservedPlaces
from recsys.ranking.new_voices import SOURCE as NEW_VOICE
from recsys.ranking.pinned_items import SOURCE as PINNED
from recsys.ranking.query import Query
from recsys.store.exposures import Shown

from ..errors import ApiError
from ..http.cursor import MAX_SHOWN, Cursor, binding, mark
from ..runtime.app_state import AppState
from ..runtime.experiment_cache import Assignment
from ..runtime.served_model import ServedModel
from ..schemas.home import HomeParameters
from . import experiment_arms, pin_eligibility
from . import list_pagination as pages
from .personal_list import Recommend, count_new, exposure_of, new_voices

_SLOTS = {  # kinds of slots, by the source of an item
    SOURCE: "reserved",
    PINNED: "pinned",
    NEW_VOICE: NEW_VOICE,
}
_UNBOUND = frozenset({"explain", "fields", "lang", "row", "cursor"})  # may differ between pages


class Home:
    """Makes home pages with what the requests of a process share; `holder`: see `Recommend`."""

    def __init__(self, service: AppState, language: str, holder: str | None = None) -> None:
        self.service, self.language, self._holder = service, language, holder

    def answer(self, user_id: str, given: HomeParameters, base: str) -> dict[str, Any]:
        """Return a home page, or a later page of one of its rows, and remember what it shows."""
        user_state = Recommend(self.service, self.language).user_state(user_id)
        self.service.see_changes()
        assignment = experiment_arms.assigned(self.service, user_id)
        serving, cursor = (
            experiment_arms.model_of(self.service, assignment),
            _opened(given, user_id),
        )
        query = self._query(user_state, given, cursor.started, assignment.overrides)
        pages.check_where(serving.live, query.filters)
        with self.service.metrics.stage("home"), serving.feed.ranking:
            order = assignment.overrides.get("home_rows")
            row_pages = self._dealt(serving, user_state, query, given, cursor, order)
            notice = "" if row_pages else personal_notice(serving.recommender, query, True)
        answer_id = uuid.uuid4().hex
        warnings = pages.warnings(serving.live, given)
        shown = [one.item_id for each in row_pages for one in each.items]
        later = replace(
            cursor,
            skip=cursor.skip + (given.row is not None),
            shown=cursor.shown.union(map(mark, shown)),
        )
        answer = {
            "user": user_id,
            "recommendation_id": answer_id,
            "model_version": serving.version,
            "cold_start": user_state.cold,
            "degraded": user_state.degraded,
            "variant": experiment_arms.variant_json(assignment),
            "rows": [
                {
                    "row": each.row.key,
                    "kind": each.row.kind,
                    "title": each.row.title,
                    "reason": each.row.reason,
                    "source": each.row.source,
                    "item_id": each.row.item_id or None,
                    "items": [
                        pages.entry(one, serving, given.fields, given.explain) for one in each.items
                    ],
                    "next": _next(base, user_id, given, each, later),
                }
                for each in row_pages
            ],
            **({"notice": notice} if notice else {}),
            **({"warnings": warnings} if warnings else {}),
        }
        self._remember(answer_id, serving, user_state, row_pages, assignment)
        return answer

    def _query(
        self,
        user_state: UserState,
        given: HomeParameters,
        now: float,
        overrides: Mapping[str, Any],
    ) -> Query:
        request = ListRequest(
            exclude=frozenset(given.exclude),
            filters=pages.filters(given),
            own=given.own,
            explain=given.explain,
            language=self.language,
            now=now,
            **{name: value for name, value in overrides.items() if name in OVERRIDES},
        )
        return query_of(user_state, request, self.service.settings.repeat_categories)

    def _dealt(
        self,
        serving: ServedModel,
        user_state: UserState,
        query: Query,
        given: HomeParameters,
        cursor: Cursor,
        order: Sequence[str] | None = None,
    ) -> list[RowPage]:
        """Return the rows of the page; one row where more of it is requested.

        `order`: kinds of the rows that an arm shows, in their order; None: all.
        """
        reserved = ReservedPlaces(self.service.exposure_share)
        places = pin_eligibility.of_operators(self.service)
        voices = new_voices(self.service)
        home = HomePage(serving.recommender, user_state, query, reserved, places, voices)
        page = 1 if given.row is None else cursor.skip + 2
        depth = 1 + len(cursor.shown) + given.n * given.rows * page
        rows = home.rows(depth)
        if order is not None:
            place = {kind: number for number, kind in enumerate(order)}
            rows = sorted(
                (row for row in rows if row.kind in place), key=lambda row: place[row.kind]
            )
        rows = rows[: given.rows]
        accepts, group_of = _not_shown_before(cursor), copy_groups(serving.live)
        if given.row is None:
            return first_pages(rows, given.n, accepts, group_of)
        if all(row.key != given.row for row in rows):
            own = home.row(given.row, depth)
            if own is None:
                raise ApiError(404, f"there is no row {given.row!r}")
            rows.append(own)
        found = later_page(rows, given.row, page, given.n, accepts, group_of)
        return [found] if found.items else []

    def _remember(
        self,
        answer_id: str,
        serving: ServedModel,
        user_state: UserState,
        row_pages: Sequence[RowPage],
        assignment: Assignment,
    ) -> None:
        items = [(each.row.key, one) for each in row_pages for one in each.items]
        if not items:
            return
        shown = tuple(
            Shown(
                one.item_id,
                place,
                one.source,
                None if one.source == PINNED else 1.0,
                _SLOTS.get(one.source, "ranked"),
                key,
            )
            for place, (key, one) in enumerate(items, start=1)
        )
        count_new(self.service, serving, shown, self._holder)
        self.service.exposures.shown(
            exposure_of(self.service, answer_id, serving, user_state, shown, assignment)
        )


def _opened(given: HomeParameters, user_id: str) -> Cursor:
    """Return where a request starts to read; 409 when its cursor belongs elsewhere."""
    if (given.row is None) != (given.cursor is None):
        raise ApiError(409, "row and cursor go together: take both from `next` of a row")
    bound = _bound(given, user_id, given.row or "")
    return Cursor.start(bound) if given.cursor is None else Cursor.read(given.cursor, bound)


def _bound(given: HomeParameters, user_id: str, row: str) -> int:
    kept = {name: value for name, value in pages.changed(given).items() if name not in _UNBOUND}
    return binding("home", user_id, row, kept)


def _next(
    base: str, user_id: str, given: HomeParameters, each: RowPage, after: Cursor
) -> str | None:
    """Return the URL of more of a row; None at its end, or where a cursor would be too long."""
    if not each.more or len(after.shown) + given.n > MAX_SHOWN:
        return None
    bound = _bound(given, user_id, each.row.key)
    values = {**pages.changed(given), "row": each.row.key}
    return pages.url_with_cursor(base, values, replace(after, bound=bound))


def _not_shown_before(cursor: Cursor) -> Callable[[str], bool]:
    return lambda item_id: mark(item_id) not in cursor.shown
