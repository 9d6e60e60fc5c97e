"""Descriptions of topics and of detected events: templates filled with what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from recsys.i18n import SOURCE, counted, translate
from recsys.writing.notification_texts import shortened

MOST_NAMES, MOST_TITLES = 4, 2
LONGEST_TITLE = 60  # characters


@dataclass(frozen=True, slots=True)
class Description:
    """A text of a few sentences, and what it was made by."""

    text: str
    made: Literal["template"] = "template"


def topic_description(
    name: str, size: int, titles: Sequence[str] = (), language: str = SOURCE
) -> Description:
    """Return the description of a topic: how many items, about what, and titles of some.

    `name`: presentable, empty where the topic has none; its words alone say nothing
    ("about la, el, il"); `titles`: of items that stand for it, the best first.
    """
    told = []
    if name:
        told.append(
            counted(
                "{count} item about {name}.",
                "{count} items about {name}.",
                size,
                language,
                name=name,
            )
        )
    else:
        told.append(counted("{count} item.", "{count} items.", size, language))
    if titles:
        quoted = [_quoted(shortened(one, LONGEST_TITLE), language) for one in titles[:MOST_TITLES]]
        told.append(translate("Among them {titles}.", language, titles=_joined(quoted, language)))
    return _description(told, language)


def group_description(
    names: Sequence[str], topics: int, size: int, language: str = SOURCE
) -> Description:
    """Return the description of a group of topics: how many, with how many items.

    `names`: of its topics, those of the most items first; topics without a name are left out.
    """
    told = [
        counted("{count} item in this group.", "{count} items in this group.", size, language),
        counted("It has {count} topic.", "It has {count} topics.", topics, language),
    ]
    if names:
        named = _joined(names[:MOST_NAMES], language)
        told.append(translate("Its largest topics: {names}.", language, names=named))
    return _description(told, language)


def event_description(
    terms: Sequence[str],
    entities: Sequence[str],
    texts: int,
    people: int,
    began: float,
    last: float | None,
    language: str = SOURCE,
) -> Description:
    """Return the description of a detected event: what it is about, since when, by how many.

    `began` and `last` are Unix seconds; `last`: of the newest text of an event that is over, None
    while it goes on. `terms` and `entities`: the best first.
    """
    if not texts:
        return Description(translate("None of its texts is left.", language))
    told = [
        counted(
            "{count} text since {day}, about {terms}.",
            "{count} texts since {day}, about {terms}.",
            texts,
            language,
            day=_day(began),
            terms=_joined(terms[:MOST_NAMES], language),
        ),
        counted("Written by {count} person.", "Written by {count} people.", people, language),
    ]
    if entities:
        named = _joined(entities[:MOST_NAMES], language)
        told.append(translate("Named in them: {names}.", language, names=named))
    if last is not None:
        told.append(translate("The newest is of {day}.", language, day=_day(last)))
    return _description(told, language)


def _description(told: Sequence[str], language: str) -> Description:
    return Description(("" if language == "zh" else " ").join(told))


def _joined(names: Sequence[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(names)


def _quoted(title: str, language: str) -> str:
    return f"《{title}》" if language == "zh" else f"“{title}”"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
