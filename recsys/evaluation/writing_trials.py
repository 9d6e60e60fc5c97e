"""ROUGE of extractive titles against those of the authors."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys.grounding.grounded import sentences
from recsys.writing.extracted_titles_and_tags import titles
from recsys.writing.rouge import rouge_1, rouge_l

EVERY = 5  # categories whose crc32 is a multiple of it are unseen
LEAST, MOST = 5, 60  # sentences of a post


def writing_figures(posts: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return mean ROUGE-1 and ROUGE-L, in points, of the first sentence and of extracted titles.

    `posts`: category, title, text. Those of unseen categories with 5 to 60 sentences count; the
    interval is of the paired difference, by 1,000 bootstrap draws of posts.
    """
    kept = [
        (title, text)
        for category, title, text in posts
        if zlib.crc32(category.encode()) % EVERY == 0 and LEAST <= len(sentences(text)) <= MOST
    ]
    if not kept:
        return {"posts": 0}
    scores = np.zeros((2, len(kept), 2))
    for place, (title, text) in enumerate(kept):
        first = sentences(text)[0]
        best = next(iter(titles(text, 1)), first)
        for row, own in enumerate((first, best)):
            scores[row, place] = rouge_1(own, title), rouge_l(own, title)
    difference = scores[1] - scores[0]
    rng = np.random.default_rng(0)
    drawn = [difference[rng.integers(0, len(kept), len(kept))].mean(0) for _ in range(1_000)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return {
        "posts": len(kept),
        "first sentence": (100 * scores[0].mean(0)).round(2).tolist(),
        "extracted": (100 * scores[1].mean(0)).round(2).tolist(),
        "difference": (100 * difference.mean(0)).round(2).tolist(),
        "interval": (100 * np.column_stack([low, high])).round(2).tolist(),
    }
