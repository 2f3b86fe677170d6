"""Signatures as Standard Webhooks 1.0.0 has them, so that a receiver knows who sent a request, and when.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
from collections.abc import Iterable
from dataclasses import replace

from webhook_alerts.channels.base import Request, encode

PREFIX = "whsec_"
"""Of a key that both sides have: HMAC-SHA256, and signatures of version 1."""
PRIVATE = "whsk_"
"""Of a key that is ours alone: Ed25519, and signatures of version 1a; needs the package ``cryptography``."""
SHORTEST, LONGEST = 24, 64
"""Bytes of a key that both sides have."""
SEED = 32
"""Bytes of a private key; it may be followed by those of its public one, as libsodium has it."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def key_of(secret: str) -> bytes:
    """The bytes that *secret*, ``whsec_`` or ``whsk_`` and base 64, stands for.

    Raises ``ValueError`` that says what is wrong with it and never quotes it.
    """
    prefix = PRIVATE if secret.startswith(PRIVATE) else PREFIX
    text = bare(secret)
    if text == secret:
        raise ValueError(f"it does not begin with {PREFIX} (or {PRIVATE})")
    try:
        # Padding may be left out, as the reference libraries allow.
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError:
        raise ValueError(f"what follows {prefix} is no base 64") from None
    if prefix == PRIVATE:
        _check_private(key)
    elif not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"it stands for {len(key)} bytes, not for {SHORTEST} to {LONGEST}")
    return key


def bare(secret: str) -> str:
    """*secret* without what it begins with."""
    return secret.removeprefix(PRIVATE if secret.startswith(PRIVATE) else PREFIX)


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """The signature over the id, the time in Unix seconds and *body*, of the version that *secret* is for."""
    key, signed = key_of(secret), f"{message_id}.{at}.".encode() + body
    if secret.startswith(PRIVATE):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return f"v1a,{base64.b64encode(Ed25519PrivateKey.from_private_bytes(key[:SEED]).sign(signed)).decode()}"
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _check_private(key: bytes) -> None:
    if len(key) not in {SEED, 2 * SEED}:
        raise ValueError(f"it stands for {len(key)} bytes, not for {SEED} or {2 * SEED}")
    if importlib.util.find_spec("cryptography") is None:
        raise ValueError("it needs the package cryptography: pip install 'django-webhook-alerts[crypto]'")


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
