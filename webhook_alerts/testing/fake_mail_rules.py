"""What a mail server refuses of a mail, and what a person would see of it, without a line of the code that renders.

RFC 5322 (lines, headers, each once), RFC 2046 (plain text before HTML); and, as filters do, no Bcc that tells of
others, nothing that runs and nothing that is loaded from elsewhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

CLIPPED = 102 * 1024
"""Bytes of HTML that Gmail shows of a mail."""
_ONCE = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Reply-To")
_NEEDED = ("From", "To", "Subject", "Date", "Message-ID")
_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_RUNS = re.compile(r"<(script|iframe|object|embed|form|link|base)\b|\son\w+\s*=|javascript:", re.IGNORECASE)
_TAG = re.compile(r"<[a-z!/][^>]*>", re.IGNORECASE)
_LOADED = re.compile(r"""(?:\bsrc|\bbackground)\s*=\s*["']?(?!cid:)[\w/]|url\s*\(|@import""", re.IGNORECASE)


def read(raw: bytes) -> EmailMessage:
    """The mail that *raw* is."""
    return message_from_bytes(raw, policy=policy.SMTP)


def fault(raw: bytes) -> str:
    """What is wrong with a mail first; empty where nothing is."""
    return next(_faults(raw), "")


def shown(mail: EmailMessage) -> dict[str, Any]:
    """What a mailbox shows of *mail* in its list, and beside it."""
    head = {name.lower().replace("-", "_"): str(mail[name] or "").strip() for name in _ONCE}
    own = {name: str(value) for name, value in mail.items() if name.startswith(("X-Alert-", "Importance", "Auto-"))}
    text = mail.get_body(("plain",))
    return {**head, "headers": own, "text": text.get_content() if text else "", "clipped": len(html(mail)) > CLIPPED}


def html(mail: EmailMessage) -> bytes:
    """The page in *mail*, with the pictures that come along; empty where it has none."""
    body = mail.get_body(("html",))
    page = str(body.get_content()) if body else ""
    for part in _attached(mail):
        name = str(part.get("Content-ID", "")).strip("<>")
        if name:
            data = base64.b64encode(part.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]
            page = page.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return page.encode("utf-8", "replace")


def files(mail: EmailMessage) -> dict[str, str]:
    """What is attached to *mail*: texts by their names."""
    found = {}
    for part in _attached(mail):
        if part.get_content_maintype() == "text":
            found[part.get_filename() or "file"] = str(part.get_content())
    return found


def _attached(mail: EmailMessage) -> list[EmailMessage]:
    return [part for part in mail.iter_attachments() if isinstance(part, EmailMessage)]


def _faults(raw: bytes) -> Iterator[str]:
    head, separator, _ = raw.partition(b"\r\n\r\n")
    if not separator:
        yield "there is no end to the headers"
        return
    if not head.isascii():
        yield "a header is not in ASCII, and SMTPUTF8 is not spoken here"
        return
    mail = read(raw)
    yield from (f"{name} is missing" for name in _NEEDED if not str(mail[name] or "").strip())
    yield from (f"{name} is there more than once" for name in _ONCE if len(mail.get_all(name) or []) > 1)
    if "Bcc" in mail:
        yield "Bcc tells of others"
    if not _ID.fullmatch(str(mail["Message-ID"] or "").strip()):
        yield "Message-ID is none"
    for part in mail.walk():
        yield from (f"{type(defect).__name__}" for defect in part.defects)
        yield from (f"{name}: {type(each).__name__}" for name, value in part.items() for each in value.defects)
    yield from _body(mail)


def _body(mail: EmailMessage) -> Iterator[str]:
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart() and not part.get_filename()]
    if "text/plain" not in kinds:
        yield "there is no plain text"
    elif "text/html" in kinds and kinds.index("text/html") < kinds.index("text/plain"):
        yield "what is to be preferred does not come last"
    body = mail.get_body(("html",))
    for tag in _TAG.findall(str(body.get_content())) if body else ():
        if _RUNS.search(tag):
            yield "something in it would run"
        if _LOADED.search(tag):
            yield "something in it is loaded from elsewhere"
