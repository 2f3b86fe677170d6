"""A message as Telegram shows it: text in its HTML, and buttons below, from the body that was posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mapping, mappings, words

_TAGS: Mapping[str, str] = {
    **dict.fromkeys(("b", "strong"), "strong"),
    **dict.fromkeys(("i", "em"), "em"),
    **dict.fromkeys(("s", "del"), "s"),
    **{name: name for name in ("u", "code", "pre", "blockquote")},
}
"""What Telegram knows; https://core.telegram.org/bots/api#html-style."""


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """*body* and its buttons."""
    source = words(body.get("text"))
    shown = html(source) if body.get("parse_mode") == "HTML" else marks.text(source)
    rows = mapping(body.get("reply_markup")).get("inline_keyboard")
    found = [each for row in rows for each in mappings(row)] if isinstance(rows, list) else []
    keys = chat.buttons((words(each.get("text")), words(each.get("url"))) for each in found)
    is_silent = body.get("disable_notification") is True
    return chat.message(webhook, [chat.paragraph(shown), keys], files, is_silent=is_silent)


def html(source: str) -> SafeString:
    """*source* with the tags that Telegram knows, written anew; every other is left out, and its text kept."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return reader.drawn()


class _Reader(HTMLParser):
    """Writes what it reads: tags of ours, closed in their order, and escaped texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        ours = _TAGS.get(tag, "")
        begins = f"<{ours}>" if ours else ""
        address = dict(attrs).get("href") or ""
        if tag == "a" and address.startswith(("https://", "http://")):
            ours, begins = "a", format_html('<a href="{}" target="_blank" rel="noopener noreferrer">', address)
        elif tag == "a" and address.startswith("tg://user?id="):
            ours, begins = "span", '<span class="wa-mention">'
        self._open.append((tag, ours))
        self._written.append(begins)

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._close() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._written.append(escape(data))

    def drawn(self) -> SafeString:
        while self._open:
            self._close()
        return SafeString("".join(self._written))

    def _close(self) -> str:
        tag, ours = self._open.pop()
        self._written.append(f"</{ours}>" if ours else "")
        return tag
