"""Tokens of forms, which show that a page of the console has sent a request, and no other site."""

from __future__ import annotations

from flask import Request, current_app

from ..auth import sent_key
from ..errors import ApiError

FIELD = "csrf"  # of the forms
_OWN = ("", "none", "same-origin")  # of Sec-Fetch-Site


def check_form(request: Request, token: str) -> None:
    """Raise 403 unless a form was made for the session that its request has.

    A request with a key in a header needs no token: no page of another site can send one. Of
    Authorization that is `Bearer` alone: browsers add the password of a proxy (`Basic`) by
    themselves, to forms of other sites, too.
    """
    if sent_key(request.environ):
        return
    gate = current_app.extensions["gate"]
    session = gate.session(request.environ)
    foreign = request.environ.get("HTTP_SEC_FETCH_SITE", "") not in _OWN
    if foreign or session is None or not gate.sessions.allows(session, token):
        message = "this form has expired, or was not sent by the console: open its page again"
        raise ApiError(403, message, "form_expired")
