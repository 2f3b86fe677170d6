"""Middleware for the project's ``MIDDLEWARE``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.signals import request_finished
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webhook_alerts import correlation
from webhook_alerts.conf import get_config


class CorrelationIdMiddleware:
    """Gives every request an id, which its alerts, the tasks it queues and their alerts share.

    It is taken from a header of ``WEBHOOK_ALERTS["CORRELATION_HEADERS"]`` if that is 8 to 128 characters of
    ``A-Z a-z 0-9 _ . : -``, else from structlog, django-guid, asgi-correlation-id or the trace where one is there,
    else it is new. The response says it in the same header, unless the view has set that. Works under WSGI and ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer *request* under its id."""
        header, identity = _identify(request)
        correlation.begin(identity)
        if self._is_async:
            return self._answer(request, header, identity)
        response: HttpResponseBase = self.get_response(request)
        response.headers.setdefault(header, identity)
        return response

    async def _answer(self, request: HttpRequest, header: str, identity: str) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        response.headers.setdefault(header, identity)
        return response


def _identify(request: HttpRequest) -> tuple[str, str]:
    """The header that tells the id, and the id."""
    names = get_config().correlation_headers
    # What an earlier request of this thread has left is not this one's.
    correlation.begin("")
    for name in names:
        given = request.headers.get(name, "").strip()
        if correlation.is_valid(given):
            return name, given
    return names[0], correlation.current() or correlation.new()


def _forget(**_: Any) -> None:
    correlation.begin("")


# Not when the middleware returns: Django logs a 404, and runs a streamed body, after that.
request_finished.connect(_forget, dispatch_uid="webhook_alerts.correlation")
