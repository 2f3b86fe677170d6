"""Silences: what is not told, until when, by whom and why; made and ended here, never edited."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from webhook_alerts.admin import badges, links, timeline
from webhook_alerts.admin.filters import Listed, Older
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.silence_form import REMINDERS, SilenceForm
from webhook_alerts.drawing import moments
from webhook_alerts.drawing.numbers import number
from webhook_alerts.matching import MatcherError
from webhook_alerts.models import Incident, Silence
from webhook_alerts.silencing import sample, silence


def standing(row: Silence) -> tuple[str, Any]:
    """The key of its state, and how it is called."""
    now = timezone.now()
    if row.ended_at or row.ends_at <= now:
        return "ended", _("ended")
    return ("pending", _("not begun")) if row.starts_at > now else ("active", _("active"))


class StandingFilter(Listed):
    """Those that hold, or not."""

    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """As in ``standing``."""
        return [("active", _("active")), ("pending", _("not begun")), ("ended", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen state."""
        now = timezone.now()
        over = Q(ended_at__isnull=False) | Q(ends_at__lte=now)
        begun = Q(starts_at__lte=now)
        chosen = {"active": ~over & begun, "pending": ~over & ~begun, "ended": over}.get(self.value() or "")
        return queryset.filter(chosen) if chosen is not None else queryset


