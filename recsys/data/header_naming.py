"""Header naming: the column that each name of a header stands for.

Names are compared without case, blanks, underscores and hyphens. A column's own name goes before
another name; two other names for one column are refused, because a guess would be wrong in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from recsys.data.chinese_simplification import simplified_name
from recsys.data.column_aliases import (
    CODE_NAMES,
    ITEM_NOUNS,
    ITEM_PARTS,
    LAST_NAMES,
    OTHER_NAMES,
    SAME,
    STRONG_NAMES,
    WEAK_NAMES,
)
from recsys.data.non_item_id_nouns import NOUNS as OTHER_NOUNS
from recsys.data.records import (
    COMPLETION_COLUMNS,
    EVENT_COLUMNS,
    FOLLOW_COLUMNS,
    ITEM_COLUMNS,
    USER_COLUMNS,
)
from recsys.data.visitor_id_columns import ANONYMOUS, USER
from recsys.data.visitor_id_columns import NAMES as ANONYMOUS_NAMES
from recsys.errors import DataError

CODE = 2.5  # rank of a code of an item
NESTED = 4  # rank of a name by its last parts: `properties.videoId`; .1 more for each object
LAST = 8  # rank of a name that is an id only where nothing else is
OBJECT = 9  # rank of an object as a whole, which is then refused as a value
# nested objects that describe the request, not the act: their fields are known by full name alone
_SURROUNDINGS = frozenset(
    """
    context device app library geo integrations traits campaign session os screen network
    page useragent request headers location browser client options privacyinfo trafficsource
    appinfo links
    """.split()
)
_TIMES = ("timestamp", "created_at")
_ONLY_OWN_NAME = frozenset({"text"})  # columns of events that the last part of a name never is
_TITLES = ("title", "name", "headline", "标题", "名称")
# small letters need a sign before them: `paid` and `grid` are no ids
_ID_NAME = re.compile(r"(.+?)(?:[ _.-]*(?:ID|Id)|[ _.-]+id|[ _]*(?:编号|标识|编码))")

_WORDS = re.compile(r"[\s_.-]+|(?<=[a-z])(?=[A-Z])")
_TYPE = re.compile(r":(?:token|float|token_seq|float_seq)$")  # of a column, as RecBole writes it


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one kind of file."""

    required: tuple[str, ...]
    columns: tuple[str, ...]
    others: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # name -> column, rank
    extra: bool = False  # whether unknown columns are kept, as metadata
    kind: str = ""  # items, events, users or follows; empty: another

    @classmethod
    def needing(cls, *required: str) -> Shape:
        """Return the shape of a file of which only some columns matter, under their own names."""
        return cls(required, required, extra=True)

    @classmethod
    def of(cls, kind: str) -> Shape:
        """Return the shape of a file of items, events, users or follows."""
        required, columns = _COLUMNS[kind]
        others = {plain_name(name): (column, 1.0) for name, column in SAME.get(kind, {}).items()}
        if kind == "items":
            others |= _noun_parts()
        for column, known in LAST_NAMES.get(kind, {}).items():
            others |= {plain_name(name): (column, LAST + at / 100) for at, name in enumerate(known)}
        for rank, names in ((2.0, OTHER_NAMES[kind]), (3.0, WEAK_NAMES[kind])):
            for column, known in names.items():
                others |= {plain_name(name): (column, rank) for name in known}
        if "item_id" in required:
            others |= {plain_name(name): ("item_id", CODE) for name in CODE_NAMES}
        for name, column in STRONG_NAMES.items():
            if column in columns:
                others[plain_name(name)] = (column, 1.5)
        return cls(required, columns, others, kind == "items", kind)


