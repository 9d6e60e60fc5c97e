"""Trends: what is taken up most around a subject."""

from __future__ import annotations

from recsys.dialogue.actions.linking import link, not_linked
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import fact_of
from recsys.dialogue.commands import (
    Around,
)
from recsys.dialogue.facts import Fact
from recsys.ranking import nonpersonal_lists, user_controls
from recsys.ranking.query import Filters


def show_trends(turn: Turn, command: Around) -> None:
    """Say what is taken up most, of all items or around a subject."""
    live, target = turn.lists.live, None
    if command.subject is not None:
        linked = link(turn, command.subject, "steer")
        if linked.target is None:
            not_linked(turn, command, command.subject.words, linked)
            return
        target = linked.target
    turn.commands.append(Around(target))
    with turn.ranking:
        mask = live.listed()[: live.size].copy()
        if target is not None:
            mask &= turn.lists.about(target, live.size)
        about = int(mask.sum())
        muted = user_controls.muted(live, turn.service.user.controls, live.size)
        if muted is not None:
            mask &= ~muted
        found = nonpersonal_lists.trending(live, turn.n, Filters(), None, turn.language, mask)
    turn.items = tuple(found)
    if not turn.items:
        turn.say("Nothing is listed about that at the moment.")
        return
    if target is None:
        turn.say("What is taken up most at the moment:")
    else:
        count = Fact("number", str(about))
        turn.say(
            "Around {target}, of {count} items those taken up most:",
            target=fact_of(target),
            count=count,
        )
    turn.say("{titles}.", titles=tuple(turn.title(one.item_id) for one in turn.items[:3]))
    turn.remember_list(turn.items)
