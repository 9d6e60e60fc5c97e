"""Conversation: what a dialogue has said so far, as far as later turns need it; written as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from recsys.dialogue.commands import (
    Clarify,
    Comparison,
    Find,
    Steer,
    Target,
    command_json,
    command_of,
)
from recsys.errors import DataError

MOST_SHOWN = 500  # items that later pages leave out
MOST_CRITIQUES = 12  # in force; the oldest ends
MOST_CHANGES = 20  # that can be taken back


@dataclass(frozen=True, slots=True)
class Critique:
    """A wish that holds for the conversation: a steer, or a comparison with items shown then."""

    steer: Steer | None = None
    than: Comparison | None = None
    reference: tuple[str, ...] = ()  # item ids
    order: bool = False  # the list is sorted by the comparison, and leaves nothing out

    @property
    def filters(self) -> bool:
        """Whether it leaves items out; "more" and "less" decide about places."""
        return self.steer is None or self.steer.action in ("only", "mute")


@dataclass(frozen=True, slots=True)
class Change:
    """What `undo` takes back: the latest critiques of the conversation, or controls of the user."""

    kind: Literal["critiques", "controls"]
    critiques: int = 0  # how many of the latest
    controls: tuple[int, ...] = ()  # ids


@dataclass(frozen=True, slots=True)
class Conversation:
    """State of a dialogue between turns."""

    find: Find = field(default_factory=Find)  # what the list is about
    critiques: tuple[Critique, ...] = ()  # oldest first
    listed: tuple[str, ...] = ()  # ids of the last list, in its order
    shown: tuple[str, ...] = ()  # ids of all lists about the same
    mentioned: str = ""  # id of the item that "this" stands for; empty: the first of the list
    changes: tuple[Change, ...] = ()  # oldest first
    waiting: Clarify | None = None  # a question back that was not answered yet
    language: str = ""  # of the last answer

    def with_critique(self, critique: Critique) -> Conversation:
        """Return the conversation with a further critique, which can be taken back.

        An earlier steer of the same target ends; a second "only" of the same kind of target too.
        """
        kept, changes = [*self.critiques], [*self.changes]
        for place in reversed(range(len(kept))):
            if _same(kept[place], critique):
                _shorten(changes, len(kept) - place)
                del kept[place]
        changes = [*changes, Change("critiques", 1)][-MOST_CHANGES:]
        newest = (*kept, critique)[-MOST_CRITIQUES:]
        return replace(self, critiques=newest, changes=tuple(changes))

    def with_controls(self, ids: tuple[int, ...]) -> Conversation:
        """Return the conversation with controls that can be taken back."""
        changes = (*self.changes, Change("controls", controls=ids))[-MOST_CHANGES:]
        return replace(self, changes=changes)

    def without_change(self) -> tuple[Conversation, Change | None]:
        """Return the conversation without its latest change, and that change; None: there is none.

        Controls stay with their user until the caller takes them back.
        """
        if not self.changes:
            return self, None
        last = self.changes[-1]
        kept = self.critiques[: len(self.critiques) - last.critiques]
        return replace(self, changes=self.changes[:-1], critiques=kept), last

    def without_wishes(
        self, about: Callable[[Target], bool], controls: Collection[int] = ()
    ) -> tuple[Conversation, tuple[Steer, ...]]:
        """Return the conversation without its wishes about a target, and these, oldest first.

        `controls`: ids that are taken back with them. None of all that can be taken back again.
        """
        changes, kept = [*self.changes], [*self.critiques]
        gone: list[Steer] = []
        for place in reversed(range(len(kept))):
            steer = kept[place].steer
            if steer is not None and about(steer.target):
                gone.insert(0, steer)
                _shorten(changes, len(kept) - place)
                del kept[place]
        left = [
            replace(one, controls=tuple(each for each in one.controls if each not in controls))
            for one in changes
        ]
        held = tuple(one for one in left if one.kind == "critiques" or one.controls)
        return replace(self, critiques=tuple(kept), changes=held), tuple(gone)

    def with_list(self, ids: tuple[str, ...]) -> Conversation:
        """Return the conversation after a list was shown."""
        shown = tuple(dict.fromkeys((*self.shown, *ids)))[-MOST_SHOWN:]
        return replace(self, listed=ids, shown=shown, mentioned="")

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON knows it; `conversation_of` reads it back."""
        return {
            "find": command_json(self.find),
            "critiques": [
                {
                    "steer": None if one.steer is None else command_json(one.steer),
                    "than": one.than,
                    "reference": list(one.reference),
                    "order": one.order,
                }
                for one in self.critiques
            ],
            "listed": list(self.listed),
            "shown": list(self.shown),
            "mentioned": self.mentioned,
            "changes": [
                {"kind": one.kind, "critiques": one.critiques, "controls": list(one.controls)}
                for one in self.changes
            ],
            "waiting": None if self.waiting is None else command_json(self.waiting),
            "language": self.language,
        }


def _shorten(changes: list[Change], latest: int) -> None:
    """Take a critique, counted from the latest, which is 1, out of the change it came with."""
    covered = 0
    for place in reversed(range(len(changes))):
        covered += changes[place].critiques
        if covered >= latest:
            left = changes[place].critiques - 1
            changes[place : place + 1] = [replace(changes[place], critiques=left)] if left else []
            return


def _same(one: Critique, new: Critique) -> bool:
    if one.steer is None or new.steer is None:
        both = one.order and new.order
        return both or one.than is not None and (one.than, one.order) == (new.than, new.order)
    return _key(one.steer.target) == _key(new.steer.target)


def _key(target: Target) -> tuple[str, str]:
    if target.kind == "length":  # a later limit takes the place of one before
        return (target.kind, "")
    return (target.kind, target.value or target.words.casefold())


def conversation_of(given: Mapping[str, Any]) -> Conversation:
    """Return the state that `as_json` gave; DataError for anything else."""
    try:
        find, waiting = command_of(given["find"]), given["waiting"]
        waits = None if waiting is None else command_of(waiting)
        if not isinstance(find, Find) or not isinstance(waits, Clarify | None):
            raise DataError("find or waiting is of another kind")
        return Conversation(
            find,
            tuple(map(_critique_of, given["critiques"])),
            tuple(map(str, given["listed"])),
            tuple(map(str, given["shown"])),
            str(given["mentioned"]),
            tuple(
                Change(one["kind"], int(one["critiques"]), tuple(map(int, one["controls"])))
                for one in given["changes"]
            ),
            waits,
            str(given["language"]),
        )
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise DataError(f"not the state of a dialogue: {error!r:.200}") from None


def _critique_of(given: Mapping[str, Any]) -> Critique:
    steer = None if given["steer"] is None else command_of(given["steer"])
    if not isinstance(steer, Steer | None):
        raise DataError("a critique holds no steer")
    ids = tuple(map(str, given["reference"]))
    return Critique(steer, given["than"], ids, bool(given.get("order", False)))
