"""Lists of a bundle that is not the one in service, or of it with other settings.

They are made by a short-lived process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..runtime.app_state import AppState
from ..runtime.one_request_process import AnswerProcess, NoAnswer
from .counterfactual_history import WhatIf

_MOST = 2
_process = AnswerProcess(
    "console.other_bundle_process",
    most=_MOST,
    seconds=60.0,
    busy=f"{_MOST} bundles are open for comparison already: try again in some seconds",
    retry_after=3,
)


def list_of_bundle(
    service: AppState,
    version: str,
    user_id: str,
    what_if: WhatIf,
    language: str,
    n: int,
    steer: Mapping[str, Any],
    overrides: Mapping[str, float],
) -> dict[str, Any]:
    """Return the list that a bundle gives a user, or {"error": a sentence} where it gives none.

    `overrides`: settings by name. 429 while too many such lists are being made.
    """
    given = {
        "version": version,
        "user": user_id,
        "what_if": asdict(what_if),
        "language": language,
        "n": n,
        "steer": dict(steer),
        "overrides": dict(overrides),
    }
    try:
        return _process.answer(service.settings, given)
    except NoAnswer as error:
        if error.late:
            return {"error": f"the bundle gave no list within {_process.seconds:g} seconds"}
        return {"error": "the process that opens the bundle ended without a list; see the log"}
