"""Notices, webhooks and mail addresses: methods of the client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .service_requests import Json, ServiceRequests, quoted


class Notifications(ServiceRequests):
    """Notices of the service, and where they are sent."""

    def notices(self, **filters: Any) -> Json:
        """Return notices with their deliveries, the newest first: kind=, subject=, before=, n=."""
        return self._get("/notices", filters)

    def dead_notices(self, **page: Any) -> Json:
        """Return deliveries that were given up: before=, n=."""
        return self._get("/notices/dead", page)

    def notice_kinds(self) -> list[Json]:
        """Return the kinds of notices with the JSON schemas of their data."""
        found: list[Json] = self._get("/notices/kinds", {})["kinds"]
        return found

    def retry_notices(self, deliveries: Iterable[int] | None = None) -> int:
        """Have dead deliveries tried anew, all or those named; return how many."""
        body = {} if deliveries is None else {"deliveries": list(deliveries)}
        return int(self._send("POST", "/notices/dead/retry", body, again=True)["retried"])

    def webhooks(self) -> list[Json]:
        """Return the webhooks, without their secrets."""
        found: list[Json] = self._get("/webhooks", {})["webhooks"]
        return found

    def add_webhook(self, url: str, kinds: Iterable[str] = ()) -> Json:
        """Add a webhook; `secret` of the answer is shown this once."""
        return self._send("POST", "/webhooks", {"url": url, "kinds": list(kinds)}, again=False)

    def test_webhook(self, webhook_id: int) -> Json:
        """Send a notice of the kind `test` to a webhook."""
        return self._send("POST", f"/webhooks/{webhook_id}/test", None, again=False)

    def delete_webhook(self, webhook_id: int) -> Json:
        """Remove a webhook."""
        return self._send("DELETE", f"/webhooks/{webhook_id}", None, again=False)

    def mail_addresses(self) -> list[Json]:
        """Return the mail addresses."""
        found: list[Json] = self._get("/mail-addresses", {})["addresses"]
        return found

    def add_mail_address(self, address: str, kinds: Iterable[str] = ()) -> Json:
        """Add a mail address, which is sent a token."""
        body = {"address": address, "kinds": list(kinds)}
        return self._send("POST", "/mail-addresses", body, again=False)

    def confirm_mail_address(self, token: str) -> Json:
        """Confirm a mail address by the token that was sent to it."""
        path = f"/mail-addresses/confirm?token={quoted(token)}"
        return self._send("POST", path, None, again=True)

    def test_mail_address(self, address_id: int) -> Json:
        """Send a notice of the kind `test` to a mail address that is confirmed."""
        return self._send("POST", f"/mail-addresses/{address_id}/test", None, again=False)

    def delete_mail_address(self, address_id: int) -> Json:
        """Remove a mail address."""
        return self._send("DELETE", f"/mail-addresses/{address_id}", None, again=False)
