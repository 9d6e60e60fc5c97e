"""Language tags in names: `title_en`, `title.zh-CN`, 英文标题, and `{"en-US": "Bread"}` as a value.

Content systems write one field per language. The first language that is filled is read as the
field itself, in the order of the file; the others stay metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik in io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li
    ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa
    pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th
    ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()
)  # ISO 639-1
# codes that are words or parts of names too: `id`, `is`, `no`; never the only proof
_WORDS = frozenset(
    """
    ad am an as be co do he hi ho id ie in io is it la lo me mi ms my na no or os pi ps re se si so
    st su to ts tw us vo
    """.split()
)
_NAMES = frozenset(
    """
    english chinese german french spanish japanese korean italian portuguese russian
    中文 英文 日文 韩文 英语 日语 韩语 简体 繁体
    """.split()
)
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Z][a-z]{3}))?(?:[-_]([A-Z]{2}|[a-z]{2}|\d{3}))?")
_LANGUAGE = r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})*|[a-z]{5,10}|[中英日韩简繁][文语体]"
_ENDING = re.compile(rf"(.+?)[ _.:(（\[-]+({_LANGUAGE})[)）\]]?")
_BEGINNING = re.compile(r"(?:([a-z]{5,10}|[a-z]{2})[ _.-]+|([中英日韩][文语]))(.+)")


@lru_cache(maxsize=4096)
def language_of(tag: str) -> str:
    """Return the language of a tag such as `en`, `zh-CN` or `zh_Hant_TW`; empty for no tag."""
    found = _TAG.fullmatch(tag)
    if found is None or found[1].lower() not in _CODES:
        return ""
    return found[1].lower()


def is_certain(tag: str) -> bool:
    """Return whether a tag can hardly be anything but a language: `en`, `id-ID`, but not `id`."""
    if tag.lower() in _NAMES:
        return True
    language = language_of(tag)
    return bool(language) and (language not in _WORDS or len(tag) > len(language))


def by_language(value: Mapping[str, Any]) -> bool:
    """Return whether an object holds one text, plain or rich, or one list per language."""
    return (
        bool(value)
        and all(isinstance(one, (str, list, dict, type(None))) for one in value.values())
        and all(map(language_of, value))
        and any(map(is_certain, value))
    )


def first_filled(value: Mapping[str, Any]) -> Any:
    """Return what the first language that is filled says; None where none is."""
    return next((one for one in value.values() if one not in (None, "", [], {})), None)


@lru_cache(maxsize=4096)
def without_language(name: str) -> tuple[str, str]:
    """Return the name of a column without its language, and the tag; two empty texts for none.

    `title_en` is (`title`, `en`), `fields.title.de-DE` (`fields.title`, `de-DE`), `english_title`
    (`title`, `english`).
    """
    if (found := _ENDING.fullmatch(name)) is not None:
        if language_of(found[2]) or found[2].lower() in _NAMES:
            return found[1], found[2]
    if (found := _BEGINNING.fullmatch(name)) is not None:
        tag = found[1] or found[2]
        if tag in _NAMES or language_of(tag):
            return found[3], tag
    return "", ""
