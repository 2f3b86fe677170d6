"""An alert as a row: texts that every database takes, cut to their columns."""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping
from typing import Any

from django.db import models as orm

from webhook_alerts import models
from webhook_alerts.alert import Alert

_INTEGER = 2_147_483_647
_TEXTS: Mapping[str, int | None] = {
    field.name: field.max_length
    for field in models.Alert._meta.concrete_fields
    if isinstance(field, (orm.CharField, orm.TextField)) and field.name not in {"kind", "fingerprint"}
}


def row(alert: Alert) -> models.Alert:
    """The row of *alert*, not yet saved. Raises ``ValueError`` or ``TypeError`` where a part is of no use."""
    return models.Alert(
        id=alert.id,
        level=int(alert.level),
        kind=alert.kind.value,
        fingerprint=fingerprint(alert),
        occurrences=min(max(1, int(alert.occurrences)), _INTEGER),
        line=min(max(0, int(alert.line)), _INTEGER),
        details=dict(clean(alert.details)),
        context=dict(clean(alert.context)),
        request=dict(clean(alert.request)),
        samples=list(clean(alert.samples)),
        first_seen=moment(alert.first_seen),
        last_seen=moment(alert.last_seen),
        **{name: text(str(getattr(alert, name)))[:most] for name, most in _TEXTS.items()},
    )


def fingerprint(alert: Alert) -> str:
    """The fingerprint as it is stored: one that a caller chose may be longer than its column, and is hashed."""
    given = text(str(alert.fingerprint))
    return given if len(given) <= 64 else hashlib.sha256(given.encode()).hexdigest()


def moment(unix: float) -> datetime.datetime:
    """*unix* seconds as an aware UTC time."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC)


def text(value: str) -> str:
    """*value* without NULs and lone surrogates, which PostgreSQL refuses."""
    if "\x00" in value:
        value = value.replace("\x00", "\ufffd")
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean(value: Any) -> Any:
    """JSON data whose texts are clean, and whose numbers JSON knows."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {text(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
