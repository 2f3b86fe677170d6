"""A message as Slack shows it: Block Kit, mrkdwn and rich text, from the body that was posted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mapping, mappings, words
from webhook_alerts.drawing.markdown import moment

_Object = Mapping[str, JSON]
_PLAIN = re.compile(r"[^`*_~<&]+")
_ENTITIES: Mapping[str, str] = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_STYLES: Mapping[str, str] = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def draw(body: _Object, files: Sequence[_Object], webhook: str) -> SafeString:
    """*body*; what stands in ``text`` beside blocks is for notifications."""
    blocks = mappings(body.get("blocks"))
    drawn = [_block(each) for each in blocks] or [chat.paragraph(mrkdwn(words(body.get("text"))))]
    return chat.message(webhook, drawn, files)


def mrkdwn(source: str) -> SafeString:
    """A text in Slack's own markup."""
    return marks.marked(source, _RULES, _PLAIN)


def _read(source: str) -> str:
    return re.sub("&(?:amp|lt|gt);", lambda found: _ENTITIES[found[0]], source)


def _pair(sign: str, tag: str) -> marks.Rule:
    sign = re.escape(sign)
    pattern = rf"{marks.AT_WORD}{sign}(?=\S)([^{sign}\n]*[^\s{sign}]){sign}{marks.PAST_WORD}"
    return re.compile(pattern), lambda found: marks.around(tag, mrkdwn(found[1]))


_RULES: Sequence[marks.Rule] = [
    (re.compile(r"```\n?([\s\S]*?)\n?```\n?"), lambda found: marks.block(_read(found[1]))),
    (re.compile(r"`([^`\n]+)`"), lambda found: marks.around("code", marks.text(_read(found[1])))),
    (re.compile(r"<!date\^(\d{1,15})\^[^|>]*\|[^>]*>"), lambda found: moment(int(found[1]))),
    (re.compile(r"<!(here|channel|everyone)>"), lambda found: marks.called(f"@{found[1]}")),
    (re.compile(r"<(?:!subteam\^|@)(\w+)(?:\|[^>]*)?>"), lambda found: marks.called(f"@{found[1]}")),
    (
        re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>"),
        lambda found: marks.link(_read(found[1]), _read(found[2] or found[1])),
    ),
    (re.compile("&(?:amp|lt|gt);"), lambda found: marks.text(_ENTITIES[found[0]])),
    _pair("*", "strong"),
    _pair("_", "em"),
    _pair("~", "s"),
]


def _block(block: _Object) -> SafeString:
    drawing = _BLOCKS.get(words(block.get("type")))
    return drawing(block) if drawing else chat.paragraph(f"({words(block.get('type'))})", kind="small")


def _text(given: JSON) -> SafeString:
    found = mapping(given)
    text = words(found.get("text"))
    return mrkdwn(text) if found.get("type") == "mrkdwn" else marks.text(text)


def _section(block: _Object) -> SafeString:
    fields = ((_text(field), "") for field in mappings(block.get("fields")))
    return marks.joined([chat.paragraph(_text(block.get("text"))), chat.facts(fields)])


def _context(block: _Object) -> SafeString:
    said = [_text(each) for each in mappings(block.get("elements"))]
    return marks.joined([chat.paragraph(each, kind="small") for each in said])


def _rich(block: _Object) -> SafeString:
    return marks.joined([_rich_part(each) for each in mappings(block.get("elements"))])


def _rich_part(part: _Object) -> SafeString:
    inline = marks.joined([_inline(each) for each in mappings(part.get("elements"))])
    if part.get("type") == "rich_text_preformatted":
        return format_html("<pre><code>{}</code></pre>", inline)
    return chat.paragraph(inline)


def _inline(part: _Object) -> SafeString:
    if part.get("type") == "link":
        return marks.link(words(part.get("url")), words(part.get("text")) or words(part.get("url")))
    drawn = marks.text(words(part.get("text")))
    style = mapping(part.get("style"))
    for name, tag in _STYLES.items():
        drawn = marks.around(tag, drawn) if style.get(name) else drawn
    return drawn


_BLOCKS: Mapping[str, Callable[[_Object], SafeString]] = {
    "header": lambda block: chat.paragraph(_text(block.get("text")), kind="title"),
    "divider": lambda _block: SafeString("<hr>"),
    "section": _section,
    "context": _context,
    "rich_text": _rich,
}
