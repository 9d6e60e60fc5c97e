"""Mail sender: notices as plain messages over SMTP."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote, unquote, urlsplit

from recsys.data.notice_kinds import KINDS
from recsys.delivery.sender import Sent
from recsys.errors import DataError
from recsys.store.notice_destinations import check_address
from recsys.store.outbox import Delivery

_TIMEOUT = 10.0  # seconds for each step of the protocol
_SUBJECT = 150  # characters
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_LETTER = """\
This address was entered as a destination of notices of a recsys service.

To confirm it, {way} within seven days. Without a confirmation nothing else will be sent here.

    {token}
"""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and who it is from."""

    scheme: str  # smtp, smtp+starttls or smtps
    host: str
    port: int
    user: str
    password: str
    sender: str

    @classmethod
    def of(cls, url: str, sender: str) -> MailServer | None:
        """Return what settings say: smtp+starttls://user:password@host:587; None without any."""
        if not url:
            return None
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0:
            raise DataError(
                f"RECSYS_SMTP: write {' or '.join(f'{one}://host:port' for one in _PORTS)}"
            )
        if parts.username and parts.scheme == "smtp" and parts.hostname not in _LOCAL:
            raise DataError("RECSYS_SMTP: a password needs smtp+starttls:// or smtps://")
        if not sender:
            raise DataError("RECSYS_MAIL_FROM: name the address that mail is from")
        return cls(
            parts.scheme,
            parts.hostname,
            port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            check_address(sender),
        )


class MailSender:
    """Sends by a mail server. `token`: an address's number to the token that confirms it."""

    def __init__(
        self, server: MailServer | None, token: Callable[[int], str], public_url: str = ""
    ) -> None:
        self._server = server
        self._token = token
        self._public_url = public_url.rstrip("/")

    def send(self, delivery: Delivery) -> Sent:
        """Hand in a message once; taken when the server has taken it."""
        if self._server is None:
            return Sent("RECSYS_SMTP is not set")
        try:
            self._hand_in(self._server, self._message(self._server, delivery))
        except (smtplib.SMTPException, OSError, ValueError, DataError) as error:
            return Sent(f"{type(error).__name__}: {error}")
        return Sent()

    def _message(self, server: MailServer, delivery: Delivery) -> EmailMessage:
        one = delivery.notice
        found = EmailMessage()
        found["From"], found["To"] = server.sender, delivery.address
        found["Subject"] = subject_line(one.notice.kind, one.notice.data)
        found["Date"] = format_datetime(datetime.fromtimestamp(one.created, UTC))
        # the same with every try, so that a second copy can be recognized
        found["Message-ID"] = f"<{one.uid}@{server.sender.partition('@')[2]}>"
        found["Auto-Submitted"] = "auto-generated"
        found["X-Recsys-Notice"] = one.uid
        if one.notice.kind == "mail_confirmation":
            found.set_content(self._letter(delivery.destination))
        else:
            found.set_content(
                KINDS[one.notice.kind].help
                + ":\n\n"
                + json.dumps(dict(one.notice.data), ensure_ascii=False, indent=2)
                + f"\n\nkind {one.notice.kind}, subject {one.notice.subject}, id {one.uid}\n"
            )
        return found

    def _letter(self, destination: int) -> str:
        token = self._token(destination)
        way = "give this token to the people who run the service, or `recsys mail confirm`"
        if self._public_url:
            token = f"{self._public_url}/mail-addresses/confirm?token={quote(token)}"
            way = "open this page"
        return _LETTER.format(way=way, token=token)

    @staticmethod
    def _hand_in(server: MailServer, message: EmailMessage) -> None:
        secure = ssl.create_default_context()
        if server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_TIMEOUT, context=secure
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        with smtp:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=secure)
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message)


def subject_line(kind: str, data: object) -> str:
    """Return the subject of a mail: the sentence of a kind, on one line."""
    text = KINDS[kind].text.format_map(dict(data))  # type: ignore[call-overload]
    line = " ".join(text.split())
    return line if len(line) <= _SUBJECT else line[: _SUBJECT - 1] + "…"
