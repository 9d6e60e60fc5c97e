"""Titles, captions and tags for a text, taken from the text itself.

The ranker of titles is linear. Its weights maximize the expected ROUGE (mean of 1 and L, against
the author's title) of a candidate drawn by the softmax of the scores, over the posts of
reddit-posts whose category has a crc32 that 5 does not divide; see `recsys evaluate-writing`.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from recsys.grounding.grounded import sentences
from recsys.monitoring.text_tokens import is_han, normalized, words
from recsys.text.clean import clean
from recsys.text.language.nouns import chinese_word, english_noun
from recsys.text.language.stop_words import STOP_WORDS
from recsys.writing.tag_index import TagIndex
from recsys.writing.title_candidates import candidates, features

WEIGHTS = np.array(
    # in the order of title_candidates.FEATURES
    [0.224, 4.228, -7.905, 2.902, 0.203, 8.401, 10.053, 4.519]
    + [9.231, 2.127, 0.77, 1.019, 0.551, -0.655, -1.417]
)
LONGEST_TEXT = 20_000  # characters that are read
LONGEST_CAPTION = 180
# from the beginning of a run of signs alone, so that the time is linear in the length
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(?<!\w)\+?\d(?:[ ().-]?\d){8,14}(?!\w)")
_HASHTAG = re.compile(r"#(\w{2,50})")
NO_TAGS = TagIndex()
_LONGEST_NOUN = 4  # Han signs


def read_text(text: str) -> str:
    """Return a text without markup, and without mail addresses and telephone numbers."""
    plain = "\n".join(filter(None, map(clean, text[:LONGEST_TEXT].splitlines())))
    return _PHONE.sub("…", _MAIL.sub("…", plain))


def titles(text: str, n: int) -> list[str]:
    """Return up to n titles, the best first: sentences or clauses of the text, each of its own."""
    found = candidates(text)
    if not found:
        return []
    order = np.argsort(-(features(text, found) @ WEIGHTS), kind="stable").tolist()
    kept: list[str] = []
    for place in order:
        one = found[place].text
        if not any(one in other or other in one for other in kept):
            kept.append(one)
        if len(kept) == n:
            break
    return kept


def captions(text: str, n: int) -> list[str]:
    """Return up to n captions: a good sentence, with those that follow it as far as they fit."""
    own = sentences(text)
    kept: list[str] = []
    for title in titles(text, 3 * n):
        start = next((at for at, one in enumerate(own) if title in one), -1)
        if start < 0 or len(own[start]) > LONGEST_CAPTION:
            continue
        caption = own[start]
        for following in own[start + 1 :]:
            joint = "" if is_han(caption[-2:]) else " "
            if len(caption) + len(joint) + len(following) > LONGEST_CAPTION:
                break
            caption += joint + following
        if not any(caption in other or other in caption for other in kept):
            kept.append(caption)
        if len(kept) == n:
            break
    return kept


def tags(text: str, n: int, in_use: TagIndex = NO_TAGS) -> list[str]:
    """Return up to n tags: hashtags of the text, tags in use that it names, frequent nouns.

    `in_use`: tags of the catalogue.
    """
    found: dict[str, None] = dict.fromkeys(_HASHTAG.findall(text))
    plain = normalized(_HASHTAG.sub(" ", text))
    found |= dict.fromkeys(in_use.named_in(plain, words(plain)))
    counts: Counter[str] = Counter()
    for word in words(plain):
        if is_han(word):
            counts.update(_nouns(word))
        elif word not in STOP_WORDS and len(word) > 2 and english_noun(word) is not False:
            counts[word] += 1
    known = {normalized(one) for one in found}
    frequent = (word for word, count in counts.most_common() if count > 1 and word not in known)
    return list(dict.fromkeys([*found, *frequent]))[:n]


def _nouns(run: str) -> list[str]:
    """Return the listed nouns in a run of Han signs, overlapping ones included."""
    return [
        part
        for size in range(2, _LONGEST_NOUN + 1)
        for at in range(len(run) - size + 1)
        if chinese_word(part := run[at : at + size])
    ]
