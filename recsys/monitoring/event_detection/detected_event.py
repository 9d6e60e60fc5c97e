"""DetectedEvent: an event that a detector has found, and what changed of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from recsys.monitoring.event_detection.event_term_profile import TermProfile
from recsys.monitoring.event_detection.posts import Post


@dataclass
class DetectedEvent:
    """An event and what is known of its texts."""

    id: int
    detected: float  # Unix seconds
    began: float
    last: float
    profile: TermProfile = field(default_factory=TermProfile)
    recent: deque[Post] = field(default_factory=deque)  # texts as long as others are held
    rate: float = 0.0  # texts a day, decayed
    over: bool = False


@dataclass(frozen=True, slots=True)
class EventChange:
    """What a look or a text changed."""

    event: DetectedEvent
    change: str  # "detected", "reopened" or "ended"
