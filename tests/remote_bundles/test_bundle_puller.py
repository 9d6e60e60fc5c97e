"""A replica pulls what differs, and never has half a version."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import object_server
import pytest
from process_killer import environment

from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError, ObjectStoreError
from recsys.object_storage import s3_objects
from recsys.object_storage.s3_objects import S3Objects
from recsys.remote_bundles import bundle_puller
from recsys.remote_bundles.bundle_puller import BundlePuller
from recsys.remote_bundles.pull_state import PullState
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore


@pytest.fixture
def night(tmp_path):
    return BundleStore(tmp_path / "night")


@pytest.fixture
def here(tmp_path):
    return BundleStore(tmp_path / "replica")


@pytest.fixture
def remote(objects):
    return RemoteBundleStore(objects)


@pytest.fixture
def s3(proxy, prefix, monkeypatch):
    monkeypatch.setattr(s3_objects, "_RETRIES", 1)
    return RemoteBundleStore(S3Objects(object_server.BUCKET, prefix))


def made(night, version, size=1_000):
    number = int(version[1:])
    arrays = {"same": np.arange(size), "own": np.full(size, number), "half": np.arange(size) % 7}
    night.publish(lambda f: write_bundle(f, arrays, {}, {"created": float(number)}), version)
    return night.folder / version


def whole(here):
    """Return the versions of a home; each is read and compared."""
    return [here.open(info.version).version for info in here.versions()]


def test_the_current_version_is_pulled(remote, night, here):
    remote.push(made(night, "v1"))
    puller = BundlePuller(here, remote)
    assert puller.pull() == "v1" and here.current() == "v1" and whole(here) == ["v1"]
    assert puller.pull() is None
    manifest = (here.folder / "v1" / "manifest.json").read_bytes()
    assert manifest == (night.folder / "v1" / "manifest.json").read_bytes()


def test_nothing_is_there_yet(remote, here):
    assert BundlePuller(here, remote).pull() is None and here.current() is None


def test_only_what_differs_is_downloaded(s3, proxy, night, here):
    s3.push(made(night, "v1"))
    puller = BundlePuller(here, s3)
    puller.pull()
    s3.push(made(night, "v2"))
    proxy.asked.clear()
    assert puller.pull() == "v2"
    read = [path for method, path in proxy.asked if method == "GET" and "/objects/" in path]
    assert len(read) == 1 and read[0].endswith(s3.manifest("v2").files["own.npy"]["sha256"])
    first, second = (os.stat(here.folder / version / "same.npy") for version in ("v1", "v2"))
    assert first.st_ino == second.st_ino


def test_a_look_without_news_is_one_small_request(s3, proxy, night, here):
    s3.push(made(night, "v1"))
    puller = BundlePuller(here, s3)
    puller.pull()
    proxy.asked.clear()
    assert puller.pull() is None and len(proxy.asked) == 1


def test_the_version_before_stays_and_older_ones_go(remote, night, here):
    puller = BundlePuller(here, remote)
    for version in ("v1", "v2", "v3"):
        remote.push(made(night, version))
        puller.pull()
    assert whole(here) == ["v3", "v2"]
    remote.rollback("v1")
    assert puller.pull(["v2"]) == "v1" and here.current() == "v1"
    assert "v2" in whole(here)


def test_versions_of_experiments_are_pulled_and_stay(remote, night, here):
    for version in ("v1", "v2", "v3", "v4"):
        remote.push(made(night, version))
    puller = BundlePuller(here, remote)
    assert puller.pull(["v1"]) == "v4" and whole(here) == ["v4", "v1"]
    with pytest.raises(BundleError, match="no bundle 'v9'"):
        puller.pull(["v9"])
    assert here.current() == "v4"


def test_a_night_of_the_home_itself_stays_until_current_is_written(remote, night, here):
    remote.push(made(night, "v1"))
    BundlePuller(here, remote).pull()
    made(here, "v5")  # a night whose push failed
    assert BundlePuller(here, remote).pull() is None and here.current() == "v5"
    remote.push(here.folder / "v5")
    BundlePuller(here, remote).pull()
    remote.rollback("v1")
    assert BundlePuller(here, remote).pull() == "v1" and here.current() == "v1"
    assert "v5" in whole(here)


def test_an_old_copy_of_current_is_not_followed(s3, proxy, night, here, caplog):
    s3.push(made(night, "v1"))
    assert s3.current() == "v1"  # the proxy keeps this answer
    s3.push(made(night, "v2"))
    BundlePuller(here, s3).pull()
    proxy.fault = lambda method, path: "old" if path.endswith("/current") else ""
    assert BundlePuller(here, s3).pull() is None and here.current() == "v2"
    assert "old copy of `current`" in caplog.text
    proxy.fault = lambda method, path: ""
    s3.rollback("v1")
    assert BundlePuller(here, s3).pull() == "v1"


def test_a_store_that_was_made_anew_is_followed(remote, night, here):
    for version in ("v1", "v2"):
        remote.push(made(night, version))
    BundlePuller(here, remote).pull()
    remote.objects.delete(["current"])
    remote.push(night.folder / "v1")
    assert BundlePuller(here, remote).pull() == "v1"


@pytest.mark.parametrize("fault", ["503", "flip", "short", "truncate"])
def test_faulty_objects_change_nothing(s3, proxy, night, here, fault):
    s3.push(made(night, "v1"))
    puller = BundlePuller(here, s3)
    puller.pull()
    s3.push(made(night, "v2"))
    proxy.fault = lambda method, path: fault if "/objects/" in path else ""
    with pytest.raises((BundleError, ObjectStoreError), match="objects/"):
        puller.pull()
    assert here.current() == "v1" and whole(here) == ["v1"]
    proxy.fault = lambda method, path: ""
    assert puller.pull() == "v2" and whole(here) == ["v2", "v1"]


@pytest.mark.parametrize("what", ["current", "versions/"])
def test_a_flipped_pointer_or_manifest_changes_nothing(s3, proxy, night, here, what):
    s3.push(made(night, "v1"))
    puller = BundlePuller(here, s3)
    puller.pull()
    s3.push(made(night, "v2"))
    proxy.fault = lambda method, path: "flip" if what in path else ""
    with pytest.raises(BundleError):
        puller.pull()
    assert here.current() == "v1" and whole(here) == ["v1"]


def test_an_object_that_is_damaged_once_is_read_again(s3, proxy, night, here):
    s3.push(made(night, "v1"))
    left = [1]

    def once(method, path):
        left[0] -= "/objects/" in path
        return "flip" if "/objects/" in path and left[0] == 0 else ""

    proxy.fault = once
    assert BundlePuller(here, s3).pull() == "v1" and whole(here) == ["v1"]


def test_a_file_of_the_home_that_is_damaged_is_downloaded(remote, night, here):
    remote.push(made(night, "v1"))
    BundlePuller(here, remote).pull()
    damaged = here.folder / "v1" / "same.npy"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + b"\xff")
    remote.push(made(night, "v2"))
    BundlePuller(here, remote).pull()
    assert here.open("v2").version == "v2"


def test_a_damaged_current_version_is_pulled_again_at_the_start(remote, night, here):
    remote.push(made(night, "v1"))
    BundlePuller(here, remote).pull()
    before = here.identity("v1")
    (here.folder / "v1" / "own.npy").write_bytes(b"")
    assert BundlePuller(here, remote).pull() is None
    assert here.open("v1") and here.identity("v1") != before


def test_files_that_were_complete_are_not_downloaded_again(s3, proxy, night, here, monkeypatch):
    monkeypatch.setattr(bundle_puller, "_PARALLEL", 1)
    s3.push(made(night, "v1"))
    last = sorted(entry["sha256"] for entry in s3.manifest("v1").files.values())[-1]
    proxy.fault = lambda method, path: "503" if last in path else ""
    with pytest.raises(ObjectStoreError):
        BundlePuller(here, s3).pull()
    kept = len(list((here.folder / ".pull").iterdir()))
    proxy.fault = lambda method, path: ""
    proxy.asked.clear()
    BundlePuller(here, s3).pull()
    assert len([path for _, path in proxy.asked if "/objects/" in path]) == 3 - kept
    assert not (here.folder / ".pull").exists()


def test_a_full_disk_is_told(remote, night, here, monkeypatch):
    remote.push(made(night, "v1"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_puller.os, "fsync", full)
    with pytest.raises(BundleError, match="No space left.*free some space"):
        BundlePuller(here, remote).pull()
    assert here.current() is None and whole(here) == []


def test_the_state_of_another_store_is_not_used(tmp_path):
    state = PullState("s3://bundles/a", "v1", 3, "x")
    state.write(tmp_path)
    assert PullState.read(tmp_path, "s3://bundles/a") == state
    assert PullState.read(tmp_path, "s3://bundles/b").pointer is None
    (tmp_path / ".remote.json").write_text("{")
    assert PullState.read(tmp_path, "s3://bundles/a").pointer is None


PULL = """
import os, signal, sys
from pathlib import Path
from recsys.bundle_store import BundleStore
from recsys.remote_bundles.bundle_puller import BundlePuller
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore

