"""S3Objects: object store in a bucket, spoken to by obstore (extra `s3`).

obstore signs and sends requests in Rust: importing it takes a hundredth of a second, reading
half a gigabyte about one second of CPU. Keys, region and endpoint come from the variables AWS_…,
a web identity or the metadata of the machine; nothing here reads, keeps or prints them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.errors import MissingExtra, ObjectStoreError

from .object_store import PIECE, ObjectInfo, ObjectMissing, PreconditionFailed, StoredObject

if TYPE_CHECKING:
    from obstore.store import S3Store

_REQUEST = "60s"  # longest request of one piece
_CONNECT = "5s"  # longest wait for a connection
_RETRIES = 4  # further tries of a request that failed by the store's fault, with growing pauses
_RETRY = timedelta(seconds=45)  # no further try after so long
_STATUS = re.compile(r"\b(?:status code: |returned )(\d{3})\b")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_LONGEST = 300  # characters of a cause


class S3Objects:
    """Object store in a bucket, under a prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError as error:
            raise MissingExtra("obstore", "s3") from error
        self._obstore: Any = obstore
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._store: S3Store = S3Store(
            bucket,
            prefix=prefix or None,
            # whether HTTP is plain is decided by the scheme of the endpoint
            client_options={"allow_http": True, "timeout": _REQUEST, "connect_timeout": _CONNECT},
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY},
        )

    def get(self, key: str) -> StoredObject:
        """Return an object; ObjectMissing when there is none."""
        with self._errors(key):
            return _stored(self._obstore.get(self._store, key))

    def get_if_changed(self, key: str, tag: str) -> StoredObject | None:
        """Return an object, None when its tag is still the given one."""
        with self._errors(key):
            try:
                return _stored(self._obstore.get(self._store, key, options={"if_none_match": tag}))
            except self._obstore.exceptions.NotModifiedError:
                return None

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """Yield an object of a known size in pieces, each asked for by itself."""
        for start in range(0, size, PIECE):
            with self._errors(key):
                end = min(start + PIECE, size)
                piece = self._obstore.get_range(self._store, key, start=start, end=end)
            yield memoryview(piece)

    def put(self, key: str, data: bytes | Path) -> None:
        """Write an object, or the content of a file, over what is there."""
        with self._errors(key):
            self._obstore.put(self._store, key, data, chunk_size=PIECE)

    def create(self, key: str, data: bytes) -> str:
        """Write an object that is not there yet; return its tag."""
        return self._conditional(key, data, "create")

    def replace(self, key: str, data: bytes, tag: str) -> str:
        """Write over the object with this tag; return the new tag."""
        return self._conditional(key, data, {"e_tag": tag})

    def list(self, prefix: str) -> list[ObjectInfo]:
        """Return the objects under a prefix, sorted by key."""
        with self._errors(prefix):
            pages = self._obstore.list(self._store, prefix.rstrip("/"))
            found = [ObjectInfo(one["path"], one["size"]) for page in pages for one in page]
        return sorted(found, key=lambda one: one.key)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there count as removed."""
        for key in keys:
            try:
                with self._errors(key):
                    self._obstore.delete(self._store, key)
            except ObjectMissing:
                continue

    def _conditional(self, key: str, data: bytes, mode: object) -> str:
        with self._errors(key, conditional=True):
            return str(self._obstore.put(self._store, key, data, mode=mode)["e_tag"])

    @contextmanager
    def _errors(self, key: str, conditional: bool = False) -> Iterator[None]:
        known = self._obstore.exceptions
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise ObjectStoreError(
                    f"{self.url}: the bucket does not exist; create it, or correct the URL"
                ) from None
            raise ObjectMissing(f"{self.url}/{key}: there is no such object") from None
        except (known.AlreadyExistsError, known.PreconditionError):
            raise PreconditionFailed(f"{self.url}/{key}: was changed meanwhile") from None
        except known.NotModifiedError:
            raise
        except known.BaseError as error:
            cause = _cause(str(error))
            if conditional and cause.startswith(("501", "NotImplemented")):
                raise ObjectStoreError(
                    f"{self.url}: this object store has no conditional put (If-Match,"
                    f" If-None-Match): it answered {cause}; use a store that has it, as Amazon S3"
                    " does, or a shared folder: file:///folder"
                ) from None
            if cause.startswith(("401", "403")):
                cause += (
                    ": the credentials of the environment (AWS_ACCESS_KEY_ID, …, or the role of the"
                    " machine) are missing, wrong, or without the right to do this"
                )
            raise ObjectStoreError(f"{self.url}/{key}: {cause}") from None


def _stored(found: Any) -> StoredObject:
    return StoredObject(bytes(found.bytes()), str(found.meta["e_tag"]))


def _cause(text: str) -> str:
    """Return the cause of a failure in one line: status and code, else the client's own words.

    The client adds a dump of the request after an empty line, which is left out.
    """
    head = text.partition("\n\n")[0]
    status, code = _STATUS.search(head), _CODE.search(text)
    if status is None:
        return " ".join(head.split())[:_LONGEST]
    return f"{status[1]} {code[1] if code else ''}".strip()
