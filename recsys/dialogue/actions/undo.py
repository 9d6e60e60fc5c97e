"""Undo: the last change of a conversation or of a profile taken back, or all about a target."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.control_names import control_fact, control_label, steering_controls
from recsys.dialogue.actions.linking import link
from recsys.dialogue.actions.search import find
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import fact_of, wish_fact
from recsys.dialogue.commands import EVERYTHING, Find, Target, Undo
from recsys.dialogue.label_keys import key_of, stem
from recsys.errors import DataError


def take_back(turn: Turn, command: Undo) -> None:
    """Take the latest change of the conversation or of the profile back, or wishes about one."""
    if command.target is not None and command.target.words == EVERYTHING:
        _take_back_all(turn, command)
        return
    if command.target is not None:
        _take_back_about(turn, command.target)
        return
    turn.commands.append(command)
    found, change = turn.conversation.without_change()
    if change is None:
        turn.say("There is nothing to take back.")
        return
    if change.kind == "controls":
        if not turn.service.writes:
            turn.say("In a dry run, or without an account, nothing is stored.")
            return
        try:
            now = turn.service.controls((), change.controls)
        except DataError:
            turn.conversation = found
            turn.say("That was taken back already.")
            return
        turn.service.user = replace(turn.service.user, controls=tuple(now))
        turn.say("Taken back: your profile is as it was before.")
    else:
        turn.say("Taken back.")
    turn.conversation = found
    turn.wants_list = True


def _take_back_all(turn: Turn, command: Undo) -> None:
    """Take back all wishes of the conversation, its order and its search; the profile stays."""
    turn.commands.append(command)
    kept = tuple(one for one in turn.conversation.changes if one.kind == "controls")
    turn.conversation = replace(
        turn.conversation, find=Find(), critiques=(), shown=(), changes=kept
    )
    turn.say("All wishes of this conversation are taken back.")
    if steering_controls(turn):
        turn.say("Those of your profile stay; say which one ends.", 0)
    turn.wants_list = True


def _take_back_about(turn: Turn, target: Target) -> None:
    """Take back all wishes about a target, of the conversation and of the profile.

    Without any, the answer says so and lists what there is about it.
    """
    linked = link(turn, target, "steer").target
    meant = linked or target
    keys = {stem(key_of(one)) for one in (meant.called, target.words)}
    turn.commands.append(Undo(meant))

    def about(other: Target) -> bool:
        return bool(keys & {stem(key_of(other.called)), stem(key_of(other.words))})

    controls = [one for one in steering_controls(turn) if about(Target(control_label(turn, one)))]
    ids = tuple(one.id for one in controls)
    found, steers = turn.conversation.without_wishes(about, ids)
    if not steers and not controls:
        turn.say("You have no wish about {target} that could be taken back.", target=fact_of(meant))
        if linked is not None:
            find(turn, Find(target.words))
        return
    if controls:
        if not turn.service.writes:
            turn.say("In a dry run, or without an account, nothing is stored.")
            return
        now = turn.service.controls((), ids)
        turn.service.user = replace(turn.service.user, controls=tuple(now))
    wishes = [wish_fact(one) for one in steers] + [control_fact(turn, one) for one in controls]
    turn.say("Taken back: {wishes}.", wishes=tuple(dict.fromkeys(wishes)))
    turn.conversation = found
    turn.wants_list = True
