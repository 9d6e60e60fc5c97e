"""Exception classes that callers can catch.

RecsysError
├── DataError      a file, row, parameter or text that came from outside is wrong
├── StoreError     the database cannot be reached, is locked, or is full
│   └── StoreBusy  no write could be done in time; reads go on
├── StreamError    a broker, topic or folder of messages cannot be read
├── BundleError    a bundle is missing, damaged, or of another format
├── ObjectStoreError  the object store cannot be reached, refuses, or lacks what is needed
├── RunnerError    Spark cannot be started or reached, or a job failed there
├── CpuLimit       a request took more CPU time than it may
├── Overloaded     too much work of a kind waits already
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


class StreamError(RecsysError):
    """A broker, topic or folder of messages cannot be read; the text says what to change."""


class BundleError(RecsysError):
    """A bundle is missing, damaged (checksum), or written in another format."""


class ObjectStoreError(RecsysError):
    """The object store of a URL cannot be reached, refuses, or lacks what is needed."""


class RunnerError(RecsysError):
    """Spark cannot be started or reached, or a job failed there; the text says what to change."""


class CpuLimit(RecsysError):
    """A request took more CPU time than it may; nothing was written."""


class Overloaded(RecsysError):
    """Too much work of a kind waits already: nothing was done, to try again later may help."""


class MissingExtra(RecsysError):
    """An optional package is not installed; the text names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'recsys[{extra}]'")
