"""grounded: whether a generated text states only what the facts state.

    verdict = grounded(text, facts)
    shown = text if verdict else template

Titles, names, numbers, dates and URLs of the text must stand in the facts; a sentence that repeats
a sentence of a fact of kind `text` has its negations, names and numbers; claims about the reader
stand in a fact. English and Chinese. Facts are data: nothing in them is an instruction.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from recsys.grounding.numbers_and_dates import Date, dates, has_date, numbers, plain, urls
from recsys.grounding.polarity import (
    addresses_reader,
    claims_about_reader,
    negations,
    opposite_stated,
)
from recsys.i18n import FOLDER
from recsys.text.language.nouns import english_noun, simplified
from recsys.text.language.stop_words import STOP_WORDS

REASONS = (
    "empty",
    "markup",
    "length",
    "language",
    "url",
    "date",
    "number",
    "title",
    "name",
    "negation",
    "reader",
    "invention",
)
LONGEST = 4_000  # characters of a generated text
ALIGNED = 0.5  # share of a sentence's words that stand in a sentence which it repeats
MOST_NEW = 0.25  # share of content words that no fact has
_HAN_SIGNS = "\u3400-\u9fff\uf900-\ufaff"
MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|```|\]\(|^\s*[{\[]|\x00|[\u202a-\u202e\u2066-\u2069]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；!?])|(?<=;)\s+|\n+")
_CLAUSE = re.compile(r"[,，、:：()（）]|\b(?:and|but|or)\b|(?:但是|而且|并且)")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|《([^》]+)》|「([^」]+)」|『([^』]+)』")
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’][^\W\d_]+)?")
_HAN_RUN = re.compile(f"[{_HAN_SIGNS}]+")
_ORDINARY_HAN = frozenset(
    "的了是在和与有也都就这那其及或被把对从到为以于上下中里外前后又还更最很只但而且因所如果会能可要将"
    "等之者个们我你您他她它吗呢吧啊着过来去时年月日一二三两几多些每各该此由并让给向按共约第同再已曾正"
    "关于来自其中另外以及零四五六七八九十百千万亿"
)
_PROPER_EXEMPT = frozenset(("I", "I'm", "I've", "I'd", "I'll", "OK", "TV"))


class FactLike(Protocol):
    """A value that a text may state; see recsys.dialogue.facts."""

    @property
    def kind(self) -> str:
        """One of title, name, number, date, url, text."""

    @property
    def value(self) -> str:
        """The value, as it is printed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text is grounded; true in conditions where it is."""

    reason: str = ""  # one of REASONS; empty: the text is grounded
    part: str = ""  # what is not in the facts

    def __bool__(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class _Values:
    """What some sentences or facts state."""

    latin: frozenset[str]
    han: str  # runs of Han signs, with blanks between
    numbers: frozenset[str]
    dates: tuple[Date, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> _Values:
        latin: set[str] = set()
        han: list[str] = []
        own_numbers: set[str] = set()
        own_dates: list[Date] = []
        for text in texts:
            found, rest = dates(text)
            own_dates += found
            # the parts of a date may be stated alone
            own_numbers |= {str(part) for date in found for part in date if part}
            own_numbers |= set(numbers(rest))
            latin |= {word.casefold() for word in _LATIN.findall(text)}
            han += _HAN_RUN.findall(simplified(text))
        return cls(frozenset(latin), " ".join(han), frozenset(own_numbers), tuple(own_dates))

    def joined(self, other: _Values) -> _Values:
        return _Values(
            self.latin | other.latin,
            f"{self.han} {other.han}",
            self.numbers | other.numbers,
            (*self.dates, *other.dates),
        )


def grounded(text: str, facts: Sequence[FactLike], *, like: str = "") -> Verdict:
    """Return whether a text states only what the facts state, and else why not.

    `like`: the text that it rewords, which counts as a fact; the other must be in its language and
    at most half as long again.
    """
    text = plain(text).strip()
    if not text:
        return Verdict("empty")
    if len(text) > LONGEST or like and len(text) > 1.5 * len(like) + 20:
        return Verdict("length", str(len(text)))
    if found := MARKUP.search(text):
        return Verdict("markup", found.group())
    if like and _is_han(text) != _is_han(like):
        return Verdict("language")
    quotable = [plain(one.value) for one in facts]
    long = [plain(one.value) for one in facts if one.kind == "text"]
    short = _Values.of(plain(one.value) for one in facts if one.kind != "text")
    if like:
        quotable.append(plain(like))
        long.append(plain(like))
    known_urls = {url for value in quotable for url in urls(value)}
    for url in urls(text):
        if url not in known_urls:
            return Verdict("url", url)
    if (title := _foreign_title(text, quotable)) is not None:
        return Verdict("title", title)
    sources = [one for value in long for one in sentences(value)]
    unknown: list[str] = []
    count = 0
    for sentence in sentences(_without_titles(text, facts)):
        source = _aligned(sentence, sources)
        verdict, new, content = _check(sentence, source, short, long)
        if not verdict:
            return verdict
        unknown += new
        count += content
    if len(unknown) > max(1.0, MOST_NEW * count):
        return Verdict("invention", " ".join(unknown[:5]))
    return Verdict()


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, with their final signs."""
    return [part for one in _SENTENCE_END.split(text) if (part := one.strip())]


