"""User controls: a user's choices about their own lists, as masks and bounded boosts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.filters import allowed
from recsys.ranking.new_history_item_proxies import stand_ins
from recsys.ranking.query import Filters, Interaction
from recsys.ranking.terms.neighbours import neighbour_rows, neighbour_sums
from recsys.ranking.text_scores import near_words, text_vectors
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control

NEAREST = 1_000  # items that an index is asked for, which are like one by their words
NEAR_AMONG = 5_000  # labels that a misspelt one is compared with


def name_of(live: LiveState, control: Control) -> str:
    """Return what to call the label that a control is about."""
    topics = live.model.topics
    if control.kind != "topic" or topics is None:
        return control.value
    number = _number(control.value)
    if number in topics.ids:
        return topics.name(topics.ids.index(number))
    if number in topics.parent_ids:
        return topics.parent_name(topics.parent_ids.index(number))
    return control.value


def _number(text: str) -> int:
    """Return a topic's number, -1 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() else -1


def likeness(live: LiveState, row: int, size: int) -> Floats:
    """Return how like an item every row is, 0 to 1: by its users or by words, what says more.

    Where an index knows the words, only the NEAREST count for like it by these.
    """
    if not 0 <= row < size:
        return np.zeros(size, np.float32)
    one: Rows = np.array([row], np.int32)
    proxies = stand_ins(live, one)
    neighbours_of_proxies = neighbour_rows(live, proxies)
    near = np.maximum(
        neighbour_sums(live, proxies, proxies.weights, neighbours_of_proxies)[:size], 0
    )
    near = near / max(float(near.max(initial=0)), 1e-30)
    words = near_words(live, text_vectors(live, one)[0], NEAREST)[:size]
    found = np.maximum(near, np.clip(words, 0, 1))
    found[row] = 1.0
    return np.asarray(found, np.float32)


def carrying(live: LiveState, control: Control, size: int) -> Mask:
    """Return which rows a control is about; none for a label that nothing carries."""
    mask = np.zeros(size, bool)
    if control.kind == "everything":
        mask[:] = True
    elif control.kind == "item":
        row = live.row(control.value)
        mask[[row] if 0 <= row < size else []] = True
    elif control.kind == "words":
        rows = live.phrases.rows([control.value])
        mask[rows[: np.searchsorted(rows, size)]] = True
    elif control.kind in ("topic", "tag"):
        mask = allowed(live, _items_of_control(control), 0.0, unlisted=True)[:size]
    else:  # what a user wrote has the user's id as its author
        kind = "author" if control.kind == "user" else control.kind
        mask = np.isin(live.labels[kind][:size], live.codes(kind, control.value))
    return mask


def _items_of_control(control: Control) -> Filters:
    if control.kind == "tag":
        return Filters(tags=frozenset({control.value}))
    return Filters(topic=frozenset({_number(control.value)}))


def muted(live: LiveState, controls: Sequence[Control], size: int) -> Mask | None:
    """Return which rows a user never wants to see; None where nothing is muted."""
    mutes = [one for one in controls if one.action in ("mute", "block")]
    if not mutes:
        return None
    mask = np.zeros(size, bool)
    tags = frozenset(one.value for one in mutes if one.kind == "tag")
    if tags:  # all at once: a look at the tags of the whole catalogue costs most
        mask |= allowed(live, Filters(tags=tags), 0.0, unlisted=True)[:size]
    words = [one.value for one in mutes if one.kind == "words"]
    if words:
        rows = live.phrases.rows(words)
        mask[rows[: np.searchsorted(rows, size)]] = True
    for one in mutes:
        if one.kind not in ("tag", "words"):
            mask |= carrying(live, one, size)
    return mask


def without_forgotten(
    live: LiveState, interactions: Sequence[Interaction], controls: Sequence[Control]
) -> tuple[Interaction, ...]:
    """Return the events that still count: without those that a user wants forgotten.

    To forget concerns what was done before it was asked; so do events without a time.
    """
    kept = tuple(interactions)
    for one in controls:
        if one.action == "forget":
            mask = carrying(live, one, live.size)
            kept = tuple(
                each
                for each in kept
                if (each.timestamp is not None and each.timestamp > one.at)
                or not _within(live.row(each.item_id), mask)
            )
    return kept


def unknown_label(live: LiveState, kind: str, value: str) -> str:
    """Return what to tell of a label that no item has, with the nearest there are; "" if one has.

    `kind`: topic, author, category, tag, language, entity, words, item or user. A user is no label.
    """
    known: Iterable[str] = ()
    if kind == "user":
        return ""
    if kind == "topic":
        topics = live.model.topics
        if topics is not None and _number(value) in topics.rows:
            return ""
        known = [] if topics is None else map(str, topics.rows)
    elif kind == "item":
        if live.row(value) >= 0:
            return ""
    elif kind == "entity":
        if live.mentions.code(value) >= 0:
            return ""
    elif kind == "words":
        if len(live.phrases.rows([value])):
            return ""
    else:
        if live.codes(kind, value):
            return ""
        known = itertools.islice(live.spelt(kind), NEAR_AMONG)
    near = get_close_matches(value, list(known), 2, 0.6)
    return f"no item has {kind} {value!r}" + (f"; is {' or '.join(near)} meant?" if near else "")


def _within(row: int, mask: Mask) -> bool:
    return 0 <= row < len(mask) and bool(mask[row])
