"""Secrets in XML and HTML: in elements of their name, in attributes, and in the element beside their name."""

from __future__ import annotations

import re
from collections.abc import Callable

from webhook_alerts.outbox.redaction.extent import ENTITY, instead_of
from webhook_alerts.outbox.redaction.form import QUOTE, Form

_Q = rf"(?:{QUOTE}|{ENTITY})"
_TEXT = rf"(?:(?!{ENTITY})[^\"'<>\\\n])"
_SPACE = r"(?:\s|\\{1,4}[nrt]){0,40}"
_NAME = rf"\b(?:name|key|id)={_Q}(?P<name>{_TEXT}{{1,100}}){_Q}"


def _attributes(held: str) -> tuple[Form, ...]:
    """An input of HTML or a setting of XML, whose value is in the attribute *held*, before or behind its name."""
    value = rf"\b{held}={_Q}(?P<value>{_TEXT}{{1,2000}}+)"
    return tuple(
        Form(f"{held}=", re.compile(pattern))
        for name in (_NAME, rf"\btype=(?:{_Q})?password\b")
        for pattern in (rf"{name}[^<>]{{0,300}}?\s{value}", rf"{value}{_Q}[^<>]{{0,300}}?\s{name}")
    )


VALUES, CONTENTS = _attributes("value"), _attributes("content")
ELEMENTS = (
    Form(
        "</",
        re.compile(
            r"<(?:entry|string|property|param|textarea|option|attribute|setting|item|data|field)\b[^<>]{0,200}?"
            rf"\s(?:name|key)=(?:{_Q})?(?P<name>[\w.:-]{{1,100}})[^<>]{{0,200}}>\s{{0,40}}"
            r"(?:<(?:value|string)>\s{0,40})?(?P<value>[^<>]{1,2000})(?=</)"
        ),
    ),
    # A row of a table, of a list or of a property list
    Form(
        "</",
        re.compile(
            r"<(?:td|th|dt|key|name|b|strong|code|label)\b[^<>]{0,100}>(?P<name>[^<>]{1,100})</\w{1,10}>"
            rf"{_SPACE}(?:<(?:td|dd|string|value|code|pre)\b[^<>]{{0,100}}>{_SPACE}){{1,2}}(?P<value>[^<>]{{1,2000}})(?=</)"
        ),
    ),
)


def _element(opens: str, closes: str) -> re.Pattern[str]:
    text = r"[^<>]" if opens == "<" else rf"(?:(?!{opens}|{closes})[^<>])"
    return re.compile(
        rf"({opens}(?P<name>[\w:.-]{{1,100}})(?:\s{text}{{0,200}})?{closes}(?:\s{{0,40}}{opens}[\w:.-]{{1,40}}{closes}){{0,2}})"
        rf"(?P<value>{text}{{1,4000}}+|<!\[CDATA\[[^\]]{{1,4000}}\]\]>)(?={opens}/)"
    )


_NAMED = (
    ("</", _element("<", ">")),
    ("&lt;", _element("&lt;", "&gt;")),
    ("u003c", _element(r"\\{1,4}u003c", r"\\{1,4}u003e")),
)


def take_elements(text: str, is_sensitive: Callable[[str], bool]) -> str:
    """*text* without what stands in elements of a secret's name."""

    def shown(found: re.Match[str]) -> str:
        return found[1] + instead_of(found["value"]) if is_sensitive(found["name"]) else found[0]

    for hint, pattern in _NAMED:
        if hint in text:
            text = pattern.sub(shown, text)
    return text
