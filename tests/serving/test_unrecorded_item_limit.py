"""Items that only events tell of: the rows of a live state that users can bring in are bounded."""

from __future__ import annotations

import api_world
import pytest

from recsys.serving import unrecorded_item_limit
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState


def acts(user: str | None, *numbers: int, name: str = "any") -> list[LiveEvent]:
    return [
        LiveEvent(f"{name}-{n}", "like", timestamp=api_world.NOW + n, actor=user) for n in numbers
    ]


def test_one_user_brings_in_a_hundred_items_and_others_their_own() -> None:
    live = LiveState(api_world.model())
    before = live.size
    live.add_events(acts("eve", *range(500)))
    assert live.size - before == unrecorded_item_limit.OF_ONE
    live.add_events(acts("eve", *range(500, 600)))
    live.add_event("any-700", "like", None, api_world.NOW, actor="eve")
    assert live.size - before == unrecorded_item_limit.OF_ONE
    live.add_events(acts("ann", 3, 450, 450))  # one that is there, one that eve could not bring
    assert live.row("any-450") >= 0 and live.row("any-451") < 0
    assert live.size - before == unrecorded_item_limit.OF_ONE + 1
    counted = live.counters.level[-1, live.row("sea-1")]
    live.add_events(
        [*acts("eve", 900), LiveEvent("sea-1", "like", None, api_world.NOW, actor="eve")]
    )
    assert live.counters.level[-1, live.row("sea-1")] != counted  # known items count as before


def test_all_users_together_bring_in_as_many_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unrecorded_item_limit, "LEAST", 150)
    live = LiveState(api_world.model())
    before = live.size
    for user in range(10):
        live.add_events(acts(f"u{user}", *range(50), name=f"of-{user}"))
    assert live.size - before == 150
    assert caplog.text.count("more unknown items than there is room for") == 1
    live.add_events(acts("u9", 1, 2, name="of-0"))  # what is there is counted by anybody
    assert live.row("of-0-1") >= 0


def test_withdrawing_acts_on_items_without_a_row_changes_nothing() -> None:
    live = LiveState(api_world.model())
    live.add_events(acts("eve", *range(200)))
    size = live.size
    back = [
        LiveEvent(
            "any-150",
            "unlike",
            None,
            api_world.NOW + 200,
            actor="eve",
            withdrawn=tuple(acts("eve", 150)),
        )
    ]
    live.add_events(back)
    assert live.size == size and live.row("any-150") < 0
