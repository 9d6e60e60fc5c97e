"""Process that opens one bundle, makes one list for one user, and ends.

It reads a request as JSON from its standard input and writes the list to its standard output; see
`other_bundle_lists`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recsys.errors import RecsysError

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..runtime.one_request_process import answer_standard_input
from ..runtime.served_model import ServedModel
from ..settings import load_settings
from .counterfactual_history import WhatIf, state_of
from .recommendation_previews import preview


def answered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the list of a request, or {"error": a sentence}."""
    try:
        return listed(given)
    except (RecsysError, ApiError) as error:
        return {"error": str(error)}


def listed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the list of a request; BundleError when the bundle does not verify."""
    settings = replace(load_settings(), **given["overrides"])
    service = AppState(settings)
    raw = service.bundles.open(given["version"])
    serving = ServedModel.of(raw, settings, service.comment_scorer)
    with service.link.use() as store:
        serving.feed.follow(store)
        service.graph.mean_rating = serving.live.model.rating_scale.mean
        service.graph.follow_all(store)
    service.swap(serving)
    service.load_pins()
    what_if = WhatIf(tuple(given["what_if"]["without"]), given["what_if"]["as_of"])
    state = state_of(service, given["user"], what_if)
    steer = given["steer"]
    found = preview(service, state, given["language"], given["n"], what_if.as_of, **steer)
    service.link.close()
    return found


if __name__ == "__main__":
    answer_standard_input(answered)
