"""Followees: words such as "people I follow" or "我关注的人" as one noun, and what is theirs."""

from __future__ import annotations

import re

from recsys.dialogue.message_text import is_han

FOLLOWEES, HAN_FOLLOWEES = "followees", "关注者"  # what clauses call them from then on
_WHO = (
    r"people|ppl|persons?|accounts?|authors?|users?|creators?|channels?|writers?|pages?|bloggers?|"
    r"folks?|"
    r"those|ones|everyone|everybody|anyone|whoever|who|whom|artists?|somebody|someone"
)
_ENGLISH = re.compile(
    rf"\b(?:(?:the |all |all the |any |any of the |some of the )?(?:{_WHO}) )"
    r"(?:(?:that|who|whom|which) )?(?:i|im|i am|ive|i have)(?: am| already| actually| do| have)* "
    r"(?:follow(?:ing|ed)?|subscribed? to)\b|"
    r"(?<=from )my (?:follows|followees|subscriptions|following(?: list)?)\b|"
    r"(?<=by )my (?:follows|followees|subscriptions)\b"
)
_CHINESE = re.compile(
    r"(?:我(?:自己)?(?:所|已经?)?(?:关注|订阅)(?:了|过)?的?(?!的?(?:话题|标签|主题|领域|东西|"
    r"内容|是))|"
    r"(?<=[看要自推出示])关注的(?=人|账号|博主|用户|作者|创作者|up主))"
    r"(?:那些|这些)?(?:人|账号|博主|用户|作者|创作者|up主|号|朋友|频道|老师)(?:们|里)?(?:所?(?:发布?|"
    r"写|更新)的)?"
)
_THEIRS = re.compile(
    rf"^(?P<x>.+?) (?:(?:that (?:are|were|is) |which (?:are|were) )?(?:posted |written |made |"
    rf"shared )?"
    rf"(?:from|by|of)) {FOLLOWEES}$"
)
_BY_THEM = re.compile(rf"^{FOLLOWEES} (?:about|on|regarding) (?P<x>.+)$")
_ASKED = re.compile(
    rf"^(?:what|anything|everything|whatever)(?: new)?(?: that)? (?:(?:did|do|have|has|are|were) )?"
    rf"{FOLLOWEES} (?:have |has |are |just |recently )*(?:post|write|wrote|share|publish|upload|"
    rf"say|said)"
    r"(?:s|d|ed|ing|ten)?(?: lately| today| recently| this week| about)?$|"
    rf"^(?:最近|今天|这几天)?{HAN_FOLLOWEES}(?:最近|今天|这几天|都|又)*(?:发布?|写|更新|分享|"
    rf"说)了?(?:些|点)?"
    r"(?:什么|啥|哪些)(?:内容|东西|文章|视频)?$"
)
_HAN_THEIRS = re.compile(rf"^{HAN_FOLLOWEES}的?(?P<x>.+)$")


def with_followees(clause: str) -> str:
    """Return a clause in which "people I follow" and the like are one noun, `FOLLOWEES`."""
    if is_han(clause):
        return _CHINESE.sub(HAN_FOLLOWEES, clause)
    return _ENGLISH.sub(FOLLOWEES, clause)


def are_followees(words: str) -> bool:
    """Whether words are those whom the user follows."""
    return words in (FOLLOWEES, HAN_FOLLOWEES)


def asks_what_they_wrote(clause: str) -> bool:
    """Whether a clause with followees as a noun asks for what they have written."""
    return _ASKED.match(clause) is not None


def of_followees(words: str) -> str | None:
    """Return what of theirs words are about: "jazz" of "jazz by followees"; None: nothing is."""
    found = (_HAN_THEIRS if is_han(words) else _THEIRS).match(words) or _BY_THEM.match(words)
    return found["x"] if found is not None else None
