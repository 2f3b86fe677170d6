"""The address that a message carries: of the page where its incident is dealt with. Signed, and good for some days."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core import signing
from django.urls import NoReverseMatch, reverse

from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config
from webhook_alerts.incidents.rules import has_incident
from webhook_alerts.intake.columns import fingerprint

_SALT = "webhook_alerts.incident"


class LinkError(ValueError):
    """The link is not one of ours."""


class LinkExpiredError(LinkError):
    """The link was one of ours, too long ago."""


@dataclass(frozen=True, slots=True)
class Link:
    """Whose page it is, and when it was made, in Unix seconds."""

    fingerprint: str
    made: int


def link(alert: Alert, config: Config) -> str:
    """Where *alert* is looked into: its incident's page, else its own in the admin; empty without ``BASE_URL``.

    The same alert always gives the same address, so that a message that is drawn again is the same message.
    """
    if not config.base_url:
        return ""
    try:
        if has_incident(alert):
            return config.base_url + reverse("webhook_alerts:incident", args=[sign(alert)])
        return config.base_url + reverse("admin:webhook_alerts_alert_change", args=[alert.id])
    except NoReverseMatch:  # the project serves neither
        return ""


def _signer() -> signing.Signer:
    # Colons would be escaped in an address, and some chats end a link there.
    return signing.Signer(sep=".", salt=_SALT)


def sign(alert: Alert) -> str:
    """The part of the address that nobody can make up."""
    return _signer().sign_object([fingerprint(alert), int(alert.first_seen)])


def read(token: str, max_age_s: float, now: float | None = None) -> Link:
    """What *token* is about.

    Raises ``LinkError``, or ``LinkExpiredError`` when it is older than *max_age_s* seconds.
    """
    try:
        fingerprint, made = _signer().unsign_object(token)
        found = Link(str(fingerprint), int(made))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkError("the link is not one of ours") from error
    if (time.time() if now is None else now) - found.made > max_age_s:
        raise LinkExpiredError("the link has expired")
    return found
