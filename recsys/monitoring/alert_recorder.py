"""AlertWriter: brings changes of alerts into the store, with evidence, and makes their notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import sqlalchemy as sa

from recsys.i18n import translate
from recsys.monitoring.alert_detection import FLOOD, AlertChange, Monitor
from recsys.monitoring.alert_evidence import READ, Findings, findings
from recsys.monitoring.alert_sentences import MORE, in_all, summary
from recsys.monitoring.alert_states import AGAIN, AlertState
from recsys.monitoring.negative_share import WINDOWS
from recsys.monitoring.watch_digest import write_digests
from recsys.monitoring.watched_text import COMMENT, ITEM, WatchedText
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.store.alerts import FIRING, PENDING, RESOLVED, Alert, Alerts, Evidence
from recsys.store.leases import check_lease
from recsys.store.outbox import Notice, add_notice
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import HOUR, Match, Watch, Watches

LEASE = "watch"
WAIT = 60.0  # seconds that a group's first alert waits for others
PAUSE = 600.0  # seconds between two notices of one group
BEFORE = 3 * 24 * HOUR  # seconds before a window that its terms are compared with
LISTED = 20  # alerts that a notice names


class AlertWriter:
    """Writes for the holder of the lease."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alerts, self.texts = Alerts(store.db), WatchedLog(store.db)
        self.watches = Watches(store.db)

    def prepared(
        self, changes: Sequence[AlertChange], reader: WatchedTextReader, now: float
    ) -> list[tuple[AlertChange, Findings]]:
        """Return changes with what was found of each that fires."""
        return [
            (one, self._findings(one, reader, now))
            if one.change in ("fired", "reopened") and one.kind != FLOOD
            else (one, Findings((), (), ()))
            for one in changes
        ]

    def apply(
        self,
        connection: sa.Connection,
        changes: Sequence[tuple[AlertChange, Findings]],
        monitor: Monitor,
        now: float,
    ) -> None:
        """Store what a look has changed, in a transaction of the holder of the lease."""
        rows = {(one.watch, one.kind): one for one in self.alerts.open(now - AGAIN)}
        for change, found in changes:
            self._apply_one(connection, change, rows.get((change.watch, change.kind)), found)
        touched = {(one.watch, one.kind) for one, _ in changes}
        for key, state in monitor.states.items():
            if key in rows and key not in touched:
                body = {**rows[key].body, "memory": _memory(state)}
                if body != rows[key].body:
                    self.alerts.change(connection, rows[key].id, {"body": body})

    def _apply_one(
        self, connection: sa.Connection, change: AlertChange, row: Alert | None, found: Findings
    ) -> None:
        state = change.state
        if state is None:
            if row is not None and row.state == PENDING:
                self.alerts.drop(connection, row.id)
            return
        values: dict[str, Any] = {"state": state.state, "began": state.began}
        values |= {"fired": state.fired, "resolved": state.resolved}
        body = dict(row.body) if row is not None else {}
        if change.change in ("pending", "fired", "reopened"):
            body |= figures(change)
        if found.texts or change.change == "fired":
            body |= {"terms": list(found.terms), "entities": list(found.entities)}
            body["evidence"] = len(found.texts)
        values["body"] = {**body, "memory": _memory(state)}
        if row is None or (row.state == RESOLVED and change.change == "pending"):
            id = self.alerts.add(connection, {"watch": change.watch, "kind": change.kind} | values)
        else:
            id = row.id
            self.alerts.change(connection, id, values)
        if found.texts:
            self.alerts.set_evidence(connection, id, _evidence(id, found))

    def _findings(self, change: AlertChange, reader: WatchedTextReader, now: float) -> Findings:
        start = now - WINDOWS[change.window] * HOUR
        all_of = self.watches.matches_since(start - BEFORE, change.watch)
        burst = [one for one in all_of if one.at > start]
        before = [one for one in all_of if one.at <= start]
        texts = self._read(burst[-READ:], reader, now)
        return findings(texts, self._read(before[-READ:], reader, now), _spread(reader, start))

    def _read(
        self, found: Sequence[Match], reader: WatchedTextReader, now: float
    ) -> list[WatchedText]:
        items = self.texts.items_of([one.ref for one in found if one.source == ITEM])
        comments = self.texts.comments_of([one.ref for one in found if one.source == COMMENT])
        titles = self.store.items_known([one.item_id for one in comments.values()])
        texts = []
        for one in found:
            text: WatchedText | None = None
            if one.source == ITEM and one.ref in items:
                text = reader.item(one.ref, items[one.ref], one.at, now)
            elif one.source == COMMENT and one.ref in comments:
                event = comments[one.ref]
                text = reader.comment(event, titles.get(event.item_id), now)
            if text is not None:
                texts.append(text)
        reader.tones(texts)
        return texts

    def send(self, watches: Sequence[Watch], token: int, now: float) -> None:
        """Make notices of alerts that fired or are over, by group; and digests that are due."""
        known = {one.id: one for one in watches}
        waiting = [
            one
            for one in self.alerts.open(now - 24 * HOUR)
            if one.fired is not None and one.kind != FLOOD and one.watch in known
        ]
        quiet = self.alerts.silences() if waiting else []
        groups: dict[str, list[Alert]] = {}
        for one in waiting:
            watch = known[one.watch]
            if not any(s.covers(watch.id, watch.group, now) for s in quiet):
                groups.setdefault(watch.group or watch.name, []).append(one)
        for group, some in groups.items():
            self._send_group(group, some, known, token, now)
        write_digests(self.store, watches, token, now)

    def _send_group(
        self,
        group: str,
        some: Sequence[Alert],
        known: Mapping[int, Watch],
        token: int,
        now: float,
    ) -> None:
        latest = max((one.notified or 0.0 for one in some), default=0.0)
        new = [one for one in some if one.notified is None and one.state == FIRING]
        ready = new and now - min(one.fired or now for one in new) >= WAIT
        if ready and (now - latest >= PAUSE or now < latest):
            with self.store.db.write() as connection:
                check_lease(connection, LEASE, token)
                add_notice(connection, _firing(group, new, known, now))
                for one in new:
                    self.alerts.change(connection, one.id, {"notified": now})
        for one in some:
            if one.state == RESOLVED and one.notified and not one.body.get("told"):
                with self.store.db.write() as connection:
                    check_lease(connection, LEASE, token)
                    add_notice(connection, _resolved(group, one, known, now))
                    self.alerts.change(connection, one.id, {"body": {**one.body, "told": True}})


