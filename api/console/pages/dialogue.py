"""Dialogue as a user, as a dry run: nothing that is said is stored, and nothing counts as shown."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from recsys.dialogue.commands import command_json
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.dialogue import Reply
from recsys.personal_list import UserState

from ...console_session import CONSOLE
from ...handlers.dialogue import RequestService, dialogue_of
from ...handlers.personal_list import Recommend
from ...routes.request_context import about, service
from ...schemas.dialogue import DialogueBody
from ...schemas.field_types import Id, Strict, listed
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from .users import title_of, unknown

LONGEST = 500  # characters of a message
MOST = 20  # messages of a conversation

Message = Annotated[str, Field(max_length=LONGEST)]


class TalkQuery(Strict):
    """As whom to talk."""

    user: Id | None = None


class TalkBody(Strict):
    """A message, after those of before."""

    user: Id
    text: Message = ""
    said: listed(Message, MOST) = []  # type: ignore[valid-type]


@routes.get(f"{CONSOLE}/dialogue", "profile", query=TalkQuery)
def dialogue(query: TalkQuery) -> Response:
    """A form for a first message as a user."""
    return page("dialogue.html", "Dialogue", user=query.user or "", said=[], turns=[])


@routes.post(f"{CONSOLE}/dialogue", "profile", body=TalkBody)
def talk(body: TalkBody) -> Response:
    """The conversation again from its first message, and the answer to the newest; a dry run."""
    at_hand, user_id = service(), about(body.user)
    with at_hand.link.use() as store:
        if store.user(user_id) is None:
            return unknown(user_id)
    said = [*body.said, body.text][-MOST:]
    state = Recommend(at_hand, language()).user_state(user_id)
    turns = [
        {
            "text": text,
            "answer": reply.text.text,
            "commands": [command_json(one) for one in reply.answer.commands],
            "items": [
                {
                    "item_id": one.item_id,
                    "rank": one.rank,
                    "name": title_of(one.item_id),
                    "reason": one.reasons[0].text if one.reasons else "",
                }
                for one in reply.answer.items
            ],
        }
        for text, reply in zip(said, _replies(said, state), strict=True)
    ]
    return page("dialogue.html", "Dialogue", user=user_id, said=said, turns=turns)


def _replies(said: list[str], state: UserState) -> list[Reply]:
    at_hand = service()
    made_on = RequestService(at_hand, state, reads_profile=True, writes=False)
    conversation, found = Conversation(), []
    for text in said:
        reply = dialogue_of(at_hand).reply(
            text,
            conversation,
            made_on,
            language(),
            DialogueBody.model_fields["n"].default,
            at_hand.serving.feed.ranking,
        )
        conversation = reply.conversation
        found.append(reply)
    return found
