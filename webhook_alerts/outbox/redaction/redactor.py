"""The rules in one, over texts and over JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.redaction import authorization, cards, keys, manifests, sign_in, tokens, urls
from webhook_alerts.outbox.redaction.fields import take_fields
from webhook_alerts.outbox.redaction.hints import one_of
from webhook_alerts.outbox.redaction.marks import FAILED, SECRET, between_marks, mark
from webhook_alerts.outbox.redaction.names import Names, is_vague
from webhook_alerts.outbox.redaction.pairs import Pairs
from webhook_alerts.outbox.values import mended, without_half_a_number

MAX_TEXT = 110_000
"""Characters of a text that are looked at, and shown: more than the longest stack trace has."""
_SHORTEST = 13
"""Characters of the shortest secret that stands without a name: a card's number."""
_LEAST_CARD, _ABOVE_CARDS = 10 ** (_SHORTEST - 1), 10**19
_NAME = re.compile(r"[\w.'\"-]{1,100}(?: [\w.-]{1,100})?")
_NAMES = ("name", "key", "header", "field", "parameter", "variable")
_PASSES = 16
"""What one rule took out may make room for another: of tokens written together, one is known in each pass."""


@dataclass(frozen=True, slots=True)
class Rule:
    """*apply* takes secrets out of texts that, in lower case, have a match of one of *hints*.

    A hint is a regular expression that begins with a plain character, for the speed of what looks for all of them.
    """

    hints: tuple[str, ...]
    apply: Callable[[str], str]


