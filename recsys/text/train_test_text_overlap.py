"""Detection of texts that share a phrase with others, to keep training data out of tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from recsys.array_types import Mask
from recsys.text.clean import clean

PHRASE = 6  # words in a row
_WORD = re.compile(r"\w+")


def sharing_phrases(texts: Sequence[str], others: Iterable[str], length: int = PHRASE) -> Mask:
    """Return which texts share `length` words in a row with any of the others, (n,).

    Capitals, punctuation and markup do not count. A text with fewer words shares none.
    """
    known = {phrase for text in others for phrase in _phrases(text, length)}
    return np.array([not known.isdisjoint(_phrases(text, length)) for text in texts], bool)


def _phrases(text: str, length: int) -> set[str]:
    words = _WORD.findall(clean(text).casefold())
    return {" ".join(words[at : at + length]) for at in range(len(words) - length + 1)}
