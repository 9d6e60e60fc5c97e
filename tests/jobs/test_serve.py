"""`recsys serve`: a real server, a port in use, no bundle."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from jobs.serve import check_free, server_command
from recsys.errors import DataError


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(home, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "RECSYS_HOME": str(home)},
    )


def test_a_port_in_use_is_one_line_and_status_1(tmp_path, port):
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(DataError, match="--port"):
            check_free("127.0.0.1", port)
        process = serve(tmp_path, "--port", str(port))
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and output == ""
    assert f"port {port}" in errors and errors.count("\n") == 1


def test_an_address_of_somebody_else_is_told():
    with pytest.raises(DataError, match=r"203\.0\.113\.1"):
        check_free("203.0.113.1", 8000)


def test_a_port_just_left_is_free(port):
    with socket.create_server(("127.0.0.1", port)) as server:
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()
        client.close()
    check_free("127.0.0.1", port)


def test_the_command_of_each_server():
    granian = server_command("granian", "::1", 81, 3)
    assert granian[granian.index("--blocking-threads") + 1] == "4"
    assert granian[granian.index("--workers") + 1] == "3"
    assert "[::1]:81" in server_command("gunicorn", "::1", 81, 3)


def test_json_prints_the_command_and_does_not_serve(tmp_path):
    output, _ = serve(tmp_path, "--json", "--server", "gunicorn").communicate(timeout=60)
    assert "gunicorn" in json.loads(output)["command"]


def answer(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None


@pytest.mark.parametrize("server", ["granian", "gunicorn"])
def test_it_serves_and_stops_on_a_signal(tmp_path, port, server):
    process = serve(tmp_path, "--port", str(port), "--server", server)
    try:
        until = time.monotonic() + 60
        while answer(f"http://127.0.0.1:{port}/health/live") != 200:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)  # between looks
        assert answer(f"http://127.0.0.1:{port}/health/ready") == 503
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert "recsys nightly" in errors


def test_several_workers_count_together(tmp_path, port):
    old = tmp_path / "metrics" / str(port) / "counter_1.db"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"of the last time")
    process = serve(tmp_path, "--port", str(port), "--workers", "2")
    try:
        until = time.monotonic() + 60
        while answer(f"http://127.0.0.1:{port}/health/live") != 200:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)  # between looks
        address = f"http://127.0.0.1:{port}"
        for _ in range(30):
            answer(f"{address}/health/live")
        with urllib.request.urlopen(f"{address}/metrics", timeout=10) as page:
            text = page.read().decode()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert not old.exists()
    counts = [
        float(line.split()[-1])
        for line in text.splitlines()
        if "_count" in line and "/health/live" in line
    ]
    assert sum(counts) >= 30
