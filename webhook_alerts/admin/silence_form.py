"""The form that makes a silence: matchers as lines of text, a time, a reason."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin import widgets
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webhook_alerts.admin.widgets import widget
from webhook_alerts.alert import uuid7
from webhook_alerts.matching import FIELDS, Matcher, MatcherError, parse
from webhook_alerts.silencing import silence

DURATIONS = (
    ("3600", gettext_lazy("1 hour")),
    ("14400", gettext_lazy("4 hours")),
    ("86400", gettext_lazy("1 day")),
    ("604800", gettext_lazy("1 week")),
)
REMINDERS = (
    ("0", gettext_lazy("never")),
    ("600", gettext_lazy("10 minutes before")),
    ("3600", gettext_lazy("1 hour before")),
    ("86400", gettext_lazy("1 day before")),
)
KEY_AGE_S = 7 * 86_400
"""For how many seconds an open form can be sent off as what it was opened for."""
_LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: Any) -> forms.DateTimeField:
    chosen = forms.DateTimeInput(attrs={"type": "datetime-local", "class": "wa-moment"}, format=_LOCAL)
    return forms.DateTimeField(label=label, required=False, widget=chosen, input_formats=[_LOCAL, f"{_LOCAL}:%S"])


class SilenceForm(forms.Form):
    """What is to be silent, from when to when, and why; judged as every silence is.

    ``key`` becomes the id of what one open form makes, so that a double click makes one.
    """

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    matchers = forms.CharField(
        label=gettext_lazy("What"),
        max_length=10_000,
        widget=widget("AdminTextarea", widgets.AdminTextareaWidget, rows=4, spellcheck="false"),
        help_text=gettext_lazy(
            "One condition a line, all of which must hold: logger = shop.payments, level <= warning, "
            "message ~ *timeout*, context.region = eu. Compare with =, != and ~ (where * stands for any text and ? for "
            "one character), a level with >= and <=. Fields: %(fields)s and context.<key>. A logger includes those "
            "below it. Critical alerts are silenced too where the conditions hold for them."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=255,
        widget=widget("AdminTextInput", widgets.AdminTextInputWidget, autocomplete="off"),
    )
    duration = forms.ChoiceField(
        label=gettext_lazy("For"), choices=DURATIONS, required=False, widget=widget("AdminSelect", forms.Select)
    )
    starts_at = _moment(gettext_lazy("From"))
    ends_at = _moment(gettext_lazy("Until"))
    announced = forms.BooleanField(label=gettext_lazy("Tell the webhooks that it was made"), required=False)
    remind_s = forms.TypedChoiceField(
        label=gettext_lazy("Tell them that it ends"),
        choices=REMINDERS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=widget("AdminSelect", forms.Select),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        self.fields["key"].initial = uuid7
        self.fields["matchers"].help_text = self.fields["matchers"].help_text % {"fields": ", ".join(FIELDS)}
        self.fields["starts_at"].help_text = _("Empty: from now on. Times are those of %(zone)s.") % {"zone": zone}
        self.fields["ends_at"].help_text = _("Empty: for as long as is chosen above. Else this counts.")

    def clean_key(self) -> UUID:
        """The key of this form, or another where it is none of ours."""
        key: UUID | None = self.cleaned_data["key"]
        age_s = time.time() - (key.int >> 80) / 1000 if key and key.version == 7 else -1.0
        return key if key and 0 <= age_s < KEY_AGE_S else uuid7()

    def clean_matchers(self) -> tuple[Matcher, ...]:
        """The matchers, or the sentence that says what is wrong with which line."""
        try:
            return parse(self.cleaned_data["matchers"])
        except MatcherError as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """With the end, which follows from the duration where it is not given itself."""
        given = super().clean() or self.cleaned_data
        given["remind_s"] = given.get("remind_s") or 0
        starts_at: datetime = given.get("starts_at") or timezone.now()
        if not given.get("ends_at") and given.get("duration"):
            given["ends_at"] = starts_at + timedelta(seconds=int(given["duration"]))
        if given.get("ends_at"):
            self._judge(given, starts_at)
        elif not {"ends_at", "duration"} & self.errors.keys():
            self.add_error("ends_at", _("Choose a duration, or the time until which it is to be silent."))
        return given

    def _judge(self, given: dict[str, Any], starts_at: datetime) -> None:
        wrong = silence.wrong(
            given.get("matchers", ()),
            given["ends_at"],
            given.get("reason", ""),
            starts_at=starts_at,
            remind_s=given["remind_s"],
        )
        for error in wrong:
            if error.field not in self.errors:
                self.add_error(error.field, str(error))
