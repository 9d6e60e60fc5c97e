"""BundlePuller: brings the current version of an object store into a home.

Only files that no version of the home holds are downloaded, each hashed while it is written. A
version appears in the home when all its files are right, and becomes current after that: killed at
any moment, a pull leaves the version before in service, and the next one goes on with the files
that were complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys.bundle import MANIFEST, read_manifest
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError

from .pointer import Pointer
from .pull_state import PullState
from .remote_bundle_store import RemoteBundleStore, RemoteManifest

_STAGE = ".pull"  # files that are complete and wait for the rest of their version
_PART = ".part"  # ending of a file that is being written
_PARALLEL = 4  # files at a time
_TRIES = 2  # readings of an object whose bytes are not those expected
_KEEP = 2  # versions that were pulled and stay: the current one and the one before

log = logging.getLogger(__name__)


class BundlePuller:
    """Pulls from one object store into one home; one pull of a home at a time."""

    def __init__(self, bundles: BundleStore, remote: RemoteBundleStore) -> None:
        self._bundles, self._remote = bundles, remote
        self._stage = bundles.folder / _STAGE
        self._tag = ""  # of `current` at the latest look
        self._trusted: set[str] = set()  # versions whose files this process has verified

    def pull(self, used: Collection[str] = ()) -> str | None:
        """Make the store's current version that of the home; return it, None if it was already.

        `used`: further versions that the home needs, which experiments name. ObjectStoreError or
        BundleError when the store cannot be read or holds no whole version of that name: the home
        stays as it was.
        """
        self._bundles.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            switched = self._follow()
            for version in used:
                self._have(version)
            self._forget(used)
        return switched

    def _follow(self) -> str | None:
        """Look at `current`, and switch when it was written after what the home has."""
        state = self._state()
        found = self._remote.pointer_if_changed(self._tag)
        state.looked = time.time()
        state.write(self._bundles.folder)
        if found is None:
            return None
        pointer, tag = found
        known = state.pointer
        if known is not None and pointer.older_than(known):
            log.warning(
                "%s answers with an old copy of `current` (number %d, %d is known): %s stays",
                self._remote.url,
                pointer.number,
                known.number,
                known.version,
            )
            return None
        taken = pointer == known
        if taken and self._bundles.current() != pointer.version:
            self._tag = tag  # the home has switched by itself meanwhile: a night, a rollback
            return None
        self._have(pointer.version)
        if not taken:
            self._switch(pointer)
        self._tag = tag
        return None if taken else pointer.version

    def _switch(self, pointer: Pointer) -> None:
        if self._bundles.current() != pointer.version:
            self._bundles.switch(pointer.version)
        state = self._state()
        state.take(pointer)
        state.write(self._bundles.folder)

    def _have(self, version: str) -> None:
        """Pull a version unless the home has it whole."""
        if version in self._trusted and self._bundles.identity(version) is not None:
            return
        if not self._whole(version):
            self._fetch(version, self._remote.manifest(version))
        self._trusted.add(version)

    def _whole(self, version: str) -> bool:
        if self._bundles.identity(version) is None:
            return False
        try:
            self._bundles.open(version)
        except BundleError as error:
            log.warning("bundle %s is pulled again: %s", version, error)
            return False
        return True

    def _fetch(self, version: str, manifest: RemoteManifest) -> None:
        begun, sizes = time.monotonic(), {}
        self._stage.mkdir(exist_ok=True)
        for entry in manifest.files.values():
            sizes[str(entry["sha256"])] = int(entry["bytes"])
        local = self._local_files(sizes)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            jobs = [
                pool.submit(self._obtain, version, sha256, size, local.get(sha256))
                for sha256, size in sizes.items()
            ]
            try:
                loaded = sum(job.result() for job in jobs)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        files = manifest.files

        def write(folder: Path) -> None:
            for name, entry in files.items():
                os.link(self._stage / str(entry["sha256"]), folder / name)
            with (folder / MANIFEST).open("wb") as file:
                file.write(manifest.data)
                file.flush()
                os.fsync(file.fileno())

        self._bundles.receive(version, write)
        shutil.rmtree(self._stage, ignore_errors=True)
        state = self._state()
        state.pulled = [*(one for one in state.pulled if one != version), version]
        state.write(self._bundles.folder)
        log.info(
            "bundle pulled",
            extra={
                "bundle": version,
                "bytes": sum(sizes.values()),
                "downloaded": loaded,
                "seconds": round(time.monotonic() - begun, 3),
            },
        )

    def _obtain(self, version: str, sha256: str, size: int, local: Path | None) -> int:
        """Put a file into the stage; return the number of bytes that were downloaded for it."""
        place = self._stage / sha256
        if place.exists():
            if _sha256(place) == sha256:
                return 0
            place.unlink()
        if local is not None:
            with suppress(OSError):  # pruned meanwhile, or another file system
                if _sha256(local) == sha256:
                    os.link(local, place)
                    return 0
        for attempt in range(1, _TRIES + 1):
            problem = self._download(sha256, size, place)
            if not problem:
                return size
            log.warning("object %s %s (try %d of %d)", sha256, problem, attempt, _TRIES)
        raise BundleError(
            f"{self._remote.url}/objects/{sha256} of bundle {version} {problem}: `recsys bundles"
            f" push {version} --check` on the machine of the night sends it again"
        )

    def _download(self, sha256: str, size: int, place: Path) -> str:
        """Write an object to a file; return what is wrong with its bytes, empty when nothing."""
        part, hashed, count = place.with_suffix(_PART), hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                for piece in self._remote.read_object(sha256, size):
                    hashed.update(piece)
                    file.write(piece)
                    count += len(piece)
                file.flush()
                os.fsync(file.fileno())
            if count != size:
                return f"has {count} bytes, {size} are expected"
            if hashed.hexdigest() != sha256:
                return "is damaged: its checksum differs"
            os.rename(part, place)
        except OSError as error:
            raise BundleError(
                f"{part}: {error.strerror or error}: the bundle before stays in service; free some"
                " space, the pull goes on by itself"
            ) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return ""

    def _local_files(self, sizes: Mapping[str, int]) -> dict[str, Path]:
        """Return where the versions of the home hold files with these checksums."""
        found: dict[str, Path] = {}
        for info in self._bundles.versions():
            folder = self._bundles.folder / info.version
            try:
                files: Mapping[str, Any] = read_manifest(folder)["files"]
            except BundleError:
                continue
            for name, entry in files.items():
                if sizes.get(entry["sha256"]) == entry["bytes"]:
                    found.setdefault(entry["sha256"], folder / name)
        return found

    def _forget(self, used: Collection[str]) -> None:
        """Remove versions that were pulled before the latest ones; those of nights stay."""
        state, current = self._state(), self._bundles.current()
        stay = {*state.pulled[-_KEEP:], *used, current}
        if old := [version for version in state.pulled if version not in stay]:
            for version in old:
                self._bundles.remove(version)
                self._trusted.discard(version)
            state.pulled = [version for version in state.pulled if version in stay]
            state.write(self._bundles.folder)

    def _state(self) -> PullState:
        return PullState.read(self._bundles.folder, self._remote.url)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._bundles.folder / ".pull-lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go when the process dies
            yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
