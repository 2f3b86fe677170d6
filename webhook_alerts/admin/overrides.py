"""Webhooks and routes as operators set them over the settings: lists of all there are, and a page for each."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from webhook_alerts import audit, overrides
from webhook_alerts.admin import override_rows
from webhook_alerts.admin.base import Base
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.override_forms import RouteForm, WebhookForm, sentence
from webhook_alerts.models import RouteOverride, WebhookOverride
from webhook_alerts.overrides import change
from webhook_alerts.overrides.stored import declared_in_settings
from webhook_alerts.presets import ROUTES


class OverrideAdmin(Base):
    """What both have in common: a row that is not there yet stands for what the settings say."""

    target: ClassVar[str]
    actions = None
    change_form_template = "webhook_alerts/admin/override.html"
    delete_confirmation_template = "webhook_alerts/admin/override_reset.html"

    class Media:
        css: ClassVar = {"all": [*HistoryAdmin.Media.css["all"], "webhook_alerts/overrides.css"]}

    def blank(self, key: str) -> Any:
        """A row for what the settings alone say, or ``None`` where they say nothing."""
        raise NotImplementedError

    def rows(self) -> Any:
        """What the list shows."""
        raise NotImplementedError

    def reset(self, row: Any, seen: Any, actor: str) -> None:
        """Go back to the settings."""
        raise NotImplementedError

    def facts(self, row: Any) -> Any:
        """What holds now, as pairs of a name and a text."""
        raise NotImplementedError

    def is_in_settings(self, row: Any) -> bool:
        """Do the settings say something that *row* can be reset to?"""
        return self.blank(row.pk) is not None

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or what stands for it."""
        key = unquote(object_id)
        return self.model._default_manager.filter(pk=key).first() or self.blank(key)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """No fields for who may only look: the page shows what holds."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return super().get_fieldsets(request, obj) if may else []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """All there are, from the settings or from here."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        overrides.refresh()
        context = {
            **self.admin_site.each_context(request),
            "title": str(self.opts.verbose_name_plural).capitalize(),
            "opts": self.opts,
            "media": self.media,
            "rows": self.rows(),
            "may_add": self.has_add_permission(request),
            "add_url": self._url("add"),
            "states_url": _states_url(),
            "problems": override_rows.problems(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, f"webhook_alerts/admin/override_{self.target}s.html", context)

    @method_decorator(sensitive_post_parameters("address"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form, what holds now, and what was done before."""
        overrides.refresh()
        row: Any = self.get_object(request, object_id) if object_id else None
        stored = row is not None and not row._state.adding
        context = {
            "facts": self.facts(row) if row else [],
            "problems": override_rows.problems(self.target, row.pk) if row else [],
            "acts": override_rows.history(audit.of(self.target, row.pk)) if row else [],
            "states_url": _states_url(),
            "show_delete": stored and not self.is_in_settings(row),
            "reset_url": self._url("delete", row.pk) if stored and self.is_in_settings(row) else "",
            "may_reset": self.has_delete_permission(request),
            **(extra_context or {}),
        }
        page = super().changeform_view
        return self._or_say_why(request, object_id, lambda: page(request, object_id, form_url, context))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then go back to the settings."""
        overrides.refresh()
        row = self.get_object(request, object_id)
        back = bool(row) and self.is_in_settings(row)
        context = {
            "title": _("Reset to the settings?") if back else _("Delete the webhook?"),
            "is_reset": back,
            "seen": row.changed_at.isoformat() if row else "",
            **(extra_context or {}),
        }
        page = super().delete_view
        return self._or_say_why(request, object_id, lambda: page(request, object_id, context))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """By the way that judges and records it."""
        self.reset(obj, parse_datetime(request.POST.get("seen", "")), request.user.get_username())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page itself shows it."""
        return HttpResponseRedirect(self._url("change", unquote(object_id)))

    def _or_say_why(self, request: HttpRequest, object_id: str | None, do: Callable[[], HttpResponse]) -> HttpResponse:
        """What *do* answers; where it would not hold after all, the page again, with the reason."""
        try:
            return do()
        except change.RefusedError as error:
            messages.error(request, " ".join(map(sentence, error.problems)))
        except change.MeanwhileError as error:
            text = _("Changed by %(who)s meanwhile: nothing of yours was saved. Look first.")
            messages.error(request, text % {"who": error.by or _("somebody")})
        return HttpResponseRedirect(self._url("change", unquote(object_id)) if object_id else self._url("changelist"))

    def _url(self, page: str, *keys: str) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[quote(key) for key in keys])


class WebhookOverrideAdmin(OverrideAdmin):
    """Webhooks: those of the settings, changed or not, and those that were added here."""

    form = WebhookForm
    target = "webhook"
    _USUAL = ("enabled", "rate", "min_level", "mention", "batch_size", "concurrency")
    _MORE = ("fallback", "timeout", "username", "avatar_url", "language", "seen")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The name only where it can still be chosen."""
        if not super().get_fieldsets(request, obj):
            return []
        where = ("address", "channel") if obj else ("name", "address", "channel")
        return [(None, {"fields": where}), (_("Options"), {"fields": self._USUAL}), (_("More"), {"fields": self._MORE})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Of the row's own fields none but the name of a new one."""
        kwargs["fields"] = () if obj else ("name",)
        return super().get_form(request, obj, change, **kwargs)

    def blank(self, key: str) -> WebhookOverride | None:
        """A webhook that the settings speak of."""
        return WebhookOverride(name=key) if key in declared_in_settings() else None

    def rows(self) -> list[Mapping[str, Any]]:
        """Every webhook."""
        return override_rows.webhooks(lambda name: self._url("change", name))

    def facts(self, row: WebhookOverride) -> list[tuple[str, str]]:
        """Its options, its address by its hint, and who has changed it."""
        return override_rows.webhook_facts(row)

    def save_model(self, request: HttpRequest, obj: WebhookOverride, form: Any, change: bool) -> None:
        """By the way that judges and records it."""
        from webhook_alerts.overrides.change import set_webhook

        row = set_webhook(form.name, form.options, url=form.url, actor=request.user.get_username(), seen=form.seen_at)
        obj.pk, obj._state.adding = row.pk, False

    def reset(self, row: WebhookOverride, seen: Any, actor: str) -> None:
        """Go back to the settings, or be gone."""
        change.reset_webhook(row.name, actor=actor, seen=seen)


class RouteOverrideAdmin(OverrideAdmin):
    """Routes: where alerts of each level or kind go."""

    form = RouteForm
    target = "route"
    fields = ("webhooks", "seen")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There are as many routes as levels and kinds."""
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """None of the row's own fields."""
        kwargs["fields"] = ()
        return super().get_form(request, obj, change, **kwargs)

    def blank(self, key: str) -> RouteOverride | None:
        """Any route there is."""
        return RouteOverride(route=key) if key in ROUTES else None

    def rows(self) -> list[Mapping[str, Any]]:
        """Every route."""
        return override_rows.routes(lambda name: self._url("change", name))

    def facts(self, row: RouteOverride) -> list[tuple[str, str]]:
        """Where it leads, and who has changed it."""
        return override_rows.route_facts(row)

    def save_model(self, request: HttpRequest, obj: RouteOverride, form: Any, change: bool) -> None:
        """By the way that judges and records it."""
        from webhook_alerts.overrides.change import set_route

        chosen = form.cleaned_data["webhooks"]
        set_route(obj.route, chosen, actor=request.user.get_username(), seen=form.seen_at)
        obj._state.adding = False

    def reset(self, row: RouteOverride, seen: Any, actor: str) -> None:
        """Go back to the settings."""
        change.reset_route(row.route, actor=actor, seen=seen)


def _states_url() -> str:
    """The page that shows how each webhook stands; empty where there is none."""
    try:
        return reverse("admin:webhook_alerts_pause_changelist")
    except NoReverseMatch:
        return ""
