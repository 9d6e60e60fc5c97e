"""EventDetector: finds events in a stream of texts as they come, and the texts that belong to them.

Texts that belong to no event are held for three days. At each look, a term that many more people
use than usual is the seed of a candidate: the held texts with the seed give a profile of terms,
all held texts are judged by it, and the profile is made again from those that fit (expectation
maximisation with hard assignment). A candidate with enough people becomes an event, or is joined
to one with the same terms. From then on each new text goes to the event that it most likely
belongs to, or to none.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.monitoring.event_detection.background_frequencies import DAY, Background
from recsys.monitoring.event_detection.detected_event import DetectedEvent, EventChange
from recsys.monitoring.event_detection.event_term_profile import TermProfile, likeness
from recsys.monitoring.event_detection.posts import Post, people_of, profile_of


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """When a burst of terms is an event."""

    least_people: int = 10  # in a day
    per_root: float = 1.1  # times the square root of a day's usual texts: more where many write
    longer: float = 0.3  # power of a longer window over a day that this grows by
    least_effective: float = 5.0  # people by the evenness of their texts: fewer are a flood
    surprise: float = 25.0  # log likelihood ratio of the seed's count against the usual one
    lift: float = 12.0  # times the usual count of the seed
    held: float = 3 * DAY  # seconds for which texts without an event are held
    window: float = DAY  # seconds in which the people of a burst are counted
    join: float = 0.25  # cosine of terms from which a candidate is part of a known event
    main_terms: int = 8  # of an event, that are looked for in the texts of a candidate
    shared: float = 0.15  # of a candidate's texts with one of them: it is part of the event
    unlike: float = 0.2  # cosine up to which texts of one event are parted from it
    related: float = 0.25  # of either bar: a candidate is near an event, perhaps a part of it
    beside: float = 3.0  # times the people that a candidate near an event needs
    margin: float = 1.0  # log odds from which a text belongs to an event
    ends: float = 5 * DAY  # seconds without a text after which an event is over
    remembered: float = 30 * DAY  # seconds for which an event that is over may go on
    warm_up: float = 7 * DAY  # seconds of texts before anything is judged
    least_items: int = 3  # that the texts of an event are about: talk about one item is none
    rounds: int = 4  # of expectation and maximisation
    seeds: int = 8  # candidates per look


class EventDetector:
    """State of the detection; texts are added in the order of their times."""

    def __init__(self, config: DetectorConfig | None = None) -> None:
        self.config = config or DetectorConfig()
        self.background = Background()
        self.events: dict[int, DetectedEvent] = {}
        self.held: deque[Post] = deque()
        self._recent: Counter[str] = Counter()  # texts of the window, by term
        self._in_held: Counter[str] = Counter()  # the same of all that is held
        self._window: deque[Post] = deque()  # held texts of the window
        # texts that joined an event, in this order, until somebody takes them; a text may move
        self.joined: list[tuple[int, Post]] = []
        self._next = 1

    def add(self, post: Post) -> int | None:
        """Add a text; return the id of its event, None where it has none yet."""
        self._let_go(post.at)
        event = self._best(post)
        if event is None:
            self.held.append(post)
            self._window.append(post)
            self._recent.update(post.terms)
            self._in_held.update(post.terms)
            return None
        self._join(event, post)
        return event.id

    def look(self, now: float) -> list[EventChange]:
        """Return what changed up to a moment; a look each hour of stream time is enough."""
        self._let_go(now)
        changes = self._end(now)
        start = self.background.start
        if start is None or now - start < self.config.warm_up:
            return changes
        tried: set[str] = set()
        for _ in range(self.config.seeds):
            seed = self._seed(now, tried)
            if seed is None:
                break
            tried.add(seed[0])
            change = self._candidate(*seed, now)
            if change is not None:
                changes.append(change)
        for event in list(self.events.values()):
            if not event.over and now - event.detected > self.config.window:
                changes += self._split(event, now)
        return changes

    def learn(self, post: Post) -> None:
        """Count a text from before the detection began, or one that comes too late for it."""
        self.background.add(post.terms, post.at)

    def keep(self, post: Post, event: int | None) -> None:
        """Take back a text that was held, or that has joined an event, before a restart."""
        if event is not None and event in self.events:
            self.events[event].recent.append(post)
        elif event is None:
            self.held.append(post)
            self._window.append(post)
            self._recent.update(post.terms)
            self._in_held.update(post.terms)

    def take_joined(self) -> list[tuple[int, Post]]:
        """Return the texts that have joined events since the last time."""
        found, self.joined = self.joined, []
        return found

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes back, without texts."""
        return {
            "background": self.background.as_json(),
            "next": self._next,
            "events": [
                {
                    "id": one.id,
                    "detected": one.detected,
                    "began": one.began,
                    "last": one.last,
                    "rate": one.rate,
                    "over": one.over,
                    "profile": one.profile.as_json(),
                }
                for one in self.events.values()
            ],
        }

    @classmethod
    def from_json(
        cls, values: Mapping[str, Any], config: DetectorConfig | None = None
    ) -> EventDetector:
        """Return a detector as it was kept; its texts are brought back by `keep`."""
        found = cls(config)
        found.background = Background.from_json(values["background"])
        found._next = int(values["next"])
        for row in values["events"]:
            profile = TermProfile.from_json(row["profile"])
            found.events[row["id"]] = DetectedEvent(**{**row, "profile": profile})
        return found

    def _let_go(self, now: float) -> None:
        """Move texts that are no longer held to the background."""
        while self._window and self._window[0].at <= now - self.config.window:
            _take(self._recent, self._window.popleft().terms)
        while self.held and self.held[0].at <= now - self.config.held:
            post = self.held.popleft()
            _take(self._in_held, post.terms)
            self.background.add(post.terms, post.at)
        for event in self.events.values():
            while event.recent and event.recent[0].at <= now - self.config.held:
                event.recent.popleft()

    def _best(self, post: Post) -> DetectedEvent | None:
        best, most = None, self.config.margin
        for event in self.events.values():
            if event.over:
                continue
            ratios = event.profile.ratios(self.background, post.at)
            score = event.profile.score(post.terms, ratios) + self._prior(event, post.at)
            if score > most:
                best, most = event, score
        return best

    def _prior(self, event: DetectedEvent, now: float) -> float:
        """Return the log odds of a text of an event before its terms are read."""
        own = event.rate * 0.5 ** ((now - event.last) / DAY) + 0.05
        return math.log(own / self._daily(now))

    def _daily(self, now: float) -> float:
        """Return the usual texts a day that belong to no event."""
        return max(self.background.texts(now) / max(self.background.seconds(now), DAY) * DAY, 1.0)

    def _join(self, event: DetectedEvent, post: Post) -> None:
        event.profile.add(post.terms, post.at)
        self.joined.append((event.id, post))
        event.recent.append(post)
        if post.at >= event.last:
            event.rate *= 0.5 ** ((post.at - event.last) / DAY)
            event.last = post.at
        event.rate += 0.6931
        event.began = min(event.began, post.at)

    def _seed(self, now: float, tried: set[str]) -> tuple[str, float] | None:
        """Return the most surprising term and its window; None where none is surprising enough."""
        known = max(self.background.seconds(now), self.config.held)
        found, most = None, self.config.surprise
        for counts, n, window in (
            (self._recent, len(self._window), self.config.window),
            (self._in_held, len(self.held), self.config.held),
        ):
            fewest = 0.5 * self._least(now, window)
            busy = min(max(n / (self._daily(now) * window / DAY), 1.0), 3.0)
            for term, count in counts.items():
                if count < fewest or term in tried:
                    continue
                usual = (self.background.count(term, now) + 0.5) * window / known * busy
                if count < self.config.lift * usual:
                    continue
                surprise = count * math.log(count / usual) - (count - usual)
                if surprise > most:
                    found, most = (term, window), surprise
        return found

    def _least(self, now: float, window: float) -> float:
        """Return the people that an event has at least in a window."""
        least = max(self.config.least_people, self.config.per_root * math.sqrt(self._daily(now)))
        return float(least * (window / self.config.window) ** self.config.longer)

    def _candidate(self, seed: str, window: float, now: float) -> EventChange | None:
        members = [post for post in self.held if seed in post.terms]
        profile = TermProfile()
        for _ in range(self.config.rounds):
            profile = profile_of(members)
            ratios = profile.ratios(self.background, now)
            share = len(members) / max(len(self.held), 1)
            prior = math.log(share / max(1.0 - share, share / 10))
            again = [
                post
                for post in self.held
                if profile.score(post.terms, ratios) + prior > self.config.margin
            ]
            if again == members:
                break
            members = again
            if not members:
                return None
        recent = [post for post in members if post.at > now - window]
        ratios = profile.ratios(self.background, now)
        known, related = self._alike(members, profile, ratios, now)
        if known is None and not self._enough(recent, window, now, related):
            return None
        taken = {id(post) for post in members}
        self.held = deque(post for post in self.held if id(post) not in taken)
        self._window = deque(post for post in self._window if id(post) not in taken)
        self._recent = Counter(term for post in self._window for term in post.terms)
        self._in_held = Counter(term for post in self.held for term in post.terms)
        change = None
        if known is None:
            known = self._new(members, now)
            change = EventChange(known, "detected")
        elif known.over:
            known.over = False
            change = EventChange(known, "reopened")
        for post in members:
            self._join(known, post)
        return change

    def _new(self, members: Sequence[Post], now: float) -> DetectedEvent:
        event = DetectedEvent(self._next, now, members[0].at, members[0].at)
        self.events[event.id] = event
        self._next += 1
        return event

    def _split(self, event: DetectedEvent, now: float) -> list[EventChange]:
        """Find an event of the same kind among the newest texts of another, and part them.

        A term that is new in the texts of an event is the seed; a candidate whose terms are unlike
        those that the event had a day ago is an event of its own.
        """
        window = self.config.window
        new = [post for post in event.recent if post.at > now - window]
        least = self._least(now, window)
        least *= self.config.beside
        if len(new) < least:
            return []
        past = event.profile.without([(post.terms, post.at) for post in new])
        if past.texts_at(now) < 5.0:
            return []
        counts = Counter(term for post in new for term in post.terms)
        scale = len(new) / past.texts
        seeds = [
            (count, term)
            for term, count in counts.items()
            if count >= least
            and count > self.config.lift * (past.counts.get(term, 0.0) * scale + 0.5)
        ]
        for _, seed in sorted(seeds, reverse=True)[:2]:
            members = self._parted(new, seed, past, now)
            profile = profile_of(members)
            if not self._enough(members, window, now, True):
                continue
            ratios = profile.ratios(self.background, now)
            old = past.ratios(self.background, now)
            main = set(past.main_terms(old, self.config.main_terms))
            inside = sum(len(main.intersection(post.terms)) >= 2 for post in members)
            alike = likeness(ratios, old, profile, past) > self.config.unlike
            if alike or inside > self.config.shared * len(members):
                continue
            taken = set(map(id, members))
            event.recent = deque(post for post in event.recent if id(post) not in taken)
            event.profile = event.profile.without([(post.terms, post.at) for post in members])
            event.rate = max(event.rate - 0.6931 * len(members), 0.0)
            found = self._new(members, now)
            for post in members:
                self._join(found, post)
            return [EventChange(found, "detected")]
        return []

    def _parted(
        self, posts: Sequence[Post], seed: str, past: TermProfile, now: float
    ) -> list[Post]:
        """Return the texts that are more likely of a new event than of one with a past."""
        old = past.ratios(self.background, now)
        members = [post for post in posts if seed in post.terms]
        for _ in range(self.config.rounds):
            profile = profile_of(members)
            ratios = profile.ratios(self.background, now)
            again = [
                post
                for post in posts
                if profile.score(post.terms, ratios)
                > max(past.score(post.terms, old), self.config.margin)
            ]
            if len(again) == len(members):
                break
            members = again
        return members

    def _enough(self, recent: Sequence[Post], window: float, now: float, related: bool) -> bool:
        people, texts = people_of(recent)
        even = texts**2 / max(sum(n * n for n in people.values()), 1)
        items = {(post.item, -1 if post.item >= 0 else place) for place, post in enumerate(recent)}
        if len(items) < self.config.least_items:
            return False
        least = self._least(now, window) * (self.config.beside if related else 1.0)
        return len(people) >= least and even >= self.config.least_effective

    def _alike(
        self,
        members: Sequence[Post],
        profile: TermProfile,
        ratios: dict[str, float],
        now: float,
    ) -> tuple[DetectedEvent | None, bool]:
        """Return the event that a candidate is part of, and whether it is related to any.

        It is part of one that is alike in terms, or whose main terms stand in many of its texts.
        """
        best, most, related = None, 1.0, False
        for event in self.events.values():
            own = event.profile.ratios(self.background, now)
            alike = likeness(ratios, own, profile, event.profile) / self.config.join
            if not event.over:
                alike = max(alike, self._together(members, event, own))
            related = related or alike > self.config.related
            if alike > most:
                best, most = event, alike
        return best, related

    def _together(
        self, members: Sequence[Post], event: DetectedEvent, ratios: dict[str, float]
    ) -> float:
        """Return the share of a candidate's texts with a main term of an event, over `shared`.

        0 where the share among all texts that are held is nearly as high.
        """
        main = set(event.profile.main_terms(ratios, self.config.main_terms))
        inside = sum(not main.isdisjoint(post.terms) for post in members)
        outside = sum(not main.isdisjoint(post.terms) for post in self.held) - inside
        share = inside / len(members)
        usual = (outside + 1.0) / (len(self.held) - len(members) + 1.0)
        return share / self.config.shared if share > 4 * usual else 0.0

    def _end(self, now: float) -> list[EventChange]:
        changes = []
        for event in list(self.events.values()):
            if not event.over and now - event.last > self.config.ends:
                event.over = True
                changes.append(EventChange(event, "ended"))
            if event.over and now - event.last > self.config.remembered:
                del self.events[event.id]
        return changes


def _take(counts: Counter[str], terms: Iterable[str]) -> None:
    for term in terms:
        counts[term] -= 1
        if not counts[term]:
            del counts[term]
