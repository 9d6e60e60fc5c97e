"""`recsys evaluate` where there is hardly anything: figures, or a sentence that says why not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs.commands.evaluate import command
from recsys.errors import DataError

EVERYBODY_ALIKE = "user_id,item_id\n" + "".join(
    f"u{user},i{item}\n" for user in range(3) for item in range(user, user + 3)
)
ONE_EVENT = "user_id,item_id\nann,book\n"
ONE_READER = "user_id,item_id\n" + "".join(f"ann,i{item}\n" for item in range(4))
AT_ONE_MOMENT = "user_id,item_id,timestamp\n" + "".join(
    f"u{n % 5},i{n % 3},1700000000\n" for n in range(12)
)
NOTHING_BEFORE = "user_id,item_id,event,timestamp\n" + "".join(
    f"u{n % 4},i{n},{'view' if n > 6 else 'dislike'},{1_700_000_000 + n}\n" for n in range(14)
)


@pytest.mark.parametrize("protocol", ["time", "leave-last-out", "cold-items", "replay"])
@pytest.mark.parametrize(
    "events", [EVERYBODY_ALIKE, ONE_EVENT, ONE_READER, AT_ONE_MOMENT, NOTHING_BEFORE]
)
def test_figures_are_finite_or_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: str, protocol: str
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    (tmp_path / "events.csv").write_text(events)
    out = tmp_path / "out.json"
    options = [
        "--events",
        str(tmp_path / "events.csv"),
        "--protocol",
        protocol,
        "--test-share",
        "0.5",
        "--json",
        str(out),
    ]
    found = CliRunner().invoke(command, options)
    if found.exception is not None:
        assert isinstance(found.exception, DataError), found.exception
        assert "has no queries" in str(found.exception)
        return
    for row in json.loads(out.read_text())["models"].values():
        assert all(math.isfinite(one["mean"]) for one in row["metrics"].values())


def test_a_small_world_is_judged_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_figures_are_finite_or_the_reason_is_told(
        tmp_path, monkeypatch, EVERYBODY_ALIKE, "leave-last-out"
    )
    assert json.loads((tmp_path / "out.json").read_text())["data"]["test_users"] == 3
