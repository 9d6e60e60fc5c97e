"""Process beside the workers of `recsys serve` that pulls bundles from RECSYS_BUNDLES.

python -P -m recsys.jobs.bundle_pull_process

The supervisor starts it and holds its standard input, which ends with the supervisor. Logs are
lines of JSON, as those of the workers.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading

from recsys.bundle_store import BundleStore
from recsys.errors import BundleError, ObjectStoreError, RecsysError, StoreError
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.json_logs import JsonLineFormatter
from recsys.remote_bundles.bundle_puller import BundlePuller
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.settings import Settings
from recsys.store.store import Store

from .environment import load_settings

_FIRST = 0.5  # seconds before another try while the home has no bundle; doubles with each
_SPREAD = (0.5, 1.5)  # of the setting: bounds of a wait, so that replicas do not ask together
_WRONG = 78  # exit status where no further try can help

log = logging.getLogger("recsys.bundles")


class BundleFollower:
    """Looks at the object store again and again, and pulls what is new."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bundles = BundleStore(settings.home)
        self._puller = BundlePuller(self._bundles, RemoteBundleStore.open(settings.bundles))
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Pull until `stop` is set."""
        while not stop.is_set():
            self.look()
            stop.wait(self.pause())

    def look(self) -> bool:
        """Pull what is new; return whether the store could be read. Failures are logged."""
        try:
            version = self._puller.pull(self._used())
        except (BundleError, ObjectStoreError) as error:
            self._failures += 1
            log.warning("no bundle was pulled: %s", error, extra={"failures": self._failures})
            return False
        self._failures = 0
        if version is not None:
            log.info("bundle current", extra={"bundle": version})
        return True

    def pause(self) -> float:
        """Return the seconds until the next look: shorter while there is nothing to serve."""
        usual = self.settings.bundles_seconds
        if self._failures and self._bundles.current() is None:
            usual = min(usual, _FIRST * 2.0 ** min(self._failures - 1, 10))
        return usual * random.uniform(*_SPREAD)

    def _used(self) -> frozenset[str]:
        """Return the versions that experiments name; none until the first bundle is there."""
        if self._bundles.current() is None:
            return frozenset()
        try:
            with Store.open(self.settings.store_url) as store:
                return frozenset(Experiments(store.db).bundles_in_use())
        except StoreError as error:
            log.warning("the experiments cannot be read, their bundles are not pulled: %s", error)
            return frozenset()


def main() -> int:
    """Pull until standard input ends; return the exit status."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLineFormatter())
    logger = logging.getLogger("recsys")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        follower = BundleFollower(load_settings())
    except RecsysError as error:
        log.error("no bundles are pulled: %s", error)
        return _WRONG
    stop = threading.Event()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    follower.run(stop)
    return 0


def _end_with_parent() -> None:
    """End this process when the supervisor has; what is half pulled is not in the home."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
