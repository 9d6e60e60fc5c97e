"""Steering: more, less, none or nothing but a subject, in the conversation or for ever."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.linking import link, may_limit, not_linked, referred
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import fact_of
from recsys.dialogue.answer_statements import Undoing
from recsys.dialogue.commands import (
    Find,
    Steer,
)
from recsys.dialogue.conversation import Critique
from recsys.dialogue.facts import Fact
from recsys.errors import DataError
from recsys.store.user_controls import Wish

_WISHED = {"more": "boost", "less": "less", "mute": "mute", "forget": "forget"}
_CONTROLLED = ("topic", "author", "category", "tag", "words", "item")  # kinds of profile controls
_ACTIONS = {
    "only": "Only {target}.",
    "more": "More {target}.",
    "less": "Less {target}.",
    "mute": "Without {target}.",
}
_PROFILE_ACTIONS = {
    "more": "From now on more {target}.",
    "less": "From now on less {target}.",
    "mute": "From now on without {target}.",
    "forget": "What you did with {target} until now no longer counts.",
}


def steer(turn: Turn, command: Steer) -> None:
    """Add a wish to the conversation, or store it in the profile."""
    linked = link(turn, command.target, "steer")
    target = linked.target
    if target is None and command.scope == "profile" and not linked.options:
        if command.action in ("mute", "less") and referred(turn, command.target.words) is None:
            target = replace(command.target, kind="words", value=command.target.words)
            turn.say("Nothing here is about {words} yet.", words=fact_of(target))
    if target is None:
        not_linked(turn, command, command.target.words, linked)
        return
    command = replace(command, target=target)
    turn.commands.append(command)
    if not may_limit(turn, target):
        return
    if command.action == "forget" or command.scope == "profile":
        _steer_profile(turn, command)
    else:
        if command.action == "more" and turn.conversation.find != Find():
            turn.conversation = replace(turn.conversation, find=Find(), shown=())
        critique = Critique(command, reference=turn.conversation.listed)
        turn.passed_over = True
        turn.conversation = turn.conversation.with_critique(critique)
        turn.undo = Undoing("conversation")
        turn.say(_ACTIONS[command.action], target=fact_of(command.target))
    turn.wants_list = True


def _steer_profile(turn: Turn, command: Steer) -> None:
    target = command.target
    action = _WISHED.get(command.action)
    if action is None or target.kind not in _CONTROLLED:
        kept = replace(command, scope="conversation")
        if command.action == "forget":
            turn.say(
                "I cannot forget {target}: it is no topic, author, category, tag or item.",
                target=fact_of(target),
            )
            return
        turn.commands[-1] = kept
        turn.conversation = turn.conversation.with_critique(Critique(kept))
        turn.undo = Undoing("conversation")
        turn.say(_ACTIONS[command.action], target=fact_of(target))
        turn.say("It holds for this conversation: no lasting setting is like that.")
        return
    if not turn.service.writes:
        turn.say(
            "In a dry run, or without an account, nothing is stored: this would be: {wish}",
            wish=Fact("text", f"{action} {target.kind} {target.called}"),
        )
        return
    before = {one.id for one in turn.service.user.controls}
    wish = Wish(action, target.kind, target.value or target.words)
    try:
        now = turn.service.controls((wish,), ())
    except DataError as error:
        turn.say("That could not be stored: {why}.", why=Fact("text", str(error)))
        return
    new = tuple(one.id for one in now if one.id not in before)
    turn.service.user = replace(turn.service.user, controls=tuple(now))
    turn.say(_PROFILE_ACTIONS[command.action], target=fact_of(target))
    if new:
        turn.conversation = turn.conversation.with_controls(new)
        turn.undo = Undoing("profile", new)
        turn.say("Say “undo” to take it back.", 0)
    else:
        turn.say("It was so already.")
