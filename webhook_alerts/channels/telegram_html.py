"""How an alert looks in Telegram: a bold heading, its message, facts and trace as code, its origin below.

In code Telegram looks for no names, links, tags or commands. Headings and other prose of an alert are no code, and have
a space of no width behind each sign that would begin one. https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Fact, cleaned, describe, left_out, level, own_template_failed
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import clean, escape_entities

TEXT = 4096
"""Characters (code points) of a message as it is seen, after tags and entities are read."""
ROOM = TEXT - 40
"""What is left of them beside a mention."""
ENTITIES = 95
"""Telegram keeps the first hundred pieces of markup and drops the rest, code included."""
_LONGEST_LINK = 512
_SURE_OF_TEXTS = 2400
"""Facts leave message and trace so many characters, or three fifths of the room."""
_BESIDE_FACTS = 8
"""Pieces of markup of all but the facts."""
_MARK = 40
"""Characters that say how many facts are left out."""
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BEGINS_SOMETHING = re.compile(r"[@#$/](?=\S)|\.(?=(?:[\w-]+\.)*(?:xn--\w+|[^\W\d_A-Z]{2,}|[A-Z]{2,})(?![\w-]|\.\w))")
"""What names, tags and commands begin with, and the dots of what may be a host: no top-level domain is written in
capitals and small letters at once, as the names of classes are."""
_OPENABLE = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?(?:[/?#][!-~]*)?", re.ASCII | re.IGNORECASE)
"""An address that a button may have: Telegram refuses hosts without a dot, such as localhost."""


class Marked(NamedTuple):
    """HTML, how many characters are seen of it, and how many pieces of markup it has."""

    html: str
    size: int
    entities: int


def draw(alert: Alert, style: Style, room: int, entities: int = ENTITIES, *, link_inside: bool = False) -> Marked:
    """*alert* within *room* characters and so many *entities*, as long as they are enough for a heading and a foot."""
    own, failed = _own(alert, style)
    if own is not None:
        return own
    told = describe(alert, style)
    head = [prose(told.heading, "b"), *([prose(told.note, "i")] if told.note else [])]
    foot = _foot(alert, told.origin, style, link_inside=link_inside)
    left = room - foot.size - sum(part.size + 1 for part in head)
    trace = alert.stack_trace if style.include_stack_traces else ""
    kept_for_texts = min(_SURE_OF_TEXTS, left * 3 // 5) if trace or told.message else 0
    facts = [*_within((*failed, *told.facts), left - kept_for_texts - _MARK, entities - _BESIDE_FACTS, style)]
    left -= sum(fact.size + 1 for fact in facts)
    body = []
    if told.message:
        message = cleaned(told.message, (left // 2 if trace else left) - 1, style=style) or "…"
        body.append(preformatted(message) if "\n" in message else code(message))
        left -= len(message) + 1
    body += facts
    if trace:
        body.append(preformatted(cleaned(trace, left - 1, style=style).strip("\n") or "…", "python"))
    return joined([*head, *body, foot])


def joined(parts: Iterable[Marked], between: str = "\n") -> Marked:
    """*parts*, with *between* between them."""
    given = list(parts)
    size = sum(part.size for part in given) + len(between) * (len(given) - 1)
    return Marked(between.join(part.html for part in given), size, sum(part.entities for part in given))


def prose(text: str, tag: str = "") -> Marked:
    """*text* that calls nobody and leads nowhere, within *tag*."""
    parted = _BEGINS_SOMETHING.sub("\\g<0>\u200b", text)
    escaped = escape_entities(parted)
    return Marked(f"<{tag}>{escaped}</{tag}>" if tag else escaped, len(parted), 1 if tag else 0)


def code(text: str) -> Marked:
    """*text* letter by letter, within a line."""
    return Marked(f"<code>{escape_entities(text)}</code>", len(text), 1)


def preformatted(text: str, language: str = "") -> Marked:
    """*text* letter by letter, as a block."""
    escaped = escape_entities(text)
    if language:
        escaped = f'<code class="language-{language}">{escaped}</code>'
    return Marked(f"<pre>{escaped}</pre>", len(text), 1)


def usable(link: str) -> str:
    """*link*, where Telegram lets it be opened; else nothing."""
    return link if len(link) <= _LONGEST_LINK and _OPENABLE.fullmatch(link) else ""


def invitation(style: Style) -> str:
    """What a link says."""
    return style.say("Open · acknowledge · silence")


def stripped(text: str) -> str:
    """What is seen of HTML, whether it is well made or not."""
    return html.unescape(_TAG.sub("", text))


def _foot(alert: Alert, origin: str, style: Style, *, link_inside: bool) -> Marked:
    """How grave it is, when it was seen last, where it comes from; and where it is dealt with, if no button says so.

    Telegram can show a time in the reader's own zone since 2026, and servers that are older refuse the tag.
    """
    said = " · ".join(
        filter(None, (level(alert.level, style), f"{moment(alert.last_seen):%Y-%m-%d %H:%M:%S} UTC", origin))
    )
    foot = prose(said, "i")
    link = style.link(alert)
    if usable(link):
        label = invitation(style)
        anchor = Marked(f'<a href="{html.escape(link)}">{escape_entities(label)}</a>', len(label), 1)
        return joined([foot, anchor], " · ") if link_inside else foot
    return joined([foot, code(link)]) if 0 < len(link) <= _LONGEST_LINK else foot


def _within(facts: Sequence[Fact], room: int, entities: int, style: Style) -> Iterable[Marked]:
    """As many of *facts*, from the front, as fit, and a mark for the others."""
    for index, fact in enumerate(facts):
        drawn = _fact(fact)
        room -= drawn.size + 1
        entities -= drawn.entities
        if room < 0 or entities < 0:
            yield _fact(left_out(facts[index:], style))
            return
        yield drawn


def _fact(fact: Fact) -> Marked:
    is_block = "\n" in fact.value
    value = preformatted(fact.value) if is_block else code(fact.value)
    return joined([prose(fact.name, "b"), value], "\n" if is_block else "  ")


def _own(alert: Alert, style: Style) -> tuple[Marked | None, list[Fact]]:
    """The HTML that a user's template gives as ``text``, or a fact that says why it is not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return None, []
    try:
        text = template(alert, style).get("text")
        if text is None:
            return None, []
        seen = stripped(clean(text))
        given = Marked(clean(text), len(seen), text.count("</"))
        if any(map(str.isprintable, "".join(seen.split()))) and given.size <= ROOM and given.entities <= ENTITIES:
            return given, []
        why = style.say("its text is empty, or beyond a limit of Telegram's")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return None, [own_template_failed(why, style)]
