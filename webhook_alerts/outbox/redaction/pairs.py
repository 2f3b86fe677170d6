"""``name=value`` in any notation, with the value taken out where the name is a secret's."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction.authorization import SCHEME
from webhook_alerts.outbox.redaction.marks import MARK, SECRET, mark
from webhook_alerts.outbox.redaction.names import Names

SEPARATORS = re.compile(r"[=:<]|--|%3[ad]")
"""What a text in lower case has when it may hold a pair."""

_LONGEST_NAME = 100
"""Characters of a name, counted from its end, that are judged."""
_NAME = re.compile(
    # Possessive, and only where no name goes on, so that every name is read once. %3F, %26, %5B or %22 may precede it.
    r"(?<![\w.-])(?:(?<=%)[0-9A-F]{2})?(?P<name>[\w.-]++)"
    r"(?:\\{0,4}[\"'`]|\]|%5D|%22){0,3}[ \t]{0,8}(?:=>|:=|!=|={1,3}|::?|%3D|%3A)[ \t]{0,8}"
    r"|(?<![\w.-])(?P<flag>--[\w-]++)[ \t]{1,8}(?!-)",
    re.IGNORECASE,
)
_PLAIN = rf"{MARK}|[^\s,;&\"'`(){{}}\[\]<>%]|%(?!26|22|7D)"
_VALUE = re.compile(
    r"[bfru]{0,2}(?P<quote>\"\"\"|'''|\\{0,4}[\"'`])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\\\n]))*+)"
    # Up to white space or the end of what the pair stands in: what goes on after a comma is no next pair.
    rf"|(?P<bare>(?:(?:{SCHEME})[ \t]{{1,4}})?(?:{_PLAIN})"
    rf"(?:{_PLAIN}|[,;&(){{}}\[\]<>\"'`](?=\w)(?![\w.-]{{1,40}}[ \t]?[=:]))*+"
    r"|<[^<>\n]{1,1000}>)",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\n)|[^\"'()\[\]{}\n]++"
)
_PARAMETERS = re.compile(r"(?:\"?[ \t]*[,;][ \t]*[\w.-]+=(?:\"[^\"\n]*\"|[^\s,;\"'<>]*+))++")
"""What else belongs to a cookie, or to ``Digest`` and the like."""
_HEADERS = ("cookie", "authorization")
_AND = re.compile(r"[ \t]{0,8}=(?!=)[ \t]{0,8}")
"""After a value that was a type: ``password: str = "…"``."""
_NO_SECRET = frozenset({"none", "null", "nil", "true", "false", "undefined", "lambda", "str", "bytes", "int", "bool"})
_SCHEME = re.compile(rf"({SCHEME})[ \t]+", re.IGNORECASE)
_MARK = re.compile(MARK)
_ELEMENT = re.compile(r"(<(?P<name>[\w:.-]{1,100})(?:\s[^<>]{0,200})?>)(?P<value>[^<>]{1,4000})(?=</)")


class Pairs:
    """The rule for the names that *names* says are sensitive."""

    def __init__(self, names: Names) -> None:
        self._is_sensitive = names.is_sensitive
        self.hint = "|".join(sorted(map(re.escape, names.hints)))

    def __call__(self, text: str) -> str:
        """*text* without the values of sensitive names."""
        if "</" in text:
            text = _ELEMENT.sub(self._element, text)
        parts: list[str] = []
        done = 0
        for found in _NAME.finditer(text):
            name = (found["name"] or found["flag"])[-_LONGEST_NAME:]
            if found.start() < done or not self._is_sensitive(name):
                continue
            at: int | None = found.end()
            while at is not None and (span := _value(text, at, name)):
                start, end = span
                parts += text[done:start], _instead_of(text[start:end])
                done = end
                following = _AND.match(text, end)
                at = following.end() if following else None
        return "".join(parts) + text[done:] if parts else text

    def _element(self, found: re.Match[str]) -> str:
        return found[1] + _instead_of(found["value"]) if self._is_sensitive(found["name"]) else found[0]


def _value(text: str, at: int, name: str) -> tuple[int, int] | None:
    """From where to where the value that begins at *at* goes, without its quotes."""
    if text[at : at + 1] in ("(", "[", "{") and not _MARK.match(text, at):
        return at, _closed(text, at)
    found = _VALUE.match(text, at)
    if found is None:
        return None
    start, end = found.span("quoted" if found["quote"] else "bare")
    if found["bare"] and name.lower().endswith(_HEADERS) and (more := _PARAMETERS.match(text, end)):
        end = more.end()
    return start, end


def _closed(text: str, at: int) -> int:
    """The end of what the bracket at *at* encloses, or of its line."""
    depth = 0
    for piece in _PIECE.finditer(text, at):
        if piece["end"]:
            return piece.start()
        depth += bool(piece["open"]) - bool(piece["close"])
        if depth == 0:
            return piece.end()
    return len(text)


def _instead_of(value: str) -> str:
    """What is shown for *value*: itself where it is empty, no secret or already taken out."""
    scheme = _SCHEME.match(value)
    credentials = value[scheme.end() :] if scheme else value
    if not credentials.strip("()[]{} \t") or credentials.lower() in _NO_SECRET or _MARK.fullmatch(credentials):
        return value
    return f"{scheme[1]} {mark('authorization')}" if scheme else SECRET
