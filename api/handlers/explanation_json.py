"""JSON of an explanation: the parts of the score of one item for one user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recsys.explain.reason_formatter import control_titles
from recsys.explanation import Explanation, by_label, explain
from recsys.i18n import translate
from recsys.personal_list import UserState, personal_place
from recsys.ranking.query import Query, Reason
from recsys.ranking.reason_templates import (
    AGAINST,
    QUIET,
    SENTENCES,
    UNNAMED,
    UNNAMED_AGAINST,
    control_reason,
    named,
)
from recsys.recommender import Recommender
from recsys.serving.label_names import name_of, value_of
from recsys.serving.topic_example_titles import titles_by_row

from ..errors import ApiError
from ..runtime.served_model import ServedModel
from ..schemas.explanation import ExplainParameters
from ..schemas.lists import SteerParameters
from . import list_pagination
from .account_names import account_names
from .ingestion import missing
from .personal_list import Recommend

_PRIVATE = ("seen", "copy", "muted")  # what closes an item because of what its user did
_TEXT = "Without {items} in your history it would score {drop} lower"


def explained(
    maker: Recommend,
    user_id: str,
    item_id: str,
    given: ExplainParameters,
    whole: bool,
    user_state: UserState | None = None,
) -> dict[str, Any]:
    """Return why an item has its score for a user; `user_state`: as if this were known of them.

    `whole`: the caller may read the user's history. For others, what the user did is named as far
    as the reasons name it, and what closes the item because of it is left out.

    404 for an unknown item, 503 while the store, which knows the history, is away.
    """
    if user_state is None:
        user_state = maker.user_state(user_id)
    if user_state.degraded:
        message = "the store cannot be reached, and nothing is known of a user without it"
        raise ApiError(503, message, "store_unreachable", headers={"Retry-After": "2"})
    maker.service.see_changes()
    serving = maker.service.serving
    steer = SteerParameters.model_validate({"q": given.q, "personal": given.personal})
    query = maker.query(user_state, steer, time.time())
    with serving.feed.ranking:
        try:
            found = explain(
                serving.recommender, query, item_id, lambda: _yield_ranking_lock(serving)
            )
        except KeyError:
            raise missing("item") from None
        document = _document(serving, query, found if whole else _named_only(found, query))
    names = account_names(maker.service, (one["value"] for one in document["authors"]))
    for one in document["authors"]:
        one["name"] = names.get(one["value"], one["name"])
    return {"user": user_id, **document}


def _named_only(found: Explanation, query: Query) -> Explanation:
    """Return an explanation that names of a history only what its reasons name.

    The other parts of the history become one part, so that parts still add up to the score.
    """
    reasons = tuple(
        one._replace(items=tuple(pair for pair in one.items if pair[1] > 0))
        for one in found.reasons
    )
    named_items = {one.item_id for one in reasons}
    named_items |= {item for one in reasons for item, _ in one.items}
    told_controls = {(r.label, r.by, r.item_id) for r in reasons if r.kind == "steered"}
    unnamed = {one.item_id for one in query.history} - named_items
    kept: list[Reason] = []
    rest: list[Reason] = []
    for part in found.parts:
        hidden = part.item_id in unnamed
        if part.kind == "steered":
            hidden = (part.label, part.by, part.item_id) not in told_controls
        (rest if hidden else kept).append(part)
    if rest:
        value, share = sum(part.value for part in rest), sum(part.share for part in rest)
        kept.append(Reason("because_you", share, "", value=value))
    change = found.change
    return replace(
        found,
        rank=found.open_rank if found.closed in _PRIVATE else found.rank,
        closed="" if found.closed in _PRIVATE else found.closed,
        reasons=reasons,
        parts=tuple(sorted(kept, key=lambda part: -abs(part.value))),
        change=change if change is not None and change.item_id in named_items else None,
        tried=min(found.tried, len(named_items)),
    )


def _yield_ranking_lock(serving: ServedModel) -> None:
    """Let a request that waits for the engine go first."""
    serving.feed.ranking.release()
    time.sleep(0.0002)
    serving.feed.ranking.acquire()


def _document(serving: ServedModel, query: Query, found: Explanation) -> dict[str, Any]:
    service, language = serving.recommender, query.language
    return {
        "item_id": found.item_id,
        "item": list_pagination.document(serving, found.item_id, None),
        "model_version": serving.version,
        "personal": personal_place(query, serving.live),
        "score": found.score,
        "base": found.base,
        "speaking": found.speaking,
        "rank": found.rank,
        "closed": found.closed,
        "reasons": [list_pagination.reason(one, explain=True) for one in found.reasons],
        "parts": [_part(service, one, language, dict(query.names)) for one in found.parts],
        "topics": _carriers(service, found, "topic"),
        "authors": _carriers(service, found, "author"),
        "change": _change(service, found, language),
        "tried": found.tried,
    }


def _part(
    service: Recommender, one: Reason, language: str, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return a part of a score as JSON knows it; `names`: display names of followees, by id."""
    title = service.title(service.live.row(one.item_id)) if one.item_id is not None else ""
    if one.kind == "steered":
        text = control_reason(one, control_titles(service.live, one, service.title), language)
    elif one.kind == "because_you" and one.item_id is None:
        text = translate(UNNAMED[""] if one.value >= 0 else UNNAMED_AGAINST, language)
    else:
        items = named([title], 0, language) if title else ""
        against = AGAINST.get(one.kind, SENTENCES[one.kind])
        key = against if one.value < 0 else SENTENCES[one.kind]
        if one.quiet and one.value > 0:
            key = QUIET[one.kind]
        text = translate(key, language, items=items, name=names.get(one.label, one.label))
    part: dict[str, Any] = {"kind": one.kind, "value": one.value, "share": one.share, "text": text}
    return part if one.item_id is None else {**part, "item_id": one.item_id}


def _carriers(service: Recommender, found: Explanation, kind: str) -> list[dict[str, Any]]:
    live, names, titles = service.live, dict[str | None, str](), dict[str | None, list[str]]()
    pairs: list[tuple[str, str | None]] = []
    for part in found.parts:
        if part.kind == "because_you" and part.item_id is not None:
            row = live.row(part.item_id)
            code = int((live.topics if kind == "topic" else live.labels[kind])[row])
            value = value_of(live, kind, code) if code >= 0 else None
            names[value] = name_of(live, kind, code) if code >= 0 else ""
            titles[value] = titles_by_row(live, code) if kind == "topic" else []
            pairs.append((part.item_id, value))
    speaking = found.speaking or 1.0
    return [
        {
            "value": value,
            "name": names[value],
            "titles": titles[value],
            "score": score,
            "share": score / speaking,
            "items": items,
        }
        for value, (score, items) in by_label(found, pairs).items()
    ]


def _change(service: Recommender, found: Explanation, language: str) -> dict[str, Any] | None:
    change = found.change
    if change is None:
        return None
    title = service.title(service.live.row(change.item_id))
    text = translate(_TEXT, language, items=named([title], 0, language), drop=f"{change.drop:.3g}")
    return {
        "item_id": change.item_id,
        "title": title,
        "score": change.score,
        "drop": change.drop,
        "text": text,
    }
