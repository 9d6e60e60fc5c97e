"""Replies: commands that are answered by a text alone."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.dialogue.actions.service_protocol import Passage
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.answer_statements import Value
from recsys.dialogue.commands import (
    CannotDo,
    Handoff,
    Help,
    Smalltalk,
)
from recsys.dialogue.facts import Fact

_SMALL = {
    "greeting": "Hello! Tell me what you would like to see more or less of, or what to find.",
    "thanks": "You are welcome.",
    "farewell": "Goodbye.",
    "agreement": "All right. You can ask for more, for something else, or why something is listed.",
    "praise": "Good to know. Say “more like this” for similar ones.",
    "complaint": "Tell me what is wrong: “less …”, “no more …” and “why this?” work.",
    "self": "This is the service's assistant, a program: it lists, explains and changes what you"
    " are recommended.",
}
_IMPOSSIBLE = {
    "unknown": "I did not understand that. You can say “less politics”, “something like … but"
    " shorter”, “why this?” or “undo”.",
    "outside": "I cannot do that here: I find, explain and change what you are recommended.",
    "another_user": "I can only talk about your own lists, not about those of other people.",
    "instructions": "I follow wishes about your lists only.",
    "empty": "There were no words in that. What would you like to see?",
}


def answer_question(turn: Turn, command: Help) -> None:
    """Answer from the help texts, or hand over."""
    turn.commands.append(command)
    found = turn.service.passages(command.question, turn.language)
    if found is None:
        turn.say("No help texts are loaded here, so I do not know. People can help instead.")
        turn.handoff = "person"
    elif not found:
        turn.say("I do not know: the help texts say nothing about it. People can help instead.")
        turn.handoff = "person"
    _say_passages(turn, found or ())


def _say_passages(turn: Turn, found: Sequence[Passage]) -> None:
    for one in found:
        values: dict[str, Value] = {
            "title": Fact("title", one.title),
            "text": Fact("text", one.text),
        }
        if one.url:
            values["url"] = Fact("url", one.url)
            turn.say("{title}: {text} ({url})", 1, **values)
        else:
            turn.say("{title}: {text}", 1, **values)


def hand_off(turn: Turn, command: Handoff) -> None:
    """Say the operator's text and hand over to people."""
    turn.commands.append(command)
    turn.handoff = command.reason
    turn.say("{text}", text=Fact("text", turn.fixed[command.reason]))


def talk(turn: Turn, command: Smalltalk) -> None:
    """Answer small talk; "sorry" comes before the answer to a complaint, and is enough."""
    turn.done(command, _SMALL[command.what], 0 if command.what == "complaint" else 1)


def refuse(turn: Turn, command: CannotDo) -> None:
    """Say what was not understood or is not done here, unless the help texts answer it."""
    if command.what in ("unknown", "outside") and command.words:
        if found := turn.service.passages(command.words, turn.language):
            turn.commands.append(Help(command.words))
            _say_passages(turn, found)
            return
    turn.done(command, _IMPOSSIBLE[command.what], 0 if command.what == "unknown" else 1)
