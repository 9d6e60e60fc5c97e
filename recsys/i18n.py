"""Translations of user-facing sentences, from gettext catalogues in recsys/locale.

English stands in the code and is the key; `zh.po` holds Chinese. Another language is another file
there, with the language's tag for a name.
"""

from __future__ import annotations

import ast
import gettext
import io
import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from recsys.errors import DataError

FOLDER = Path(__file__).with_name("locale")
SOURCE = "en"  # the language of the keys
_LINE = re.compile(r'(?:(msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+)?("(?:[^"\\]|\\.)*")')


@cache
def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the tags of the languages there are sentences in, English first; looked up once."""
    return (SOURCE, *sorted(path.stem for path in folder.glob("*.po") if path.stem != SOURCE))


@lru_cache(maxsize=1024)  # tags come from outside
def closest(requested: str, folder: Path = FOLDER) -> str | None:
    """Return the language nearest to a tag: itself, else the part before the dash; None: none."""
    known = {tag.lower(): tag for tag in languages(folder)}
    tag = requested.lower().replace("_", "-")
    while tag:
        if tag in known:
            return known[tag]
        tag = tag.rpartition("-")[0]
    return None


def preferred(header: str, folder: Path = FOLDER) -> str:
    """Return the language that an Accept-Language header likes best, English when none is there.

    Parts that are no tags are passed over (RFC 9110, 12.5.4).
    """
    ranked = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.strip().partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight) if weight else None
        quality = float(found[1]) if found else 0.0 if weight else 1.0
        language = closest(tag.strip(), folder)
        if language is not None and quality > 0:
            ranked.append((-quality, place, language))
    return min(ranked)[2] if ranked else SOURCE


def translate(key: str, language: str = SOURCE, **values: object) -> str:
    """Return a sentence in a language, filled with values; English where it lacks one."""
    return _sentence(key, language, FOLDER).format(**values)


def counted(one: str, many: str, count: int, language: str = SOURCE, **values: object) -> str:
    """Return the sentence for a number of things, by the plural rules of a language."""
    catalogue = _catalogue(closest(language) or SOURCE, FOLDER)
    return catalogue.ngettext(one, many, count).format(count=count, **values)


@lru_cache(maxsize=4096)  # sentences times languages; a page has dozens of them
def _sentence(key: str, language: str, folder: Path) -> str:
    return _catalogue(closest(language) or SOURCE, folder).gettext(key)


@cache
def _catalogue(language: str, folder: Path) -> gettext.NullTranslations:
    path = folder / f"{language}.po"
    return read_catalogue(path) if path.exists() else gettext.NullTranslations()


def read_catalogue(path: Path) -> gettext.GNUTranslations:
    """Read a .po file; DataError names what is wrong with it."""
    try:
        found = dict(_messages(path.read_text("utf-8")))
        return gettext.GNUTranslations(io.BytesIO(_compiled(found)))
    except (OSError, ValueError, SyntaxError, AssertionError) as error:
        raise DataError(f"{path}: not a catalogue of messages: {error}") from error


def _messages(text: str) -> Iterator[tuple[str, str]]:
    """Yield key and translation as a .mo file holds them: forms are parted by NUL."""
    entry: dict[str, str] = {}
    field = ""
    for number, raw in enumerate([*text.splitlines(), 'msgid ""'], start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"line {number}: {line[:60]!r}")
        name, form, quoted = found.groups()
        if name == "msgid" and entry.get("msgstr0"):
            yield _entry(entry)
        if name == "msgid":
            entry = {}
        field = name + (form or "0" if name == "msgstr" else "") if name else field
        entry[field] = entry.get(field, "") + str(ast.literal_eval(quoted))


def _entry(entry: Mapping[str, str]) -> tuple[str, str]:
    key = entry["msgid"]
    if "msgid_plural" in entry:
        key += "\0" + entry["msgid_plural"]
    forms = sorted(name for name in entry if name.startswith("msgstr"))
    return key, "\0".join(entry[name] for name in forms)


def _compiled(messages: Mapping[str, str]) -> bytes:
    """Return messages in the format that the module gettext of Python reads (.mo)."""
    pairs = [(key.encode(), value.encode()) for key, value in sorted(messages.items())]
    start = 28 + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    blob = b""
    for side in (0, 1):
        for pair in pairs:
            tables[side].extend((len(pair[side]), start + len(blob)))
            blob += pair[side] + b"\0"
    head = (0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    numbers = [*head, *tables[0], *tables[1]]
    return struct.pack(f"<{len(numbers)}I", *numbers) + blob
