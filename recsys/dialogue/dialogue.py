"""Dialogue: one turn of a conversation from text to text: understand, act, say.

dialogue = Dialogue(recommender, tones)
reply = dialogue.reply("less politics", Conversation(), service)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.dialogue.actions.acting import act
from recsys.dialogue.actions.service_protocol import DialogueService
from recsys.dialogue.actions.turn_state import LENGTH, Turn
from recsys.dialogue.answer_statements import Answer
from recsys.dialogue.comparable_fields import ItemFields
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.conversation_list import ConversationList
from recsys.dialogue.facts import FactualText
from recsys.dialogue.item_facts import ItemFacts
from recsys.dialogue.label_linking import LabelIndex
from recsys.dialogue.merged_commands import Understood
from recsys.dialogue.message_text import read_message
from recsys.dialogue.model_commands import CommandModel, commands_by_model, is_unclear
from recsys.dialogue.model_wording import WordingModel, reworded
from recsys.dialogue.tone_of_message import tone_of
from recsys.dialogue.understanding import PatternUnderstanding, Understanding
from recsys.dialogue.wording import Tone, say
from recsys.i18n import translate
from recsys.recommender import Recommender


class LanguageModel(CommandModel, WordingModel, Protocol):
    """What a dialogue may use of a language model; see `recsys.language_model`."""


Tones = Callable[[Sequence[str]], NDArray[np.floating]]

# What is said where the operator has set no text of their own
HANDOFF_TEXT = "I cannot help with that; please turn to the people who run this service."
CRISIS_TEXT = (
    "That sounds very hard. I am a program and cannot help with it, but people can: please talk to"
    " somebody you trust, or call the emergency number or a crisis line of your country now."
)
THREAT_TEXT = "I do not answer threats. People who run this service may look at this conversation."


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a turn, and the conversation after it."""

    answer: Answer
    text: FactualText
    conversation: Conversation
    language: str
    tone: Tone


class Dialogue:
    """Answers messages over one recommender; what it keeps is about items only."""

    def __init__(
        self,
        recommender: Recommender,
        tones: Tones,
        authors: Callable[[str], Sequence[tuple[str, str]]] | None = None,
        understanding: Understanding | None = None,
        texts: Mapping[str, str] | None = None,
        author_name: Callable[[str], str] | None = None,
        model: LanguageModel | None = None,
    ) -> None:
        """`tones`: of texts, -1 to 1. `authors`: (id, display name) of the authors of a name.

        `texts`: of hand-overs (person, threat, self_harm), those that the operator has set.
        `author_name`: the display name of an author's id, empty where there is none.
        `model`: reads messages that are not understood, and rewords answers.
        """
        self.recommender, self._tones = recommender, tones
        self.labels = LabelIndex(recommender.live, authors)
        fields = ItemFields(recommender.live, tones)
        self.lists = ConversationList(recommender, fields)
        self.item_facts = ItemFacts(recommender.live, fields, author_name)
        self.understanding = understanding or PatternUnderstanding()
        self._texts = texts or {}
        self._model = model

    def reply(
        self,
        text: str,
        conversation: Conversation,
        service: DialogueService,
        language: str = "en",
        n: int = LENGTH,
        ranking: AbstractContextManager[object] | None = None,
    ) -> Reply:
        """Return the answer to a message.

        `language`: of the answer where the message does not tell. `ranking`: held while lists are
        made; None: nobody else uses the recommender.
        """
        lock = ranking if ranking is not None else nullcontext()
        message = read_message(text, conversation.language or language)
        with lock:
            understood = self.understanding.understand(message, self.labels.known)
        if self._model is not None and is_unclear(understood.commands):
            if chosen := commands_by_model(self._model, message.typed):
                understood = Understood(chosen)
        turn = Turn(
            service,
            self.lists.of_user(service.user.follows),
            self.labels,
            self.item_facts,
            conversation,
            message.language,
            lock,
            n,
            self._handoff_texts(message.language),
        )
        answer = act(turn, message, understood)
        tone = tone_of(message, understood, lambda one: float(self._tones([one])[0]))
        said = say(answer.statements, message.language, tone)
        if self._model is not None and not answer.handoff:
            said = reworded(self._model, said, message.language)
        return Reply(answer, said, turn.conversation, message.language, tone)

    def _handoff_texts(self, language: str) -> dict[str, str]:
        usual = {"person": HANDOFF_TEXT, "threat": THREAT_TEXT, "self_harm": CRISIS_TEXT}
        return {
            reason: self._texts.get(reason) or translate(text, language)
            for reason, text in usual.items()
        }
