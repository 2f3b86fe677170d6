"""What Discord's answers mean: status, then its JSON code, then its headers.

https://discord.com/developers/docs/topics/opcodes-and-status-codes and /topics/rate-limits (read 2026-11-20). Codes and
statuses stand in separate lists there; which come together is observed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from webhook_alerts.channels import http_status, retry_after, text
from webhook_alerts.channels.base import Outcome, Response, Verdict
from webhook_alerts.channels.discord_address import is_id

_ENDS: Mapping[int, str] = {
    10003: "its thread or channel is no more",
    10015: "",
    40333: "",
    50013: "",
    50027: "",
    50083: "open the thread again, or take another thread_id into the URL",
    160005: "unlock the thread, or take another thread_id into the URL",
    220001: "it posts to a forum: add ?thread_name=* or ?thread_id=<id> to its URL",
    220002: "its URL names a thread and opens one: take out thread_id or thread_name",
    220003: "only forums have posts: take thread_name out of its URL",
    220004: "it cannot post to a forum: make a webhook of a text channel",
}
"""Codes of what every message would be told, and what to do about it where Discord's own words do not say."""
_PASSES_S: Mapping[int, float] = {
    20016: 60.0, 20028: 60.0, 20029: 60.0, 40004: 300.0, 130000: 30.0, 160006: 300.0, 400001: 300.0,
}  # fmt: skip
"""Codes of refusals that pass, and in how many seconds to ask again, which is ours: slow mode, write limits, sends
disabled, overloaded, too many active threads, uploads limited."""
TOO_OFTEN_EDITED = 30046
"""More than so many edits of messages that are older than an hour; comes with 429 (discord-api-docs issue 4413)."""
_WITHOUT_HINT_S = 60.0
_DEEPEST = 20


def classify(response: Response) -> Outcome:  # noqa: PLR0911 - a table
    """What *response* means. Never raises."""
    body = http_status.json_object(response.body)
    status = response.status
    code = body["code"] if isinstance(body.get("code"), int) else 0
    if 200 <= status < 300:
        if response.body.strip() and not is_id(body.get("id")):
            # A proxy's page, or a refusal behind a 200: nothing says that it was posted.
            return Outcome(Verdict.RETRY, f"HTTP {status}: not Discord's message")
        return Outcome(Verdict.DELIVERED, f"HTTP {status}", wait_s=_spent(response), message_id=_message_id(body))
    if code == TOO_OFTEN_EDITED:
        return Outcome(Verdict.REFUSED, _words(status, body))
    if status == 429 or (status == 403 and not code):
        return _limited(response, body)
    if code in _PASSES_S:
        return Outcome(Verdict.RETRY, _words(status, body), wait_s=_PASSES_S[code])
    if code in _ENDS or status in {401, 403, 410} or (status == 404 and not code):
        return Outcome(Verdict.GONE, _words(status, body, _ENDS.get(code, "")))
    if 400 <= status < 500 and status not in http_status.TRANSIENT:
        return Outcome(Verdict.REFUSED, _words(status, body))
    return http_status.classify(response)


def _limited(response: Response, body: Mapping[str, Any]) -> Outcome:
    scope = response.headers.get("x-ratelimit-scope", "")
    is_global = scope == "global" or body.get("global") is True or "x-ratelimit-global" in response.headers
    hint = body.get("retry_after")
    wishes = [
        retry_after.parse(response.headers.get("retry-after"), time.time()),
        retry_after.number(response.headers, "x-ratelimit-reset-after"),
        retry_after.within(hint) if isinstance(hint, (int, float)) else None,
    ]
    known = [wish for wish in wishes if wish is not None]
    reason = f"HTTP {response.status}"
    if known:
        said = scope if scope in {"user", "global", "shared"} else ""
        return Outcome(Verdict.WAIT, f"{reason} {said}".strip(), wait_s=max(known), provider_wide=is_global)
    # Without a hint or a code the address itself is turned away (discord-api-docs issue 5810), often in HTML.
    return Outcome(Verdict.WAIT, f"{reason} without a hint", wait_s=_WITHOUT_HINT_S, provider_wide=True)


def _spent(response: Response) -> float:
    """Seconds until the quota returns, when this answer used the last of it."""
    if response.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return retry_after.number(response.headers, "x-ratelimit-reset-after") or 0.0


def _message_id(body: Mapping[str, Any]) -> str:
    """Channel and message: to change what stands in a thread, its id is needed, which is the channel's."""
    channel, message = body.get("channel_id"), body.get("id")
    if not is_id(message):
        return ""
    return f"{channel}/{message}" if is_id(channel) else str(message)


def _words(status: int, body: Mapping[str, Any], hint: str = "") -> str:
    """Discord's own words, code, message and the first field that it names, and what to do, if that is known."""
    parts = [f"HTTP {status}"]
    if isinstance(body.get("code"), int) and body["code"]:
        parts.append(f"code {body['code']}"[:24])
    if isinstance(body.get("message"), str):
        parts.append(text.cut_end(body["message"], 120))
    if detail := _first_error(body.get("errors"), "", _DEEPEST):
        parts.append(detail)
    return text.cut_end(text.clean(": ".join([*parts, *filter(None, [hint])])), 255)


def _first_error(node: Any, path: str, depth: int) -> str:
    if not isinstance(node, dict) or not depth:
        return ""
    errors = node.get("_errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return f"{path} {errors[0].get('message', '')}".strip()
    for key, child in node.items():
        if found := _first_error(child, f"{path}.{key}".lstrip("."), depth - 1):
            return found
    return ""
