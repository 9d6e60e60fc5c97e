"""Dialogue handler: a message to an answer as JSON, with the conversation in the store."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from recsys.dialogue.actions.service_protocol import Passage
from recsys.dialogue.commands import command_json
from recsys.dialogue.conversation import Conversation, conversation_of
from recsys.dialogue.dialogue import Dialogue, Reply
from recsys.errors import StoreError
from recsys.exploration import EMPTY_POOL, explored
from recsys.personal_list import UserState
from recsys.ranking.history import acts
from recsys.ranking.query import Interaction
from recsys.recommender import Recommender
from recsys.store.dialogues import Dialogues, StoredDialogue
from recsys.store.user_controls import Control, Wish

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..runtime.served_model import ServedModel
from ..schemas.dialogue import DialogueBody
from . import list_pagination as pages
from .ingestion import missing
from .personal_list import MadeList, Recommend

_ITEM_FIELDS = None  # all of a document


class RequestService:
    """What the commands of one request are carried out on; see `acting.DialogueService`."""

    def __init__(
        self, service: AppState, user: UserState, reads_profile: bool, writes: bool
    ) -> None:
        self._service = service
        self.recommender: Recommender = service.serving.recommender
        self.user = user
        self.repeat_categories = service.settings.repeat_categories
        self.reads_profile, self.writes = reads_profile, writes

    def controls(self, wishes: Sequence[Wish], undo: Sequence[int]) -> list[Control]:
        """Store controls, take some back; return those in force. DataError for impossible."""
        assert self.user.user_id is not None
        with self._service.link.use() as store:
            return store.change_controls(self.user.user_id, wishes, undo)

    def passages(self, question: str, language: str) -> Sequence[Passage] | None:
        """Return the passages of the help texts that answer; None: none are loaded."""
        found = self._service.help_texts.find_passages(question, language)
        if not found.loaded:
            return None
        return [
            Passage(one.passage.title, one.passage.text, one.passage.link) for one in found.passages
        ]


def dialogue_of(service: AppState) -> Dialogue:
    """Return the dialogue over the model in service, kept until another one comes."""
    serving = service.serving
    kept = service.dialogue
    if kept is None or kept.recommender is not serving.recommender:

        def authors(name: str) -> Sequence[tuple[str, str]]:
            with suppress(StoreError), service.link.use() as store:
                return store.authors_named(name)
            return ()

        def author_name(id: str) -> str:
            with suppress(StoreError), service.link.use() as store:
                return store.names_of([id]).get(id, "")
            return ""

        kept = service.dialogue = Dialogue(
            serving.recommender,
            service.sentiment_scorer.scores,
            authors,
            texts={
                "person": service.settings.handoff_text,
                "self_harm": service.settings.crisis_text,
                "threat": service.settings.threat_text,
            },
            author_name=author_name,
            model=service.language_model if service.language_model.there else None,
        )
    return kept


def answer_message(
    service: AppState,
    body: DialogueBody,
    user_id: str | None,
    language: str,
    reads_profile: bool,
    holder: str | None,
) -> dict[str, Any]:
    """Return the answer to a message as JSON; the turn is stored unless it is a dry run.

    404 for a conversation that has ended or is another user's; 409 where another turn of it was
    answered meanwhile.
    """
    serving, recommend = service.serving, Recommend(service, language, holder)
    service.see_changes()
    person = service.pseudonyms.of(user_id) if user_id is not None else ""
    before, conversation = _continued(service, body, person)
    state = _user_state(service, recommend, body, user_id)
    writes = user_id is not None and not body.dry_run and not state.degraded
    made_on = RequestService(service, state, reads_profile, writes)
    with service.metrics.stage("dialogue"):
        reply = dialogue_of(service).reply(
            body.text, conversation, made_on, language, body.n, serving.feed.ranking
        )
    if made_on.user.controls != state.controls:
        service.see_changes()
    answer = _json(service, serving, reply, state)
    if body.dry_run:
        return answer
    with service.link.use() as store:
        id = Dialogues(store.db).add(
            before, person, body.text, answer, reply.conversation.as_json()
        )
    if id is None:
        raise ApiError(
            409, "another message of this dialogue was answered meanwhile, or it was removed"
        )
    answer["dialogue_id"] = id
    _remember(service, recommend, serving, reply, state, answer)
    return answer


def _continued(
    service: AppState, body: DialogueBody, person: str
) -> tuple[StoredDialogue | None, Conversation]:
    if body.dialogue_id is None:
        return None, Conversation()
    with service.link.use() as store:
        found = Dialogues(store.db).one(body.dialogue_id, person)
    if found is None:
        raise missing("dialogue")
    return found, conversation_of(found.state)


def _user_state(
    service: AppState, recommend: Recommend, body: DialogueBody, user_id: str | None
) -> UserState:
    known = recommend.user_state(user_id) if user_id is not None else UserState(None)
    given = tuple(Interaction(e.item_id, e.event, e.value, e.timestamp) for e in body.events)
    return replace(known, history=known.history + acts(given, service.settings.weights))


def _json(
    service: AppState, serving: ServedModel, reply: Reply, state: UserState
) -> dict[str, Any]:
    answer, text = reply.answer, reply.text
    with service.metrics.stage("documents"):
        items = [pages.entry(one, serving, _ITEM_FIELDS) for one in answer.items]
    undo = None
    if answer.undo is not None:
        undo = {
            "text": "撤销" if reply.language == "zh" else "undo",
            "scope": answer.undo.scope,
            "controls": list(answer.undo.controls),
        }
    return {
        "dialogue_id": None,
        "text": text.text,
        "language": reply.language,
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "kind": text.facts[span.fact].kind,
                "value": text.facts[span.fact].value,
                "item_id": text.facts[span.fact].item_id or None,
            }
            for span in text.spans
        ],
        "commands": [command_json(one) for one in answer.commands],
        "items": items,
        "undo": undo,
        "options": list(answer.options),
        "handoff": answer.handoff or None,
        "recommendation_id": uuid.uuid4().hex if items else None,
        "degraded": state.degraded,
    }


def _remember(
    service: AppState,
    recommend: Recommend,
    serving: ServedModel,
    reply: Reply,
    state: UserState,
    answer: dict[str, Any],
) -> None:
    """Log the list of an answer as shown."""
    if not answer["recommendation_id"]:
        return
    placed = explored(list(reply.answer.items), EMPTY_POOL, 0.0, service.rng)
    exposure = recommend.exposure(answer["recommendation_id"], serving, state, placed)
    recommend.remember([MadeList(answer, exposure, "personal")])


def turns_of(service: AppState, dialogue_id: str, holder: str | None) -> dict[str, Any] | None:
    """Return a conversation as JSON; None where it has ended or is not the token holder's."""
    with service.link.use() as store:
        dialogues = Dialogues(store.db)
        found = _readable(service, dialogues, dialogue_id, holder)
        if found is None:
            return None
        turns = dialogues.turns(found.id)
    return {
        "dialogue_id": found.id,
        "expires": found.expires,
        "turns": [
            {
                "number": one.number,
                "at": one.at,
                "text": one.text,
                "answer": {**one.answer, "dialogue_id": found.id},
            }
            for one in turns
        ],
    }


def remove_dialogue(service: AppState, dialogue_id: str, holder: str | None) -> bool:
    """Remove a conversation; False where there is none, or not of the token's holder."""
    with service.link.use() as store:
        dialogues = Dialogues(store.db)
        found = _readable(service, dialogues, dialogue_id, holder)
        return found is not None and dialogues.remove(found.id)


def _readable(
    service: AppState, dialogues: Dialogues, dialogue_id: str, holder: str | None
) -> StoredDialogue | None:
    if holder is None:
        return dialogues.any(dialogue_id)
    return dialogues.one(dialogue_id, service.pseudonyms.of(holder))
