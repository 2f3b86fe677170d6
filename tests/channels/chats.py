"""What each chat brings to the properties that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Channel, Style


class Backlog(NamedTuple):
    """How much waits: some alerts *repeated* so often, and behind them *fillers* alerts that say *filler*."""

    repeated: int
    filler: str
    fillers: int


@dataclass(frozen=True)
class Chat:
    """A channel whose messages are read by people."""

    channel: Channel
    styles: Sequence[Style]
    check: Callable[[list[Alert], Style], int]
    """Draws alerts and asserts all that must hold of the message; how many of them it carries."""
    shown: Callable[[dict[str, Any]], str] = str
    """All that can be read of a body in the channel."""
    sample: str = ""
    """A text that the chat would take for calls, links or markup."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What the channel puts into texts or puts for a sign, each with what it stands for."""
    fact: str = ""
    """A pattern that finds the names of the facts in what is shown."""
    backlog: Backlog | None = None
    beyond: Sequence[Mapping[str, Any]] = ()
    """What a template of a user's own may give, each beyond one limit of the service by one."""

    def read(self, text: str) -> str:
        """*text* without the channel's own marks."""
        return text.translate(str.maketrans(dict(self.marks)))
