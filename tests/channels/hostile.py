"""Forty alerts as hostile as callers get, and one of which everything is known."""

from __future__ import annotations

import time
from itertools import product
from typing import Any

from webhook_alerts.alert import Alert, Kind, Level, uuid7

FENCE = "```"
TRACE = (
    "Traceback (most recent call last):\n"
    + "".join(
        f'  File "/srv/shop/level_{i}.py", line {i}, in step_{i}\n    step_{i + 1}(`x` * {i})\n' for i in range(400)
    )
    + "ValueError: the cause that must be kept"
)

TEXTS = [
    "x" * 50_000,
    "",
    " ",
    "\n\n\n",
    "\x00" * 50,
    "a\x00b",
    "\ud800 lone",
    "\udfff" * 3000,
    "😀" * 5000,
    "👩‍👩‍👧‍👦" * 900,
    "e\u0301" * 4000,
    "\u0301" * 3000,
    f"a\n{FENCE}\n@everyone <!channel> **b** [c](https://evil.example)\n{FENCE}\nd",
    FENCE * 900,
    "`" * 5000,
    "@everyone @here <@&123456789012345678>",
    "[click](https://example.com) # heading > quote ||spoiler||",
    "\u202eevil\u202c",
    "\u200b" * 300,
    "\ufeff",
    "&lt;script&gt;<script>alert(1)</script>",
    "مرحبا " * 700,
    "日本語" * 2000,
    "\\" * 4100,
    "*_~`|>" * 900,
    "line\n" * 3000,
    "\r\n" * 2000,
    "\t" * 5000,
    "%s %d {}" * 40,
    "𝕏" * 4097,
]


def alert(**values: Any) -> Alert:
    """An alert with these values."""
    now = time.time()
    given = {"level": Level.ERROR, "kind": Kind.LOG, "message": "boom", "first_seen": now, "last_seen": now}
    return Alert(**{"id": uuid7(), **given, **values})


def hostile() -> list[Alert]:
    """The forty."""
    found = [alert(message=text, logger=text[:300], context={text[:200] or "k": text}) for text in TEXTS]
    found += [
        alert(context={f"field {i}": "v" * i * 20 for i in range(60)}),
        alert(context={"nested": {"a": [1, {"b": [None] * 500}]}}),
        alert(kind=Kind.ERROR, exception_type="E" * 600, stack_trace=TRACE),
        alert(kind=Kind.ERROR, exception_type="", stack_trace=FENCE * 20_000),
        alert(
            kind=Kind.PERFORMANCE,
            details={"metric": "m" * 900, "value": 1e308, "threshold": 0, "ratio": "nan", "unit": "u" * 90},
        ),
        alert(kind=Kind.PERFORMANCE, details={}),
        alert(kind=Kind.EVENT, details={"event": ""}),
        alert(kind=Kind.STATUS, details={"status": "@everyone"}, level=Level.CRITICAL),
        alert(level=Level.CRITICAL, message="@everyone", occurrences=10**9, samples=("`" * 900,) * 3),
        alert(request={"path": "/" + "p" * 3000, "method": "GET", "user_id": "7" * 500}, correlation_id="c" * 128),
    ]
    assert len(found) == 40
    return found


def fillings() -> list[str]:
    """Short texts and long ones, of what is long for some service: in bytes, in UTF-16, once escaped, in its lines."""
    return [
        (unit * length)[:length]
        for length, unit in product((1, 39, 190, 6000), ("x", "😀", "<b>", "\\", "&", "*", "``\n"))
    ]


def full(text: str, **values: Any) -> Alert:
    """An alert of which everything is known, and all of it is *text*: it has more facts than any service has fields."""
    texts = "message exception_type stack_trace logger function correlation_id note service environment release host"
    told: dict[str, Any] = {
        **dict.fromkeys(texts.split(), text),
        "kind": Kind.PERFORMANCE,
        "details": {"metric": text, "value": 4.2, "threshold": 2, "ratio": 2.1, "unit": text},
        "request": {"method": "POST", "path": text, "user_id": text},
        "context": {f"{number} {text}": text for number in range(18)},
        "samples": (text,) * 3,
        "occurrences": 10**12,
        "fingerprint": text[:64],
        "state": "open",
    }
    return alert(**{**told, **values})
