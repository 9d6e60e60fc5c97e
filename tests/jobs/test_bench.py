"""Bench: synthetic worlds of a given size, and the chart of what they took."""

import socket
import threading
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from jobs.bench.growth_chart import growth
from jobs.bench.http_client import Client
from jobs.bench.training_scale import CLUSTERS, TASTES, items_at, world
from jobs.commands.bench import parse_counts, run_scale_benchmark
from recsys.data.dataset import Dataset
from recsys.errors import DataError


def test_a_world_has_the_size_asked_for_and_people_keep_to_their_tastes():
    events, items = world(20_000, seed=0)
    data = Dataset.build(events, items)
    assert (len(data.user), len(data.users), len(data.items)) == (20_000, 2_000, items_at(20_000))
    assert data.timed and (np.diff(data.time) >= 0).all()
    assert world(20_000, seed=0)[0].item.tolist() == events.item.tolist()
    cluster = data.item % CLUSTERS
    own = [len(np.unique(cluster[data.user == user])) for user in range(50)]
    assert np.mean(own) < TASTES + 2  # and some stray
    counts = np.sort(np.bincount(data.item, minlength=len(data.items)))[::-1]
    assert counts[: len(counts) // 5].sum() > 0.4 * counts.sum()
    titles = [set(title.split()) for title in data.table.title]
    assert titles[0] & titles[CLUSTERS] or titles[0] & titles[2 * CLUSTERS]


def test_items_grow_as_the_square_root_of_events():
    assert [items_at(n) for n in (100_000, 1_000_000, 10_000_000, 10**9)] == [
        10_000,
        31_600,
        100_000,
        100_000,
    ]


def test_counts_are_read_or_refused():
    assert parse_counts("1000, 20000") == [1000, 20000] and parse_counts("") == []
    for text in ("many", "10", "1e6", "-5"):
        with pytest.raises(DataError, match="not whole numbers from 1000"):
            parse_counts(text)


RUNS = [
    {"events": 10.0**n, "cpu_seconds": 3.0 * 5 ** (n - 5), "peak_mb": 400.0 + 10 ** (n - 4)}
    for n in (5, 6, 7)
]


def test_the_chart_is_one_file_that_needs_no_network():
    drawn = growth(RUNS, "Fitting <a night>")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}circle")) == 6
    lines = [line.attrib["points"].split() for line in root.findall(f"{space}polyline")]
    assert [len(line) for line in lines] == [2, 3, 2, 3]
    heights = [float(point.split(",")[1]) for point in lines[1]]
    even = [float(point.split(",")[1]) for point in lines[0]]
    assert heights[0] == even[0] and heights[2] > even[1]  # slower than in proportion lies below
    assert "href" not in drawn and "&lt;a night&gt;" in drawn and "3,500" not in drawn
    assert "1,400" in drawn


def test_what_a_world_took_is_told_step_by_step():
    steps = [{"name": "fit", "seconds": 2.0, "peak_mb": 300.0}]
    run = {
        "events": 1000,
        "users": 100,
        "items": 200,
        "engine": "slist 8",
        "seconds": 2.0,
        "cpu_seconds": 1.5,
        "peak_mb": 300.0,
        "bundle_mb": 7.0,
        "steps": steps,
    }
    result = run_scale_benchmark(run)
    assert "1,000 events, 100 users, 200 items: slist 8, 2.0 s" in result[0] and "fit" in result[1]


def speak(pieces, heard):
    """Answer each request on one connection with the next of some lists of pieces."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run():
        with listening, listening.accept()[0] as one:
            for answer in pieces:
                heard.append(one.recv(65_536))
                for piece in answer:
                    one.sendall(piece)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


OK = b"HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 9\r\n\r\n"


def test_answers_come_in_pieces_over_one_connection():
    heard = []
    result = [
        [OK, b'{"a":', b"[1]}"],
        [OK[:20], OK[20:] + b'{"b":[2]}'],
        [b"HTTP/1.1 503 x\r\n", b"content-length: 2\r\n\r\n{}"],
        [OK, b"{}"],
    ]
    client = Client(speak(result, heard))
    assert client.call("GET", "/x") == {"a": [1]}
    assert client.call("POST", "/y", {"n": 1}) == {"b": [2]}
    with pytest.raises(DataError, match="status 503"):
        client.call("GET", "/z")
    with pytest.raises(DataError, match="the connection ended within an answer"):
        client.call("GET", "/cut")
    assert heard[0].startswith(b"GET /x HTTP/1.1\r\n") and heard[0].endswith(b"\r\n\r\n")
    assert heard[1].endswith(b'Content-Length: 8\r\n\r\n{"n": 1}')
    client.close()


def test_an_answer_without_a_length_is_refused():
    client = Client(speak([[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0"]], []))
    with pytest.raises(DataError, match="no answer with a length"):
        client.call("GET", "/")
    client.close()
