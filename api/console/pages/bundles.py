"""Bundles: published versions; rollback to an earlier one after a confirmation."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect

from recsys.bundle_store import BundleInfo
from recsys.errors import BundleError, ObjectStoreError

from ...console_session import CONSOLE
from ...errors import ApiError
from ...routes.request_context import service
from ...schemas.field_types import Label, Strict
from ..formats import url
from ..page_routes import routes
from ..rendering import page


class BundlesQuery(Strict):
    """Which bundle was just put into service."""

    done: Label | None = None


class VersionQuery(Strict):
    """A version."""

    version: Label


class RollbackForm(Strict):
    """A version, typed once more."""

    version: Label
    confirm: Label


@routes.get(f"{CONSOLE}/bundles", "console", query=BundlesQuery)
def bundles(query: BundlesQuery) -> Response:
    """Published bundles, newest first, with size, counts and verdict."""
    rows = [_row(info) for info in service().bundles.versions()]
    return page("bundles.html", "Bundles", rows=rows, **_state(), done=query.done)


@routes.get(f"{CONSOLE}/bundles/rollback", "operate", query=VersionQuery, audit="never")
def confirm(query: VersionQuery) -> Response:
    """What a change of the served bundle would do, and the form that confirms it."""
    return _confirmation(query.version)


@routes.post(f"{CONSOLE}/bundles/rollback", "operate", body=RollbackForm)
def rollback(body: RollbackForm) -> Response:
    """Serve another bundle; workers take it within a second, replicas with their next look."""
    if body.confirm != body.version:
        return _confirmation(body.version, "What you typed is not the version.")
    try:
        now = service().roll_back(body.version)
    except (BundleError, ObjectStoreError) as error:
        return _confirmation(body.version, str(error))
    return redirect(url(f"{CONSOLE}/bundles", done=now), 303)  # type: ignore[return-value]


def _confirmation(version: str, problem: str = "") -> Response:
    found = {info.version: info for info in service().bundles.versions()}
    if version not in found:
        known = ", ".join(found) or "none"
        raise ApiError(404, f"there is no bundle {version!r}; there are: {known}")
    row = _row(found[version])
    status = 422 if problem else 200
    title = "Serve another bundle"
    return page("rollback.html", title, status, row=row, **_state(), problem=problem)


def _state() -> dict[str, Any]:
    at_hand = service()
    serving = at_hand.serving_or_none
    return {
        "served": serving.version if serving else None,
        "current": at_hand.bundles.current(),
        "refused": at_hand.worker.refused,
        "shared": bool(at_hand.settings.bundles),
    }


def _row(info: BundleInfo) -> dict[str, Any]:
    gate, counts = info.manifest.get("gate") or {}, info.manifest.get("counts") or {}
    return {
        "version": info.version,
        "current": info.current,
        "created": info.created,
        "bytes": info.bytes,
        "problem": info.problem,
        "item_count": counts.get("items"),
        "user_count": counts.get("users"),
        "ndcg": (info.manifest.get("metrics") or {}).get("ndcg@20"),
        "design": info.manifest.get("design") or "",
        "reason": gate.get("reason") or "",
    }
