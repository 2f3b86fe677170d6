"""The door for log records: stdlib logging, loguru, and structlog over either."""

from __future__ import annotations

import logging
import re
from typing import Any

from webhook_alerts import outbox
from webhook_alerts.outbox import record as records

_NUMBER = re.compile(r"\d+")


class WebhookAlertHandler(logging.Handler):
    """Makes an alert of every record at its level or above; costs the caller microseconds and never raises.

    In ``LOGGING``: ``{"class": "webhook_alerts.handlers.WebhookAlertHandler", "level": "ERROR"}``. As a loguru sink:
    ``logger.add(WebhookAlertHandler(), level="ERROR")``. What ``extra`` holds becomes context; its key ``alert`` may
    carry ``{"webhook": …, "fingerprint": …, "dedup": …}``, and ``request`` a Django request. A formatter is not used.
    """

    def createLock(self) -> None:  # noqa: N802  # logging's name
        """No lock: the outbox has its own, held for no I/O, and a handler's lock outlives forks badly."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Emit what the filters let pass."""
        if self.filters:
            passed: Any = self.filter(record)
            if not passed:
                return False
            if isinstance(passed, logging.LogRecord):
                record = passed
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record in; it is left unchanged for the handlers after this one."""
        try:
            records.take(record)
        except Exception as error:  # noqa: BLE001  # a log call must not fail over us
            outbox.report(error)

    def write(self, message: Any) -> None:
        """One loguru message: by this door come its bound ``extra`` and its text without the decoration."""
        try:
            self.emit(_from_loguru(message.record))
        except Exception as error:  # noqa: BLE001
            outbox.report(error)


def _from_loguru(given: dict[str, Any]) -> logging.LogRecord:
    error = given["exception"]
    record = logging.LogRecord(
        given["name"] or "",
        given["level"].no,
        given["file"].path,
        given["line"],
        given["message"],
        (),
        (error.type, error.value, error.traceback) if error and error.type else None,
        given["function"],
    )
    record.created = given["time"].timestamp()
    record.processName, record.threadName = given["process"].name, given["thread"].name
    record.__dict__["extra"] = given["extra"]
    return record
