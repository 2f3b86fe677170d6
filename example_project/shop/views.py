"""The shop's one page, and the buttons on it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from shop.failures import FAILURES
from webhook_alerts.conf import get_config


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Everything that can go wrong here."""
    context = {
        "failures": FAILURES.values(),
        "webhooks": get_config().webhooks,
        "standin_url": settings.STANDIN_URL,
    }
    return render(request, "shop/home.html", context)


@require_POST
def fail(request: HttpRequest, slug: str) -> HttpResponse:
    """Let it go wrong."""
    if slug not in FAILURES:
        raise Http404(slug)
    FAILURES[slug].happen(request)
    messages.success(request, f"{FAILURES[slug].title}: the alert is on its way.")
    return redirect("home")
