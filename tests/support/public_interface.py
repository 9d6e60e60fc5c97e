"""What programs may rely on: routes with parameters and JSON fields, commands with options.

    PYTHONPATH=.:tests/support python tests/support/public_interface.py > tests/fixtures/X.json

The same script reads a checkout of an earlier commit.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

Json = dict[str, Any]
DEEPEST = 8  # levels of fields
_NAME = re.compile(r"<[^>]*>|\{[^}]*\}")


def interface_of(document: Json, rules: Iterator[tuple[str, str]], group: click.Group) -> Json:
    """Return the interface: lists of names by route and command.

    `document`: OpenAPI; `rules`: (method, path) of every route, documented or not.
    """
    schemas = document["components"]["schemas"]
    routes: Json = {f"{method} {_NAME.sub('{}', path)}": {} for method, path in rules}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            own = routes.setdefault(f"{method.upper()} {_NAME.sub('{}', path)}", {})
            own["parameters"] = sorted(
                one["name"] for one in operation["parameters"] if one["in"] == "query"
            )
            own["body"] = _fields(operation.get("requestBody", {}), schemas)
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    own["answer"] = _fields(answer, schemas)
    return {"routes": routes, "commands": dict(_commands("recsys", group))}


def _fields(holder: Json, schemas: Json) -> list[str]:
    """Return the paths of the fields of a body or an answer, as items[].score."""
    found: set[str] = set()
    for media in holder.get("content", {}).values():
        _walk(media.get("schema", {}), schemas, "", (), found)
    return sorted(found)


def _walk(schema: Any, schemas: Json, at: str, names: tuple[str, ...], found: set[str]) -> None:
    if not isinstance(schema, dict):
        return
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in names and len(names) < DEEPEST:
            _walk(schemas[name], schemas, at, (*names, name), found)
        return
    for parts in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(parts, ()):
            _walk(one, schemas, at, names, found)
    _walk(schema.get("items"), schemas, f"{at}[]", names, found)
    for name, own in schema.get("properties", {}).items():
        field = f"{at}.{name}" if at else name
        found.add(field)
        _walk(own, schemas, field, names, found)


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, list[str]]]:
    """Yield each command with its options; an argument has no dashes."""
    yield (
        name,
        sorted({one for param in command.params for one in (*param.opts, *param.secondary_opts)}),
    )
    if isinstance(command, click.Group):
        context = click.Context(command)
        for own in command.list_commands(context):
            found = command.get_command(context, own)
            assert found is not None, own
            yield from _commands(f"{name} {own}", found)


def missing(before: Json, now: Json) -> list[str]:
    """Return what an earlier interface had and a later one lacks."""
    found = []
    for name, own in before["routes"].items():
        if name not in now["routes"]:
            found.append(name)
            continue
        for part, values in own.items():
            gone = set(values) - set(now["routes"][name].get(part, ()))
            found += [f"{name} {part} {value}" for value in sorted(gone)]
    for name, options in before["commands"].items():
        gone = set(options) - set(now["commands"].get(name, ()))
        found += [f"{name} {one}" for one in sorted(gone)]
        found += [] if name in now["commands"] else [name]
    return found


def rules_of(app: Any) -> Iterator[tuple[str, str]]:
    """Yield method and path of each rule of an app, but those of Flask and of pages."""
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if not rule.rule.startswith(("/static", "/console")):
                yield method, rule.rule


def present() -> Json:
    """Return the interface of the checkout on the path."""
    from api.app import create_app
    from jobs import cli

    settings: Any = importlib.import_module(
        "recsys.settings" if Path("recsys/settings.py").exists() else "api.settings"
    ).Settings
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(home=Path(folder)), background=False)
        document: Mapping[str, Any] = app.test_client().get("/openapi.json").get_json()
        return interface_of(dict(document), rules_of(app), cli.cli)


if __name__ == "__main__":
    json.dump(present(), sys.stdout, indent=0, sort_keys=True)