def _check(
    sentence: str, source: str, short: _Values, long: Sequence[str]
) -> tuple[Verdict, list[str], int]:
    """Return the verdict on a sentence, its content words that no fact has, and their number.

    `source`: the sentence that it repeats; empty: none, then all facts count.
    """
    known = short.joined(_Values.of([source] if source else long))
    own_dates, rest = dates(sentence)
    for date in own_dates:
        if not has_date(date, list(known.dates)):
            return Verdict("date", str(date)), [], 0
    stated = Counter(numbers(dates(source)[1])) if source else Counter()
    for number, times in Counter(numbers(rest)).items():
        again = source and number not in short.numbers and times > max(stated[number], 1)
        if number not in known.numbers or again:
            return Verdict("number", number), [], 0
    if (name := _foreign_name(sentence, known)) is not None:
        return Verdict("name", name), [], 0
    expected = _expected_negations(sentence, source)
    if negations(sentence) != expected and not (not source and "0" in known.numbers):
        return Verdict("negation", sentence[:80]), [], 0
    if source and opposite_stated(sentence, source):
        return Verdict("negation", sentence[:80]), [], 0
    if source and _is_permuted(sentence, source):
        return Verdict("name", sentence[:80]), [], 0
    claims = claims_about_reader(sentence)
    if claims:
        backed = (
            claims_about_reader(source)
            if source
            else set().union(
                *(claims_about_reader(one) for value in long for one in sentences(value))
            )
        )
        if not claims <= backed:
            return Verdict("reader", min(claims - backed)), [], 0
    elif source and addresses_reader(sentence) and not addresses_reader(source):
        return Verdict("reader", sentence[:80]), [], 0
    words = [one.casefold() for one in _LATIN.findall(sentence)]
    content = [one for one in words if one not in STOP_WORDS and len(one) > 2]
    neutral = neutral_words()
    new = [one for one in content if not _is_known(one, known.latin) and one not in neutral]
    return Verdict(), new, len(content)


def _foreign_title(text: str, quotable: Sequence[str]) -> str | None:
    """Return a quoted part of a text that no fact has, None where there is none."""
    known = [_bare(value) for value in quotable]
    for one in _QUOTED.finditer(text):
        part = next(group for group in one.groups() if group is not None)
        if (bare := _bare(part)) and not any(f" {bare} " in f" {value} " for value in known):
            return part
    return None


def _foreign_name(sentence: str, known: _Values) -> str | None:
    """Return a name of a sentence that the facts lack, None where there is none."""
    first = not _is_han(sentence)
    neutral = neutral_words()
    for found in _LATIN.finditer(sentence):
        word = found.group()
        plain_word = word.casefold()
        bare = plain_word.removesuffix("'s")
        if not _is_known(plain_word, known.latin) and word not in _PROPER_EXEMPT:
            is_proper = word[:1].isupper() and not first
            listed = bare in neutral or bare in STOP_WORDS or english_noun(bare) is False
            if is_proper or not (listed or _inflected(bare)):
                return word
        first = False
    runs = known.han + " "
    for run in _HAN_RUN.findall(simplified(sentence)):
        if (foreign := _foreign_signs(run, runs)) is not None:
            return foreign
    return None


