"""How far the value goes that follows a name and a sign: to its quote, its bracket, or the next white space."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction import blocks
from webhook_alerts.outbox.redaction.authorization import SCHEME
from webhook_alerts.outbox.redaction.marks import MARK, SECRET, mark

ENTITY = r"&(?:quot|apos|#3[49]|#x2[27]);|\\{1,4}u002[27]"
"""A quote as HTML and JSON may write it."""
_PLAIN = rf"{MARK}|[^\s,;&\"'`(){{}}\[\]<>]"
_ENCODED = rf"{MARK}|[^\s,;&\"'`(){{}}\[\]<>%]|%(?!26|22|7D|2526)"


def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(
        # What has more backslashes, or a letter right behind it, is no end of the quote but a part of the value.
        r"[bfru]{0,2}(?P<quote>\"\"\"|'''|(?P<escape>\\{1,8})?[\"'`])"
        r"(?P<quoted>(?:(?!(?P=quote)(?!\w))(?:(?(escape)\\++.|\\.)|[^\\\n]))*+)"
        rf"|(?P<entity>{ENTITY})(?P<between>(?:(?!(?P=entity))[^\n<>])*+)"
        r"|%22(?P<coded>(?:(?!%22)[^\s&\"'<>])*+)"
        # Up to white space or the end of what the pair stands in: what goes on after a comma is no next pair.
        rf"|(?P<bare>(?:(?:{SCHEME})[ \t]{{1,4}}|(?<=:[ ])[!&][\w!.:/-]{{0,60}}[ \t]{{1,4}})?(?:{part})"
        rf"(?:{part}|[,;&(){{}}\[\]<>\"'`](?=\w)(?![\w.\[\]-]{{1,60}}[ \t]?[=:]))*+"
        r"|<[^<>\n]{1,1000}>)",
        re.IGNORECASE,
    )


_VALUE, _ENCODED_VALUE = _pattern(_PLAIN), _pattern(_ENCODED)
_PIECE = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\n)|[^\"'()\[\]{}\n]++"
)
_PARAMETERS = re.compile(r"(?:\"?[ \t]*[,;][ \t]*[\w.-]+=(?:\\{0,8}\"[^\"\n]*\"|[^\s,;\"'<>]*+))++")
"""What else belongs to a cookie, or to ``Digest`` and the like."""
_WITH_PARAMETERS = ("cookie", "authorization", "-signature")
_OTHER_SCHEME = re.compile(
    r"[A-Za-z][\w-]{1,30}[ \t]{1,4}(?=[^\s\"']{0,200}[0-9+/=:])(?:[^\s\"',;]|\\{0,8}\"[^\"\n]*\")++"
)
"""Of authorization, in none's registry: ``SharedKey account:…``; not "failed for ana"."""
_NO_SECRET = frozenset(
    {"none", "null", "nil", "true", "false", "undefined", "lambda", "str", "bytes", "int", "bool", "?", "%s"}
)
_SCHEME = re.compile(rf"({SCHEME})[ \t]+", re.IGNORECASE)
_MARK = re.compile(MARK)


def value_at(text: str, at: int, name: str, name_at: int, *, encoded: bool = False) -> tuple[int, int] | None:
    """From where to where the value of *name* goes that begins at *at*, without its quotes.

    Where the sign before it is *encoded*, the signs that end it are so too.
    """
    if text[at : at + 1] in ("(", "[", "{") and not _MARK.match(text, at):
        return at, closed(text, at, name_at)
    found = (_ENCODED_VALUE if encoded else _VALUE).match(text, at)
    if found is None:
        return None
    start, end = found.span(found.lastgroup or 0)
    if found["bare"] and name.lower().endswith(_WITH_PARAMETERS):
        other = _OTHER_SCHEME.match(text, start)
        end = max(end, other.end()) if other and name.lower().endswith("authorization") else end
        if more := _PARAMETERS.match(text, end):
            end = more.end()
    if found["bare"] and text[end : end + 1] == "(":  # a call, or what has no other repr
        end = closed(text, end, name_at)
    return start, end


def closed(text: str, at: int, name_at: int) -> int:
    """The end of what the bracket at *at* encloses, or of its line and of deeper ones below."""
    depth = 0
    for piece in _PIECE.finditer(text, at):
        if piece["end"]:
            return blocks.end_of_lines(text, piece.start(), name_at)
        depth += bool(piece["open"]) - bool(piece["close"])
        if depth == 0:
            return piece.end()
    return len(text)


def instead_of(value: str) -> str:
    """What is shown for *value*: itself where it is empty, no secret or already taken out."""
    scheme = _SCHEME.match(value)
    credentials = value[scheme.end() :] if scheme else value
    if not credentials.strip("()[]{} \t") or credentials.lower() in _NO_SECRET or _MARK.fullmatch(credentials):
        return value
    return f"{scheme[1]} {mark('authorization')}" if scheme else SECRET
