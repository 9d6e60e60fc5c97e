"""How impatient people write: comparisons with words, periods, counts, complaints, questions."""

import importlib
import pkgutil
import random
import re
import time
from datetime import UTC, datetime

import pytest

from recsys.dialogue import chinese, english
from recsys.dialogue.chinese.rule_set import CHINESE
from recsys.dialogue.commands import (
    CannotDo,
    Find,
    Show,
    Smalltalk,
    Steer,
    Target,
    command_json,
    command_of,
)
from recsys.dialogue.english.rule_set import ENGLISH
from recsys.dialogue.message_text import read_message
from recsys.dialogue.periods import moments_of, without_period
from recsys.dialogue.search_words import SearchWords, search_words
from recsys.dialogue.understanding import PatternUnderstanding
from recsys.evaluation.utterance_trials import written

UNDERSTANDING = PatternUnderstanding()
LABELS = {"rust", "bread", "面包", "象棋"}


def understood(text):
    found = UNDERSTANDING.understand(read_message(text), lambda words: words in LABELS)
    return found.commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anything less known about rust", "find:rust<less_known"),
        ("something shorter about bread", "find:bread<shorter"),
        ("newest posts on docker", "find:docker<newer"),
        ("popular things about roses", "find:roses<more_known"),
        ("give me something lighter on politics", "find:politics<lighter"),
        ("来点冷门的rust内容", "find:rust内容<less_known"),
        ("less rust", "steer:less:rust"),
        ("not bread, rust", "find:rust"),
        ("no, not bread, docker", "find:docker"),
        ("docker, not bread", "find:docker + steer:mute:bread"),
        ("not bad, thanks", "smalltalk"),
        ("不是面包，是象棋", "find:象棋"),
        ("rust, newer", "find:rust<newer"),
        ("少点docker多点面包", "steer:less:docker + steer:more:面包"),
        ("太多rust了", "steer:less:rust"),
        ("没有别的了吗", "show:more"),
        ("show me something i havent seen yet", "show:more"),
        ("i want to learn python", "find:python"),
        ("stop", "undo"),
        ("number 2 is crap", "steer:mute:2"),
        ("the second one looks nice", "find~2"),
        ("no i meant bread", "find:bread"),
        ("why do i keep getting linux stuff", "why:linux"),
        ("stop showing me the same things", "show:more"),
        ("most popular articles", "find<more_known"),
        ("forget everything i liked", "help"),
        ("what did you change", "show:controls"),
        ("第二个太烂了", "steer:mute:2"),
        ("第二个不错", "find~2"),
        ("我是说面包", "find:面包"),
        ("为啥全是rust", "steer:less:rust"),
        ("怎么都是一样的内容", "show:more"),
        ("我不要这个要面包", "steer:mute:this + find:面包"),
        ("清空我的历史", "help"),
        ("太长不看", "find<shorter"),
        ("only comedies from the 90s", "steer:only:comedies + steer:only:the 90s"),
        ("rust but not docker", "find:rust + steer:mute:docker"),
        ("id rather see roses than rust", "steer:more:roses + steer:less:rust"),
        ("bread instead of rust", "steer:more:bread + steer:less:rust"),
        ("its all about rust here", "steer:less:rust"),
        ("too much rust, not enough bread", "steer:less:rust + steer:more:bread"),
        ("5 newest articles on yeast", "find:yeast<newer"),
        ("whats the best post about roses", "find:roses"),
        ("how many posts about rust do you have", "around:rust"),
        ("more from the author of the second one", "steer:only:author of 2"),
        ("sort by colour", "cannotdo"),
        ("mix it up a bit", "show:more"),
        ("rust但不要docker", "find:rust + steer:mute:docker"),
        ("比起rust我更想看玫瑰", "steer:more:玫瑰 + steer:less:rust"),
        ("有多少篇关于rust的文章", "around:rust"),
        ("还有没有同一个作者的", "steer:only:author of this"),
    ],
)
def test_a_comparison_with_words_and_other_phrases(text, expected):
    assert written(understood(text)) == expected


@pytest.mark.parametrize(
    ("text", "words", "count", "within"),
    [
        ("give me 3 articles on baking bread from this month", "baking bread", 3, "this month"),
        ("three threads about linux", "linux", 3, ""),
        ("posts about rust since 2020", "rust", 0, "since 2020"),
        ("articles on rust from the last 2 weeks", "rust", 0, "last 2 weeks"),
        ("推荐一些面包的文章", "面包", 0, ""),
        ("给我三篇关于面包的帖子", "面包", 3, ""),
        ("最近一个月有什么rust的文章", "rust", 0, "最近一个月"),
        ("找找本周的面包帖子", "面包", 0, "本周"),
        ("i feel like space today", "space", 0, ""),
        ("今天想看太空", "太空", 0, ""),
        ("comedies from the 90s", "comedies", 0, "the 90s"),
        ("九十年代的动作片", "动作片", 0, "九十年代"),
        ("films from last year", "", 0, "last year"),
        ("gone with the wind", "gone with the wind", 0, ""),
    ],
)
def test_counts_nouns_of_items_and_periods_are_no_search_words(text, words, count, within):
    (command,) = understood(text)
    assert isinstance(command, Find)
    assert search_words(command.words) == SearchWords(words, count)
    assert (command.within.words if command.within else "") == within


def test_a_period_alone_filters_the_list():
    assert understood("only posts from this month")[0] == Find(within=Target("this month"))
    assert understood("yesterdays posts")[0] == Find(within=Target("yesterday"))
    assert understood("no posts from 2019") == (Steer("mute", Target("2019")),)
    assert understood("only rust from this year") == (
        Steer("only", Target("rust")),
        Steer("only", Target("this year")),
    )
    assert written(understood("any news today")) == "around:"