def figures(change: AlertChange) -> dict[str, Any]:
    """Return the figures of an alert's clearest window."""
    voices = change.reading.voices[change.window] if change.reading.voices else None
    if voices is None:
        return {}
    low, high = wilson(voices.negative, voices.people)
    expected = change.reading.expected
    return {
        "window_hours": WINDOWS[change.window],
        "texts": voices.texts,
        "people": voices.people,
        "effective_people": round(voices.effective, 1),
        "negative_people": voices.negative,
        "share": voices.negative / max(voices.people, 1),
        "share_low": low,
        "share_high": high,
        "usual_share": change.reading.usual,
        "expected_people": expected[change.window] if expected else 0.0,
        "chance": change.chance,
    }


def wilson(count: int, n: int, z: float = 1.645) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927), 90 %."""
    if n <= 0:
        return 0.0, 1.0
    share, scale = count / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def states_of(alerts: Alerts, now: float) -> dict[tuple[int, str], AlertState]:
    """Return the states of alerts as the store has them, what was changed by hand included."""
    found = {}
    for one in alerts.open(now - AGAIN):
        memory = one.body.get("memory", {})
        found[one.watch, one.kind] = AlertState(
            one.state,
            one.began,
            float(memory.get("bar", 0.0)),
            tuple(bool(each) for each in memory.get("looks", [True])),
            one.fired,
            one.resolved,
            int(memory.get("quiet", 0)),
            float(memory.get("quiet_since", 0.0)),
        )
    return found


def _memory(state: AlertState) -> dict[str, Any]:
    found = asdict(state)
    return {name: found[name] for name in ("bar", "looks", "quiet", "quiet_since")} | {
        "looks": list(state.looks)
    }


def _evidence(alert: int, found: Findings) -> list[Evidence]:
    return [
        Evidence(alert, place, role, one.source, one.ref, one.at)
        for place, (role, one) in enumerate(found.texts)
    ]


def _firing(group: str, new: Sequence[Alert], known: Mapping[int, Watch], now: float) -> Notice:
    listed = new[:LISTED]
    name = known[listed[0].watch].name

    def said(language: str) -> str:
        first = summary(listed[0], name, language)
        if len(new) == 1:
            return first
        return translate(MORE, language, summary=first, count=len(new) - 1)

    data = {
        "group": group,
        "count": len(new),
        "alerts": ", ".join(str(one.id) for one in listed),
        "watches": ", ".join(known[one.watch].name for one in listed),
        "at": now,
    }
    data |= in_all("summary", said)
    key = f"alert_firing:{','.join(str(one.id) for one in new)}"
    return Notice("alert_firing", data, key, f"alerts:{group}")


def _resolved(group: str, one: Alert, known: Mapping[int, Watch], now: float) -> Notice:
    name = known[one.watch].name
    data = {"group": group, "alert": one.id, "watch": name, "at": now}
    data |= in_all("summary", lambda language: summary(one, name, language))
    return Notice("alert_resolved", data, f"alert_resolved:{one.id}", f"alerts:{group}")


def _spread(reader: WatchedTextReader, since: float) -> Any:
    """Return what counts the acts on an item since a moment; 0 for comments."""
    live, counts = reader.live, dict[int, int]()
    if live is not None:
        rows, *_ = live.recent_activity.acts(int(since // HOUR), 1 << 24)
        some, acts = np.unique(rows[rows >= 0], return_counts=True)
        counts = dict(zip(some.tolist(), acts.tolist(), strict=True))

    def spread(text: WatchedText) -> float:
        item = text.labels.get("item", frozenset())
        row = live.row(next(iter(item))) if live is not None and item else -1
        return float(counts.get(row, 0))

    return spread
