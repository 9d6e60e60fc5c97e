"""What an erasure finds besides the rows of the store: reject files, what a killed night left."""

import json
import threading

import pytest

from jobs.rejected_rows import Rejects
from recsys.data.reading_report import Reject
from recsys.data.records import Event, Follow, Item
from recsys.monitoring.watch_worker import SECRET, WatchWorker
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.store.alerts import Alerts, Evidence
from recsys.store.erasure import HEARD, erase
from recsys.store.file_locks import alone_with, only_one
from recsys.store.store import Store
from recsys.store.user_controls import Wish
from recsys.store.watches import Match, Watches
from recsys.text.sentiment.scorer import SentimentScorer

WHO = "erika.mustermann@example.org"


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event(WHO, "1", "comment", None, "hm", 5.0), Event("bob", "1", "like")])
        store.change_controls(WHO, [Wish("mute", "author", "x")])
        yield store


def place(receipt, name):
    return next(place for place in receipt.places if place.place == name)


def reject(raw, reason="value: 'x' is not a number"):
    return json.dumps({"file": "f", "line": 7, "column": "value", "reason": reason, "raw": raw})


def test_lines_of_reject_files_that_hold_the_id_are_cut_out(store, tmp_path):
    folder = tmp_path / "rejects"
    folder.mkdir()
    others = [reject(json.dumps({"user_id": "bob", "text": f"to {WHO}x"})), reject(f"x{WHO},1,x")]
    own = [
        reject(json.dumps({"user_id": WHO, "item_id": "1"})),
        reject(f"{WHO},1,like,x"),
        reject("{}", f"user_id: {WHO} is wrong"),
    ]
    (folder / "events-a.jsonl").write_text("\n".join([own[0], *others, *own[1:]]) + "\n")
    (folder / "events-b.jsonl").write_text(own[0] + "\n")
    (folder / "events-c.jsonl").write_text(others[0] + "\n")
    receipt = erase(store, tmp_path, WHO)
    assert place(receipt, "reject files").removed == {"reject_files": 2, "reject_lines": 4}
    assert (folder / "events-a.jsonl").read_text() == "\n".join(others) + "\n"
    assert sorted(path.name for path in folder.iterdir()) == ["events-a.jsonl", "events-c.jsonl"]


def users_of(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(json.loads(line)["raw"])["user_id"] for line in lines]


def test_an_ingest_that_is_at_work_loses_no_line_to_an_erasure(store, tmp_path):
    rejects = Rejects(tmp_path / "rejects" / "events-a.jsonl")

    def rows(*users):
        return iter(
            [
                (n, Reject("f", n, "value", "no number", json.dumps({"user_id": user})))
                for n, user in enumerate(users)
            ]
        )

    with rejects.open():
        list(rejects.taken_out(rows("bob", WHO)))
        assert erase(store, tmp_path, WHO).removed["reject_lines"] == 1
        list(rejects.taken_out(rows("carl")))
        list(rejects.taken_out(rows("dora")))
    assert users_of(rejects.path) == ["bob", "carl", "dora"]
    erase(store, tmp_path, "bob")
    with rejects.path.open() as held, alone_with(held) as there:
        assert there
        eraser = threading.Thread(target=erase, args=(store, tmp_path, "carl"))
        eraser.start()
        eraser.join(0.2)
        assert eraser.is_alive() and "carl" in rejects.path.read_text()
        aside = tmp_path / "aside"
        aside.write_text("".join(line for line in held if "dora" not in line))
        aside.replace(rejects.path)  # as another erasure does
    eraser.join(30)
    assert users_of(rejects.path) == []


def test_a_short_id_takes_no_line_of_somebody_elses(store, tmp_path):
    (tmp_path / "rejects").mkdir()
    file = tmp_path / "rejects" / "events-a.jsonl"
    file.write_text(reject(json.dumps({"user_id": "15", "item_id": "51"})) + "\n")
    assert erase(store, tmp_path, "5").empty and erase(store, tmp_path, "1").empty
    assert erase(store, tmp_path, "51").removed["reject_lines"] == 1


def test_what_a_killed_night_left_goes_and_a_night_at_work_is_told_of(store, tmp_path):
    left = tmp_path / "runs" / "3" / "snapshot"
    left.mkdir(parents=True)
    (left / "user.npy").write_bytes(b"1")
    assert erase(store, tmp_path, "nobody").empty and left.exists()
    with only_one(tmp_path, "nightly"):
        receipt = erase(store, tmp_path, WHO)
        assert left.exists() and "at work" in place(receipt, "night files").how
    receipt = erase(store, tmp_path, "bob")
    assert place(receipt, "night files").removed == {"night_folders": 1} and not left.exists()


def test_the_tones_that_nights_remember_go(store, tmp_path):
    (tmp_path / HEARD).parent.mkdir()
    (tmp_path / HEARD).write_bytes(b"1")
    assert erase(store, tmp_path, "nobody").empty and (tmp_path / HEARD).exists()
    receipt = erase(store, tmp_path, WHO)
    assert place(receipt, "tones of comments").removed == {"tone_files": 1}
    assert not (tmp_path / HEARD).exists()


def test_what_is_out_of_reach_is_named(store, tmp_path):
    store.add_items([Item("2", author_id=WHO), Item("3", author_id=WHO)])
    store.add_follows([Follow("bob", WHO)])
    store.change_controls("bob", [Wish("mute", "author", WHO)])
    kept = erase(store, tmp_path, WHO).kept
    assert kept[0].startswith("2 items, 1 follows, 1 controls of others name this id as an author")
    assert "backups" in kept[1]
    assert len(erase(store, tmp_path, "bob").kept) == 1


def test_nothing_of_an_erased_person_is_left_in_the_files(store, tmp_path):
    store.add_items([Item("1", title="tide")])
    said = Event(WHO, "1", "comment", None, "tide of nobody-else", 5.0)
    store.add_events([said, Event(WHO, "1", "share", None, "", 6.0, shared_from="bob")])
    store.add_events([Event("bob", "1", "share", None, "", 7.0, shared_from=WHO)])
    store.change_controls("bob", [Wish("dismiss", "user", WHO)])
    values = {"name": "tides", "query": "tide", "level": "eager", "least_people": 3}
    Watches(store.db).add({**values, "digest": "day"}, 1, 1)
    watcher = WatchWorker(store, SentimentScorer(tmp_path))
    assert watcher.run(None, store.last_change_id(), store.last_event_id())
    reader = WatchedTextReader(None, watcher.scorer, store.get_note(SECRET))
    author = reader.author(WHO).to_bytes(8, "big")
    (event,) = [one.id for one in store.events_after(0, 9) if "tide" in one.text]
    with store.db.write() as connection:
        found = [Match(1, 1, event, 5.0, reader.author(WHO), 0, 0, 0.5, 0.5)]
        Watches(store.db).keep(connection, found)
        Alerts(store.db).set_evidence(connection, 1, [Evidence(1, 0, "first", 1, event, 5.0)])
    data = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert WHO.encode() in data and author in data and b"nobody-else" in data
    erase(store, tmp_path, WHO)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for words in (WHO.encode(), author, b"nobody-else"):
        assert [path.name for path in files if words in path.read_bytes()] == []
    assert store.history("bob") and place(erase(store, tmp_path, "bob"), "store").how.endswith(
        "log emptied"
    )
