"""Users: how to find one, and what is known of one, with the list they get and why."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response, g
from pydantic import Field

from recsys.store.events import StoredEvent
from recsys.store.store import Store

from ...console_session import CONSOLE
from ...handlers.user_profile import profile
from ...routes.request_context import about, service
from ...schemas.field_types import Id, Moment, RowId, Share, Strict, listed
from .. import recommendation_previews
from ..browser_preferences import language
from ..counterfactual_history import WhatIf, state_of
from ..page_routes import routes
from ..rendering import page

EVENTS = 40  # of the history on a page
LIST = 20
LOOKS = 10
ACTIVE = 8  # users who acted last
LATEST = 60  # events among which they are sought


class UserQuery(Strict):
    """A user, and what to leave out of what is known of them."""

    user: Id
    without: listed(RowId, 50) = Field([], description="ids of events to leave out")  # type: ignore[valid-type]
    as_of: Moment = Field(None, description="leave out what came later than this")
    personal: Share | None = Field(None, description="place on the dial, 0 to 1")
    before: RowId | None = Field(None, description="events of lower ids, for an older page")
    n: Annotated[int, Field(ge=1, le=100)] = LIST


@routes.get(f"{CONSOLE}/users", "profile", audit="never")
def find() -> Response:
    """The form that finds a user by their id, and the ids of users who acted last."""
    with service().link.use() as store:
        lately = _lately_active(store)
    return page("users.html", "Find a user", missing="", known=[], lately=lately)


@routes.get(f"{CONSOLE}/user", "profile", query=UserQuery)
def user(query: UserQuery) -> Response:
    """A user: list with reasons, history, profile, controls; also without events, or as of then."""
    user_id, at_hand = about(query.user), service()
    with at_hand.link.use() as store:
        record = store.user(user_id)
        if record is None:
            return unknown(user_id)
        events = _page_of_history(store, user_id, query.before)
        count = store.act_stamp(user_id)[0]
    what_if = WhatIf(tuple(query.without), query.as_of)
    steer = {} if query.personal is None else {"personal": query.personal}
    tongue = language()
    plain = at_hand_list(user_id, WhatIf(), tongue, query.n, **steer)
    changed = at_hand_list(user_id, what_if, tongue, query.n, **steer) if what_if else None
    shown = changed or plain
    ids = [one["item_id"] for one in plain["items"]]
    now_ids = [one["item_id"] for one in shown["items"]]
    return page(
        "user.html",
        "User",
        user=record,
        count=count,
        list=shown,
        moves=recommendation_previews.moves(ids, now_ids) if changed else {},
        gone=[one for one in plain["items"] if one["item_id"] not in now_ids] if changed else [],
        events=[_event_row(one) for one in events[:EVENTS]],
        older=events[EVENTS - 1].id if len(events) > EVENTS else None,
        profile=profile(at_hand, user_id, tongue, "UTC"),
        query=query,
        what_if=what_if,
        looks=_looks(user_id),
    )


def at_hand_list(
    user_id: str, what_if: WhatIf, tongue: str, n: int, **steer: Any
) -> dict[str, Any]:
    """Return the list that a user gets, or would get."""
    at_hand = service()
    state = state_of(at_hand, user_id, what_if)
    return recommendation_previews.preview(at_hand, state, tongue, n, what_if.as_of, **steer)


def _lately_active(store: Store) -> list[str]:
    """Return the users of the latest events, the last one first; none without the right to read
    histories.
    """
    if "history" not in g.rights:
        return []
    events = store.events_after(max(store.last_event_id() - LATEST, 0), LATEST)
    return list(dict.fromkeys(one.user_id for one in reversed(events)))[:ACTIVE]


def unknown(user_id: str) -> Response:
    """Return the page that says that nobody has this id, with the nearest ids there are."""
    with service().link.use() as store:
        near = [one.user_id for one in store.users_page(user_id[:-1], 5)]
    known = [one for one in near if one.startswith(user_id[: max(1, len(user_id) // 2)])]
    return page("users.html", "Find a user", 404, missing=user_id, known=known)


def _page_of_history(store: Store, user_id: str, before: int | None) -> list[StoredEvent]:
    """Return one event more than a page, the latest first."""
    acts = store.acts_after(user_id)
    ids = sorted((act.moment, act.id) for act in acts)
    if before is not None:
        place = next((i for i, (_, id) in enumerate(ids) if id == before), len(ids))
        ids = ids[:place]
    chosen = [id for _, id in ids[-EVENTS - 1 :]][::-1]
    found = store.events_by_id(chosen)
    return [found[id] for id in chosen if id in found]


def _event_row(one: StoredEvent) -> dict[str, Any]:
    return {"event": one, "title": title_of(one.item_id)}


def title_of(item_id: str) -> str:
    """Return what to call an item, its id where nothing is known of it."""
    serving = service().serving
    row = serving.live.row(item_id)
    return serving.recommender.title(row) if row >= 0 else item_id


def _looks(user_id: str) -> list[Any]:
    """Return the latest looks at a user, for those who may read the audit log."""
    if "audit" not in g.rights:
        return []
    at_hand = service()
    with at_hand.link.use():
        return list(at_hand.link.audit_log().page(person=at_hand.pseudonyms.of(user_id), n=LOOKS))
