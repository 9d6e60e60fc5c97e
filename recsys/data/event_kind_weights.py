"""EventWeights: weight of each event kind as evidence of preference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np

from recsys.array_types import Floats, Mask
from recsys.data import event_kinds as kinds
from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.event_tables import EventTable
from recsys.data.rating_scale import RatingScale
from recsys.errors import DataError

TONE = 0.25  # default of RECSYS_TONE_STRENGTH
REMARKS = 2.0  # default of RECSYS_COMMENT_STRENGTH; chosen on a validation part, see RESULTS.md
LARGEST = 1.5  # most that words multiply the weight of an event by, towards either side
SMALL = 10_000  # kinds whose meaning is remembered
SHOWN = 8  # unknown kinds that an error names
LEFT_EARLY = 0.1  # shares of an item below which it was opened and left: no act
TOLD = 100  # unknown kinds that an answer of the service names


class Meaning(NamedTuple):
    """What a kind of event says, under some weights."""

    name: str  # of the table or the settings; of an unknown kind as it came
    weight: float
    explicit: bool  # states a liking or a dislike; False: something done in passing
    rates: bool  # its value stands on the platform's scale of ratings
    withdraws: str  # the kind of earlier acts that it takes back; empty: none
    known: bool  # the table or the settings name it
    remark: bool = False  # whether it is in favour, only its words say
    partial: bool = False  # a value from 0 to 1 is the share of the item that was taken in


class _Meanings(dict[str, Meaning]):
    """Meanings by kind as stored, computed at the first access."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._named = {kinds.fold(name): (name, weight) for name, weight in weights.items()}
        self._back = {
            reversal: name
            for folded, (name, weight) in self._named.items()
            if weight and kinds.find(name) is None
            for reversal in kinds.reversals(folded)
        }

    def __missing__(self, kind: str) -> Meaning:
        found = self._of(kind)
        if len(self) < SMALL:
            self[kind] = found
        return found

    def _of(self, kind: str) -> Meaning:
        row, named = kinds.find(kind), self._named.get(kinds.fold(kind))
        if row is not None:
            named = named or self._named.get(kinds.fold(row.name))
            weight = named[1] if named else 0.0
            rates = row.name == kinds.RATING
            known = named is not None
            return Meaning(
                row.name, weight, row.explicit, rates, "", known, row.remark, row.partial
            )
        if named is not None:
            return Meaning(named[0], named[1], True, False, "", True)
        taken = kinds.withdrawn_by(kind)
        back = taken.name if taken is not None else self._back.get(kinds.fold(kind), "")
        if back:
            return Meaning(kind, 0.0, True, False, back, True)
        return Meaning(kind, 0.0, False, False, "", False)


