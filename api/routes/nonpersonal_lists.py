"""Nonpersonal lists: /similar, /search, /trending, /latest, /popular."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recsys.ranking import nonpersonal_lists
from recsys.ranking.pinned_items import with_pins
from recsys.ranking.query import Filters, Recommendation

from ..handlers import list_pagination, nonpersonal_empty_list_reasons, pin_eligibility
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..runtime.served_model import ServedModel
from ..schemas.lists import (
    CountedPage,
    Page,
    PageParameters,
    SearchQuery,
    SimilarQuery,
    WindowQuery,
)
from .request_context import language, service

routes = Routes("lists")

Ranked = Callable[[ServedModel, int, Filters], Sequence[Recommendation]]


def answer(name: str, subject: object, base: str, given: PageParameters, ranked: Ranked) -> Any:
    """Return a page of a list that `ranked` makes."""
    serving = service().serving
    service().see_changes()
    cursor = list_pagination.opened(given, name, subject)
    filters, left_out = list_pagination.filters(given), set(given.exclude)
    list_pagination.check_where(serving.live, filters)

    chosen_language = language(given.lang)
    places, unpinned = pin_eligibility.open_places(
        given.pin, (), pin_eligibility.closed_by(serving.live, filters, left_out), chosen_language
    )
    left_out |= {place.item_id for place in places}

    def best(k: int) -> list[Recommendation]:
        with serving.feed.ranking:
            found = ranked(serving, k + len(left_out), filters)
        return with_pins([o for o in found if o.item_id not in left_out], places, chosen_language)[
            :k
        ]

    with service().metrics.stage(name):
        page = list_pagination.cut(cursor, given.n, best)
    notice = ""
    if len(page.items) < given.n and not page.more:
        so_far = len(page.items) + len(cursor.shown)
        notice = nonpersonal_empty_list_reasons.of_list(
            name, serving.live, given, filters, chosen_language, so_far
        )
    notices = [*unpinned, *list_pagination.warnings(serving.live, given)]
    entries = [list_pagination.entry(one, serving, given.fields) for one in page.items]
    if isinstance(given, WindowQuery):
        ids = [one.item_id for one in page.items]
        few = nonpersonal_lists.by_few(serving.live, ids, name, given.window, serving.min_people)
        for entry in (entries[place] for place in np.flatnonzero(few)):
            entry["score"] = None
    return {
        "model_version": serving.version,
        "degraded": not service().link.up,
        "items": entries,
        "next": list_pagination.next_url(
            base, given, page.after(one.item_id for one in page.items)
        ),
        **({"notice": notice} if notice else {}),
        **({"warnings": notices} if notices else {}),
    }


@routes.get(
    "/similar/<id:item_id>", "lists", own="nobody", query=PageParameters, answers=Page, fails=(404,)
)
def similar(item_id: str, query: PageParameters) -> Any:
    """Items like this one, by what users do and by words."""
    return _similar(item_id, query, list_pagination.path("/similar", item_id))


@routes.get("/similar", "lists", own="nobody", query=SimilarQuery, answers=Page, fails=(404,))
def similar_parameter(query: SimilarQuery) -> Any:
    """Items similar to one whose id a path cannot carry."""
    given = PageParameters.model_construct(
        **{name: getattr(query, name) for name in PageParameters.model_fields}
    )
    return _similar(query.item, given, list_pagination.with_id("/similar", query.item, "item"))


def _similar(item_id: str, given: PageParameters, base: str) -> Any:
    service().see_changes()
    live = service().serving.live
    row = live.row(item_id)
    if row < 0 or live.gone[row]:
        raise missing("item")
    chosen_language = language(given.lang)
    return answer(
        "similar",
        item_id,
        base,
        given,
        lambda s, k, f: nonpersonal_lists.similar(s.live, item_id, k, f, chosen_language),
    )


@routes.get("/search", "lists", own="nobody", query=SearchQuery, answers=Page)
def search(query: SearchQuery) -> Any:
    """Items whose text is closest to a query."""
    chosen_language = language(query.lang)
    return answer(
        "search",
        query.q,
        "/search",
        query,
        lambda s, k, f: nonpersonal_lists.search(s.live, query.q, k, f, chosen_language),
    )


@routes.get("/trending", "lists", own="nobody", query=WindowQuery, answers=CountedPage)
def trending(query: WindowQuery) -> Any:
    """Items with the most users now, older events decayed; `window` sets how fast.

    The score of an entry that fewer than RECSYS_MIN_PEOPLE stand behind is null.
    """
    chosen_language = language(query.lang)
    return answer(
        "trending",
        None,
        "/trending",
        query,
        lambda s, k, f: nonpersonal_lists.trending(s.live, k, f, query.window, chosen_language),
    )


@routes.get("/latest", "lists", own="nobody", query=PageParameters, answers=Page)
def latest(query: PageParameters) -> Any:
    """The newest items first."""
    chosen_language = language(query.lang)
    return answer(
        "latest",
        None,
        "/latest",
        query,
        lambda s, k, f: nonpersonal_lists.latest(s.live, k, f, chosen_language),
    )


@routes.get("/popular", "lists", own="nobody", query=WindowQuery, answers=CountedPage)
def popular(query: WindowQuery) -> Any:
    """Items with the most users, of all time or within a window.

    The score of an entry that fewer than RECSYS_MIN_PEOPLE stand behind is null.
    """
    chosen_language = language(query.lang)
    return answer(
        "popular",
        None,
        "/popular",
        query,
        lambda s, k, f: nonpersonal_lists.popular(s.live, k, f, query.window, chosen_language),
    )
