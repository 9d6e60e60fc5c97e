"""Notices of suspicious groups: one per group, whichever worker finds it first."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import StoreError
from recsys.serving.suspicious_groups import SuspiciousGroup, suspicious_groups
from recsys.store.outbox import Notice, add_notice, newest_of

from .served_model import ServedModel
from .store_connection import StoreLink

log = logging.getLogger("recsys.api")

KIND = "suspicious_group"
RECENT = 86_400.0  # seconds after its latest first act in which a group is worth a notice
PAUSE = (
    7 * 86_400.0
)  # seconds without a first act after which the next group on an item is another one
_MOST_KEPT = 10_000  # items that are remembered


@dataclass(frozen=True, slots=True)
class _Group:
    item_id: str
    unique_users: int
    first: float
    last: float
    properties: str

    @property
    def data(self) -> dict[str, Any]:
        return {
            "item_id": self.item_id,
            "voices": self.unique_users,
            "first": self.first,
            "last": self.last,
            "properties": self.properties,
        }


class SuspectNotices:
    """Makes a notice of each suspicious group on an item, of recent ones only.

    A group is known while its latest first act is at most `PAUSE` after the latest one known of it;
    it may grow without a further notice.
    """

    def __init__(self, link: StoreLink) -> None:
        self._link = link
        self._last: dict[
            str, float
        ] = {}  # item id: time of the latest first act known of its group

    def look(self, serving: ServedModel) -> int:
        """Add notices of the groups that are new; return how many this worker added."""
        recent = time.time() - RECENT
        with serving.feed.ranking:  # no event is counted meanwhile
            found = [
                _shown(serving, group)
                for group in suspicious_groups(serving.live)
                if group.last >= recent
            ]
        new = [one for one in found if not self._known(one)]
        try:
            count = self._add(new) if new else 0
        except StoreError:
            log.debug("notices of suspicious groups wait for the store")
            return 0
        if len(self._last) > _MOST_KEPT:
            self._last.clear()  # the outbox knows them
        self._last.update((one.item_id, one.last) for one in found)
        return count

    def _known(self, one: _Group) -> bool:
        last = self._last.get(one.item_id)
        return last is not None and one.last <= last + PAUSE

    def _add(self, groups: Sequence[_Group]) -> int:
        count = 0
        with self._link.use(patient=True) as store, store.db.write() as connection:
            for one in groups:
                subject = f"suspects:{one.item_id}"
                sent_before = newest_of(connection, KIND, subject)
                if sent_before is None or one.last > sent_before.notice.data["last"] + PAUSE:
                    key = f"{subject}:{one.last:.3f}"
                    add_notice(connection, Notice(KIND, one.data, key, subject))
                    count += 1
        return count


def _shown(serving: ServedModel, group: SuspiciousGroup) -> _Group:
    names = ", ".join(name for name, _ in group.tests)
    item_id = serving.live.item_id(group.row)
    return _Group(item_id, group.unique_users, group.first, group.last, names)
