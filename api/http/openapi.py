"""OpenAPI 3.1 document generated from the declared endpoints and their schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter

from recsys.data.api_roles import roles_with
from recsys.data.parsing import MAX_ID

from ..errors import CODES
from ..schemas.field_types import ID_PATTERN
from ..schemas.health_errors_stats import Error
from .endpoint_declaration import Endpoint
from .json_body_parsing import LINE_TYPES

_REFERENCE = "#/components/schemas/{model}"
_VALUE = re.compile(r"<(?:(\w+):)?(\w+)>")
_DESCRIPTIONS = {
    304: "the caller has this version already",
    400: "malformed request, or an unknown parameter",
    401: "no key, or not a valid one",
    403: "the key's roles do not admit to this",
    404: "there is none",
    408: "the body did not come in time",
    409: "at odds with what is there",
    413: "the body is too large",
    414: "the URL is too long: the server answers by itself, without a body",
    415: "not JSON",
    422: "well-formed JSON that breaks a rule",
    429: "too many requests",
    503: "no bundle, or the store cannot be reached",
    507: "the store is out of space",
}
UNDOCUMENTED = ("gorse",)  # follows Gorse's own document


def document(endpoints: Iterable[Endpoint], version: str, max_batch: int) -> dict[str, Any]:
    """Return the OpenAPI document of some endpoints."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        if endpoint.tag not in UNDOCUMENTED:
            operations = paths.setdefault(endpoint.name, {})
            operations[endpoint.method.lower()] = _operation(endpoint, schemas, max_batch)
    _schema(Error, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "recsys", "version": version, "description": _INTRODUCTION},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SECURITY},
    }


_INTRODUCTION = (
    "Personal recommendations in real time. Every failure has one shape: "
    '`{"error": {"code", "message", "details"}}`. Unknown parameters are refused.'
)
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def _operation(endpoint: Endpoint, schemas: dict[str, Any], max_batch: int) -> dict[str, Any]:
    text = inspect.cleandoc(endpoint.view.__doc__ or "")
    found: dict[str, Any] = {
        "tags": [endpoint.tag],
        "summary": text.split("\n")[0],
        "description": text,
        "operationId": f"{endpoint.tag}_{endpoint.view.__name__}",
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.body is not None:
        found["requestBody"] = _request_body(endpoint, schemas, max_batch)
    if endpoint.right is not None:
        found["security"] = [{"bearer": []}, {"key": []}]
        found["x-right"] = endpoint.right
        found["x-roles"] = roles_with(endpoint.right)
        found["x-token"] = bool(endpoint.own)
    return found


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    texts = {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": ID_PATTERN}
    numbers = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": numbers if kind == "int" else texts,
        }
        for kind, name in _VALUE.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    whole = endpoint.query.model_json_schema()
    found = []
    for name, schema in whole.get("properties", {}).items():
        parameter: dict[str, Any] = {"name": name, "in": "query", "schema": _plain(schema)}
        if text := parameter["schema"].pop("description", ""):
            parameter["description"] = text
        if name in whole.get("required", []):
            parameter["required"] = True
        if parameter["schema"].get("type") == "array":
            parameter |= {"style": "form", "explode": True}
        found.append(parameter)
    return found


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema: absent stands for null, and truth is written in words."""
    options = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if len(options) == 1:
        schema = {**{k: v for k, v in schema.items() if k != "anyOf"}, **options[0]}
    found = {k: v for k, v in schema.items() if k != "title" and (k != "default" or v is not None)}
    if found.get("type") == "boolean":
        default = "1" if found.pop("default", False) else "0"
        found |= {"type": "string", "enum": ["0", "1", "false", "true"], "default": default}
    return found


def _schema(kind: Any, schemas: dict[str, Any], mode: Any = "serialization") -> dict[str, Any]:
    """Return the schema of a type, its models moved to the components."""
    found = TypeAdapter(kind).json_schema(ref_template=_REFERENCE, mode=mode)
    for name, model in found.pop("$defs", {}).items():
        _add(name, model, schemas)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        _add(kind.__name__, found, schemas)
        return {"$ref": _REFERENCE.format(model=kind.__name__)}
    return found


def _add(name: str, model: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add a model to the components; ValueError where another model has its name."""
    if schemas.setdefault(name, model) != model:
        raise ValueError(f"two models with different schemas are named {name}: rename one")


def _request_body(endpoint: Endpoint, schemas: dict[str, Any], max_batch: int) -> dict[str, Any]:
    schema = _schema(endpoint.body, schemas, "validation")
    content: dict[str, Any] = {}
    if endpoint.many:
        rows = {"type": "array", "items": schema, "minItems": 1, "maxItems": max_batch}
        wrapped = {
            "type": "object",
            "properties": {endpoint.many: rows},
            "required": [endpoint.many],
            "additionalProperties": False,
        }
        content[LINE_TYPES[0]] = {"schema": {"type": "string"}}
        schema = {"anyOf": [schema, rows, wrapped]}
    content = {"application/json": {"schema": schema}} | content
    return {"required": endpoint.required, "content": content}


def _responses(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    success = _schema(endpoint.answers, schemas) if endpoint.answers is not None else {}
    media = endpoint.media.split(";")[0]
    found = {
        str(endpoint.status): {
            "description": "done",
            "content": {media: {"schema": success}},
        }
    }
    error = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Error")}}}
    for status in sorted(_failures(endpoint)):
        found[str(status)] = {"description": _DESCRIPTIONS.get(status, CODES.get(status, ""))}
        if status not in (304, 414):
            found[str(status)]["content"] = error
    return found


def _timed(body: Any) -> bool:
    fields = getattr(body, "model_fields", {})
    return bool({"timestamp", "created_at", "events", "cursor"} & set(fields))


def _failures(endpoint: Endpoint) -> set[int]:
    found = {400, *endpoint.fails}
    if endpoint.right is not None:
        found |= {401, 403, 429, 503}
    if endpoint.query is not None:
        found |= {414} | ({409} if "cursor" in endpoint.query.model_fields else set())
    if endpoint.body is not None:
        found |= {409} if _timed(endpoint.body) else set()
        found |= {408, 413, 415, 422}
    if endpoint.right not in (None, "lists") and endpoint.method != "GET":
        found |= {507}
    return found