COLUMNS = tuple(
    dict.fromkeys(
        (*EVENT_COLUMNS, *COMPLETION_COLUMNS, *ITEM_COLUMNS, *USER_COLUMNS, *FOLLOW_COLUMNS)
    )
)  # of all kinds of files
KINDS = ("items", "events", "users", "follows")
_COLUMNS = {
    "items": (("item_id",), ITEM_COLUMNS),
    "events": (("user_id", "item_id"), (*EVENT_COLUMNS, *COMPLETION_COLUMNS)),
    "users": (("user_id",), USER_COLUMNS),
    "follows": (("user_id",), FOLLOW_COLUMNS),
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What each name of a header stands for."""

    targets: tuple[str, ...]  # a column, or the name itself; empty: passed over
    renamed: Mapping[str, str]  # name in the file -> column
    unused: tuple[str, ...]  # names that are passed over
    kept: tuple[str, ...]  # names that become metadata
    names: tuple[str, ...]  # of the header, in the order of the file
    opened: frozenset[str] = (
        frozenset()
    )  # nested objects that are kept and of which fields are read

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read, in the order of the file."""
        skipped = {"", ANONYMOUS, *self.kept}
        return tuple(name for name in self.targets if name not in skipped)

    def reading_as(self, found: Mapping[str, str]) -> Naming:
        """Return this naming with names that were passed over read as columns: name -> column."""
        pairs = zip(self.names, self.targets, strict=True)
        return replace(
            self,
            targets=tuple(found.get(name, target) for name, target in pairs),
            renamed={**self.renamed, **found},
            unused=tuple(name for name in self.unused if name not in found),
        )


def named(
    header: Sequence[str],
    shape: Shape,
    given: Mapping[str, str],
    containers: frozenset[str] = frozenset(),
    empty: frozenset[str] = frozenset(),
) -> Naming:
    """Return what the names of a header stand for; DataError when two names claim one column.

    `given`: column -> name in the file, from the option --map; an empty name: no column is it.
    `containers`: names of nested objects, whose fields have dotted names of their own. One without
    a field that is read is metadata as a whole, or unused as a whole. `empty`: names without a
    value in the first rows; of two that claim one column the filled one is read.
    """
    names = [clean_name(name) for name in header]
    claims = _claims(names, shape, given, containers, empty)
    taken = {places[0]: column for column, places in claims.items()}
    if shape.kind == "events" and USER in claims and given.get(USER, "?"):
        taken |= _anonymous(names, taken)
    off = {column for column, name in given.items() if not name}
    targets: list[str] = []
    renamed, unused, kept = {}, [], []
    opened = {outer for place in taken for outer in _outer(names[place])}  # with a field in use
    for place, name in enumerate(names):
        column = taken.get(place)
        inside = not containers.isdisjoint(outers := _outer(name))
        if column is not None:
            targets.append(column)
            if name != column:
                renamed[name] = column
        elif not name or (inside and (shape.extra or not opened.issuperset(outers))):
            targets.append("")
        elif name in containers and name in opened and not shape.extra:
            targets.append("")
        elif shape.extra and name not in off and name not in shape.columns:
            targets.append(name)
            kept.append(name)
        else:
            targets.append("")
            unused.append(name)
    return Naming(
        tuple(targets),
        renamed,
        tuple(unused),
        tuple(kept),
        tuple(names),
        frozenset(opened & containers).intersection(kept),
    )


def _anonymous(names: Sequence[str], taken: Mapping[int, str]) -> dict[int, str]:
    """Return the place of the id of those who are not signed in, beside that of the user id."""
    plains = [plain_name(name) for name in names]
    places = (plains.index(plain) for plain in _ANONYMOUS if plain in plains)
    place = next((place for place in places if place not in taken), None)
    return {} if place is None else {place: ANONYMOUS}


def _noun_parts() -> dict[str, tuple[str, float]]:
    """Return names such as `post_title` -> column, rank: a part that says more has a lower one."""
    return {
        plain_name(f"{noun}_{part}"): (column, 3 + place / 10)
        for noun in ITEM_NOUNS
        for column, parts in ITEM_PARTS.items()
        for place, part in enumerate(parts)
    }


def _by_noun(names: Sequence[str], shape: Shape) -> Mapping[str, tuple[str, float]]:
    """Return further names of a header -> column, rank, by the noun for an item that it shows.

    A header without a known name for item_id whose only other name of an id is `lessonId` calls an
    item a lesson. Then `Lesson title` and `lesson_name` are titles.
    """
    if "item_id" not in shape.required:
        return {}
    found: dict[str, tuple[str, float]] = {}
    known = {plain_name(column): column for column in shape.columns}
    known |= {plain: column for plain, (column, _) in shape.others.items()}
    nouns = {plain_name(name): noun for name in names if (noun := _noun_of_id(name))}
    items = [plain for plain in nouns if known.get(plain) == "item_id"]
    if not items:
        others = {*known, *_NO_ITEMS}
        if not _PAGES.isdisjoint(map(plain_name, names)):
            others.add(_APP)
        last = {plain_name(name): _last_word_of_id(name) for name in names}
        items = [plain for plain in nouns if others.isdisjoint({plain, last[plain]})]
        items = items or [plain for plain in nouns if plain == _FORUM]
        if len(items) == 1:
            found[items[0]] = ("item_id", NESTED + 1)
    if len(items) == 1 and "title" in shape.columns:
        found |= {nouns[items[0]] + ending: ("title", 1) for ending in _TITLES}
    plains = {plain_name(name) for name in names}
    if "category" in shape.columns and any(
        known.get(p, found.get(p, ("",))[0]) == "title" for p in plains - {"subject"}
    ):
        found["subject"] = ("category", 3)  # alone it is the title of a message
    return found


def _noun_of_id(name: str) -> str:
    """Return the noun in a name such as `lessonId`, `Lesson ID` or `课时编号`; empty for others."""
    match = _ID_NAME.fullmatch(name)
    return plain_name(match[1]) if match else ""


def _last_word_of_id(name: str) -> str:
    """Return the last word before an id, with it: `sessionid` of `event_params.ga_session_id`."""
    match = _ID_NAME.fullmatch(name)
    return plain_name(_WORDS.split(match[1])[-1] + "id") if match else ""


def _claims(
    names: Sequence[str],
    shape: Shape,
    given: Mapping[str, str],
    containers: frozenset[str],
    empty: frozenset[str],
) -> dict[str, list[int]]:
    """Return the place of each column, by the strongest of the names that stand for it."""
    found: dict[str, dict[float, list[int]]] = {}
    others = {**shape.others, **_by_noun(names, shape)}
    requested_columns = {plain_name(name): column for column, name in given.items() if name}
    own = {plain_name(column): column for column in shape.columns}
    nested = any("." in name for name in names)
    for place, name in enumerate(names):
        plain = plain_name(name)
        column, rank = None, 0.0
        if plain in requested_columns and requested_columns[plain] in shape.columns:
            column, rank = requested_columns[plain], -2
        elif name in shape.columns:
            column, rank = name, -1
        elif plain in own:
            column = own[plain]
        elif plain in others:
            column, rank = others[plain]
        elif nested and "." in name:
            column, rank = _by_last_parts(name, shape, own)
        if name in containers:  # its fields say more than the object as a whole
            rank = OBJECT
        if column is not None and (rank == -2 or given.get(column, "?")):
            found.setdefault(column, {}).setdefault(rank, []).append(place)
    strongest = {column: ranks[min(ranks)] for column, ranks in found.items()}
    for column, places in strongest.items():
        if len(places) > 1:
            filled = [place for place in places if names[place] not in empty]
            if len(filled) == 1:
                strongest[column] = filled
                continue
            rivals = [names[place] for place in places]
            accounts = [place for place in places if plain_name(names[place]) not in _ANONYMOUS]
            if column == USER and len(accounts) == 1:
                strongest[column] = accounts
                continue
            if column in _TIMES and (precise := more_precise(rivals)) is not None:
                strongest[column] = [places[precise]]
                continue
            if len(set(rivals)) == 1:
                raise DataError(f"the header names {rivals[0]} more than once")
            result = " and ".join(map(repr, rivals))
            raise DataError(
                f"{result} may both be {column}: choose one with --map {column}={rivals[0]}"
            )
    return strongest


def more_precise(names: Sequence[str]) -> int | None:
    """Return which of two names holds the same time more precisely; None where none says so.

    `event_timestamp` goes before `event_date`, `date_gmt` and times in milliseconds before `date`.
    """
    if len(names) != 2:
        return None
    plains = [plain_name(name) for name in names]
    for place, other in ((0, 1), (1, 0)):
        if plains[place] in (plains[other] + "gmt", plains[other] + "utc"):
            return place
        if plains[place].endswith("ms") and plains[other].endswith("date"):
            return place
        stem = plains[place].removesuffix("timestamp")
        if stem and stem != plains[place] and plains[other] == stem + "date":
            return place
    return None


def _by_last_parts(name: str, shape: Shape, own: Mapping[str, str]) -> tuple[str | None, float]:
    """Return the column that the last two parts, or the last, of a dotted name stand for; its rank.

    What names an id only where nothing else does (`slug`, `url`) does so in an object, too.
    """
    parts = name.split(".")
    if not _SURROUNDINGS.isdisjoint(map(plain_name, parts[:-1])):
        return None, 0.0
    for count in (2, 1):
        plain = plain_name(".".join(parts[-count:]))
        column, rank = (own[plain], 0.0) if plain in own else shape.others.get(plain, (None, 0.0))
        if len(parts) > count and column is not None:
            unsure = not shape.extra and column in _ONLY_OWN_NAME
            inner = name.count(".") / 10
            if rank < LAST:
                rank = NESTED + (CODE - 2) / 10 * (rank == CODE)
            return None if unsure else column, rank + inner
    return None, 0.0


def _outer(name: str) -> list[str]:
    """Return the names of the objects that a dotted name lies in: a and a.b of a.b.c."""
    places = [place for place, sign in enumerate(name) if sign == "."]
    return [name[:place] for place in places]


@lru_cache(maxsize=10_000)
def column_meant(kind: str, name: str) -> str:
    """Return the column of a kind of file that a name stands for in files; empty for none."""
    naming = named([name], Shape.of(kind), {})
    return naming.renamed.get(naming.names[0], "")


def says_the_same(name: str) -> bool:
    """Whether a name is one of SAME."""
    return plain_name(name) in _SAME


@lru_cache(maxsize=10_000)
def is_item_name(name: str) -> bool:
    """Whether a name stands for the id of an item in files of events; addresses of pages do not."""
    column, rank = Shape.of("events").others.get(plain_name(name), ("", 0))
    return name == "item_id" or column == "item_id" and rank < LAST


def clean_name(name: str) -> str:
    """Return a name of a header without blanks, quotes and byte order marks around it."""
    text = unicodedata.normalize("NFC", name).strip(" \t\r\n\ufeff\u200b\u00a0")
    text = _TYPE.sub("", text)
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`"
    return text[1:-1].strip() if quoted else text


def plain_name(name: str) -> str:
    """Return the form by which names are compared: simplified, small letters and digits only."""
    folded = simplified_name(unicodedata.normalize("NFKC", name)).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


_ANONYMOUS = {plain_name(name): None for name in ANONYMOUS_NAMES}  # in order of preference
_APP = "appid"  # the items of shops of programs; the platform itself where pages are named
_PAGES = frozenset(plain_name(name) for name in LAST_NAMES["events"]["item_id"])
_FORUM = "topicid"  # the items of forums; elsewhere a label
_SAME = frozenset(plain_name(name) for names in SAME.values() for name in names)
_NO_ITEMS = frozenset(plain_name(f"{noun} id") for noun in OTHER_NOUNS)
