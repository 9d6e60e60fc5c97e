"""Item questions: "who wrote it?", "how old is the second one?", to the field that answers."""

from __future__ import annotations

import re

from recsys.dialogue.chinese.rule_set import CHINESE
from recsys.dialogue.commands import Show, Shown
from recsys.dialogue.english.rule_set import ENGLISH
from recsys.dialogue.message_text import is_han

_KIND = r"(?:item|post|article|video|film|movie|book|story|thread|text|song|piece)"
_IT = (
    rf"(?P<x>it|this|that|this one|that one|the (?:last|first|second|third|fourth|fifth) one|"
    rf"(?:the )?(?:last|first|second|third|fourth|fifth)(?: {_KIND})?|number \w+|#\d+|"
    rf"(?:this|that|the) {_KIND})"
)
_OF = rf"(?: (?:of|for) {_IT})?"
_ENGLISH: tuple[tuple[str, Shown], ...] = (
    (
        rf"who (?:is |was |has |had )?(?:wrote|written|write|posted|made|published|directed|shared|"
        rf"sent|created|behind|the author of|the creator of|the writer of) {_IT}",
        "author",
    ),
    (
        rf"(?:who(?:s| is| was)|whats|what is) (?:the|its) (?:author|writer|creator|director|"
        rf"poster|op)(?:s name)?{_OF}",
        "author",
    ),
    (rf"(?:who(?:s| is| was)? {_IT} (?:by|from)|(?:by|from) who(?:m)?|author)", "author"),
    (rf"how (?:old|new|recent|fresh|current) (?:is|are|was) {_IT}", "date"),
    (
        rf"when (?:was|is|did|were) {_IT}(?: (?:posted|written|made|published|created|released|"
        rf"from|come out|out|shared|uploaded|appear|first posted))?",
        "date",
    ),
    (rf"(?:whats|what is|what was) (?:the|its) (?:date|year|age){_OF}", "date"),
    (rf"(?:from )?(?:what|which) (?:year|date|day) (?:is|was) {_IT}(?: from| posted)?", "date"),
    (rf"is {_IT} (?:old|new|recent|up to date|outdated)", "date"),
    (rf"how (?:long|short|big) (?:is|are|was) {_IT}(?: to read| to watch)?", "length"),
    (rf"how long (?:does|will|would) {_IT} take(?: to (?:read|watch))?(?: me)?", "length"),
    (
        rf"how many (?:words|pages|minutes|hours) (?:is|does|has) {_IT}(?: have| take| long)?",
        "length",
    ),
    (rf"(?:whats|what is) (?:the|its) (?:length|duration|runtime|word count){_OF}", "length"),
    (rf"is {_IT} (?:long|short)", "length"),
    (rf"how (?:popular|well known|famous|known) (?:is|was) {_IT}", "popularity"),
    (rf"is {_IT} (?:popular|famous|well known)", "popularity"),
    (
        rf"how many (?:people|users|readers|others) (?:have )?(?:read|seen|liked|viewed|saw|"
        rf"watched|clicked)(?: on)? {_IT}",
        "popularity",
    ),
    (rf"how (?:expensive|pricey|cheap) is {_IT}", "price"),
    (
        r"how much (?:is|does) (?P<x>this one|that one|the (?:first|second|third|last) one|"
        r"number \w+)(?: cost)?",
        "price",
    ),
    (rf"(?:whats|what is) (?:the|its) price{_OF}", "price"),
    (rf"how (?:good|well rated|highly rated) is {_IT}", "rating"),
    (rf"is {_IT} (?:any )?(?:good|worth it|worth reading|worth watching)", "rating"),
    (rf"(?:whats|what is) (?:the|its) (?:rating|score){_OF}", "rating"),
    (rf"(?:what(?:s| is)|whats) {_IT}(?: all)? about", "subject"),
    (rf"what (?:does|is) {_IT} (?:say|about|cover|discuss)", "subject"),
    (rf"(?:tell me|can you tell me) (?:more |something )?about {_IT}", "subject"),
    (rf"(?:summari[sz]e|describe) {_IT}", "subject"),
    (rf"(?:whats|what is) (?:the|its) (?:topic|subject){_OF}", "subject"),
)
_ZHE = (
    r"(?P<x>它|这|那|这个|那个|这篇|那篇|这条|那条|这部|那部|这本|那本|这个帖子|这篇文章|这个视频|"
    r"这篇帖子|第.{1,2}?(?:个|条|部|本|篇)|最后一(?:个|条|部|本|篇))"
)
_CHINESE: tuple[tuple[str, Shown], ...] = (
    (
        rf"(?:{_ZHE})?(?:是|的)?谁(?:写|发|发布|发表|做|拍|导演|创作|分享)的?(?:它|这个|这篇|这条)?",
        "author",
    ),
    (rf"(?:{_ZHE})?的?(?:作者|楼主|导演|发布者)(?:是|叫)?(?:谁|什么|啥)?", "author"),
    (
        rf"(?:{_ZHE})?是?(?:什么时候|啥时候|哪天|哪年|哪一年|何时|几时)(?:写|发|发布|发表|出|拍|"
        rf"上映|更新)?(?:布|表)?的?",
        "date",
    ),
    (rf"(?:{_ZHE})(?:有)?多(?:久|老|旧|新)了?", "date"),
    (rf"(?:{_ZHE})?的?(?:发布|发表)?(?:日期|时间|年份)(?:是)?(?:什么|多少|哪天|几号)", "date"),
    (rf"(?:{_ZHE})(?:是)?(?:新的|旧的|老的)吗?", "date"),
    (
        rf"(?:{_ZHE})?(?:有)?多(?:长|少字|少页|少分钟)|(?:{_ZHE})?要?(?:看|读)多(?:久|长时间)|"
        rf"(?:{_ZHE})(?:有)?多少(?:字|页|分钟)|(?:{_ZHE})长吗?",
        "length",
    ),
    (
        rf"(?:{_ZHE})(?:有)?多(?:火|热门|受欢迎|有名)|(?:{_ZHE})(?:火|热门|有名|受欢迎)吗|"
        rf"(?:有)?多少人(?:看|读|喜欢|点)(?:过|了)?(?:{_ZHE})",
        "popularity",
    ),
    (rf"(?:{_ZHE})(?:要)?(?:多少钱|什么价格?|贵不贵|贵吗)", "price"),
    (rf"(?:{_ZHE})?的?(?:评分|评价)(?:是|有)?(?:多少|多高|怎么样|如何)|(?:{_ZHE})好看吗", "rating"),
    (
        rf"(?:{_ZHE})(?:是)?(?:讲|说|关于|写)(?:的是|了|的)?(?:什么|啥)(?:的|内容)?|"
        rf"(?:是)?(?:讲|写|关于)(?:的是|了|的)?(?:什么|啥)(?:的|内容)?|"
        rf"(?:{_ZHE})的?(?:内容|主题)是?(?:什么|啥)|(?:介绍|概括|总结)(?:一下)?(?:{_ZHE})",
        "subject",
    ),
)


