"""Matchers: which alerts a silence or an inhibition is about. Pure."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from webhook_alerts.alert import JSON, Kind, Level
from webhook_alerts.configuration.problems import shown

FIELDS = (
    "level",
    "logger",
    "kind",
    "fingerprint",
    "exception_type",
    "message",
    "service",
    "environment",
    "host",
    "webhook",
)
"""And ``context.<key>``."""
COLUMNS = ("id", "context", *(name for name in FIELDS if name != "webhook"))
"""What an alert's row must have been loaded with to be looked at."""
OPERATORS = ("=", "!=", "~", ">=", "<=")
LONGEST = 500
"""Characters of a value."""
MOST = 20
"""Matchers of one silence or rule."""
READ = 10_000
"""Characters of a text that wildcards are held against, from its beginning."""
CONTEXT = "context."
_LINE = re.compile(r"(?P<field>[^\s=!<>~]+|context\.[^=!<>~]+?)\s*(?P<op>>=|<=|!=|=|~)\s*(?P<value>.*)")
_LEVELS = tuple(level.name.lower() for level in Level)
_KINDS = tuple(kind.value for kind in Kind)


class MatcherError(ValueError):
    """A matcher cannot be understood; the text says which, what is wrong, and what to write.

    ``discreet`` says it without what was given, which may be a secret in the wrong place.
    """

    def __init__(self, text: str, **given: object) -> None:
        super().__init__(text % given)
        ours = {"known", "most", "number", "op"}
        self.discreet = text % {key: value if key in ours else shown(value) for key, value in given.items()}


@dataclass(frozen=True, slots=True)
class Matcher:
    """``field`` is (``=``), is not (``!=``), or looks like (``~``) ``value``; a level is at least it, or at most.

    In what it looks like, ``*`` stands for any text and ``?`` for one character, and case does not count. A logger
    stands for those below it as well, the last part of an exception's name for the whole.
    """

    field: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.field} {self.op} {self.value}"

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Does it fit what has these *labels*? A label that is missing counts as empty."""
        found = str(labels.get(self.field, ""))
        if self.op == "~":
            return _looks_like(found, self.value)
        if self.op in {">=", "<="}:
            return _compares(found, self.op, self.value)
        return self._is(found) == (self.op == "=")

    def _is(self, found: str) -> bool:
        if found == self.value:
            return True
        if "*" in self.value:
            return _looks_like(found, self.value)
        if self.field == "logger":
            return bool(self.value) and found.startswith(f"{self.value}.")
        return self.field == "exception_type" and bool(self.value) and found.endswith(f".{self.value}")

    def fits_all(self) -> bool:
        """Does it fit what has no labels, or every alert by what each of them has?"""
        if self.fits({}):
            return True
        if self.field == "level":
            return all(self.fits({"level": name}) for name in _LEVELS)
        if self.field == "kind":
            return all(self.fits({"kind": name}) for name in _KINDS)
        return self.field in {"message", "webhook"} and self.op == "~" and set(self.value) <= {"*", "?"}

    def to_dict(self) -> dict[str, JSON]:
        """The matcher as JSON-ready data."""
        return asdict(self)


def fit(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Do all of *matchers* fit?"""
    return all(matcher.fits(labels) for matcher in matchers)


class Labelled(Protocol):
    """An alert, or its row, as far as matchers look at it."""

    @property
    def level(self) -> int:
        """How grave it is."""

    @property
    def kind(self) -> str:
        """What sort of thing it is."""

    @property
    def context(self) -> Mapping[str, JSON]:
        """What belongs to it."""


def labels_of(alert: Labelled, webhook: str = "") -> dict[str, str]:
    """What matchers look at."""
    found = {name: str(getattr(alert, name)) for name in FIELDS if name not in {"level", "webhook"}}
    found |= {"level": Level.of(alert.level).name.lower(), "webhook": webhook}
    for key, value in alert.context.items():
        if (text := plain(value)) is not None:
            found[f"{CONTEXT}{key}"] = text
    return found


