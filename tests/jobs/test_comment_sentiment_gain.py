"""The gain of the tone of comments in a world where words and verdicts agree."""

import csv
import json
import zlib

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.bench.comment_sentiment_gain import command, folds, parse_strengths
from recsys.data.item_and_event_readers import load_events
from recsys.errors import DataError

PRAISE, SCORN = "a wonderful film, I loved it", "a terrible, boring film"


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Half of the films are good: nine of ten critics say so; all are reviewed equally often."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    items, events = tmp_path / "items.csv", tmp_path / "events.csv"
    items.write_text("item_id,title\n" + "".join(f"f{n},Film {n}\n" for n in range(30)), "utf-8")
    with events.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("user_id", "item_id", "event", "timestamp", "text"))
        for user in range(60):
            for item in rng.permutation(30)[:16].tolist():
                good = (item % 2 == 0) != (rng.random() < 0.1)
                time = 1_000_000_000 + 100 * user + item
                result = ("like", PRAISE) if good else ("dislike", SCORN)
                rows.writerow((f"c{user}", f"f{item}", result[0], time, result[1]))
    return items, events


def test_words_are_worth_as_much_as_verdicts_where_they_agree(world):
    items, events = world
    arguments = ["--items", str(items), "--events", str(events), "--minutes", "0.02", "--json"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    rows = {row["reading"]: row for row in json.loads(result.output.splitlines()[-1])}
    assert list(rows) == ["ignored", "text", "verdict"]
    assert rows["ignored"]["like_rate"] < 0.7 < 0.8 < rows["text"]["like_rate"]
    assert rows["text"]["like_rate"] == pytest.approx(rows["verdict"]["like_rate"], abs=0.05)
    assert rows["text"]["users"] > 30


def test_pairs_are_held_out_by_the_hash_of_their_ids(world):
    events = load_events([world[1]])
    found = folds(events)
    names = [
        f"{events.users[int(u)]}-{events.items[int(i)]}"
        for u, i in zip(events.user, events.item, strict=True)
    ]
    assert found.tolist() == [zlib.crc32(name.encode()) % 5 for name in names]


@pytest.mark.parametrize("text", ["", "a", "1,5", "-1", "nan"])
def test_strengths_that_are_no_numbers_are_refused(text):
    with pytest.raises(DataError, match="--strengths"):
        parse_strengths(text)


def test_files_without_verdicts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    path = tmp_path / "events.csv"
    path.write_text("user_id,item_id,event\na,b,view\n", "utf-8")
    with pytest.raises(DataError, match="likes and dislikes"):
        CliRunner().invoke(
            command, ["--items", str(path), "--events", str(path)], catch_exceptions=False
        )
