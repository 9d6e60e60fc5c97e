"""Control names: what answers call the profile controls of a user."""

from __future__ import annotations

from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.facts import Fact
from recsys.store.user_controls import Control

_SIGNS = {"mute": "− ", "block": "− ", "less": "↓ ", "boost": "↑ "}


def steering_controls(turn: Turn) -> list[Control]:
    """Return the stored controls that steer lists; what was forgotten is none."""
    return [one for one in turn.service.user.controls if one.id and one.action in _SIGNS]


def control_label(turn: Turn, control: Control) -> str:
    """Return the label of a control: a title, the name of a topic, else its value."""
    if control.kind == "item":
        return turn.title(control.value).value
    if control.kind == "topic":
        topics = turn.lists.live.model.topics
        if topics is not None and control.value.isdecimal() and int(control.value) in topics.ids:
            return topics.name(topics.ids.index(int(control.value))) or control.value
    return control.value


def control_fact(turn: Turn, control: Control) -> Fact:
    """Return a control as a fact of an answer: the sign of its action, and its label."""
    return Fact("name", f"{_SIGNS[control.action]}{control_label(turn, control)}")
