"""Bundles in an object store: published, listed, rolled back, pruned, by several writers."""

import json
import threading
import time

import numpy as np
import object_server
import pytest

from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError, ObjectStoreError
from recsys.object_storage.object_store import ObjectMissing
from recsys.remote_bundles import remote_bundle_store, writer_lease
from recsys.remote_bundles.pointer import Pointer
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.remote_bundles.writer_lease import WriterLease


@pytest.fixture
def remote(objects):
    return RemoteBundleStore(objects)


@pytest.fixture
def home(tmp_path):
    return BundleStore(tmp_path / "home")


def made(home, version, **arrays):
    """Publish a version in a home whose array `same` is that of all others."""
    content = {"same": np.arange(1_000), **arrays}
    home.publish(
        lambda folder: write_bundle(folder, content, {"b": b"x"}, {"created": float(version[1:])}),
        version,
    )
    return home.folder / version


@pytest.fixture
def three(remote, home):
    for number in (1, 2, 3):
        remote.push(made(home, f"v{number}", own=np.full(500, number)))
    return remote


def test_published_versions_are_listed(three):
    assert [info.version for info in three.versions()] == ["v3", "v2", "v1"]
    assert [info.current for info in three.versions()] == [True, False, False]
    assert three.versions()[0].bytes > 8_000 and three.current() == "v3"


def test_a_file_that_versions_share_is_there_once(three):
    assert len(three.objects.list("objects/")) == 3 + 1 + 1  # own, same, b


def test_a_push_sends_only_what_is_not_there(remote, home, proxy, objects):
    remote.push(made(home, "v1"))
    before = len(objects.list("objects/"))
    proxy.asked.clear()
    remote.push(made(home, "v2"))
    assert len(objects.list("objects/")) == before
    assert not [path for method, path in proxy.asked if method == "PUT" and "/objects/" in path]


def test_a_push_again_changes_nothing_but_current(three, home):
    three.push(home.folder / "v2")
    assert three.current() == "v2" and len(three.versions()) == 3


def test_a_version_never_changes(three, tmp_path):
    other = BundleStore(tmp_path / "other")
    with pytest.raises(BundleError, match="another bundle 'v2'"):
        three.push(made(other, "v2", own=np.zeros(7)))
    assert three.current() == "v3" and three.verify("v2")


def test_rollback_is_a_newer_pointer_to_an_older_version(three):
    before, _ = three.pointer()
    assert three.rollback() == "v2" and three.current() == "v2"
    after, _ = three.pointer()
    assert before.older_than(after) and not after.older_than(before)
    assert three.rollback("v3") == "v3"
    with pytest.raises(BundleError, match="no bundle 'v9'.*v1, v2, v3"):
        three.rollback("v9")


def test_rollback_passes_over_a_version_without_its_objects(three):
    own = three.manifest("v2").files["own.npy"]["sha256"]
    three.objects.delete([f"objects/{own}"])
    with pytest.raises(BundleError, match=f"{own}.*is missing.*push v2 --check"):
        three.rollback("v2")
    assert three.rollback() == "v1"


def test_prune_keeps_the_newest_the_current_and_those_of_experiments(three):
    three.rollback("v1")
    assert three.prune(1, {"v9"}) == ["v2"]
    assert [info.version for info in three.versions()] == ["v3", "v1"]
    assert len(three.objects.list("objects/")) == 4
    three.verify("v1")
    three.verify("v3")
    assert three.prune(1, ["v3"]) == []
    with pytest.raises(BundleError, match="at least 1"):
        three.prune(0)


def test_prune_removes_what_an_upload_that_was_killed_left(three):
    three.objects.put("objects/" + "0" * 64, b"half")
    three.prune(3)
    assert "objects/" + "0" * 64 not in [one.key for one in three.objects.list("objects/")]


def test_prune_removes_no_object_while_a_manifest_cannot_be_read(three, caplog):
    three.objects.put("versions/v2.json", b"{}")
    assert three.prune(3) == [] and len(three.objects.list("objects/")) == 5
    assert "the manifest of v2 cannot be read" in caplog.text