@dataclass(frozen=True, slots=True)
class EventWeights:
    """Weight per kind of event; a kind that neither `kinds` nor the table names weighs 0.

    A value of 0 takes the weight from any kind that says yes, a negative value turns it against
    the item; ratings apart, whose values stand on a scale. A value from 0 to 1 of a view, read,
    play, watch, stream or listen is the share that was taken in: the weight is multiplied by it,
    and below LEFT_EARLY it is 0.
    """

    kinds: Mapping[str, float] = field(default_factory=lambda: KIND_WEIGHTS)
    shrinkage: float = 5.0  # ratings a user's mean is shrunk by, towards the mean of all users
    spread: float = 0.0  # one weight per so many rating points; 0: the spread of the data
    sentiment: float = 0.0  # how far a comment's tone moves its event's weight, 0: not at all, to 2
    remarks: float = 0.0  # the same of comments and replies, to 4; never less than `sentiment`
    public: frozenset[str] = frozenset()  # kinds of acts that anybody may see
    meanings: Mapping[str, Meaning] = field(init=False, repr=False, compare=False)
    _public: frozenset[str] = field(init=False, repr=False, compare=False)
    # whether an act counts by the account mix of its item, see recsys.data.account_mix_anomalies
    account_tests: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.sentiment <= 2:
            raise DataError(f"RECSYS_TONE_STRENGTH: {self.sentiment:g} is not a number from 0 to 2")
        if not 0 <= self.remarks <= 4:
            raise DataError(
                f"RECSYS_COMMENT_STRENGTH: {self.remarks:g} is not a number from 0 to 4"
            )
        object.__setattr__(self, "meanings", _Meanings(self.kinds))
        for kind in self.public:
            if not self.meanings[kind].known:
                near = self.nearest(kind)
                meant = f" (is {near} meant?)" if near else ""
                raise DataError(
                    f"RECSYS_PUBLIC_KINDS: {kind!r} is no kind of event{meant}; docs/event-kinds.md"
                    " lists those that are known, RECSYS_EVENT_WEIGHTS adds others"
                )
        names = frozenset(self.meanings[kind].name for kind in self.public)
        object.__setattr__(self, "_public", names)

    def of_kind(self, kind: str) -> float:
        """Return the weight of an event of this kind that carries no value."""
        return self.meanings[kind].weight

    def of_event(self, kind: str, value: float | None) -> float:
        """Return the weight of an event that is no rating with a value."""
        meaning = self.meanings[kind]
        weight = meaning.weight
        if value is None or weight <= 0 or value >= 1:
            return weight
        if value > 0:
            if not meaning.partial:
                return weight
            return weight * value if value >= LEFT_EARLY else 0.0
        return -weight if value < 0 else 0.0

    def stated(self, kind: str) -> bool:
        """Say whether this kind states a liking or a dislike, rather than a passing by."""
        return self.meanings[kind].explicit

    def is_public(self, kind: str) -> bool:
        """Say whether acts of this kind may be shown, also those of a single user."""
        return bool(self._public) and self.meanings[kind].name in self._public

    def public_acts(self, events: EventTable) -> Mask:
        """Say which events are of public kinds, (n,)."""
        codes = [code for code, kind in enumerate(events.kinds) if self.is_public(kind)]
        return np.isin(events.kind, codes)

    def rates(self, kind: str, value: float | None) -> bool:
        """Say whether an event is a rating with a value; one without counts as a like."""
        return value is not None and self.meanings[kind].rates

    def heeds(self, kind: str, value: float | None = None) -> bool:
        """Say whether an event is an act of the user; one that weighs nothing (shown) is none.

        What was merely shown to somebody may be shown again, and ages nothing that they did. A
        rating with a value is an act whatever it weighs.
        """
        return self.of_event(kind, value) != 0 or self.rates(kind, value)

    def unheeded(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """Return those of some kinds of event that are no acts, whatever value they carry.

        What withdraws acts is not among them: who reads a history needs it.
        """
        found = ((kind, self.meanings[kind]) for kind in kinds)
        return tuple(k for k, m in found if not (m.weight or m.rates or m.withdraws))

    def unknown(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return those of the counts by kind whose kind nothing names, the most frequent first."""
        found = {k: n for k, n in counts.items() if n and not self.meanings[k].known}
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def unknown_kinds(self, counts: Mapping[str, int]) -> list[dict[str, object]]:
        """Return the most frequent unknown kinds of some counts with the nearest known name.

        At most `TOLD`: kinds are any texts, and the nearest name of each takes a millisecond.
        """
        return [
            {"event": kind, "count": count, "nearest": self.nearest(kind)}
            for kind, count in islice(self.unknown(counts).items(), TOLD)
        ]

    def check_kinds(self, counts: Mapping[str, int], as_setting: bool = True) -> None:
        """DataError when most of the events, counted by kind, have kinds that nothing names.

        `as_setting`: whether the message names RECSYS_EVENT_WEIGHTS, or the argument of a function.
        """
        unknown, total = self.unknown(counts), sum(counts.values())
        missing = sum(unknown.values())
        if 2 * missing <= total:
            return
        result = ", ".join(f"{kind} ({count:,})" for kind, count in islice(unknown.items(), SHOWN))
        near = {kind: self.nearest(kind) for kind in islice(unknown, SHOWN)}
        usual = {k: 1.0 if name is None else self.of_kind(name) for k, name in near.items()}
        if as_setting:
            text = ",".join(f"{kind}={weight:g}" for kind, weight in usual.items())
            way = f'RECSYS_EVENT_WEIGHTS="{text}"'
        else:
            way = f"event_weights={usual}"
        raise DataError(
            f"{missing:,} of {total:,} events have kinds without a weight: {result}. "
            f"Say what they weigh, such as {way} (0: no act at all); "
            "docs/event-kinds.md lists the kinds that are known"
        )

    def nearest(self, kind: str) -> str | None:
        """Return the known kind whose name is most like an unknown one; None: none is near."""
        return kinds.nearest(kind, self.kinds)

    def acts(self, events: EventTable) -> Mask:
        """Say which events are acts of their users, as `heeds` does, and were not withdrawn."""
        weights = self._of_kinds(events)
        found = (weights != 0) | self.rated(events)
        back = self.withdrawn(events)
        return np.asarray(found if back is None else found & ~back, bool)

    def of_table(self, events: EventTable) -> Floats:
        """Return one signed weight per event; 0 for what was withdrawn later in the table."""
        weights = self._of_kinds(events)
        rated = self.rated(events)
        if rated.any():
            weights[rated] = self._centred(events, rated)
        if self.sentiment and events.sentiment is not None:
            strength = np.array([self._strength(kind) for kind in events.kinds], np.float32)
            shift = (
                strength[events.kind] * events.sentiment * np.abs(weights) if len(events) else 0.0
            )
            most = np.float32(LARGEST) * np.abs(weights)
            weights = np.where(
                events.sentiment == 0, weights, np.clip(weights + shift, -most, most)
            )
        if (back := self.withdrawn(events)) is not None:
            weights[back] = 0.0
        return weights if events.share is None else weights * events.share

    def _of_kinds(self, events: EventTable) -> Floats:
        """Return the weight of each event as `of_event` gives it."""
        by_kind = np.array([self.of_kind(kind) for kind in events.kinds], np.float32)
        weights = by_kind[events.kind] if len(events) else np.zeros(0, np.float32)
        self._weigh_shares(events, weights)
        refused = (events.value <= 0) & (weights > 0)
        if refused.any():
            refused &= ~self.rated(events)
            weights[refused] *= np.sign(events.value[refused])
        return weights

    def _weigh_shares(self, events: EventTable, weights: Floats) -> None:
        """Multiply weights, in place, by the shares of the items that were taken in."""
        partial = np.array([self.meanings[kind].partial for kind in events.kinds], bool)
        if not partial.any():
            return
        some = np.flatnonzero(partial[events.kind] & (events.value > 0) & (events.value < 1))
        some = some[weights[some] > 0]
        share = events.value[some]
        weights[some] *= np.where(share >= np.float32(LEFT_EARLY), share, 0.0)

    def withdrawn(self, events: EventTable) -> Mask | None:
        """Say which acts a later event of the same user and item takes back; None: no event does.

        A like after an `unlike` counts again.
        """
        meanings = [self.meanings[kind] for kind in events.kinds]
        names = list(dict.fromkeys(one.withdraws for one in meanings if one.withdraws))
        if not names:
            return None
        width = max(len(events.items), 1)
        keys = events.user.astype(np.int64) * width + events.item
        found, places = np.zeros(len(events), bool), np.arange(len(events))
        for name in names:
            ends = np.isin(events.kind, [k for k, m in enumerate(meanings) if m.withdraws == name])
            own = np.isin(events.kind, [k for k, m in enumerate(meanings) if m.name == name])
            distinct, row = np.unique(keys[ends], return_inverse=True)
            if not len(distinct):
                continue
            last = np.full(len(distinct), -1)
            np.maximum.at(last, row, places[ends])
            at = np.minimum(np.searchsorted(distinct, keys[own]), len(distinct) - 1)
            found[own] |= (distinct[at] == keys[own]) & (places[own] < last[at])
        return found

    def with_sentiment(self, kind: str, weight: float, sentiment: float) -> float:
        """Return the weight of an event whose comment has a tone, -1 to 1.

        A like with scornful words counts less, above a strength of 1 even against the item; a
        dislike with scornful words counts more against it. Comments and replies have a strength of
        their own, since only their words say what they are. No event counts more than LARGEST times
        its weight without words.
        """
        if not sentiment:
            return weight
        most = LARGEST * abs(weight)
        moved = weight + self._strength(kind) * sentiment * abs(weight)
        return min(max(moved, -most), most)

    def _strength(self, kind: str) -> float:
        if not self.sentiment:
            return 0.0
        return max(self.sentiment, self.remarks) if self.meanings[kind].remark else self.sentiment

    def rated(self, events: EventTable) -> Mask:
        """Say which events are ratings with a value; a rating without one counts as a like."""
        codes = [code for code, kind in enumerate(events.kinds) if self.meanings[kind].rates]
        return np.isin(events.kind, codes) & np.isfinite(events.value)

    def explicit(self, events: EventTable) -> Mask:
        """Say which events state a liking or a dislike, rather than a passing by."""
        codes = [code for code, kind in enumerate(events.kinds) if self.stated(kind)]
        return np.isin(events.kind, codes)

    def rating_scale(self, events: EventTable) -> RatingScale:
        """Return the scale of all rating values."""
        rated = self.rated(events)
        return RatingScale.of(events.value[rated], self.spread, events.user[rated])

    def of_rating(
        self, value: float, user_sum: float, user_count: int, scale: RatingScale
    ) -> float:
        """Return the weight of one rating, given the sum and number of the user's ratings.

        A rating at the user's own (shrunk) mean weighs 1, one spread below it 0: choosing to rate
        a thing at all is already a sign of interest, so one rating of 7 stays a positive.
        """
        if value <= scale.low:
            return -1.0
        own = (user_sum + self.shrinkage * scale.mean) / (user_count + self.shrinkage)
        found = min(max(1.0 + (value - own) / scale.spread, -1.0), 2.0)
        return float(min(found, 0.0) if value <= 0 else found)

    def _centred(self, events: EventTable, rated: Mask) -> Floats:
        user, value = events.user[rated], events.value[rated].astype(np.float64)
        scale = self.rating_scale(events)
        totals = np.bincount(user, value, len(events.users))
        counts = np.bincount(user, minlength=len(events.users))
        own = (totals + self.shrinkage * scale.mean) / (counts + self.shrinkage)
        return scale.weights(value, own[user]).astype(np.float32)
