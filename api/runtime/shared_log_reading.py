"""LogReading: how one worker reads the ends of the store's logs, by itself or with the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.errors import StoreError
from recsys.settings import Settings
from recsys.store.acts_by_store_numbers import NumberedAct
from recsys.store.events import StoredEvent
from recsys.store.store import Store

from .store_connection import StoreLink

if TYPE_CHECKING:
    from recsys.store.shared_log_tail import SharedLogTail


class LogReading:
    """Many workers over PostgreSQL let one of them read; few, and those over SQLite, do not."""

    def __init__(self, settings: Settings, link: StoreLink, folder: str) -> None:
        """`folder`: one that the workers of this server share; "": there is none."""
        self._link = link
        self.shared: SharedLogTail | None = None
        many = settings.workers >= settings.shared_tail_from
        if many and folder and not settings.store_url.startswith("sqlite"):
            from recsys.store.shared_log_tail import SharedLogTail  # here: few workers need it

            self.shared = SharedLogTail(Path(folder))

    def lead(self) -> None:
        """Read for all workers, if this is the one that does; to be called again and again."""
        if self.shared is None or not self.shared.take_lead():
            return
        try:
            with self._link.use(patient=True) as store:
                self.shared.look(store)
        except StoreError:
            pass  # all find that nobody looked lately, and look for themselves

    def stamp(self) -> int | None:
        """Return a number that moves with every change of the logs; None: look there.

        Where workers share the reading, as of some hundredths of a second ago: good enough for
        what follows the logs, not for an answer that has to hold what was just written.
        """
        return self._link.stamp() if self.shared is None else self.shared.stamp()

    def events_after(self, store: Store, id: int, n: int) -> Sequence[StoredEvent]:
        """Return the first n events with a greater id, ascending."""
        if self.shared is None:
            return store.events_after(id, n)
        return self.shared.events_after(store, id, n)

    def acts_after(self, store: Store, id: int, n: int) -> Sequence[NumberedAct]:
        """Return the same events in numbers."""
        if self.shared is None:
            return store.numbered_acts_after(id, n)
        return self.shared.acts_after(store, id, n)

    def close(self) -> None:
        """Leave the reading to another worker."""
        if self.shared is not None:
            self.shared.close()
