"""Addresses of webhooks at rest: Fernet (AES-128-CBC with HMAC-SHA256), by the first key, read by every key.

``cryptography`` comes with the extra ``crypto``; without it nothing is sealed and nothing can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from webhook_alerts.configuration.options import MAKE_KEY

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

LAST = 4
"""So many characters of an address are shown after its host."""


class SealError(Exception):
    """An address cannot be encrypted or decrypted; ``hint`` says what to do. Neither holds a secret."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoKeyError(SealError):
    """There is nothing to encrypt or decrypt with: no key, or no ``cryptography``."""


def seal(url: str, keys: Sequence[str]) -> str:
    """*url* encrypted with the first of *keys*. Raises ``NoKeyError``."""
    return _fernet(keys).encrypt(url.encode()).decode()


def unseal(sealed: str, keys: Sequence[str]) -> str:
    """The address in *sealed*. Raises ``SealError`` when none of *keys* opens it."""
    fernet = _fernet(keys)
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise _wrong_key() from None


def reseal(sealed: str, keys: Sequence[str]) -> str:
    """*sealed* encrypted anew with the first of *keys*. Raises ``SealError`` when none of them opens it."""
    fernet = _fernet(keys)
    from cryptography.fernet import InvalidToken

    try:
        return fernet.rotate(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise _wrong_key() from None


def hint(url: str) -> str:
    """What may be shown of an address: ``discord.com…6Xz4``."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return f"{host[:200]}…{url[-LAST:]}"


def _fernet(keys: Sequence[str]) -> MultiFernet:
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError:
        raise NoKeyError(
            _("Addresses cannot be encrypted: the package cryptography is not installed"),
            _("Run: pip install 'django-webhook-alerts[crypto]'."),
        ) from None
    if not keys:
        raise NoKeyError(
            _('WEBHOOK_ALERTS["ENCRYPTION_KEYS"] holds no key'),
            _('Put a key there, and restart web and workers: "ENCRYPTION_KEYS": [KEY]. Make one: %(command)s')
            % {"command": MAKE_KEY},
        )
    return MultiFernet([Fernet(key) for key in keys])


def _wrong_key() -> SealError:
    return SealError(
        _('none of WEBHOOK_ALERTS["ENCRYPTION_KEYS"] opens it'),
        _("Put the key that it was encrypted with back into the list, or enter the address again."),
    )
