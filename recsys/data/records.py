"""Item, Event, User, Follow: records of the file format with their validation rules.

The `parse_…` functions turn a mapping of raw values (a row of a file, the JSON body of a request)
into one of these, and raise FieldError (a DataError) at the first value that breaks a rule.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from recsys.data.event_flags import NOT_SET, kind_of_flags
from recsys.data.event_kinds import RATING, TABLE, find
from recsys.data.id_normalization import NULL_WORDS, canonical, is_null
from recsys.data.parsing import (
    FieldError,
    is_deeper,
    json_size,
    optional_id,
    parse_any_time,
    parse_created,
    parse_extra,
    parse_id,
    parse_label,
    parse_number,
    parse_text,
    parse_time,
    parse_words,
    shown,
)

MAX_KIND = 64  # characters of an event's kind
MAX_TAGS = 1_000  # tags of an item
MAX_LABEL = 512  # characters of a tag or a category
MAX_METADATA_KEYS = 100
MAX_METADATA_BYTES = 65_536  # of an item's metadata as JSON
MAX_METADATA_DEPTH = 10  # levels of lists and objects

ITEM_COLUMNS = (
    "item_id",
    "title",
    "text",
    "tags",
    "category",
    "author_id",
    "created_at",
    "url",
    "available_from",
    "expires_at",
    "parent_id",
)
EVENT_COLUMNS = ("user_id", "item_id", "event", "value", "text", "timestamp", "shared_from")
# of files of events: the share of the item that was taken in, as a part of 1 and in percent
COMPLETION_COLUMNS = ("completion", "completion_percent")
USER_COLUMNS = ("user_id", "name", "interests", "language")
FOLLOW_COLUMNS = ("user_id", "author_id", "followed_user_id")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to recommend; empty text and None where nothing is known."""

    item_id: str
    title: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    author_id: str = ""
    created_at: float | None = None  # Unix seconds
    url: str = ""
    metadata: dict[str, object] = field(default_factory=dict)  # unknown columns, JSON values
    available_from: float | None = None  # Unix seconds; None: from `created_at` on
    expires_at: float | None = None  # Unix seconds: from then on it is in no list; None: never
    parent_id: str = ""  # the item that this one answers

    @property
    def opens_at(self) -> float:
        """Return from when on the item may be listed: `available_from`, else `created_at`."""
        opens = self.created_at if self.available_from is None else self.available_from
        return -math.inf if opens is None else opens

    @property
    def closes_at(self) -> float:
        """Return from when on the item is listed no more; infinity: never."""
        return math.inf if self.expires_at is None else self.expires_at


@dataclass(frozen=True, slots=True)
class Event:
    """One user did one thing to one item."""

    user_id: str
    item_id: str
    event: str  # view, click, like, rating, … in lower case
    value: float | None = None  # a rating; of a view, read, play, watch, stream, listen: its share
    text: str = ""  # a comment's words
    timestamp: float | None = None  # Unix seconds; None: the order of arrival is the order in time
    # the user from whose act this share came; no part of what makes an event the same event again
    shared_from: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class User:
    """A user's record from the platform; all but the id is optional."""

    user_id: str
    name: str = ""
    interests: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Follow:
    """A user follows an author or another user; exactly one of the two is given."""

    user_id: str
    author_id: str = ""
    followed_user_id: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """An author of items, with a display name; empty where none is known."""

    author_id: str
    name: str = ""


def parse_event(fields: Mapping[str, object], now: float | None = None) -> Event:
    """Return the event that raw values describe.

    Without a kind, flags (`event:like`: 1) say it; without flags, an event with a value is a
    `rating`, one with a completion alone a `watch`, and one without either a `view`. The completion
    is the value of a kind that has one (`watch`, …).
    The timestamp may lie up to five minutes after `now`; Store and the tables cut it to now.
    """
    get = fields.get
    number, word, text, source = get("value"), get("event"), get("text"), get("shared_from")
    # what is absent or was seen before, nearly all of a file, costs no call
    kind = (_KINDS.get(word) if isinstance(word, str) else None) or _kind(word)
    if number is None or number == "":
        value = None
    else:
        try:
            value = parse_number(number, "value")
        except FieldError as error:
            kind, value = _written(number, kind, error)
    if not kind:
        kind = _kind_by_flags(fields)
    if "completion" in fields or "completion_percent" in fields:
        kind, value = _with_completion(kind, value, _completion(fields))
    return Event(
        parse_id(get("user_id"), "user_id"),
        parse_id(get("item_id"), "item_id"),
        kind or ("view" if value is None else RATING),
        value,
        "" if text is None or text == "" else parse_text(text, "text"),
        parse_time(get("timestamp"), "timestamp", time.time() if now is None else now),
        "" if source is None or source == "" else optional_id(source, "shared_from"),
    )


def _written(raw: object, kind: str, error: FieldError) -> tuple[str, float | None]:
    """Return the kind and the value of an event whose value is a rating in words or signs.

    A kind in place of a rating (`dislike`) is the kind. Raises `error` for any other value.
    """
    if isinstance(raw, str) and (not kind or (row := find(kind)) and row.name == RATING):
        # here: few requests need it
        from recsys.data.written_ratings import kind_as_rating, written_rating

        if (rating := written_rating(raw)) is not None:
            return kind, rating.number
        if meant := kind_as_rating(raw):
            return meant, None
    raise error


def _kind_by_flags(fields: Mapping[str, object]) -> str:
    """Return the kind by columns of flags; empty where a row has none, or a completion alone."""
    kind = kind_of_flags(fields)
    if kind is None or (kind == NOT_SET and _completion(fields) is not None):
        return ""
    return kind


