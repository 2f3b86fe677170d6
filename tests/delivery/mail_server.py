"""A real mail server for tests, which refuses what it is told to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass
class Mailbox:
    """What arrived, and what is refused: *replies* by the verb, or the address, that they answer."""

    received: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    port: int = 0

    def refuse(self, what: str, *replies: str) -> None:
        """Answer *what*, RCPT by its address, with *replies* one after the other, and with the last for ever."""
        self.replies[what] = list(replies)

    def _answer(self, what: str, otherwise: str) -> str:
        left = self.replies.get(what, [])
        return left.pop(0) if len(left) > 1 else left[0] if left else otherwise

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self._answer("MAIL", "250 OK")
        if answer[0] == "2":
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self._answer(address, "250 OK")
        if answer[0] == "2":
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._answer("DATA", "250 OK")
        if answer[0] == "2":
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """``mailer`` with the password ``right``."""
        if isinstance(data, LoginPassword) and (data.login, data.password) == (b"mailer", b"right"):
            self.logins.append(mechanism)
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)


class _Server(Controller):
    def __init__(self, mailbox: Mailbox, encrypted: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        self._options: dict[str, Any] = {}
        if encrypted:
            self._options = {"authenticator": mailbox.authenticate, "auth_required": True}
        if encrypted == "STARTTLS":
            self._options |= {"tls_context": context, "require_starttls": True}
        elif encrypted:
            self._options |= {"auth_require_tls": False}  # it counts STARTTLS alone
        super().__init__(mailbox, hostname="127.0.0.1", port=port, ssl_context=context if encrypted == "TLS" else None)

    def factory(self) -> SMTP:
        """One conversation."""
        return SMTP(self.handler, enable_SMTPUTF8=False, **self._options)


@contextmanager
def mail_server(encrypted: str = "") -> Iterator[Mailbox]:
    """A server; *encrypted* by ``STARTTLS`` or ``TLS`` it wants a login besides."""
    mailbox = Mailbox()
    server = _Server(mailbox, encrypted)
    server.start()
    mailbox.port = server.port
    try:
        yield mailbox
    finally:
        server.stop()