def plain(value: JSON) -> str | None:
    """A value of the context as matchers compare it, true and false as in JSON; ``None`` for what is not plain."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None


def parse(text: str) -> tuple[Matcher, ...]:
    """The matchers in *text*, one a line. Raises ``MatcherError`` naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(_parse_line(line))
            except MatcherError as error:
                raise MatcherError(_("Line %(number)s: %(error)s"), number=number, error=error) from None
    return checked(found)


def read(data: Any) -> tuple[Matcher, ...]:
    """What ``to_dict`` gave of each, or texts. Raises ``MatcherError``."""
    if isinstance(data, str):
        return parse(data)
    if not isinstance(data, (list, tuple)):
        raise MatcherError(_how_to())
    try:
        return checked([_parse_line(item) if isinstance(item, str) else _known(Matcher(**item)) for item in data])
    except TypeError:
        raise MatcherError(_how_to()) from None


def checked(matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """*matchers*, each once. Raises ``MatcherError`` where they would fit every alert, or are too many."""
    found = tuple(dict.fromkeys(matchers))
    if len(found) > MOST:
        raise MatcherError(_("there are more than %(most)s matchers; make two of it"), most=MOST)
    if not found:
        raise MatcherError(_("there is no matcher; write one such as “logger = shop”"))
    if all(matcher.fits_all() for matcher in found):
        raise MatcherError(
            _("this matches all alerts, or nearly all; name a level, a logger, a webhook or the like that is meant")
        )
    return found


def to_text(matchers: Sequence[Matcher]) -> str:
    """The form that ``parse`` reads."""
    return "\n".join(map(str, matchers))


def _how_to() -> str:
    return _("write a list of texts such as “logger = shop”")


def _parse_line(line: str) -> Matcher:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        text = _("“%(line)s” is no matcher; write one such as “logger = shop” or “level >= error”")
        raise MatcherError(text, line=line.strip()[:60])
    return _known(Matcher(found["field"], found["op"], found["value"]))


def _known(matcher: Matcher) -> Matcher:
    field, op, value = matcher.field, matcher.op, " ".join(str(matcher.value).splitlines())
    is_context = field.startswith(CONTEXT) and len(field) > len(CONTEXT)
    if field not in FIELDS and not is_context:
        text = _("there is no “%(name)s”; there are %(known)s, and context.<key>")
        raise MatcherError(text, name=field[:40], known=", ".join(FIELDS))
    if op not in OPERATORS or (op in {">=", "<="} and field != "level"):
        text = _("“%(field)s %(op)s” cannot be compared so; write =, != or ~")
        raise MatcherError(text, field=field, op=op)
    if op == "=" and "*" in value:
        op = "~"  # what is meant is plain
    if len(value) > LONGEST:
        raise MatcherError(_("the value of %(field)s is longer than %(most)s characters"), field=field, most=LONGEST)
    if field == "level" and op != "~":
        value = _one_of(_LEVELS, value.lower(), _("“%(value)s” is no level; there are %(known)s"))
    if field == "kind" and op != "~" and "*" not in value:
        value = _one_of(_KINDS, value.lower(), _("“%(value)s” is no kind; there are %(known)s"))
    return Matcher(field, op, value)


def _one_of(known: Sequence[str], value: str, otherwise: str) -> str:
    if value not in known:
        raise MatcherError(otherwise, value=value[:40], known=", ".join(known))
    return value


def _compares(found: str, op: str, value: str) -> bool:
    if found.upper() not in Level.__members__:
        return False
    level, bound = Level[found.upper()], Level[value.upper()]
    return level >= bound if op == ">=" else level <= bound


def _looks_like(found: str, value: str) -> bool:
    return _pattern(value).match(found[:READ]) is not None


@functools.lru_cache(maxsize=256)
def _pattern(value: str) -> re.Pattern[str]:
    """Wildcards as an expression that never goes back; ``[`` stands for itself."""
    return re.compile(fnmatch.translate(value.replace("[", "[[]")), re.IGNORECASE)
