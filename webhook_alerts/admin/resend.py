"""Sending again: chosen rows, a page that asks, then the delivery room's own resend; never by GET."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webhook_alerts.models import Message

MOST = 1_000
"""Messages sent again at once, at most: a slip must not flood a channel for hours."""

SETTLED = (Message.State.DELIVERED, Message.State.FAILED)


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
        chosen = set(self.message_ids(rows)[: MOST + 1])
        if len(chosen) > MOST:
            text = _("At most %(count)d messages can be sent again at once; please choose fewer.")
            messages.error(request, text % {"count": MOST})
            return None
        asked_at = parse_datetime(request.POST.get("asked_at", ""))
        if request.POST.get("confirmed") != "yes" or asked_at is None:
            return self._ask(request, rows, chosen)
        self._send(request, chosen, asked_at)
        return None

    def _ask(self, request: HttpRequest, rows: QuerySet[Any], chosen: set[UUID]) -> TemplateResponse:
        found = Message.objects.filter(pk__in=chosen).only("id", "webhook", "state", "reason")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Send again?"),
            "opts": self.model._meta,
            "media": self.media,
            "messages_found": found,
            "sendable": sum(message.state in SETTLED for message in found),
            "row_ids": list(rows.values_list("pk", flat=True)[: MOST * 100]),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "asked_at": timezone.now().isoformat(),
        }
        return TemplateResponse(request, "webhook_alerts/admin/resend_confirmation.html", context)

    def _send(self, request: HttpRequest, chosen: set[UUID], asked_at: datetime) -> None:
        from webhook_alerts.delivery.resend import resend

        # Attempts since the question was asked: its form was sent twice.
        settled = Message.objects.filter(pk__in=chosen, state__in=SETTLED).exclude(
            attempt_log__started_at__gte=asked_at
        )
        going = list(settled)
        sent = resend([message.pk for message in going], actor=request.user) if going else 0
        if sent:
            LogEntry.objects.log_actions(str(request.user.pk), going, CHANGE, change_message=_("Sent again."))
            text = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", sent)
            messages.success(request, text % {"count": sent})
        left = len(chosen) - sent
        if left or not chosen:
            text = ngettext(
                "%(count)d message was left alone: it is on its way already.",
                "%(count)d messages were left alone: they are on their way already.",
                left,
            )
            messages.warning(request, text % {"count": left} if left else _("Nothing was sent yet: nothing to resend."))
