"""Object store of a URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from .folder_objects import FolderObjects
from .object_store import ObjectStore
from .s3_objects import S3Objects


def open_objects(url: str) -> ObjectStore:
    """Return the object store of a URL that `check_url` has returned; nothing is sent yet."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderObjects(Path(unquote(parts.path)))
    return S3Objects(parts.netloc, parts.path.strip("/"))
