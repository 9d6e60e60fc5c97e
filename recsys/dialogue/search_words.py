"""Search words: what a list is about, without a count and nouns that every item is called by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recsys.dialogue.commands import MOST_COUNTED
from recsys.dialogue.message_text import is_han

_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
_HAN_NUMBERS = {sign: number for number, sign in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
_NOUN = (
    r"(?:articles?|posts?|postings?|threads?|topics?|discussions?|items?|things?|stuff|content|"
    r"entries|results?|recommendations?|recs|suggestions?|links?|reads?|pieces?|videos?|news)"
)
_COUNTED = re.compile(
    rf"^(?:me |us |the |top |best |any |only |just )*(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)}) "
    rf"(?:(?:more|good|new|best|interesting|nice|recent|short|other|different) )*"
    rf"(?={_NOUN}\b|of the\b)"
)
_CALLED = re.compile(
    rf"^(?:(?:a|an|any|some|more|good|nice|interesting|great|decent|all|the|your|few|of) )*{_NOUN}"
    r"(?: (?:that are|which are|is|are))? (?:about|on|of|regarding|concerning|related to|with|for|"
    r"around|covering) "
)
_REPEATED = re.compile(r"\b(\w+)(?: \1\b)+")
_TRAILING = re.compile(r"(?<=\w) (?:posts?|articles?|threads?|content|items?|stuff|things)$")
_ABOUT = re.compile(
    r"^(?:(?:something |anything |stuff )?(?:about|on|regarding|related to)|"
    r"(?:something|anything|stuff|things?) (?:by|from|featuring|starring|with|of)) |"
    r"^(?:something|anything|stuff|things?) (?=in )"
)
_HAN_NOUN = (
    r"(?:文章|帖子|贴子|视频|内容|主题|话题|东西|资料|资讯|信息|消息|讨论|链接|推荐|帖|文|新闻|"
    r"作品|干货|分享)"
)
_HAN_COUNTED = re.compile(
    r"^(?:给我|来|推荐|找|前|只要)*(?P<n>\d{1,3}|[一二两三四五六七八九十])(?:篇|条|个|部|本|则|项|"
    r"份)(?=.)"
)
_HAN_CALLED = re.compile(rf"(?:相关|有关|方面|主题|类)?的?(?:好|新|优质|热门)?{_HAN_NOUN}$")
_HAN_CALLED_OF = re.compile(
    rf"(?:(?:相关|有关|方面|主题|类)的?|的)(?:好|新|优质)?{_HAN_NOUN}$|"
    r"(?<=..)(?:内容|帖子|贴子|文章)$"
)
_HAN_REPEATED = re.compile(r"^(.{2,6}?)\1+$")
_HAN_ABOUT = re.compile(r"^(?:些|点|一些|一点|几篇|几个|几条|关于|有关|讲|跟|和)+(?=.)")


@dataclass(frozen=True, slots=True)
class SearchWords:
    """The words of a search, and how many items are wanted; 0: as many as usual."""

    words: str
    count: int = 0


_SORT = re.compile(
    r"(?:the |some |any |a |an )?(?:films?|movies?|books?|songs?|shows?|podcasts?|series|games?|"
    r"recipes?|"
    r"albums?|posts?|articles?|threads?|videos?|items?|content|news)"
    r"|电影|影片|片子|片|书|歌|歌曲|剧|节目|小说|文章|帖子|视频|内容|新闻"
)
_LAST_NOUN = re.compile(
    r"(?: (?:films?|movies?|books?|songs?|shows?|series)|(?<=..)(?:电影|的?书|的?片子))$"
)


def without_noun(words: str) -> str:
    """Return words without a sort of items at their end: "horror movies" as "horror"."""
    return _LAST_NOUN.sub("", words)


def split_count(words: str) -> tuple[int, str]:
    """Return a number with which words begin, and the others: "3 thrillers"; 0: there is none."""
    found = re.match(rf"^(\d{{1,2}}|{'|'.join(_NUMBERS)}) (.+)$", words)
    if found is None:
        return 0, words
    return min(int(_NUMBERS.get(found[1]) or found[1]), MOST_COUNTED), found[2]


def number_of(word: str) -> int:
    """Return the number that a word is; 0: it is none."""
    if word.isdecimal():
        return int(word)
    return _NUMBERS.get(word) or _HAN_NUMBERS.get(word) or 0


def search_words(words: str) -> SearchWords:
    """Return the words of a search and its count; empty where they name a sort of items alone."""
    if _SORT.fullmatch(words):
        return SearchWords("")
    if is_han(words):
        return _chinese(words)
    count, words = 0, _REPEATED.sub(r"\1", words)
    if found := _COUNTED.match(words):
        count, words = int(_NUMBERS.get(found["n"]) or found["n"]), words[found.end() :]
    before = None
    while before != words:
        before = words
        words = _TRAILING.sub("", _ABOUT.sub("", _CALLED.sub("", words)))
    if re.fullmatch(rf"{_NOUN}(?: please)?", words) and count:
        words = ""
    return SearchWords(words.strip(), min(count, MOST_COUNTED))


def _chinese(words: str) -> SearchWords:
    count, rest = 0, _HAN_REPEATED.sub(r"\1", words)
    words = rest
    if found := _HAN_COUNTED.match(words):
        count, rest = int(_HAN_NUMBERS.get(found["n"]) or found["n"]), words[found.end() :]
    rest = _HAN_ABOUT.sub("", rest)
    counted = _HAN_CALLED if count else _HAN_CALLED_OF
    rest = counted.sub("", rest) if not re.fullmatch(_HAN_NOUN, rest) else "" if count else rest
    if not rest and not count:
        return SearchWords(words)
    return SearchWords(re.sub(r"(?<=.)的$", "", rest).lstrip("的"), min(count, MOST_COUNTED))
