"""Every pattern and every detector of texts takes time that grows no faster than the text."""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator

import pytest

import recsys.grounding
import recsys.help
import recsys.monitoring
import recsys.safety
import recsys.text
import recsys.writing
from recsys.data.records import Item
from recsys.safety.comment_dampening import CommentDampener
from recsys.safety.duplicates import Look
from recsys.safety.minhash import bands, content, repeated
from recsys.safety.text_rules import by_words
from recsys.text.clean import clean, document
from recsys.text.deobfuscation import joined
from recsys.text.entities.markup import marks, pieces
from recsys.text.entities.phrases import PhraseConfig, find_phrases
from recsys.text.language.detect import detect
from recsys.text.sentiment.features import mark
from recsys.text.topics.topic_words import words
from recsys.writing.extracted_titles_and_tags import captions, read_text, tags, titles

FLOOR = 0.03  # seconds below which a call is fast however it grows
MOST = 3.0  # times as long for twice the text; a quadratic pattern takes four times
REPEATS = 3  # measurements of a growth that exceeds it; the least one counts
LONGEST_PART = 6_000  # characters that a pattern is tried with
UNITS = [
    "<!--",
    "<script",
    "<a ",
    "</",
    "$!",
    "!",
    "a",
    "A",
    "*",
    "a*",
    "a.",
    "a-",
    "a ",
    "a'",
    "@",
    "@a",
    "#a",
    "http://",
    "www.",
    "www.a",
    "-",
    "you ",
    "you fuck ",
    "not ",
    "never  ",
    "don't ",
    "&",
    "&amp;",
    "中",
    "我不",
    "中 ",
    "а",
    "aа",
    "ａ",
    "\n",
    " ",
    "1",
    "1,",
    "(",
    ":",
    ":(",
    "\u200b",
    "a\u200b",
    "_",
    "a_",
    "$a",
    "+",
    "i ",
    "i . ",
    "aaab",
    "\u0336",
    "a\u0336",
    "カ",
    "earn $1",
    "triple  ",
    "<b>a",
    "ab cd: ",
    "word, ",
    "x_",
    "/",
    "a/",
]
PACKAGES = (
    recsys.text,
    recsys.safety,
    recsys.grounding,
    recsys.help,
    recsys.writing,
    recsys.monitoring,
)
DETECTORS: dict[str, Callable[[str], object]] = {
    "clean": clean,
    "document": lambda text: document(text, text),
    "joined": joined,
    "doubt": lambda text: by_words([text]),
    "tone": mark,
    "language": detect,
    "marks": lambda text: marks(text, text),
    "pieces": pieces,
    "phrases": lambda text: find_phrases([pieces(text)] * 3, PhraseConfig()),
    "prints": lambda text: bands(content(text)),
    "repeated": lambda text: repeated(content(text).split()),
    "look": lambda text: Look.at(Item("a", text, text), None, 0),
    "chatter": lambda text: CommentDampener().share("a", text, 0.0),
    "topics": lambda text: words(document("", text)),
    "titles": lambda text: titles(read_text(text), 3),
    "captions": lambda text: captions(read_text(text), 3),
    "tags": lambda text: tags(read_text(text), 3),
}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every compiled pattern of packages that read texts, those within tables too."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from _within(f"{module.name}.{name}", value)


def _within(name: str, value: object) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _within(name, part)


FOUND = {pattern.pattern: (name, pattern) for name, pattern in patterns()}


def seconds(call: Callable[[], object], enough: float) -> float:
    """Return the least CPU time of up to four calls; one that is short enough ends it."""
    best = float("inf")
    for _ in range(4):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
        if best < enough:
            break
    return best


def slow(call: Callable[[str], object], size: int) -> list[tuple[str, float]]:
    """Return the units of which twice as many take more than MOST times as long."""
    found = []
    for unit in UNITS:
        text = unit * (size // len(unit))
        ratios = [growth(call, text)]
        while ratios[-1] > MOST and len(ratios) < REPEATS:  # a busy machine slows one of the two
            ratios.append(growth(call, text))
        if min(ratios) > MOST:
            found.append((unit, min(ratios)))
    return found


def growth(call: Callable[[str], object], text: str) -> float:
    """Return how many times as long twice the text takes; 0 where both are done at once."""
    twice = seconds(lambda: call(text + text), FLOOR)
    if twice < FLOOR:
        return 0.0
    return twice / max(seconds(lambda: call(text), FLOOR / MOST), FLOOR / MOST)


def test_the_patterns_are_found():
    assert len(FOUND) > 80


@pytest.mark.parametrize(
    "pattern", [pattern for _, pattern in FOUND.values()], ids=range(len(FOUND))
)
def test_a_pattern_is_linear(pattern):
    assert slow(lambda text: pattern.sub("", text), LONGEST_PART) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_is_linear(name):
    assert slow(DETECTORS[name], 16_000) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_a_megabyte_is_cut_before_any_pattern(name):
    """Twice a text beyond the limit costs no more than the text, besides the cut itself."""
    for unit in ("<!--", "$!", "a "):
        text = unit * (500_000 // len(unit))
        once = seconds(lambda text=text: DETECTORS[name](text), FLOOR)
        twice = seconds(lambda text=text: DETECTORS[name](text + text), FLOOR)
        assert twice <= 2 * max(once, FLOOR), unit
