"""Segmentation of Chinese text without spaces: listed words, and character pairs between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys.text.language.generic_words import GENERIC_WORDS

LONGEST = 5  # signs of a listed word
# Signs of pronouns, particles, question words, numbers, degrees and opinions: in a pair of signs
# that is no listed word they say how a text speaks, and not what of.
_FUNCTION_SIGNS = frozenset(
    "的了是在和我你他她它们這这那有不也就都而及与着吗呢吧啊之其为以于对从被把将到说要会能去来"
    "很更最上下个些么没并或让给向但又再还已哪怎样谁几多好可请问什何如叫哦太真非常比较喜欢错买用"
    "感觉挺一二三四五六七八九十"
)


def han_words(run: str, listed: Callable[[str], bool]) -> Iterator[str]:
    """Yield the words of a run of Han signs, and the listed words inside longer ones.

    The longest listed word at each place counts, from the left; generic words are passed over. Two
    neighbouring signs between listed words are a word as well, unless one is a function sign.
    """
    at = 0
    while at < len(run):
        length = _length(run, at, listed)
        if length:
            word = run[at : at + length]
            if word not in GENERIC_WORDS:
                yield word
                yield from _inside(word, listed)
            at += length
            continue
        pair = run[at : at + 2]
        if len(pair) == 2 and not _FUNCTION_SIGNS.intersection(pair):
            if not _length(run, at + 1, listed):
                yield pair
        at += 1


def _length(run: str, at: int, listed: Callable[[str], bool]) -> int:
    """Return the number of signs of the longest listed or generic word at a place; 0 for none."""
    for length in range(min(LONGEST, len(run) - at), 1, -1):
        word = run[at : at + length]
        if listed(word) or word in GENERIC_WORDS:
            return length
    return 0


def _inside(word: str, listed: Callable[[str], bool]) -> Iterator[str]:
    """Yield the listed words that are parts of a longer one."""
    for length in range(2, len(word)):
        for at in range(len(word) - length + 1):
            part = word[at : at + length]
            if part not in GENERIC_WORDS and listed(part):
                yield part
