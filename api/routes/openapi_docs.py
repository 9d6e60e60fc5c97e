"""/openapi.json and /docs: the API contract as JSON and as a page that needs no network."""

from __future__ import annotations

import json
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Response, current_app

from recsys.errors import RecsysError

from ..console_session import CONSOLE
from ..http import openapi
from ..http.endpoint_declaration import Routes
from ..schemas.health_errors_stats import StartPage
from .request_context import service

routes = Routes("docs")

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
details{border:1px solid #ddd;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer}code,pre{background:#f5f5f5;border-radius:4px;padding:.1rem .3rem}
pre{padding:.8rem;overflow:auto}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #eee;text-align:left;padding:.25rem .5rem;vertical-align:top}
.m{display:inline-block;min-width:4rem;font-weight:600}.get{color:#0a6}.post{color:#06c}
.put,.patch{color:#a60}.delete{color:#c22}
"""


def contract() -> dict[str, Any]:
    """Return the OpenAPI document of the app at hand."""
    extensions = current_app.extensions
    most = extensions["settings"].max_batch
    return openapi.document(extensions["endpoints"], _version(), most)


def _version() -> str:
    try:
        return version("recsys")
    except PackageNotFoundError:
        return "0"


@routes.get("/", None, answers=StartPage)
def start() -> dict[str, Any]:
    """What answers here, and where its contract, its state and its console are."""
    return {
        "service": "recsys",
        "version": _version(),
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/health/ready",
        "console": CONSOLE if _has_console() else None,
    }


def _has_console() -> bool:
    try:
        return service().gate.console_on
    except RecsysError:  # the store, which knows the keys, is away
        return False


@routes.get("/openapi.json", None, answers=dict[str, Any])
def document() -> dict[str, Any]:
    """The contract as OpenAPI 3.1."""
    return contract()


@routes.get("/docs", None, answers=str, media="text/html; charset=utf-8")
def page() -> Response:
    """The contract as an HTML page."""
    return Response(_page(contract()), content_type="text/html; charset=utf-8")


def _page(found: dict[str, Any]) -> str:
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>recsys API</title>"
        f"<style>{_STYLE}</style><h1>recsys API {escape(found['info']['version'])}</h1>"
        f"<p>{escape(found['info']['description'])} <a href=/openapi.json>openapi.json</a></p>"
    ]
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(path, method, operation))
    parts.append("<h2>Schemas</h2>")
    for name, schema in found["components"]["schemas"].items():
        text = escape(json.dumps(schema, indent=1))
        parts.append(f"<details id={name}><summary>{name}</summary><pre>{text}</pre></details>")
    return "\n".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{one['in']}"
        f"<td>{escape(_kind(one['schema']))}<td>{escape(one.get('description', ''))}"
        for one in operation["parameters"]
    )
    table = f"<table><tr><th>name<th>in<th>type<th>meaning{rows}</table>" if rows else ""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    sent = f"<p>body<pre>{escape(json.dumps(body['schema'], indent=1))}</pre>" if body else ""
    answers = "".join(
        f"<tr><td>{status}<td>{escape(one['description'])}"
        for status, one in operation["responses"].items()
    )
    return (
        f"<details><summary><span class='m {method}'>{method.upper()}</span> "
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"<p>{escape(operation['description'])}</p>{table}{sent}<table>{answers}</table></details>"
    )


def _kind(schema: dict[str, Any]) -> str:
    limits = [f"{k}={schema[k]}" for k in ("minimum", "maximum", "default") if k in schema]
    return " ".join([str(schema.get("type", "any")), *limits])
