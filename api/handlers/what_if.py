"""What-if answers: of few users and the bundle in service here, else by a short-lived process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from recsys.errors import BundleError, DataError
from recsys.personal_list import ranked
from recsys.ranking.query import Query, Recommendation
from recsys.what_if import SHOWN_USERS, Side, UnknownUser
from recsys.what_if_answer import WhatIfRequest, compare_sides

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..runtime.served_model import ServedModel
from ..settings import child_environment

MOST = 1  # processes of a worker at once; more are refused
SECONDS = 300.0  # that one may take

_places = threading.BoundedSemaphore(MOST)


def what_if_answer(service: AppState, request: WhatIfRequest) -> dict[str, Any]:
    """Return the answer to a request as JSON.

    UnknownUser for a single user of whom nothing is held, 429 while another large one is made.
    """
    service.see_changes()
    serving = service.serving
    few = max(len(request.users), request.sample) <= SHOWN_USERS
    if few and request.bundle in ("", serving.version):
        first = _side(serving)
        with service.link.use() as store:
            sides = (first, replace(first, overrides=request.overrides))
            return compare_sides(store, service.settings, request, sides)
    if not _places.acquire(blocking=False):
        message = "a what-if of another bundle or of many users is being made: try again later"
        raise ApiError(429, message, headers={"Retry-After": "5"})
    try:
        return _by_process(service, request)
    finally:
        _places.release()


def _side(serving: ServedModel) -> Side:
    def make(query: Query, n: int) -> Sequence[Recommendation]:
        words = [one.value for one in query.controls if one.kind == "words"]
        if words:  # a phrase that is new is sought before the engine is held
            serving.live.phrases.rows(words)
        with serving.feed.ranking:
            return ranked(serving.recommender, query, n)[:n]

    return Side(serving.version, make, serving.live, {})


def _by_process(service: AppState, request: WhatIfRequest) -> dict[str, Any]:
    settings = replace(service.settings, metrics_folder="", deliver=False, access_log=False)
    package = str(__package__)
    given = asdict(request) | {"first": service.serving.version}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"{package}.what_if_process"],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=child_environment(settings),
            check=False,
        )
        found: Mapping[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise ApiError(503, f"no answer within {SECONDS:g} seconds: ask for fewer users") from None
    except ValueError:
        message = "the process that makes the lists ended without an answer; see the log"
        raise ApiError(503, message) from None
    if "error" not in found:
        return dict(found)
    kind, message = found["error"], str(found["message"])
    if kind == "unknown_user":
        raise UnknownUser(request.users[0], bool(found["erased"]))
    raise BundleError(message) if kind == "bundle" else DataError(message)
