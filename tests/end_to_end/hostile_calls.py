"""Forty calls with what breaks hand-written senders; run in a process of the project."""

from __future__ import annotations

import logging
from collections.abc import Callable

from webhook_alerts import notify


class Raising:
    """An object that can be neither printed nor compared nor counted."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __eq__ = __hash__ = __len__ = __iter__ = __repr__  # type: ignore[assignment]


def deep(depth: int) -> None:
    """A trace of *depth* frames."""
    if depth:
        deep(depth - 1)
    raise ValueError("`" * 5000 + "@everyone")


def chained() -> None:
    """An exception of an exception of an exception, in a group."""
    try:
        try:
            raise KeyError("\ud800")
        except KeyError as error:
            raise RuntimeError("\x00") from error
    except RuntimeError as error:
        raise ExceptionGroup("many", [error, ValueError("x" * 100_000)]) from error


CYCLE: dict[str, object] = {}
CYCLE["self"] = [CYCLE]
LONG = "long " * 10_000
ZALGO = "Z" + "\u0335\u0321\u0310" * 3_000
FAMILY = "👨‍👩‍👧‍👦" * 2_000
MESSAGES: list[object] = [
    "", " ", "\n\n\n", "\x00", "\ud800", "\udfff" * 500, LONG, "x" * 50_000, ZALGO, FAMILY, "🧾" * 10_000,
    "`" * 10_000, "```" * 3_000, "``` ``` `` `", "@everyone @here <@&1> <@123456789012345678>", "<#1> <:a:1> <t:1:R>",
    "[link](https://example.com) ||spoiler|| ~~x~~ __y__", "# heading\n> quote\n-# small", "\u202e reversed \u2066",
    "\u200b" * 3_000, "\r\n" * 2_000, "\\" * 4_000, "{}" * 500, "%s %d %(x)s %", "\U0010ffff" * 1_000,
    "\x1b[31mred\x1b[0m",
    "العربية עברית 日本語", "e\u0301" * 3_000, b"bytes \xff", None, 12345678901234567890, 1e400, Raising(), CYCLE,
]  # fmt: skip
CONTEXTS: list[dict[str, object]] = [
    {f"field_{number}": "🧾" * number for number in range(60)},
    {"cycle": CYCLE, "raising": Raising(), "nul\x00": "\x00", "": "", " ": " "},
    {"k" * 5_000: "v" * 50_000, "```": "```", "@everyone": "@everyone"},
    {"nested": [[[[[[[[[["deep"]]]]]]]]]], "many": list(range(10_000)), "set": {1, 2}, "bytes": b"\xff" * 10_000},
]


def traced(log: logging.Logger, fail: Callable[[], None]) -> None:
    """Log what *fail* raises."""
    try:
        fail()
    except Exception:
        log.exception("a trace")


def run() -> int:
    """Raise all of it, each under a logger of its own; how many."""
    number = 0
    for number, message in enumerate(MESSAGES, 1):
        logging.getLogger(f"hostile.{number:02}").error(message)
    for context in CONTEXTS:
        number += 1
        safe = {f"c{key}": value for key, value in context.items()}
        logging.getLogger(f"hostile.{number:02}").error("context %s", "x", extra=safe)
        notify.using(dedup=False).error("context", **context)
    for fail in (lambda: deep(200), chained):
        number += 1
        traced(logging.getLogger(f"hostile.{number:02}"), fail)
    template = "%d of %s"
    logging.getLogger("hostile.99").error(template, "not a number")
    assert notify.flush(30)
    return number + 1
