"""URLs of object stores: `s3://bucket/prefix` and `file:///folder`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

FORMS = "s3://bucket/prefix or file:///folder"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/=-]*")


def check_url(url: str) -> str:
    """Return a URL without a slash at its end; ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"must be {FORMS}, without user, password and options: credentials, region and endpoint"
            " come from the environment (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, …)"
        )
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return url.rstrip("/")
    path = parts.path.strip("/")
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or "//" in path:
        raise ValueError(f"must be {FORMS}")
    if not _PREFIX.fullmatch(path):
        raise ValueError(f"must be {FORMS}; the prefix may hold letters, digits and !_.*'()/=-")
    return url.rstrip("/")
