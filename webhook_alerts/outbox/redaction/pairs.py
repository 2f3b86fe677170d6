"""``name=value`` in any notation, with the value taken out where the name is a secret's."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from webhook_alerts.outbox.redaction import blocks, prose
from webhook_alerts.outbox.redaction.extent import ENTITY, instead_of, value_at
from webhook_alerts.outbox.redaction.hints import one_of
from webhook_alerts.outbox.redaction.names import Names, is_vague, words_of

_NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_LONGEST_NAME = 100
"""Characters of a name on each side of the word in it that is sensitive."""
_TAG = "b|i|em|strong|code|span|pre|kbd|tt|u|td|dd"
_REST = (
    rf"(?P<rest>[\w.-]{{0,{_LONGEST_NAME}}}+)"
    rf"(?:(?:\\{{0,8}}[\"'`]|{ENTITY}|\[?\]|\*{{1,2}}|</(?:{_TAG})>|%5[bd]|%22){{0,4}}[ \t]{{0,8}}"
    r"(?P<sign>=>|->|→|:=|!=|={1,3}>?|::?|%(?:25)?3[da](?:%20|\+)?)"
    rf"(?:[ \t]{{0,8}}(?:\*\*|</?(?:{_TAG})>)){{0,2}}[ \t]{{0,8}}"
    r"|(?P<pair>\\{0,4}[\"'][ \t]{0,8},\s{0,40})(?=[(\[]?[bru]{0,2}\\{0,4}[\"']|[0-9]{3})"
    rf"|{prose.QUALIFIED}|{prose.VERB}|(?P<flag>[ \t]{{1,8}}(?:[(\[](?!redacted:)|[–—-]{{1,2}}[ \t]{{1,4}})?)(?!-))"
)
"""What follows that word: more of the name, what closes it, and what says that a value comes."""
_AND = re.compile(
    r"[\"'`]{0,3}[ \t]{0,8}(?:=(?!=)|->|→|(?:\bor\b|\belse\b|\+)(?=[ \t]{0,8}[bfru]{0,2}[\"']))[ \t]{0,8}"
)
"""After a value that was a type, ``password: str = "…"``, or not all of it: ``token = x or "…"``, ``old -> new``."""
_OPENED = re.compile(r"[(\[]\s{0,40}[bru]{0,2}\\{0,4}[\"']\Z", re.IGNORECASE)
_CLOSED = re.compile(r"(?:\\{0,4}[\"'])?\s{0,40}+(?:,\s{0,40}+)?[)\]]|\n|\Z")
"""Before the name and after the value of a pair: what has more than two parts is none."""
_ONE_ITEM = re.compile(r"[(\[][bru]{0,2}\\{0,4}[\"'](?P<item>[^\s\"'\\]{1,1000})\\{0,4}[\"'],?[)\]]")
"""As ``QueryDict.lists`` has them; what is wrong with a field is a sentence."""
_COUNT = re.compile("[0-9]{1,3}")
_ESCAPED = frozenset("nrt")
_ONE_WORD = re.compile(r"[A-Za-z_-]{1,100}")


class Pairs:
    """The rule for the names that *names* says are sensitive."""

    def __init__(self, names: Names) -> None:
        self._is_sensitive = names.is_sensitive
        self._subjects = (*prose.SUBJECTS, *names.more_hints)
        self._word = re.compile(f"(?:{one_of(names.hints)}){_REST}")

    def __call__(self, text: str) -> str:
        """*text* without the values of sensitive names."""
        if not ("=" in text or ":" in text or "--" in text or "</" in text or "%" in text or self._may_be(text)):
            return text
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
                parts += text[done:start], instead_of(text[start:end])
                done = end
        return "".join(parts) + text[done:] if parts else text

    def _may_be(self, text: str) -> bool:
        """A quick look at whether *text* may hold one of two in brackets, or tell one, which most do not."""
        if "'," in text or '",' in text or "->" in text or "→" in text:
            return True
        return " " in text and (prose.may_tell(lower := text.lower(), self._subjects) or prose.may_stand_behind(lower))

    def _spans(self, text: str, word: re.Match[str], name: str, name_at: int) -> Iterator[tuple[int, int]]:
        """From where to where the values of *name* go."""
        if word["prose"]:
            span = prose.told(text, word.end("prose"), name)
        elif word["qualified"]:
            span = prose.told(text, word.end(), name)
        elif word["pair"] and not name.startswith("--"):
            span = None if is_vague(name) else self._second(text, word, name, name_at)
        elif word["flag"] and not name.startswith("--"):
            span = prose.behind(text, word.end(), name)
        else:
            span = self._after_sign(text, word, name, name_at)
        while span:
            yield span
            following = _AND.match(text, span[1])
            span = value_at(text, following.end(), name, name_at) if following else None

    def _after_sign(self, text: str, word: re.Match[str], name: str, name_at: int) -> tuple[int, int] | None:
        vague = is_vague(name)
        span = None if vague else blocks.below(text, word.end(), name_at, alone=" " not in name)
        encoded = (word["sign"] or "").startswith("%")
        span = span or value_at(text, word.end(), name, name_at, encoded=encoded)
        return None if span and vague and _tells_nothing(text, word, name, span) else span

    def _second(self, text: str, word: re.Match[str], name: str, name_at: int) -> tuple[int, int] | None:
        """Where the other half of a pair stands, ``("password", "hunter2")``; two names are none."""
        opened = _OPENED.search(text, max(name_at - 50, 0), name_at)
        if not opened:
            return None
        item = _ONE_ITEM.match(text, word.end())
        span = item.span("item") if item else None
        if not item and text[word.end()] not in "[(":
            span = value_at(text, word.end(), name, name_at)
        if not span or not _CLOSED.match(text, item.end() if item else span[1]):
            return None
        value = text[slice(*span)]
        return None if _ONE_WORD.fullmatch(value) and self._is_sensitive(value) else span


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
    elif before[:start].endswith("\\") and before[start : start + 1] in _ESCAPED:  # of a new line in a repr
        start += 1
    return first + start + (before[start : start + 1] == " ")


def _tells_nothing(text: str, word: re.Match[str], name: str, span: tuple[int, int]) -> bool:
    """Is it no secret that stands behind a vague name: a small number, or a word in ``auth: user ana came``?"""
    value = text[slice(*span)]
    is_said = word[0].rstrip().endswith(":") and text[span[0] - 1] == " " and len(words_of(name)) == 1
    return _COUNT.fullmatch(value) is not None or (is_said and value.isalpha())
