"""Lists for users and sessions, similar items and search: methods of the client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .service_requests import Json, ServiceRequests


class RecommendationLists(ServiceRequests):
    """Lists of items, and why an item is in one."""

    def recommend(self, user: str, **parameters: Any) -> Json:
        """Return a personal list; parameters as in the API: n, q, category, explain, …"""
        return self._get("/recommend", {"user": user, **parameters})

    def home(self, user: str, **parameters: Any) -> Json:
        """Return the rows of a user's home page; parameters as in the API: n, rows, category, …"""
        return self._get("/home", {"user": user, **parameters})

    def following(self, user: str, **parameters: Any) -> Json:
        """Return items of those whom a user follows: order="time" or "rank", n=, …"""
        return self._get("/feed/following", {"user": user, **parameters})

    def more_of_row(self, row: Json) -> Json | None:
        """Return the next page of a row of a home page, as a row; None at its end."""
        if not row.get("next"):
            return None
        rows: list[Json] = self._get(row["next"], {})["rows"]
        return rows[0] if rows else None

    def recommend_session(self, **body: Any) -> Json:
        """Return a list for a visitor: events=[…], items=[…] or interests=[…]."""
        return self._send("POST", "/recommend", body, again=True)

    def recommend_batch(self, users: Iterable[str], **parameters: Any) -> list[Json]:
        """Return a list for each user, in order."""
        body = {"users": list(users), **parameters}
        found: list[Json] = self._send("POST", "/recommend/batch", body, again=True)["results"]
        return found

    def similar(self, item_id: str, **parameters: Any) -> Json:
        """Return items like one."""
        return self._get("/similar", {"item": item_id, **parameters})

    def search(self, words: str, **parameters: Any) -> Json:
        """Return items by words."""
        return self._get("/search", {"q": words, **parameters})

    def trending(self, **parameters: Any) -> Json:
        """Return what is taken up most now."""
        return self._get("/trending", parameters)

    def popular(self, **parameters: Any) -> Json:
        """Return what was taken up most."""
        return self._get("/popular", parameters)

    def latest(self, **parameters: Any) -> Json:
        """Return the newest items."""
        return self._get("/latest", parameters)

    def explain(self, user_id: str, item_id: str, **parameters: Any) -> Json:
        """Return why an item has its score for a user, part by part."""
        return self._get("/explain", {**parameters, "user": user_id, "item": item_id})

    def what_if(self, user: str | None = None, **body: Any) -> Json:
        """Return lists recomputed: overrides={…}, bundle=, without=[…], as_of=; or users=[…]."""
        about = {} if user is None else {"user": user}
        return self._send("POST", "/whatif", {**about, **body}, again=True)