def test_show_reads_every_object(three):
    assert set(three.verify("v2").files) == {"same.npy", "own.npy", "b"}
    entry = three.manifest("v2").files["own.npy"]
    three.objects.put(f"objects/{entry['sha256']}", bytes(entry["bytes"]))
    with pytest.raises(BundleError, match="own|damaged.*push v2 --check"):
        three.verify("v2")


def test_push_with_check_mends_a_damaged_object(three, home):
    entry = three.manifest("v2").files["own.npy"]
    three.objects.put(f"objects/{entry['sha256']}", bytes(entry["bytes"]))
    three.push(home.folder / "v2")
    with pytest.raises(BundleError):
        three.verify("v2")
    three.push(home.folder / "v2", check=True)
    three.verify("v2")


def test_a_damaged_pointer_is_told_and_written_anew(three):
    document = json.loads(three.objects.get("current").data)
    three.objects.put("current", json.dumps(document | {"version": "v2"}).encode())
    with pytest.raises(BundleError, match="current is damaged.*rollback"):
        three.pointer()
    three.rollback("v2")
    assert three.current() == "v2"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"version": "v1"}', b"\xff"])
def test_no_pointer_is_read_from_other_texts(data):
    with pytest.raises(BundleError, match="damaged"):
        Pointer.decode(data, "here")
    assert Pointer.decode(Pointer.first("v1").encode(), "here").version == "v1"


def test_a_store_with_an_old_copy_of_current_publishes_nothing(
    remote, home, proxy, objects, monkeypatch
):
    if objects.url.startswith("file"):
        pytest.skip("a folder has no old copies")
    monkeypatch.setattr(remote_bundle_store, "_PAUSE", 0.0)
    remote.push(made(home, "v1"))
    assert remote.current() == "v1"  # the proxy keeps this answer
    remote.push(made(home, "v2"))
    proxy.fault = lambda method, path: "old" if path.endswith("/current") else ""
    with pytest.raises(BundleError, match="old copy"):
        remote.push(made(home, "v3"))
    proxy.fault = lambda method, path: ""
    assert remote.current() == "v2"


def test_without_conditional_puts_nothing_is_published(remote, home, proxy, objects):
    if objects.url.startswith("file"):
        pytest.skip("a folder has conditional puts")
    proxy.fault = lambda method, path: "unconditional"
    with pytest.raises(ObjectStoreError, match="no conditional put"):
        remote.push(made(home, "v1"))
    assert remote.current() is None and remote.versions() == []


def test_writers_take_turns(objects, monkeypatch):
    monkeypatch.setattr(writer_lease, "_LOOK", 0.02)
    inside, most = [], []

    def write():
        with WriterLease(objects):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)  # so that others come meanwhile
            inside.pop()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]
    with pytest.raises(ObjectMissing):
        objects.get("writer")


def test_a_lease_of_a_dead_writer_is_taken_over(objects):
    objects.create("writer", b'{"holder": "dead"}')
    begun = time.monotonic()
    with WriterLease(objects, seconds=0.4) as lease:
        lease.check()
    assert time.monotonic() - begun >= 0.4


def test_a_writer_that_was_held_up_stops(objects):
    with WriterLease(objects, seconds=0.4) as lease:
        objects.put("writer", b'{"holder": "another"}')  # it took over meanwhile
        lease._thread.join(timeout=5)
        with pytest.raises(BundleError, match="held up"):
            lease.check()
    assert objects.get("writer").data == b'{"holder": "another"}'


def test_the_lease_is_renewed(objects):
    with WriterLease(objects, seconds=1.2) as lease:
        first = objects.get("writer").data
        time.sleep(1.6)  # longer than the lease
        lease.check()
        assert objects.get("writer").data != first


def test_the_server_is_real(proxy, objects):
    objects.put("k", b"1")
    assert bool(proxy.asked) == (not objects.url.startswith("file"))
    assert object_server.BUCKET in "s3://bundles"