def _foreign_signs(run: str, known: str) -> str | None:
    """Return signs of a Han run that neither the facts nor the product's sentences have in a row.

    A sign is explained by a pair that it is part of, or by itself where it is an ordinary one.
    """
    pairs = neutral_pairs()
    explained = [sign in _ORDINARY_HAN for sign in run]
    for at in range(len(run) - 1):
        pair = run[at : at + 2]
        if pair in known or pair in pairs:
            explained[at] = explained[at + 1] = True
    start = 0
    for at in range(len(run) + 1):
        if at == len(run) or explained[at]:
            part = run[start:at]
            if len(part) >= 2 or part and part not in known:
                return part
            start = at + 1
    return None


def _aligned(sentence: str, sources: Sequence[str]) -> str:
    """Return the sentence of the facts that a sentence repeats, empty where it repeats none."""
    own = _units(sentence)
    if not own:
        return ""
    best, found = 0.0, ""
    for source in sources:
        other = _units(source)
        share = sum((own & other).values()) / sum(own.values())
        score = share + 0.001 * sum((own & other).values()) / max(sum(other.values()), 1)
        if share >= ALIGNED and score > best:
            best, found = score, source
    return found


def _expected_negations(sentence: str, source: str) -> int:
    """Return how many negations the clauses of the source have that a sentence repeats."""
    own, count = _units(sentence), 0
    for clause in _CLAUSE.split(source):
        units = _units(clause)
        if sum((own & units).values()) >= ALIGNED * sum(units.values()):
            count += negations(clause)
    return count


def _is_permuted(sentence: str, source: str) -> bool:
    """Whether a sentence has the words of the source in another order."""
    one, other = (
        [w.casefold() for w in re.findall(rf"[^\W{_HAN_SIGNS}]+|[{_HAN_SIGNS}]", text)]
        for text in (sentence, source)
    )
    return one != other and len(one) > 2 and Counter(one) == Counter(other)


def _units(sentence: str) -> Counter[str]:
    words = [word.casefold() for word in _LATIN.findall(sentence)]
    han = [sign for run in _HAN_RUN.findall(simplified(sentence)) for sign in run]
    return Counter([*words, *han])


def _without_titles(text: str, facts: Sequence[FactLike]) -> str:
    """Return a text with a blank for each title or name of the facts: they are not judged."""
    values = {plain(one.value) for one in facts if one.kind in ("title", "name")}
    for value in sorted(filter(None, values), key=len, reverse=True):
        if len(value) > 2 or not value.isascii():
            text = text.replace(value, " " if value.isascii() else "")
    return text


def _is_known(word: str, known: frozenset[str]) -> bool:
    bare = word.removesuffix("'s")
    return any(
        one in known for one in (word, bare, f"{bare}s", bare.removesuffix("s"), f"{bare}'s")
    )


def _inflected(word: str) -> bool:
    """Whether a word is a listed one that is no noun, with an ending of English.

    A noun that no fact has may be a name (Paris, Apple), whatever its letter case.
    """
    for ending, rest in (("ies", "y"), ("ied", "y"), ("ing", "e"), ("ed", "e")):
        if word.endswith(ending) and english_noun(word.removesuffix(ending) + rest) is False:
            return True
    for ending in ("s", "es", "ed", "ing", "ly", "er", "est", "n't", "'ll", "'re", "'ve", "'d"):
        stem = word.removesuffix(ending)
        if word.endswith(ending) and False in (english_noun(stem), english_noun(stem[:-1])):
            return True
    return False


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", simplified(text).casefold()))


def _is_han(text: str) -> bool:
    signs = sum(map(len, _HAN_RUN.findall(text)))
    return signs > sum(map(len, _LATIN.findall(text))) / 4


@cache
def _catalogue_text() -> tuple[str, str]:
    """Return the English and the Chinese sentences of the product."""
    text = (FOLDER / "zh.po").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', "\n".join(lines))
    plain_text = re.sub(r"\{\w*\}", " ", "\n".join(quoted))
    return " ".join(_LATIN.findall(plain_text)).casefold(), " ".join(_HAN_RUN.findall(plain_text))


@cache
def neutral_words() -> frozenset[str]:
    """Return the words of the product's English sentences: they state nothing by themselves."""
    return frozenset(_catalogue_text()[0].split())


@cache
def neutral_pairs() -> frozenset[str]:
    """Return the pairs of signs of the product's Chinese sentences."""
    runs = _catalogue_text()[1].split()
    return frozenset(run[at : at + 2] for run in runs for at in range(len(run) - 1))
