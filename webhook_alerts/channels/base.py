"""What every channel gives: a pure rendering of alerts, and a reading of the service's answer."""

from __future__ import annotations

import abc
import base64
import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from webhook_alerts.alert import JSON, Alert


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``limit`` requests in any ``seconds``."""

    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service allows the webhook at one address, and what is counted together.

    Webhooks of one ``place``, which is secret, share the windows of ``rate``; those of one ``provider``, where it has a
    name, share the windows of ``provider_rate``.
    """

    rate: tuple[Window, ...]
    place: str = field(repr=False)
    provider: str
    provider_rate: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class File:
    """What is attached to a message: a text of at most what the service takes in UTF-8, or a picture in base 64."""

    filename: str
    content: str
    media_type: str = "text/plain; charset=utf-8"

    @property
    def data(self) -> bytes:
        """The bytes to send."""
        if self.media_type.startswith("text/"):
            return self.content.encode("utf-8", "replace")
        return base64.b64decode(self.content)

    def to_dict(self) -> dict[str, JSON]:
        """The file as JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, item: Mapping[str, JSON]) -> File:
        """What ``to_dict`` gave."""
        return cls(**{key: str(item[key]) for key in ("filename", "content", "media_type") if key in item})


@dataclass(frozen=True, slots=True)
class Payload:
    """One request body. It carries the first ``count`` of the alerts that were given to ``render``."""

    json: dict[str, JSON]
    count: int
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """How one webhook is reached; all of it is secret, and none of it is in its ``repr``.

    ``keys`` sign what is sent, the first is the current one; ``headers`` go with every request; ``moved_to`` is what
    the service has said last of where it is now, empty where it said nothing.
    """

    url: str = field(repr=False)
    keys: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    moved_to: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: ``json`` as ``encode`` writes it, in a multipart body where there are ``files``.

    Its ``repr`` has no secret: some services take their key in a header, and some in the body.
    """

    url: str = field(repr=False)
    json: dict[str, JSON] = field(repr=False)
    files: tuple[File, ...] = ()
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def encode(body: Mapping[str, JSON]) -> bytes:
    """*body* as it is sent, always the same to the byte: keys are sorted, for PostgreSQL keeps no order of them."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "replace")


Template = Callable[[Alert, "Style"], dict[str, Any]]
"""Draws one alert in a channel's own vocabulary (for Discord: an embed)."""


def figure(value: float) -> str:
    """*value* as English writes it: thousands parted by commas, a fraction within six figures."""
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"


def no_link(alert: Alert) -> str:  # noqa: ARG001 - a link is made from the alert
    """No page is known."""
    return ""


@dataclass(frozen=True, slots=True)
class Style:
    """How one webhook wants its messages to look; lengths in characters.

    ``link`` gives the address of the page where an alert's incident is acknowledged, resolved or silenced; empty where
    there is none. ``say`` puts a text of ours into the language of the webhook's readers, and ``number`` a number; what
    a text is to hold stands in it as ``{name}`` and is put in afterwards, by ``format``.
    """

    use_embeds: bool = True
    include_stack_traces: bool = True
    max_message_length: int = 4096
    mention: str = ""
    username: str = ""
    avatar_url: str = ""
    templates: Mapping[str, Template] = field(default_factory=dict)
    link: Callable[[Alert], str] = no_link
    say: Callable[[str], str] = str
    number: Callable[[float], str] = figure


