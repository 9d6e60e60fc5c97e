"""Negations, opposites and claims about the reader in a sentence, English and Chinese."""

from __future__ import annotations

import re

_ENGLISH = re.compile(
    r"\b(?:not|no|never|without|none|nobody|nothing|nowhere|neither|nor|cannot|hardly|barely)\b"
    r"|n't\b|\b(?:dont|doesnt|didnt|isnt|arent|wasnt|werent|cant|wont|couldnt|wouldnt|havent|hasnt)\b",
    re.IGNORECASE,
)
_LEXICAL = re.compile(
    "不过|不同|不仅|不但|不断|不管|不论|不少|不久|不错|差不多|了不起|对不起|不禁|不得不|要不|非常|非洲|是非"
    "|除非|莫非|无论|无线|无数|无锡|无比|特别|别人|别墅|区别|分别|级别|性别|类别|个别|告别|未来|未必|没准"
)
_CHINESE = re.compile("[不没无未别非勿]")
_OPPOSITES = (
    ("more", "less"),
    ("most", "least"),
    ("before", "after"),
    ("always", "never"),
    ("all", "none"),
    ("first", "last"),
    ("increase", "decrease"),
    ("increased", "decreased"),
    ("rise", "fall"),
    ("rose", "fell"),
    ("above", "below"),
    ("best", "worst"),
    ("better", "worse"),
    ("newer", "older"),
    ("shorter", "longer"),
    ("with", "without"),
    ("增加", "减少"),
    ("上升", "下降"),
    ("上涨", "下跌"),
    ("更多", "更少"),
    ("最多", "最少"),
    ("最好", "最差"),
    ("之前", "之后"),
    ("支持", "反对"),
)
_YOU = re.compile(
    r"\b(?:you|your|yours|yourself|you've|you're|you'd|you'll)\b|[你您]", re.IGNORECASE
)
_ACTS = re.compile(
    r"\b(?:lik|lov|enjoy|hat|read|watch|view|click|follow|buy|bought|purchas|shar|comment|rat|sav"
    r"|visit|search|ask|mut|block|miss|prefer|want|subscrib|listen|play|see|saw|seen|own|know|live"
    r"|work|feel|think|believ|tell|told|ordered|add|interest)\w*\b"
    r"|喜欢|喜爱|爱看|讨厌|看过|读过|看了|读了|听过|关注|点赞|收藏|分享|评论|购买|买过|订阅|搜索|屏蔽|错过"
    r"|感兴趣|常看|想看|住在|希望|要求",
    re.IGNORECASE,
)


def negations(sentence: str) -> int:
    """Return how many negations a sentence has; 非常 and 不同 are none."""
    return len(_ENGLISH.findall(sentence)) + len(_CHINESE.findall(_LEXICAL.sub("", sentence)))


def opposite_stated(sentence: str, source: str) -> bool:
    """Whether a sentence has a word whose opposite stands in its place in the source."""
    said, known = sentence.casefold(), source.casefold()
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if _has(said, one) and not _has(known, one) and _has(known, other):
                if not _has(said, other):
                    return True
    return False


def claims_about_reader(sentence: str) -> set[str]:
    """Return the acts and tastes that a sentence ascribes to its reader: `lik`, `喜欢`."""
    if not _YOU.search(sentence):
        return set()
    return {one.group().casefold()[:3] for one in _ACTS.finditer(sentence)}


def addresses_reader(sentence: str) -> bool:
    """Whether a sentence speaks to its reader."""
    return _YOU.search(sentence) is not None


def _has(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return re.search(rf"\b{word}\b", text) is not None
