"""The rules in one, over texts and over JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.redaction import authorization, cards, keys, tokens, urls
from webhook_alerts.outbox.redaction.hints import one_of
from webhook_alerts.outbox.redaction.marks import FAILED, SECRET, between_marks, mark
from webhook_alerts.outbox.redaction.names import Names
from webhook_alerts.outbox.redaction.pairs import Pairs

MAX_TEXT = 110_000
"""Characters of a text that are looked at, and shown: more than the longest stack trace has."""
_SHORTEST = 13
"""Characters of the shortest secret that stands without a name: a card's number."""
_LEAST_CARD, _ABOVE_CARDS = 10 ** (_SHORTEST - 1), 10**19
_NAME = re.compile(r"[\w.'\"-]{1,100}(?: [\w.-]{1,100})?")
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
_HINTED = tuple((re.compile(one_of(rule.hints)).search, rule.apply) for rule in RULES)


class Redactor:
    """Takes secrets out of texts and JSON.

    *literals* are texts that must never appear, whatever is around them. *names*, *patterns* (by kind) and *function*
    are the user's, and come on top of the rules. ``failures`` counts the texts that *function* failed for.
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
        self._key = lru_cache(maxsize=4096)(self.text) if function is None else self.text

    def text(self, text: str) -> str:
        """*text* with each secret replaced by ``[redacted:kind]``, and cut to 110,000 characters."""
        if not text:
            return text
        text = _bounded(text)
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
        return _bounded(text)

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
        if "value" in values and any(self._names_a_secret(values.get(name)) for name in ("name", "key", "header")):
            values = {**values, "value": SECRET if values["value"] not in (None, "") else values["value"]}
        for key, item in values.items():
            shown = self._key(key)
            while shown in redacted:
                shown += "′"
            redacted[shown] = SECRET if item not in (None, "") and self.is_sensitive(key) else self.json(item)
        return redacted

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
        return isinstance(value, str) and _NAME.fullmatch(value) is not None and self.is_sensitive(value)

    def _by_rules(self, text: str) -> str:
        if len(text) >= _SHORTEST and _ANY_HINT(lower := text.lower()):
            for has_hint, apply in _HINTED:
                if has_hint(lower):
                    text = apply(text)
        return self._pairs(text)

    def _by_function(self, text: str) -> str:
        try:
            result = self._function(text) if self._function else text
        except Exception:  # noqa: BLE001 - it is the user's code
            result = None
        if isinstance(result, str):
            return result
        self.failures += 1
        return FAILED


def _bounded(text: str) -> str:
    """*text*, or its beginning up to white space, and not within a number in groups, with a mark of what is missing."""
    if len(text) <= MAX_TEXT:
        return text
    head = text[: MAX_TEXT - 100]
    head = head[: max(head.rfind(" "), head.rfind("\n"), 0)].rstrip("0123456789- \t\r\n")
    return f"{head}\n… [{len(text) - len(head)} characters cut]"
