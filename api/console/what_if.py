"""What-if states of a user: without some events, or as of an earlier time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys.personal_list import UserState
from recsys.store.events import ShortEvent
from recsys.store.user_controls import blocks_by_others, in_force
from recsys.store.user_histories import UserHistories

from ..errors import ApiError
from ..runtime.app_state import AppState


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is left out of what is known of a user."""

    without: tuple[int, ...] = ()  # ids of events
    as_of: float | None = None  # Unix seconds: what came later is left out

    def __bool__(self) -> bool:
        return bool(self.without) or self.as_of is not None

    def happened(self, event: ShortEvent) -> bool:
        """Whether an event counts."""
        early = self.as_of is None or event.moment <= self.as_of
        return early and event.id not in self.without


def state_of(service: AppState, user_id: str, what_if: WhatIf) -> UserState:
    """Return what would be known of a user; events and controls are left out, follows are not.

    422 for an event that is not the user's. StoreError while the store is away.
    """
    with service.link.use() as store:
        if what_if.without:
            own = store.events_by_id(what_if.without)
            strange = [id for id in what_if.without if id not in own or own[id].user_id != user_id]
            if strange:
                raise ApiError(422, f"this user has no event {strange[0]}")
        weights = service.settings.weights
        past = UserHistories(weights).hypothetical(store, user_id, what_if.happened)
        state = UserState.read(store, past, user_id, service.comment_scorer, weights)
        if what_if.as_of is not None:
            log = [one for one in store.control_log(user_id) if one.at <= what_if.as_of]
            blocked_by = store.ties_of(user_id).blocked_by
            controls = (*in_force(log), *blocks_by_others(blocked_by))
            state = replace(state, controls=controls)
    return state
