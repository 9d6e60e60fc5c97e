"""/api: lists in Gorse's wire format, for existing Gorse clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from ..handlers.recommend import Recommend
from ..http.routing import Routes
from ..runtime.request_audit import LIST
from ..schemas.field_types import MAX_LIST, MAX_N
from ..schemas.gorse import ListQuery, SessionFeedback
from ..schemas.lists import SteerParameters
from .request_context import about, service

routes = Routes("gorse")

# What was merely shown is no sign of liking: it weighs nothing, and Gorse shows it no more.
WRITTEN_BACK = "impression"
Ranked = Callable[[LiveState, int, Filters], Sequence[Recommendation]]


@routes.get(
    "/api/recommend/<user>", "lists", query=ListQuery, answers=list[str], loose=True, unaudited=LIST
)
@routes.get(
    "/api/recommend/<user>/",
    "lists",
    query=ListQuery,
    answers=list[str],
    loose=True,
    unaudited=LIST,
)
def recommend(user: str, query: ListQuery) -> list[str]:
    """Ids for a user."""
    return _for_user(user, query, query.category)


@routes.get(
    "/api/recommend/<user>/<category>",
    "lists",
    query=ListQuery,
    answers=list[str],
    loose=True,
    unaudited=LIST,
)
def recommend_category(user: str, category: str, query: ListQuery) -> list[str]:
    """Ids for a user, in a category."""
    return _for_user(user, query, [category])


def _for_user(user: str, query: ListQuery, categories: list[str]) -> list[str]:
    if query.write_back_type and "events" not in g.rights:
        needed = " or ".join(roles_with("events"))
        raise ApiError(403, f"write-back-type stores events: this needs the role {needed}")
    person = Recommend(service()).person(about(user))
    with service().link.use() as store:
        shown = [one.item_id for one in store.history(user) if one.event == WRITTEN_BACK]
    found = [one["item_id"] for one in _personal(person, query, categories, shown)]
    if query.write_back_type and found:
        with service().link.use() as store:
            store.add_events(Event(user, item_id, WRITTEN_BACK) for item_id in found)
    return found


@routes.post(
    "/api/session/recommend",
    "lists",
    query=ListQuery,
    body=list[SessionFeedback],
    answers=list[dict[str, Any]],
    loose=True,
    unaudited=LIST,
)
def session(query: ListQuery, body: list[SessionFeedback]) -> list[dict[str, Any]]:
    """Scored ids for a visitor."""
    return _for_session(query, body, query.category)


@routes.post(
    "/api/session/recommend/<category>",
    "lists",
    query=ListQuery,
    body=list[SessionFeedback],
    answers=list[dict[str, Any]],
    loose=True,
    unaudited=LIST,
)
def session_category(
    category: str, query: ListQuery, body: list[SessionFeedback]
) -> list[dict[str, Any]]:
    """Scored ids for a visitor, in a category."""
    return _for_session(query, body, [category])


def _for_session(
    query: ListQuery, body: list[SessionFeedback], categories: list[str]
) -> list[dict[str, Any]]:
    history = tuple(
        Interaction(one.ItemId, one.FeedbackType, one.Value or None, one.Timestamp) for one in body
    )
    found = _personal(UserState(None, history), query, categories)
    return [{"Id": one["item_id"], "Score": one["score"]} for one in found]


def _personal(
    person: UserState, query: ListQuery, categories: list[str], shown: Sequence[str] = ()
) -> list[dict[str, Any]]:
    given: dict[str, Any] = {"n": query.n or MAX_N, "offset": query.offset, "fields": ["none"]}
    given["exclude"] = list(shown)[-MAX_LIST:]
    recommend = Recommend(service())
    branches = [SteerParameters.model_validate(given | one) for one in _either(categories)]
    lists = [recommend.made(person, each, "") for each in branches]
    recommend.remember(lists)
    found = [entry for one in lists for entry in one.answer["items"]]
    if len(branches) > 1:
        found.sort(key=lambda entry: -entry["score"])
    best = {entry["item_id"]: entry for entry in reversed(found)}
    return [entry for entry in found if best.pop(entry["item_id"], None)][: query.n or MAX_N]


def _either(categories: list[str]) -> list[dict[str, list[str]]]:
    """Return filters: Gorse's items may be in several categories, ours have tags for the others."""
    return [{"category": categories}, {"tags": categories}] if categories else [{}]


@routes.get("/api/latest", "lists", query=ListQuery, answers=list[Any], loose=True, unaudited=LIST)
def latest(query: ListQuery) -> list[dict[str, Any]]:
    """The newest items."""
    return _listed(query, query.category, nonpersonal_lists.latest)


@routes.get(
    "/api/latest/<category>",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
def latest_category(category: str, query: ListQuery) -> list[dict[str, Any]]:
    """The newest items of a category."""
    return _listed(query, [category], nonpersonal_lists.latest)


@routes.get("/api/popular", "lists", query=ListQuery, answers=list[Any], loose=True, unaudited=LIST)
def popular(query: ListQuery) -> list[dict[str, Any]]:
    """What is taken up most; the score is 0 where fewer than RECSYS_MIN_PEOPLE are behind it."""
    return _listed(query, query.category, nonpersonal_lists.trending)


@routes.get(
    "/api/popular/<category>",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
def popular_category(category: str, query: ListQuery) -> list[dict[str, Any]]:
    """What is taken up most in a category."""
    return _listed(query, [category], nonpersonal_lists.trending)


@routes.get(
    "/api/item/<item>/neighbors",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
@routes.get(
    "/api/item/<item>/neighbors/",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
def neighbors(item: str, query: ListQuery) -> list[dict[str, Any]]:
    """Items like one."""
    return _neighbors(item, query, query.category)


@routes.get(
    "/api/item/<item>/neighbors/<category>",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
def neighbors_category(item: str, category: str, query: ListQuery) -> list[dict[str, Any]]:
    """Items of a category like one."""
    return _neighbors(item, query, [category])


@routes.get(
    "/api/user/<user>/neighbors",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
@routes.get(
    "/api/user/<user>/neighbors/",
    "lists",
    query=ListQuery,
    answers=list[Any],
    loose=True,
    unaudited=LIST,
)
def user_neighbors(user: str, query: ListQuery) -> list[dict[str, Any]]:
    """No users: they are sums of what they did and have no stored vectors to compare."""
    about(user)
    return []


def _neighbors(item: str, query: ListQuery, categories: list[str]) -> list[dict[str, Any]]:
    serving = service().serving
    service().see_changes()
    if serving.live.row(item) < 0:
        raise missing("item")
    return _listed(
        query, categories, lambda live, k, f: nonpersonal_lists.similar(live, item, k, f)
    )


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
