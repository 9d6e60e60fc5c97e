"""/users/<user>/profile, /export and controls: derived and stored data of one user."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..handlers.user_controls_export_erasure import (
    change_controls,
    control_warnings,
    controls_json,
    exported,
    merge,
)
from ..http.endpoint_declaration import Routes
from ..schemas.user_data import (
    Controls,
    Export,
    MergeBody,
    Merged,
    Profile,
    ProfilePatch,
    ProfileQuery,
)
from .request_context import about, language, service

routes = Routes("people")


@routes.get(
    "/users/<id:user_id>/profile",
    "profile",
    own="path.user_id",
    query=ProfileQuery,
    answers=Profile,
    fails=(404, 409),
)
def get(user_id: str, query: ProfileQuery) -> dict[str, Any]:
    """Profile of a user: observed and inferred interests with evidence, and controls in force."""
    from ..handlers.user_profile import profile  # here: few workers need it

    inferences = query.include == "inferences"
    return profile(service(), about(user_id), language(query.lang), query.zone, inferences)


@routes.patch(
    "/users/<id:user_id>/profile",
    "users",
    own="path.user_id",
    body=ProfilePatch,
    answers=Controls,
    fails=(409,),
)
def patch(user_id: str, body: ProfilePatch) -> dict[str, Any]:
    """Change controls: mute, boost, lower, forget, undo, reset; in force with the next answer."""
    found = change_controls(service(), about(user_id), body)
    service().see_changes()
    warnings = control_warnings(service(), body)
    result = {"warnings": warnings} if warnings else {}
    return {"user": user_id, "controls": controls_json(service(), found), **result}


@routes.post(
    "/users/<id:user_id>/merge",
    "users",
    body=MergeBody,
    answers=Merged,
    fails=(404, 409),
    audit="always",
)
def merge_from(user_id: str, body: MergeBody) -> dict[str, Any]:
    """Move all data of another user, named by `from`, to this one; `from` is then unknown.

    Events, follows, controls in force, interests and what was shown move in one transaction. The
    same again moves what has come under the old id since, or nothing.
    """
    return merge(service(), about(user_id), body.from_id)


@routes.get("/users/<id:user_id>/export", "export", answers=Export, fails=(404,))
def export(user_id: str) -> Response:
    """Export all data of a user: events, follows, controls, shown items; streamed."""
    user_id = about(user_id)
    from ..handlers.user_profile import inferences_of  # the same

    pieces = exported(service(), user_id, inferences_of(service(), user_id))
    return Response(pieces, content_type="application/json")
