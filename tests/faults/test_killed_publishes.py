"""A night is killed at each file operation of its publish step, with and without an older bundle.

What comes before `publish` is done once: each kill starts from a copy of that home, and the night
after it takes up the steps that are done, as it does in service.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from forked_commands import run_module
from night_world import environment, fill

from api.app import create_app
from jobs.environment import own_modules
from recsys.bundle_store import BundleStore
from recsys.settings import Settings
from recsys.store.store import Store

ALIKE = 8  # operations from one that is tried to the next, within those of one kind
CLEANED = 16  # the same while the run's files are removed, after the night has published
TWICE = 16  # operations from one that is killed twice to the next
STATES = {"older bundle": 1, "no bundle": 0}  # complete nights before the killed one


def run(home: Path, number: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a night to its end, or until it dies at a file operation of publish; 0: it does not."""
    env = environment(home) | {"PYTHONPATH": own_modules()["PYTHONPATH"]}
    if number is None:
        return run_module("jobs.cli", ["nightly"], env)
    return run_module("dying", ["publish", str(number), "nightly"], env)


class Prepared:
    """A home whose night has done all its steps but publish, as often as it is wanted.

    It always lies in the same folder: a night in another one is not taken up.
    """

    def __init__(self, folder: Path, nights: int) -> None:
        """`nights`: how many have published a bundle before."""
        self.home, self.saved = folder / "home", folder / "saved"
        fill(self.home).close()
        for _ in range(nights):
            assert run(self.home).returncode == 0
        assert run(self.home, 1).returncode == -9
        shutil.copytree(self.home, self.saved, symlinks=True)

    def restore(self) -> Path:
        """Put the home back as it was, and return it."""
        shutil.rmtree(self.home)
        shutil.copytree(self.saved, self.home, symlinks=True)
        return self.home


@pytest.fixture(scope="module", params=STATES)
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A home whose night is about to publish."""
    return Prepared(tmp_path_factory.mktemp("publish"), STATES[request.param])


def serve(home: Path) -> tuple[int, str | None]:
    """Open a service over a home; return the status of a list and the bundle it is made with."""
    app = create_app(Settings(home=home, access_log=False), background=False)
    try:
        answer = app.test_client().get("/recommend/reader-7?n=5")
    finally:
        app.extensions["service"].close()
    if answer.status_code == 200:
        assert len(answer.json["items"]) == 5, answer.text
    return answer.status_code, answer.json.get("model_version")


def check_killed(home: Path, before: str | None) -> None:
    """Whatever lies in the home is whole, and the service opens what is current.

    Without a current bundle it opens the one that was just moved into place, if there is one.
    """
    bundles = BundleStore(home)
    whole = [info.version for info in bundles.versions()]
    for info in bundles.versions():
        assert not info.problem and bundles.open(info.version)
    current = bundles.current()
    assert before is None or current is not None
    assert serve(home) == ((200, current or whole[0]) if whole else (503, None))


def left_behind(home: Path) -> set[str]:
    """Return the names in the folders of bundles and runs that are neither bundles nor locks."""
    versions = {info.version for info in BundleStore(home).versions()}
    found = {path.name for part in ("bundles", "runs") for path in (home / part).glob("*")}
    return found - versions - {"current", ".lock", "lock"}


def check_one(home: Path, number: int) -> bool:
    """Kill a night at an operation of publish, and let the next one through.

    Each `TWICE`th operation is killed twice. True: the killed night had published already.
    """
    before = BundleStore(home).current()
    kill(home, number, before)
    published = status(home) == "published"
    if not number % TWICE:
        kill(home, number, before)
    last = run(home)
    assert last.returncode == 0, last.stderr
    current = BundleStore(home).current()
    assert status(home) == "published" and current != before
    assert serve(home) == (200, current)
    assert not left_behind(home)
    return published


def kill(home: Path, number: int, before: str | None) -> None:
    """Kill a night at an operation of publish, and check what it leaves."""
    killed = run(home, number)
    assert killed.returncode == -9, killed.stderr
    check_killed(home, before)


def status(home: Path) -> str:
    """Return the status of the last night."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        return store.runs(1)[0].status


def chosen(kinds: Sequence[str]) -> list[int]:
    """Return the numbers, from 1, of operations of another kind than one beside, and some more."""
    beside = ["", *kinds, ""]
    return [
        at
        for at in range(1, len(kinds) + 1)
        if not at % ALIKE or len({*beside[at - 1 : at + 2]}) > 1
    ]


@pytest.mark.exhaustive
@pytest.mark.timeout(3_600)
def test_a_night_may_die_at_any_file_operation_of_publish(prepared):
    """At each where another kind begins or ends, and of the files of a bundle at some."""
    whole = run(prepared.restore(), 0)
    kinds = whole.stderr.rpartition("kinds: ")[2].partition("\n")[0].split()
    tried, late = 0, 0
    for number in chosen(kinds):
        if late and number % CLEANED:
            continue
        try:
            late += check_one(prepared.restore(), number)
        except AssertionError as error:
            raise AssertionError(f"operation {number} of {len(kinds)}") from error
        tried += 1
    print(f"{tried} of {len(kinds)} operations, {late} of them after the night had published")
    assert tried > 30 and 5 <= late < tried
