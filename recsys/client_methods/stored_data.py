"""Items, users, events, follows and authors of the store: methods of the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .service_requests import Json, ServiceRequests, quoted, with_partial


class StoredData(ServiceRequests):
    """What the store holds: reading, adding, changing and deleting it."""

    def event_kinds(self) -> Json:
        """Return what each kind of event weighs and means, and the unknown kinds of the store."""
        return self._get("/event-kinds", {})

    def stats(self, **parameters: Any) -> Json:
        """Return what the store holds, and the click rates of lists over the last days=."""
        return self._get("/stats", parameters)

    def events(self, user_id: str, **page: Any) -> Json:
        """Return a page of a user's events in the order they arrived: n=, after=."""
        return self._get("/events", {"user_id": user_id, **page})

    def delete_event(self, event_id: int) -> Json:
        """Delete an event for good."""
        return self._send("DELETE", f"/events/{event_id}", None, again=False)

    def add_events(self, events: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Store events; give them timestamps, and sending them again changes nothing.

        `partial`: the right rows are stored and the others named in `rejected`; otherwise one
        wrong row refuses all.
        """
        rows = [dict(event) for event in events]
        timed = all(row.get("timestamp") is not None for row in rows)
        return self._send("POST", with_partial("/events", partial), rows, again=timed)

    def add_items(self, items: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Add items or replace them; available_from and expires_at say when they may be listed.

        `partial` as in `add_events`.
        """
        rows = [dict(item) for item in items]
        return self._send("POST", with_partial("/items", partial), rows, again=True)

    def add_users(self, users: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Add users or replace what is known of them; `partial` as in `add_events`."""
        rows = [dict(user) for user in users]
        return self._send("POST", with_partial("/users", partial), rows, again=True)

    def add_follows(self, follows: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Let users follow: {"user_id": …} with author_id or followed_user_id.

        `partial` as in `add_events`.
        """
        rows = [dict(follow) for follow in follows]
        return self._send("POST", with_partial("/follows", partial), rows, again=True)

    def remove_follows(self, follows: Iterable[Mapping[str, Any]]) -> Json:
        """Let users follow no longer; what was not followed is counted in `missing`."""
        rows = [dict(follow) for follow in follows]
        return self._send("DELETE", "/follows", rows, again=True)

    def follows(self, user_id: str, **page: Any) -> Json:
        """Return a page of whom a user follows, or direction="followers": n=, after=."""
        return self._get("/follows", {"user_id": user_id, **page})

    def suggestions(self, user_id: str, **parameters: Any) -> Json:
        """Return users and authors whom a user may want to follow: n=, kind="users", lang="zh"."""
        return self._get(f"/users/{quoted(user_id)}/suggestions", parameters)

    def add_authors(self, authors: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Tell the display names of authors; `partial` as in `add_events`."""
        rows = [dict(author) for author in authors]
        return self._send("POST", with_partial("/authors", partial), rows, again=True)

    def authors(self, **page: Any) -> Json:
        """Return a page of authors with their display names, or one: author_id=."""
        return self._get("/authors", page)

    def items(self, **page: Any) -> Json:
        """Return a page of items in the order of their ids (n=, after=), or some: item_id=[…]."""
        return self._get("/items", page)

    def put_item(self, item_id: str, **fields: Any) -> Json:
        """Add an item or replace it; fields as in `add_items`."""
        return self._send("PUT", f"/items/{quoted(item_id)}", fields, again=True)

    def item(self, item_id: str) -> Json | None:
        """Return an item, None when there is none."""
        found: list[Json] = self._get("/items", {"item_id": item_id})["items"]
        return found[0] if found else None

    def change_item(self, item_id: str, **changes: Any) -> Json:
        """Change fields of an item; hidden=True takes it out of all lists.

        available_from=None and expires_at=None take away when it may be listed.
        """
        return self._send("PATCH", f"/items/{quoted(item_id)}", changes, again=True)

    def delete_item(self, item_id: str) -> Json:
        """Forget an item."""
        return self._send("DELETE", f"/items/{quoted(item_id)}", None, again=False)

    def users(self, **page: Any) -> Json:
        """Return a page of users in the order of their ids: n=, after=."""
        return self._get("/users", page)

    def user(self, user_id: str) -> Json | None:
        """Return a user, None when there is none."""
        found: list[Json] = self._get("/users", {"user_id": user_id})["users"]
        return found[0] if found else None

    def make_token(self, user_id: str, **more: Any) -> Json:
        """Make a token with which a browser may ask and tell about one user: seconds=."""
        return self._send("POST", "/tokens", {"user_id": user_id, **more}, again=True)

    def put_user(self, user_id: str, **known: Any) -> Json:
        """Tell what a user likes: interests=[…], items=[…], name, language."""
        return self._send("PUT", f"/users/{quoted(user_id)}", known, again=True)

    def profile(self, user_id: str, **parameters: Any) -> Json:
        """Return what is known and believed of a user, and why."""
        return self._get(f"/users/{quoted(user_id)}/profile", parameters)

    def change_controls(self, user_id: str, *controls: Mapping[str, str], **more: Any) -> Json:
        """Mute, boost, lower, forget or widen; return all controls in force.

        undo=[ids] and reset=True take controls back. A control is
        {"action": "mute", "kind": "author", "value": "ann"}.
        """
        body = {**more, "controls": [dict(control) for control in controls]}
        path = f"/users/{quoted(user_id)}/profile"
        return self._send("PATCH", path, body, again=False)

    def merge_users(self, user_id: str, from_id: str) -> Json:
        """Move all that is held of `from_id` to a user; `from_id` is unknown afterwards."""
        path = f"/users/{quoted(user_id)}/merge"
        return self._send("POST", path, {"from": from_id}, again=True)

    def export_user(self, user_id: str) -> Json:
        """Return all that is held of a user."""
        return self._get(f"/users/{quoted(user_id)}/export", {})

    def delete_user(self, user_id: str) -> Json:
        """Remove a user for good; returns a receipt of what went where."""
        return self._ask("DELETE", "/users", again=False, params={"user_id": user_id})
