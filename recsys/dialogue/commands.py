"""Commands: what a message may ask, a closed union; nothing else is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from recsys.errors import DataError

Action = Literal["more", "less", "mute", "only", "forget"]
Scope = Literal["conversation", "profile"]
Comparison = Literal[
    "shorter",
    "longer",
    "newer",
    "older",
    "lighter",
    "darker",
    "more_known",
    "less_known",
    "cheaper",
    "dearer",
    "better_rated",
]
Shown = Literal[
    "more",
    "profile",
    "controls",
    "author",
    "date",
    "length",
    "popularity",
    "price",
    "rating",
    "subject",
]
Smalltalks = Literal["greeting", "thanks", "farewell", "agreement", "praise", "complaint", "self"]
Reason = Literal["person", "threat", "self_harm"]
# unknown: not understood · outside: nothing that this service does · another_user: it concerns
# somebody else · instructions: the text gives orders to a model · empty: no words
Impossible = Literal["unknown", "outside", "another_user", "instructions", "empty"]
TargetKind = Literal[
    "words",
    "topic",
    "tag",
    "category",
    "author",
    "entity",
    "item",
    "years",
    "dates",
    "language",
    "length",
    "followed",
    "either",
]
EVERYTHING = "everything"  # words of an undo's target: all wishes of the conversation
REFERENCES = ("this", "last")  # words of a target that stand for items of the conversation

MOST = 5  # commands of one message
MOST_OPTIONS = 3  # of a clarification


@dataclass(frozen=True, slots=True)
class Target:
    """What a command is about: words of the message, and what they were linked to.

    `kind` "words": nothing but the words. `value`: a topic's number, an item's or author's id, two
    years with a dash, two moments with a slash (ISO 8601, the second exclusive), the least and the
    most minutes with a dash, where one may lack, else the label as items have it, or the form of
    the words that items hold. "followed": those whom the user follows; "either": one of several.
    """

    words: str
    kind: TargetKind = "words"
    value: str = ""
    name: str = ""  # how answers call it; empty: by the words
    either: tuple[Target, ...] = ()  # of kind "either": two or more, none of this kind

    @property
    def called(self) -> str:
        """How answers call it."""
        return self.name or self.words


@dataclass(frozen=True, slots=True)
class Steer:
    """More or less of a target, none of it, nothing else, or its part of the history forgotten."""

    action: Action
    target: Target
    scope: Scope = "conversation"


@dataclass(frozen=True, slots=True)
class Find:
    """A list: by words, like an item, and by comparison with it or with what was shown last."""

    words: str = ""
    like: Target | None = None
    than: tuple[Comparison, ...] = ()
    target: Target | None = None  # what the words were linked to
    within: Target | None = None  # a period, a limit of length, or those whom the user follows
    count: int = 0  # items that are wanted; 0: as many as usual
    order: Comparison | None = None  # sorted so: the newest first


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons of an item; without one, of what was shown last."""

    item: Target | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What happens around a subject; without one, in general."""

    subject: Target | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """A question about the platform, answered from its help texts."""

    question: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """The last change taken back; with a target, what was wished about it."""

    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """More of the list, what is known of the user, what steers their lists, a field of an item."""

    what: Shown = "more"
    item: Target | None = None  # of a field; None: the field is of none


@dataclass(frozen=True, slots=True)
class Clarify:
    """A question back: which of at most three targets is meant, for a command that waits."""

    words: str
    options: tuple[Target, ...]
    waiting: Steer | Find | Around | Why | None = None


@dataclass(frozen=True, slots=True)
class Smalltalk:
    """A greeting, thanks and the like."""

    what: Smalltalks = "greeting"


@dataclass(frozen=True, slots=True)
class Handoff:
    """A hand-over to people: somebody asks for them, threatens, or may harm themselves."""

    reason: Reason = "person"


@dataclass(frozen=True, slots=True)
class CannotDo:
    """What is not understood, or not done here."""

    what: Impossible = "unknown"
    words: str = ""


Command = (
    Steer | Find | Why | Around | Help | Undo | Show | Clarify | Smalltalk | Handoff | CannotDo
)
KINDS: Mapping[str, type[Command]] = {one.__name__.lower(): one for one in get_args(Command)}


def kind_of(command: Command) -> str:
    """Return the name of a command in lower case: steer, find, …, cannotdo."""
    return type(command).__name__.lower()


def command_json(command: Command) -> dict[str, Any]:
    """Return a command as JSON knows it: `kind` and its fields, without what is empty."""
    found: dict[str, Any] = {"kind": kind_of(command)}
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, Target):
            found[field.name] = _target_json(value)
        elif isinstance(value, Steer | Find | Around | Why):
            found[field.name] = command_json(value)
        elif isinstance(value, tuple):
            parts = [_target_json(one) if isinstance(one, Target) else one for one in value]
            if parts:
                found[field.name] = parts
        elif value:
            found[field.name] = value
    return found


def _target_json(target: Target) -> dict[str, Any]:
    known = ((name, getattr(target, name)) for name in ("words", "kind", "value", "name"))
    found: dict[str, Any] = {name: value for name, value in known if value}
    return found | ({"either": list(map(_target_json, target.either))} if target.either else {})


def command_of(given: Mapping[str, Any]) -> Command:
    """Return the command of what `command_json` gives; DataError for anything else."""
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DataError(f"command {kind!r:.50} is none of {', '.join(KINDS)}")
    made: dict[str, Any] = {}
    known = {field.name: field for field in fields(KINDS[kind])}
    for name, value in given.items():
        if name == "kind":
            continue
        if name not in known:
            raise DataError(f"command {kind}: no field {name!r:.50}; there are {', '.join(known)}")
        made[name] = _value(kind, name, value)
    try:
        return KINDS[kind](**made)
    except TypeError as error:
        raise DataError(f"command {kind}: {error}") from None


_CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("steer", "action"): get_args(Action),
    ("steer", "scope"): get_args(Scope),
    ("show", "what"): get_args(Shown),
    ("smalltalk", "what"): get_args(Smalltalks),
    ("handoff", "reason"): get_args(Reason),
    ("cannotdo", "what"): get_args(Impossible),
}
_TARGETS = ("target", "like", "item", "subject", "within")
MOST_COUNTED = 50  # items that a message may ask for
MOST_EITHER = 4  # targets of which one will do
LONGEST = 500  # characters of a text in a command


def _value(kind: str, name: str, value: object) -> Any:
    if (kind, name) in _CHOICES:
        return _chosen(f"{kind}.{name}", value, _CHOICES[kind, name])
    if name in _TARGETS:
        return _target_of(value)
    if name == "waiting":
        waiting = command_of(value) if isinstance(value, Mapping) else None
        if not isinstance(waiting, Steer | Find | Around | Why):
            raise DataError(f"{kind}.waiting is no steer, find, around or why")
        return waiting
    if name in ("than", "options"):
        if not isinstance(value, list) or len(value) > len(get_args(Comparison)):
            raise DataError(f"{kind}.{name} is no short list")
        if name == "options":
            return tuple(map(_target_of, value[:MOST_OPTIONS]))
        return tuple(_chosen(f"{kind}.than", one, get_args(Comparison)) for one in value)
    if name == "order":
        return _chosen(f"{kind}.order", value, get_args(Comparison))
    if name == "count":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_COUNTED:
            raise DataError(f"{kind}.count={value!r:.50} is no number from 0 to {MOST_COUNTED}")
        return value
    if not isinstance(value, str) or len(value) > LONGEST:
        raise DataError(f"{kind}.{name} is no text of up to {LONGEST} characters")
    return value


def _chosen(name: str, value: object, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise DataError(f"{name}={value!r:.50} is none of {', '.join(choices)}")
    return value


def _target_of(value: object) -> Target:
    known = {"words", "kind", "value", "name", "either"}
    if not isinstance(value, Mapping) or not value.keys() <= known:
        raise DataError("a target has words, and may have kind, value, name and either")
    texts = {str(name): one for name, one in value.items() if name != "either"}
    for name, one in texts.items():
        if not isinstance(one, str) or len(one) > LONGEST:
            raise DataError(f"target.{name} is no text of up to {LONGEST} characters")
    if "words" not in texts:
        raise DataError("a target has words")
    kind = _chosen("target.kind", texts.get("kind", "words"), get_args(TargetKind))
    parts = value.get("either", ())
    if not isinstance(parts, list | tuple) or len(parts) > MOST_EITHER:
        raise DataError(f"target.either is no list of up to {MOST_EITHER} targets")
    nested = any(isinstance(one, Mapping) and "either" in one for one in parts)
    either = () if nested else tuple(map(_target_of, parts))
    if nested or bool(either) != (kind == "either"):
        raise DataError("a target of kind either, and no other, has targets in either")
    return Target(**texts, either=either)
