"""Settings of the service: value, default, and where the value came from."""

from __future__ import annotations

from typing import Literal

from flask import Response

from recsys.settings import DEFAULT, SERVICE, describe

from ...console_session import CONSOLE
from ...routes.request_context import service
from ...schemas.field_types import Strict
from ..page_routes import routes
from ..rendering import page


class SettingsQuery(Strict):
    """Which settings."""

    show: Literal["changed", "service", "all"] = "service"


@routes.get(f"{CONSOLE}/settings", "settings", query=SettingsQuery, audit="never")
def settings(query: SettingsQuery) -> Response:
    """The settings with which this worker runs; secrets are masked."""
    rows = describe(service().settings)
    changed = [row for row in rows if row["source"] != DEFAULT or row["name"] == "home"]
    own = [row for row in rows if SERVICE in row["read_by"]]
    shown = {"changed": changed, "service": own, "all": rows}[query.show]
    counts = {"changed": len(changed), "service": len(own), "all": len(rows)}
    return page("settings.html", "Settings", rows=shown, show=query.show, counts=counts)
