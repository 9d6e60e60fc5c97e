"""Pending answer: which option of a question back a message chooses."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.commands import (
    Around,
    Command,
    Find,
    Steer,
    Why,
)
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.message_text import Message


def answer_pending(message: Message, conversation: Conversation) -> Command | None:
    """Return the command that waits, with the option that a message chooses; None: it chooses none.

    An option is chosen by its place, its name or the beginning of it.
    """
    waiting = conversation.waiting
    if waiting is None or waiting.waiting is None:
        return None
    words = message.plain
    places = {
        "1": 0,
        "2": 1,
        "3": 2,
        "first": 0,
        "second": 1,
        "third": 2,
        "第一个": 0,
        "第二个": 1,
        "第三个": 2,
        "the first": 0,
        "the second": 1,
        "the third": 2,
        "the first one": 0,
        "the second one": 1,
        "yes": 0,
        "是": 0,
        "是的": 0,
        "对": 0,
    }
    place = places.get(words)
    if (
        place is None
        or place >= len(waiting.options)
        or (words in ("yes", "是", "是的", "对") and len(waiting.options) > 1)
    ):
        named = [one.called.casefold() for one in waiting.options]
        fit = [
            at
            for at, name in enumerate(named)
            if words and (name == words or name.startswith(words))
        ]
        if len(fit) != 1:
            return None
        place = fit[0]
    chosen, command = waiting.options[place], waiting.waiting
    if isinstance(command, Steer):
        return replace(command, target=chosen)
    if isinstance(command, Find):
        return replace(command, like=chosen)
    if isinstance(command, Around):
        return Around(chosen)
    return Why(chosen)
