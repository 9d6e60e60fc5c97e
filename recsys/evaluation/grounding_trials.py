"""Planted corruptions of true sentences: how many `grounded` catches, and what it passes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.grounding.grounded import MARKUP, grounded, sentences
from recsys.grounding.numbers_and_dates import plain
from recsys.monitoring.text_tokens import is_han
from recsys.text.language.nouns import chinese_nouns

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_VERB = re.compile(r"\b(is|are|was|were|can|will|should|has|have|does|did|would|could)\b(?! not)")
_NOT = re.compile(r"\b(not|never|no) |n't\b")
_HAN_VERB = re.compile("(?<![不没])(是|会|能|可以|应该|喜欢|需要|支持|同意)")
_HAN_NOT = re.compile("不(?=是|会|能|可以|应该|喜欢|需要|支持|同意)|没(?=有)")
SHORTEST, LONGEST = 12, 300  # characters of a sentence


@dataclass(frozen=True, slots=True)
class SourceText:
    """A fact of kind text."""

    value: str
    kind: str = "text"


def trial(texts: Sequence[str], most: int, seed: int) -> dict[str, Any]:
    """Return the share of corruptions that is caught, by kind, and of true sentences passed.

    Each text is a fact. A true sentence is one of its own; a corruption changes a name (for one of
    another text, or of the same), a number, or a negation of it.
    """
    rng = random.Random(seed)
    texts = [plain(text) for text in texts]
    pools = {"name": _pool(texts), "number": [], "negation": []}
    caught: dict[str, list[bool]] = {kind: [] for kind in pools}
    passed: list[bool] = []
    missed: list[str] = []
    order = rng.sample(range(len(texts)), len(texts))
    for at in order:
        own = [one for one in sentences(texts[at]) if _is_usable(one)]
        if not own or len(passed) >= most:
            continue
        facts = [SourceText(texts[at])]
        sentence = rng.choice(own)
        passed.append(bool(grounded(sentence, facts)))
        for kind, corrupt in _CORRUPTIONS.items():
            wrong = corrupt(sentence, pools[kind], rng)
            if wrong is None or wrong in texts[at]:
                continue
            verdict = grounded(wrong, facts)
            caught[kind].append(not verdict)
            if verdict and len(missed) < 20:
                missed.append(f"{kind}: {wrong}")
    total = [one for part in caught.values() for one in part]
    shares: dict[str, Any] = {
        kind: {"planted": len(part), "caught": round(sum(part) / len(part), 4) if part else None}
        for kind, part in caught.items()
    }
    shares["all"] = {"planted": len(total), "caught": round(sum(total) / max(len(total), 1), 4)}
    shares["true"] = {"sentences": len(passed), "passed": round(sum(passed) / len(passed), 4)}
    return shares | {"missed": missed}


def _is_usable(sentence: str) -> bool:
    """Whether a sentence is one that a product would generate: of some length, without markup."""
    return SHORTEST <= len(sentence) <= LONGEST and MARKUP.search(sentence) is None


def _pool(texts: Sequence[str]) -> list[str]:
    """Return names of English texts and listed nouns of Chinese ones."""
    found = {name for text in texts for name in _NAME.findall(text)}
    whole = "".join(texts)
    if is_han(whole):
        found |= {noun for size in (2, 3) for noun in chinese_nouns(size) if noun in whole}
    return sorted(found)


def _other_name(sentence: str, pool: Sequence[str], rng: random.Random) -> str | None:
    names = _NAME.findall(sentence)
    if not names and is_han(sentence):
        nouns = set(pool)
        names = [
            sentence[at : at + size]
            for size in (3, 2)
            for at in range(len(sentence) - size + 1)
            if sentence[at : at + size] in nouns
        ]
    if not names or len(pool) < 2:
        return None
    old = rng.choice(names)
    new = rng.choice(pool)
    return sentence.replace(old, new, 1) if new != old and new not in sentence else None


def _other_number(sentence: str, pool: Sequence[str], rng: random.Random) -> str | None:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    one = rng.choice(found)
    digits = one.group()
    at = rng.randrange(len(digits))
    while not digits[at].isdigit():
        at = rng.randrange(len(digits))
    digit = rng.choice([sign for sign in "123456789" if sign != digits[at]])
    changed = digits[:at] + digit + digits[at + 1 :]
    return sentence[: one.start()] + changed + sentence[one.end() :]


def _negated(sentence: str, pool: Sequence[str], rng: random.Random) -> str | None:
    for pattern, replacement in (
        (_NOT, " "),
        (_VERB, r"\1 not"),
        (_HAN_NOT, ""),
        (_HAN_VERB, r"不\1"),
    ):
        if pattern.search(sentence):
            wrong = pattern.sub(replacement, sentence, count=1)
            return " ".join(wrong.split()) if sentence.isascii() else wrong
    return None


_Corruption = Callable[[str, Sequence[str], random.Random], str | None]
_CORRUPTIONS: dict[str, _Corruption] = {
    "name": _other_name,
    "number": _other_number,
    "negation": _negated,
}
