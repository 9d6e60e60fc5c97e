"""/users/<user>/profile and /export: what is believed and held of a person, and its control."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..contract import Routes
from ..people import change_controls, control_warnings, controls_json, exported
from ..profile import profile
from ..routes.context import about, language, service
from ..schemas.people import Controls, Export, Profile, ProfilePatch, ProfileQuery

routes = Routes("people")


@routes.get(
    "/users/<id:user_id>/profile", "write", query=ProfileQuery, answers=Profile, fails=(404, 409)
)
def get(user_id: str, query: ProfileQuery) -> dict[str, Any]:
    """What is known and believed of a user, why, and which controls are in force."""
    return profile(service(), about(user_id), language(query.lang), query.zone)


@routes.patch(
    "/users/<id:user_id>/profile", "write", body=ProfilePatch, answers=Controls, fails=(409,)
)
def patch(user_id: str, body: ProfilePatch) -> dict[str, Any]:
    """Mute, boost, lower or forget; undo, reset. In force with the next answer, of any worker."""
    found = change_controls(service(), about(user_id), body)
    service().see_changes()
    warnings = control_warnings(service(), body)
    told = {"warnings": warnings} if warnings else {}
    return {"user": user_id, "controls": controls_json(service(), found), **told}


@routes.get("/users/<id:user_id>/export", "write", answers=Export, fails=(404,))
def export(user_id: str) -> Response:
    """All that is held of a user: events, follows, controls, what was shown; streamed."""
    pieces = exported(service(), about(user_id))
    return Response(pieces, content_type="application/json")
