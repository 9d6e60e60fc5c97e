"""Reasons of listed items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.array_types import Rows
from recsys.dialogue.actions.linking import link, not_linked, subject_of_many
from recsys.dialogue.actions.turn_state import Turn
from recsys.dialogue.actions.wordings import fact_of
from recsys.dialogue.commands import (
    Target,
    Why,
)
from recsys.dialogue.facts import Fact
from recsys.ranking.candidates import candidates
from recsys.ranking.gbdt_rerank import POOL


def explain(turn: Turn, command: Why) -> None:
    """Say why an item is listed; without one, why the first three of the list are."""
    turn.commands.append(command)
    wanted = turn.conversation.listed[:3]
    if command.item is not None:
        linked = link(turn, command.item, "item")
        subject = subject_of_many(turn, command.item) if linked.target is None else None
        if linked.target is None and subject is None:
            turn.commands.pop()
            not_linked(turn, command, command.item.words, linked)
            return
        if linked.target is not None:
            turn.commands[-1] = Why(linked.target)
            wanted = (linked.target.value,)
        elif subject is not None:
            wanted = _listed_about(turn, subject)
            if not wanted:
                turn.say("Nothing that is listed is about {target}.", target=fact_of(subject))
                return
    if not wanted:
        turn.say("Nothing was listed yet, so there is nothing to explain.")
        return
    for item_id in wanted:
        row = turn.lists.live.row(item_id)
        title = turn.title(item_id)
        with turn.ranking:
            reasons = _reasons(turn, row) if row >= 0 else ()
        if reasons:
            turn.say("{title}: {reasons}.", title=title, reasons=reasons)
        else:
            turn.say("Nothing about you speaks for {title} in particular.", title=title)
    turn.conversation = replace(turn.conversation, mentioned=wanted[0])


def _listed_about(turn: Turn, subject: Target) -> tuple[str, ...]:
    """Return the first listed items that are about a subject."""
    live = turn.lists.live
    with turn.ranking:
        about = turn.lists.about(subject, live.size)
    rows = ((id, live.row(id)) for id in turn.conversation.listed)
    return tuple(id for id, row in rows if 0 <= row < len(about) and about[row])[:3]


def _reasons(turn: Turn, row: int) -> tuple[Fact, ...]:
    query = turn.query()
    recommender = turn.service.recommender
    request = recommender.request(query)
    mask = recommender.open(query, request)[: request.size]
    listed: Rows = np.array(list(map(turn.lists.live.row, turn.conversation.listed)), np.int32)
    if row in listed:  # beside what it was listed with, as in the list
        rows = np.unique(listed[listed >= 0])
        scores = request.scores(rows)
    else:
        rows, scores = candidates(request, mask, POOL)
        listed = np.array([row], np.int32)
        if row not in rows:
            place = int(np.searchsorted(rows, row))
            rows = np.insert(rows, place, row)
            scores = np.insert(scores, place, request.scores(listed)[0])
    scored = recommender.corrected(request, mask, rows, scores)
    every = recommender.with_reasons(replace(query, n=len(listed)), scored, listed)
    found = every[int(np.flatnonzero(listed == row)[0])]
    found = turn.lists.with_steered(found, turn.conversation.critiques, turn.language)
    item_id = found.item_id
    return tuple(Fact("text", one.text.rstrip("."), item_id) for one in found.reasons if one.text)
