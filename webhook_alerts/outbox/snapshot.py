"""What the caller leaves behind: enough to build an alert from later, at the price of a few microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import UUID

from webhook_alerts.alert import Kind

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller asks for beside the alert itself.

    ``webhooks`` replaces the routes, ``fingerprint`` the grouping; ``dedup`` off makes every call its own alert;
    ``on_commit`` waits for the running transaction, and sends nothing when it is rolled back.
    """

    webhooks: tuple[str, ...] = ()
    fingerprint: str = ""
    dedup: bool = True
    on_commit: bool = False

    @classmethod
    def of(cls, given: object) -> Options:
        """Options from ``extra={"alert": {...}}``; what is malformed there counts as not given."""
        if not isinstance(given, Mapping):
            return DEFAULT
        return cls(
            webhooks=names(given.get("webhook")),
            fingerprint=str(given.get("fingerprint") or ""),
            dedup=bool(given.get("dedup", True)),
        )


def names(webhook: object) -> tuple[str, ...]:
    """One webhook's name, or several, as a tuple."""
    if not webhook:
        return ()
    if isinstance(webhook, str):
        return (webhook,)
    return tuple(str(name) for name in webhook) if isinstance(webhook, (list, tuple, set, frozenset)) else ()


DEFAULT = Options()


CONTEXT = "webhook_alerts.context"
"""The key of a state under which a context stands whose names may be those of a record's own attributes."""


class Snapshot:
    """One call, not yet rendered, and the counter of its repeats.

    ``state`` holds what a ``LogRecord`` holds (``notify`` fills the same names); it is emptied once the alert is
    built, so that neither frames nor arguments outlive that, while the counter stays for its window.
    ``count`` is the repeats not yet published, ``total`` all occurrences; times are Unix seconds.
    """

    __slots__ = (
        "context_vars", "count", "created", "details", "fingerprint", "id", "key", "kind", "last_seen", "level",
        "message", "options", "samples", "state", "total",
    )  # fmt: skip

    def __init__(
        self,
        level: int,
        created: float,
        key: Key | None,
        state: dict[str, Any],
        options: Options,
        *,
        kind: Kind = Kind.LOG,
        details: dict[str, Any] | None = None,
        identity: UUID | None = None,
    ) -> None:
        self.level = level
        self.created = created
        self.key = key
        self.state = state
        self.options = options
        self.kind = kind
        self.details = details
        self.id = identity
        self.context_vars: Context | None = copy_context()
        self.count = 0
        self.total = 1
        self.last_seen = created
        self.samples: list[tuple[object, Any]] | None = None
        self.fingerprint = ""
        self.message = ""


def raised_at(exc_info: ExcInfo) -> tuple[str, int]:
    """File and line of the frame that raised, without touching the source."""
    traceback = exc_info[2]
    if traceback is None:
        return "", 0
    while (inner := traceback.tb_next) is not None:
        traceback = inner
    return traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


MAX_TEMPLATE = 1_000


def short(template: str) -> str:
    """A template as part of a key: what is longer than 1,000 characters is told apart by its start and its length."""
    return template if len(template) <= MAX_TEMPLATE else f"{template[:MAX_TEMPLATE]}…{len(template)}"