NOW = datetime(2026, 11, 30, 19, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("today", "2026-11-30", "2026-12-01"),
        ("yesterday", "2026-11-29", "2026-11-30"),
        ("last week", "2026-11-23", "2026-11-30"),
        ("last month", "2026-10-01", "2026-11-01"),
        ("last 3 days", "2026-11-27", "2026-11-30"),
        ("past couple of weeks", "2026-11-16", "2026-11-30"),
        ("since march 2025", "2025-03-01", "2026-11-30"),
        ("上周", "2026-11-23", "2026-11-30"),
        ("上个月", "2026-10-01", "2026-11-01"),
        ("最近三天", "2026-11-27", "2026-11-30"),
        ("过去一周", "2026-11-23", "2026-11-30"),
    ],
)
def test_the_moments_of_a_period(words, first, last):
    found = moments_of(words, NOW)
    assert tuple(one.date().isoformat() for one in found) == (first, last)


@pytest.mark.parametrize("words", ["rust", "2020", "this", "last", "今年", ""])
def test_what_is_no_span_of_days(words):
    assert moments_of(words, NOW) is None
    assert without_period("rust") == ("rust", "")


@pytest.mark.parametrize(
    "text",
    [
        "I hate this garbage, everything you show is shit",
        "you idiots",
        "no more crap",
        "your recommendations suck",
        "nothing you show me is good",
        "you never listen",
        "this is not what i asked for",
        "什么垃圾推荐",
        "推荐的都是屎",
        "你们这群白痴",
        "我讨厌这些垃圾",
        "why is this list so bad",
        "推荐这么差",
        "这都什么玩意",
    ],
)
def test_a_complaint_without_a_target(text):
    assert understood(text) == (Smalltalk("complaint"),)


@pytest.mark.parametrize(
    ("text", "what", "item"),
    [
        ("who wrote it", "author", "this"),
        ("who wrote the second one?", "author", "2"),
        ("how old is it", "date", "this"),
        ("when was number 3 posted", "date", "3"),
        ("how long is it", "length", "this"),
        ("how popular is that one", "popularity", "this"),
        ("what is it about", "subject", "this"),
        ("第二个是谁写的", "author", "2"),
        ("什么时候发的", "date", "this"),
        ("它多长", "length", "this"),
        ("讲什么的", "subject", "this"),
    ],
)
def test_a_question_about_an_item(text, what, item):
    assert understood(text) == (Show(what, Target(item)),)


@pytest.mark.parametrize("text", ["who wrote hamlet", "how old are you", "how long is the nile"])
def test_a_question_about_something_else(text):
    assert not any(isinstance(one, Show) for one in understood(text))


@pytest.mark.parametrize(
    ("text", "words", "order"),
    [
        ("sort by newest", "", "newer"),
        ("cheapest first please", "", "cheaper"),
        ("sort it by rating", "", "better_rated"),
        ("order by date", "", "newer"),
        ("rust sorted by popularity", "rust", "more_known"),
        ("rust, newest first", "rust", "newer"),
        ("cheapest phones first", "phones", "cheaper"),
        ("按价格从低到高排序", "", "cheaper"),
        ("最新的在前", "", "newer"),
        ("面包按热度排序", "面包", "more_known"),
    ],
)
def test_lists_are_sorted_by_a_field(text, words, order):
    assert understood(text) == (Find(words, order=order),)
    assert command_of(command_json(Find(words, order=order))) == Find(words, order=order)


def test_what_cannot_be_sorted_by_is_outside():
    assert understood("sort by colour") == (CannotDo("outside", "sort by colour"),)
    assert understood("order a pizza") == (CannotDo("outside", "order a pizza"),)


def test_long_clauses_are_read_by_the_labels_in_them():
    long = (
        "我最近每天都在家里做面包所以想看看有没有人写过怎么让它不那么硬的那种经验分享最好详细" * 2
    )
    assert Find("面包") in understood(long)
    (command,) = understood("qwz " * 100)
    assert command == CannotDo("unknown", ("qwz " * 100).strip()[:240])
    unwanted = "不要太长太难懂的那种最好是新手也能看懂的给我讲讲rust"
    assert not any(isinstance(one, Steer) for one in understood(unwanted))


LANGUAGES = {"chinese": (chinese, CHINESE), "english": (english, ENGLISH)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pattern_backtracks(language):
    """Words of a pattern in any order, 200 signs of them, are read in milliseconds."""
    draw = random.Random(0)
    package, own = LANGUAGES[language]
    modules = [
        importlib.import_module(one.name)
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    named = [one for module in modules for one in vars(module).values()]
    patterns = [one for one in named if isinstance(one, re.Pattern)]
    patterns += [pattern for pattern, _ in (*own.rules, *own.small_talk, *own.loose_rules)]
    word = r"[\u4e00-\u9fff]+" if language == "chinese" else r"[a-z]+"
    between = "" if language == "chinese" else " "
    for pattern in patterns:
        words = sorted(set(re.findall(word, pattern.pattern)))
        for _ in range(3 if words else 0):
            few = draw.sample(words, min(len(words), draw.choice((1, 2, 4, 8))))
            text = between.join(draw.choice(few) for _ in range(200))[:200]
            start = time.thread_time()
            pattern.match(text)
            pattern.search(text)
            assert time.thread_time() - start < 0.1, (pattern.pattern[:80], text[:60])
