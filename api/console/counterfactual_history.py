"""What-if states of a user for the console: without some events, or as of an earlier time."""

from __future__ import annotations

from recsys.errors import DataError
from recsys.personal_list import UserState
from recsys.what_if import Hypothesis, hypothetical_state

from ..errors import ApiError
from ..runtime.app_state import AppState

WhatIf = Hypothesis


def state_of(service: AppState, user_id: str, what_if: Hypothesis) -> UserState:
    """Return what would be known of a user, for lists of the model in service.

    Events, controls and acts of others are left out; who follows whom is as of now.
    422 for an event that is not the user's. StoreError while the store is away.
    """
    live, signals = service.serving.live, None
    if service.follow_graph() is not None:
        signals = service.follow_signals
    with service.link.use() as store:
        try:
            state = hypothetical_state(
                store,
                user_id,
                what_if,
                service.settings.weights,
                service.comment_scorer,
                signals,
                live,
            )
        except DataError as error:
            raise ApiError(422, str(error)) from None
        return service.author_names.named(store, live, state)
