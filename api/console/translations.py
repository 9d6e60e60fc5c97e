"""Sentences of the console in other languages; a catalogue of their own, read when first used."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from recsys.i18n import SOURCE, closest, read_catalogue

FOLDER = Path(__file__).with_name("locale")


def translated(key: str, language: str = SOURCE, **values: object) -> str:
    """Return a sentence in a language, filled with values; English where it lacks one."""
    text = _catalogue(closest(language) or SOURCE).gettext(key)
    return text.format(**values) if values else text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    path = FOLDER / f"{language}.po"
    return read_catalogue(path) if path.exists() else gettext.NullTranslations()


# Words that pages show by a name of the code; listed here, so that a test finds them translated.
WORDS = (
    # outcomes and states
    *("published", "refused", "failed", "killed", "running", "ready", "degraded", "unavailable"),
    *("done", "missing", "invalid", "pending", "delivered", "dead", "rising", "peak", "fading"),
    *("steady", "unknown", "tuned", "baseline", "untested", "auto", "light", "dark", "expired"),
    *("unrecorded", "webhook", "mail"),
    # parts of scores, sources, kinds of places
    *("because_you", "steered", "followed", "regular", "again", "interests", "search", "trending"),
    *("popular", "liked", "fresh", "context", "new_item", "pinned", "flagged", "neighbours"),
    *("little_known", "newest", "followees", "network"),
    *("ranked", "repeat", "explore", "reserved", "cold", "personal", "short", "long", "session"),
    # what series, controls and profiles are of
    *("item", "topic", "tag", "category", "author", "entity", "words", "user", "everything"),
    *("topics", "authors", "categories", "tags", "mute", "boost", "less", "forget", "block"),
    "dismiss",
    "widen",
    # what the store holds, what click rates are by
    *("users", "items", "events", "follows", "controls", "runs"),
    *("source", "position", "bundle", "kind", "slot_kind"),
    # flags
    *("duplicate", "spam", "flood", "insult", "threat", "scam", "rumour"),
    # notices, and properties of accounts
    *("night_published", "night_refused", "night_failed", "backup_failed", "writes_failing"),
    *("writes_failed", "suspicious_group", "worker_died", "test", "mail_confirmation"),
    *("first", "young", "narrow", "together", "alert_firing", "alert_resolved", "watch_digest"),
    # alerts and watches
    *("experiment_stopped", "draft", "stopped", "decided", "primary", "guardrail", "new_voice"),
    *("firing", "acknowledged", "resolved", "negative", "neutral", "positive", "volume"),
    *("central", "spread", "contrary", "quiet", "normal", "eager"),
    *("active", "over", "newest", "first text", "day", "week", "none"),
    # rights of entries of the audit log
    *("lists", "history", "profile", "tokens", "export", "erase", "metrics", "suspects", "audit"),
    *("notices", "operate", "console", "settings", "keys"),
    # units of durations
    *("d", "h", "min", "s"),
    # sentences of modules
    "Serve another bundle",
    "Try a watch",
    "This key is not known, or was revoked.",
    "This key opens no console: it needs the role operate, support or admin.",
    "What you typed is not the version.",
    "They have acted on it, so lists leave it out.",
    "It is a copy of something they have acted on.",
    "A control of the user mutes it.",
    "They wrote it themselves.",
    "A filter leaves it out.",
    "It answers another item: feeds of follows, threads and search hold it.",
    "It is hidden or deleted.",
    "It is not available yet.",
    "It has expired.",
    "Only events tell of it; there is no record of it.",
)
