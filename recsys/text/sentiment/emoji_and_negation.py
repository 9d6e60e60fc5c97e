"""Replacement of emoticons and emoji by English words, and antonyms for negated words."""

from __future__ import annotations

import re
import unicodedata

EMOTICONS = {
    "happy": (":)", ":-)", "=)", ":]", "(:", "(-:", ":')", "^_^", "^^", ":3"),
    "laugh": (":D", ":-D", "=D", "xD", "XD", ":'D"),
    "love": ("<3",),
    "wink": (";)", ";-)", ";D"),
    "sad": (":(", ":-(", "=(", ":[", "):", ":'(", ":,(", ";_;", "T_T", ":c"),
    "angry": (">:(", ">:-(", "D:<"),
    "annoyed": (":/", ":-/", "-_-", ":|", ":-|"),
    "broken heart": ("</3",),
}
EMOJI = {
    "happy": "😀😃😄😁😆😊🙂😇😌😋😺😸☺🙃🤗😎🥳",
    "laugh": "😂🤣😹",
    "love": "❤♥💕💖💗💓💞💘💝💙💚💛💜🧡🖤🤍😍🥰😘😻🤩😚😗",
    "great": "👍👏🙌💪🎉🎊✨🏆🥇💯⭐🌟🔥👌🤝",
    "thanks": "🙏",
    "wink": "😉😜😏",
    "sad": "😢😭😞😔😟🙁☹😥😓😿😩😫😪🥺😖😣😕",
    "broken heart": "💔",
    "angry": "😠😡🤬👿😤😾",
    "horrible": "🤮🤢👎💩😷🖕",
    "afraid": "😱😨😰😧😦",
    "annoyed": "🙄😒😑😐🤦",
    "stupid": "🤡",
    "dead": "💀☠",
}
# What a denied word comes to, where English has a word for it: the model knows that word better.
DENIED_VERBS = {
    "like": "dislike",
    "likes": "dislike",
    "liked": "dislike",
    "enjoy": "dislike",
    "enjoyed": "dislike",
    "recommend": "avoid",
}
DENIED_ADJECTIVES = {
    "happy": "unhappy",
    "satisfied": "dissatisfied",
    "pleased": "displeased",
    "fair": "unfair",
    "useful": "useless",
    "helpful": "unhelpful",
    "impressed": "disappointed",
    "bad": "okay",
    "honest": "dishonest",
    "worth": "worthless",
}

_SIGNS = {sign: word for word, signs in EMOTICONS.items() for sign in signs}
_EMOTICON = re.compile(
    r"(?<![\w:])(?:" + "|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True))) + r")(?!\w)"
)
_FACES = {sign: word for word, signs in EMOJI.items() for sign in signs}
_PICTURE = re.compile("[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")


_DEGREE = r"\s+(?:really\s+|very\s+|that\s+|so\s+|even\s+|too\s+)?"
_DENIED_VERB = re.compile(
    r"\b(?:(?:do|does|did|would|wo|can|could)(?:n't|\s+not|not)|never)"
    rf"{_DEGREE}({'|'.join(DENIED_VERBS)})\b",
    re.IGNORECASE,
)
_DENIED_ADJECTIVE = re.compile(
    rf"(?:\bnot|n't|\bnever){_DEGREE}({'|'.join(DENIED_ADJECTIVES)})\b", re.IGNORECASE
)


_UNLIKE = re.compile(
    r"\b(is|are|was|were|am|be|been)(?:n't|\s+not)(?:\s+at\s+all)?\s+like\b", re.IGNORECASE
)


def opposed(text: str) -> str:
    """Return a text in which denied words are put by their opposites: not happy, unhappy."""
    text = _UNLIKE.sub(r"\1 unlike", text)
    text = _DENIED_VERB.sub(lambda found: DENIED_VERBS[found[1].lower()], text)
    return _DENIED_ADJECTIVE.sub(lambda found: f" {DENIED_ADJECTIVES[found[1].lower()]}", text)


def translate(text: str) -> str:
    """Return the text with emoticons and emoji as English words."""
    text = _EMOTICON.sub(lambda found: f" {_SIGNS[found[0]]} ", text)
    return text if text.isascii() else _PICTURE.sub(_picture, text)


def pictures(text: str) -> str:
    """Return the emoticons and emoji of a text, in order; all else left out."""
    found = [*_EMOTICON.finditer(text), *_PICTURE.finditer(text)]
    return " ".join(one[0] for one in sorted(found, key=re.Match.start))


def _picture(found: re.Match[str]) -> str:
    sign = found[0]
    word = _FACES.get(sign) or unicodedata.name(sign, "").lower()
    return f" {word.replace('face', '').replace('with', '')} "
