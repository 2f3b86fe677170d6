"""Sentences of ours that are kept in English, in rows and in what is handed on, and retold in the reader's language.

Why something was kept back, or failed, is written by one process and read by many people, long after. So the English
sentence is what stands in the row, which metrics and tests can count on; what it says is found again by its form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from django.utils.formats import get_format
from django.utils.translation import gettext, ngettext

_PLACE = re.compile(r"%\((?P<name>\w+)\)[.\d]*(?P<kind>[sdfg])")
_OURS = frozenset({"why", "who", "by"})
"""Places that may hold a sentence of ours in their turn."""
_DEPTH = 3
_plurals: dict[str, str] = {}
"""The sentences that are known, each with its plural, if it has one."""


def keep(sentence: str) -> str:
    """*sentence*, with places such as ``%(name)s``, as it is; from now on this process can retell it."""
    _plurals.setdefault(sentence, "")
    return sentence


def keep_many(one: str, many: str, number: int) -> str:
    """The form for *number*, which stands in the sentence as ``%(count)d``, of a sentence that can be retold."""
    _plurals.setdefault(one, many)
    return one if number == 1 else many


def retell(text: str) -> str:
    """*text* in the language that is active; as it is where it is no sentence of ours."""
    return _retold(text, _DEPTH) if text else ""


def _retold(text: str, depth: int) -> str:
    for one, many in _plurals.items():
        for form in filter(None, (one, many)):
            if found := _pattern(form).fullmatch(text):
                given = found.groupdict()
                translated = ngettext(one, many, int(given["count"])) if many else gettext(one)
                return _filled(translated, given, depth)
    return text


def _filled(sentence: str, given: Mapping[str, str], depth: int) -> str:
    def put(place: re.Match[str]) -> str:
        text = given[place["name"]]
        if place["kind"] != "s":
            return text.replace(".", str(get_format("DECIMAL_SEPARATOR")))
        return _retold(text, depth - 1) if depth and place["name"] in _OURS else text

    return _PLACE.sub(put, sentence)


@lru_cache(maxsize=512)
def _pattern(sentence: str) -> re.Pattern[str]:
    """What a text that was made of *sentence* looks like."""
    parts, end = [], 0
    for place in _PLACE.finditer(sentence):
        parts += [re.escape(sentence[end : place.start()]), f"(?P<{place['name']}>{_SHAPES[place['kind']]})"]
        end = place.end()
    return re.compile("".join([*parts, re.escape(sentence[end:])]), re.DOTALL)


_SHAPES: Mapping[str, str] = {"s": ".*", "d": r"-?\d+", "f": r"-?[\d.]+", "g": r"-?[\d.]+(?:e[+-]?\d+)?"}
