"""SecondBundle: the bundle that an arm of a running experiment names, open beside the one in
service.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from recsys.bundle_store import BundleStore
from recsys.errors import RecsysError, StoreError
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.store_log_tailer import EventReader
from recsys.text.sentiment.scorer import SentimentScorer

from .served_model import ServedModel
from .shared_log_reading import LogReading
from .store_connection import StoreLink

log = logging.getLogger("recsys.api")
_STATUS = Path("/proc/self/statm")
_PAGE = 4_096  # bytes


@dataclass(frozen=True, slots=True)
class _Open:
    serving: ServedModel
    array_bytes: int
    memory_bytes: int | None


class SecondBundle:
    """At most one bundle besides the one in service, of one worker."""

    def __init__(
        self,
        bundles: BundleStore,
        link: StoreLink,
        logs: LogReading,
        settings: Settings,
        sentiment_scorer: SentimentScorer | None,
    ) -> None:
        self._bundles, self._link, self._logs, self._settings = bundles, link, logs, settings
        self._sentiment_scorer = sentiment_scorer
        self._open: _Open | None = None
        self.refused = ""  # version that could not be opened; empty: none
        self._refused_identity: object = None  # of its folder: one that came later is tried

    @property
    def serving(self) -> ServedModel | None:
        """The open bundle, None when there is none."""
        return None if self._open is None else self._open.serving

    @property
    def version(self) -> str:
        """Version of the open bundle, empty when there is none."""
        return "" if self._open is None else self._open.serving.version

    def take(self, version: str) -> bool:
        """Open a version, or none where it is empty; return whether another one is open now.

        One that cannot be opened is refused with a warning, and tried again when it is named anew
        or its folder is another one: a replica may pull it later.
        """
        if version == self.version:
            return False
        if not version:
            self._open, self.refused = None, ""
            return True
        identity = self._bundles.identity(version)
        if version == self.refused and identity == self._refused_identity:
            return False
        before = _resident()
        try:
            raw = self._bundles.open(version)
            serving = ServedModel.of(raw, self._settings, self._sentiment_scorer)
            self._follow(serving, None, Store.events_after)
        except RecsysError as error:
            log.warning("the bundle of an arm cannot be opened: %s", str(error)[:500])
            closed, self._open, self.refused = self._open is not None, None, version
            self._refused_identity = identity
            return closed
        after = _resident()
        grown = None if before is None or after is None else max(after - before, 0)
        size = sum(int(array.nbytes) for array in raw.arrays.values())
        self._open, self.refused = _Open(serving, size, grown), ""
        log.info("bundle of an arm in service", extra={"bundle": version})
        return True

    def follow(self) -> None:
        """Read the store's logs on to what is there now; StoreError is left to the next look."""
        if self.serving is not None:
            self._follow(self.serving, self._link.stamp(), Store.events_after)

    def follow_shared(self) -> None:
        """Do the same as far as the workers share the reading."""
        if self.serving is not None:
            self._follow(self.serving, self._logs.stamp(), self._logs.events_after)

    def _follow(self, serving: ServedModel, stamp: int | None, read: EventReader) -> None:
        if stamp is not None and stamp == serving.feed.stamp:
            return
        try:
            with self._link.use(patient=True) as store:
                serving.feed.follow(store, stamp, read=read)
        except StoreError:
            serving.feed.stamp = None

    def as_json(self) -> dict[str, object] | None:
        """Return version and memory; None without a second bundle."""
        if self._open is None:
            return None
        return {
            "version": self.version,
            "array_bytes": self._open.array_bytes,
            "memory_bytes": self._open.memory_bytes,
        }


def _resident() -> int | None:
    """Return the bytes of memory of this process; None where the system does not tell."""
    try:
        return int(_STATUS.read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None
