"""Sending again: chosen rows or all that match, a page that asks, then the delivery room's own resend; never by GET."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webhook_alerts.admin import badges
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.resend import resend, settled
from webhook_alerts.models import Message

MOST = 10_000
"""Messages sent again at once, at most: 5.5 hours of a webhook that takes 30 a minute."""
BATCH = 500
"""Messages that one transaction puts back."""
SHOWN = ("id", "webhook", "state", "reason")


if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class ResendMixin(Base):
    """The action "Resend" for the admin of a model; the permission is ``webhook_alerts.resend_message``."""

    actions = ("resend_selected",)

    def message_ids(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """The messages of the chosen rows."""
        raise NotImplementedError

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """May this user send again?"""
        return bool(request.user.has_perm("webhook_alerts.resend_message"))

    @admin.action(description=gettext_lazy("Resend"), permissions=["resend"])
    def resend_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> TemplateResponse | None:
        """Ask first; when confirmed, send again what is settled and report both counts."""
        asked_at = parse_datetime(request.POST.get("asked_at", ""))
        confirmed = request.POST.get("confirmed") == "yes" and asked_at is not None
        chosen = list(self.message_ids(rows)[: MOST + 1])
        if len(chosen) > MOST:
            text = _("At most %(count)d messages can be sent again at once; please choose fewer.")
            messages.error(request, text % {"count": MOST})
            return None
        if not confirmed or asked_at is None:
            return self._ask(request, rows, chosen)
        self._send(request, chosen, asked_at)
        return None

    def _ask(self, request: HttpRequest, rows: QuerySet[Any], chosen: Sequence[UUID]) -> TemplateResponse:
        found = Message.objects.filter(pk__in=self.message_ids(rows))
        across = request.POST.get("select_across") == "1"
        # With all that match, one row stands for them, as Django wants at least one.
        ids = rows.values_list("pk", flat=True)[: 1 if across else MOST]
        sendable = settled(found).order_by().values_list("webhook").annotate(Count("pk"))
        by_webhook = sorted(sendable)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Send again?"),
            "opts": self.model._meta,
            "media": self.media,
            "messages_found": [(each, badges.state(each), badges.reason(each)) for each in found.only(*SHOWN)[:50]],
            "more": max(0, len(chosen) - 50),
            "sendable": sum(count for _name, count in by_webhook),
            "by_webhook": [(name, count, _minutes(name, count)) for name, count in by_webhook],
            "row_ids": list(ids),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "select_across": across,
            "query": request.GET.urlencode(),
            "asked_at": timezone.now().isoformat(),
        }
        return TemplateResponse(request, "webhook_alerts/admin/resend_confirmation.html", context)

    def _send(self, request: HttpRequest, chosen: Sequence[UUID], asked_at: datetime) -> None:
        sent = 0
        for start in range(0, len(chosen), BATCH):
            batch = chosen[start : start + BATCH]
            # Attempts since the question was asked: its form was sent twice. What came since then was not asked for.
            before = Message.objects.filter(pk__in=batch, created_at__lte=asked_at)
            asked_for = settled(before).exclude(attempt_log__started_at__gte=asked_at)
            going = list(asked_for.values_list("pk", flat=True))
            sent += resend(going, actor=request.user.get_username()) if going else 0
        if sent:
            text = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", sent)
            messages.success(request, text % {"count": sent})
        left = len(chosen) - sent
        if left or not chosen:
            text = ngettext(
                "%(count)d message was left alone: it is on its way already, or others carry its alerts.",
                "%(count)d messages were left alone: they are on their way already, or others carry their alerts.",
                left,
            )
            messages.warning(request, text % {"count": left} if left else _("Nothing was sent yet: nothing to resend."))


def _minutes(webhook: str, count: int) -> int:
    """How many minutes *count* messages to a webhook take at its rate, at least; 0 where that is no matter."""
    known = get_config().webhooks.get(webhook)
    rates = [window.limit / window.seconds for window in known.rate] if known else []
    return int(count / min(rates) / 60) if rates else 0
