"""Tokens of help texts and questions: stemmed words, Han signs and pairs of them."""

from __future__ import annotations

from recsys.monitoring.text_tokens import is_han, normalized, words

LEAST_STEM = 3  # letters that are left of a word
# Han signs of question words, pronouns and particles, which nearly every question has
FUNCTION_SIGNS = frozenset(
    "我你您他她它们想要请问怎么办样什如何能可以吗呢吧啊呀的了是在有没不个这那哪为"
)
_ENDINGS = ("ing", "ed", "es", "ly", "s")


def help_tokens(text: str) -> list[str]:
    """Return the tokens of a text in order, repeated ones included."""
    found: list[str] = []
    for word in words(normalized(text)):
        if is_han(word):
            found += word
            found += (word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(stem(word))
    return found


def content_tokens(text: str) -> list[str]:
    """Return the tokens of a text without Han function signs, and pairs that hold one."""
    return [one for one in help_tokens(text) if FUNCTION_SIGNS.isdisjoint(one)]


def stem(word: str) -> str:
    """Return an English word without an inflectional ending; other words stay as they are."""
    if not word.isascii() or len(word) <= LEAST_STEM + 1:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_STEM:
            return word if word.endswith("ss") else word[: -len(ending)]
    return word


def trigrams(text: str) -> list[str]:
    """Return the runs of three and four characters of a text's words, one blank between them."""
    plain = f" {' '.join(words(normalized(text)))} "
    return [plain[at : at + n] for n in (3, 4) for at in range(len(plain) - n + 1)]
