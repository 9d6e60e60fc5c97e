"""Publishing: complete or absent, whatever happens; the version before stays in service."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recsys.bundle import manifest_checksum, write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError


def writer(number):
    return lambda folder: write_bundle(folder, {"x": np.full(1000, number)}, {}, {"n": number})


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path)


@pytest.fixture
def three(store):
    for number in (1, 2, 3):
        store.publish(writer(number), f"v{number}")
    return store


def damage(store, version):
    path = store.folder / version / "x.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def names(store):
    return [info.version for info in store.versions()]


def leftovers(store):
    return list(store.folder.glob(".aside-*"))


def test_publish_moves_the_pointer(three):
    assert three.current() == "v3"
    assert three.open_current().manifest["n"] == 3
    assert names(three) == ["v3", "v2", "v1"]
    assert not leftovers(three)


def test_versions_made_in_the_same_second_differ(store):
    made = [store.publish(writer(n)) for n in range(3)]
    assert len(set(made)) == 3
    assert store.open_current().manifest["n"] == 2


def test_an_empty_store_says_what_to_run(store):
    assert store.current() is None
    assert store.versions() == []
    assert store.prune(1) == []
    with pytest.raises(BundleError, match="recsys nightly"):
        store.open_current()


def test_a_version_never_changes(three):
    with pytest.raises(BundleError, match="exists already"):
        three.publish(writer(9), "v2")
    assert three.open("v2").manifest["n"] == 2


@pytest.mark.parametrize("version", ["../x", ".x", "a/b", "current", "a b", "é"])
def test_a_version_is_a_plain_name(store, version):
    with pytest.raises(BundleError, match="cannot name a version"):
        store.publish(writer(1), version)


def test_a_writer_that_fails_leaves_nothing(three):
    def write(folder):
        (folder / "half.npy").write_bytes(b"half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        three.publish(write)
    assert three.current() == "v3"
    assert not leftovers(three)


def test_what_does_not_read_back_is_not_published(three):
    def write(folder):
        writer(4)(folder)
        (folder / "x.npy").write_bytes(b"")

    with pytest.raises(BundleError, match=r"x\.npy"):
        three.publish(write, "v4")
    assert names(three) == ["v3", "v2", "v1"]


def test_a_damaged_current_version_is_replaced_by_the_one_before(three, caplog):
    damage(three, "v3")
    assert three.open_current().version == "v2"
    assert "v3 is refused" in caplog.text and "v2 is used instead" in caplog.text


def test_after_a_rollback_a_damaged_version_falls_back_to_older_ones_first(three):
    three.rollback("v2")
    damage(three, "v2")
    assert three.open_current().version == "v1"
    damage(three, "v1")
    assert three.open_current().version == "v3"


def test_a_version_that_cannot_be_loaded_is_replaced_by_one_that_can(three, caplog):
    def load(raw):
        if raw.version != "v1":
            raise BundleError(f"{raw.version} was written by another version")
        return raw.version

    assert three.load_current(load) == "v1"
    assert "v3 is refused" in caplog.text and "v1 is used instead" in caplog.text


@pytest.mark.parametrize("created", ["yesterday", None, float("inf")])
def test_an_odd_manifest_hides_no_other_version(three, created):
    path = three.folder / "v3" / "manifest.json"
    manifest = {**json.loads(path.read_text()), "created": created}
    manifest["checksum"] = manifest_checksum(manifest)
    path.write_text(json.dumps(manifest))
    assert three.open_current().version == "v2"
    assert {info.version for info in three.versions() if info.problem} == {"v3"}


def test_when_all_are_damaged_the_first_problem_is_told(three):
    for version in ("v1", "v2", "v3"):
        damage(three, version)
    with pytest.raises(BundleError, match="v3"):
        three.open_current()


@pytest.mark.parametrize("pointer", [None, b"", b"gone\n", b"../..\n", b"\xff\xff"])
def test_a_lost_or_damaged_pointer_serves_the_newest(three, pointer):
    if pointer is None:
        (three.folder / "current").unlink()
    else:
        (three.folder / "current").write_bytes(pointer)
    assert three.open_current().version == "v3"


def test_rollback_goes_one_back_each_time_and_then_says_no(three):
    assert three.rollback() == "v2"
    assert three.rollback() == "v1"
    with pytest.raises(BundleError, match="no older version"):
        three.rollback()
    assert three.current() == "v1"


def test_rollback_passes_over_a_damaged_version(three):
    damage(three, "v2")
    assert three.rollback() == "v1"


def test_rollback_to_a_damaged_or_unknown_version_changes_nothing(three):
    damage(three, "v1")
    with pytest.raises(BundleError, match="checksum"):
        three.rollback("v1")
    with pytest.raises(BundleError, match="there are: v3, v2, v1"):
        three.rollback("v9")
    assert three.current() == "v3"


def test_prune_keeps_the_newest_and_the_current_one(three):
    three.rollback("v1")
    assert three.prune(1) == ["v2"]
    assert names(three) == ["v3", "v1"]
    with pytest.raises(BundleError, match="at least 1"):
        three.prune(0)


def test_a_reader_keeps_a_bundle_that_was_pruned(three):
    bundle = three.open("v1")
    three.prune(1)
    assert (bundle.arrays["x"] == 1).all()


def test_list_shows_a_damaged_manifest(three):
    (three.folder / "v2" / "manifest.json").write_text("{}")
    problems = {info.version: info.problem for info in three.versions()}
    assert not problems["v3"] and "manifest.json" in problems["v2"]


PUBLISH_FOREVER = """
import sys
from pathlib import Path
import numpy as np
from recsys.bundle import manifest_checksum, write_bundle
from recsys.bundle_store import BundleStore
store = BundleStore(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    store.publish(lambda f: write_bundle(f, {str(n): np.ones(20_000) for n in range(9)}, {}, {}))
"""


def test_killed_while_publishing(three):
    before = three.folder.parent
    chance = random.Random(7)
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISH_FOREVER, str(before)], stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.01, 0.1))
            process.send_signal(signal.SIGKILL)
        for info in three.versions():  # every version that can be seen is complete
            three.open(info.version)
        assert three.open_current().version == three.current()
    three.publish(writer(5), "v5")
    assert three.current() == "v5"
    assert not leftovers(three)


HALF = """
import sys, time
from pathlib import Path
from recsys.bundle_store import BundleStore
def write(folder):
    (folder / "half.npy").write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)
