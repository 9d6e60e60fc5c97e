"""/api: lists in Gorse's wire format, for existing Gorse clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from flask import g

from recsys.data.api_roles import roles_with
from recsys.data.records import Event
from recsys.personal_list import UserState
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters, Interaction, Recommendation
from recsys.serving.live_state import LiveState

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..handlers.personal_list import Recommend
from ..http.endpoint_declaration import Routes, View
from ..runtime.request_audit import LIST
from ..schemas.field_types import MAX_LIST, MAX_N, listed
from ..schemas.gorse import ListQuery, SessionFeedback
from ..schemas.lists import SteerParameters
from .request_context import about, service

routes = Routes("gorse")

# What was merely shown is no sign of liking: it weighs nothing, and Gorse shows it no more.
WRITTEN_BACK = "impression"
Ranked = Callable[[LiveState, int, Filters], Sequence[Recommendation]]


def _route(
    method: str, *paths: str, answers: Any, body: Any = None, in_category: str = ""
) -> Callable[[View], View]:
    """Declare a list at some paths and, if `in_category`, at the first one + `/<category>`.

    The view takes `categories`: those of the query, or the one of the path. `in_category`: the
    description of the route with a category in its path, whose operation is `NAME_category`.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def by_query(query: ListQuery, **values: Any) -> Any:
            return view(query=query, categories=query.category, **values)

        def by_path(category: str, query: ListQuery, **values: Any) -> Any:
            return view(query=query, categories=[category], **values)

        by_path.__name__, by_path.__doc__ = f"{view.__name__}_category", in_category
        views: list[tuple[str, View]] = [(path, by_query) for path in paths]
        if in_category:
            views.append((f"{paths[0]}/<category>", by_path))
        for path, named in views:
            routes.route(
                method,
                path,
                "lists",
                query=ListQuery,
                body=body,
                answers=answers,
                loose=True,
                unaudited=LIST,
            )(named)
        return view

    return declare


@_route(
    "GET",
    "/api/recommend/<user>",
    "/api/recommend/<user>/",
    answers=list[str],
    in_category="Ids for a user, in a category.",
)
def recommend(user: str, query: ListQuery, categories: list[str]) -> list[str]:
    """Ids for a user."""
    if query.write_back_type and "events" not in g.rights:
        needed = " or ".join(roles_with("events"))
        raise ApiError(403, f"write-back-type stores events: this needs the role {needed}")
    user_state = Recommend(service()).user_state(about(user))
    with service().link.use() as store:
        shown = [one.item_id for one in store.history(user) if one.event == WRITTEN_BACK]
    found = [one["item_id"] for one in _personal(user_state, query, categories, shown)]
    if query.write_back_type and found:
        with service().link.use() as store:
            store.add_events(Event(user, item_id, WRITTEN_BACK) for item_id in found)
    return found


@_route(
    "POST",
    "/api/session/recommend",
    answers=list[dict[str, Any]],
    body=listed(SessionFeedback),
    in_category="Scored ids for a visitor, in a category.",
)
def session(
    query: ListQuery, body: list[SessionFeedback], categories: list[str]
) -> list[dict[str, Any]]:
    """Scored ids for a visitor."""
    history = tuple(
        Interaction(one.ItemId, one.FeedbackType, one.Value or None, one.Timestamp) for one in body
    )
    found = _personal(UserState(None, history), query, categories)
    return [{"Id": one["item_id"], "Score": one["score"]} for one in found]


def _personal(
    user_state: UserState, query: ListQuery, categories: list[str], shown: Sequence[str] = ()
) -> list[dict[str, Any]]:
    given: dict[str, Any] = {"n": query.n or MAX_N, "offset": query.offset, "fields": ["none"]}
    given["exclude"] = list(shown)[-MAX_LIST:]
    recommend = Recommend(service())
    branches = [SteerParameters.model_validate(given | one) for one in _either(categories)]
    lists = [recommend.made(user_state, each, "") for each in branches]
    recommend.remember(lists)
    found = [entry for one in lists for entry in one.answer["items"]]
    if len(branches) > 1:
        found.sort(key=lambda entry: -entry["score"])
    best = {entry["item_id"]: entry for entry in reversed(found)}
    return [entry for entry in found if best.pop(entry["item_id"], None)][: query.n or MAX_N]


def _either(categories: list[str]) -> list[dict[str, list[str]]]:
    """Return filters: Gorse's items may be in several categories, ours have tags for the others."""
    return [{"category": categories}, {"tags": categories}] if categories else [{}]


@_route("GET", "/api/latest", answers=list[Any], in_category="The newest items of a category.")
def latest(query: ListQuery, categories: list[str]) -> list[dict[str, Any]]:
    """The newest items."""
    return _listed(query, categories, nonpersonal_lists.latest)


@_route(
    "GET", "/api/popular", answers=list[Any], in_category="What is taken up most in a category."
)
def popular(query: ListQuery, categories: list[str]) -> list[dict[str, Any]]:
    """What is taken up most; the score is 0 where fewer than RECSYS_MIN_PEOPLE are behind it."""
    return _listed(query, categories, nonpersonal_lists.trending)


@_route(
    "GET",
    "/api/item/<item>/neighbors",
    "/api/item/<item>/neighbors/",
    answers=list[Any],
    in_category="Items of a category like one.",
)
def neighbors(item: str, query: ListQuery, categories: list[str]) -> list[dict[str, Any]]:
    """Items like one."""
    serving = service().serving
    service().see_changes()
    if serving.live.row(item) < 0:
        raise missing("item")
    return _listed(
        query, categories, lambda live, k, f: nonpersonal_lists.similar(live, item, k, f)
    )


@_route("GET", "/api/user/<user>/neighbors", "/api/user/<user>/neighbors/", answers=list[Any])
def user_neighbors(user: str, query: ListQuery, categories: list[str]) -> list[dict[str, Any]]:
    """No users: they are sums of what they did and have no stored vectors to compare."""
    about(user)
    return []


def _listed(query: ListQuery, categories: list[str], ranked: Ranked) -> list[dict[str, Any]]:
    service().see_changes()
    serving = service().serving
    n = query.n or MAX_N
    k = query.offset + n
    found: dict[str, Recommendation] = {}
    for branches in _either(categories):
        filters = Filters(
            category=frozenset(branches.get("category", ())),
            tags=frozenset(branches.get("tags", ())),
        )
        with serving.feed.ranking:
            ranking = ranked(serving.live, k, filters)
        for one in ranking:
            found.setdefault(one.item_id, one)
    best = sorted(found.values(), key=lambda one: -one.score) if categories else found.values()
    kept = [{"Id": one.item_id, "Score": one.score} for one in best]
    page = kept[query.offset : query.offset + n]
    if ranked is nonpersonal_lists.trending:
        ids = [str(entry["Id"]) for entry in page]
        few = nonpersonal_lists.by_few(serving.live, ids, "trending", None, serving.min_people)
        page = [e | {"Score": 0.0} if f else e for e, f in zip(page, few.tolist(), strict=True)]
    return page
