"""Notification texts at three lengths, from a title and a reason."""

from __future__ import annotations

import unicodedata

SHORT, MEDIUM, LONG = 40, 90, 180  # characters
LENGTHS = {"short": SHORT, "medium": MEDIUM, "long": LONG}


def notification_texts(title: str, reason: str) -> dict[str, str]:
    """Return a text for each length: the title, and the reason where both fit.

    What does not fit is cut between words, never inside a character with its marks.
    """
    found = {}
    for name, most in LENGTHS.items():
        whole = f"{title} · {reason}" if reason else title
        found[name] = whole if len(whole) <= most else shortened(title, most)
    return found


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where it was cut."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 1 and _joins(text[end], text[end - 1]):
        end -= 1
    blank = text.rfind(" ", end // 2, end + 1)
    return text[: blank if blank > 0 else end].rstrip(" ,;:，；：、") + "…"


def _joins(sign: str, before: str) -> bool:
    """Whether a sign belongs to the one before it: a mark, a joiner, or what a joiner joins."""
    joiner = "\u200d"
    return (
        unicodedata.category(sign).startswith("M")
        or sign == joiner
        or before == joiner
        or 0x1F3FB <= ord(sign) <= 0x1F3FF
        or 0x1F1E6 <= ord(sign) <= 0x1F1FF
    )
