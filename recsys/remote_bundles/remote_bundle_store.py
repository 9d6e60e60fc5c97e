"""RemoteBundleStore: bundles in an object store, by content.

    objects/<sha256>          files of bundles; one that several versions share is there once
    versions/<version>.json   manifests, as they stand in the bundles' folders
    current                   version in service, see `pointer`; replaced under a condition
    writer                    lease of the writer at work

A version is complete before `current` names it. Objects and versions never change.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.bundle import MANIFEST, parse_manifest
from recsys.bundle_store import BundleInfo, is_version
from recsys.errors import BundleError
from recsys.object_storage.object_store import (
    ObjectMissing,
    ObjectStore,
    PreconditionFailed,
    StoredObject,
    check_conditional_puts,
)
from recsys.object_storage.opening import open_objects

from .pointer import CURRENT, Pointer
from .writer_lease import WriterLease

_OBJECTS, _VERSIONS, _JSON = "objects/", "versions/", ".json"
_TRIES = 3  # of a change of `current`, where the store answers with an old copy in between
_PAUSE = 0.5  # seconds before another try

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteManifest:
    """Manifest of a version: as bytes, and parsed."""

    data: bytes
    document: Mapping[str, Any]

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """Size and SHA-256 per file name."""
        files: Mapping[str, Mapping[str, Any]] = self.document["files"]
        return files


class RemoteBundleStore:
    """The bundles under one URL. Any number of readers; writers take turns by a lease."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self.url = objects.url

    @classmethod
    def open(cls, url: str) -> RemoteBundleStore:
        """Return the bundles under a URL; nothing is sent yet."""
        return cls(open_objects(url))

    def push(self, folder: Path, check: bool = False) -> None:
        """Upload the bundle in a folder and make it current.

        The folder must have been verified. Objects that are there with the right size are not sent
        again; with `check` they are read back, and damaged ones are replaced. BundleError when the
        version is there with another content.
        """
        data = (folder / MANIFEST).read_bytes()
        manifest = RemoteManifest(data, parse_manifest(data, str(folder / MANIFEST)))
        version = str(manifest.document["version"])
        check_conditional_puts(self.objects)
        with WriterLease(self.objects) as lease:
            there = self._sizes()
            for name, entry in manifest.files.items():
                lease.check()
                sha256, size = str(entry["sha256"]), int(entry["bytes"])
                if there.get(sha256) == size and not (check and self._damaged(sha256, size)):
                    continue
                self.objects.put(_OBJECTS + sha256, folder / name)
            try:
                self.objects.create(_key(version), data)
            except PreconditionFailed:
                if self.objects.get(_key(version)).data != data:
                    raise BundleError(
                        f"{self.url}: there is another bundle {version!r}: versions never change;"
                        " two homes publish to this place under one name"
                    ) from None
            self._complete(version, manifest)
            lease.check()
            self._point(version)

    def current(self) -> str | None:
        """Return the version that `current` names, None when there is none yet."""
        found = self.pointer()
        return None if found is None else found[0].version

    def pointer(self) -> tuple[Pointer, str] | None:
        """Return the pointer and the tag of its object, None when there is none yet."""
        try:
            found = self.objects.get(CURRENT)
        except ObjectMissing:
            return None
        return self._decoded(found), found.tag

    def pointer_if_changed(self, tag: str) -> tuple[Pointer, str] | None:
        """Return the pointer and its tag, None when it is unchanged or there is none yet."""
        if not tag:
            return self.pointer()
        try:
            found = self.objects.get_if_changed(CURRENT, tag)
        except ObjectMissing:
            return None
        return None if found is None else (self._decoded(found), found.tag)

    def manifest(self, version: str) -> RemoteManifest:
        """Return the manifest of a version; BundleError when there is none."""
        if not is_version(version):
            raise BundleError(f"{version!r} cannot name a version: letters, digits, . _ and -")
        try:
            data = self.objects.get(_key(version)).data
        except ObjectMissing:
            known = ", ".join(self._names()) or "none"
            raise BundleError(f"no bundle {version!r} in {self.url}; there are: {known}") from None
        place = f"{self.url}/{_key(version)}"
        document = parse_manifest(data, place)
        if document["version"] != version:
            raise BundleError(f"{place}: the manifest names {document['version']!r}")
        return RemoteManifest(data, document)

    def read_object(self, sha256: str, size: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes of an object in pieces, not yet compared with its name."""
        return self.objects.read(_OBJECTS + sha256, size)

    def verify(self, version: str) -> RemoteManifest:
        """Read every object of a version; BundleError names the first that is wrong."""
        manifest = self.manifest(version)
        self._complete(version, manifest)
        for entry in manifest.files.values():
            if self._damaged(str(entry["sha256"]), int(entry["bytes"])):
                raise BundleError(self._wrong(version, str(entry["sha256"]), "is damaged"))
        return manifest

    def versions(self) -> list[BundleInfo]:
        """Return the versions, newest first; the objects are not looked at."""
        current, infos = self.current(), []
        for version in self._names():
            with suppress(ObjectMissing):  # pruned meanwhile
                infos.append(self._info(version, current))
        return sorted(infos, key=lambda info: (info.created, info.version), reverse=True)

    def rollback(self, to: str | None = None) -> str:
        """Make an older version current, by default the one before; its objects must be there."""
        check_conditional_puts(self.objects)
        with WriterLease(self.objects) as lease:
            target = to or self._one_before()
            self._complete(target, self.manifest(target))
            lease.check()
            self._point(target)
        return target

    def prune(self, keep: int, used: Collection[str] = ()) -> list[str]:
        """Remove all but the newest `keep` versions, the current one and those in `used`.

        Returns the versions that went. Objects that no version names any more are removed as well,
        unless a manifest that stays cannot be read.
        """
        if keep < 1:
            raise BundleError(f"prune --keep {keep}: at least 1 version must stay")
        check_conditional_puts(self.objects)
        with WriterLease(self.objects) as lease:
            infos = self.versions()
            old = [one for one in infos[keep:] if not one.current and one.version not in used]
            gone = [one.version for one in old]
            left = [one for one in infos if one.version not in gone]
            lease.check()
            self.objects.delete([_key(version) for version in gone])
            if unread := [one.version for one in left if one.problem]:
                log.warning(
                    "%s: no object is removed while the manifest of %s cannot be read",
                    self.url,
                    unread[0],
                )
                return gone
            needed = {entry["sha256"] for one in left for entry in one.manifest["files"].values()}
            for sha256 in self._sizes():
                if sha256 not in needed:
                    lease.check()
                    self.objects.delete([_OBJECTS + sha256])
        return gone

    def _point(self, version: str) -> None:
        """Make a version current, whatever others wrote there meanwhile."""
        for _ in range(_TRIES):
            found = self._replaceable()
            try:
                if found is None:
                    self.objects.create(CURRENT, Pointer.first(version).encode())
                else:
                    pointer, tag = found
                    self.objects.replace(CURRENT, pointer.next(version).encode(), tag)
            except PreconditionFailed:
                time.sleep(_PAUSE)
                continue
            return
        raise BundleError(
            f"{self.url}/{CURRENT}: was changed by others {_TRIES} times, or the store answers with"
            " an old copy of it: nothing published, the version before stays in service"
        )

    def _replaceable(self) -> tuple[Pointer, str] | None:
        """Return pointer and tag as `pointer` does; a damaged one gives way to a new series."""
        try:
            found = self.objects.get(CURRENT)
        except ObjectMissing:
            return None
        try:
            return self._decoded(found), found.tag
        except BundleError as error:
            log.warning("%s; it is written anew", error)
            return Pointer.first(""), found.tag

    def _decoded(self, found: StoredObject) -> Pointer:
        return Pointer.decode(found.data, f"{self.url}/{CURRENT}")

    def _names(self) -> list[str]:
        keys = [one.key for one in self.objects.list(_VERSIONS)]
        names = [key.removeprefix(_VERSIONS).removesuffix(_JSON) for key in keys]
        return [name for name in names if is_version(name)]

    def _sizes(self) -> dict[str, int]:
        """Return the size per SHA-256 of the objects that are there."""
        return {one.key.removeprefix(_OBJECTS): one.bytes for one in self.objects.list(_OBJECTS)}

    def _complete(self, version: str, manifest: RemoteManifest) -> None:
        """Raise BundleError when an object of a version is missing or has another size."""
        there = self._sizes()
        for entry in manifest.files.values():
            size = there.get(str(entry["sha256"]))
            if size != entry["bytes"]:
                words = "is missing" if size is None else f"has {size} bytes, not {entry['bytes']}"
                raise BundleError(self._wrong(version, str(entry["sha256"]), words))

    def _damaged(self, sha256: str, size: int) -> bool:
        hashed = hashlib.sha256()
        try:
            for piece in self.read_object(sha256, size):
                hashed.update(piece)
        except ObjectMissing:
            return True
        return hashed.hexdigest() != sha256

    def _wrong(self, version: str, sha256: str, words: str) -> str:
        return (
            f"{self.url}/{_OBJECTS}{sha256} of bundle {version} {words}: `recsys bundles push"
            f" {version} --check` on the machine of the night sends it again"
        )

    def _info(self, version: str, current: str | None) -> BundleInfo:
        try:
            manifest, problem = self.manifest(version).document, ""
            size = sum(int(entry["bytes"]) for entry in manifest["files"].values())
        except BundleError as error:
            manifest, problem, size = {}, str(error), 0
        created = float(manifest.get("created", 0.0))
        return BundleInfo(version, version == current, created, size, manifest, problem)

    def _one_before(self) -> str:
        infos = [one for one in self.versions() if not one.problem]
        places = [place for place, one in enumerate(infos) if one.current]
        older = infos[places[0] + 1 :] if places else infos
        for one in older:
            try:
                self._complete(one.version, RemoteManifest(b"", one.manifest))
            except BundleError as error:
                log.warning("bundle %s is passed over: %s", one.version, error)
            else:
                return one.version
        raise BundleError(f"{self.url} holds no older version that is complete")


def _key(version: str) -> str:
    return f"{_VERSIONS}{version}{_JSON}"
