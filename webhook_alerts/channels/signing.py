"""Signatures as Standard Webhooks 1.0.0 has them, so that a receiver knows who sent a request, and when.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace

from webhook_alerts.channels.base import Request, encode

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def key_of(secret: str) -> bytes:
    """The bytes that *secret*, ``whsec_`` and base 64, stands for.

    Raises ``ValueError`` that says what is wrong with it and never quotes it.
    """
    text = secret.removeprefix(PREFIX)
    if text == secret:
        raise ValueError(f"it does not begin with {PREFIX}")
    try:
        # Padding may be left out, as the reference libraries allow.
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError:
        raise ValueError(f"what follows {PREFIX} is no base 64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"it stands for {len(key)} bytes, not for {SHORTEST} to {LONGEST}")
    return key


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """The signature of version 1 over the id, the time in Unix seconds and *body*."""
    digest = hmac.digest(key_of(secret), f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def identified(request: Request, keys: Iterable[str], at: int) -> Request:
    """*request* with the id of its message, and signed by each of *keys*, the first the current one.

    The id is made of the body: the same on every retry and resend, and another when anything has changed.
    """
    body = encode(request.json)
    message_id = f"msg_{hashlib.sha256(body).hexdigest()[:32]}"
    headers = {**request.headers, ID: message_id, TIMESTAMP: str(at)}
    if signatures := " ".join(signature(key, message_id, at, body) for key in keys):
        headers[SIGNATURE] = signatures
    return replace(request, headers=headers)
