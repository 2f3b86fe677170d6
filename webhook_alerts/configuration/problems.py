"""What is wrong with the settings, collected while they are read; a message never shows what may be a secret."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_HARMLESS = re.compile(r"(?=.{0,40}\Z)(?:(?:[A-Za-z]{1,20}|[0-9]{1,5})(?:[_ .,:+-]{1,3}|\Z))*")
"""Words and short numbers apart from each other: no webhook's URL, token or usual password looks like this."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")
"""A key, which is rarely a secret: ``errors2``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that is wrong: the id of its check without the app's label, what is wrong, and what to do."""

    id: str
    message: str
    hint: str


class Unreadable(str):
    """The text of an environment variable that could not be cast; a check names the variable, not the text."""

    __slots__ = ("variable",)

    variable: str

    def __new__(cls, text: str, variable: str) -> Unreadable:
        """Keep *text*, and the name of the variable that held it."""
        self = super().__new__(cls, text)
        self.variable = variable
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Unreadable, (str(self), self.variable)


class Problems:
    """The problems found so far."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __iter__(self) -> Any:
        return iter(self._found)

    def say(self, check: str, message: str, hint: str) -> None:
        """Note a problem."""
        self._found.append(Problem(check, message, hint))

    def unknown(self, key: object, known: Iterable[str], where: str) -> None:
        """Note a key that means nothing, with the known one that is nearest."""
        names = list(known)
        near = nearest(str(key), names)
        hint = f"Did you mean {near!r}?" if near else f"Known keys: {', '.join(names)}."
        self.say("E002", f"{where} has an unknown key: {shown(key)}", hint)


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of *known* that *word* was probably meant to be, whatever its case; empty when there is none."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word[:64].lower(), by_lower, 1, 0.5)
    return by_lower[found[0]] if found else ""


def shown(value: object) -> str:
    """*value* as a message may show it: numbers and short plain words, and of everything else its type."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge number"
    if isinstance(value, (bool, int, float)) or value is None:
        return repr(value)
    if isinstance(value, str):
        plain = _HARMLESS.fullmatch(value) and not isinstance(value, Unreadable)
        return repr(value) if plain else f"a text of {len(value)} characters"
    return type(value).__name__


def at(where: str, key: object) -> str:
    """The path of *key* below *where*, as the user would write it."""
    text = str(key) if isinstance(key, (str, int)) else type(key).__name__
    return f'{where}["{text}"]' if _NAME.fullmatch(text) or _HARMLESS.fullmatch(text) else f'{where}["…"]'


def source(value: object) -> str:
    """Where *value* came from, if it was an environment variable that could not be read."""
    return f" (from the environment variable {value.variable})" if isinstance(value, Unreadable) else ""
