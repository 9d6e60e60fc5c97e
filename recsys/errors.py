"""What can go wrong, as callers may want to catch it.

RecsysError
├── DataError      a file, row, parameter or text that came from outside is wrong
├── StoreError     the database cannot be reached, is locked, or is full
│   └── StoreBusy  no write could be done in time; reads go on
├── BundleError    a bundle is missing, damaged, or of another format
└── MissingExtra   an optional package is not installed; the message names the extra
"""


class RecsysError(Exception):
    """Base of every error this project raises on purpose; its text is fit for a user."""


class DataError(RecsysError):
    """Input from outside is wrong; the text names the value, the place and the way out."""


class StoreError(RecsysError):
    """The database cannot be reached, is locked for too long, or is full."""


class StoreBusy(StoreError):
    """Other writers hold the database for too long: nothing was written, reads go on."""


class BundleError(RecsysError):
    """A bundle is missing, damaged (checksum), or written in another format."""


class MissingExtra(RecsysError):
    """An optional package is not installed; the text names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'recsys[{extra}]'")
