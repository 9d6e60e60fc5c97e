"""Text analysis for screening: everything that depends on an item's text alone.

It reads neither the store nor other items, so that another process can do it for a bulk; see
`recsys.safety.analysis_process`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from recsys import request_cpu_budget
from recsys.safety import minhash
from recsys.safety.flags import Flag
from recsys.safety.text_rules import Scorer, TextFlag
from recsys.text.language.detect import detect

LINKS, LINK_SHARE, REPEATED = 3, 0.5, 0.5  # of a text that is hardly more than links or one word
SURE = 0.8  # certainty from which a detected language is noted
CHUNK_TEXTS, CHUNK_CHARACTERS = 32, 100_000  # analysed between two looks at the CPU budget

Words = tuple[str, str]  # title and text of an item


class TextAnalysis(NamedTuple):
    """What is known of one item from its words."""

    content: str  # compared with other items, see `minhash.content`
    bands: tuple[int, ...]  # by which nearly equal contents meet
    flags: tuple[Flag, ...]  # of the form, then of the meaning
    language: str  # detected; empty where that is not sure


Analyser = Callable[[Sequence[Words]], list[TextAnalysis]]


def analyse(items: Sequence[Words], scorer: Scorer) -> list[TextAnalysis]:
    """Return the analysis of each item; CpuLimit when the CPU budget is used up before the end."""
    found: list[TextAnalysis] = []
    for part in chunks(items):
        doubts = scorer([joined(one) for one in part])
        contents = [minhash.content(*one) for one in part]
        bands = minhash.bands_of(contents)
        for one, doubt, content, numbers in zip(part, doubts, contents, bands, strict=True):
            found.append(_analysed(one, doubt, content, numbers))
            request_cpu_budget.check(f"the analysis of texts, item {len(found)} of {len(items)}")
    return found


def chunks(items: Sequence[Words]) -> Iterator[Sequence[Words]]:
    """Yield items in their order, a bounded number of characters at once, one item at least."""
    start = size = 0
    for place, (title, text) in enumerate(items):
        size += len(title) + len(text)
        if place - start == CHUNK_TEXTS or (place > start and size > CHUNK_CHARACTERS):
            yield items[start:place]
            start, size = place, len(title) + len(text)
    if start < len(items):
        yield items[start:]


def joined(item: Words) -> str:
    """Return the words of an item as one text."""
    return f"{item[0]}\n{item[1]}"


def _analysed(
    item: Words, doubts: Sequence[TextFlag], content: str, bands: Sequence[int]
) -> TextAnalysis:
    text = joined(item)
    language = detect(text)
    flags = (*_of_form(text, content), *(Flag(one.kind, one.score, one.why) for one in doubts))
    sure = language.sure >= SURE
    return TextAnalysis(content, tuple(bands), flags, language.code if sure else "")


def _of_form(text: str, content: str) -> list[Flag]:
    """Return what the form of a text tells: links and little else, or one word again and again."""
    text = text[: minhash.LONGEST_READ]
    links = []
    if "://" in text or "www." in text:
        links = [one for one in text.split() if one.startswith(("http://", "https://", "www."))]
    if len(links) >= LINKS and sum(map(len, links)) > LINK_SHARE * len(text.strip()):
        return [Flag("spam", 0.6, f"{len(links)} links and little else")]
    share = minhash.repeated(content.split()[:2_000], REPEATED)
    if share > REPEATED:
        return [Flag("spam", round(share, 3), f"{share:.0%} of its words are one word")]
    return []
