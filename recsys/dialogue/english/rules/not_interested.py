"""Rules of listed items that are not wanted."""

from __future__ import annotations

from recsys.dialogue.commands import Steer
from recsys.dialogue.english.makers import referred, steered
from recsys.dialogue.english.subjects import ORDINALS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:not|no|dont (?:want|show)(?: me)?|hide|remove|skip|drop|kill|delete|ditch|"
        r"lose|mute) (?P<x>this|that|it|this one|that one|these|those)(?: (?:one|thing|"
        r"item|post|video|movie|film|book|again|crap|shit))?(?: please)?",
        referred(lambda t: Steer("mute", t)),
    ),
    (
        r"(?:ive|i have|i|already|ive already|i already|weve|"
        r"i think ive)(?: already)? ?(?:seen|watched|read|saw|know|knew|heard|own|have|"
        r"finished|played|got)(?: already)? (?P<x>this|that|it|this one|that one|"
        r"the \w+ one|the last one|number \w+|(?:the )?(?:" + ORDINALS + r")(?: one)?)(?: .*)?",
        steered("mute"),
    ),
    (
        r"(?:already )?(?:seen|watched|read|heard|know|knew|played|been there)(?: (?:it|"
        r"that|this|this one|that one))?(?: (?:already|before|done that))?",
        referred(lambda t: Steer("mute", t)),
    ),
    (
        r"(?:not interested|no interest|boring|meh|nah|nope|no thanks|no thank you|pass|"
        r"skip|next one|not for me|not my (?:thing|cup of tea|"
        r"taste))(?: (?:in )?(?:this|that|it|this one|that one))?",
        referred(lambda t: Steer("mute", t)),
    ),
)
