"""BundleStore: folder of bundle versions with a small file that names the current one.

    home/bundles/20261122T055500Z/…   complete and never changed, or absent
    home/bundles/current              a text file, replaced atomically, holding a version
    home/bundles/.aside-…             being written or removed; swept by the next publish

A publish writes aside, reads back, renames, then moves the pointer: killed at any moment, it
leaves the version before in service.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from recsys.bundle import RawBundle, read_bundle, read_manifest, sync_folder
from recsys.errors import BundleError

Loaded = TypeVar("Loaded")
_VERSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_ASIDE = ".aside-"
_POINTER = "current"

log = logging.getLogger(__name__)


def is_version(text: str) -> bool:
    """Whether a text can name a version."""
    return _VERSION.fullmatch(text) is not None and text != _POINTER


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """One line of `recsys bundles list`; `problem` is empty when the manifest reads well."""

    version: str
    current: bool
    created: float  # Unix seconds
    bytes: int
    manifest: Mapping[str, Any]
    problem: str


class BundleStore:
    """The bundles under one home folder. Any number of readers; publishers wait for each other."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "bundles"

    def publish(self, write: Callable[[Path], None], version: str | None = None) -> str:
        """Let `write` fill a folder, verify what it wrote, and make it the current version.

        The folder handed to `write` is named after the version. BundleError when the disk is full
        or what was written does not read back; the version before then stays in service.
        """
        with self._aside() as aside:
            version = version or self._new_version()
            self._check_free(version)
            self._fill(aside / version, write)
            os.rename(aside / version, self.folder / version)
            self._point(version)
        return version

    def receive(self, version: str, write: Callable[[Path], None]) -> None:
        """Let `write` fill the folder of a version made elsewhere; it is not yet current.

        `write` has compared the checksums of what it writes; here sizes are compared. A version of
        that name is replaced: readers that have it mapped keep it. BundleError as in `publish`.
        """
        with self._aside() as aside:
            (aside / version).mkdir()
            write(aside / version)
            if read_bundle(aside / version, verify=False).version != version:
                raise BundleError(f"{aside / version}: its manifest names another version")
            sync_folder(aside / version)
            if (self.folder / version).exists():
                os.rename(self.folder / version, aside / "before")
            os.rename(aside / version, self.folder / version)
            sync_folder(self.folder)

    def switch(self, version: str) -> None:
        """Make a version current that was verified just now."""
        with self._lock():
            self._point(version)

    def remove(self, version: str) -> None:
        """Remove a version that is not current."""
        with self._lock():
            if version != self.current() and (self.folder / version).is_dir():
                self._remove(version)

    def identity(self, version: str) -> tuple[int, int] | None:
        """Return what differs when a version was replaced; None when it is not there."""
        try:
            status = (self.folder / version).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def current(self) -> str | None:
        """Return the version that the pointer names, None when there is none yet."""
        try:
            text = (self.folder / _POINTER).read_text().strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return text if _VERSION.fullmatch(text) else None

    def open(self, version: str) -> RawBundle:
        """Open one version, verified."""
        folder = self._existing(version)
        bundle = read_bundle(folder)
        if bundle.version != version:
            raise BundleError(f"{folder}: its manifest names the version {bundle.version!r}")
        return bundle

    def open_current(self) -> RawBundle:
        """Open the current version, or, with a warning, the best other one that verifies."""
        return self.load_current(lambda raw: raw)

    def load_current(self, load: Callable[[RawBundle], Loaded]) -> Loaded:
        """Return what `load` makes of the current version, or of the best one that it can read.

        Tried in this order: the current version, those before it from new to old, and only then
        those after it, which somebody rolled back on purpose. One that does not verify, or of
        which `load` raises a BundleError, is passed over with a warning. BundleError, that of the
        current version, when none is left.
        """
        problem = None
        for version in self._by_preference():
            try:
                loaded = load(self.open(version))
            except BundleError as error:
                problem = problem or error
                log.warning("bundle %s is refused: %s", version, error)
                continue
            if problem:
                log.warning("bundle %s is used instead", version)
            return loaded
        if problem:
            raise problem
        raise BundleError(f"{self.folder} holds no bundle: run `recsys nightly` first")

    def versions(self) -> list[BundleInfo]:
        """Return the versions, newest first; the files' own checksums are not compared."""
        if not self.folder.is_dir():
            return []
        current = self.current()
        infos = []
        for folder in self._folders():
            with suppress(FileNotFoundError):  # pruned meanwhile
                infos.append(self._info(folder, current))
        return sorted(infos, key=lambda info: (info.created, info.version), reverse=True)

    def rollback(self, to: str | None = None) -> str:
        """Make an older version current, by default the one before; it must verify first."""
        target = to or self._one_before()
        self.open(target)
        with self._lock():
            self._point(target)
        return target

    def prune(self, keep: int, used: Collection[str] = ()) -> list[str]:
        """Remove all but the newest `keep` versions and the current one; return what went.

        `used`: versions that experiments name, which stay too.

        Workers that still have a removed bundle mapped keep it until they let go.
        """
        if keep < 1:
            raise BundleError(f"prune --keep {keep}: at least 1 version must stay")
        if not self.folder.is_dir():
            return []
        with self._lock():
            self._sweep()
            old = [
                info.version
                for info in self.versions()[keep:]
                if not info.current and info.version not in used
            ]
            for version in old:
                self._remove(version)
        return old

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """Give a folder to write a version in, removed at the end, while nobody else publishes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self._sweep()
            aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.folder))
            try:
                yield aside
            except OSError as error:
                raise BundleError(
                    f"{self.folder}: {error.strerror or error}: nothing published, the version"
                    " before stays in service; free some space and run again"
                ) from error
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def _fill(self, folder: Path, write: Callable[[Path], None]) -> None:
        folder.mkdir()
        write(folder)
        bundle = read_bundle(folder)
        if bundle.version != folder.name:
            raise BundleError(f"the manifest names {bundle.version!r}, not {folder.name!r}")
        sync_folder(folder)

    def _point(self, version: str) -> None:
        aside = self.folder / f".{_POINTER}"
        with aside.open("w") as file:
            file.write(version + "\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)  # the version must be on disk before the pointer names it
        os.replace(aside, self.folder / _POINTER)
        sync_folder(self.folder)

    def _remove(self, version: str) -> None:
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.folder))
        os.rename(self.folder / version, aside / version)  # gone at once, never half there
        shutil.rmtree(aside)

    def _sweep(self) -> None:
        for aside in self.folder.glob(f"{_ASIDE}*"):  # under the lock: their owners are dead
            shutil.rmtree(aside, ignore_errors=True)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go when the process dies
            yield

    def _folders(self) -> Iterator[Path]:
        for path in self.folder.iterdir():
            if path.is_dir() and _VERSION.fullmatch(path.name):
                yield path

    def _info(self, folder: Path, current: str | None) -> BundleInfo:
        size = sum(path.stat().st_size for path in folder.iterdir())
        try:
            manifest, problem = read_manifest(folder), ""
        except BundleError as error:
            manifest, problem = {}, str(error)
        created = float(manifest.get("created", folder.stat().st_mtime))
        return BundleInfo(folder.name, folder.name == current, created, size, manifest, problem)

    def _by_preference(self) -> list[str]:
        versions = [info.version for info in self.versions()]
        current = self.current()
        if current not in versions:
            if current is not None:
                log.warning("bundle %s is current but missing", current)
            return versions
        place = versions.index(current)
        return versions[place:] + versions[:place]

    def _one_before(self) -> str:
        current = self.current()
        versions = [info.version for info in self.versions()]
        older = versions[versions.index(current) + 1 :] if current in versions else versions
        for version in older:
            try:
                self.open(version)
            except BundleError as error:
                log.warning("bundle %s is passed over: %s", version, error)
            else:
                return version
        raise BundleError(f"{self.folder} holds no older version that verifies")

    def _existing(self, version: str) -> Path:
        folder = self.folder / version
        if not _VERSION.fullmatch(version) or not folder.is_dir():
            known = ", ".join(info.version for info in self.versions()) or "none"
            raise BundleError(f"no bundle {version!r} in {self.folder}; there are: {known}")
        return folder

    def _check_free(self, version: str) -> None:
        if not is_version(version):
            raise BundleError(f"{version!r} cannot name a version: letters, digits, . _ and -")
        if (self.folder / version).exists():
            raise BundleError(f"{self.folder / version} exists already: versions never change")

    def _new_version(self) -> str:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        version, number = stamp, 1
        while (self.folder / version).exists():
            number += 1
            version = f"{stamp}-{number}"
        return version
