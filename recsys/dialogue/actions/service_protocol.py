"""Dialogue service: what commands are carried out on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from recsys.personal_list import UserState
from recsys.recommender import Recommender
from recsys.store.user_controls import Control, Wish


class Passage(NamedTuple):
    """A passage of the platform's help texts."""

    title: str
    text: str
    url: str = ""


class DialogueService(Protocol):
    """What commands are carried out on."""

    recommender: Recommender
    user: UserState
    repeat_categories: frozenset[str]
    reads_profile: bool  # whether the caller may read the profile of the user
    writes: bool  # False: a dry run, or nobody's profile; controls are then not stored

    def controls(self, wishes: Sequence[Wish], undo: Sequence[int]) -> list[Control]:
        """Store controls and take some back; return those in force. DataError for impossible."""

    def passages(self, question: str, language: str) -> Sequence[Passage] | None:
        """Return passages that answer a question, the best first; None: no help texts are there."""
