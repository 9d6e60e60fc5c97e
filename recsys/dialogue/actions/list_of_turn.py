"""List of a turn: that of its conversation, and which of its wishes do not hold."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import SORTED, THAN, fact_of, wish_fact, within_statement
from recsys.dialogue.answer_statements import Statement
from recsys.dialogue.commands import (
    Find,
    Target,
)
from recsys.dialogue.conversation import Critique
from recsys.dialogue.conversation_list import Listed
from recsys.dialogue.facts import Fact
from recsys.i18n import translate

_FIELDS = {
    "length": "length",
    "year": "date",
    "popularity": "popularity",
    "price": "price",
    "rating": "rating",
    "tone": "tone",
}


def make_list(turn: Turn) -> None:
    """Make the list of the conversation, and say which wishes do not hold."""
    with turn.ranking:
        found = _unseen(turn)
        latest = turn.conversation.critiques[-1:]
        outlasts = latest and latest[0] in found.relaxed and turn.lead is None
        if outlasts and turn.conversation.find != Find():
            # the newest wish outlasts what was searched for before
            turn.conversation = replace(turn.conversation, find=Find(), shown=())
            found = _unseen(turn)
    if found.unknown:
        promised = {THAN[one.than] for one in found.unknown if one.than is not None}
        promised |= {SORTED.get(one.than, "") for one in found.unknown if one.than is not None}
        turn.statements = [one for one in turn.statements if one.template not in promised]
        names = tuple(
            Fact("text", translate(_FIELDS[name], turn.language))
            for name in turn.lists.fields.known()
        )
        cannot = "Items here cannot be compared so; they can be by {fields}."
        turn.statements.insert(0, Statement(cannot, {"fields": names}))
        unsorted = [one for one in found.unknown if one.order]
        kept = tuple(one for one in turn.conversation.critiques if one not in unsorted)
        turn.conversation = replace(turn.conversation, critiques=kept)
    within = turn.conversation.find.within
    if within is not None and any(_is_period(one, within) for one in found.relaxed):
        said, absent = within_statement(within), within_statement(within, found=False)
        turn.statements = [absent if one == said else one for one in turn.statements]
        find = replace(turn.conversation.find, within=None)
        turn.conversation = replace(turn.conversation, find=find)
        others = tuple(one for one in found.relaxed if not _is_period(one, within))
        found = replace(found, relaxed=others)
    if found.relaxed:
        promised = {THAN[one.than] for one in found.relaxed if one.than is not None}
        turn.statements = [one for one in turn.statements if one.template not in promised]
        gone = tuple(_wish_fact(one, turn.language) for one in found.relaxed)
        turn.say(
            "Nothing is left with all wishes, so the oldest no longer holds: {wishes}.",
            wishes=gone,
        )
        kept = tuple(one for one in turn.conversation.critiques if one not in found.relaxed)
        gone_than = {one.than for one in found.relaxed}
        than = tuple(one for one in turn.conversation.find.than if one not in gone_than)
        find = replace(turn.conversation.find, than=than)
        turn.conversation = replace(turn.conversation, critiques=kept, find=find)
    if found.waived_by:
        count = Fact("number", str(found.waived_from))
        gone = tuple(_wish_fact(one, turn.language) for one in found.waived_by)
        turn.say(
            "Only the first {count} fulfil all wishes; the others lack: {wishes}.",
            count=count,
            wishes=gone,
        )
    turn.items = found.items
    _lead_last(turn, found)
    turn.remember_list(found.items)
    if not found.items and not turn.further:  # a search without results does not go on
        turn.conversation = replace(turn.conversation, find=Find(), shown=())


def _lead_last(turn: Turn, found: Listed) -> None:
    """Put what the list is about last, before the items; or say that there are none."""
    items = found.items
    lead = turn.lead if turn.lead is not None and turn.lead in turn.statements else None
    if lead is not None:
        turn.statements.remove(lead)
    if not items and lead is None:
        turn.say("There is nothing more to list." if turn.further else "Nothing was found.")
    elif not items:
        turn.statements.append(_nothing_found(turn))
        if turn.conversation.find.words and (there := turn.labels.most()):
            turn.say("There are items about {names}.", names=tuple(map(fact_of, there)))
    elif turn.further:
        turn.statements.append(_further(turn))
    elif lead is not None:
        by_words = lead.template == "Found for {words}:"
        if by_words and not any(one.reasons for one in items):
            template = "No item has all of {words}; the nearest:"
            if found.known:
                template = "You know or hid the items with {words}; the nearest others:"
            lead = Statement(template, lead.values)
        turn.statements.append(lead)


def _wish_fact(one: Critique, language: str) -> Fact:
    if one.steer is not None:
        return wish_fact(one.steer)
    sentence = translate(THAN[one.than], language) if one.than is not None else ""
    return Fact("text", sentence.rstrip(".。").casefold())


def _further(turn: Turn) -> Statement:
    """Return what further items are about."""
    find = turn.conversation.find
    if find.like is not None:
        return Statement("More like {item}:", {"item": fact_of(find.like)})
    if find.target is not None:
        return Statement("More about {target}:", {"target": fact_of(find.target)})
    if find.words:
        return Statement("More found for {words}:", {"words": Fact("text", find.words)})
    named = tuple(
        wish_fact(one.steer) for one in turn.conversation.critiques if one.steer is not None
    )
    if named:
        return Statement("More for you, with these wishes: {wishes}.", {"wishes": named})
    return Statement("More for you:")


def _nothing_found(turn: Turn) -> Statement:
    find = turn.conversation.find
    if find.like is not None:
        return Statement("Nothing is like {item}.", {"item": fact_of(find.like)})
    if find.target is not None:
        return Statement("Nothing was found about {target}.", {"target": fact_of(find.target)})
    if find.words:
        return Statement("Nothing was found for {words}.", {"words": Fact("text", find.words)})
    return Statement("Nothing was found.")


def _unseen(turn: Turn) -> Listed:
    """Return the list without what was shown and passed over, unless a wish would end by it."""
    if turn.passed_over and not turn.further:
        found = turn.lists.make(turn.query(), turn.conversation, turn.length, True, strict=True)
        if found.items:
            return found
    return turn.lists.make(turn.query(), turn.conversation, turn.length, turn.further)


def _is_period(one: Critique, period: Target) -> bool:
    return one.steer is not None and one.steer.target == period
