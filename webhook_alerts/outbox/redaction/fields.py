"""Names and their secrets where something else than a sign stands between them: errors, bodies of forms, objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from webhook_alerts.outbox.redaction import commands, markup
from webhook_alerts.outbox.redaction.blocks import LINE
from webhook_alerts.outbox.redaction.form import QUOTE, Form, take_forms
from webhook_alerts.outbox.redaction.manifests import take_manifests
from webhook_alerts.outbox.redaction.marks import mark
from webhook_alerts.outbox.redaction.sign_in import take_codes
from webhook_alerts.outbox.redaction.statements import take_statements

_SPACE = r"(?:\s|\\{1,4}[nt]){0,40}"
_COLON = r"\s{0,4}:\s{0,4}"
_NAMED = (
    rf"{QUOTE}(?:name|key|header|field|parameter|variable){QUOTE}{_COLON}{QUOTE}(?P<name>[^\"'\\\n]{{1,100}}){QUOTE}"
)
_VALUED = rf"{QUOTE}(?:value|input){QUOTE}{_COLON}[bru]?{QUOTE}(?P<value>[^\"'\\\n]{{1,2000}})"


_OBJECTS = tuple(
    # Of a name and a value, in JSON or a repr, in either order
    Form("", re.compile(pattern, re.IGNORECASE))
    for pattern in (
        rf"{_NAMED}[^{{}}\[\]]{{0,200}}?,{_SPACE}{_VALUED}",
        rf"{_VALUED}{QUOTE}\s{{0,4}},{_SPACE}{_NAMED}",
    )
)
_FORMS: Mapping[str, tuple[Form, ...]] = {
    "(": (
        # https://www.postgresql.org/docs/current/errcodes-appendix.html: class 23, in English and Portuguese
        Form(
            ")=(",
            re.compile(r"\b(?:Key|Chave) \((?P<name>[^()\n]{1,200})\)=\((?P<value>[^\n]{1,2000}?)\)(?=[\s.,\"'\\]|\Z)"),
        ),
        Form(
            "ow contains (",
            re.compile(r"Failing row contains \((?P<value>[^\n]{1,8000}?)\)(?=\.?[\"']?(?:\\n|\s|\Z))"),
            mark("row"),
        ),
        # What goes between the brackets of a call that signs in or sets a password
        Form(
            "Auth(",
            re.compile(
                rf"(?:Basic|Digest)Auth\([^\n()=,]{{1,200}},\s{{0,4}}[bru]?{QUOTE}(?P<value>[^\"'\\\n]{{1,200}})"
            ),
        ),
        Form(
            "login(", re.compile(rf"\blogin\([^\n()=,]{{1,200}},\s{{0,4}}[bru]?{QUOTE}(?P<value>[^\"'\\\n]{{1,200}})")
        ),
        Form(
            "_password(",
            re.compile(rf"\b(?:set|check|make|validate)_password\([bru]?{QUOTE}(?P<value>[^\"'\\\n]{{1,200}})"),
        ),
    ),
    "'": (
        # https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html: ER_DUP_ENTRY_WITH_KEY_NAME
        Form("entry '", re.compile(r"Duplicate entry '(?P<value>[^'\n]{1,500})' for key '(?P<name>[^'\n]{1,200})'")),
    ),
    ":": (
        # The environment of a container
        Form(
            "value:",
            re.compile(
                rf"\bname:[ \t]{{1,4}}(?:{QUOTE})?(?P<name>[\w.-]{{1,100}})(?:{QUOTE})?[ \t]{{0,4}}{LINE}"
                rf"[ \t]{{0,40}}value:[ \t]{{1,4}}(?:{QUOTE})?(?P<value>(?:(?!{LINE})[^\"'\n]){{1,2000}})"
            ),
        ),
        Form(
            "redential",
            re.compile(
                r"\b[Cc]redentials? [\"']?[^\s:/\"'=]{1,100}:(?P<value>(?!\d{1,5}\b|/)[^\s\"',;)]{3,200})",
            ),
        ),
    ),
    "{": (
        # RFC 6902
        Form(
            "path",
            re.compile(
                rf"{QUOTE}op{QUOTE}{_COLON}{QUOTE}\w{{1,10}}{QUOTE}\s{{0,4}},{_SPACE}"
                rf"{QUOTE}path{QUOTE}{_COLON}{QUOTE}(?P<name>[^\"'\\\n]{{1,100}}){QUOTE}\s{{0,4}},{_SPACE}{_VALUED}"
            ),
        ),
        # The errors of pydantic as objects: the place of one, and the value beside it
        Form(
            "loc",
            re.compile(
                rf"\bloc{QUOTE}{_COLON}[(\[](?:[^()\[\]\n]{{0,100}},{_SPACE})?{QUOTE}(?P<name>[^\"'\\\n]{{1,100}}){QUOTE}"
                rf",?{_SPACE}[)\]][^{{}}]{{0,300}}?{QUOTE}input{QUOTE}{_COLON}(?:[bru]?{QUOTE})?"
                r"(?P<value>[^\"'\\,{}\[\]\n]{1,2000})"
            ),
        ),
    ),
    "@": commands.ADDRESSES,
    "=": (
        # RFC 7578
        Form(
            "form-data",
            re.compile(
                rf"form-data;\s?name=(?:{QUOTE})?(?P<name>[^\"'\\\s;]{{1,100}})(?:{QUOTE})?(?:;[^\r\n\\]{{0,200}})?"
                rf"(?:{LINE}[A-Za-z-]{{1,40}}:[^\r\n\\]{{0,200}}){{0,5}}{LINE}{LINE}"
                rf"(?P<value>(?:(?!{LINE}--)[\s\S]){{1,4000}})"
            ),
        ),
        # https://docs.pydantic.dev/latest/errors/errors/: the place of an error, and the value below it
        Form(
            "input_value=",
            re.compile(
                r"^(?P<name>[\w.-]{1,200})\n {2}[^\n]{0,300}?\[type=\w{1,60}, input_value=(?P<value>[^\n]{1,500}?)"
                r"(?=, input_type=)",
                re.MULTILINE,
            ),
        ),
        # http.cookiejar.Cookie, whatever its name
        Form("<Cookie ", re.compile(r"<Cookie [^\s=<>]{1,200}=(?P<value>[^\s<>]{1,4000}) for ")),
    ),
    "value=": markup.VALUES,
    "content=": markup.CONTENTS,
    "IDENTIFIED": (
        # https://dev.mysql.com/doc/refman/en/create-user.html, and Oracle's
        Form(
            "IDENTIFIED",
            re.compile(
                r"\bIDENTIFIED (?:WITH \S{1,60} )?(?:BY|AS) (?:PASSWORD )?\\{0,8}[\"']?"
                r"(?P<value>(?!PASSWORD\b)[^\s\"';\\]{1,200})"
            ),
        ),
    ),
    "pass": commands.FILES,
    "<": markup.ELEMENTS,
}
"""By a sign that is in every text that has one of them, for speed: a single one is found at once."""
_FOUND: tuple[tuple[re.Pattern[str], tuple[Form, ...]], ...] = (
    (re.compile(r"alue[\\\"']"), _OBJECTS),
    (re.compile(r"nput[\\\"']"), _OBJECTS),
    (re.compile(r"-[uUpPaw]"), commands.OPTIONS),
)
"""The same by a pattern."""
_SHORTEST = 10
"""Characters of the shortest of them: ``<pw>x</pw>``."""


def take_fields(text: str, is_sensitive: Callable[[str], bool]) -> str:
    """*text* without the secrets that stand in one of these forms, in markup, a command, a statement or a manifest."""
    if len(text) < _SHORTEST:
        return text
    for sign, forms in _FORMS.items():
        if sign in text:
            text = take_forms(text, forms, is_sensitive)
    for pattern, forms in _FOUND:
        if pattern.search(text):
            text = take_forms(text, forms, is_sensitive)
    if ("<" in text and "</" in text) or ("&" in text and "&lt;" in text) or ("\\" in text and "u003c" in text):
        text = markup.take_elements(text, is_sensitive)
    if "?" in text or "grant_type" in text or ("%" in text and "%3" in text):
        text = take_codes(text)
    return take_manifests(take_statements(text, is_sensitive))
