"""Bundle: folder of .npy files, blobs and a manifest with checksums, holding all data for serving.

Nothing in it is a pickle. The manifest is written last and carries its own checksum, so a folder
with a manifest that verifies is complete; anything else is refused. It names the format as two
numbers: bundles of the same major number are read whatever their minor number, others are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from recsys.data.manifest_number_bounds import finite, whole
from recsys.errors import BundleError

FORMAT = 1  # major number: raised when an older reader would misread a bundle
MINOR = 3  # raised when a bundle gains something that an older reader can leave out
MANIFEST = "manifest.json"
WAY_OUT = "`recsys bundles rollback` serves the version before, `recsys nightly` makes a new one"

_ARRAY_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class RawBundle:
    """A bundle as read: the arrays are mapped, read-only, and shared between processes."""

    folder: Path
    manifest: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @property
    def version(self) -> str:
        """The name under which this bundle was published."""
        return str(self.manifest["version"])

    def path(self, name: str) -> Path:
        """Return where a file lies, for readers that want a path; only files of the manifest."""
        if name not in self.manifest["files"]:
            raise BundleError(f"{self.folder}: holds no {name}; {WAY_OUT}")
        return self.folder / name

    def blob(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self.path(name).read_bytes()


def write_bundle(
    folder: Path,
    arrays: Mapping[str, Array],
    blobs: Mapping[str, bytes],
    manifest: Mapping[str, Any],
) -> None:
    """Write every file, flushed to the disk, then the manifest with their checksums.

    The array `items/blob` becomes the file items.blob.npy. The version is the folder's name
    unless the manifest brings one. OSError (a full disk) passes through; the folder then has no
    manifest and will not be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, array in arrays.items():
        files[_array_file(name)] = _write(folder / _array_file(name), _npy_writer(name, array))
    for name, data in blobs.items():
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST or name.endswith(".npy"):
            raise ValueError(f"{name!r} cannot be the name of a blob")
        files[name] = _write(folder / name, lambda file, data=data: file.write(data))  # type: ignore[misc]
    document = {"version": folder.name, "created": time.time(), **manifest}
    document |= {"format": FORMAT, "format_minor": MINOR, "files": files}
    document["checksum"] = manifest_checksum(document)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    _write(folder / MANIFEST, lambda file: file.write(text.encode()))
    sync_folder(folder)


def read_bundle(folder: Path, verify: bool = True) -> RawBundle:
    """Open a bundle; BundleError names the file that is missing, damaged or of another format.

    `verify=False` compares sizes only: for a bundle whose checksums this process has seen.
    """
    manifest = read_manifest(folder)
    arrays = {}
    for name, entry in manifest["files"].items():
        _check(folder / name, entry, verify)
        if name.endswith(".npy"):
            arrays[name.removesuffix(".npy").replace(".", "/")] = _load(folder / name)
    return RawBundle(folder, MappingProxyType(manifest), MappingProxyType(arrays))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest alone, with its own checksum compared."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: the bundle is not complete; {WAY_OUT}") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error!r}); {WAY_OUT}") from error
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, path: str) -> dict[str, Any]:
    """Return the manifest in a text, checked; `path` says in errors where the text is from."""
    try:
        manifest = json.loads(data, parse_float=finite, parse_int=whole, parse_constant=finite)
        number = manifest["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error!r}); {WAY_OUT}") from error
    if type(number) is not int or number != FORMAT:
        raise BundleError(
            f"{path}: the bundle has format {number!r}, this version of recsys reads {FORMAT};"
            f" {WAY_OUT}"
        )
    if manifest.get("checksum") != manifest_checksum(manifest):
        raise BundleError(f"{path}: the checksum differs, the file is damaged; {WAY_OUT}")
    if not _well_formed(manifest):
        raise BundleError(f"{path}: version, created or files are not as expected; {WAY_OUT}")
    return dict(manifest)


def _well_formed(manifest: Mapping[str, Any]) -> bool:
    """Whether all that every reader relies on is there, and of its type."""
    created, files = manifest.get("created"), manifest.get("files")
    return (
        isinstance(manifest.get("version"), str)
        and isinstance(created, (int, float))
        and math.isfinite(created)
        and isinstance(files, dict)
        and all(
            _FILE_NAME.fullmatch(name)
            and isinstance(entry, dict)
            and isinstance(entry.get("bytes"), int)
            and _SHA256.fullmatch(str(entry.get("sha256")))
            for name, entry in files.items()
        )
    )


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a rename or a new file outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Hashing:
    """A file to write to that hashes what passes through; numpy writes to it in pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.bytes += len(data)
        return self._file.write(data)


def _write(path: Path, fill: Callable[[Any], object]) -> dict[str, Any]:
    with path.open("xb") as file:
        hashing = _Hashing(file)
        fill(hashing)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": hashing.sha256.hexdigest(), "bytes": hashing.bytes}


def _array_file(name: str) -> str:
    if not _ARRAY_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of an array: letters, digits, - _ and /")
    return name.replace("/", ".") + ".npy"


def _npy_writer(name: str, array: Array) -> Callable[[Any], object]:
    if array.dtype.hasobject:
        raise ValueError(f"array {name!r} holds Python objects, which only a pickle could carry")
    return lambda file: np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def manifest_checksum(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of all of a manifest but its checksum."""
    rest = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _check(path: Path, entry: Mapping[str, Any], verify: bool) -> None:
    try:
        size = path.stat().st_size
        if size != entry["bytes"]:
            raise BundleError(f"{path}: {size} bytes, {entry['bytes']} expected; {WAY_OUT}")
        if verify and _hash(path) != entry["sha256"]:
            raise BundleError(f"{path}: the checksum differs, the file is damaged; {WAY_OUT}")
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; {WAY_OUT}") from error


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load(path: Path) -> Array:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (ValueError, OSError) as error:
        raise BundleError(f"{path} is not an array file ({error}); {WAY_OUT}") from error
