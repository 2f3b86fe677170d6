"""Private keys in PEM (RFC 7468) and OpenPGP's armour (RFC 9580), whole ones and what was cut of them."""

from __future__ import annotations

import re
import string

from webhook_alerts.outbox.redaction.marks import mark

HINTS = ("private key",)

_NAME = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?"
_END = rf"-----END {_NAME}-----"
_BLOCK = re.compile(
    # Up to its end, wherever that is; or, where the end was cut off, as far as what follows can be a part of it.
    rf"-----BEGIN {_NAME}-----(?:(?:[^-]|-(?!----))*+{_END}"
    r"|(?:\s|\\+[rnt]|(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\n\\]*+|[A-Za-z0-9+/=]{16,}+"
    r"|[A-Za-z0-9+/=]++(?=\s*+(?:\Z|\\+n)))*+)"
)
_LONE_END = re.compile(_END)
_BASE64 = string.ascii_letters + string.digits + "+/=\\\r\n\t "


def take_private_keys(text: str) -> str:
    """*text* without its private keys; of one whose beginning was cut off, without the lines before its end."""
    text = _BLOCK.sub(mark("private key"), text)
    parts: list[str] = []
    done = 0
    for end in _LONE_END.finditer(text):
        parts += text[done : end.start()].rstrip(_BASE64), "\n", mark("private key")
        done = end.end()
    return "".join(parts) + text[done:] if parts else text
