"""What a webhook's requests carry besides alerts: the keys that sign them, and headers. All of it is secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from webhook_alerts.channels import signing

MAKE_SIGNING_KEY = (
    "python -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
)
"""The command that makes a key for ``signing_keys``."""
MOST_KEYS = 10
MOST_HEADERS = 32
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
"""https://www.rfc-editor.org/rfc/rfc9110#name-tokens."""
_VALUE = re.compile(r"[!-~](?:[ -~]{0,8000}[!-~])?")
"""What can be seen; a line break would begin another header."""
_OURS = frozenset({
    "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
    "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", signing.ID, signing.TIMESTAMP, signing.SIGNATURE,
})  # fmt: skip
"""Of the transport, and of the signature."""


def are_texts(value: Any) -> bool:
    """Is *value* a text, or a list of them?"""
    return isinstance(value, str) or (isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value))


def keys_of(value: str | Sequence[str]) -> tuple[str, ...]:
    """One key or several, the current one first."""
    return (value,) if isinstance(value, str) else tuple(value)


def fault_of_keys(value: str | Sequence[str]) -> str:
    """What is wrong with the keys in *value*, never quoting them."""
    keys = keys_of(value)
    if len(keys) > MOST_KEYS:
        return f"there are more than {MOST_KEYS} keys"
    for number, key in enumerate(keys, 1):
        try:
            signing.key_of(key)
        except ValueError as error:
            return f"key {number} of {len(keys)} cannot sign: {error}"
    return ""


def are_headers(value: Any) -> bool:
    """Is *value* a mapping of texts to texts?"""
    return isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair)


def fault_of_headers(value: Mapping[str, str]) -> str:
    """What is wrong with the headers in *value*: no text of theirs is quoted but a name that we know."""
    if len(value) > MOST_HEADERS:
        return f"there are more than {MOST_HEADERS} headers"
    if len({name.lower() for name in value}) < len(value):
        return "a name stands there twice, in different letters"
    for number, (name, text) in enumerate(value.items(), 1):
        if not _NAME.fullmatch(name):
            return f"the name of header {number} is none: it takes up to 64 letters, digits and hyphens"
        if name.lower() in _OURS:
            return f"the header {name.title()} is set by what sends the request"
        if not _VALUE.fullmatch(text):
            return f"the value of header {number} is empty, too long, or has a character that no header takes"
    return ""
