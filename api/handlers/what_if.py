"""What-if answers: of few users and the bundle in service here, else by a short-lived process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from recsys.errors import BundleError, DataError
from recsys.personal_list import ranked
from recsys.ranking.query import Query, Recommendation
from recsys.what_if import SHOWN_USERS, Side, UnknownUser
from recsys.what_if_comparison import WhatIfRequest, compare_sides

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..runtime.one_request_process import AnswerProcess, NoAnswer
from ..runtime.served_model import ServedModel

_process = AnswerProcess(
    "handlers.what_if_process",
    most=1,
    seconds=300.0,
    busy="a what-if of another bundle or of many users is being made: try again later",
    retry_after=5,
)


def what_if_answer(service: AppState, request: WhatIfRequest) -> dict[str, Any]:
    """Return the answer to a request as JSON.

    UnknownUser for a single user of whom nothing is held, 429 while another large one is made.
    """
    service.see_changes()
    serving = service.serving
    few = max(len(request.users), request.sample) <= SHOWN_USERS
    if few and request.bundle in ("", serving.version):
        first = _side(service, serving)
        with service.link.use() as store:
            sides = (first, replace(first, overrides=request.overrides))
            return compare_sides(store, service.settings, request, sides)
    return _by_process(service, request)


def _side(service: AppState, serving: ServedModel) -> Side:
    def make(query: Query, n: int) -> Sequence[Recommendation]:
        serving.find_phrases(query)
        with serving.feed.ranking:
            return ranked(serving.recommender, query, n)[:n]

    signals = service.follow_signals if service.follow_graph() is not None else None
    return Side(serving.version, make, serving.live, {}, signals)


def _by_process(service: AppState, request: WhatIfRequest) -> dict[str, Any]:
    given = asdict(request) | {"first": service.serving.version}
    try:
        found = _process.answer(service.settings, given)
    except NoAnswer as error:
        message = "the process that makes the lists ended without an answer; see the log"
        if error.late:
            message = f"no answer within {_process.seconds:g} seconds: ask for fewer users"
        raise ApiError(503, message) from None
    if "error" not in found:
        return found
    kind, message = found["error"], str(found["message"])
    if kind == "unknown_user":
        raise UnknownUser(request.users[0], bool(found["erased"]))
    raise BundleError(message) if kind == "bundle" else DataError(message)
