"""Mail by the project's own backend, whichever that is; what a mail server replies is said like an answer of HTTP.

Django's own backend is listened to: by itself it tells neither that some recipients were refused nor whether the mail
was on its way when its connection broke, and a server that hangs or drips holds it for as long as it likes.
"""

from __future__ import annotations

import functools
import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.mime.image import MIMEImage
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from webhook_alerts import tracing
from webhook_alerts.channels import mailto
from webhook_alerts.channels.base import File, Request, Response
from webhook_alerts.delivery import deadline
from webhook_alerts.delivery.carriers import bounded
from webhook_alerts.delivery.transport import TransportError

logger = logging.getLogger("webhook_alerts.delivery")
GRACE_S = 0.5
"""How long a mail whose connection was cut is still waited for: its thread knows whether it had been taken."""
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_LOCAL_PART = re.compile(r"[^\s<>\"'(),:;@]+(?=@)")
_STAGES: Mapping[type[smtplib.SMTPResponseException], str] = {
    smtplib.SMTPConnectError: "connection",
    smtplib.SMTPHeloError: "greeting",
    smtplib.SMTPAuthenticationError: "login",
    smtplib.SMTPSenderRefused: "sender",
    smtplib.SMTPDataError: "message",
}
_REASONS: Sequence[tuple[type[BaseException], str]] = (
    (socket.gaierror, "dns_error"),
    (ConnectionRefusedError, "connection_refused"),
    (ssl.SSLError, "tls_error"),
    (TimeoutError, "timeout_read"),
    (smtplib.SMTPException, "connection_reset"),
    (ConnectionError, "connection_reset"),
    (ValueError, "invalid_request"),
)
"""The first that fits what happened, or what that came of, tells the reason."""


def send(request: Request, *, timeout: float, allow_private: bool = False) -> Response:  # noqa: ARG001
    """Send *request* as a mail within *timeout* seconds. Where the mail server stands is the project's own matter.

    Raises ``TransportError`` where no reply came.
    """
    return bounded.run(functools.partial(_converse, timeout, request), timeout + GRACE_S)


def ask(url: str, *, timeout: float) -> Response:  # noqa: ARG001 - every address goes by the same backend
    """Connect to the mail server, log in where the settings say so, and leave. Raises ``TransportError``."""
    return bounded.run(functools.partial(_converse, timeout), timeout + GRACE_S)


@dataclass(slots=True)
class _Talk:
    """What is known of a mail on its way: how far it got, and who was refused."""

    limit: deadline.Deadline
    is_sending: bool = True
    refused: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)


def _converse(timeout: float, request: Request | None = None) -> Response:
    with tracing.hidden(), deadline.within(timeout) as limit:
        talk = _Talk(limit)
        connection: BaseEmailBackend | None = None
        try:
            connection = get_connection()
            if isinstance(connection, EmailBackend):
                _listen(connection, talk, timeout)
            connection.open()
            if request is not None and _message(request, connection).send() == 0:
                return Response(503, {"stage": "backend"}, b"the mail backend has sent nothing")
        except Exception as error:  # noqa: BLE001
            # Not chained: such texts hold addresses, and a traceback would show them.
            return _replied(error) or _raise(error, talk)
        finally:
            if connection is not None:
                with suppress(Exception):  # whatever the farewell is like
                    connection.close()
        return _taken(talk, request)


