"""Acting: the commands of a message carried out one after the other."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.linking import ask
from recsys.dialogue.actions.list_of_turn import make_list
from recsys.dialogue.actions.pending_answer import answer_pending
from recsys.dialogue.actions.reasons import explain
from recsys.dialogue.actions.search import find
from recsys.dialogue.actions.show_command import show
from recsys.dialogue.actions.steering import steer
from recsys.dialogue.actions.text_only_answers import answer_question, hand_off, refuse, talk
from recsys.dialogue.actions.trends import show_trends
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.undo import take_back
from recsys.dialogue.actions.wordings import wish_fact
from recsys.dialogue.answer_statements import Answer
from recsys.dialogue.commands import (
    Around,
    CannotDo,
    Command,
    Find,
    Handoff,
    Help,
    Show,
    Smalltalk,
    Steer,
    Undo,
    Why,
)
from recsys.dialogue.facts import Fact
from recsys.dialogue.linked import Linked
from recsys.dialogue.merged_commands import Understood
from recsys.dialogue.message_text import Message


def carry_out(turn: Turn, command: Command) -> None:
    """Carry out one command."""
    if isinstance(command, Steer):
        steer(turn, command)
    elif isinstance(command, Find):
        find(turn, command)
    elif isinstance(command, Why):
        explain(turn, command)
    elif isinstance(command, Around):
        show_trends(turn, command)
    elif isinstance(command, Help):
        answer_question(turn, command)
    elif isinstance(command, Undo):
        take_back(turn, command)
    elif isinstance(command, Show):
        show(turn, command)
    elif isinstance(command, Handoff):
        hand_off(turn, command)
    elif isinstance(command, Smalltalk):
        talk(turn, command)
    elif isinstance(command, CannotDo):
        refuse(turn, command)
    else:
        ask(turn, command.words, Linked(options=command.options), command.waiting)


def act(turn: Turn, message: Message, understood: Understood) -> Answer:
    """Carry out the commands of a message; `turn.conversation` is then the state after it."""
    chosen = answer_pending(message, turn.conversation)
    turn.conversation = replace(turn.conversation, waiting=None, language=turn.language)
    if message.foreign:
        turn.say("I understand English and Chinese.")
    if message.cut:
        turn.say("The message was too long; I read its beginning only.")
    for command in understood.commands if chosen is None else (chosen,):
        carry_out(turn, command)
    if chosen is None and understood.contradicted:
        gone = tuple(dict.fromkeys(map(wish_fact, understood.contradicted)))
        turn.say("Of contradicting wishes the last one holds, not: {wishes}.", wishes=gone)
    if chosen is None and understood.too_many:
        count = Fact("number", str(understood.too_many))
        turn.say("That was too much at once: {count} further wishes were left out.", count=count)
    if turn.wants_list:
        make_list(turn)
    return Answer(
        tuple(turn.commands),
        tuple(turn.statements),
        turn.items,
        turn.undo,
        turn.options,
        turn.handoff,
    )
