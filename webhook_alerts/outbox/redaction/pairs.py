"""``name=value`` in any notation, with the value taken out where the name is a secret's."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from webhook_alerts.outbox.redaction import prose
from webhook_alerts.outbox.redaction.authorization import SCHEME
from webhook_alerts.outbox.redaction.hints import one_of
from webhook_alerts.outbox.redaction.marks import MARK, SECRET, mark
from webhook_alerts.outbox.redaction.names import Names

_NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_LONGEST_NAME = 100
"""Characters of a name on each side of the word in it that is sensitive."""
_REST = (
    rf"(?P<rest>[\w.-]{{0,{_LONGEST_NAME}}}+)"
    r"(?:(?:\\{0,4}[\"'`]|\]|%5d|%22){0,3}[ \t]{0,8}(?:=>|:=|!=|={1,3}|::?|%3d|%3a)[ \t]{0,8}"
    r"|(?P<pair>\\{0,4}[\"'][ \t]{0,8},\s{0,40})(?=[bru]{0,2}\\{0,4}[\"']|[0-9]{3})"
    rf"|{prose.VERB}|(?P<flag>[ \t]{{1,8}})(?!-))"
)
"""What follows that word: more of the name, what closes it, and what says that a value comes."""
_PLAIN = rf"{MARK}|[^\s,;&\"'`(){{}}\[\]<>%]|%(?!26|22|7D)"
_VALUE = re.compile(
    r"[bfru]{0,2}(?P<quote>\"\"\"|'''|\\{0,4}[\"'`])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\\\n]))*+)"
    # Up to white space or the end of what the pair stands in: what goes on after a comma is no next pair.
    rf"|(?P<bare>(?:(?:{SCHEME})[ \t]{{1,4}})?(?:{_PLAIN})"
    rf"(?:{_PLAIN}|[,;&(){{}}\[\]<>\"'`](?=\w)(?![\w.\[\]-]{{1,60}}[ \t]?[=:]))*+"
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
_OPENED = re.compile(r"[(\[]\s{0,40}[bru]{0,2}\\{0,4}[\"']\Z", re.IGNORECASE)
_CLOSED = re.compile(r"(?:\\{0,4}[\"'])?\s{0,40}+(?:,\s{0,40}+)?[)\]]|\n|\Z")
"""Before the name and after the value of a pair: what has more than two parts is none."""
_ONE_WORD = re.compile(r"[A-Za-z_-]{1,100}")
_ELEMENT = re.compile(r"(<(?P<name>[\w:.-]{1,100})(?:\s[^<>]{0,200})?>)(?P<value>[^<>]{1,4000})(?=</)")


class Pairs:
    """The rule for the names that *names* says are sensitive."""

    def __init__(self, names: Names) -> None:
        self._is_sensitive = names.is_sensitive
        self._subjects = (*prose.SUBJECTS, *names.more_hints)
        self._word = re.compile(f"(?:{one_of(names.hints)}){_REST}")

    def __call__(self, text: str) -> str:
        """*text* without the values of sensitive names."""
        if not ("=" in text or ":" in text or "--" in text or "</" in text or "%3" in text or self._may_be(text)):
            return text
        if "</" in text:
            text = _ELEMENT.sub(self._element, text)
        parts: list[str] = []
        done = 0
        for word in self._word.finditer(_lower(text)):
            if word.start() < done:
                continue
            name_at = _name_at(text, word)
            name = text[name_at : word.end("rest")]
            if not self._is_sensitive(name):
                continue
            for start, end in self._spans(text, word, name, name_at):
                parts += text[done:start], _instead_of(text[start:end])
                done = end
        return "".join(parts) + text[done:] if parts else text

    def _may_be(self, text: str) -> bool:
        """A quick look at whether *text* may hold one of two in brackets, or tell one, which most do not."""
        return "'," in text or '",' in text or (" " in text and prose.may_tell(text.lower(), self._subjects))

    def _spans(self, text: str, word: re.Match[str], name: str, name_at: int) -> Iterator[tuple[int, int]]:
        """From where to where the values of *name* go."""
        if word["prose"]:
            span = prose.told(text, word.end("prose"), name)
        elif (word["flag"] or word["pair"]) and not name.startswith("--"):
            span = self._second(text, word, name, name_at) if word["pair"] else None
        else:
            span = _value(text, word.end(), name)
        while span:
            yield span
            following = _AND.match(text, span[1])
            span = _value(text, following.end(), name) if following else None

    def _second(self, text: str, word: re.Match[str], name: str, name_at: int) -> tuple[int, int] | None:
        """Where the other half of a pair stands, ``("password", "hunter2")``; two names are none."""
        span = _value(text, word.end(), name) if _OPENED.search(text, max(name_at - 50, 0), name_at) else None
        if not span or not _CLOSED.match(text, span[1]):
            return None
        value = text[slice(*span)]
        return None if _ONE_WORD.fullmatch(value) and self._is_sensitive(value) else span

    def _element(self, found: re.Match[str]) -> str:
        return found[1] + _instead_of(found["value"]) if self._is_sensitive(found["name"]) else found[0]


def _lower(text: str) -> str:
    """*text* in lower case, each character where it was: only U+0130 would become two."""
    return text.replace("\u0130", "I").lower()


def _name_at(text: str, word: re.Match[str]) -> int:
    """Where the whole name begins that a sensitive word stands in, with the word before it: ``card number``."""
    first = max(word.start() - _LONGEST_NAME, 0)
    before = text[first : word.start()]
    start = len((before[:-1] if before.endswith(" ") else before).rstrip(_NAME_CHARACTERS))
    if before[:start].endswith("%"):  # the first letters are an escape: %3Ftoken%3D
        start += 2
    return first + start


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
