"""/follows and /authors: who follows whom, and the display names of authors."""

from __future__ import annotations

from typing import Any

from flask import g
from pydantic import ValidationError

from recsys.data.records import Author as AuthorRecord

from ..errors import ApiError, problems
from ..handlers import list_pagination
from ..http.endpoint_declaration import Routes
from ..http.request_validation import refusal
from ..schemas import follows as schemas
from ..schemas.items_users_events import PartialQuery, Stored
from .request_context import about, service

routes = Routes("follows")
_UNKNOWN = 20  # warnings of one answer
TOKEN_FOLLOWS = 10_000  # of a user, beyond which a token adds none: each list reads them


@routes.post(
    "/follows",
    "users",
    own="body.user_id",
    query=PartialQuery,
    body=schemas.FollowBody,
    many="follows",
    answers=schemas.StoredFollows,
    status=201,
    fails=(409,),
)
def post(query: PartialQuery, body: list[schemas.FollowBody]) -> dict[str, Any]:
    """Store follows: one, a list, `{"follows": […]}`, or one per line as JSON lines.

    All or, when one is wrong, none; with `partial=1` the right ones. The same follow again changes
    nothing. In force with the next answer of every worker. A followee of whom nothing is known is
    stored and told in `warnings`.
    """
    rows = list(dict.fromkeys(row.follow for row in body))
    if len(body) == 1:
        about(body[0].user_id)
    with service().link.use() as store:
        if g.token_user is not None and store.follow_count(g.token_user) >= TOKEN_FOLLOWS:
            message = f"with a token, a user follows at most {TOKEN_FOLLOWS} users and authors"
            raise ApiError(409, message)
        unknown = store.unknown_followees(rows)
        new = store.add_follows(rows)
    warnings = [
        f"nothing is known of the {'author' if one.author_id else 'user'}"
        f" {one.author_id or one.followed_user_id!r}: the follow is stored"
        for one in unknown[:_UNKNOWN]
    ]
    found = {"accepted": len(body), "new": new, "duplicates": len(body) - new}
    return {**found, "warnings": warnings} if warnings else found


@routes.get(
    "/follows", "history", own="query.user_id", query=schemas.FollowsQuery, answers=schemas.Follows
)
def page(query: schemas.FollowsQuery) -> dict[str, Any]:
    """Whom a user follows, or who follows them as a user or as an author, with display names."""
    followers, after = query.direction == "followers", ("", "")
    if query.after is not None:
        kind, id = query.after[:1], query.after[2:]
        if followers:
            after = (id, query.user_id if kind == "a" else "")
        else:
            after = (id, "") if kind == "a" else ("", id)
    with service().link.use() as store:
        found = store.follows_page(about(query.user_id), followers, after, query.n + 1)
    shown, following = found[: query.n], None
    if len(found) > query.n:
        last = shown[-1]
        id = last.user_id if followers else last.author_id or last.followed_user_id
        mark = f"{'a' if last.author_id else 'u'}:{id}"
        following = list_pagination.following("/follows", query, mark)
    rows = [
        {
            "user_id": one.user_id,
            "author_id": one.author_id or None,
            "followed_user_id": one.followed_user_id or None,
            "name": one.name,
        }
        for one in shown
    ]
    return {"follows": rows, "next": following}


@routes.delete(
    "/follows",
    "users",
    own="body.user_id query.user_id?",
    query=schemas.UnfollowQuery,
    body=schemas.FollowBody,
    many="follows",
    required=False,
    answers=schemas.Unfollowed,
    fails=(409,),
)
def delete(query: schemas.UnfollowQuery, body: list[schemas.FollowBody]) -> dict[str, Any]:
    """Remove follows: those of the body, as in POST, or one given by parameters.

    What is not followed is counted in `missing`.
    """
    given = query.model_dump(exclude_none=True)
    if body and given:
        raise ApiError(409, "give the follows in the body or as parameters, not both")
    if not body:
        try:
            body = [schemas.FollowBody.model_validate(given)]
        except ValidationError as error:
            found = problems(error)
            message = f"{found[0]['field'] or 'follow'}: {found[0]['message']}"
            raise refusal(message, found) from None
    if len(body) == 1:
        about(body[0].user_id)
    rows = list(dict.fromkeys(row.follow for row in body))
    with service().link.use() as store:
        removed = store.remove_follows(rows)
    return {"deleted": {"follows": removed}, "missing": len(rows) - removed}


@routes.post(
    "/authors",
    "items",
    query=PartialQuery,
    body=schemas.AuthorBody,
    many="authors",
    answers=Stored,
    status=201,
)
def post_authors(query: PartialQuery, body: list[schemas.AuthorBody]) -> dict[str, int]:
    """Store display names of authors: one, a list, `{"authors": […]}`, or JSON lines."""
    with service().link.use() as store:
        new = store.add_authors(AuthorRecord(row.author_id, row.name) for row in body)
    service().forget_names()
    return {"accepted": len(body), "new": new, "duplicates": len(body) - new}


@routes.get("/authors", "lists", query=schemas.AuthorsQuery, answers=schemas.Authors)
def authors(query: schemas.AuthorsQuery) -> dict[str, Any]:
    """Authors with their display names in the order of their ids, or the one named."""
    with service().link.use() as store:
        if query.author_id:
            found = [one for one in [store.author(query.author_id)] if one]
        else:
            found = store.authors_page(query.after or "", query.n + 1)
    shown = found[: query.n]
    more = len(found) > query.n
    after = list_pagination.following("/authors", query, shown[-1].author_id) if more else None
    return {
        "authors": [{"author_id": one.author_id, "name": one.name} for one in shown],
        "next": after,
    }
