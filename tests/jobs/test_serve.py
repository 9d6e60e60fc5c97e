"""`recsys serve`: a real server, a port in use, no bundle."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from api_server import free_port
from forked_commands import run_module

from jobs.commands.serve import check_free, server_command
from jobs.environment import own_modules
from recsys.errors import DataError


@pytest.fixture
def port():
    return free_port()


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
    own = server_command("uvicorn", "::1", 81, 3)
    assert (
        own[own.index("--workers") + 1] == "3"
        and own[own.index("--app") + 1] == "api.runtime.worker_process"
    )
    assert "-P" in own and "-P" in server_command("gunicorn", "::1", 81, 3)


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


@pytest.mark.parametrize("server", ["uvicorn", "granian", "gunicorn"])
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


def up(process, port):
    until = time.monotonic() + 120
    while answer(f"http://127.0.0.1:{port}/health/live") != 200:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.2)  # between looks


def test_several_workers_count_together_and_map_no_file_of_the_home(tmp_path, port):
    process = serve(tmp_path, "--port", str(port), "--workers", "2")
    address = f"http://127.0.0.1:{port}"
    try:
        up(process, port)
        for _ in range(30):
            answer(f"{address}/health/live")
        until, counted = time.monotonic() + 60, 0.0
        while counted < 30:
            assert time.monotonic() < until
            with urllib.request.urlopen(f"{address}/metrics", timeout=10) as page:
                lines = page.read().decode().splitlines()
            found = [line for line in lines if "_count" in line and "/health/live" in line]
            counted = sum(float(line.split()[-1]) for line in found)
            time.sleep(0.2)  # a worker leaves its figures once a second
        for child in psutil.Process(process.pid).children():
            maps = Path(f"/proc/{child.pid}/maps").read_text().splitlines()
            written = [line for line in maps if str(tmp_path) in line and "rw-s" in line]
            # SQLite's own, whose every page it writes before it maps it
            assert all(line.endswith("-shm") for line in written)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert not (tmp_path / "metrics").exists()


def test_settings_that_are_wrong_are_one_sentence_and_status_1(tmp_path, port, monkeypatch):
    monkeypatch.setenv("RECSYS_AUTH", "perhaps")
    process = serve(tmp_path, "--port", str(port), "--workers", "2")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors.count("RECSYS_AUTH = 'perhaps': must be one of") == 1
    assert "Traceback" not in errors


def test_settings_that_only_a_worker_can_check_end_the_server(tmp_path, port, monkeypatch):
    monkeypatch.setenv("RECSYS_SAFETY_MODEL", "no_such_module:scores")
    process = serve(tmp_path, "--port", str(port), "--workers", "2")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors.count("RECSYS_SAFETY_MODEL=no_such_module:scores") == 1
    assert "Traceback" not in errors


def test_workers_that_cannot_start_end_the_server(tmp_path, port):
    command = server_command("uvicorn", "127.0.0.1", port, 1)
    command[command.index("api.runtime.worker_process")] = "api.no_such_module"
    done = subprocess.run(
        command, env=own_modules(), cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert "no_such_module" in done.stderr and "no worker can start" in done.stderr


def test_ctrl_c_ends_it_in_order(tmp_path, port):
    process = serve(tmp_path, "--port", str(port), "--workers", "2")
    up(process, port)
    workers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in errors
    assert not any(worker.is_running() for worker in workers)


FOREIGN = ("api", "jobs", "recsys", "numpy", "uvicorn", "gunicorn", "granian", "json", "flask")


MANY = pytest.mark.exhaustive


@pytest.mark.parametrize(
    ("server", "package"),
    [
        ("uvicorn", True),
        ("granian", False),
        ("gunicorn", False),
        pytest.param("uvicorn", False, marks=MANY),
        pytest.param("granian", True, marks=MANY),
        pytest.param("gunicorn", True, marks=MANY),
    ],
)
def test_a_folder_with_modules_of_the_same_names_is_not_looked_into(
    tmp_path, port, server, package
):
    shop = tmp_path / "shop"
    shop.mkdir()
    for name in FOREIGN:
        place = shop / name / "__init__.py" if package else shop / f"{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text("raise SystemExit('the module of the shop was run')\n")
    program = Path(sys.executable).with_name("recsys")
    process = subprocess.Popen(
        [program, "serve", "--port", str(port), "--server", server, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=shop,
        env={**os.environ, "RECSYS_HOME": str(tmp_path / "home")},
    )
    try:
        up(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert "the shop" not in output + errors


ROOT = Path(__file__).parents[2]
NAMED = ("demo", "ingest", "nightly", "evaluate", "tone", "recommend", "serve", "bundles", "bench")


def test_each_command_is_a_module_in_a_checkout():
    for name in NAMED:
        done = run_module(f"jobs.{name}", ["--help"], os.environ, ROOT)
        assert done.returncode == 0 and "Usage" in done.stdout, (name, done.stderr)


def test_a_wheel_brings_one_name_and_both_ways_to_call_it(tmp_path):
    source, wheels, target = tmp_path / "source", tmp_path / "wheels", tmp_path / "target"
    for name in ("recsys", "jobs", "api"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-index"]
    built = [*pip, "wheel", *alone, "--no-build-isolation", "-w", str(wheels), str(source)]
    subprocess.run(built, check=True, timeout=240)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([*pip, "install", *alone, "--target", target, wheel], check=True, timeout=240)
    names = {path.name for path in target.iterdir()} - {"bin"}
    assert {name for name in names if not name.endswith(".dist-info")} == {"recsys"}
    installed = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    for name, inside in (("recsys", ""), ("jobs", "recsys/"), ("api", "recsys/")):
        files = {str(path.relative_to(source)) for path in (source / name).rglob("*")}
        wanted = {
            inside + one
            for one in files
            if (source / one).is_file() and "command_aliases" not in one  # of a checkout
        }
        assert wanted <= installed, sorted(wanted - installed)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    for command in ([str(target / "bin" / "recsys")], [sys.executable, "-m", "recsys"]):
        for more in ([], ["serve"]):
            result = subprocess.run(
                [*command, *more, "--help"],
                env=environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert result.returncode == 0 and "Usage" in result.stdout, result.stderr
