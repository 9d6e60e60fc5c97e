"""CHINESE: the patterns of the language; rules are tried in this order."""

from __future__ import annotations

from recsys.dialogue.chinese.handoff_and_safety import (
    ANOTHER,
    INSTRUCTIONS,
    PEOPLE,
    SELF_HARM,
    THREAT,
)
from recsys.dialogue.chinese.help_questions import questions
from recsys.dialogue.chinese.loose_rules import LOOSE_RULES
from recsys.dialogue.chinese.rules import (
    find,
    less,
    likeness,
    listed_items,
    more,
    mute,
    not_interested,
    only,
    order,
    show,
    trending,
    undo,
    why,
)
from recsys.dialogue.chinese.small_talk import SMALL_TALK
from recsys.dialogue.chinese.subjects import PROFILE, finding, stripped, subject, target
from recsys.dialogue.patterns import Guards, LanguagePatterns, compiled, loose, small_talk

RULES = (
    listed_items,
    order,
    undo,
    why,
    trending,
    show,
    likeness,
    only,
    not_interested,
    mute,
    less,
    more,
    find,
)

CHINESE = LanguagePatterns(
    scope=PROFILE,
    stripped=stripped,
    subject=subject,
    target=target,
    finding=finding,
    guards=Guards(SELF_HARM, THREAT, INSTRUCTIONS, ANOTHER, None, PEOPLE),
    small_talk=small_talk(SMALL_TALK),
    questions=questions,
    loose_rules=loose(LOOSE_RULES),
    rules=compiled((one.RULES for one in RULES), possessive=True),
)
