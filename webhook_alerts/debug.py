"""Django's debug page, and the mails to ``ADMINS`` when a view fails, without the addresses that the settings hold."""

from __future__ import annotations

import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Django's own, which shows all settings but those whose names speak of passwords and the like.

    To be named in the settings: ``DEFAULT_EXCEPTION_REPORTER_FILTER = "webhook_alerts.debug.ReporterFilter"``.
    """

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|^WEBHOOKS$|^SIGNING_KEYS$|_HOOK$|HOOK_URL$|WEBHOOK_\w+_URL$"
        r"|(?:BROKER|REDIS|DATABASE|RESULT_BACKEND)_URL$",
        re.IGNORECASE,
    )