def _completion(fields: Mapping[str, object]) -> float | None:
    share = parse_number(fields.get("completion"), "completion")
    if share is None:
        percent = parse_number(fields.get("completion_percent"), "completion_percent")
        return None if percent is None else percent / 100
    return share


def _with_completion(
    kind: str, value: float | None, share: float | None
) -> tuple[str, float | None]:
    """Return the kind and the value of an event, given the share of the item that was taken in."""
    if share is None:
        return kind, value
    if not kind:
        return ("watch", share) if value is None else ("", value)
    row = find(kind)
    return (kind, share) if row is not None and row.partial else (kind, value)


_KINDS = {name: name for kind in TABLE for name in (kind.name, *kind.synonyms) if name.isascii()}


def _kind(raw: object) -> str:
    """Return a kind of event in lower case; empty when absent."""
    if isinstance(raw, str) and raw not in NULL_WORDS:
        word = raw.strip().lower() if raw.isascii() else canonical(raw).lower()
        if word:
            if len(word) <= MAX_KIND and word.isprintable():
                return word
            raise FieldError(
                "event", f"{shown(raw)} is not a word of at most {MAX_KIND} characters"
            )
    elif not is_null(raw):
        raise FieldError("event", f"{shown(raw)} is not a word of at most {MAX_KIND} characters")
    return ""


def parse_item(fields: Mapping[str, object], now: float | None = None) -> Item:
    """Return the item that raw values describe; unknown columns become its metadata.

    FieldError too where it has more of either than `check_size` allows.
    """
    get = fields.get
    extra = ((name, parse_extra(fields[name], name)) for name in fields if name not in ITEM_COLUMNS)
    item = Item(
        parse_id(get("item_id"), "item_id"),
        parse_text(get("title"), "title"),
        parse_text(get("text"), "text"),
        parse_words(get("tags"), "tags"),
        parse_label(get("category"), "category"),
        optional_id(get("author_id"), "author_id"),
        parse_created(get("created_at"), "created_at", time.time() if now is None else now),
        "" if is_null(get("url")) else parse_text(get("url"), "url").strip(),
        {name: value for name, value in extra if value is not None},
        parse_any_time(get("available_from"), "available_from"),
        parse_any_time(get("expires_at"), "expires_at"),
        optional_id(get("parent_id"), "parent_id"),
    )
    check_size(item)
    check_window(item)
    return item


def check_size(item: Item) -> None:
    """Raise FieldError where an item has more labels or metadata than one item may have."""
    if len(item.tags) > MAX_TAGS:
        raise FieldError("tags", f"are {len(item.tags)}, {MAX_TAGS} are allowed")
    for column, labels in (("tags", item.tags), ("category", (item.category,))):
        for label in labels:
            if len(label) > MAX_LABEL:
                reason = f"{shown(label)} has {len(label)} characters, {MAX_LABEL} are allowed"
                raise FieldError(column, reason)
    if not item.metadata:
        return
    if len(item.metadata) > MAX_METADATA_KEYS:
        found = f"has {len(item.metadata)} keys, {MAX_METADATA_KEYS} are allowed"
        raise FieldError("metadata", found)
    for name, value in item.metadata.items():
        if is_deeper(value, MAX_METADATA_DEPTH):
            raise FieldError(name, f"is nested deeper than {MAX_METADATA_DEPTH} levels")
    size = json_size(item.metadata)
    if size > MAX_METADATA_BYTES:
        raise FieldError("metadata", f"has {size} bytes as JSON, {MAX_METADATA_BYTES} are allowed")


def check_window(item: Item) -> None:
    """Raise FieldError where an item expires before it becomes available, or at that moment."""
    error = window_error(item.available_from, item.expires_at)
    if error is not None:
        raise error


def window_error(available_from: float | None, expires_at: float | None) -> FieldError | None:
    """Return what is wrong with the moments between which an item may be listed; None: nothing."""
    if available_from is None or expires_at is None or expires_at > available_from:
        return None
    return FieldError(
        "expires_at",
        f"{_utc(expires_at)} is not after available_from, {_utc(available_from)}: the item could "
        "never be listed",
    )


def _utc(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return repr(seconds)


def parse_user(fields: Mapping[str, object], now: float | None = None) -> User:
    """Return the user that raw values describe; unknown columns are passed over."""
    get = fields.get
    return User(
        parse_id(get("user_id"), "user_id"),
        parse_text(get("name"), "name"),
        parse_words(get("interests"), "interests"),
        parse_label(get("language"), "language"),
    )


def parse_follow(fields: Mapping[str, object], now: float | None = None) -> Follow:
    """Return the follow that raw values describe: of an author, or of another user."""
    author = optional_id(fields.get("author_id"), "author_id")
    followed = optional_id(fields.get("followed_user_id"), "followed_user_id")
    if not author and not followed:
        raise FieldError("author_id", "is missing, and so is followed_user_id")
    if author and followed:
        raise FieldError("author_id", "and followed_user_id are both given: make it two rows")
    follow = Follow(parse_id(fields.get("user_id"), "user_id"), author, followed)
    check_follow(follow)
    return follow


def check_follow(follow: Follow) -> None:
    """Raise FieldError for a user who follows themselves; an author of the same id is the user."""
    column = "author_id" if follow.author_id else "followed_user_id"
    if follow.user_id in (follow.author_id, follow.followed_user_id):
        raise FieldError(column, "is the user: nobody follows themselves")