RULES = (
    Rule(keys.HINTS, keys.take_private_keys),
    Rule(urls.WEBHOOK_HINTS, urls.take_webhooks),
    Rule(urls.USERINFO_HINTS, urls.take_userinfo),
    Rule(tokens.HINTS, tokens.take_tokens),
    Rule(authorization.HINTS, authorization.take_authorization),
    Rule(cards.HINTS, cards.take_cards),
)
"""What is known by itself. Each runs in linear time: every quantifier is bounded, or cannot overlap what follows it."""
_ANY_HINT = re.compile(one_of(hint for rule in RULES for hint in rule.hints)).search
_FEW_HINTS = re.compile(one_of(hint for rule in RULES for hint in rule.hints if rule.hints is not tokens.HINTS)).search
"""Without those of tokens, which are many."""
_COLOURS = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Sequences for terminals, ECMA-48: they part names from values, and no channel is one."""
_BRIEF = 1_000
"""Characters of a text whose words are worth measuring."""
_HINTED = tuple((re.compile(one_of(rule.hints)).search, rule.apply) for rule in RULES)


class Redactor:
    """Takes secrets out of texts and JSON.

    *literals* are texts that must never appear, whatever is around them. *names*, *patterns* (by kind) and *function*
    are the user's, and come on top of the rules. ``failures`` counts the texts that *function* failed for;
    ``recurring`` is ``text`` for what is seen again and again, such as keys, and remembers it.
    """

    def __init__(
        self,
        literals: Iterable[str] = (),
        names: Iterable[str] = (),
        patterns: Iterable[tuple[str, re.Pattern[str]]] = (),
        function: Callable[[str], str] | None = None,
    ) -> None:
        judge = Names(names)
        self.failures = 0
        self.is_sensitive = judge.is_sensitive
        self._literals = sorted({text for text in literals if len(text) >= 8}, key=len, reverse=True)
        self._patterns = tuple(patterns)
        self._function = function
        self._pairs = Pairs(judge)
        self.recurring = lru_cache(maxsize=4096)(self.text) if function is None else self.text

    def text(self, text: str) -> str:
        """*text* with each secret replaced by ``[redacted:kind]``, without colours, and cut to 110,000 characters."""
        if not text:
            return text
        text = _bounded(text)
        if "\x1b" in text:
            text = _COLOURS.sub("", text).replace("\x1b", "")  # what is left would make a sequence of our marks
        if self._function:
            text = _bounded(self._by_function(text))
        for literal in self._literals:
            if literal in text:
                text = text.replace(literal, mark("webhook"))
        for kind, pattern in self._patterns:
            text = between_marks(pattern, kind, text)
        for _ in range(_PASSES):
            before, text = text, self._by_rules(text)
            if text == before:
                break
        return mended(_bounded(text))

    def json(self, value: JSON) -> JSON:
        """*value* with secrets replaced in every text, and whole where its key says that it is one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int):
            return mark("card") if _LEAST_CARD <= value < _ABOVE_CARDS and cards.is_card(str(value)) else value
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, (list, tuple)):
            return self._items(value)
        return value

    def mapping(self, values: Mapping[str, Any]) -> dict[str, JSON]:
        """The same for a mapping, whose keys may hold secrets too; what is empty stays, for it tells something."""
        redacted: dict[str, JSON] = {}
        told = self._told_beside(values)
        for key, item in values.items():
            shown = self.recurring(key)
            while shown in redacted:
                shown += "′"
            secret = item not in (None, "") and (key in told or self.is_sensitive(key))
            redacted[shown] = SECRET if secret else self.json(item)
        return redacted

    def _told_beside(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The keys that hold a secret because of what other keys hold: ``{"name": "API_KEY", "value": …}``."""
        if "value" in values and any(self._names_a_secret(values.get(name)) for name in _NAMES):
            return ("value",)
        if "input" in values and (place := values.get("loc")) and isinstance(place, (list, tuple)):
            return ("input",) if self._names_a_secret(place[-1]) else ()
        if "value" in values and "op" in values and isinstance(path := values.get("path"), str):
            return ("value",) if self._names_a_secret(path.rpartition("/")[2]) else ()
        if values.get("kind") == "Secret":
            return manifests.FIELDS
        if "grant_type" in values and sign_in.is_code(str(values.get("code") or "")):
            return ("code",)
        return ()

    def _items(self, items: Sequence[Any]) -> list[JSON]:
        """A list, which may be a pair of a name and its secret, or a command with options."""
        if len(items) == 2 and self._names_a_secret(items[0]) and not self._names_a_secret(items[1]):
            return [self.json(items[0]), SECRET if items[1] not in (None, "") else items[1]]
        redacted: list[JSON] = []
        for before, item in zip((None, *items), items, strict=False):
            option = isinstance(before, str) and before.startswith("--") and self._names_a_secret(before)
            redacted.append(SECRET if option and isinstance(item, str) and item else self.json(item))
        return redacted

    def _names_a_secret(self, value: object) -> bool:
        """Is *value* the name of a secret, and no sentence about one?"""
        is_name = isinstance(value, str) and _NAME.fullmatch(value) is not None and not is_vague(value)
        return is_name and self.is_sensitive(value)

    def _by_rules(self, text: str) -> str:
        if len(text) >= _SHORTEST and _may_hold(lower := text.lower()):
            for has_hint, apply in _HINTED:
                if has_hint(lower):
                    text = apply(text)
        return self._pairs(take_fields(text, self.is_sensitive))

    def _by_function(self, text: str) -> str:
        try:
            result = self._function(text) if self._function else text
        except Exception:  # noqa: BLE001 - it is the user's code
            result = None
        if isinstance(result, str):
            return result
        self.failures += 1
        return FAILED


def _may_hold(lower: str) -> bool:
    """May a text that is *lower* in lower case hold what one of the rules takes?"""
    has_room = len(lower) > _BRIEF or max(map(len, lower.split()), default=0) >= tokens.SHORTEST
    return (_ANY_HINT if has_room else _FEW_HINTS)(lower) is not None


def _bounded(text: str) -> str:
    """*text*, or its beginning up to white space, and not within a number in groups, with a mark of what is missing."""
    if len(text) <= MAX_TEXT:
        return text
    head = text[: MAX_TEXT - 100]
    head = without_half_a_number(head[: max(head.rfind(" "), head.rfind("\n"), 0)])
    return f"{head}\n… [{len(text) - len(head)} characters cut]"
