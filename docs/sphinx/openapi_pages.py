"""Markdown pages of an OpenAPI document: one per tag, and one of all schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
TITLES = {
    "recommend": "Recommendations",
    "lists": "Other lists",
    "explain": "Explanations",
    "items": "Items",
    "events": "Events",
    "users": "Users",
    "people": "User data",
    "topics": "Topics",
    "trends": "Trends",
    "entities": "Names in texts",
    "tokens": "Tokens",
    "service": "Statistics",
    "health": "Health",
    "docs": "Contract",
}


def pages(document: Json) -> dict[str, str]:
    """Return the text of each page by its name without suffix; tags without a title come last."""
    tags: dict[str, list[str]] = {tag: [] for tag in TITLES}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tags.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    found = {
        tag: f"# {TITLES.get(tag, tag.capitalize())}\n\n" + "\n".join(parts)
        for tag, parts in tags.items()
        if parts
    }
    schemas = document["components"]["schemas"]
    found["schemas"] = "# Schemas\n\n" + "\n".join(
        _schema(name, schema) for name, schema in schemas.items()
    )
    names = "\n".join(found)
    found["index"] = (
        "# HTTP reference\n\nGenerated from the OpenAPI document of the service"
        f" (version {document['info']['version']}). {document['info']['description']}\n\n"
        "The requests of Gorse's wire format are not part of it: see"
        " [migrate from Gorse](../../how-to/gorse.md).\n\n"
        f"```{{toctree}}\n:maxdepth: 2\n\n{names}\n```\n"
    )
    return found


def _operation(method: str, path: str, operation: Json) -> str:
    lines = [f"## `{method.upper()} {path.replace('{', '<').replace('}', '>')}`", ""]
    lines += [operation["description"], ""]
    if right := operation.get("x-right"):
        token = "yes, for its own user" if operation.get("x-token") else "no"
        roles = ", ".join(operation["x-roles"])
        lines += [f"Right: `{right}` (roles: {roles}). With a browser token: {token}.", ""]
    else:
        lines += ["No key is needed.", ""]
    if parameters := operation["parameters"]:
        lines += ["| parameter | in | type | default | description |", "|---|---|---|---|---|"]
        lines += [_parameter(one) for one in parameters] + [""]
    if body := operation.get("requestBody"):
        lines += ["Request body: " + _contents(body["content"]) + ".", ""]
    lines += ["| status | meaning | body |", "|---|---|---|"]
    for status, answer in operation["responses"].items():
        content = _contents(answer.get("content", {}))
        lines.append(_row(f"`{status}`", answer["description"], content))
    return "\n".join(lines) + "\n"


def _parameter(one: Json) -> str:
    schema = one["schema"]
    default = "required" if one.get("required") else _default(schema)
    return _row(f"`{one['name']}`", one["in"], _type(schema), default, one.get("description", ""))


def _contents(content: Json) -> str:
    return "; ".join(f"`{media}`: {_type(one.get('schema', {}))}" for media, one in content.items())


def _schema(name: str, schema: Json) -> str:
    lines = [f"(schema-{name.lower()})=", f"## {name}", ""]
    if text := schema.get("description"):
        lines += [text, ""]
    if fields := schema.get("properties"):
        required = schema.get("required", ())
        lines += ["| field | type | default | description |", "|---|---|---|---|"]
        for field, one in fields.items():
            default = "always there" if field in required else _default(one)
            lines.append(_row(f"`{field}`", _type(one), default, one.get("description", "")))
        lines.append("")
    else:
        lines += [_type(schema), ""]
    return "\n".join(lines)


def _type(schema: Json) -> str:
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[1]
        return f"[{name}](#schema-{name.lower()})"
    for word in ("anyOf", "oneOf"):
        if options := schema.get(word):
            return " or ".join(dict.fromkeys(_type(one) for one in options))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}" + _limits(schema)
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(kind) + _limits(schema)


def _limits(schema: Json) -> str:
    words = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {} elements",
        "maxItems": "at most {} elements",
    }
    found = [text.format(schema[name]) for name, text in words.items() if name in schema]
    return f" ({', '.join(found)})" if found else ""


def _default(schema: Json) -> str:
    if schema.get("default") in (None, [], ""):
        return ""
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
