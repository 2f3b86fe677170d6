"""Secrets leave no process: what is taken out of an alert before the broker, the spool or a webhook sees it.

A ``Redactor`` is a list of rules over texts and a judgement over key names. Every pattern runs in linear time:
each quantifier is bounded or cannot overlap what follows it, and a match starts only where a word starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.conf import Config

WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "senha",
        "secret",
        "token",
        "authorization",
        "cookie",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "credentials",
        "sessionid",
        "csrftoken",
        "csrfmiddlewaretoken",
        "jwt",
        "bearer",
        "signature",
        "cvv",
        "cvc",
        "pin",
        "otp",
    }
)
"""Words that make a key sensitive, each matched as a whole word of the key."""
_KEYS = ("api", "access", "private", "encryption", "signing")
PAIRS = frozenset(
    {
        *((kind, "key") for kind in _KEYS),
        ("session", "id"),
        ("card", "number"),
        ("account", "sid"),
        ("webhook", "url"),
        ("hook", "url"),
    }
)
"""Two words in a row that do."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]{0,79})[\"']?[ \t]{0,4}(?:=>|[=:])[ \t]{0,4}")
_VALUE = re.compile(
    r"\"[^\"\n]{0,4000}\"|'[^'\n]{0,4000}'|(?:(?:Bearer|Basic|Token)[ \t]{1,4})?[^\s,;&\"'(){}\[\]<>]{1,4000}",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(r"\b(Bearer|Basic)[ \t]{1,4}[A-Za-z0-9._~+/=-]{8,8000}", re.IGNORECASE)
_USERINFO = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/@\"'<>?#]{1,500}@")
_WEBHOOK = re.compile(
    r"https?://(?:[\w-]{1,63}\.)?"
    r"(?:discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks|hooks\.slack\.com/(?:services|workflows|triggers)"
    r"|api\.telegram\.org/(?:file/)?bot|chat\.googleapis\.com/v1/spaces|webhook\.office\.com"
    r"|outlook\.office\.com/webhook|logic\.azure\.com)[^\s\"'<>)\]}]{1,2000}",
    re.IGNORECASE,
)
_TELEGRAM = re.compile(r"(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])")


@lru_cache(maxsize=4096)
def is_sensitive(key: str) -> bool:
    """Does a key of this name hold a secret? ``dbPassword``, ``X-Api-Key`` and ``senha`` do, ``tokenizer`` does not."""
    words = [word.lower() for word in _WORD.findall(key)]
    return any(word in WORDS for word in words) or any(pair in PAIRS for pair in pairwise(words))


def _assignments(text: str) -> str:
    """``key=value`` and ``"key": "value"`` with the value taken out where the key is sensitive."""
    parts: list[str] = []
    done = 0
    for key in _KEY.finditer(text):
        if key.start() < done or not is_sensitive(key[1]):
            continue
        value = _VALUE.match(text, key.end())
        if value is None:
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        parts += text[done : key.end()], quote, "[redacted:secret]", quote
        done = value.end()
    return "".join(parts) + text[done:] if parts else text


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one of *hints* (in lower case) occurs in a text, *apply* is asked for the text without its secrets."""

    hints: tuple[str, ...]
    apply: Callable[[str], str]


def replacing(pattern: re.Pattern[str], replacement: str) -> Callable[[str], str]:
    """A rule's ``apply`` for one pattern."""
    return lambda text: pattern.sub(replacement, text)


RULES = (
    Rule(("http",), replacing(_WEBHOOK, "[redacted:webhook]")),
    Rule(("://",), replacing(_USERINFO, r"\1[redacted:userinfo]@")),
    Rule((":aa",), replacing(_TELEGRAM, "[redacted:bot token]")),
    Rule(("=", ":"), _assignments),
    Rule(("bearer", "basic"), replacing(_AUTHORIZATION, r"\1 [redacted:authorization]")),
)


class Redactor:
    """Takes secrets out of texts and JSON; ``literals`` are texts that must never appear, whatever is around them."""

    def __init__(self, literals: Iterable[str] = (), rules: Iterable[Rule] = RULES) -> None:
        self._literals = sorted({text for text in literals if len(text) >= 8}, key=len, reverse=True)
        self._rules = tuple(rules)

    def text(self, text: str) -> str:
        """*text* with each secret replaced by ``[redacted:kind]``."""
        for literal in self._literals:
            if literal in text:
                text = text.replace(literal, "[redacted:webhook]")
        lower = text.lower()
        for rule in self._rules:
            if any(hint in lower for hint in rule.hints):
                text = rule.apply(text)
        return text

    def json(self, value: JSON) -> JSON:
        """*value* with secrets replaced in every text, and whole where its key says that it is one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return value

    def mapping(self, values: Mapping[str, Any]) -> dict[str, JSON]:
        """The same for a mapping."""
        return {
            self.text(key): "[redacted:secret]" if item not in (None, "") and is_sensitive(key) else self.json(item)
            for key, item in values.items()
        }


@lru_cache(maxsize=4)
def _for_urls(urls: tuple[str, ...]) -> Redactor:
    return Redactor(urls + tuple(url.split("://", 1)[-1] for url in urls))


def redactor_for(config: Config) -> Redactor:
    """The redactor of the settings in force, which knows every configured webhook's URL."""
    return _for_urls(tuple(webhook.url for webhook in config.webhooks.values()))
