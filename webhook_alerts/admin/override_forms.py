"""The forms on which operators set what holds; the reader of the settings judges them, and its sentences are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.admin import widgets
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webhook_alerts.admin import override_rows
from webhook_alerts.admin.base import UNFOLD
from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.conf import get_config
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.models import RouteOverride, WebhookOverride
from webhook_alerts.overrides import change, sealing, texts
from webhook_alerts.overrides.stored import declared_in_settings

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

_PATH = re.compile(r'WEBHOOK_ALERTS(?:\["[^"]*"\])*\["([^"]*)"\]')


def _widget(name: str, plain: type[forms.Widget], **attrs: str) -> forms.Widget:
    """A widget that looks like the admin's others."""
    kind: type[forms.Widget] = import_string(f"unfold.widgets.Unfold{name}Widget") if UNFOLD else plain
    return kind(attrs=attrs)


def _line(label: Any, help_text: Any = "", **attrs: str) -> forms.CharField:
    widget = _widget("AdminTextInput", widgets.AdminTextInputWidget, **attrs)
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=500, widget=widget)


def _choice(label: Any, help_text: Any = "") -> forms.ChoiceField:
    widget = _widget("AdminSelect", forms.Select)
    return forms.ChoiceField(label=label, help_text=help_text, required=False, widget=widget)


def sentence(problem: Problem) -> str:
    """The reader's words, with the name of the field for its path in the settings."""
    message = _PATH.sub(lambda found: f"“{found[1]}”", problem.message)
    return f"{message}. {problem.hint}"


def field_of(problem: Problem, fields: Iterable[str]) -> str | None:
    """The field that *problem* is about; ``None`` where it is about none."""
    found = _PATH.search(problem.message)
    key = {"url": "address"}.get(found[1], found[1]) if found else ""
    key = "name" if problem.id == "E005" else key
    return key if key in fields else None


class SeenForm(ModelForm):
    """A form that knows which state of its row was seen when it was opened."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        self.fields["seen"].initial = "" if row._state.adding else row.changed_at.isoformat()

    @property
    def seen_at(self) -> datetime | None:
        """When the row had been changed last, as of the opening of the form."""
        return parse_datetime(self.cleaned_data.get("seen") or "")

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each of *problems* where it belongs."""
        for problem in problems:
            self.add_error(field_of(problem, self.fields), sentence(problem))

    def changed_by(self) -> str | None:
        """Who has changed the row since it was seen; ``None`` when nobody has."""
        row = type(self.instance)._default_manager.filter(pk=self.instance.pk).first() if self.instance.pk else None
        if (row.changed_at if row else None) == self.seen_at:
            return None
        return row.changed_by or _("somebody") if row else _("somebody who went back to the settings")

    def refuse_if_changed(self) -> bool:
        """Has somebody else been quicker? The page then says who."""
        who = self.changed_by()
        if who is not None:
            text = _("Changed by %(who)s meanwhile: nothing of yours was saved. Open the page again, and look first.")
            self.add_error(None, text % {"who": who})
        return who is not None


