"""A night is killed inside a step: the older bundle serves on, the next night completes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dying
import httpx
import pytest
from api_server import Server, start
from night_world import call, environment, fill

from jobs.environment import own_modules
from recsys.bundle_store import BundleStore
from recsys.store.store import Store

STEPS = (
    "snapshot distill finetune encode topics flags communities returning entities trends tones"
    " tune baselines fit index gate publish"
).split()


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A home after its first night."""
    home = tmp_path_factory.mktemp("killed") / "home"
    fill(home).close()
    assert call(home, "nightly").returncode == 0
    return home


@pytest.fixture
def home(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    found = start(home)
    yield found
    found.stop()


def night(home: Path, step: str, number: int) -> subprocess.CompletedProcess[str]:
    """Run a night that dies at a file operation of a step; 0: it does not."""
    command = [sys.executable, dying.__file__, step, str(number), "nightly"]
    env = environment(home) | {"PYTHONPATH": own_modules()["PYTHONPATH"]}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def operations(home: Path, step: str) -> int:
    """Return how many file operations a step takes from its folder on."""
    done = night(home, step, 0)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.rpartition("operations: ")[2])


def served(server: Server) -> str:
    """Return the version that a list is made with; the answer is a good one."""
    answer = httpx.get(f"{server.url}/recommend/reader-7?n=5", timeout=20.0)
    assert answer.status_code == 200 and len(answer.json()["items"]) == 5, answer.text
    return str(answer.json()["model_version"])


def left_behind(home: Path) -> list[str]:
    """Return what lies in the folders of bundles and runs, apart from whole bundles."""
    whole = {info.version for info in BundleStore(home).versions() if not info.problem}
    kept = {"current", ".lock", "lock"}
    inside = [path for part in ("bundles", "runs") for path in (home / part).glob("*")]
    return sorted(path.name for path in inside if path.name not in whole | kept)


def killed(home: Path, server: Server, *places: tuple[str, int]) -> None:
    """Kill a night at some places, one after the other, and let the last one through."""
    before, usual = served(server), left_behind(home)
    for step, number in places:
        done = night(home, step, number)
        assert done.returncode in (0, -9), done.stderr
        if done.returncode == 0:  # through before it was killed: too few operations
            break
        # what the first one leaves does not add to what the second leaves
        assert len(left_behind(home)) <= len(usual) + 2, left_behind(home)
        bundles = BundleStore(home)
        for info in bundles.versions():
            assert not info.problem and bundles.open(info.version)  # none is half a bundle
        if bundles.current() == before:
            assert served(server) == before
    last = call(home, "nightly")
    assert last.returncode == 0, last.stderr
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        assert store.runs(1)[0].status == "published"
    version = BundleStore(home).open_current().version
    assert version != before
    until = time.monotonic() + 20
    while served(server) != version and time.monotonic() < until:
        time.sleep(0.1)
    assert served(server) == version
    assert left_behind(home) == usual


def test_a_night_that_dies_in_index_gate_and_publish_leaves_the_service_as_it_was(home, server):
    killed(home, server, ("index", 1), ("gate", 2), ("publish", 12))


@pytest.mark.exhaustive
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("step", STEPS)
def test_a_night_may_die_at_any_step(home, first, server, step, tmp_path):
    """At its first, middle and last file operation; of publish see test_killed_publishes.py."""
    shutil.copytree(first, tmp_path / "other", symlinks=True)
    count = operations(tmp_path / "other", step)
    for number in sorted({1, (count + 1) // 2, count}):
        killed(home, server, (step, number), (step, number))
