"""/dialogue: a conversation about one's own lists."""

from __future__ import annotations

from typing import Any

from flask import g

from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.dialogue import DialogueAnswer, DialogueBody, DialogueHistory
from ..schemas.items_users_events import Deleted
from .request_context import about, holder, language, service

routes = Routes("dialogue")


@routes.post(
    "/dialogue",
    "users",
    own="body.user?",
    body=DialogueBody,
    answers=DialogueAnswer,
    fails=(404, 409),
)
def post(body: DialogueBody) -> dict[str, Any]:
    """Answer a message: change lists, find, explain, undo, report trends on a subject.

    A wish holds for the conversation; with "from now on" it is a control of the profile. Turns are
    kept for 24 hours. Somebody else's conversation, and one that has ended, is not found.
    """
    from ..handlers.dialogue import answer_message  # here: few workers need it

    if body.user is not None:
        about(body.user)
    user = body.user or holder()
    reads_profile = "profile" in g.rights or holder() is not None
    return answer_message(service(), body, user, language(body.lang), reads_profile, holder())


@routes.get(
    "/dialogue/<dialogue_id>",
    "users",
    own="nobody",
    answers=DialogueHistory,
    fails=(404,),
    audit="look",
)
def get(dialogue_id: str) -> dict[str, Any]:
    """The turns of a conversation of the last 24 hours."""
    from ..handlers.dialogue import turns_of

    found = turns_of(service(), dialogue_id, holder())
    if found is None:
        raise missing("dialogue")
    return found


@routes.delete("/dialogue/<dialogue_id>", "users", own="nobody", answers=Deleted, fails=(404,))
def delete(dialogue_id: str) -> dict[str, Any]:
    """Remove a conversation with its turns."""
    from ..handlers.dialogue import remove_dialogue

    if not remove_dialogue(service(), dialogue_id, holder()):
        raise missing("dialogue")
    return {"deleted": {"dialogues": 1}}
