"""Secrets in statements of SQL that only their place says the name of: rows of values, and parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from webhook_alerts.outbox.redaction.extent import closed
from webhook_alerts.outbox.redaction.marks import SECRET, mark, replaced

_SPACE = r"(?:\s|\\{1,4}[nrt]){0,40}"
_INSERT = re.compile(
    rf"\b(?:INSERT|REPLACE)\b[^()]{{0,200}}\((?P<columns>[^()]{{1,4000}})\){_SPACE}VALUES{_SPACE}(?=\()", re.IGNORECASE
)
_PIECE = re.compile(
    r"(?P<quote>(?P<escape>\\{1,8})?['\"])(?:(?!(?P=quote))(?:(?(escape)\\++.|\\.)|[^\\]))*+(?:(?P=quote))?"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)|\\{1,4}[nrt]|[^'\"(),\\]++|\\",
    re.DOTALL,
)
_FIELD = re.compile(
    rf"(?P<before>{_SPACE}(?:[EN](?=['\"\\]))?(?P<quote>\\{{0,8}}['\"])?)(?P<value>[\s\S]*?)(?P<after>(?P=quote)?{_SPACE})\Z"
)
_NO_VALUE = re.compile(
    r"%s|%\(\w+\)s|\?|[:@]\w+|\$\d+|NULL|DEFAULT|TRUE|FALSE|.*\[redacted:.*|", re.IGNORECASE | re.DOTALL
)
_PARAMETERS = re.compile(r"(?:\[parameters: |\bargs=|\bPARAMS ?= ?)(?=[(\[])")
"""Of SQLAlchemy, of Django and of its backend for SQL Server."""
_COMPARED = re.compile(r"([\w.]{1,100})[\"`\]\\]{0,6}\s?(?:=|<>|!=|I?LIKE\b)\s?(?:%s|\?|\$\d|:\d)", re.IGNORECASE)
_REACH = 8_000
"""Characters of a statement that are looked at for its parameters."""


def take_statements(text: str, is_sensitive: Callable[[str], bool]) -> str:
    """*text* without the values that statements give columns of a secret's name."""
    if "(" not in text:
        return text
    if "arameters: " in text or "args=" in text or "PARAMS" in text:
        text = replaced(text, _parameters(text, is_sensitive))
    if "VALUES" in text or "values" in text:
        text = replaced(text, _rows(text, is_sensitive))
    return text


def _rows(text: str, is_sensitive: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """The values of sensitive columns in each row of an ``INSERT``."""
    at = 0
    while insert := _INSERT.search(text, at):
        columns = insert["columns"].split(",")
        secret = {place for place, column in enumerate(columns) if is_sensitive(column)}
        at = insert.end()
        for place, start, end in _values(text, at) if secret else ():
            at = end
            field = _FIELD.match(text[start:end]) if place in secret else None
            if field and not _NO_VALUE.fullmatch(field["value"].strip()):
                yield start, end, f"{field['before']}{SECRET}{field['after']}"


def _values(text: str, at: int) -> Iterator[tuple[int, int, int]]:
    """The place in its row, the start and the end of each value from *at* on."""
    depth = place = 0
    start = at
    for piece in _PIECE.finditer(text, at):
        if piece["open"]:
            depth += 1
            if depth == 1:
                place, start = 0, piece.end()
        elif piece["close"] or (piece["comma"] and depth == 1):
            if depth == 1:
                yield place, start, piece.start()
                place, start = place + 1, piece.end()
            depth -= bool(piece["close"])
        elif depth == 0 and not piece["comma"] and piece[0].strip("\\nrt \r\n\t"):
            return
    if depth:  # cut off
        yield place, start, len(text)


def _parameters(text: str, is_sensitive: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """The parameters of statements that give or compare such a column by a placeholder."""
    done = 0
    for found in _PARAMETERS.finditer(text):
        statement = text[max(done, found.start() - _REACH) : found.start()]
        columns = [column for insert in _INSERT.finditer(statement) for column in insert["columns"].split(",")]
        if any(map(is_sensitive, (*columns, *_COMPARED.findall(statement)))):
            done = closed(text, found.end(), found.start())
            yield found.end(), done, mark("row")
        done = max(done, found.end())
