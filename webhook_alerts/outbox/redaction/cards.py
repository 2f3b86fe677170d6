"""Card numbers: 13 to 19 digits, together or in groups, that an issuer could have given out and that Luhn confirms."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction.marks import mark

HINTS = tuple(first + r"(?:[ -]?[0-9]){12}" for first in "23456")

_GROUP = r"(?<![A-Za-z0-9])[0-9]++(?![A-Za-z])"
_RUN = re.compile(rf"(?<![0-9]\.){_GROUP}(?:[ -]{_GROUP})*+")
_DIGITS = re.compile("[0-9]+")
_ISSUED = re.compile(
    # Prefixes and lengths as the schemes publish them under ISO/IEC 7812.
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2[2-7]\d{14}"  # Mastercard, Mir
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}|3[0689]\d{14}|35\d{14}"  # Diners Club, JCB
    r"|(?:50|6\d)\d{14}|62\d{15,17}|6[045]\d{17}"  # Elo, Hipercard, Discover, UnionPay
    r"|(?:50(?:18|20|38)|5893|6304|67(?:59|6[1-3]))\d{9,15}"  # Maestro
)
_DOUBLED = str.maketrans("0123456789", "0246813579")
_LONGEST = 19


def take_cards(text: str) -> str:
    """*text* without its card numbers."""
    return _RUN.sub(_without_cards, text)


def is_card(digits: str) -> bool:
    """Could *digits* be the number of a card?"""
    if not _ISSUED.fullmatch(digits):
        return False
    backwards = digits[::-1]
    return sum(map(int, backwards[::2] + backwards[1::2].translate(_DOUBLED))) % 10 == 0


def _without_cards(run: re.Match[str]) -> str:
    """A row of groups of digits, without those in a row that make a card's number."""
    text, groups = run[0], list(_DIGITS.finditer(run[0]))
    parts: list[str] = []
    at = done = 0
    while at < len(groups):
        end = _card_from(groups, at, text)
        if end:
            parts += text[done : groups[at].start()], mark("card")
            done = groups[end - 1].end()
        at = end or at + 1
    return "".join(parts) + text[done:]


def _card_from(groups: list[re.Match[str]], first: int, text: str) -> int:
    """The index after the last group of the card whose first group is that, or 0."""
    digits = ""
    for at in range(first, len(groups)):
        start, end = groups[at].span()
        between = text[start - 1 : start] if at > first else ""
        if between and between != text[groups[first].end()]:
            return 0
        digits += groups[at][0]
        if len(digits) > _LONGEST:
            return 0
        # Groups joined by dashes that go on are a UUID or a serial number.
        inside = between == "-" and "-" in (
            text[groups[first].start() - 1 : groups[first].start()],
            text[end : end + 1],
        )
        if is_card(digits) and not inside:
            return at + 1
        if end - start < 3:
            return 0
    return 0
