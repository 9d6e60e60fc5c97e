"""`evaluate` and `nightly` stop where most events have kinds without a weight."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from night_world import call, fill

from recsys.data.records import Event


def rows(kinds: dict[str, int]) -> list[tuple[str, str, str, float]]:
    """Return so many events of each kind."""
    names = [kind for kind, count in kinds.items() for _ in range(count)]
    return [(f"reader-{n % 7}", f"book-{n}", kind, 1.6e9 + n) for n, kind in enumerate(names)]


@pytest.mark.parametrize(("unknown", "stops"), [(61, True), (60, False)])
def test_evaluate_stops_when_more_than_half_of_a_file_is_unknown(
    tmp_path: Path, unknown: int, stops: bool
) -> None:
    lines = [",".join(map(str, row)) for row in rows({"likee": unknown, "like": 60})]
    file = tmp_path / "events.csv"
    file.write_text("\n".join(["user_id,item_id,event,timestamp", *lines]) + "\n")
    found = call(tmp_path, "evaluate", "--events", str(file), "--models", "popular")
    assert (found.returncode != 0) == stops, found.stderr
    assert "RECSYS_EVENT_WEIGHTS" in found.stderr  # which is told in either case
    assert ('RECSYS_EVENT_WEIGHTS="likee=1"' in found.stderr) == stops
    if stops:
        assert "Traceback" not in found.stderr
        weighed = call(
            tmp_path,
            "evaluate",
            "--events",
            str(file),
            "--models",
            "popular",
            RECSYS_EVENT_WEIGHTS="likee=1",
        )
        assert weighed.returncode == 0, weighed.stderr


def test_evaluate_and_nightly_stop_when_more_than_half_of_the_store_is_unknown(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    with fill(home) as store:  # 480 reads
        store.add_events(
            Event(f"reader-{n % 60}", f"book-{n % 40}", "scrolled_past", timestamp=1.6e9 + n)
            for n in range(481)
        )
    for module in ("evaluate", "nightly"):
        found = call(home, module)
        assert found.returncode not in (0, 3), found.stderr
        assert "scrolled_past (481)" in found.stderr and "RECSYS_EVENT_WEIGHTS" in found.stderr
        assert "Traceback" not in found.stderr
    assert not (home / "bundles" / "current").exists()
    with sqlite3.connect(home / "store.db") as known:  # nothing was removed
        assert known.execute("select count(*) from events").fetchone() == (961,)
