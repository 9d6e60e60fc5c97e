"""`recsys ingest`, called as a command: twice, with bad rows, killed, and on a full disk."""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys.data.records import Event
from recsys.store.store import Store

HEAD = "user_id,item_id,event,value,text,timestamp\n"


@pytest.fixture
def ingest(tmp_path, monkeypatch):
    """Run the command in a process of its own; return it finished, or running with wait=False."""

    def ingest(*arguments, wait=True, **options):
        command = [sys.executable, "-m", "jobs.ingest", *map(str, arguments)]
        environment = {**os.environ, "RECSYS_HOME": str(tmp_path / "home"), "RECSYS_STORE": ""}
        process = subprocess.Popen(
            command, env=environment, text=True, stdout=-1, stderr=-1, **options
        )
        if wait:
            process.out, process.err = process.communicate(timeout=240)
        return process

    return ingest


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'home' / 'store.db'}") as store:
        yield store


def write(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def many(n):
    return HEAD + "".join(f"u{k % 997},i{k % 101},rating,{k % 10},,{10**9 + k}\n" for k in range(n))


def test_all_four_files_and_again_without_a_change(tmp_path, ingest, store):
    arguments = (
        "--items",
        write(tmp_path / "i.csv", "item_id,title\n1,One\n2,\n"),
        "--events",
        write(tmp_path / "e.csv.gz", "user_id,item_id\nann,1\nann,1\nann,unknown\n"),
        "--users",
        write(tmp_path / "u.csv", "user_id,name\nann,Ann\n"),
        "--follows",
        write(tmp_path / "f.csv", "user_id,author_id\nann,writer\n"),
        "--json",
    )
    first = json.loads(ingest(*arguments).out)
    assert (first["events"]["new"], first["items"]["changed"]) == (3, 2)
    assert (first["users"]["changed"], first["follows"]["changed"]) == (1, 1)
    assert first["store"] == {"items": 2, "events": 3, "users": 1}
    again = json.loads(ingest(*arguments).out)
    assert (again["events"]["new"], again["events"]["duplicates"]) == (0, 3)
    assert (
        again["items"]["changed"] == again["users"]["changed"] == again["follows"]["changed"] == 0
    )
    assert again["store"] == first["store"]
    assert [event.item_id for event in store.history("ann")] == ["1", "1", "unknown"]


def test_doubtful_items_are_flagged_and_counted(tmp_path, ingest, store):
    rows = "item_id,title,text\n1,One,you stupid idiot\n2,Two,a fine day to be at sea today\n"
    path = write(tmp_path / "i.csv", rows)
    report = json.loads(ingest("--items", path, "--json").out)["items"]
    assert (report["changed"], report["flagged"]) == (2, 1)
    assert store.item("1").metadata["flags"][0]["kind"] == "insult"
    assert store.item("2").metadata == {"language": "en"}
    again = json.loads(ingest("--items", path, "--json").out)["items"]
    assert (again["changed"], again["flagged"]) == (0, 1)


def test_bad_rows_go_to_a_file_and_the_rest_into_the_store(tmp_path, ingest, store):
    path = write(
        tmp_path / "e.csv", HEAD + "a,1,like,,,1000000005\na,2,like,,,soon\n,3,like,,,1000000005\n"
    )
    done = ingest("--events", path, "--json")
    report = json.loads(done.out)["events"]
    assert done.returncode == 0 and (report["new"], report["rejected"]) == (1, 2)
    text = Path(report["reject_file"]).read_text(encoding="utf-8")
    rejects = [json.loads(line) for line in text.splitlines()]
    assert [(row["file"], row["line"], row["column"]) for row in rejects] == [
        (str(path), 3, "timestamp"),
        (str(path), 4, "user_id"),
    ]
    assert json.loads(rejects[0]["raw"])["item_id"] == "2"
    assert "2 bad rows were left out: " + report["reject_file"] in ingest("--events", path).out


def test_several_files_of_a_kind_are_one_ingest_with_an_account_of_each(tmp_path, ingest, store):
    monday = write(tmp_path / "mon.csv", "user_id,item_id,ts\nann,1,1000000001\nann,2,soon\n")
    tuesday = write(tmp_path / "tue.tsv", "user_id\titem_id\nann\t3\nbob\t3\n")
    done = ingest("--events", monday, "--events", tuesday, "--json")
    report = json.loads(done.out)["events"]
    assert (report["new"], report["rejected"]) == (3, 1)
    assert {event.item_id for event in store.history("ann")} == {"1", "3"}
    text = Path(report["reject_file"]).read_text(encoding="utf-8")
    assert json.loads(text)["file"] == str(monday)
    again = json.loads(ingest("--events", tuesday, "--events", monday, "--json").out)["events"]
    assert (again["new"], again["duplicates"]) == (0, 3)


def test_map_holds_for_every_file_that_has_the_column(tmp_path, ingest, store):
    events = write(tmp_path / "e.csv", "user_id,content_id,sku\nann,1,x\n")
    items = write(tmp_path / "i.csv", "content_id,book_id,title\n1,x,One\n")
    refused = ingest("--items", items, "--events", events)
    assert refused.returncode == 1 and "content_id" in refused.err and "book_id" in refused.err
    assert store.counts()["items"] == 0
    done = ingest("--items", items, "--events", events, "--map", "item_id=content_id")
    assert done.returncode == 0, done.err
    assert store.item("1").title == "One"
    assert [event.item_id for event in store.history("ann")] == ["1"]
    wrong = ingest("--events", events, "--map", "item=content_id")
    assert wrong.returncode == 1 and "write COLUMN=NAME" in wrong.err


def test_a_file_of_events_read_with_other_columns_is_warned_of(tmp_path, ingest, store):
    path = write(
        tmp_path / "e.csv", "user_id,item_id,seen_at\nann,1,1700000000\nbob,1,1700000001\n"
    )
    undated = ("--events", path, "--map", "timestamp=")
    first, again = ingest(*undated), ingest(*undated)
    assert "before" not in first.out + again.out
    mapped = ingest("--events", path)
    assert "seen_at as timestamp" in mapped.out
    assert store.counts()["events"] == 4
    assert (
        "this file was ingested before with other columns (user_id, item_id; now "
        "user_id, item_id, timestamp=seen_at), so that 2 of its events are stored twice"
    ) in mapped.out
    assert "before" not in ingest("--events", path, "--map", "timestamp=seen_at").out


def test_strict_stops_at_the_first_bad_row(tmp_path, ingest):
    path = write(tmp_path / "e.csv", HEAD + "a,1,like,,,1000000005\na,2,like,,,soon\n")
    done = ingest("--events", path, "--strict")
    assert done.returncode == 1
    assert f"{path}:3: timestamp 'soon' is not a time" in done.err and "Traceback" not in done.err


def test_a_file_of_bad_rows_only_fails(tmp_path, ingest):
    done = ingest("--events", write(tmp_path / "e.csv", HEAD + "a,,like,,,1000000005\n"))
    assert done.returncode == 1 and "every row was rejected" in done.err


def test_all_files_are_looked_at_before_any_is_read(tmp_path, ingest, store):
    items = write(tmp_path / "i.csv", "item_id\n1\n")
    done = ingest("--items", items, "--events", tmp_path / "none.csv")
    assert done.returncode == 1 and "there is no such file" in done.err
    assert store.counts()["items"] == 0
    done = ingest("--items", items, "--events", write(tmp_path / "e.csv", "who,what\nann,1\n"))
    assert done.returncode == 1 and "--map user_id=NAME" in done.err
    assert store.counts()["items"] == 0
    assert ingest().returncode == 2


def test_a_killed_run_keeps_what_it_stored_and_another_completes_it(tmp_path, ingest, store):
    path = write(tmp_path / "e.csv", many(150_000))
    store.add_events([Event("live", "1", "like")])  # acknowledged before
    process = ingest("--events", path, wait=False)
    deadline = time.monotonic() + 120
    while store.counts()["events"] < 20_000 and time.monotonic() < deadline:
        time.sleep(0.01)  # between looks
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = store.counts()["events"]
    assert 20_000 < kept and store.history("live")
    report = json.loads(ingest("--events", path, "--json").out)["events"]
    assert (report["new"], report["duplicates"]) == (150_001 - kept, kept - 1)
    assert store.counts()["events"] == 150_001


def test_a_full_disk_is_one_line_and_exit_status_1(tmp_path, ingest, store):
    path = write(tmp_path / "e.csv", many(60_000))
    store.close()
    limit = 2_000_000  # bytes that any file may have

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = ingest("--events", path, preexec_fn=full)
    assert done.returncode == 1
    assert "recsys: sqlite:///" in done.err and "Traceback" not in done.err
    assert json.loads(ingest("--events", path, "--json").out)["store"]["events"] == 60_000


def test_help_and_one_log_line_per_file(tmp_path, ingest):
    assert "--strict" in ingest("--help").out
    done = ingest("--events", write(tmp_path / "e.csv", HEAD + "a,1,like,,,1000000005\n"))
    assert done.err.count("ingest: events") == 1 and "1 new, 0 duplicates" in done.out


def test_a_column_that_numbers_the_events_is_doubted(tmp_path, ingest):
    rows = "".join(f"u{k % 9},m{k},{10**9 + k}\n" for k in range(200))
    process = ingest("--events", write(tmp_path / "e.csv", "user_id,messageId,timestamp\n" + rows))
    assert process.returncode and "--map item_id=" in process.out + process.err
    process = ingest("--events", write(tmp_path / "f.csv", "user_id,item_id,timestamp\n" + rows))
    assert "200 have an item of their own" in process.out
    process = ingest("--events", write(tmp_path / "g.csv", many(200)))
    assert "of their own" not in process.out
