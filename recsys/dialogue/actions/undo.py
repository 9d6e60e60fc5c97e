"""Undo: the last change of a conversation or of a profile taken back."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.turn import Turn
from recsys.dialogue.commands import (
    Undo,
)
from recsys.errors import DataError


def take_back(turn: Turn, command: Undo) -> None:
    """Take the latest change of the conversation or of the profile back."""
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
