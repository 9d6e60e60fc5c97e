"""Conditions of a watch that nothing meets at this moment, such as a topic that there is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from recsys.i18n import SOURCE, translate
from recsys.monitoring import text_tokens
from recsys.monitoring.alert_sentences import UNMET, UNMET_NEAR
from recsys.monitoring.watch_query import Condition, Part, conditions
from recsys.serving.live_state import LiveState

LABELS = ("tag", "category", "language")
NEAR_AMONG = 20_000  # labels among which near ones are looked for


def unmet(live: LiveState | None, part: Part, language: str = SOURCE) -> Iterator[str]:
    """Yield a sentence for each topic, entity, tag, category and language that no item has.

    With the nearest label, where there is one. `live`: None before the first night, when there are
    neither topics nor entities; labels are not judged then. Authors are not judged: the author of
    a comment is any user.
    """
    for one in dict.fromkeys(conditions(part)):
        near = _near(live, one)
        if near is None:
            continue
        shown = f"{one.field}:{near[0]}" if near else ""
        template = UNMET_NEAR if near else UNMET
        yield translate(template, language, condition=str(one), near=shown)


def _near(live: LiveState | None, one: Condition) -> list[str] | None:
    """Return the nearest label of the field, if any, in a list; None: an item has the value."""
    known: Iterable[str]
    if one.field == "topic":
        topics = None if live is None else live.model.topics
        known = [] if topics is None else [str(id) for id in (*topics.ids, *topics.parent_ids)]
        return None if one.value in known else []
    if one.field == "entity":
        known = [] if live is None else _entities(live)
        if live is not None and (code := live.mentions.code(one.value)) >= 0:
            name = text_tokens.normalized(live.mentions.mention(code).name)
            return None if name == one.value else [name]  # the value is another spelling of it
    elif one.field in LABELS and live is not None:
        known = [text_tokens.normalized(label) for label in live.spelt(one.field)]
    else:
        return None
    known = list(known)
    if one.value in known or (one.field == "language" and _is_family(one.value, known)):
        return None
    return get_close_matches(one.value, known[:NEAR_AMONG], 1, 0.6)


def _entities(live: LiveState) -> list[str]:
    mentions = live.mentions
    return [text_tokens.normalized(mentions.mention(code).name) for code in range(len(mentions))]


def _is_family(value: str, known: Iterable[str]) -> bool:
    """Whether some language is a kind of `value`, as zh-tw is of zh."""
    return any(one.replace("_", "-").startswith(f"{value}-") for one in known)
