"""What every channel says first: the exception and what it says, whatever the message above it was."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from tests.channels.hostile import alert
from webhook_alerts.alert import Alert, Kind
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import cause, describe, line, paragraph
from webhook_alerts.outbox import trace


class CardDeclined(Exception):
    """One of a shop's own."""


def raised(error: BaseException, message: str = "Internal Server Error: /checkout/", **values: Any) -> Alert:
    """The alert of *error*, which was raised while another was handled, with the trace that a process makes of it."""
    try:
        try:
            int("x")
        except ValueError:
            raise error  # noqa: B904 - so that the trace has two parts
    except BaseException as caught:
        info = (type(caught), caught, caught.__traceback__)
        stack_trace = trace.render(info)
    kind = trace.name(type(error))
    return alert(kind=Kind.ERROR, message=message, exception_type=kind, stack_trace=stack_trace, **values)


@pytest.mark.parametrize(
    ("error", "message", "said"),
    [
        (KeyError("sku-0815"), "Internal Server Error: /", "'sku-0815'"),
        (CardDeclined("insufficient  funds"), "Checkout of order 4711 failed", "insufficient funds"),
        (ValueError("first line\nDETAIL: second"), "no", "first line"),
        (ValueError("no funds"), "Checkout failed: no funds", ""),  # the message says it
        (ValueError(), "no", ""),
        (ValueError("  \n"), "no", ""),
        (ValueError("x" * 10_000), "no", "x" * 499 + "…"),
        (ValueError("y\n" * 30_000), "no", ""),  # too far from the end
        (ExceptionGroup("several", [KeyError("a")]), "no", ""),  # which Python indents
    ],
)
def test_what_an_exception_says_is_found_in_its_trace(error: Exception, message: str, said: str) -> None:
    assert cause(raised(error, message)) == said


def test_an_exception_that_was_never_raised_says_the_same() -> None:
    stack_trace = trace.render((ValueError, ValueError("no funds"), None))
    assert cause(alert(exception_type="ValueError", stack_trace=stack_trace)) == "no funds"


@pytest.mark.parametrize("stack_trace", ["", "\n", "ValueError", "Other: no", "  ValueError: no", "ValueError: \x00 "])
def test_a_trace_that_ends_otherwise_says_nothing(stack_trace: str) -> None:
    assert cause(alert(exception_type="ValueError", stack_trace=stack_trace)) == ""
    assert cause(alert(stack_trace=stack_trace)) == ""


def test_the_cause_comes_first_in_headings_lines_and_texts() -> None:
    name = f"{__name__}.CardDeclined"
    given = raised(CardDeclined("insufficient funds"), "Checkout failed", occurrences=57)
    told = describe(given, Style())
    assert told.heading == f"🔴 {name}: insufficient funds ×57"
    assert told.message == "Checkout failed"
    assert line(given) == "CardDeclined: insufficient funds · Checkout failed"
    assert paragraph(given, Style()) == f"{name}: insufficient funds\nCheckout failed"
    assert describe(given, Style(include_stack_traces=False)).heading == told.heading


def test_a_long_cause_leaves_room_for_the_message_and_the_count() -> None:
    given = raised(ValueError("long " * 100), "Checkout failed", occurrences=57)
    assert line(given).endswith("… · Checkout failed")
    assert len(line(given)) < 140
    heading = describe(given, Style()).heading
    assert heading.endswith("… ×57")
    assert len(heading) < 130


def test_what_logging_tells_of_an_exception_is_what_is_found() -> None:
    """The standard library's own way to write a trace, for those who hand us a text."""
    try:
        raise CardDeclined("insufficient funds")
    except CardDeclined:
        text = logging.Formatter().formatException(sys.exc_info())  # type: ignore[arg-type]
    assert cause(alert(exception_type=f"{__name__}.CardDeclined", stack_trace=text)) == "insufficient funds"
