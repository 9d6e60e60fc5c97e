"""Lists of a bundle that is not the one in service, made by a short-lived process.

A worker holds one bundle. Another one, or the same with other settings, is opened in a process of
its own, which gets what it needs on its standard input, so that no user id is on a command line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..settings import child_environment
from .counterfactual_history import WhatIf

MOST = 2  # processes of a worker at once; more are refused
SECONDS = 60.0  # that one may take

_places = threading.BoundedSemaphore(MOST)


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
    if not _places.acquire(blocking=False):
        message = f"{MOST} bundles are open for comparison already: try again in some seconds"
        raise ApiError(429, message, headers={"Retry-After": "3"})
    try:
        return _run(
            service,
            {
                "version": version,
                "user": user_id,
                "what_if": asdict(what_if),
                "language": language,
                "n": n,
                "steer": dict(steer),
                "overrides": dict(overrides),
            },
        )
    finally:
        _places.release()


def _run(service: AppState, given: Mapping[str, Any]) -> dict[str, Any]:
    settings = replace(service.settings, metrics_folder="", deliver=False, access_log=False)
    package = str(__package__)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"{package}.other_bundle_process"],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=child_environment(settings),
            check=False,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    except subprocess.TimeoutExpired:
        return {"error": f"the bundle gave no list within {SECONDS:g} seconds"}
    except ValueError:
        return {"error": "the process that opens the bundle ended without a list; see the log"}
