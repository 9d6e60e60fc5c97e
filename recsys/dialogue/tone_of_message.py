"""Tone of a message: whether it is angry, by its words, its capitals and its signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from recsys.dialogue.commands import Smalltalk
from recsys.dialogue.merged_commands import Understood
from recsys.dialogue.message_text import Message
from recsys.dialogue.wording import Tone

SWEARING = re.compile(
    r"\b(?:fuck\w*|shit\w*|bullshit|crap|damn\w*|wtf|stfu|idiot\w*|moron\w*|"
    r"asshole\w*|bastard\w*|"
    r"piss(?:ed)? off|screw (?:you|this)|bloody hell|fed up|sick of (?:this|you)|useless|garbage|"
    r"i'?(?: a)?m (?:so |very |really |getting )*(?:angry|furious|annoyed|pissed)|"
    r"for god'?s sake|ffs)\b|他妈|妈的|垃圾|傻逼|智障|废物|脑残|去死|滚|操你|"
    r"卧槽|气死|烦死|狗屁|有病"
)
CLEARLY_NEGATIVE = -0.5  # tone from which loud words are anger
SHOUTED = 0.6  # share of capitals of a message that is shouted
LEAST_LETTERS = 12  # of a message that may count as shouted


def tone_of(message: Message, understood: Understood, sentiment: Callable[[str], float]) -> Tone:
    """Return the tone of a message; `sentiment`: of a text, -1 to 1, read where it is loud."""
    if SWEARING.search(message.typed.casefold()):
        return "anger"
    if any(one == Smalltalk("complaint") for one in understood.commands):
        return "anger"
    letters = [sign for sign in message.typed if sign.isalpha() and sign.isascii()]
    shouted = len(letters) >= LEAST_LETTERS and (
        sum(map(str.isupper, letters)) / len(letters) >= SHOUTED
    )
    loud = shouted or "!!" in message.typed or "！！" in message.typed
    if loud and sentiment(message.typed) <= CLEARLY_NEGATIVE:
        return "anger"
    return "neutral"
