"""Arms of a list: the parameters that an arm overrides, and the model that it names."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import BaseModel

from recsys.experiments.definition import Arm, Experiment
from recsys.experiments.interleaving import team_draft
from recsys.ranking.query import Recommendation
from recsys.serving.live_state import LiveState

from ..http.cursor import Cursor
from ..runtime.app_state import AppState
from ..runtime.experiment_cache import NOBODY, Assignment
from ..runtime.served_model import ServedModel

Given = TypeVar("Given", bound=BaseModel)


def assigned(service: AppState, user_id: str | None) -> Assignment:
    """Return the arms of a user at this moment; a session is in none."""
    if user_id is None:
        return NOBODY
    return service.experiments.of(user_id, time.time())


def model_of(service: AppState, assignment: Assignment) -> ServedModel:
    """Return the model whose lists an arm gives."""
    return model_named(service, assignment.bundle)


def model_named(service: AppState, version: str) -> ServedModel:
    """Return the model of the second bundle where it has this version, else the one in service."""
    second = service.second.serving
    if version and second is not None and second.version == version:
        return second
    return service.serving


class Drafted:
    """The ranking of a list: of one arm, or of both arms of an interleaving experiment.

    Which arm gives first in a round depends on the user and on the start of the list, so that its
    pages are parts of one list.
    """

    def __init__(self, experiment: Experiment | None, user_id: str | None, cursor: Cursor) -> None:
        self._experiment = experiment
        self._seed = f"{user_id} {cursor.started!r}"
        self.team_of: dict[str, str] = {}  # name of the arm by item id; empty: not interleaved

    def best(
        self,
        ranked_by: Callable[[Arm | None, int], Sequence[Recommendation]],
        live: LiveState,
        k: int,
    ) -> Sequence[Recommendation]:
        """Return the best k items; `ranked_by`: ranking of an arm, None: of the request alone.

        `live`: of the answer; items that it does not know are left out.
        """
        if self._experiment is None:
            return ranked_by(None, k)
        first, second = self._experiment.arms
        rankings = (ranked_by(first, k), ranked_by(second, k))
        known = tuple([one for one in each if live.row(one.item_id) >= 0] for each in rankings)
        rng = random.Random(f"{self._experiment.id} {self._seed}")
        found, teams = team_draft((known[0], known[1]), k, rng, attrgetter("item_id"))
        names = (first.name, second.name)
        for one, team in zip(found, teams, strict=True):
            self.team_of[one.item_id] = names[team]
        return [one._replace(rank=place) for place, one in enumerate(found, start=1)]


def overridden(given: Given, overrides: Mapping[str, Any]) -> Given:
    """Return the parameters of a request with those that an arm overrides, whoever gave them."""
    fields = type(given).model_fields
    changes = {name: value for name, value in overrides.items() if name in fields}
    return given.model_copy(update=changes) if changes else given


def weights(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights that an arm overrides, as a ListRequest takes them."""
    return {name: overrides.get(name) for name in ("rising_weight", "flag_weight")}


def variant_json(assignment: Assignment) -> dict[str, str] | None:
    """Return the arms as lists tell them; null where the user is in no experiment."""
    return dict(assignment.variant) or None