BundleStore(Path(sys.argv[1])).publish(write)
"""


def test_killed_with_half_a_bundle_written(three):
    command = [sys.executable, "-c", HALF, str(three.folder.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"half\n"
        process.kill()
    assert len(leftovers(three)) == 1
    assert names(three) == ["v3", "v2", "v1"]
    assert three.open_current().version == "v3"
    three.prune(3)
    assert not leftovers(three)


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from recsys.bundle import manifest_checksum, write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    BundleStore(Path(sys.argv[1])).publish(
        lambda folder: write_bundle(folder, {"big": np.ones(1_000_000)}, {}, {})
    )
except BundleError as error:
    print(error)
    raise SystemExit(1)
"""


def publish_too_much(home, how):
    command = [sys.executable, "-c", FULL, str(home), how]
    return subprocess.run(command, capture_output=True, text=True)


def check_refused(store, result):
    assert result.returncode == 1, result.stderr
    assert "nothing published" in result.stdout
    assert store.open_current().manifest["n"] == 3
    assert not leftovers(store)


def test_a_file_size_limit_while_publishing(three):
    check_refused(three, publish_too_much(three.folder.parent, "limit"))


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        made = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(not Path("/proc/mounts").exists(), reason="Linux only")
def test_a_full_disk_while_publishing(small_disk):
    store = BundleStore(small_disk)
    store.publish(writer(3), "v3")
    check_refused(store, publish_too_much(small_disk, "disk"))
    assert os.statvfs(small_disk).f_bavail > 0
    assert store.publish(writer(4), "v4") == store.current()