class WebhookForm(SeenForm):
    """One webhook: what differs from the settings is what is kept."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2000,
        widget=_widget("AdminPassword", forms.PasswordInput, autocomplete="new-password"),
    )
    channel = _choice(gettext_lazy("Channel"), gettext_lazy("Empty: recognised from the address."))
    enabled = forms.BooleanField(
        label=gettext_lazy("On"),
        required=False,
        help_text=gettext_lazy("Off: nothing is routed there, and what it was owed stays pending."),
        widget=_widget("BooleanSwitch", forms.CheckboxInput),
    )
    rate = _line(
        gettext_lazy("Rate"),
        gettext_lazy("Requests in a time, such as 30/m or 5/2s, 30/m. Empty: no limit but the service's own."),
    )
    min_level = _choice(gettext_lazy("Least level"), gettext_lazy("What is less grave is not routed there."))
    batch_size = _line(gettext_lazy("Batch size"), gettext_lazy("Alerts in one message at most."), inputmode="numeric")
    concurrency = _line(gettext_lazy("Concurrency"), gettext_lazy("Requests at a time."), inputmode="numeric")
    mention = _line(gettext_lazy("Mention"), gettext_lazy("Whom critical alerts call, such as @everyone."))
    fallback = _choice(gettext_lazy("Fallback"), gettext_lazy("The webhook that gets what could not be sent here."))
    timeout = _line(gettext_lazy("Time-out"), gettext_lazy("Seconds that a request may take."), inputmode="decimal")
    username = _line(gettext_lazy("Name shown"))
    avatar_url = _line(gettext_lazy("Picture shown"), gettext_lazy("An address that begins with https://."))
    language = _choice(gettext_lazy("Language"), gettext_lazy("Of our own words in its messages."))

    class Meta:
        model = WebhookOverride
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.instance.name
        declared = texts.in_settings(name)
        now = {**declared, **texts.as_texts(self.instance.options)}
        self._offer(name, now)
        if "name" in self.fields:  # else a browser takes the two for a login
            self.fields["name"].widget.attrs["autocomplete"] = "off"
        for key, text in now.items():
            field = self.fields[key]
            field.initial = bool(text) if key == "enabled" else text
            if name in declared_in_settings() and text != declared[key]:
                said = _("yes") if declared[key] == "on" else declared[key] or _("empty")
                in_settings = _("In the settings: %(value)s.") % {"value": said}
                field.help_text = f"{field.help_text} {in_settings}".strip()
        self.fields["address"].help_text = self._about_address(name)

    def _offer(self, name: str, now: dict[str, str]) -> None:
        levels = [(level.name, level.name) for level in Level]
        channels = [("", "—"), *((each, each) for each in registry.names())]
        others = [("", "—"), *((each, each) for each in get_config().webhooks if each != name)]
        languages = [("", _("as the project")), *((code, f"{_(label)} ({code})") for code, label in settings.LANGUAGES)]
        offers = {"min_level": levels, "channel": channels, "fallback": others, "language": languages}
        for key, choices in offers.items():
            if now[key] not in dict(choices):
                choices.append((now[key], now[key]))
            self.fields[key].choices = choices  # type: ignore[attr-defined]

    def _about_address(self, name: str) -> str:
        if self.instance.url_hint:
            now = self.instance.url_hint
        elif found := override_rows.hint_of_settings(name):
            now = found
        else:
            return _("Kept encrypted, and never shown again but for its host and last four characters.")
        return _("Now %(hint)s. Empty: it stays. Kept encrypted, and never shown again.") % {"hint": now}

    @property
    def options(self) -> dict[str, Any]:
        """What is to be set otherwise than in the settings; what this form does not know stays."""
        given = {key: self.cleaned_data.get(key, "") for key in texts.OPTIONS}
        entered = {
            key: "on" if value is True else "" if value is False else value.strip() for key, value in given.items()
        }
        unknown = {key: value for key, value in self.instance.options.items() if key not in texts.OPTIONS}
        return {**unknown, **texts.changed(entered, self.name)}

    @property
    def name(self) -> str:
        """The webhook's name: typed when it is added, and fixed from then on."""
        return str(self.instance.pk or self.cleaned_data.get("name", ""))

    @property
    def url(self) -> str:
        """The address that was entered, a secret."""
        return str(self.cleaned_data.get("address", "")).strip()

    def clean(self) -> dict[str, Any]:
        """Judged like the settings."""
        cleaned = super().clean() or {}
        is_new = "name" in self.fields
        if self.errors or (not is_new and self.refuse_if_changed()):
            return cleaned
        known = self.name in declared_in_settings() or WebhookOverride.objects.filter(pk=self.name).exists()
        if is_new and known:
            text = _("There is a webhook “%(name)s” already: open its page to change it.")
            self.add_error("name", text % {"name": self.name})
        elif not known and not self.url:
            self.add_error("address", _("Enter the address: copy the whole of it from the service."))
        else:
            self._judge()
        return cleaned

    def _judge(self) -> None:
        try:
            change.judge_webhook(self.name, self.options, self.url)
        except change.RefusedError as error:
            self.refuse(error.problems)
        except sealing.SealError as error:
            self.add_error("address", f"{error}. {error.hint}")

    def _post_clean(self) -> None:
        """Nothing: the row is made by ``overrides.change``."""


class RouteForm(SeenForm):
    """Where alerts of one route go."""

    webhooks = forms.MultipleChoiceField(
        label=gettext_lazy("Webhooks"),
        required=False,
        help_text=gettext_lazy("None: such alerts are recorded and sent nowhere."),
        widget=_widget("AdminCheckboxSelectMultiple", forms.CheckboxSelectMultiple),
    )

    class Meta:
        model = RouteOverride
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        config = get_config()
        chosen = config.routes[self.instance.route]
        added = WebhookOverride.objects.values_list("name", flat=True)
        names = dict.fromkeys([*declared_in_settings(), *added, *chosen])
        self.fields["webhooks"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.fields["webhooks"].initial = list(chosen)

    def clean(self) -> dict[str, Any]:
        """Judged like the settings."""
        cleaned = super().clean() or {}
        if not self.errors and not self.refuse_if_changed():
            try:
                change.judge_route(self.instance.route, cleaned["webhooks"])
            except change.RefusedError as error:
                self.refuse(error.problems)
        return cleaned

    def _post_clean(self) -> None:
        """Nothing: the row is made by ``overrides.change``."""