def _message(request: Request, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    boxes, body = mailto.parse(request.url), request.json
    sender = boxes.sender or settings.DEFAULT_FROM_EMAIL
    address = parseaddr(sender)[1]
    is_named = bool(parseaddr(boxes.sender)[0])
    domain = address.rpartition("@")[2] or "localhost"
    headers = {**body["headers"], "Message-ID": f"<{body['id']}@{domain}>"}
    if body["thread"]:
        headers |= dict.fromkeys(("References", "In-Reply-To"), f"<{body['thread']}.thread@{domain}>")
    message = EmailMultiAlternatives(
        subject=body["subject"],
        body=body["text"],
        from_email=formataddr((body["name"], address)) if body.get("name") and not is_named else sender,
        to=boxes.to,
        cc=boxes.cc,
        bcc=boxes.bcc,
        reply_to=[boxes.reply_to] if boxes.reply_to else None,
        headers=headers,
        connection=connection,
    )
    if body.get("html"):
        message.attach_alternative(body["html"], "text/html")
    for file in request.files:
        _attach(message, file)
    return message


def _attach(message: EmailMultiAlternatives, file: File) -> None:
    if not file.media_type.startswith("image/"):
        message.attach(file.filename, file.content, file.media_type.partition(";")[0])
        return
    picture = MIMEImage(file.data, file.media_type.partition("/")[2])
    picture["Content-ID"] = f"<{file.filename}>"
    picture["Content-Disposition"] = f'inline; filename="{file.filename}"'
    message.attach(picture)


def _taken(talk: _Talk, request: Request | None) -> Response:
    if not talk.refused or request is None:
        return Response(250, {}, b"")
    boxes = mailto.parse(request.url).recipients
    said = f"taken for {len(boxes) - len(talk.refused)} of {len(boxes)} recipients"
    logger.warning("A mail was %s", said)
    first = min(talk.refused.values())
    return Response(250, {"refused": f"{said}; SMTP {first[0]} for the others"}, _harmless(first[1]))


def _replied(error: Exception) -> Response | None:
    """The server's reply that *error* stands for, if it is one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # What may pass for one may pass for the mail.
        code, said = min(error.recipients.values())
        return _reply(code, said, "recipients")
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error, _STAGES.get(type(error), "STARTTLS"))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Response(502, {"stage": "extension"}, _harmless(str(error)))
    return None


def _reply(code: int, said: bytes | str, stage: str) -> Response | None:
    if not 400 <= code <= 599:
        return None
    body = _harmless(said)
    enhanced = _ENHANCED.search(body[:40].decode())
    return Response(code, {"stage": stage, **({"code": enhanced[0]} if enhanced else {})}, body)


def _harmless(said: bytes | str) -> bytes:
    """What a server *said*, without the names of mailboxes."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _LOCAL_PART.sub("…", text[:4096]).encode("utf-8", "replace")


def _raise(error: Exception, talk: _Talk) -> Response:
    causes = list(_causes(error))
    reason = next((said for kind, said in _REASONS if any(isinstance(cause, kind) for cause in causes)), "")
    if talk.limit.expired or reason == "timeout_read":
        reason = "timeout_read" if talk.limit.connected or talk.is_sending else "timeout_connect"
    elif not reason:
        reason = "unreachable" if isinstance(error, OSError) else f"unexpected {type(error).__name__}"
    raise TransportError(reason, talk.is_sending) from None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _listen(connection: EmailBackend, talk: _Talk, timeout: float) -> None:
    """Have *talk* know what passes through *connection*, which is not open yet, and its deadline end it."""
    talk.is_sending = False
    connection.timeout = min(connection.timeout or timeout, timeout)
    # Django's types say that no class can be hashed that has instances which cannot.
    connection.__class__ = _listening(type(connection))  # type: ignore[arg-type]
    connection.talk = talk  # type: ignore[attr-defined]


@functools.cache
def _listening(backend: type[EmailBackend]) -> type[EmailBackend]:
    """*backend*, which may be of the project's own making, with connections that are listened to."""
    return type(backend.__name__, (_Listening, backend), {})


class _Listening(EmailBackend):
    talk: _Talk

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        usual = super().connection_class
        ours = {smtplib.SMTP: _SMTP, smtplib.SMTP_SSL: _SMTPS}.get(usual)
        return functools.partial(ours, self.talk) if ours else usual


class _SMTP(smtplib.SMTP):
    def __init__(self, talk: _Talk, *args: Any, **options: Any) -> None:
        self.talk = talk
        super().__init__(*args, **options)

    def _get_socket(self, *args: Any) -> socket.socket:
        made: socket.socket = super()._get_socket(*args)  # type: ignore[misc]
        self.talk.limit.watch(made)
        self.talk.limit.connected = True
        return made

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.talk.is_sending = True
        code, said = super().data(msg)
        self.talk.is_sending = False
        return code, said

    def sendmail(self, *args: Any, **options: Any) -> dict[str, tuple[int, bytes]]:
        self.talk.refused = super().sendmail(*args, **options)
        return dict(self.talk.refused)


class _SMTPS(smtplib.SMTP_SSL, _SMTP):
    """Its socket is made by ``_SMTP`` before it is wrapped in TLS: a handshake can hang, too."""

    def __init__(self, talk: _Talk, *args: Any, **options: Any) -> None:
        self.talk = talk
        smtplib.SMTP_SSL.__init__(self, *args, **options)
