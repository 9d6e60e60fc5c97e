"""Terms of a text for event detection: its telling words, hashtags and pairs of Han signs."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from recsys.monitoring import text_tokens
from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.nouns import simplified
from recsys.text.language.stop_words import STOP_WORDS

MOST = 40  # terms of a text that are read: the first ones
SHORTEST = 3  # letters of a word
# addresses and account names say who or where, not what
_LEFT_OUT = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@\w+|&\w+;", re.IGNORECASE)


@cache
def common_words() -> frozenset[str]:
    """Return words that tell nothing, of all languages that are known."""
    return STOP_WORDS.union({"via"}, *FUNCTION_WORDS.values())


def terms(text: str) -> tuple[tuple[str, str], ...]:
    """Return (term, as written) of a text, distinct, in order; at most MOST.

    A term is in lower case, NFKC and simplified Han signs, without genitive. Numbers, addresses,
    account names, and words without meaning of their own are left out.
    """
    plain = _LEFT_OUT.sub(" ", text)
    if not plain.isascii():
        plain = simplified(unicodedata.normalize("NFKC", plain)).replace("\u2019", "'")
    found: dict[str, str] = {}
    for written in text_tokens.words(plain):
        if text_tokens.is_han(written):
            for at in range(len(written) - 1):
                found.setdefault(written[at : at + 2], written[at : at + 2])
            continue
        written = written.removesuffix("'s")
        if len(written) >= SHORTEST and not written.isdigit():
            found.setdefault(written.lower(), written)
    common = common_words()
    return tuple([pair for pair in found.items() if pair[0] not in common][:MOST])
