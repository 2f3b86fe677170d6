"""The one-time codes of OAuth 2 (RFC 6749), OAuth 1, SAML and CAS: words of every day, secrets where one signs in."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction.marks import SECRET

_ADDRESS = re.compile(
    r"(?:callback|oauth2?|oidc|openid|sso|saml|cas|log-?in|sign-?in|authorize|complete)[\w.~/%-]{0,100}"
    r"(?:\?|%3F)[^\s\"'<>`]{1,4000}",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"(?:(?<![\w-])|(?<=%3F)|(?<=%26))((?:code|ticket|SAMLart)(?:=|%3D))((?:(?!%26)[^\s&#;\"'<>])++)", re.IGNORECASE
)
_GRANT = "grant_type"
_OF_A_GRANT = re.compile(
    r"(?<![\w-])((?:code|assertion)\\{0,8}[\"']?\s?(?:=|:|%3D)\s?\[?[bru]?\\{0,8}[\"']?)"
    r"((?:(?!%26)[^\s&#;,\"'<>\\\[\]{}()])++)",
    re.IGNORECASE,
)
"""In the body of a request for a token."""


def take_codes(text: str) -> str:
    """``/callback?code=[redacted:secret]&state=…``; ``code=404`` and a voucher's code stay."""
    if "code" in text or "ticket" in text or "SAMLart" in text:
        text = _ADDRESS.sub(lambda address: _PARAMETER.sub(_shown, address[0]), text)
    return _OF_A_GRANT.sub(_shown, text) if _GRANT in text else text


def is_code(value: str) -> bool:
    """Is *value* no number of a status, and no word such as ``access_denied``?"""
    if len(value) < 6 or "[redacted:" in value:
        return False
    return any(map(str.isdigit, value)) or (len(value) >= 16 and "_" not in value)


def _shown(found: re.Match[str]) -> str:
    return found[1] + SECRET if is_code(found[2]) else found[0]
