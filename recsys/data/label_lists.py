"""Lists of labels (tags, interests) that a text holds, in the forms that files have.

A bar separates wherever there is one; else the form of a list decides. Commas and semicolons alone
are decided on per column of a file, see `recsys.data.label_separators`.
"""

from __future__ import annotations

import ast
import csv
import json
import re

MAX_LIST = 100_000  # characters of a text that is read as a list of JSON or Python
_ANGLES = re.compile(r"(?:\s*<[^<>|]+>)+\s*")  # <python><pandas>
_BRACES = re.compile(r"\{[^:{}]*\}")  # {a,"b c"}: an array of PostgreSQL
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_ROW_OF_QUOTED = re.compile(r"\[\s*(?:'[^']*'|\"[^\"]*\")(?:\s+(?:'[^']*'|\"[^\"]*\"))+\s*\]")
_HASHTAGS = re.compile(r"\s*#[^\s#,;]+(?:\s*#[^\s#,;]+)+\s*")


def split_labels(text: str) -> list[object]:
    """Return the parts of a text that lists labels, in order; blanks around them stay.

    `a|b`, `["a", "b"]`, `['a', 'b']`, `['a' 'b']` (an array of NumPy), `[a, b]`, `('a', 'b')`,
    `{a,b}`, `<a><b>` and `#a #b`. A text of another form is one part.
    """
    bare = text.strip()
    if len(bare) <= MAX_LIST and bare[:1] in ("[", "(", "{", "<", "#"):
        found = _in_brackets(bare)
        if found is not None:
            return found
    return list(text.split("|"))


def written_list(text: str) -> list[object] | None:
    """Return the list that a text spells in JSON, Python or NumPy; None for another text."""
    if len(text) > MAX_LIST:
        return None
    if _ROW_OF_QUOTED.fullmatch(text):
        return [single or double for single, double in _QUOTED.findall(text)]
    return _parsed(text)


def _in_brackets(text: str) -> list[object] | None:
    if (found := written_list(text)) is not None:
        return found
    if _ANGLES.fullmatch(text):
        return list(re.findall(r"<([^<>]+)>", text))
    if _HASHTAGS.fullmatch(text):
        return list(re.findall(r"#[^\s#]+", text))
    brackets = _BRACES.fullmatch(text) or text[0] == "[" and text[-1] == "]" and "|" not in text
    if not brackets:
        return None
    try:
        return list(next(csv.reader([text[1:-1]], skipinitialspace=True), []))
    except csv.Error:
        return None


def _parsed(text: str) -> list[object] | None:
    """Return the list that a text spells in JSON or Python, None where it spells none."""
    for read in (json.loads, ast.literal_eval):
        try:
            found: object = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, (list, tuple)):
            return list(found)
        if isinstance(found, set):
            return sorted(found, key=str)
    return None
