"""Phrase extraction from Chinese text without spaces: inner cohesion and free boundaries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from recsys.text.entities.markup import Pieces
from recsys.text.language.stop_words import STOP_WORDS

COHESION = 2.0  # bits at the weakest seam
FREEDOM = 0.8  # greatest share that one neighbour may have
_EDGES = frozenset(
    "的了是在和我你他她它们这那有不也就都而及与着吗呢吧啊之其为以于对从被把将到说要会能去来"
    "很更最上下个些么没并或让给向但又再还已"
)

_VAGUE = frozenset(
    "應該 一個 因為 一樣 如果 我們 你們 他們 什麼 所以 但是 不是 還是 就是 自己 任何 比較 一些"
    " 這些 那些 這個 那個 已經 需要 希望 覺得 認為 这些 已经 觉得 认为 一样 比较 现在 現在"
    " 时候 時候 出現 出现 情況 情况 造成 类似 類似 問題 问题".split()
)


def han_phrases(texts: Sequence[Pieces], least: int, longest: int) -> list[tuple[str, int]]:
    """Return (phrase, texts that have it), for phrases of 2 … `longest` signs in enough texts."""
    runs = [text.runs for text in texts if text.runs]
    if not runs:
        return []
    counts = _counts(runs, least, longest)
    total = sum(n for gram, n in counts.items() if len(gram) == 1)
    held = {
        gram
        for gram, n in counts.items()
        if len(gram) > 1
        and gram[0] not in _EDGES
        and gram[-1] not in _EDGES
        and gram not in STOP_WORDS
        and gram not in _VAGUE
        and _cohesion(gram, n, counts, total) >= COHESION
    }
    free = _free(runs, held, longest)
    inside: dict[str, int] = {}
    for gram in free:
        for part in _parts(gram):
            inside[part] = max(inside.get(part, 0), counts[gram])
    return [(g, counts[g]) for g in sorted(free) if counts[g] >= 1.25 * inside.get(g, 0)]


def _counts(runs: Sequence[Sequence[str]], least: int, longest: int) -> Counter[str]:
    found: Counter[str] = Counter()
    frequent: set[str] | None = None
    for length in range(1, longest + 1):
        counts = Counter(
            gram
            for text in runs
            for gram in {
                run[at : at + length]
                for run in text
                for at in range(len(run) - length + 1)
                if frequent is None
                or (run[at : at + length - 1] in frequent and run[at + 1 : at + length] in frequent)
            }
        )
        frequent = {gram for gram, n in counts.items() if n >= least}
        found.update({gram: counts[gram] for gram in frequent})
    return found


def _cohesion(gram: str, n: int, counts: Counter[str], total: int) -> float:
    return min(
        math.log2(n * total / max(counts[gram[:at]] * counts[gram[at:]], 1))
        for at in range(1, len(gram))
    )


def _free(runs: Sequence[Sequence[str]], held: set[str], longest: int) -> list[str]:
    """Return the phrases with varied neighbours on both sides; each end of a run is one more."""
    beside = {gram: (Counter[str](), Counter[str]()) for gram in held}
    ends = 0
    for text in runs:
        for run in text:
            for length in range(2, min(longest, len(run)) + 1):
                for at in range(len(run) - length + 1):
                    if pair := beside.get(run[at : at + length]):
                        ends += 1
                        after = at + length
                        pair[0][run[at - 1] if at else f"^{ends}"] += 1
                        pair[1][run[after] if after < len(run) else f"${ends}"] += 1
    return [
        gram
        for gram, sides in beside.items()
        if all(max(side.values()) <= max(FREEDOM * side.total(), 1) for side in sides)
    ]


def _parts(gram: str) -> set[str]:
    return {
        gram[at : at + length]
        for length in range(2, len(gram))
        for at in range(len(gram) - length + 1)
    }
