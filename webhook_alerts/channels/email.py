"""Mail through the project's own mail backend, in HTML and plain text.

What changes in the life of an alert stands in the brackets that a subject begins with, and its mails refer to one
ancestor, so that they are one thread: Gmail wants both, a common reference and a common subject, of which it leaves
out what is in brackets (gatus issue 1563); others go by the reference alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, email_html, email_parts, email_text, mailto
from webhook_alerts.channels.base import (
    Access,
    Channel,
    File,
    Outcome,
    Payload,
    Request,
    Response,
    Style,
    Verdict,
    Window,
    encode,
)
from webhook_alerts.channels.text import clean, cut_end, cut_middle

IN_FULL = 10
"""So many alerts of a mail are shown in full."""
FROM = 21
"""From this many waiting alerts on each gets a line."""
SUBJECT = 180
TRACE_CHARACTERS = 200_000
"""Of an attached trace; a longer one helps nobody."""
_TITLE = 120
_NAME = 80
_HEADER = 200
_ALWAYS: Mapping[str, str] = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "Precedence": "bulk",
}
"""So that no mailbox answers that its owner is on holiday: RFC 3834, 2 and 5; Exchange goes by the second."""
_URGENT: Mapping[str, str] = {"Importance": "high", "X-Priority": "1"}
_AGAIN_S = 30.0
"""After a refusal that passes; a message's attempts then last for two minutes."""
_MENDED_S = 60.0
"""After one that somebody must mend in the settings of mail; a wrong password, asked too often, locks an account."""


