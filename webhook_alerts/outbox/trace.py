"""Tracebacks as bounded text: chained exceptions and groups, whatever the exceptions themselves do."""

from __future__ import annotations

import traceback

from webhook_alerts.outbox.snapshot import ExcInfo
from webhook_alerts.outbox.values import clean, cut, unrepresentable

MAX_TRACE = 100_000
"""Characters; the middle goes, for the ends tell most."""
MAX_FRAMES = 200
"""Frames of one exception, counted from where it was raised."""


def render(exc_info: ExcInfo) -> str:
    """The stack trace as Python prints it, at most 100,000 characters. Never raises."""
    kind, error, trace = exc_info
    try:
        lines = traceback.TracebackException(kind, error, trace, limit=-MAX_FRAMES).format()
        text = "".join(lines)
    except Exception as failure:  # noqa: BLE001  # the exception's own code, or a chain too deep
        text = _plainly(kind, error, failure, exc_info)
    return clean(cut(text.rstrip("\n"), MAX_TRACE))


def _plainly(kind: type[BaseException], error: BaseException, failure: Exception, exc_info: ExcInfo) -> str:
    lines = [f"Traceback (cut: {type(failure).__name__} while it was rendered):"]
    trace = exc_info[2]
    while trace is not None and len(lines) < MAX_FRAMES:
        code = trace.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_qualname}')
        trace = trace.tb_next
    try:
        lines.append(f"{name(kind)}: {error}")
    except Exception as raised:  # noqa: BLE001
        lines.append(f"{name(kind)}: {unrepresentable(error, raised)}")
    return "\n".join(lines)


def name(kind: type[BaseException]) -> str:
    """``ValueError``, ``shop.errors.PaymentError``: the type as a traceback names it, at most 255 characters."""
    module = kind.__module__
    text = kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
    return clean(text)[:255]