left = int(sys.argv[3])

def dying(name):
    real = getattr(os, name)
    def call(*arguments, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **more)
    setattr(os, name, call)

for name in ("fsync", "rename", "link", "replace"):
    dying(name)
BundlePuller(BundleStore(Path(sys.argv[1])), RemoteBundleStore.open(sys.argv[2])).pull()
"""


def killed_at(step, here, remote):
    """Pull in a process that is killed before its n-th change of the disk; False if it ended."""
    done = subprocess.run(
        [sys.executable, "-c", PULL, str(here.folder.parent), remote.url, str(step)],
        env=environment(),
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def kill_pulls(steps, here, night, remote):
    """Kill pulls of a new version at steps; what a worker would open is always whole."""
    remote.push(made(night, "v1", 50_000))
    BundlePuller(here, remote).pull()
    remote.push(made(night, "v2", 50_000))
    for step in steps:
        assert killed_at(step, here, remote)
        assert here.open_current().version == here.current()
        whole(here)
        if here.current() == "v2":  # killed after the switch
            remote.rollback("v1")
            BundlePuller(here, remote).pull()
            remote.rollback("v2")
        for left in ("v2", ".pull"):  # so that steps are the same each time
            shutil.rmtree(here.folder / left, ignore_errors=True)
    BundlePuller(here, remote).pull()
    assert here.current() == "v2" and whole(here) == ["v2", "v1"]
    assert not [path for path in here.folder.iterdir() if path.name.startswith(".aside")]


def test_killed_while_pulling(s3, night, here):
    kill_pulls((2, 8), here, night, s3)


@pytest.mark.exhaustive
def test_killed_before_each_change_of_the_disk(s3, night, here):
    kill_pulls(range(1, 16), here, night, s3)


@pytest.mark.exhaustive
def test_killed_at_twenty_moments(s3, night, here):
    chance = random.Random(0)
    s3.push(made(night, "v1", 2_000_000))
    BundlePuller(here, s3).pull()
    s3.push(made(night, "v2", 2_000_000))
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", PULL, str(here.folder.parent), s3.url, "0"], env=environment()
        )
        time.sleep(chance.uniform(0.2, 1.0))  # the start takes some of it
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert here.open_current().version == here.current()
        whole(here)
    BundlePuller(here, s3).pull()
    assert here.current() == "v2" and whole(here) == ["v2", "v1"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", ["flip", "short", "truncate"])
def test_twenty_faults_while_pulling(s3, proxy, night, here, fault):
    s3.push(made(night, "v1", 300_000))
    puller, chance = BundlePuller(here, s3), random.Random(1)
    puller.pull()
    for number in range(2, 22):
        s3.push(made(night, f"v{number}", 300_000))
        left = [chance.randrange(1, 4)]

        def some(method, path, left=left):
            left[0] -= method == "GET"
            return fault if method == "GET" and left[0] <= 0 else ""

        proxy.fault = some
        before = here.current()
        with pytest.raises((BundleError, ObjectStoreError)):
            puller.pull()
        assert here.current() == before and here.open_current().version == before
        proxy.fault = lambda method, path: ""
        assert puller.pull() == f"v{number}" and here.open_current().version == f"v{number}"
