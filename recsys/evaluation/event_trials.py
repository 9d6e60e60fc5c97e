"""Event trials: detection of labelled events in a stream of texts.

A label is found when a detected event holds at least a share of the label's texts, they are most of
its texts, and it was detected within a day of stream time after the label's twentieth text. All
other detected events are counted, parts of labelled events among them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recsys.monitoring.event_detection.detected_event import DetectedEvent
from recsys.monitoring.event_detection.detector import DetectorConfig, EventDetector
from recsys.monitoring.event_detection.event_names import event_name
from recsys.monitoring.event_detection.posts import Post
from recsys.monitoring.event_detection.terms import terms

HOLDS = 0.3  # share of a label's texts
PURE = 0.8  # share of the texts of the detected event
AFTER = 20  # texts of a label after which the time begins
WITHIN = 24 * 3_600.0  # seconds
LOOK = 3_600.0  # seconds of stream time between looks
NAMED_BY = 200  # newest texts of an event that its name is made from, as in the service
MAIN = 12
LETTERS = 4  # of a word of a label that a name may share
YEAR = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """A text with the event that it is labelled with; empty: none."""

    at: float  # Unix seconds
    text: str
    label: str


def run_event_trial(
    posts: Sequence[LabelledPost], config: DetectorConfig | None = None
) -> dict[str, Any]:
    """Return labels found, delays, names, and other detected events; posts in order of time."""
    detector = EventDetector(config)
    known: dict[int, DetectedEvent] = {}
    event_of: dict[int, int] = {}
    texts_at: dict[int, list[int]] = {}
    look = posts[0].at + LOOK if posts else 0.0
    for place, post in enumerate(posts):
        while post.at >= look:
            known |= {c.event.id: c.event for c in detector.look(look) if c.change == "detected"}
            look += LOOK
        found = tuple(term for term, _ in terms(post.text))
        detector.add(Post(0, place, post.at, -1, found))
        for event, joined in detector.take_joined():
            event_of[joined.ref] = event
    known |= {c.event.id: c.event for c in detector.look(look) if c.change == "detected"}
    for event, joined in detector.take_joined():
        event_of[joined.ref] = event
    for ref in sorted(event_of):
        texts_at.setdefault(event_of[ref], []).append(ref)
    return _judged(posts, detector, known, texts_at)


def _judged(
    posts: Sequence[LabelledPost],
    detector: EventDetector,
    known: dict[int, DetectedEvent],
    texts_at: dict[int, list[int]],
) -> dict[str, Any]:
    times: dict[str, list[float]] = {}
    for post in posts:
        if post.label:
            times.setdefault(post.label, []).append(post.at)
    rows: list[dict[str, Any]] = []
    found: dict[str, dict[str, Any]] = {}
    for event in sorted(known.values(), key=lambda one: one.detected):
        refs = texts_at.get(event.id, [])
        counts = Counter(posts[ref].label for ref in refs)
        label = max((one for one in counts if one), key=lambda one: counts[one], default="")
        ratios = event.profile.ratios(detector.background, event.last)
        main = event.profile.main_terms(ratios, MAIN)
        name = event_name(main, [posts[ref].text for ref in refs[-NAMED_BY:]])
        share = counts[label] / len(times[label]) if label else 0.0
        pure = counts[label] / max(len(refs), 1) if label else 0.0
        late = event.detected - times[label][min(AFTER, len(times[label])) - 1] if label else 0.0
        row: dict[str, Any] = {
            "name": name,
            "label": label,
            "texts": len(refs),
            "purity": round(pure, 3),
            "share": round(share, 3),
            "hours_after_20": round(late / 3_600.0, 1) if label else None,
            "named": bool(label) and shares_word(name, label),
        }
        rows.append(row)
        if label and share >= HOLDS and pure >= PURE and late <= WITHIN and label not in found:
            found[label] = row
    years = (posts[-1].at - posts[0].at) / YEAR if posts else 1.0
    parts = sum(bool(row["label"]) and row["purity"] >= PURE for row in rows) - len(found)
    others = len(rows) - len(found)
    return {
        "posts": len(posts),
        "labels": len(times),
        "found": len(found),
        "named": sum(row["named"] for row in found.values()),
        "missed": sorted(set(times) - set(found)),
        "others": others,
        "others_that_are_parts_of_labels": parts,
        "others_per_year": round(others / years, 2),
        "others_per_year_without_parts": round((others - parts) / years, 2),
        "events": rows,
    }


def shares_word(name: str, label: str) -> bool:
    """Whether a name holds a word of a label, or one of them begins with the other."""
    words = [w for w in re.split(r"[\W_]+", label.lower()) if len(w) >= LETTERS and not w.isdigit()]
    own = [w for w in re.split(r"[\W_]+", name.lower()) if len(w) >= LETTERS]
    return any(word.startswith(one) or one.startswith(word) for word in words for one in own)
