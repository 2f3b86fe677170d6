"""The options that are plain values: what each takes, in which bounds."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf.locale import LANG_INFO

from webhook_alerts.channels import signing
from webhook_alerts.configuration.credentials import (
    MAKE_SIGNING_KEY,
    are_headers,
    are_texts,
    fault_of_headers,
    fault_of_keys,
    keys_of,
)
from webhook_alerts.configuration.problems import Problems, at, shown, source
from webhook_alerts.configuration.schedules import HOW_TO, are_schedules, parse_all

REQUEST_DEADLINE_S = 15.0
"""The longest a request may take; below ``LEASE_S``, so that no second worker sends what is still being sent."""
LEASE_S = 60.0
"""How long a claimed row belongs to its worker; below ``TASK_LIMIT_S``, after which Celery ends the worker."""
TASK_LIMIT_S = 120.0


def _always(_: Any) -> bool:
    return True


def _faultless(_: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Option:
    """What a key takes: in words, by type, within bounds, and made into what ``Config`` holds.

    ``fault`` says in words what is wrong with a value whose bounds are not said in a few; it quotes no secret.
    """

    expected: str
    fits: Callable[[Any], bool]
    within: Callable[[Any], bool] = _always
    convert: Callable[[Any], Any] = lambda value: value
    bounds_check: str = "E019"
    is_secret: bool = False
    fault: Callable[[Any], str] = _faultless

    def read(self, value: Any, where: str, problems: Problems) -> Any:
        """*value* as ``Config`` holds it, or ``None`` after noting why it is refused."""
        if not self.fits(value):
            got = "what could not be read" if source(value) else type(value).__name__
            problems.say(
                "E003", f"{where}{source(value)} must be {self.expected}, not {got}", f"Set it to {self.expected}."
            )
            return None
        if not self.within(value):
            given = "a secret" if self.is_secret else shown(value)
            problems.say(
                self.bounds_check, f"{where} is {given}, which is out of bounds", f"Set it to {self.expected}."
            )
            return None
        if fault := self.fault(value):
            problems.say(self.bounds_check, f"{where}: {fault}", f"Set it to {self.expected}.")
            return None
        return self.convert(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _seconds(least: float, most: float, check: str = "E019") -> Option:
    return Option(
        f"seconds, from {least:g} to {most:g}", _is_number, lambda value: least <= value <= most, float, check
    )


def _whole(least: int, most: int) -> Option:
    return Option(f"a whole number from {least} to {most}", _is_whole, lambda value: least <= value <= most)


def _text(expected: str = "a text", within: Callable[[str], bool] = _always) -> Option:
    return Option(expected, _is_text, within, str)


def _is_waits(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(_is_number(item) for item in value)


def _never_shrinks(value: Any) -> bool:
    return all(0 <= item <= 31_536_000 for item in value) and list(value) == sorted(value)


def _is_site(value: str) -> bool:
    parts = urlsplit(value)
    return value == "" or (parts.scheme in {"http", "https"} and bool(parts.netloc) and not parts.query)


def _is_token(value: str) -> bool:
    return value == "" or (TOKEN_LENGTH <= len(value) <= 512 and value.isascii() and not re.search(r"\s", value))


def _token(check: str) -> Option:
    make = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
    expected = f"a text of {TOKEN_LENGTH} to 512 characters without spaces ({make})"
    return Option(expected, _is_text, _is_token, str, check, is_secret=True)


def _code(language: str) -> str:
    """As Django writes it: ``pt-br``."""
    return language.lower().replace("_", "-")


def _is_headers(value: Any) -> bool:
    return bool(value) and all(_HEADER.fullmatch(item) for item in value)


def _is_keys(value: Any) -> bool:
    return all(_is_key(item) for item in value)


def _is_key(text: str) -> bool:
    """32 bytes in the URL-safe alphabet of base 64: https://github.com/fernet/spec/blob/master/Spec.md#key-format."""
    try:
        return len(base64.b64decode(text.encode(), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


MAKE_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
"""The command that makes a key for ``ENCRYPTION_KEYS``."""
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
TOKEN_LENGTH = 16
"""Characters of a token at least: what ``secrets.token_hex(8)`` gives, 64 bits."""
_LANGUAGE = Option(
    'the code of a language that Django knows, such as "pt-br", or "" for that of the project',
    _is_text,
    lambda value: value == "" or _code(value) in LANG_INFO,
    _code,
)
_FLAG = Option("True or False", lambda value: isinstance(value, bool))

OPTIONS: Mapping[str, Option] = {
    "ENVIRONMENT": _text(),
    "SERVICE": _text(),
    "RELEASE": _text(),
    "QUEUE_SIZE": _whole(10, 1_000_000),
    "FLUSH_INTERVAL": _seconds(1, 3600),
    "DEDUP_WINDOW": _seconds(0, 86_400),
    "MAX_ATTEMPTS": _whole(1, 100),
    "MAX_AGE": _seconds(60, 31_536_000),
    "BACKOFF": _seconds(0.1, 3600),
    "BACKOFF_MAX": _seconds(0.1, 86_400),
    "BREAKER_FAILURES": _whole(1, 1000),
    "BREAKER_COOLDOWN": _seconds(1, 86_400),
    "SPOOL_DIR": _text("the path of a directory", lambda value: value != "" and "\0" not in value),
    "SPOOL_MAX_BYTES": _whole(1_000_000, 100_000_000_000),
    "MASK_USER_IDS": _FLAG,
    "INCLUDE_STACK_TRACES": _FLAG,
    "MAX_MESSAGE_LENGTH": _whole(100, 100_000),
    "USE_EMBEDS": _FLAG,
    "ALLOW_PRIVATE_NETWORKS": _FLAG,
    "ADMIN_BASE_CLASS": _text("the dotted path of a ModelAdmin class"),
    "BASE_URL": Option("the address of your site, as https://example.org", _is_text, _is_site, lambda v: v.rstrip("/")),
    "LINK_MAX_AGE": _seconds(300, 31_536_000),
    "RESOLVE_AFTER": _seconds(0, 31_536_000),
    "REPEATS": Option("a list of seconds that never shrink, or []", _is_waits, _never_shrinks, tuple),
    "IGNORE_LOGGERS": Option("a list of logger names", _is_names, convert=tuple),
    "CORRELATION_HEADERS": Option("a list of names of HTTP headers, at least one", _is_names, _is_headers, tuple),
    "METRICS_TOKEN": _token("E030"),
    "HEALTH_TOKEN": _token("E029"),
    "ENCRYPTION_KEYS": Option(
        f"a list of Fernet keys ({MAKE_KEY})", _is_names, _is_keys, tuple, bounds_check="E027", is_secret=True
    ),
}
"""Keys of ``WEBHOOK_ALERTS`` whose values stand for themselves; lengths in characters."""

DAYS = _whole(1, 36_500)
"""How long a record is kept, in days: a value of ``RETENTION``."""

WEBHOOK_OPTIONS: Mapping[str, Option] = {
    "batch_size": _whole(1, 100),
    "concurrency": _whole(1, 16),
    "mention": _text(),
    "username": _text(),
    "avatar_url": _text("an address that begins with https://", lambda v: v == "" or v.startswith("https://")),
    "fallback": _text("the name of a webhook"),
    "language": _LANGUAGE,
    "timeout": _seconds(1, REQUEST_DEADLINE_S, "E017"),
    "enabled": _FLAG,
    "digests": Option(f"a list of {HOW_TO}", _is_names, are_schedules, parse_all),
    "empty_digests": _FLAG,
    "signing_keys": Option(
        f"a key or a list of keys, each {signing.PREFIX} and {signing.SHORTEST} to {signing.LONGEST} bytes in base 64, "
        f"the current one first ({MAKE_SIGNING_KEY})",
        are_texts,
        convert=keys_of,
        bounds_check="E033",
        is_secret=True,
        fault=fault_of_keys,
    ),
    "headers": Option(
        'a dict of headers, such as {"Authorization": "Bearer …"}',
        are_headers,
        convert=lambda value: tuple(value.items()),
        bounds_check="E034",
        is_secret=True,
        fault=fault_of_headers,
    ),
}
"""Keys of one webhook whose values stand for themselves."""


def read_options(
    given: Mapping[Any, Any], options: Mapping[str, Option], where: str, problems: Problems
) -> dict[str, Any]:
    """What *given* says for *options*; what is wrong is noted and left out."""
    found = {}
    for key, option in options.items():
        if key in given:
            value = option.read(given[key], at(where, key), problems)
            if value is not None:
                found[key] = value
    return found


def refuse_unknown(given: Mapping[Any, Any], known: Iterable[str], where: str, problems: Problems) -> None:
    """Note every key of *given* that is not *known*."""
    names = tuple(known)
    for key in given:
        if key not in names:
            problems.unknown(key, names, where)
