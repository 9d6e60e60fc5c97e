"""Sentences on watches, alerts and digests, in each language of recsys.i18n."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from recsys.i18n import SOURCE, languages, translate
from recsys.store.alerts import Alert

NEARLY_ALL = 0.95  # of the texts: the watch tells nothing of its own
NEGATIVE_BURST = "{watch}: {share} of {people} people in {hours} h negative, usually {usual}"
VOLUME_BURST = "{watch}: {people} people in {hours} h, {expected} expected"
MORE = "{summary} (and {count} more)"
DIGEST = "{watch}: {texts} texts ({before} before), {count} alert(s)"
DIGEST_SHARE = "{watch}: {texts} texts ({before} before), {share} negative, {count} alert(s)"
GONE = "{count} of the texts that stood for this alert are gone: erased, removed or hidden"
NONE = "the watch holds for none of {of} texts"
NEARLY = "the watch holds for {held} of {of} texts: nearly all"
NOTHING = "there are no texts of the last days to compare with"
UNMET = "no item has {condition}: until one has, this condition holds for no text"
UNMET_NEAR = f"{UNMET}; is {{near}} meant?"
EVERY = (
    *(NEGATIVE_BURST, VOLUME_BURST, MORE, DIGEST, DIGEST_SHARE, GONE, NONE, NEARLY, NOTHING),
    *(UNMET, UNMET_NEAR),
)


def summary(alert: Alert, watch: str, language: str = SOURCE) -> str:
    """Return one sentence on an alert of a watch of this name."""
    body = alert.body
    common = {"watch": watch, "people": body.get("people", 0), "hours": body.get("window_hours", 0)}
    if alert.kind == "negative":
        share, usual = (f"{body.get(name, 0.0):.0%}" for name in ("share", "usual_share"))
        return translate(NEGATIVE_BURST, language, share=share, usual=usual, **common)
    expected = f"{body.get('expected_people', 0.0):.0f}"
    return translate(VOLUME_BURST, language, expected=expected, **common)


def digest_line(one: Mapping[str, Any], language: str = SOURCE) -> str:
    """Return the line of one watch in a digest (see `recsys.monitoring.watch_digest`)."""
    shares = one["shares"]
    tone = {"share": f"{shares['negative']['share']:.0%}"} if shares else {}
    return translate(
        DIGEST_SHARE if shares else DIGEST,
        language,
        watch=one["name"],
        texts=one["texts"],
        before=one["texts_before"],
        count=len(one["alerts"]),
        **tone,
    )


def in_all(name: str, said: Callable[[str], str]) -> dict[str, str]:
    """Return a sentence of a notice in English, and as `name_zh` and so on in other languages.

    A notice goes to several receivers; which language each reads is not known.
    """
    return {name if one == SOURCE else f"{name}_{one}": said(one) for one in languages()}


def warnings(held: int, of: int, language: str = SOURCE) -> Iterator[str]:
    """Yield what is odd about a watch that holds for some of the texts that were read."""
    if of and not held:
        yield translate(NONE, language, of=of)
    elif of and held >= NEARLY_ALL * of:
        yield translate(NEARLY, language, held=held, of=of)
    elif not of:
        yield translate(NOTHING, language)