def _named_apart(pattern: str) -> str:
    """Return a pattern whose groups x are called x0, x1, …, as names may not occur twice."""
    parts = pattern.split("(?P<x>")
    named = parts[0]
    for number, part in enumerate(parts[1:]):
        named += f"(?P<x{number}>{part}"
    return named


_RULES = {
    han: tuple((re.compile(_named_apart(pattern)), what) for pattern, what in rules)
    for han, rules in ((False, _ENGLISH), (True, _CHINESE))
}
_KEYWORDS = {
    False: re.compile(r"^(?:who|how|when|wh?at|is|by|from|author|tell|summari|descri|which|can)"),
    True: re.compile(
        r"谁|作者|楼主|导演|发布者|时候|哪|何时|几时|久|老|旧|新|日期|时间|年份|多|长|火|热门|有名|"
        r"欢迎|价|贵|评|好看|什么|啥|介绍|概括|总结"
    ),
}


def item_question(clause: str) -> Show | None:
    """Return the field of an item that a clause asks for; None: it asks for none."""
    han = is_han(clause)
    language = CHINESE if han else ENGLISH
    bare = language.stripped(clause)
    if not _KEYWORDS[han].search(bare):
        return None
    for pattern, what in _RULES[han]:
        if found := pattern.fullmatch(bare):
            words = next((one for one in found.groupdict().values() if one), "")
            place = _KIND_END.sub("", words)
            return Show(what, language.target(place or "this"))
    return None


_KIND_END = re.compile(rf"(?<=st|nd|rd|th) {_KIND}$|(?<=last) {_KIND}$")
