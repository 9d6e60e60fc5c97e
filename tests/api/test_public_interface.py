"""No route, parameter, JSON field, command or option goes that programs may rely on."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from public_interface import missing, present

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return present()


@pytest.mark.parametrize("version", ["2c9a487", "0.2.0"])
def test_what_there_was_is_there(now: dict[str, Any], version: str) -> None:
    before = json.loads((FIXTURES / f"interface_{version}.json").read_text())
    assert len(before["routes"]) >= 80 and len(before["commands"]) >= 24
    assert "items[].reasons[].text" in before["routes"]["GET /recommend/{}"]["answer"]
    assert "--json" in before["commands"]["recsys nightly"]
    assert missing(before, now) == []


def test_what_goes_is_named(now: dict[str, Any]) -> None:
    later = copy.deepcopy(now)
    del later["routes"]["GET /health/live"], later["commands"]["recsys keys list"]
    later["routes"]["GET /recommend/{}"]["parameters"].remove("diversity")
    later["routes"]["GET /recommend/{}"]["answer"].remove("items[].score")
    later["commands"]["recsys nightly"].remove("--json")
    assert set(missing(now, later)) == {
        "GET /health/live",
        "GET /recommend/{} answer items[].score",
        "GET /recommend/{} parameters diversity",
        "recsys nightly --json",
        "recsys keys list",
        "recsys keys list --json",
    }
