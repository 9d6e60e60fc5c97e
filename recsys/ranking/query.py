"""Query and Recommendation: input and output of the recommender.

What a request makes dozens of is a named tuple: made in a third of a frozen dataclass's time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from recsys.ranking.live_ego_network import AroundUser
from recsys.ranking.metadata_filter import Comparison
from recsys.store.user_controls import Control
from recsys.store.user_histories import TakenItems


class Interaction(NamedTuple):
    """One event of a user's history, as a store or a request body tells it."""

    item_id: str
    event: str = "like"
    value: float | None = None  # of a rating
    timestamp: float | None = None  # Unix seconds; None keeps the order given
    tone: float = 0.0  # of its words, -1 to 1; 0 without any


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items may be shown. An empty set admits everything; several values mean "any of"."""

    category: frozenset[str] = frozenset()
    author: frozenset[str] = frozenset()
    language: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    not_category: frozenset[str] = frozenset()
    not_author: frozenset[str] = frozenset()
    not_language: frozenset[str] = frozenset()
    not_tags: frozenset[str] = frozenset()
    max_age: float | None = None  # seconds since the item was created
    min_age: float | None = None
    topic: frozenset[int] = frozenset()  # ids, of either level; see recsys.text.topics.model
    not_topic: frozenset[int] = frozenset()
    entity: frozenset[str] = frozenset()  # names in any spelling; see recsys.text.entities.model
    not_entity: frozenset[str] = frozenset()
    strict_language: bool = False  # `language` keeps out what has no known language
    where: tuple[Comparison, ...] = ()  # of the items' own metadata fields; all must hold
    replies: bool | None = None  # whether items that answer others are shown; None: by the setting

    @property
    def empty(self) -> bool:
        """Whether nothing is filtered out, replies aside."""
        return self == _NO_FILTERS.get(self.replies)

    def with_replies(self) -> Filters:
        """Return the same filters, replies shown where the request does not say otherwise."""
        return self if self.replies is not None else replace(self, replies=True)


_NO_FILTERS = {one: Filters(replies=one) for one in (None, False, True)}


@dataclass(frozen=True, slots=True)
class Query:
    """One request for a list. The same query on the same state gives the same list."""

    history: tuple[Interaction, ...] = ()  # oldest first
    n: int = 20
    offset: int = 0
    more: int = 0  # further items at the end, without reasons: they tell whether a page follows
    exclude: frozenset[str] = frozenset()  # item ids never to show
    filters: Filters = Filters()
    words: str = ""  # steers: the closer an item's words, the higher
    interests: tuple[str, ...] = ()  # words the user stated, used like a history
    diversity: float = 0.0  # 0: by score alone; 1: each pick as unlike the others as possible
    calibration: float = 0.0  # 0: by score alone; 1: topics as in the history; before diversity
    personal: float | None = None  # 0..1, place on the dial of the score model; None: as tuned
    rising_weight: float | None = None  # None: RECSYS_RISING_WEIGHT; 0 there stays 0
    flag_weight: float | None = None  # None: RECSYS_FLAG_WEIGHT
    author_cap: int | None = None  # most items of one author in the list
    category_cap: int | None = None
    explain: bool = False  # tell every reason, not only the first three
    reasons: bool = True  # tell reasons and sources at all
    now: float | None = None  # Unix seconds, for ages; None: the clock
    controls: tuple[Control, ...] = ()  # what the user decided, in force
    taken: TakenItems | None = None  # all items ever acted on; None: those of the history
    follows: tuple[str, ...] = ()  # authors whose items are shown more
    names: tuple[tuple[str, str], ...] = ()  # (id, display name) of authors
    around: AroundUser | None = None  # whose acts count too; None: no follow concerns the user
    author: str = ""  # the user's id as an author: their own items are left out; empty: none
    repeat: bool = False  # what was taken up before may be shown again
    repeat_categories: frozenset[str] = frozenset()  # or such of these categories only
    language: str = "en"  # of the sentences


class Reason(NamedTuple):
    """Why an item is in a list: a part of its score, with its share of all that spoke for it."""

    kind: str  # because_you, steered, interests, search, trending, popular, fresh, liked, …
    share: float  # 0..1; those of all that speaks for one item add to 1
    text: str  # a sentence for users
    item_id: str | None = None  # of the history, what gives most: for because_you
    value: float = 0.0  # the part of the score itself
    items: tuple[tuple[str, float], ...] = ()  # what gives it, and the share of each
    by: str = ""  # author or topic: the label under which parts of the history are gathered
    label: str = ""  # its name, or that of what a control is about
    among: int = 0  # items of the history that give a telling part; `items` lists the first
    quiet: bool = False  # a part that users would not take for a reason: not shown in lists

    # Spelt out: `dataclasses.replace` took a third of the time that the reasons of a list take.

    def worth(self, share: float, items: tuple[tuple[str, float], ...], text: str = "") -> Reason:
        """Return the same reason with its share, those of its items, and its sentence."""
        return Reason(
            self.kind,
            share,
            text or self.text,
            self.item_id,
            self.value,
            items,
            self.by,
            self.label,
            self.among,
            self.quiet,
        )


class Recommendation(NamedTuple):
    """One item of a list."""

    item_id: str
    score: float
    rank: int  # from 1, counting from the start of the whole list
    source: str  # neighbours, trending, fresh, popular, search, …; empty where not asked for
    reasons: tuple[Reason, ...] = ()
