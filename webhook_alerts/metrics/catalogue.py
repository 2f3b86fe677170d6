"""Every metric by name, as data: what is exported, and what dashboards and rules are checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webhook_alerts.alert import Kind, Level
from webhook_alerts.channels.base import Verdict

PREFIX = "webhook_alerts_"
BUCKETS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Upper bounds of the latency's histogram, in seconds; the last bucket is without bound."""
PARTS = ("broker", "database", "redis", "spool")
_ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric: its name without the prefix and a counter's ``_total``, its type, what it says, its labels.

    ``values`` names all values of a label that has few; of webhooks and queues there are as many as are configured.
    No text from outside is ever a label.
    """

    name: str
    type: str
    help: str
    labels: Sequence[str] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """With the prefix."""
        return PREFIX + self.name

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its time series."""
        return tuple(self.full_name + ending for ending in _ENDINGS.get(self.type, ("",)))


RECEIVED = Metric(
    "received",
    "counter",
    "Occurrences that workers have accepted, repeats included.",
    ("level", "kind"),
    {"level": [level.name.lower() for level in Level], "kind": [kind.value for kind in Kind]},
)
DELIVERED = Metric("delivered", "counter", "Alerts that a webhook has taken.", ("webhook",))
FAILED = Metric(
    "failed",
    "counter",
    "Alerts that were given up, by the class of the reason.",
    ("webhook", "reason"),
    {"reason": ("refused", "server_error", "timeout", "unreachable", "expired", "poison", "not_drawn", "other")},
)
SUPPRESSED = Metric(
    "suppressed",
    "counter",
    "Occurrences that were counted and not sent, by the class of the reason.",
    ("webhook", "reason"),
    {"reason": ("repeat", "silenced", "inhibited", "other")},
)
ATTEMPTS = Metric(
    "attempts",
    "counter",
    "HTTP requests made to a webhook, by what became of them.",
    ("webhook", "outcome"),
    {"outcome": [verdict.value for verdict in Verdict]},
)
LATENCY = Metric(
    "delivery_latency_seconds",
    "histogram",
    "Time from the call that raised an alert until a webhook has taken it.",
    ("webhook",),
)
GATE_WAITS = Metric(
    "gate_waits",
    "counter",
    "Times that a worker found the gate of a webhook closed, and came back later.",
    ("webhook", "reason"),
    {"reason": ("limited", "cooling_down", "breaker_open")},
)
OUTBOX = Metric(
    "outbox_events",
    "counter",
    "Trouble in the processes that raise alerts: alerts dropped or spooled to disk, and failures.",
    ("event",),
    {"event": ("dropped", "unrecorded", "spooled", "torn", "publish_failures", "errors", "redaction_failures")},
)
MALFORMED = Metric("malformed", "counter", "Alerts of a batch that could not be read.")
PENDING = Metric("pending", "gauge", "Alerts owed to a webhook.", ("webhook",))
OLDEST_PENDING = Metric(
    "oldest_pending_seconds", "gauge", "How long the oldest alert has been owed to a webhook.", ("webhook",)
)
GATE_STATE = Metric(
    "gate_state",
    "gauge",
    "1 for the state that the gate of a webhook is in, 0 for the others.",
    ("webhook", "state"),
    {"state": ("open", "limited", "cooling_down", "breaker_open", "paused", "unknown")},
)
INCIDENTS = Metric(
    "incidents",
    "gauge",
    "Groups of alerts that are not resolved.",
    ("state",),
    {"state": ("open", "acknowledged")},
)
QUEUE_MESSAGES = Metric("queue_messages", "gauge", "Celery messages that wait in a queue of ours.", ("queue",))
SPOOL_FILES = Metric("spool_files", "gauge", "Files that wait in the spool of the machine that answers.")
SPOOL_BYTES = Metric("spool_bytes", "gauge", "Their size.")
WORKERS = Metric("workers", "gauge", "Celery workers whose heartbeat was heard lately.")
LAST_FLUSH = Metric("last_flush_timestamp_seconds", "gauge", "When beat's round last ran, in Unix time.")
FLUSH_INTERVAL = Metric("flush_interval_seconds", "gauge", "How long lies between two rounds of beat, by the settings.")
UP = Metric("up", "gauge", "1 if this part answered the scrape in time.", ("part",), {"part": PARTS})
BUILD = Metric("build_info", "gauge", "Always 1; the version of django-webhook-alerts.", ("version",))

METRICS = (
    RECEIVED, DELIVERED, FAILED, SUPPRESSED, ATTEMPTS, LATENCY, GATE_WAITS, OUTBOX, MALFORMED, PENDING,
    OLDEST_PENDING, GATE_STATE, INCIDENTS, QUEUE_MESSAGES, SPOOL_FILES, SPOOL_BYTES, WORKERS, LAST_FLUSH,
    FLUSH_INTERVAL, UP, BUILD,
)  # fmt: skip
COUNTED = (RECEIVED, DELIVERED, FAILED, SUPPRESSED, ATTEMPTS, GATE_WAITS, OUTBOX)
"""The counters that stand in the shared memory."""
