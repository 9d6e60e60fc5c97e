"""The contract of object stores, in a folder and over HTTP."""

import os
import threading

import pytest

from recsys.errors import ObjectStoreError
from recsys.object_storage import object_store
from recsys.object_storage.object_store import (
    ObjectMissing,
    PreconditionFailed,
    check_conditional_puts,
)


def test_an_object_is_read_as_it_was_written(objects):
    objects.put("a/b.json", b"one")
    assert objects.get("a/b.json").data == b"one"
    objects.put("a/b.json", b"two")
    assert objects.get("a/b.json").data == b"two"


def test_a_missing_object_is_told(objects):
    with pytest.raises(ObjectMissing, match="a/none"):
        objects.get("a/none")
    with pytest.raises(ObjectMissing):
        list(objects.read("a/none", 3))
    with pytest.raises(ObjectMissing):
        objects.get_if_changed("a/none", "tag")


def test_an_unchanged_object_is_not_sent_again(objects):
    objects.put("k", b"one")
    tag = objects.get("k").tag
    assert objects.get_if_changed("k", tag) is None
    objects.put("k", b"two")
    assert objects.get_if_changed("k", tag).data == b"two"


def test_one_of_many_creators_wins(objects):
    won = []

    def create(number):
        try:
            objects.create("k", str(number).encode())
        except PreconditionFailed:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and objects.get("k").data == str(won[0]).encode()


def test_a_put_with_an_old_tag_is_refused(objects):
    first = objects.create("k", b"one")
    second = objects.replace("k", b"two", first)
    with pytest.raises(PreconditionFailed):
        objects.replace("k", b"three", first)
    assert objects.get("k").data == b"two" and objects.get("k").tag == second
    with pytest.raises(ObjectStoreError):  # S3 answers 404, a folder that it was changed
        objects.replace("none", b"x", first)


def test_a_file_goes_in_and_comes_out_in_pieces(objects, tmp_path, monkeypatch):
    content = os.urandom(6_000_001)
    (tmp_path / "file").write_bytes(content)
    objects.put("big", tmp_path / "file")
    for module in ("folder_objects", "s3_objects"):
        monkeypatch.setattr(f"recsys.object_storage.{module}.PIECE", 1_000_000)
    pieces = list(objects.read("big", len(content)))
    assert len(pieces) == 7 and b"".join(pieces) == content
    assert list(objects.read("big", 0)) in ([], pieces)


def test_keys_are_listed_under_a_prefix_and_removed(objects):
    for key in ("v/2", "v/1", "w/1", "top"):
        objects.put(key, b"12")
    assert [(one.key, one.bytes) for one in objects.list("v/")] == [("v/1", 2), ("v/2", 2)]
    objects.delete(["v/1", "none"])
    assert [one.key for one in objects.list("v/")] == ["v/2"]
    assert objects.list("nothing/") == []


def test_conditional_puts_are_found_and_leave_nothing(objects):
    check_conditional_puts(objects)
    assert objects.list("probe/") == []
    assert object_store.PIECE > 1 << 20
