"""Definition of the tuner: a hash of the code that chooses, written beside each choice.

A choice is kept for days. Where the code that made it has changed since, for example by an
upgrade, the next night tunes again.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

# Packages that decide what is tried, how it is fitted and how it is compared.
PACKAGES = ("models", "ranking", "training", "tuning")


@cache
def tuner_definition() -> str:
    """Return 12 hexadecimal digits that change with the code of `PACKAGES`.

    Comments, docstrings and formatting do not count.
    """
    folder = Path(__file__).parents[1]
    return definition_of(path for name in PACKAGES for path in (folder / name).rglob("*.py"))


def definition_of(paths: Iterable[Path]) -> str:
    """Return the hash of the code of some files, whatever the order and the folder they lie in."""
    found = sorted((path.parent.name, path.name, _code(path)) for path in paths)
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def _code(path: Path) -> str:
    """Return the code of a file without comments and docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = node.body[1:]
    return ast.dump(tree)