class SilenceAdmin(HistoryAdmin):
    """What is silent, newest first."""

    list_display = ("state_badge", "why", "what", "kept_back", "until", "who")
    list_display_links = ("why",)
    list_filter = (StandingFilter, Older)
    search_help_text = _("Words of the reason, or the name of who made it.")
    empty_text = _(
        "Nothing is silenced, and nothing was. An incident is silenced on its page, and what fits conditions here."
    )
    change_form_template = "webhook_alerts/admin/silence.html"

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """As Django's own permission says."""
        return bool(request.user.has_perm("webhook_alerts.add_silence"))

    def may_end(self, request: HttpRequest) -> bool:
        """Who may change silences may end one; nothing else of it can be changed."""
        return bool(request.user.has_perm("webhook_alerts.change_silence"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """In the reason and the name."""
        term = search_term.strip().replace("\x00", "")
        found = Q(reason__icontains=term) | Q(created_by__icontains=term)
        return (queryset.filter(found) if term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        """And where one is ended."""
        view = self.admin_site.admin_view(require_POST(self.end_view))
        return [path("<path:object_id>/end/", view, name="webhook_alerts_silence_end"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form, its preview, and what becomes of it."""
        replaced = _found(request.GET.get("replaces", ""))
        if not self.has_add_permission(request) or (replaced and not self.may_end(request)):
            raise PermissionDenied
        form = SilenceForm(request.POST or None, initial=_initial(request, replaced))
        context: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            if "preview" not in request.POST:
                made = self._make(request, form, replaced)
                return HttpResponseRedirect(reverse("admin:webhook_alerts_silence_change", args=[made.pk]))
            context = _preview(form)
        context |= {
            **self.admin_site.each_context(request),
            "title": _gettext("Silence alerts"),
            "opts": self.opts,
            "form": form,
            "media": self.media,
            "replaced": replaced if replaced and standing(replaced)[0] != "ended" else None,
        }
        return TemplateResponse(request, "webhook_alerts/admin/silence_add.html", context)

    def _make(self, request: HttpRequest, form: SilenceForm, replaced: Silence | None) -> Silence:
        given = form.cleaned_data
        made = silence.create(
            given["matchers"],
            given["ends_at"],
            given["reason"],
            request.user.get_username(),
            starts_at=given["starts_at"],
            announced=given["announced"],
            remind_s=given["remind_s"],
            replaces=replaced,
            key=given["key"],
        )
        messages.success(request, _gettext("Silenced until %(time)s.") % {"time": badges.exact(made.ends_at)})
        return made

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it now."""
        if not self.may_end(request):
            raise PermissionDenied
        row = _found(unquote(object_id))
        if row is None:
            messages.error(request, _gettext("There is no such silence any more. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:webhook_alerts_silence_changelist"))
        if silence.end(row, request.user.get_username()):
            messages.success(request, _gettext("The silence has ended: alerts are told again."))
        else:
            messages.warning(request, _gettext("Nothing was changed: the silence was over already."))
        return HttpResponseRedirect(reverse("admin:webhook_alerts_silence_change", args=[row.pk]))

    def page(self, request: HttpRequest, row: Silence) -> dict[str, Any]:
        """How it stands, what it is about, and what was done to it."""
        is_over = standing(row)[0] == "ended"
        facts = [
            (_("From"), badges.exact(row.starts_at)),
            (_("Until"), badges.exact(row.ends_at)),
            (_("Ended early"), badges.exact(row.ended_at) if row.ended_at else ""),
            (_("Ended by"), row.ended_by),
            (_("Made by"), row.created_by or badges.EMPTY),
            (_("Kept back"), number(row.suppressed)),
            (_("Told to the webhooks"), _("yes") if row.announce else _("no")),
            (_("Told before it ends"), dict(REMINDERS).get(str(row.remind_s), f"{row.remind_s} s")),
        ]
        return {
            "title": row.reason,
            "state": self.state_badge(row),
            "matchers": "\n".join(_lines(row)),
            "incidents": _about(request, row),
            "facts": [(name, value) for name, value in facts if value],
            "may_end": not is_over and self.may_end(request),
            "may_replace": self.has_add_permission(request) and self.may_end(request),
            "is_over": is_over,
            "successors": row.replaced_by.all(),
            "history": timeline.acts("silence", row.pk, None),
        }

    @admin.display(description=_("state"))
    def state_badge(self, row: Silence) -> SafeString:
        """Dot and word."""
        return badges.badge("silence", *standing(row))

    @admin.display(description=_("reason"))
    def why(self, row: Silence) -> str:
        """On one line."""
        return badges.first_line(row.reason)

    @admin.display(description=_("what"))
    def what(self, row: Silence) -> SafeString:
        """Its matchers."""
        return format_html_join("", '<code class="wa-matcher">{}</code>', ((line,) for line in _lines(row)))

    @admin.display(description=_("kept back"))
    def kept_back(self, row: Silence) -> str:
        """How many deliveries."""
        return number(row.suppressed) if row.suppressed else ""

    @admin.display(description=_("until"))
    def until(self, row: Silence) -> SafeString | str:
        """When it ends, or has ended."""
        return badges.age(row.ended_at or row.ends_at)

    @admin.display(description=_("who"))
    def who(self, row: Silence) -> str:
        """Who made it."""
        return row.created_by


def _lines(row: Silence) -> list[str]:
    try:
        return [badges.first_line(str(matcher), 200) for matcher in silence.matchers_of(row)]
    except MatcherError:  # of another release
        return [badges.first_line(str(row.matchers), 200)]


def _about(request: HttpRequest, row: Silence) -> list[tuple[str, str]]:
    """The pages of the incidents that it names, and what they say, for who may see them."""
    if not request.user.has_perm("webhook_alerts.view_incident"):
        return []
    try:
        named = [each.value for each in silence.matchers_of(row) if (each.field, each.op) == ("fingerprint", "=")]
    except MatcherError:
        named = []
    found = Incident.objects.filter(pk__in=named).only("pk", "title")
    return [(links.incident(each.pk), badges.first_line(each.title) or each.pk) for each in found]


def _preview(form: SilenceForm) -> dict[str, Any]:
    """What the silence would have kept back, and from when to when it would hold."""
    given = form.cleaned_data
    return {
        "sample": sample.newest_that_fit(given["matchers"]),
        "starts": moments.clock(given["starts_at"]) if given["starts_at"] else "",
        "ends": moments.clock(given["ends_at"]),
    }


def _found(key: str) -> Silence | None:
    try:
        return Silence.objects.filter(pk=UUID(key)).first()
    except (ValueError, ValidationError):
        return None


def _initial(request: HttpRequest, replaced: Silence | None) -> dict[str, Any]:
    """What the form begins with: what it replaces, or what the address names."""
    if replaced is not None:
        return {
            "matchers": "\n".join(_lines(replaced)),
            "reason": replaced.reason,
            "announced": replaced.announce,
            "remind_s": replaced.remind_s,
        }
    named = ("fingerprint", "logger", "webhook")
    return {"matchers": "\n".join(f"{name} = {request.GET[name]}" for name in named if request.GET.get(name))}
