"""Who may see details: staff, by their session, and whoever has the token."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from webhook_alerts.health.probes import own_connections
from webhook_alerts.outbox.guard import quiet

STAFF_S = 0.5
"""How long a place and then the session's store may take, in seconds; a database that hangs makes all strangers."""
_places = threading.BoundedSemaphore(4)


def has_token(request: HttpRequest, token: str) -> bool:
    """Does the request carry *token* as ``Authorization: Bearer``? Compared in constant time; never, without one."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)


def is_staff(request: HttpRequest) -> bool:
    """Is it a login of the staff? Without a session's cookie nothing is asked."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not hasattr(request, "user"):
        return False
    until = time.monotonic() + STAFF_S
    if not _places.acquire(timeout=STAFF_S):
        return False
    answer: list[bool] = []
    thread = threading.Thread(target=_ask, args=(request, answer), name="webhook-alerts-staff", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        _places.release()
        return False
    thread.join(max(0.0, until - time.monotonic()))
    return answer == [True]


def _ask(request: HttpRequest, answer: list[bool]) -> None:
    try:
        with quiet(), own_connections():
            user = request.user
            answer.append(bool(user.is_active and user.is_staff))
    except Exception:  # noqa: BLE001 - a session that cannot be read is a stranger's
        answer.append(False)
    finally:
        _places.release()
