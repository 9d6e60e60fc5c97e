"""Shown facts: a field of an item, what steers the lists of a user, and what is known of them."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.control_names import control_fact, steering_controls
from recsys.dialogue.actions.linking import referred
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import wish_fact
from recsys.dialogue.commands import (
    Show,
    Target,
)
from recsys.dialogue.facts import Fact
from recsys.explain.user_profile import interests

MOST_INTERESTS = 5


def show(turn: Turn, command: Show) -> None:
    """Show more of the list, a field of an item, the wishes or the profile of the user."""
    turn.commands.append(command)
    if command.item is not None:
        _item_field(turn, command)
    elif command.what == "more":
        turn.wants_list = turn.further = True
    elif command.what == "controls":
        _controls(turn)
    else:
        _profile(turn)


def _item_field(turn: Turn, command: Show) -> None:
    item = command.item or Target("this")
    item_id = referred(turn, item.words)
    if not item_id:
        turn.say("Nothing was listed yet that this could stand for.")
        return
    row, title = turn.lists.live.row(item_id), turn.title(item_id)
    if row < 0:
        turn.say("{title} is no longer listed.", title=title)
        return
    found = Target(item.words, "item", item_id, title.value)
    turn.commands[-1] = replace(command, item=found)
    with turn.ranking:
        turn.statements.append(turn.item_facts.of(command.what, row, title))
    turn.conversation = replace(turn.conversation, mentioned=item_id)


def _controls(turn: Turn) -> None:
    named = [wish_fact(one.steer) for one in turn.conversation.critiques if one.steer is not None]
    if named:
        turn.say("In this conversation: {wishes}.", wishes=tuple(named))
    own = steering_controls(turn)
    if own:
        wishes = tuple(control_fact(turn, one) for one in own[:20])
        turn.say("Lasting: {wishes}.", wishes=wishes)
    if not named and not own:
        turn.say("Nothing is muted, wanted more or wanted less.")


def _profile(turn: Turn) -> None:
    if not turn.service.reads_profile:
        turn.say("Your profile is not shown here: this key may not read profiles.")
        return
    with turn.ranking:
        request = turn.service.recommender.request(turn.query())
    live, names = turn.lists.live, list[str]()
    for kind in ("category", "tag", "topic"):
        for one in interests(live, request.history, kind, MOST_INTERESTS):
            name = _name_of(turn, kind, one.code)
            if one.share > 0 and name and name not in names:
                names.append(name)
    if not names:
        turn.say("Nothing is known of your interests yet.")
        return
    events = Fact("number", str(len(turn.service.user.history)))
    wishes = tuple(Fact("name", one) for one in names[:MOST_INTERESTS])
    turn.say("From {count} events of yours, most of all: {names}.", count=events, names=wishes)


def _name_of(turn: Turn, kind: str, code: int) -> str:
    live = turn.lists.live
    if kind == "topic":
        return "" if live.model.topics is None else live.model.topics.name(code)
    for place, name in enumerate(live.spelt(kind)):
        if place == code:
            return name
    return ""
