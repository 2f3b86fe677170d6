"""How an alert looks as attachments, which Mattermost and Rocket.Chat took over from Slack.

A bar in the colour of its level, a heading that links, its facts as fields, and its trace in an attachment of its own,
which clients fold when it is long. Texts and values of fields are Markdown, in which calls are found, so that an
alert's own stands there as code; headings and names above them are plain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import (
    Fact,
    cleaned,
    describe,
    left_out,
    level,
    line,
    own_template_failed,
    sign,
)
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import code_block, cut_end

Attachment = dict[str, Any]

ROOM = 12_000
"""Characters of all attachments of a message as JSON: ours, for neither server has a limit that a reader has not."""
SHARE = 2500
"""Every alert of several gets at least so many of them."""
MOST = 20
"""Attachments that a template of a user's own may give."""
COLOURS: Mapping[Level, str] = {
    Level.DEBUG: "#95a5a6",
    Level.INFO: "#3498db",
    Level.WARNING: "#f1c40f",
    Level.ERROR: "#e74c3c",
    Level.CRITICAL: "#ff1f3d",
}
STATE_COLOURS: Mapping[str, str] = {"resolved": "#2ecc71", "acknowledged": "#5865f2"}
_FALLBACK = 200
_SHORT = 30
_LONG = 200
_LONGEST_LINK = 1000
_SURE_OF_TEXTS = 6000
"""Facts leave message and trace so many characters, or half of the room."""
_AROUND = 700
"""Characters of JSON around texts and facts."""
_FIELD = 60
_LINK = re.compile(r"https?://[!-~]+")
_PLAIN_NAME = re.compile(r"[^\W_]+(?:(?:_|[ .,/()%+-]+)[^\W_]+)*[)%]?")
_CONVERTED = re.compile(r"<(?=[!@#]|[a-z]+:)")
"""What Slack's marks begin with, which Mattermost turns into its own even in code."""
_SEEN_AS_MARKS = re.compile(r"<(?=\S)|\](?=\()|@(?=\S)")


def draw(alert: Alert, style: Style, room: int) -> list[Attachment]:
    """The attachments of *alert* within *room* characters of JSON."""
    own, failed = _own(alert, style)
    if own:
        return own
    told = describe(alert, style)
    colour = STATE_COLOURS.get(alert.state, COLOURS[alert.level])
    main: Attachment = {"color": colour, "fallback": fallback(alert, style), "title": heading(told.heading)}
    link = style.link(alert)
    if len(link) <= _LONGEST_LINK and _LINK.fullmatch(link):
        main["title_link"] = link
    if told.note:
        main["author_name"] = heading(told.note)
    trace = alert.stack_trace if style.include_stack_traces else ""
    left = room - _AROUND - weight(told.note) - weight(told.origin) - len(main.get("title_link", ""))
    kept_for_texts = min(_SURE_OF_TEXTS, left // 2) if trace or told.message else 0
    facts = _within((*failed, *told.facts), left - kept_for_texts, style)
    left -= sum(map(_weight_of, facts))
    texts = []
    if told.message:
        texts.append(said(cleaned(told.message, left // 2 if trace else left, weight, style) or "…"))
        left -= weight(told.message)
    texts += [f"{_name(fact)}\n{block(fact.value)}" for fact in facts if not _is_field(fact)]
    if texts:
        main["text"] = "\n".join(texts)
    main["fields"] = [*map(_field, filter(_is_field, facts)), _foot(alert, told.origin, style)]
    if not trace:
        return [main]
    shown = cleaned(trace, max(left, room // 4), weight, style).strip("\n") or "…"
    return [main, {"color": colour, "text": block(shown, "python")}]


def size(attachments: Sequence[Attachment]) -> int:
    """Characters of *attachments* as JSON."""
    return len(json.dumps(attachments, ensure_ascii=False))


def weight(text: str) -> int:
    """Characters of *text* as code within JSON."""
    return len(json.dumps(block(text), ensure_ascii=False)) - len('"```\\n\\n```"')


def said(text: str) -> str:
    """*text* letter by letter: within a line, if that can be."""
    return block(text) if "\n" in text or "`" in text else f"`{_kept(text)}`"


def block(text: str, language: str = "") -> str:
    """*text* letter by letter, as a block."""
    return code_block(_kept(text), language)


def heading(text: str) -> str:
    """*text* without a beginning of a link or of a call."""
    return _SEEN_AS_MARKS.sub("\\g<0>\u200b", text)


def fallback(alert: Alert, style: Style) -> str:
    """What a notification shows."""
    text = f"{sign(alert)} {level(alert.level, style)} {line(alert, style)}"
    return heading(cut_end(text, _FALLBACK))


def _kept(text: str) -> str:
    return _CONVERTED.sub("<\u200b", text)


def _within(facts: Sequence[Fact], room: int, style: Style) -> list[Fact]:
    """As many of *facts*, from the front, as fit, and a mark for the others."""
    kept: list[Fact] = []
    for index, fact in enumerate(facts):
        room -= _weight_of(fact)
        if room < 0:
            return [*kept, left_out(facts[index:], style)]
        kept.append(fact)
    return kept


def _weight_of(fact: Fact) -> int:
    return weight(fact.value) + weight(fact.name) + _FIELD


def _is_field(fact: Fact) -> bool:
    return len(fact.value) <= _LONG and "\n" not in fact.value and "`" not in fact.value


def _field(fact: Fact) -> Attachment:
    return {"title": _plain_name(fact), "value": said(fact.value), "short": len(fact.value) <= _SHORT}


def _plain_name(fact: Fact) -> str:
    return fact.name if _PLAIN_NAME.fullmatch(fact.name) or fact.name == "…" else said(fact.name.replace("`", "ˋ"))


def _name(fact: Fact) -> str:
    return f"**{fact.name}**" if _PLAIN_NAME.fullmatch(fact.name) else said(fact.name.replace("`", "ˋ"))


def _foot(alert: Alert, origin: str, style: Style) -> Attachment:
    """How grave it is, when it was seen last, and where it comes from."""
    parts = filter(None, (f"{moment(alert.last_seen):%Y-%m-%d %H:%M:%S} UTC", origin.replace("`", "ˋ")))
    return {"title": level(alert.level, style), "value": said(" · ".join(parts)), "short": False}


def _own(alert: Alert, style: Style) -> tuple[list[Attachment], list[Fact]]:
    """The ``attachments`` that a user's template gives, or a fact that says why they are not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return [], []
    try:
        given = template(alert, style).get("attachments")
        if given is None or _fits(given):
            return given or [], []
        why = style.say("its attachments are no list of objects, or too long")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return [], [own_template_failed(why, style)]


def _fits(given: Any) -> bool:
    return (
        isinstance(given, list)
        and 1 <= len(given) <= MOST
        and size(given) <= ROOM
        and all(isinstance(each, dict) and _are_whole(each.get("fields", [])) for each in given)
    )


def _are_whole(fields: Iterable[Mapping[str, Any]]) -> bool:
    """Has each of *fields* a title and a value, without which Rocket.Chat refuses a message?"""
    return all(field["title"] and field["value"] for field in fields)
