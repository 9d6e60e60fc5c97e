"""Schemas of /dialogue: a message, its answer, and a conversation."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .field_types import Answer, BodyId, Strict, listed, whole
from .lists import Entry, SessionEvent

LONGEST = 20_000  # characters of a message; of more than 2,000 the beginning is read


class DialogueBody(Strict):
    """A message of a user, or of a visitor without an account."""

    text: Annotated[str, Field(max_length=LONGEST)]
    user: BodyId | None = Field(None, description="whose lists are talked about")
    events: listed(SessionEvent, 1_000) = Field(  # type: ignore[valid-type]
        [], description="what a visitor without an account has done"
    )
    dialogue_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = Field(
        None, description="continues a conversation; without it, one begins"
    )
    n: Annotated[int, Field(ge=1, le=50), BeforeValidator(whole)] = Field(
        5, description="items of a list"
    )
    lang: str | None = Field(
        None, description="of the answer where the message does not tell", max_length=35
    )
    dry_run: bool = Field(
        False,
        description="neither the turn nor a profile control is stored; nothing counts as shown",
    )


class DialogueSpan(Answer):
    """A part of the text that states a fact."""

    start: int = Field(description="by code points")
    end: int = Field(description="exclusive")
    kind: str = Field(description="title, name, number, date, url or text")
    value: str
    item_id: str | None = None


class DialogueUndo(Answer):
    """How the change of the answer is taken back."""

    text: str = Field(description="a message that takes it back, sent with the dialogue's id")
    scope: str = Field(description="conversation or profile")
    controls: list[int] = Field(
        [], description="of a profile: ids for `undo` of PATCH /users/<user>/profile"
    )


class DialogueAnswer(Answer):
    """The answer to a message."""

    dialogue_id: str | None = Field(description="null in a dry run")
    text: str
    language: str
    spans: list[DialogueSpan]
    commands: list[dict[str, Any]] = Field(
        description="what was understood, `kind` and its values; also what cannot be carried out"
    )
    items: list[Entry]
    undo: DialogueUndo | None
    options: list[str] = Field([], description="answers to a question back, at most three")
    handoff: str | None = Field(
        None, description="people should take over: person, threat or self_harm"
    )
    recommendation_id: str | None = Field(
        None, description="of the list, for events on its items; null without one"
    )
    degraded: bool = False


class DialogueTurn(Answer):
    """A message and its answer."""

    number: int
    at: float
    text: str
    answer: DialogueAnswer


class DialogueHistory(Answer):
    """A conversation as far as it is kept."""

    dialogue_id: str
    expires: float
    turns: list[DialogueTurn]
