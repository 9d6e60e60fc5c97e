"""The bundle's format: what is written reads back, and nothing damaged is ever read."""

import json
import pickle

import numpy as np
import pytest

from recsys.bundle import MANIFEST, manifest_checksum, read_bundle, read_manifest, write_bundle
from recsys.errors import BundleError

ARRAYS = {
    "vectors": np.arange(12, dtype=np.float32).reshape(3, 4),
    "items/blob": np.frombuffer(b"abc", np.uint8),
    "empty": np.zeros((0, 4), np.float32),
    "scalar": np.array(7),
    "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "v1"
    write_bundle(folder, ARRAYS, {"tokenizer.json": b"{}"}, {"cutoff": 12.5})
    return folder


@pytest.mark.parametrize("verify", [True, False])
def test_reads_back_what_was_written(folder, verify):
    bundle = read_bundle(folder, verify)
    assert bundle.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert bundle.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(bundle.arrays[name], array)
    assert bundle.version == "v1"
    assert bundle.manifest["cutoff"] == 12.5
    assert bundle.blob("tokenizer.json") == b"{}"
    assert (folder / "items.blob.npy").exists()


def test_arrays_are_mapped_and_read_only(folder):
    vectors = read_bundle(folder).arrays["vectors"]
    assert isinstance(vectors, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 1


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_flipped_byte_in_any_file_is_refused_by_name(folder):
    for name in files(folder):
        good = (folder / name).read_bytes()
        bad = bytearray(good)
        bad[len(bad) // 2] ^= 1
        (folder / name).write_bytes(bad)
        with pytest.raises(BundleError, match=name):
            read_bundle(folder)
        (folder / name).write_bytes(good)
    read_bundle(folder)


@pytest.mark.parametrize("verify", [True, False])
def test_a_truncated_or_missing_file_is_refused_even_unverified(folder, verify):
    for name in files(folder):
        good = (folder / name).read_bytes()
        (folder / name).write_bytes(good[:-1])
        with pytest.raises(BundleError, match=name):
            read_bundle(folder, verify)
        (folder / name).unlink()
        with pytest.raises(BundleError, match=name):
            read_bundle(folder, verify)
        (folder / name).write_bytes(good)


def test_the_message_names_a_way_out(folder):
    (folder / MANIFEST).unlink()
    with pytest.raises(BundleError, match="recsys bundles rollback"):
        read_bundle(folder)


def seal(folder, **changes):
    """Change the manifest and give it a checksum that fits."""
    manifest = json.loads((folder / MANIFEST).read_text()) | changes
    manifest = {key: value for key, value in manifest.items() if value is not None}
    manifest["checksum"] = manifest_checksum(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize("number", [0, 2, "1", True, 1.5, [1]])
def test_another_major_format_is_refused_with_both_numbers(folder, number):
    seal(folder, format=number)
    with pytest.raises(BundleError, match=r"has format .*, this version of recsys reads 1; .*roll"):
        read_bundle(folder)


@pytest.mark.parametrize("minor", [None, 0, 99])
def test_any_minor_format_is_read(folder, minor):
    seal(folder, format_minor=minor)
    assert read_bundle(folder).version == "v1"


@pytest.mark.parametrize(
    "changes",
    [
        {"created": "today"},
        {"created": None},
        {"created": float("nan")},
        {"version": 7},
        {"files": None},
        {"files": []},
        {"files": {"x.npy": 3}},
        {"files": {"../x": {}}},
    ],
)
def test_a_sealed_but_odd_manifest_is_refused(folder, changes):
    seal(folder, **changes)
    with pytest.raises(BundleError, match=MANIFEST):
        read_bundle(folder)


def test_a_changed_figure_in_the_manifest_is_refused(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace("12.5", "13.5"))
    with pytest.raises(BundleError, match="damaged"):
        read_manifest(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe", b'{"checksum": 1}'])
def test_a_strange_manifest_is_a_bundle_error(folder, content):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match=MANIFEST):
        read_bundle(folder)


def test_a_file_that_the_manifest_does_not_name_is_out_of_reach(folder):
    (folder / "extra.pkl").write_bytes(pickle.dumps("never read"))
    bundle = read_bundle(folder)
    with pytest.raises(BundleError, match="extra.pkl"):
        bundle.blob("extra.pkl")
    with pytest.raises(BundleError):
        bundle.path("../v1/extra.pkl")


def test_python_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="titles"):
        write_bundle(tmp_path / "v", {"titles": np.array(["a", None], object)}, {}, {})


@pytest.mark.parametrize("name", ["../x", "/x", "a..b", "", "a//b", "a b"])
def test_an_array_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="name of an array"):
        write_bundle(tmp_path / "v", {name: np.zeros(1)}, {}, {})


@pytest.mark.parametrize("name", ["../x", MANIFEST, "x.npy", ".hidden", ""])
def test_a_blob_cannot_leave_the_folder_or_take_a_reserved_name(tmp_path, name):
    with pytest.raises(ValueError, match="name of a blob"):
        write_bundle(tmp_path / "v", {}, {name: b""}, {})


def test_a_figure_that_is_not_a_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_bundle(tmp_path / "v", {}, {}, {"ndcg": float("nan")})
