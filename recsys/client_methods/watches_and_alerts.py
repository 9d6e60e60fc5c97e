"""Watches, detected events, alerts and silences: methods of the client."""

from __future__ import annotations

from typing import Any

from .service_requests import Json, ServiceRequests


class Monitoring(ServiceRequests):
    """What is watched in the stream of events, and what was found."""

    def watches(self, after: int = 0, n: int = 100) -> Json:
        """Return a page of saved queries over texts, oldest first."""
        return self._get("/watches", {"after": after, "n": n})

    def add_watch(self, name: str, query: str, **settings: Any) -> Json:
        """Save a query; `settings`: group, level, least_people, digest."""
        body = {"name": name, "query": query, **settings}
        return self._send("POST", "/watches", body, again=False)

    def preview_watch(self, query: str, level: str = "normal", least_people: int = 10) -> Json:
        """Return what a watch holds for, and the alerts it would have made in 30 days."""
        body = {"query": query, "level": level, "least_people": least_people}
        return self._send("POST", "/watches/preview", body, again=True)

    def opinion(self, query: str, days: int = 30) -> Json:
        """Return the corrected opinion shares of the texts that a query holds for."""
        return self._send("POST", "/opinion", {"query": query, "days": days}, again=True)

    def watch(self, watch_id: int) -> Json:
        """Return a watch."""
        return self._get(f"/watches/{watch_id}", {})

    def change_watch(self, watch_id: int, **changes: Any) -> Json:
        """Change name, group, level, least_people or digest of a watch."""
        return self._send("PATCH", f"/watches/{watch_id}", changes, again=True)

    def delete_watch(self, watch_id: int) -> Json:
        """Remove a watch with its counts and alerts."""
        return self._send("DELETE", f"/watches/{watch_id}", None, again=True)

    def watch_timeline(self, watch_id: int, resolution: str = "day", last: int = 30) -> Json:
        """Return texts, people and opinion shares of a watch by hour or day."""
        params = {"resolution": resolution, "last": last}
        return self._get(f"/watches/{watch_id}/timeline", params)

    def detected_events(self, **parameters: Any) -> Json:
        """Return a page of the events found in texts, the newest first: n=, before=, state=."""
        return self._get("/detected-events", parameters)

    def detected_event(self, event_id: int) -> Json:
        """Return an event with its time line, its first and its newest texts."""
        return self._get(f"/detected-events/{event_id}", {})

    def alerts(self, n: int = 100, **filters: Any) -> Json:
        """Return a page of alerts, the newest first; `filters`: state, kind, watch, before."""
        return self._get("/alerts", {"n": n, **filters})

    def alert(self, alert_id: int) -> Json:
        """Return an alert with the texts that stand for it."""
        return self._get(f"/alerts/{alert_id}", {})

    def acknowledge_alert(self, alert_id: int, note: str = "") -> Json:
        """Note that somebody looks after an alert."""
        return self._send("POST", f"/alerts/{alert_id}/acknowledge", {"note": note}, again=False)

    def resolve_alert(self, alert_id: int, note: str = "") -> Json:
        """End an alert by hand."""
        return self._send("POST", f"/alerts/{alert_id}/resolve", {"note": note}, again=False)

    def silences(self) -> list[Json]:
        """Return the times in which alerts are not sent."""
        found: list[Json] = self._get("/silences", {})["silences"]
        return found

    def add_silence(
        self,
        end: float,
        start: float | None = None,
        watch: int | None = None,
        group: str | None = None,
        reason: str = "",
    ) -> Json:
        """Send no alerts of a watch, of a group or of all, until a moment in Unix seconds."""
        body = {"watch": watch, "group": group, "start": start, "end": end, "reason": reason}
        return self._send("POST", "/silences", body, again=False)

    def remove_silence(self, silence_id: int) -> Json:
        """Remove a silence."""
        return self._send("DELETE", f"/silences/{silence_id}", None, again=True)
