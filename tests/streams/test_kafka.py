"""The Kafka source: against the mock cluster of the client library, and a real broker."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from forked_commands import run_module
from kafka_broker import create, mock_cluster, real_broker, send
from killed_consumer import FAST, STEPS, TOPIC
from process_killer import environment

from recsys.errors import DataError, StreamError
from recsys.store.store import Store
from recsys.store.stream_positions import Partition, StreamPositions
from recsys.store.stream_rejects import StreamRejects
from recsys.streams.consumer import Consumer
from recsys.streams.event_parser import EventParser
from recsys.streams.kafka_source import KafkaSource, read_properties

SCRIPT = Path(__file__).parent.parent / "support" / "killed_consumer.py"
NOON = 1_700_000_000


@pytest.fixture(scope="module")
def mock():
    with mock_cluster() as address:
        yield address


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def acts(first, last, users=50):
    """Return events that differ all; every third has no time."""
    for n in range(first, last):
        time = {"timestamp": NOON + n} if n % 3 else {}
        yield {"user_id": f"u{n % users}", "item_id": f"i{n}", "event": "view", **time}


def consume(store, address, topic=TOPIC, group="recsys"):
    source = KafkaSource([topic], address, group, FAST)
    return Consumer(store, source, EventParser(), 500).run(threading.Event(), once=True)


def stored(store):
    """Return how often each item has an event; each item is sent once."""
    return Counter(event.item_id for event in store.events_after(0, 1_000_000))


def test_a_topic_is_stored_once_with_what_breaks_it_set_aside(store, mock):
    poison = [b"nonsense", None, b'{"item_id": "1"}', b"x" * 2_000_000]
    send(mock, "poisoned", [*acts(0, 40), *poison, *acts(40, 80)], 2)
    counts = consume(store, mock, "poisoned")
    assert (counts.read, counts.new, counts.rejected, counts.empty) == (84, 80, 3, 1)
    assert set(stored(store).values()) == {1}
    assert max(len(one.body) for one in StreamRejects(store.db).all()) == 2_000_000
    assert consume(store, mock, "poisoned").read == 0  # a new member goes on where the store says
    positions = {one.partition: one.position for one in StreamPositions(store.db).all()}
    assert {n: at for n, at in positions.items() if at} == {0: "42", 1: "42"}
    send(mock, "poisoned", acts(80, 90), 2)
    assert consume(store, mock, "poisoned").new == 10
    # from here on the topic holds nothing at the stored position
    seek = StreamPositions(store.db).seek
    seek("kafka/recsys", Partition("poisoned", 0), "5000", "test")
    with pytest.raises(StreamError, match=r"poisoned\[0\] holds no message at the stored position"):
        consume(store, mock, "poisoned")


def test_without_a_broker_the_consumer_waits_and_ends_when_it_is_told_to(store, caplog, capfd):
    source = KafkaSource([TOPIC], "127.0.0.1:9")
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    source._check_topics = lambda consumer: None  # waits ten seconds for a first answer
    assert Consumer(store, source, EventParser()).run(stop).read == 0
    source._opened = time.monotonic() - 60
    with pytest.raises(StreamError, match="no partition was given"):
        source.ended()  # with --once, an outage is no empty topic
    assert "%3|" not in capfd.readouterr().err  # the client's own line for each try
    lines = [one for one in caplog.records if "reading goes on when the broker" in one.message]
    assert len(lines) == 1


def test_settings_of_the_client(tmp_path):
    path = tmp_path / "kafka.properties"
    path.write_text("# TLS\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b\n")
    assert read_properties(path) == {"security.protocol": "SASL_SSL", "sasl.password": "a=b"}
    for line, words in (
        ("nonsense", "write name=value"),
        ("isolation.level=read_uncommitted", "is decided by recsys"),
        ("group.id=mine", "is decided by recsys"),
    ):
        path.write_text(f"\n{line}\n")
        with pytest.raises(DataError, match=f"kafka.properties:2: .*{words}"):
            read_properties(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_properties(tmp_path / "none")
    with pytest.raises(DataError, match="no broker is named"):
        KafkaSource([TOPIC])
    odd = KafkaSource([TOPIC], "127.0.0.1:9", properties={"no.such.setting": "1"})
    with pytest.raises(DataError, match="refuses its settings"):
        odd.open(lambda partitions: {}, lambda partitions: None)


def start(url, place, step="-", count=0, batch=500, **more):
    call = [sys.executable, str(SCRIPT), url, place, step, str(count), str(batch)]
    return subprocess.Popen(call, env=environment() | more, stdout=subprocess.PIPE)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_consumer_of_a_folder_loses_and_doubles_nothing(store, tmp_path, step):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = "".join(json.dumps(one) + "\n" for one in acts(0, 2_000))
    (inbox / "a.jsonl").write_text(lines)
    url = f"sqlite:///{tmp_path}/store.db"
    killed = start(url, f"folder:{inbox}", step, 2)
    assert killed.wait() == -signal.SIGKILL
    assert store.counts()["events"] in (500, 1_000)
    ended = start(url, f"folder:{inbox}")
    assert ended.wait() == 0
    ended.stdout.close(), killed.stdout.close()
    assert stored(store) == dict.fromkeys((f"i{n}" for n in range(2_000)), 1)


@pytest.fixture
def broker():
    with real_broker({TOPIC: 4}) as broker:
        yield broker


@pytest.fixture
def url(store_url):
    return store_url


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_twenty_kills_lose_and_double_nothing(url, broker):
    count = send(broker.address, TOPIC, acts(0, 30_000), 4)
    with Store.open(url) as store:
        for number in range(20):
            step = STEPS[number % len(STEPS)]
            with start(url, f"kafka:{broker.address}", step, 1 + number % 4) as process:
                assert process.wait(120) == -signal.SIGKILL
        consume(store, broker.address)
        assert stored(store) == dict.fromkeys((f"i{n}" for n in range(count)), 1)


@pytest.fixture
def begin(url, broker):
    """Start consumers that go on until they are told to end."""
    begun = []

    def begin(step="-", count=0):
        place = f"kafka:{broker.address}"
        begun.append(start(url, place, step, count, 100, CONSUME="for ever"))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_two_zombies_and_a_rebalance_lose_and_double_nothing(url, broker, begin):
    """Two consumers are suspended in the middle, others take over, then both go on."""
    count = send(broker.address, TOPIC, acts(0, 30_000), 4)
    with Store.open(url) as store:

        def wait(events):
            until = time.monotonic() + 120
            while store.counts()["events"] < events:
                assert time.monotonic() < until
                time.sleep(0.02)

        # after a read: a process that is suspended inside a transaction stops every other writer
        zombies = [begin("read", -5) for _ in range(2)]
        for zombie in zombies:
            assert os.WIFSTOPPED(os.waitpid(zombie.pid, os.WUNTRACED)[1])
        heirs = [begin() for _ in range(2)]
        wait(5_000 + store.counts()["events"])
        for zombie in zombies:
            zombie.send_signal(signal.SIGCONT)
        heirs[0].send_signal(signal.SIGTERM)  # its partitions go to the others
        wait(count)
        for process in (*zombies, *heirs):
            process.send_signal(signal.SIGTERM)
        ends = [process.wait(60) for process in (*zombies, *heirs)]
        assert ends == [0, 0, 0, 0]
        assert stored(store) == dict.fromkeys((f"i{n}" for n in range(count)), 1)
        epochs = [one.epoch for one in StreamPositions(store.db).all()]
        assert len(epochs) == 4 and min(epochs) > 1


@pytest.mark.exhaustive
def test_a_broker_that_answers_nothing_for_a_while(store, broker):
    send(broker.address, TOPIC, acts(0, 1_000), 4)
    source, stop = KafkaSource([TOPIC], broker.address, properties=FAST), threading.Event()
    work = Consumer(store, source, EventParser(), 100)
    thread = threading.Thread(target=work.run, args=(stop,))
    thread.start()
    until = time.monotonic() + 90
    while work.counts.new < 1_000 and time.monotonic() < until:
        time.sleep(0.01)
    broker.pause()
    time.sleep(8)  # longer than the session
    broker.go_on()
    send(broker.address, TOPIC, acts(1_000, 2_000), 4)
    while work.counts.new < 2_000 and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert set(stored(store).values()) == {1} and work.counts.new == 2_000


@pytest.mark.exhaustive
def test_a_message_of_ten_megabytes_is_kept_whole(store, broker):
    """The mock cluster keeps five megabytes of a partition."""
    send(broker.address, TOPIC, [*acts(0, 9), b"x" * 10_000_000, *acts(9, 18)], 2)
    counts = consume(store, broker.address)
    assert (counts.new, counts.rejected) == (18, 1)
    assert [len(one.body) for one in StreamRejects(store.db).all()] == [10_000_000]


@pytest.mark.exhaustive
def test_a_topic_that_is_not_there_is_named(store, broker):
    create(broker.address, {"others": 1})
    with pytest.raises(StreamError, match="topic 'absent' is not there.*others"):
        consume(store, broker.address, "absent")


def test_commands(tmp_path):
    """From the command line: consume, look at the rejects, retry with a name, drop, seek."""
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    rows = [{"user_id": "ann", "item_id": "1"}, {"user_id": "ann", "thing": "2"}, "nonsense"]
    (inbox / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = environment() | {"RECSYS_HOME": str(home)}

    def recsys(*words, status=0):
        done = run_module("jobs.cli", words, settings)
        assert done.returncode == status, done.stderr
        said.append(done.stderr)
        return done.stdout

    said = []
    counts = json.loads(recsys("consume", "--folder", str(inbox), "--once", "--json"))
    assert (counts["new"], counts["rejected"]) == (1, 2)
    shown = json.loads(recsys("streams", "rejects", "--json"))
    assert [one["column"] for one in shown] == ["item_id", ""]
    retried = json.loads(recsys("streams", "retry", "--map", "item_id=thing", "--json"))
    assert retried["new"] == 1 and [one["id"] for one in retried["left"]] == [shown[1]["id"]]
    recsys("streams", "drop", str(shown[1]["id"]))
    assert recsys("streams", "rejects") == ""
    (place,) = json.loads(recsys("streams", "list", "--json"))
    assert place["position"] == str((inbox / "a.jsonl").stat().st_size)
    recsys("streams", "seek", "--source", place["source"], "--topic", "a.jsonl", "--to", "0")
    again = json.loads(recsys("consume", "--folder", str(inbox), "--once", "--json"))
    assert (again["duplicates"], again["rejected"]) == (1, 2)
    recsys("consume", status=2)
    recsys("streams", "retry", "999", status=1)
    recsys("streams", "drop", "999", status=1)
    assert "there is no reject 999" in said[-1]
    recsys("streams", "seek", "--source", "folder:inbocks", "--topic", "a.jsonl", "--to", "0")
    assert "folder:inbocks a.jsonl[0] was never read before" in said[-1]


def test_a_signal_ends_the_command_after_its_batch(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.jsonl").write_text('{"user_id": "ann", "item_id": "1"}\n')
    settings = environment() | {"RECSYS_HOME": str(tmp_path / "home")}
    call = [sys.executable, "-m", "jobs.cli", "consume", "--folder", str(inbox)]
    with subprocess.Popen(call, env=settings, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        url = f"sqlite:///{tmp_path}/home/store.db"
        while time.monotonic() < until:
            if (tmp_path / "home" / "store.db").exists():
                with Store.open(url) as store:
                    if store.counts()["events"]:
                        break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert "1 read, 1 new" in process.stdout.read()
    assert process.returncode == 0