@dataclass(frozen=True, slots=True)
class Response:
    """What the service said: header names in lower case, at most 64 KiB of body.

    A carrier that speaks no HTTP says it as HTTP would: 200 where it was taken, 4xx or 5xx where not.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Verdict(enum.StrEnum):
    """What an answer means for the message."""

    DELIVERED = "delivered"
    RETRY = "retry"
    """It may work later; costs an attempt."""
    WAIT = "wait"
    """The service asks for patience; costs no attempt."""
    REFUSED = "refused"
    """This message will never be taken."""
    GONE = "gone"
    """This webhook will never take a message again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, understood.

    ``wait_s`` is how long, in seconds, nothing more may be sent; it may accompany any verdict (a delivered
    message whose answer says that the quota is spent). ``provider_wide`` widens that wait from this webhook
    to every webhook of the provider. ``reason`` is short, stable and free of secrets. ``moved_to`` is where the webhook
    is now, in the service's words: what was asked for is to be asked for there.
    """

    verdict: Verdict
    reason: str
    wait_s: float = 0.0
    provider_wide: bool = False
    message_id: str = ""
    ambiguous: bool = False
    moved_to: str = ""


class Channel(abc.ABC):
    """A service. Instances hold no state and may be shared by threads."""

    name: ClassVar[str]
    """The name used in settings, in lower case."""
    provider: ClassVar[str]
    """Whose address limits apply; webhooks of one provider share a gate."""
    default_rate: ClassVar[tuple[Window, ...]]
    """What the service allows one webhook; settings may only tighten it."""
    provider_rate: ClassVar[tuple[Window, ...]] = ()
    """What the service allows one address over all of its webhooks."""
    max_alerts: ClassVar[int]
    """How many alerts fit into one message at the very most."""
    preview: ClassVar[str] = ""
    """The dotted path of a ``webhook_alerts.drawing.previews.Preview``; empty: a body is shown as JSON alone."""
    supports_edit: ClassVar[bool] = False
    """Can a sent message be changed?"""
    names_messages: ClassVar[bool] = True
    """Does an answer name the message, and a change need that name? Else what changes is told by another request, an
    incident's state at once and counts when their window is over."""
    can_move: ClassVar[bool] = False
    """May an answer say that a webhook is elsewhere now (``Outcome.moved_to``)?"""
    sums_up: ClassVar[bool] = True
    """May a backlog be told as one alert that sums it up? Not where each is kept, and may be resolved, by itself."""
    told_states: ClassVar[frozenset[str]] = frozenset({"resolved"})
    """What becomes of an incident and gets a message of its own, where the one that told of it cannot be changed."""
    schemes: ClassVar[tuple[str, ...]] = ("https", "http")
    """What its URLs begin with; empty: anything, as its ``endpoint`` judges."""
    carrier: ClassVar[str] = "webhook_alerts.delivery.transport.send"
    """The dotted path of what carries its requests: it has the signature of that one, and raises ``TransportError``."""
    asker: ClassVar[str] = ""
    """The dotted path of what asks, where no HTTP does, whether it could send: it takes a URL and ``timeout``, answers
    with a ``Response`` that ``classify`` understands, and raises ``TransportError``; empty: nothing can be asked."""

    is_inside: ClassVar[bool] = False
    """Does it reach into this machine or its network, past what guards HTTP? Then only settings may name an address."""

    @abc.abstractmethod
    def recognises(self, url: str) -> bool:
        """Is this a URL of the service?"""

    @abc.abstractmethod
    def endpoint(self, url: str) -> str:
        """The address to POST to, made from the URL that people copy.

        Raises ``ValueError`` on a malformed one, never quoting it.
        """

    def limits(self, url: str) -> Limits:
        """What the service allows the webhook at *url*; most allow all of them the same, each by itself."""
        return Limits(self.default_rate, self.endpoint(url), self.provider, self.provider_rate)

    def probe(self, url: str) -> str:  # noqa: ARG002 - most services have nothing to ask
        """An address whose GET answers 2xx while the webhook exists, and sends nothing; empty: there is none."""
        return ""

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """What to send, at *at* in seconds since 1970, so that *body*, as ``render`` made it, is shown.

        What is secret and belongs into a body is put there here, for a body is kept in the database.
        """
        return Request(self.endpoint(access.url), body, tuple(files), headers=access.headers)

    @abc.abstractmethod
    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """One message with as many of *alerts*, from the front, as the service takes. Pure, and never raises."""

    def with_picture(self, payload: Payload, picture: File) -> Payload:  # noqa: ARG002 - most services take no files
        """*payload* that shows *picture* as well; as it is where the service takes none."""
        return payload

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:
        """What to send so that the message *message_id* becomes *body*; asked where ``supports_edit``."""
        raise NotImplementedError(f"the channel {self.name} cannot edit")

    def plainer(self, body: dict[str, JSON], outcome: Outcome) -> dict[str, JSON] | None:  # noqa: ARG002
        """*body* without what the service refused in it, as *outcome* says, to be sent at once; ``None``: nothing."""
        return None

    @abc.abstractmethod
    def classify(self, response: Response) -> Outcome:
        """What the answer means. Pure, and never raises."""
