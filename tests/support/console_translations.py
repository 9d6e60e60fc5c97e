"""The sentences of the console as its templates and modules hold them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import nodes

from api.console.error_sentences import SENTENCES
from api.console.navigation import GROUPS
from api.console.rendering import HERE, TITLES, templates
from api.console.translations import WORDS


def sentences() -> set[str]:
    """Return every key that the console may ask the catalogue for."""
    found = {*WORDS, *SENTENCES, *TITLES.values(), "This did not work"}
    found |= {group.name for group in GROUPS if group.name}
    found |= {link.name for group in GROUPS for link in group.links}
    for path in sorted((HERE / "templates").glob("*.html")):
        found.update(of_template(path))
    for path in sorted(HERE.rglob("*.py")):
        found.update(of_module(path))
    return found


def of_template(path: Path) -> Iterator[str]:
    """Yield what a template translates."""
    tree = templates().parse(path.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_":
            yield from texts(call.args[0])


def texts(node: nodes.Node) -> Iterator[str]:
    """Yield the constants that an argument may be: `a if x else b` may be two."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from texts(node.expr1)
        if node.expr2 is not None:
            yield from texts(node.expr2)


def of_module(path: Path) -> Iterator[str]:
    """Yield what a module translates, and the titles of its pages."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = {"_": 0, "text": 0, "page": 1}.get(name)
        if place is not None and len(call.args) > place:
            constant = call.args[place]
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                yield constant.value
