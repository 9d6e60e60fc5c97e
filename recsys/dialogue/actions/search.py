"""Search: what the list of a conversation is about."""

from __future__ import annotations

from dataclasses import replace

from recsys.dialogue.actions.linking import (
    link,
    linked_alternatives,
    may_limit,
    not_linked,
    subject_of_many,
)
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import SORTED, THAN, fact_of, within_statement
from recsys.dialogue.answer_statements import Statement, Undoing
from recsys.dialogue.commands import (
    Find,
    Target,
)
from recsys.dialogue.conversation import Critique
from recsys.dialogue.facts import Fact
from recsys.dialogue.search_words import SearchWords, search_words, split_count, without_noun


def find(turn: Turn, command: Find) -> None:
    """Set what the list of the conversation is about; comparisons alone are wishes of it."""
    like, target = command.like, None
    if like is not None:
        linked = link(turn, like, "item")
        about = subject_of_many(turn, like) if linked.target is None else None
        if linked.target is None and about is None:
            not_linked(turn, command, like.words, linked)
            return
        like = linked.target
        if about is not None:
            target, command = about, replace(command, words=about.words, like=None)
    elif command.words:
        target, command = _searched(turn, command)
    if command.within is not None:
        within = link(turn, command.within, "steer").target
        limited = within is not None and may_limit(turn, within)
        command = replace(command, within=within if limited else None)
    of_this_list = (
        not command.words
        and like is None
        and command.within is None
        and not command.count
        and bool((command.than or command.order) and turn.conversation.listed)
    )
    if command.order is not None:
        wish = Critique(than=command.order, order=True)
        turn.conversation = turn.conversation.with_critique(wish)
    if of_this_list:
        for one in command.than:
            critique = Critique(than=one, reference=turn.conversation.listed)
            turn.passed_over = True
            turn.conversation = turn.conversation.with_critique(critique)
        turn.undo = Undoing("conversation")
        turn.commands.append(command)
    else:
        find = replace(command, like=like, target=target)
        about_all = replace(find, order=None)
        turn.conversation = replace(turn.conversation, find=about_all, shown=())
        turn.commands.append(find)
    for one in command.than:
        turn.say(THAN[one])
    if command.order in SORTED:
        turn.say(SORTED[command.order])
    if not of_this_list:
        _lead(turn)
    turn.wants_list = True


def _searched(turn: Turn, command: Find) -> tuple[Target | None, Find]:
    """Return the label that a search is about, if there is one, and the search by its words."""
    plain_words = search_words(command.words)
    with turn.ranking:
        target = turn.labels.link(command.words, labels_only=True).target
        for words in dict.fromkeys((plain_words.words, without_noun(plain_words.words))):
            if target is None and words:
                target = turn.labels.link(words, labels_only=True).target
                target = target or turn.labels.other_form(words)
        count, counted = split_count(plain_words.words)
        if target is None and count:  # "3 thrillers"
            target = turn.labels.link(counted, labels_only=True).target
            if target is not None:
                plain_words = SearchWords(counted, count)
        if target is None:
            target = linked_alternatives(turn, plain_words.words)
        if target is None:
            words = turn.labels.titles.spelt(plain_words.words)
            plain_words = replace(plain_words, words=words)
    return target, replace(
        command, words=plain_words.words, count=plain_words.count or command.count
    )


def _lead(turn: Turn) -> None:
    """Say what the list is about; where nothing is found, another sentence takes its place."""
    find = turn.conversation.find
    if turn.lead is not None and turn.lead in turn.statements:  # of a search before this one
        turn.statements.remove(turn.lead)
    lead = Statement("For you:")
    if find.like is not None:
        lead = Statement("Like {item}:", {"item": fact_of(find.like)})
    elif find.target is not None:
        lead = Statement("{target}:", {"target": fact_of(find.target)})
    elif find.words:
        lead = Statement("Found for {words}:", {"words": Fact("text", find.words)})
    if find.within is not None:
        turn.statements.append(within_statement(find.within))
    turn.lead = lead
    turn.statements.append(lead)
