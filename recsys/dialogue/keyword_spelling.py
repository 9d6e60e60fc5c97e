"""Misspelt keywords of English messages, corrected by edit distance; names stay as typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rapidfuzz.distance import OSA

from recsys.text.language.english_word_share import listed

SHORTEST = 4  # letters of a word that is corrected
TWO_FROM = 8  # letters from which two edits are corrected

SPELLINGS = {
    "moar": "more",
    "mroe": "more",
    "moer": "more",
    "plz": "please",
    "pls": "please",
    "u": "you",
    "r": "are",
    "wanna": "wanna",
    "vids": "videos",
    "vid": "video",
    "movis": "movies",
    "abt": "about",
    "bout": "about",
    "smth": "something",
    "sth": "something",
    "somethin": "something",
    "les": "less",
    "dont": "dont",
    "doesnt": "doesnt",
    "teh": "the",
    "thx": "thanks",
    "tnx": "thanks",
    "ur": "your",
    "cuz": "because",
    "bc": "because",
    "rec": "recommend",
    "recs": "recommendations",
    "reccs": "recommendations",
    "recc": "recommend",
    "recco": "recommend",
    "n": "and",
    "ppl": "people",
    "rn": "right now",
    "tmrw": "tomorrow",
    "pics": "pictures",
    "fav": "favourite",
    "gonna": "gonna",
    "luv": "love",
    "gud": "good",
    "nite": "night",
    "wut": "what",
    "wat": "what",
    "whats": "whats",
    "y": "why",
    "k": "ok",
    "shw": "show",
    "shwo": "show",
}
# "les" and "y" are words of other languages: at the head of a message only
_HEAD_ONLY = frozenset({"les", "y", "n", "r", "u", "k"})
KEYWORDS = (
    "show",
    "more",
    "less",
    "fewer",
    "recommend",
    "recommended",
    "recommending",
    "recommendation",
    "recommendations",
    "suggest",
    "suggestion",
    "suggestions",
    "something",
    "anything",
    "nothing",
    "similar",
    "shorter",
    "longer",
    "newer",
    "older",
    "lighter",
    "darker",
    "funnier",
    "hide",
    "mute",
    "block",
    "remove",
    "never",
    "stop",
    "only",
    "please",
    "undo",
    "because",
    "trending",
    "happening",
    "everyone",
    "people",
    "without",
    "another",
    "popular",
    "always",
    "permanently",
    "again",
    "movies",
    "videos",
    "articles",
    "interested",
    "looking",
    "search",
    "filters",
    "muted",
    "profile",
    "settings",
    "password",
    "account",
    "notifications",
    "delete",
    "explain",
    "reason",
    "dinner",
    "different",
    "favourite",
)


def corrected(words: str, known: Callable[[str], bool] = lambda word: False) -> str:
    """Return words in small letters with misspelt keywords corrected.

    A word that English, or `known`, has stays.
    """
    found = []
    for place, word in enumerate(words.split(" ")):
        if word in SPELLINGS and (place == 0 or word not in _HEAD_ONLY) and not known(word):
            found.append(SPELLINGS[word])
        elif len(word) < SHORTEST or not word.isascii() or not word.isalpha() or known(word):
            found.append(word)
        else:
            found.append(_nearest(word))
    return " ".join(found)


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str:
    if word in KEYWORDS or bool(listed([word])[0]):
        return word
    most = 2 if len(word) >= TWO_FROM else 1
    best, least = word, most + 1
    for keyword in KEYWORDS:
        distance = OSA.distance(word, keyword, score_cutoff=most)
        if distance < least and (len(keyword) >= 5 or distance == 0 or word[0] == keyword[0]):
            best, least = keyword, distance
    return best
