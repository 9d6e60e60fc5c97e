"""Event detection killed with kill -9 at every step: the next process finds the same events."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import killed_event_detection
import numpy as np
import pytest
from killed_event_detection import STEPS
from postgres_server import emptied, running
from process_killer import environment
from sqlalchemy.engine import URL

from recsys.data.records import Item
from recsys.monitoring.event_detection_worker import STATE
from recsys.store.detected_events import DetectedEvents
from recsys.store.store import Store

HOUR, DAY, START = 3_600.0, 86_400.0, 1_700_000_000.0
USUAL = "coffee guitar garden bicycle baking museum camera kitchen library football".split()
FLOOD = "river bridge flooded rescue boats".split()
BEGIN = START + 10 * DAY  # of the event
MOMENTS = [BEGIN + hours * HOUR for hours in (-2, 3, 6, 9)]  # of looks, one per step


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)],
)
def server(request: pytest.FixtureRequest) -> Iterator[URL | None]:
    if request.param == "sqlite":
        yield None
    else:
        with running() as found:
            yield found


def posts() -> list[Item]:
    """Ten days of usual texts, then an event of twelve hours among them."""
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(START, BEGIN + 12 * HOUR, 420))
    texts = [(float(at), " ".join(rng.choice(USUAL, 3, replace=False))) for at in times]
    times = np.sort(rng.uniform(BEGIN, BEGIN + 12 * HOUR, 80))
    texts += [
        (float(at), " ".join([*rng.choice(FLOOD, 2, replace=False), "harbourtown"])) for at in times
    ]
    return [
        Item(f"post-{place}", title=text, author_id=f"writer-{place}", created_at=at)
        for place, (at, text) in enumerate(sorted(texts))
    ]


def looked(url: str, home: Path, moment: float, step: str = "never") -> bool:
    """Let a process look once; whether it was killed."""
    command = [sys.executable, killed_event_detection.__file__, url, str(home), str(moment), step]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=250)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def found_after(url: str, home: Path, steps: tuple[str, ...]) -> tuple[Any, ...]:
    """Return events, their texts and the kept state after a look at each moment."""
    with Store.open(url) as store:
        left = posts()
        for moment, step in zip(MOMENTS, steps, strict=True):
            new = [one for one in left if one.created_at is not None and one.created_at <= moment]
            store.add_items(new)
            left = left[len(new) :]
            assert looked(url, home, moment, step) == (step != "never"), step
            assert not looked(url, home, moment)
        events = DetectedEvents(store.db)
        result = [
            (one, sorted(text.ref for text in events.texts(one.id, 1_000)))
            for one in events.page(None, None, 9)
        ]
        return result, json.loads(store.get_note(STATE) or "")


def test_kills_at_every_step_change_no_event(server: URL | None, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db" if server is None else emptied(server)
    events, state = found_after(url, tmp_path, STEPS)
    calm = found_after(f"sqlite:///{tmp_path}/calm.db", tmp_path, ("never",) * len(STEPS))
    assert (events, state) == calm
    ((event, texts),) = events
    assert "harbourtown" in event.name and len(texts) > 40
