"""Linking: words of commands to labels and items, and questions back where several fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import FOLLOWED, fact_of, length_called
from recsys.dialogue.alternatives import alternatives
from recsys.dialogue.commands import (
    MOST_OPTIONS,
    Around,
    Clarify,
    Find,
    Steer,
    Target,
    Why,
)
from recsys.dialogue.facts import Fact
from recsys.dialogue.followees import are_followees
from recsys.dialogue.length_limits import length_limit
from recsys.dialogue.linked import Linked
from recsys.dialogue.search_words import search_words
from recsys.i18n import translate

AUTHOR_OF = "author of "  # begins the words of a target that is the author of an item
MOST_MEANT = 5  # items with words of which one is meant, so that somebody is asked which


def subject_of_many(turn: Turn, like: Target) -> Target | None:
    """Return the subject that words name where no one item is meant: "rust but newer"."""
    if referred(turn, like.words) is not None:
        return None
    with turn.ranking:
        target = turn.labels.link(like.words).target
        if target is None:
            return None
        live = turn.lists.live
        about = turn.lists.about(target, live.size)
    return target if about.sum() > MOST_MEANT else None


def link(turn: Turn, target: Target, purpose: str) -> Linked:
    """Return what words are about; places and "this" are items of the conversation."""
    if target.kind != "words" or target.value:
        return Linked(target)
    if target.words.startswith(AUTHOR_OF):
        return _author_of(turn, target)
    if are_followees(target.words):
        return Linked(Target(target.words, "followed", "", translate(FOLLOWED, turn.language)))
    if (limit := length_limit(target.words)) is not None:
        called = length_called(limit, turn.language)
        return Linked(Target(target.words, "length", limit.value, called))
    item_id = referred(turn, target.words)
    if item_id is None:
        with turn.ranking:
            if purpose == "item":
                return turn.labels.titles.link(target.words)
            return _one_or_several(turn, target.words)
    if not item_id:
        return Linked()
    title = turn.title(item_id).value
    return Linked(Target(target.words, "item", item_id, title))


def _one_or_several(turn: Turn, words: str) -> Linked:
    """Return the label or the words of items that words are, else the alternatives they name."""
    if not alternatives(words, joined=True):
        return turn.labels.link(words)
    whole = turn.labels.link(words, labels_only=True)
    if whole.target is None and not whole.options:
        if (either := linked_alternatives(turn, words)) is not None:
            return Linked(either)
    return turn.labels.link(words)


def linked_alternatives(turn: Turn, words: str) -> Target | None:
    """Return the target of words such as "jazz or blues"; None: they name no two that are here.

    Around "and", both have to be labels: words of a title may stand around it, too. Of two
    alternatives of which one is unknown here, the other is returned, and the answer says so.
    """
    parts, certain = alternatives(words), False
    if not parts:
        parts, certain = alternatives(words, joined=True), True
    links = [turn.labels.link(one, labels_only=certain).target for one in parts]
    found = [one for one in links if one is not None]
    if not found or len(found) < len(parts) and certain:
        return None
    for part, one in zip(parts, links, strict=True):
        if one is None:
            turn.say("Nothing here is about {words}.", words=Fact("text", part))
    if len(found) == 1:
        return found[0]
    join = "{first} or {last}"
    between = "、" if turn.language == "zh" else ", "
    first = between.join(one.called for one in found[:-1])
    called = translate(join, turn.language, first=first, last=found[-1].called)
    return Target(words, "either", "", called, tuple(found))


def may_limit(turn: Turn, target: Target) -> bool:
    """Whether lists can be limited to a target; where not, the answer says why."""
    if target.kind == "followed" and not turn.service.user.follows:
        turn.say("You follow nobody yet.")
        return False
    if target.kind == "length":
        with turn.ranking:
            known = turn.lists.fields.values("minutes") is not None
        if not known:
            turn.say("How many minutes items take is not known here.")
        return known
    return True


def _author_of(turn: Turn, target: Target) -> Linked:
    """Return the author of an item of the conversation."""
    item_id = referred(turn, target.words.removeprefix(AUTHOR_OF)) or ""
    row = turn.lists.live.row(item_id) if item_id else -1
    author = str(turn.lists.live.document(row).get("author_id") or "") if row >= 0 else ""
    if not author:
        return Linked()
    return Linked(Target(target.words, "author", author, turn.item_facts.called(author)))


def referred(turn: Turn, words: str) -> str | None:
    """Return the item that words refer to; "" where there is none, None: they refer to none."""
    listed = turn.conversation.listed
    if words == "this":
        return turn.conversation.mentioned or (listed[0] if listed else "")
    if words == "last":
        return listed[-1] if listed else ""
    if words.isascii() and words.isdecimal() and len(words) <= 3:
        place = int(words)
        return listed[place - 1] if 1 <= place <= len(listed) else ""
    return None


def not_linked(
    turn: Turn, command: Steer | Find | Around | Why, words: str, linked: Linked
) -> None:
    """Say that words are about nothing here, or ask which of several is meant."""
    if referred(turn, words.removeprefix(AUTHOR_OF)) == "":
        turn.commands.append(command)
        turn.say("Nothing was listed yet that this could stand for.")
    elif words.startswith(AUTHOR_OF):
        turn.commands.append(command)
        item_id = referred(turn, words.removeprefix(AUTHOR_OF)) or ""
        turn.say("Who made {title} is not known here.", title=turn.title(item_id))
    elif linked.ambiguous and linked.options:
        ask(turn, words, linked, command)
    else:
        turn.commands.append(command)
        subject = search_words(words).words or words
        turn.say("Nothing here is about {words}.", words=Fact("text", subject))
        if linked.options:
            _offer(turn, words, linked.options, command)
        elif there := turn.labels.most():
            turn.say_once("There are items about {names}.", names=tuple(map(fact_of, there)))


def ask(
    turn: Turn, words: str, linked: Linked, command: Steer | Find | Around | Why | None
) -> None:
    """Ask which of several targets is meant; the command waits for the answer."""
    clarify = Clarify(words, linked.options[:MOST_OPTIONS], command)
    turn.commands.append(clarify)
    _offer(turn, words, linked.options, command)


def _offer(
    turn: Turn,
    words: str,
    options: Sequence[Target],
    command: Steer | Find | Around | Why | None,
) -> None:
    chosen = tuple(options[:MOST_OPTIONS])
    turn.conversation = replace(turn.conversation, waiting=Clarify(words, chosen, command))
    turn.options = tuple(one.called for one in chosen)
    turn.say("Do you mean {options}?", options=tuple(fact_of(one) for one in chosen))
