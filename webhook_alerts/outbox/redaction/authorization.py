"""What follows the name of a way to authenticate (RFC 9110, section 11), with no header's name before it."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

from webhook_alerts.outbox.redaction.marks import mark

SCHEME = r"Bearer|Basic|Token|Digest|Negotiate|NTLM|Bot|GenieKey|ApiKey|SSWS|Hawk|AWS4-HMAC-SHA256"
"""Those of IANA's registry, and those of Discord, Opsgenie, Okta, Amazon and Django REST framework."""

HINTS = ("bearer", "basic", "token", "negotiate", "ntlm", r"bot[ \t]", "geniekey", "apikey", "ssws")

_SENT = re.compile(
    r"(?<![\w-])(Bearer|Basic|Token|Negotiate|NTLM|Bot|GenieKey|ApiKey|SSWS)([ \t]{1,8})([A-Za-z0-9._~+/=-]{8,}+)",
    re.IGNORECASE,
)
_UNLIKE_A_WORD = re.compile(r"[0-9=_]|[a-z][A-Z]|\.[A-Za-z0-9]")
_AMBIGUOUS = frozenset({"basic", "token", "bot"})
"""Words of every day: what follows must be long, or for ``basic`` a user and a password."""


def take_authorization(text: str) -> str:
    """``Bearer [redacted:authorization]``; "Basic authentication" stays."""
    return _SENT.sub(lambda sent: _shown(sent[1], sent[2], sent[3]), text)


def _shown(scheme: str, space: str, credentials: str) -> str:
    long = len(credentials) >= 24
    word = not _UNLIKE_A_WORD.search(credentials)
    if scheme.lower() in _AMBIGUOUS:
        secret = (len(credentials) >= 16 and not word) or long or (scheme.lower() == "basic" and _is_basic(credentials))
    else:
        secret = long or not word
    return f"{scheme}{space}{mark('authorization') if secret else credentials}"


def _is_basic(credentials: str) -> bool:
    """RFC 7617: base64 of a user, a colon and a password."""
    try:
        return b":" in a2b_base64(credentials, strict_mode=True)
    except Error:
        return False
