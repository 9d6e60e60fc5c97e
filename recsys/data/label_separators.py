"""Separators of labels in tables whose lists of tags or interests are not written `a|b`."""

from __future__ import annotations

from collections.abc import Sequence

LISTS = ("tags", "interests")  # columns that hold lists of labels
SEPARATORS = {";": "semicolons", ",": "commas", "，": "Chinese commas", "、": "enumeration commas"}
BRACKETS = ("[", "{", "(", "<")  # with which a list of another form begins
LEAST = 0.3  # share of the filled cells that hold the sign
LONGEST = 30  # characters of a label on average; above, the cells are sentences


def label_separator(cells: Sequence[str]) -> str:
    """Return the sign between the labels of a column's first cells; empty for `|` and for none.

    A cell with a bar, or that begins with a bracket, shows that the column has lists of its own.
    """
    filled = [cell for cell in cells if cell.strip()]
    if any("|" in cell or cell.lstrip().startswith(BRACKETS) for cell in filled):
        return ""
    for sign in SEPARATORS:
        held = [cell for cell in filled if sign in cell]
        labels = [part for cell in held for part in cell.split(sign)]
        if len(held) < 2 or len(held) < LEAST * len(filled):
            continue
        if sum(map(len, labels)) <= LONGEST * len(labels):
            return sign
    return ""
