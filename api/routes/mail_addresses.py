"""/mail-addresses: recipients of notices by mail, active once they have confirmed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response

from recsys.errors import DataError
from recsys.store.notice_destinations import MAIL, Destination, Destinations

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.items_users_events import Deleted
from ..schemas.notices import Added, MailAddress, MailAddressBody, MailAddresses, TokenQuery
from .request_context import service

routes = Routes("mail_addresses")

_OWN = "the receiver confirms their own address; the token is the proof, and names nobody else"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Confirm an address</title>
<form method="post" action="/mail-addresses/confirm?token={token}">
<p>Notices of this service will be mailed to you once you confirm it.</p>
<button>Confirm</button>
</form></html>
"""


@routes.get("/mail-addresses", "notices", answers=MailAddresses)
def page() -> dict[str, Any]:
    """The mail addresses, oldest first."""
    with service().link.use() as store:
        return {"addresses": list(map(_as_json, Destinations(store.db).list(MAIL)))}


@routes.post(
    "/mail-addresses",
    "operate",
    body=MailAddressBody,
    answers=MailAddress,
    status=201,
    fails=(409,),
)
def post(body: MailAddressBody) -> dict[str, Any]:
    """Add a mail address. It is sent a token, and nothing else until it is confirmed."""
    if not service().settings.smtp:
        raise ApiError(409, "no mail is sent: set RECSYS_SMTP and RECSYS_MAIL_FROM")
    with service().link.use() as store:
        return _as_json(Destinations(store.db).add_address(body.address, body.kinds))


@routes.delete("/mail-addresses/<int:address_id>", "operate", answers=Deleted, fails=(404,))
def delete(address_id: int) -> dict[str, Any]:
    """Remove a mail address; what waits for it is dropped."""
    with service().link.use() as store:
        if address_id >= 2**63 or not Destinations(store.db).remove(MAIL, address_id):
            raise missing("mail address")
    return {"deleted": {"mail_addresses": 1}}


@routes.get(
    "/mail-addresses/confirm", None, query=TokenQuery, answers=str, media="text/html; charset=utf-8"
)
def form(query: TokenQuery) -> Response:
    """A page with the button that confirms: programs that follow the links of a mail do not."""
    text = _PAGE.format(token=quote(query.token, safe=""))
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Security-Policy"] = "default-src 'none'; form-action 'self'"
    return response


@routes.post(
    "/mail-addresses/confirm",
    None,
    query=TokenQuery,
    answers=MailAddress,
    fails=(404, 503),
    unaudited=_OWN,
)
def confirm(query: TokenQuery) -> dict[str, Any]:
    """Confirm a mail address by the token that was sent to it."""
    with service().link.use() as store:
        found = Destinations(store.db).confirm(query.token)
    if found is None:
        raise ApiError(404, "this token is wrong, or older than seven days")
    return _as_json(found)


@routes.post(
    "/mail-addresses/<int:address_id>/test", "operate", answers=Added, status=201, fails=(404,)
)
def test(address_id: int) -> dict[str, int]:
    """Send a notice of the kind `test` to a mail address that is confirmed."""
    with service().link.use() as store:
        try:
            return {"notice": Destinations(store.db).test(MAIL, address_id)}
        except DataError as error:
            raise ApiError(404, str(error)) from None


def _as_json(one: Destination) -> dict[str, Any]:
    return {
        "id": one.id,
        "address": one.address,
        "kinds": list(one.kinds),
        "created": one.created,
        "confirmed": one.confirmed,
    }
