"""A site whose views raise alerts."""

from __future__ import annotations

import asyncio

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from webhook_alerts import correlation, notify


def alert(request):
    notify.error(f"raised in a view {request.GET.get('n')}")
    return HttpResponse(correlation.current())


async def alert_async(request):
    await asyncio.sleep(0)
    notify.using(dedup=False).error("raised in an async view", n=request.GET["n"])
    await asyncio.sleep(0.01)
    return HttpResponse(correlation.current())


def stream(request):
    def body():
        notify.error("raised while streaming")
        yield "x"

    return StreamingHttpResponse(body())


def broken(request):
    raise ValueError("broken")


def own_header(request):
    return HttpResponse(headers={"X-Request-ID": "set by the view"})


urlpatterns = [
    path("alert/", alert),
    path("async/", alert_async),
    path("stream/", stream),
    path("broken/", broken),
    path("own/", own_header),
]