class Email(Channel):
    """One mail for up to ten alerts in full, or for a hundred as lines; no service's limit but Gmail's for a page."""

    name: ClassVar[str] = "email"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = 100
    preview: ClassVar[str] = "webhook_alerts.drawing.email.draw"
    told_states: ClassVar[frozenset[str]] = frozenset({"acknowledged", "resolved"})
    schemes: ClassVar[tuple[str, ...]] = ("mailto",)
    carrier: ClassVar[str] = "webhook_alerts.delivery.carriers.mail.send"
    asker: ClassVar[str] = "webhook_alerts.delivery.carriers.mail.ask"

    def recognises(self, url: str) -> bool:
        """Whatever begins with ``mailto:``."""
        return url[:7].lower() == "mailto:"

    def endpoint(self, url: str) -> str:
        """The address, spelled as ``mailto.parse`` understood it."""
        return mailto.parse(url).url

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """*body* with an id of its own, the same for every try of it: who gets it twice is shown it once."""
        known = hashlib.sha256(encode(body)).hexdigest()[:32]
        return Request(self.endpoint(access.url), {**body, "id": known}, tuple(files))

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Alerts in full, or as lines where many wait; what is critical is told in full."""
        many = len(alerts) >= FROM and alerts[0].level < Level.CRITICAL
        taken = alerts[: self.max_alerts if many else IN_FULL]
        subject = _subject(taken, style)
        files: list[File] = []
        if many:
            taken = _that_fit(taken, style)
            subject = _subject(taken, style)
            text, page = email_text.lines(taken, style), email_html.lines(taken, style, subject)
        else:
            parts = [email_parts.part(alert, style, email_parts.ROOM // len(taken)) for alert in taken]
            text, page = email_text.in_full(parts, style), email_html.in_full(parts, style, subject)
            files = [_trace(part.alert, number, style) for number, part in enumerate(parts, 1) if not part.is_whole]
        body: dict[str, JSON] = {
            "subject": subject,
            "text": text,
            "headers": _headers(taken),
            "of": hashlib.sha256("".join(str(alert.id) for alert in taken).encode()).hexdigest()[:32],
            "thread": _thread(taken),
        }
        if style.use_embeds:
            body["html"] = page
        if name := cut_end(_flat(style.username), _NAME):
            body["name"] = name
        return Payload(body, len(taken), tuple(files))

    def with_picture(self, payload: Payload, picture: File) -> Payload:
        """Within the page, out of the mail itself."""
        page = payload.json.get("html", "")
        shown = email_html.with_picture(page, picture.filename, picture.filename)
        if shown == page:
            return payload
        return replace(payload, json={**payload.json, "html": shown}, files=(*payload.files, picture))

    def classify(self, response: Response) -> Outcome:
        """By the reply and by what it replied to, which the carrier says in ``stage``; RFC 5321, 4.2, and RFC 3463.

        Who is not let in, or may not send as this sender, has a wrong setting of the project's: to pause the webhook
        would be no help, for mending that does not change its address, which is what ends a pause.
        """
        status, stage = response.status, response.headers.get("stage", "")
        code = response.headers.get("code", "")
        reason = " ".join(filter(None, ("SMTP", str(status), code, f"({stage})" if stage else "")))
        if 200 <= status < 300:
            return Outcome(Verdict.DELIVERED, response.headers.get("refused") or reason)
        if status < 500:
            return Outcome(Verdict.RETRY, reason, wait_s=_AGAIN_S)
        if stage == "recipients":
            # There is no such mailbox: the next mail would not find it either.
            return Outcome(Verdict.GONE if code.startswith("5.1.") else Verdict.REFUSED, reason)
        if stage == "message":
            return Outcome(Verdict.REFUSED, reason)
        return Outcome(Verdict.RETRY, reason, wait_s=_MENDED_S)


def _that_fit(alerts: Sequence[Alert], style: Style) -> Sequence[Alert]:
    """As many of *alerts*, from the front, as have room in a page."""
    left = email_parts.ROOM
    for count, alert in enumerate(alerts):
        left -= email_html.weight(alert, style)
        if left < 0:
            return alerts[:count]
    return alerts


def _subject(alerts: Sequence[Alert], style: Style) -> str:
    """``[🔴 ERROR ×57] shop production: ValueError: no such order``; one line, whatever the alert says."""
    first = alerts[0]
    origin = _flat(" ".join(filter(None, (first.service[:_NAME], first.environment[:_NAME]))))
    if len(alerts) == 1:
        has_state = first.state in content.STATE_SIGNS
        state = style.say(first.state) if has_state else content.level(first.level, style)
        changing = f"{content.sign(first)} {state} {content.times(first, style)}".rstrip()
        lasting = _title(first, style)
    else:
        more = style.say("… and {n} more").format(n=style.number(len(alerts) - 1))
        changing, lasting = _counts(alerts, style), f"{_title(first, style)} {more}"
    return cut_end(f"[{changing}] {f'{origin}: ' if origin else ''}{lasting}", SUBJECT)


def _counts(alerts: Sequence[Alert], style: Style) -> str:
    """How many of which level; or of the state that all are in."""
    if state := _common_state(alerts):
        return f"{content.STATE_SIGNS[state]} {len(alerts)} {style.say(state)}"
    levels = Counter(alert.level for alert in alerts)
    shown = (f"{levels[level]} {content.level(level, style)}" for level in reversed(Level) if levels[level])
    return f"{content.SIGNS[max(levels)]} {', '.join(shown)}"


def _common_state(alerts: Sequence[Alert]) -> str:
    """What has become of all of *alerts*; empty where that differs, or is nothing."""
    states = {alert.state for alert in alerts}
    return states.pop() if len(states) == 1 and states <= content.STATE_SIGNS.keys() else ""


def _title(alert: Alert, style: Style) -> str:
    """What *alert* says every time: its exception and message, or what was measured or happened."""
    if alert.exception_type:
        return _flat(cut_end(content.line(alert, style), _TITLE))
    heading = content.describe(replace(alert, occurrences=1), style).heading
    return _flat(heading.removeprefix(content.sign(alert))) or content.kind(alert, style)


def _headers(alerts: Sequence[Alert]) -> dict[str, JSON]:
    """What keeps machines from answering, and what mailboxes can sort by."""
    first = max(alerts, key=lambda alert: alert.level)
    sorted_by = {
        "X-Alert-Level": first.level.name,
        "X-Alert-Kind": first.kind.value,
        "X-Alert-State": first.state if len(alerts) == 1 else _common_state(alerts),
        "X-Alert-Service": first.service,
        "X-Alert-Environment": first.environment,
        "X-Alert-Logger": first.logger if len(alerts) == 1 else "",
    }
    found = {name: cut_end(_flat(value[: 2 * _HEADER]), _HEADER) for name, value in sorted_by.items()}
    urgent = _URGENT if any(alert.level >= Level.CRITICAL and alert.state in {"", "open"} for alert in alerts) else {}
    return {**_ALWAYS, **urgent, **{name: value for name, value in found.items() if value}}


def _thread(alerts: Sequence[Alert]) -> str:
    """What stands for the common ancestor of all mails about the incident; empty where a mail tells of several."""
    if len(alerts) != 1 or not alerts[0].fingerprint:
        return ""
    of = "\0".join((alerts[0].fingerprint, alerts[0].service, alerts[0].environment))
    return hashlib.sha256(of.encode("utf-8", "replace")).hexdigest()[:32]


def _trace(alert: Alert, number: int, style: Style) -> File:
    return File(f"trace-{number}.txt", cut_middle(clean(alert.stack_trace), TRACE_CHARACTERS, style.say))


def _flat(text: str) -> str:
    """*text* cleaned and in one line, as a header must be."""
    return " ".join(clean(text).split())
