"""LiveState: everything that happened since training, shared by all requests of a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from recsys.array_types import Mask, Rows, Times
from recsys.data.account_mix_anomalies import AccountMix
from recsys.data.event_kind_weights import EventWeights
from recsys.data.rating_scale import RatingScale
from recsys.data.records import Item
from recsys.data.reply_items import AUTO as replies_auto
from recsys.data.unrecorded_items import AUTO
from recsys.safety.flags import read_flags
from recsys.serving import catalogue
from recsys.serving.catalogue import LABELS
from recsys.serving.dirty_rows import DirtyRows
from recsys.serving.history_item_lift import ItemPopularity
from recsys.serving.hourly_counts import HourlyCounts
from recsys.serving.id_cache import IdCache
from recsys.serving.item_availability import ItemAvailability
from recsys.serving.item_flags import FLAG_WEIGHT, ItemFlags
from recsys.serving.label_interaction_shares import label_uptake
from recsys.serving.like_rates import LikeRates
from recsys.serving.live_entities import Mentions
from recsys.serving.live_event import LiveEvent, heeded, weights_of
from recsys.serving.live_titles import LiveTitles
from recsys.serving.metadata_columns import MetadataColumns, folded
from recsys.serving.model import Model
from recsys.serving.phrase_index import PhraseIndex
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.posted_item_vectors import PostedItemVectors
from recsys.serving.rating_scale_updates import Ratings, recount
from recsys.serving.recent_item_interactions import ActivityBuffer
from recsys.serving.reply_mask import ItemReplies
from recsys.serving.unique_users import UniqueUsers
from recsys.serving.unrecorded_item_limit import UnrecordedItemLimit

_MANY = 8  # events from which they are counted together
_GROWTH = 256  # rows of room added at least; doubling keeps the cost per new item constant


class LiveState:
    """The model's items, then the items posted since; counts of all that has happened since.

    One writer at a time (a lock sees to it); readers take the arrays as they are: an array is
    never shrunk, `size` moves when a row is complete, and ids lead to rows only after that.
    """

    def __init__(
        self,
        model: Model,
        weights: EventWeights | None = None,
        flag_weight: float = FLAG_WEIGHT,
        unrecorded: str = AUTO,
        clock: Callable[[], float] = time.time,
        replies: str = replies_auto,
    ) -> None:
        """`unrecorded`: see recsys.data.unrecorded_items; `clock`: Unix seconds.

        `replies`: whether lists hold them, see recsys.serving.reply_mask.
        """
        self.model, self.clock = model, clock
        self._unrecorded, self._replies = unrecorded, replies
        self._base, self.ids = len(model), IdCache(model.catalogue.ids)
        self.weights = weights or EventWeights()
        self.counters = PopularityCounters.from_arrays(model.counters)
        self.ratings = Ratings(model.rating_scale, self.weights.spread)
        self.account_mix = AccountMix.from_arrays(model.account_mix, len(model))
        self.size = len(model)
        self.posted: list[Item] = []  # items of rows len(model)…size-1
        self.metadata = MetadataColumns(model.catalogue, self.posted)  # by field, for where=
        self.phrases = PhraseIndex(model.catalogue, self.posted)
        self.titles = LiveTitles(model.title_words, len(model), self.posted)
        self.dirty_rows = DirtyRows()  # rows whose counts or votes moved
        self.topic_titles: dict[int, tuple[int, list[str]]] = {}  # see `topic_titles`
        self.used: tuple[int, Mask] | None = None  # writes before, rows: `cold_item_ranks.in_use`
        self.versions: dict[int, int] = {}  # a model's row -> the row of its newest version
        self._codes = {
            name: {t: i for i, t in enumerate(model.catalogue.names[name])}
            for name in (*LABELS, "tag")
        }
        self._folded: dict[str, tuple[dict[str, list[int]], int]] = {}  # and codes read so far
        self.label_uptake = label_uptake(model.catalogue, model.counters)  # by code, per label
        self.commonness = ItemPopularity.of_counters(model.counters)
        self._unrecorded_rows = UnrecordedItemLimit(len(model))
        self._lock = threading.Lock()
        self.mentions = Mentions(model.entities)
        self.recent_activity, self.past = ActivityBuffer(model.cutoff, self._lock), HourlyCounts()
        compares_users = self.weights.account_tests and bool(model.cutoff)
        self.unique_users = (
            UniqueUsers(self.account_mix, self.recent_activity.salt) if compares_users else None
        )
        self._allocate(len(model) + _GROWTH)
        self.marks.weight = flag_weight

    def _allocate(self, room: int) -> None:
        base, extra = self.model.catalogue, room - len(self.model)
        taken_up = np.isfinite(self.counters.level[-1, : len(self.model)])
        self.listing = ItemAvailability(base, taken_up, room, self._unrecorded)
        self.replies = ItemReplies(base.reply, len(base), room, self._replies)
        self.created: Times = np.concatenate([base.created, np.full(extra, np.nan)])
        self.labels: dict[str, Rows] = {
            name: np.concatenate([base.labels[name], np.full(extra, -1, np.int32)])
            for name in LABELS
        }
        self.new_tags: list[Rows] = []
        self.marks = ItemFlags.from_arrays(self.model.flags or {}, room)
        known = np.zeros(0, np.int32) if self.model.topics is None else self.model.topics.items
        self.topics: Rows = np.full(room, -1, np.int32)  # row of each item's topic, -1: none
        self.topics[: len(known)] = known
        self.posted_vectors = PostedItemVectors(self.model, extra)
        self.counters.grow(room)
        self.opinions = LikeRates.of_model(self.model)
        if self.opinions is not None:
            self.opinions.grow(extra)

    def _grow(self) -> None:
        extra = max(_GROWTH, self.size - len(self.model))
        self.created = np.pad(self.created, (0, extra), constant_values=np.nan)
        for name in LABELS:
            self.labels[name] = np.pad(self.labels[name], (0, extra), constant_values=-1)
        self.marks.grow(extra)
        self.topics = np.pad(self.topics, (0, extra), constant_values=-1)
        self.posted_vectors.grow(extra)
        self.counters.grow(self.room + extra)
        if self.opinions is not None:
            self.opinions.grow(extra)
        self.listing.grow(extra)
        self.replies.grow(extra)

    def _append(self, item: Item, recorded: bool = True) -> int:
        if self.size == self.room:
            self._grow()
        row, place = self.size, self.size - len(self.model)
        before = self.row(item.item_id)
        self.created[row] = np.nan if item.created_at is None else item.created_at
        self._set_labels(row, item)
        self.topics[row] = self.posted_vectors.encode(place, item)
        self.posted.append(item)
        self.mentions.came(item)
        now, posted = self.clock(), None
        if recorded and item.created_at is not None:
            posted = min(item.created_at, now)
        self.recent_activity.came(row, before, int(self.labels["author"][row]), posted)
        if before >= 0:
            self._inherit(before, row)
        self.marks.came(row, item.item_id)
        if flags := read_flags(item.metadata):
            self.marks.set(row, flags, self.row)
        self.size = row + 1
        self.topic_titles.clear()
        self.listing.came(row, item, recorded, now, before)
        answered = bool(item.parent_id) and self.row(item.parent_id) >= 0
        self.replies.came(row, item.item_id, item.parent_id, answered, before)
        self.ids.move(item.item_id, row)
        for written in (row,) if before < 0 else (before, row):
            self.dirty_rows.add(written)
        return row

    def _set_labels(self, row: int, item: Item) -> None:
        language = str(item.metadata.get("language", ""))
        values = {"category": item.category, "author": item.author_id, "language": language}
        for name, text in values.items():
            self.labels[name][row] = self._new_code(name, text)
        self.new_tags.append(np.array([self._new_code("tag", t) for t in item.tags], np.int32))

    def _new_code(self, name: str, text: str) -> int:
        return self._codes[name].setdefault(text, len(self._codes[name])) if text else -1

    def _inherit(self, before: int, row: int) -> None:
        """Give a new version of an item its counts, its votes and, from a model row, its readers.

        An item that nobody had taken up has no readers to pass on: its words are those of the new
        version. `versions` is replaced, not written to: readers go through it meanwhile.
        """
        self.counters.move(before, row)
        self.ratings.move(before, row)
        if not np.isfinite(self.created[row]):
            self.created[row] = self.created[before]
        if self.opinions is not None:
            self.opinions.move(before, row)
        if self.unique_users is not None:
            self.unique_users.move(before, row)
        bases = [base for base, new in self.versions.items() if new == before]
        if before < len(self.model) and self.commonness.trust[before] > 0:
            bases = [before]
        self.versions = {**self.versions, **dict.fromkeys(bases, row)}
        if bases:
            self.posted_vectors.inherit(row - len(self.model), bases[0])

    @property
    def changes(self) -> int:
        """A number that moves with every write, so that readers know when to look again."""
        return self.dirty_rows.count

    @property
    def room(self) -> int:
        """Rows there is space for."""
        return len(self.created)

    @property
    def gone(self) -> Mask:
        """Which rows are hidden, deleted, or have a newer version, (room,)."""
        return self.listing.gone

    def listed(self) -> Mask:
        """Return which of the rows 0..size-1 may be listed at this moment; do not write to it."""
        return self.listing.at(self.clock())[: self.size]

    def row(self, item_id: str) -> int:
        """Return the row of an item, new ones included; -1 when unknown. Gone items keep theirs."""
        return self.ids.row(item_id)

    def item_id(self, row: int) -> str:
        """Return the id of a row."""
        base = self._base
        return self.ids.name(row) if row < base else self.posted[row - base].item_id

    def item_ids(self, rows: Rows) -> list[str]:
        """Return the ids of rows."""
        known, base = rows.tolist(), self._base
        if not known or max(known) < base:
            return self.ids.names(known)
        return [self.item_id(row) for row in known]

    def label_count(self, name: str) -> int:
        """Return how many categories, authors, languages or tags have a code."""
        return len(self._codes[name])

    def code(self, name: str, text: str) -> int:
        """Return the code of a category, author, language or tag; -1 when no item has it."""
        return self._codes[name].get(text, -1)

    def codes(self, name: str, text: str) -> list[int]:
        """Return the codes of a category, language or tag, whatever its letter case, or an author.

        Several when the catalogue spells it in several ways; empty when no item has it.
        """
        if name == "author":  # an id: its case distinguishes users
            code = self.code(name, text)
            return [code] if code >= 0 else []
        known, spelt = self._folded.setdefault(name, ({}, 0)), self._codes[name]
        found, count = known
        if count < len(spelt):
            for own, code in list(spelt.items())[count:]:
                found.setdefault(folded(own), []).append(code)
                count += 1
            self._folded[name] = (found, count)
        return found.get(folded(text), [])

    def spelt(self, name: str) -> Iterator[str]:
        """Yield the categories, authors, languages or tags that items have, as they are spelt."""
        return iter(list(self._codes[name]))

    def tags_of(self, row: int) -> Rows:
        """Return the tag codes of an item."""
        base = self._base
        return self.model.catalogue.tags_of(row) if row < base else self.new_tags[row - base]

    def add_event(
        self,
        item_id: str,
        event: str,
        value: float | None = None,
        timestamp: float = 0.0,
        sentiment: float = 0.0,
        actor: str | None = None,
    ) -> None:
        """Count one event; an unknown item becomes a row without words, if the event counts."""
        self.add_events([LiveEvent(item_id, event, value, timestamp, sentiment, actor)])

    def add_events(self, acts: Sequence[LiveEvent]) -> None:
        """Count many events: the same as one after the other, at a fraction of the price each.

        An event that cannot be weighed raises before any is counted. One on an unknown item that
        there is no row for (see `UnrecordedItemLimit`) waits for the next night.
        """
        with self._lock:
            all_acts, acts = acts, heeded(acts, self.weights)
            acts, rows = self._placed(acts)
            rates = self.weights.rates
            rated = [a for a in acts if a.value is not None and rates(a.event, a.value)]
            values = [float(a.value) for a in rated if a.value is not None]
            before = self.ratings.scale
            if rated and self.ratings.learn(values, [a.actor for a in rated]):
                self._weigh_again(before)
            weights, stated = weights_of(acts, self.weights, self.scale)
            times = np.array([act.timestamp for act in acts], np.float64)
            ratings, counts = weights.tolist(), [True] * len(acts)
            if self.unique_users is not None:
                counted_events = self.unique_users.observe(
                    acts, rows, weights, stated, self.counters
                )
                ratings = [
                    weight * rating
                    for weight, rating in zip(ratings, counted_events.ratings, strict=True)
                ]
                counts = counted_events.counts
            elif len(acts) < _MANY:
                for one in zip(rows, weights, stated, times, strict=True):
                    self.counters.add(*one)
            else:
                self.counters.add_many(rows, weights, stated, times)
            some = (weights != 0).tolist()  # a rating at the very middle is no act, as at night
            for counted in zip(acts, rows.tolist(), ratings, counts, some, strict=True):
                self._counted(*counted)
            if rated:
                for act, row in zip(acts, rows.tolist(), strict=True):
                    if act.value is not None and rates(act.event, act.value):
                        numbers = act.value, act.timestamp, act.share, act.sentiment
                        self.ratings.keep(row, *numbers, self._pair(act), act.actor)
            if self.unique_users is not None:
                for taken in reversed(counted_events.taken):
                    if self.opinions is not None and taken.rating:
                        self.opinions.unfollow(taken.row, taken.rating)
                for row in dict.fromkeys(one.row for one in counted_events.taken):
                    self.recent_activity.regroup(
                        row, {t.actor_hash for t in counted_events.taken if t.row == row}
                    )
            if len(all_acts) > len(acts):
                self._withdraw([one for act in all_acts for one in act.withdrawn])

    def _pair(self, act: LiveEvent) -> int:
        return -1 if self.unique_users is None else self.unique_users.pair(act.actor, act.item_id)

    def _placed(self, acts: Sequence[LiveEvent]) -> tuple[Sequence[LiveEvent], Rows]:
        """Return the acts on items that have a row, or that get one now, and the rows."""
        known = self.ids.rows([act.item_id for act in acts])
        both = zip(acts, known, strict=True)
        rows = np.array([row if row >= 0 else self._row_of(act) for act, row in both], np.int32)
        if len(rows) and rows.min() < 0:
            acts = [act for act, row in zip(acts, rows.tolist(), strict=True) if row >= 0]
            rows = rows[rows >= 0]
        return acts, rows

    def _withdraw(self, acts: Sequence[LiveEvent]) -> None:
        """Take acts that were counted out of all counts again; votes stay until the night."""
        acts, rows = self._placed(acts)
        if not acts:
            return
        weights, stated = weights_of(acts, self.weights, self.scale)
        times = np.array([act.timestamp for act in acts], np.float64)
        if self.unique_users is None:
            self.counters.withdraw(rows, weights, stated, times)
        else:
            old = self.unique_users.withdraw(acts, rows, self.counters)
            self.counters.withdraw(rows[old], weights[old], stated[old], times[old])
        for act, row in zip(acts, rows.tolist(), strict=True):
            self.recent_activity.withdraw(row, act.actor, act.timestamp)
            if act.value is not None and self.weights.rates(act.event, act.value):
                self.ratings.forget(row, act.value, act.timestamp)
            self.dirty_rows.add(row)

    def _weigh_again(self, before: RatingScale) -> None:
        """Count the ratings since the night by their new scale instead of the one before."""
        kept = self.ratings.kept()
        if not len(kept.rows):
            return
        recount(
            kept, (before, self.scale), self.weights.sentiment, self.counters, self.unique_users
        )
        for row in np.unique(kept.rows).tolist():
            self.dirty_rows.add(row)

    @property
    def scale(self) -> RatingScale:
        """The scale of ratings as known now."""
        return self.ratings.scale

    def _row_of(self, act: LiveEvent) -> int:
        row = self.row(act.item_id)
        if row >= 0 or not self._unrecorded_rows.take(act.actor):
            return row
        item = Item(item_id=act.item_id, created_at=act.timestamp)
        return self._append(item, recorded=False)

    def _counted(self, act: LiveEvent, row: int, weight: float, counts: bool, some: bool) -> None:
        if some:
            self.recent_activity.add(row, act.actor, act.timestamp, act.sentiment, counts)
        self.listing.act(row, act.actor, act.returning)
        if self.opinions is not None:
            self.opinions.follow(row, weight, act.actor)
        self.dirty_rows.add(row)

    def add_item(self, item: Item, recorded: bool = True) -> None:
        """Make an item recommendable by its words at once; a known id is replaced.

        `recorded`: False where it is known from events alone.
        """
        with self._lock:
            self._append(item, recorded)

    def remove_item(self, item_id: str) -> None:
        """Never show an item again; an unknown id is remembered, should it come later."""
        with self._lock:
            row = self.row(item_id)
            if row < 0:
                row = self._append(Item(item_id=item_id))
            self.listing.remove(row)
            self.topic_titles.clear()
            self.dirty_rows.add(row)

    def document(self, row: int) -> dict[str, object]:
        """Return an item as the API shows it."""
        base = self._base
        if row < base:
            return self.model.catalogue.document(row)
        return catalogue.document(self.posted[row - base])
