"""Cleaning of platform texts for an encoder, and the text template of an item."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

LONGEST = 32_768  # characters kept; encoders cut by tokens far below this
LONGEST_RAW = 8 * LONGEST  # characters read at all: texts are cut here before any pattern
LONGEST_COMMENT = 2_000  # characters of an HTML comment; a longer one stays

_HIDDEN_PARTS = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]{0,2000}>")
# Joiners (U+200C, U+200D) stay: Persian words and family emoji fall apart without them.
_INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]"
)
_LINK = re.compile(r"(?:https?://|\bwww\.)(?:www\.)?([^\s/?#]+)[^\s<>\"]*", re.IGNORECASE)
_RUN = re.compile(r"([^\W\d_]|[!?.,~*=_\-])\1{3,}")  # digits may mean what they say
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str, form: Literal["NFKC", "NFC"] = "NFKC") -> str:
    """Return the words of a text: no markup, no control characters, NFKC, single spaces.

    Surrogate pairs are joined and unpaired surrogates dropped, so the result always encodes to
    UTF-8. A bare `<` or `&` stays. Letter case and punctuation stay: encoders differ in their use.
    """
    text = text[:LONGEST_RAW]
    if "<" in text:
        text = _TAG.sub(" ", _without_comments(_HIDDEN_PARTS.sub(" ", text)))
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _plain_unicode(text, form)
    if not (text.isascii() and _is_printable(text)):
        text = _INVISIBLE.sub(" ", text)
    return " ".join(text.split())[:LONGEST].rstrip()


def without_markup(text: str) -> str:
    """Return a text as people read it: as `clean` does, but its signs stay as they are (NFC)."""
    return clean(text, "NFC")


def is_plain_ascii(text: str) -> bool:
    """Whether `clean` changes nothing of a text but its blanks, and its length: a quick look."""
    return text.isascii() and "<" not in text and "&" not in text and _is_printable(text)


def _is_printable(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def _without_comments(text: str) -> str:
    """Return a text with a blank for each HTML comment; one pass, however many are never closed."""
    parts, kept, start, end = [], 0, text.find("<!--"), -1
    while start >= 0:
        if end < start + 4:
            end = text.find("-->", start + 4)
            if end < 0:
                break
        if end - start - 4 <= LONGEST_COMMENT:
            parts += [text[kept:start], " "]
            kept = end + 3
        start = text.find("<!--", max(start + 4, kept))
    return "".join([*parts, text[kept:]]) if parts else text


def _plain_unicode(text: str, form: Literal["NFKC", "NFC"]) -> str:
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize(form, text)


def document(title: str, text: str = "", tags: Iterable[str] = (), category: str = "") -> str:
    """Join what is known of an item into the one text that every encoder reads.

    The short parts come first, so that a cut by tokens loses the end of a long text and never the
    title. Empty when nothing is known.
    """
    parts = (clean(title), clean(", ".join(tags)), clean(category), clean(text))
    return tidy("\n".join(part for part in parts if part))


def tidy(text: str) -> str:
    """Return a cleaned text with links put by their site, and no sign more than thrice in a row."""
    if "://" in text or "www." in text:
        text = _LINK.sub(r"\1", text)
    return _RUN.sub(r"\1\1\1", text)
