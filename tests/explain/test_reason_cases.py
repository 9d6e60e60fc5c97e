"""Reasons that an editor judged: see reason_cases.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from reason_worlds import NOW, model_of

from recsys.data.records import Item
from recsys.explanation import explain
from recsys.ranking.query import Interaction, Query, Reason
from recsys.recommender import Recommender
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control

Case = dict[str, Any]
CASES: list[Case] = tomllib.loads(
    Path(__file__).with_name("reason_cases.toml").read_text(encoding="utf-8")
)["case"]
KNOWN = {
    *("world", "history", "item", "kinds", "not_kinds", "names", "not_names", "acts", "gone"),
    "posts",
    *("controls", "follows", "words", "repeat", "language", "why"),
}


def reasons_of(case: Case) -> tuple[Reason, ...]:
    """Return the reasons that the service gives in a case, as a list shows them."""
    model = model_of(case["world"])
    live = LiveState(model)
    now = max(model.cutoff, NOW if case["world"] not in ("films", "statements") else 0.0)
    for place, (user, item, kind) in enumerate(case.get("acts", ())):
        live.add_events([LiveEvent(item, kind, timestamp=now + 60 * place, actor=user)])
    for name, title, category, author, hours in case.get("posts", ()):
        created = now - 3600 * hours
        live.add_item(Item(name, title, category=category, author_id=author, created_at=created))
    for item in case.get("gone", ()):
        live.remove_item(item)
    history = [
        Interaction(item, kind, float(value[0]) if value else None, now - 60 * (99 - place))
        for place, (item, kind, *value) in enumerate(case.get("history", ()))
    ]
    query = Query(
        history=tuple(history),
        n=20,
        words=case.get("words", ""),
        now=now + 600,
        controls=tuple(
            Control(place, *control, now) for place, control in enumerate(case.get("controls", ()))
        ),
        follows=tuple(case.get("follows", ())),
        repeat=case.get("repeat", False),
        language=case.get("language", "en"),
    )
    return explain(Recommender(live), query, case["item"]).reasons


def objections(case: Case, found: tuple[Reason, ...]) -> list[str]:
    """Return what an editor who wrote the case objects to."""
    kinds, text = [one.kind for one in found], " | ".join(one.text for one in found)
    wanted = case.get("kinds")
    result = [f"no {kind}" for kind in wanted or () if kind not in kinds]
    result += [f"{kind} is given" for kind in case.get("not_kinds", ()) if kind in kinds]
    result += ["a reason is given"] if wanted == [] and kinds else []
    result += [f"{name!r} is not named" for name in case.get("names", ()) if name not in text]
    result += [f"{name!r} is named" for name in case.get("not_names", ()) if name in text]
    result += [f"{one.kind} has a share of {one.share:.3f}" for one in found if one.share < 0.05]
    return result


def test_there_are_sixty_cases_and_each_has_a_judgement() -> None:
    assert len(CASES) >= 60
    for case in CASES:
        assert case["why"] and set(case) <= KNOWN, case
        assert set(case) & {"kinds", "not_kinds", "names", "not_names"}, case


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_person_would_agree(number: int) -> None:
    case = CASES[number]
    found = reasons_of(case)
    shown = [(one.kind, round(one.share, 2), one.text) for one in found]
    assert objections(case, found) == [], (case["why"], shown)
