"""How the messages of a webhook look: in its readers' language, with links to the pages of this site."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache, partial

from django.conf import settings
from django.utils.formats import get_format
from django.utils.translation import gettext, override

from webhook_alerts.channels.base import Style, figure
from webhook_alerts.conf import Config, Webhook
from webhook_alerts.incidents.links import link


def look(webhook: Webhook, config: Config) -> Style:
    """The style of *webhook*, whose alerts link to where they are dealt with; in its language, whoever asks."""
    language = language_of(webhook)
    style = config.style(webhook, partial(link, config=config))
    return replace(style, say=partial(_say, language), number=partial(_number, language))


def language_of(webhook: Webhook) -> str:
    """The code of the language of its readers: its own, else the project's."""
    return webhook.language or str(settings.LANGUAGE_CODE)


def speaking_to(webhook: Webhook) -> AbstractContextManager[None]:
    """While this lasts, what is put into words is for the readers of *webhook*."""
    return override(language_of(webhook))


@lru_cache(maxsize=1024)
def _say(language: str, text: str) -> str:
    with override(language):
        return gettext(text)


def _number(language: str, value: float) -> str:
    thousands, decimal = _separators(language)
    return figure(value).translate({ord(","): thousands, ord("."): decimal})


@lru_cache(maxsize=64)
def _separators(language: str) -> tuple[str, str]:
    return str(get_format("THOUSAND_SEPARATOR", language)), str(get_format("DECIMAL_SEPARATOR", language))
