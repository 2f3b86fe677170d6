"""A collector for any registry of ``prometheus_client``: ``REGISTRY.register(AlertsCollector())``.

It needs no multiprocess directory, whichever process it stands in: the counters of all are in the shared memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
except ImportError as error:
    raise ImportError(
        "Metrics need prometheus_client, which is not installed: pip install django-webhook-alerts[prometheus]"
    ) from error

import webhook_alerts
from webhook_alerts.conf import get_config
from webhook_alerts.metrics import catalogue, counters, readings
from webhook_alerts.metrics.catalogue import BUCKETS_S, COUNTED, METRICS
from webhook_alerts.metrics.readings import Memory, Readings, Record

_FAMILIES: Mapping[str, Any] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}
_BOUNDS = (*map(str, BUCKETS_S), "+Inf")


class AlertsCollector:
    """Collects what all processes of the project have counted, and what stands where now.

    A scrape takes two seconds at most and answers with what it has: ``webhook_alerts_up`` says which part is away.
    """

    def describe(self) -> Iterator[Metric]:
        """Every family, empty: whoever registers it need not wait for a scrape."""
        return (_family(metric) for metric in METRICS)

    def collect(self) -> Iterator[Metric]:
        """Every family. Never raises over what is away."""
        found = readings.take()
        yield _one(catalogue.BUILD, {(webhook_alerts.__version__,): 1})
        yield _one(catalogue.UP, {(part,): getattr(found, part) is not None for part in catalogue.PARTS})
        yield _one(catalogue.FLUSH_INTERVAL, {(): get_config().flush_interval})
        yield from _of_memory(found.redis)
        yield from _of_record(found.database)
        yield _one(catalogue.GATE_STATE, _gate_states(found))
        yield _one(catalogue.QUEUE_MESSAGES, {(name,): depth for name, depth in (found.broker or {}).items()})
        yield _one(catalogue.SPOOL_FILES, {(): found.spool.files} if found.spool else {})
        yield _one(catalogue.SPOOL_BYTES, {(): found.spool.bytes} if found.spool else {})


Labels = tuple[str, ...]


def _of_memory(memory: Memory | None) -> Iterator[Metric]:
    if memory is None:
        return  # no counter at all: zeros would look like a restart
    for metric in COUNTED:
        yield _one(metric, {**_zeros(metric), **_counted(metric, memory.counts)})
    yield _latency(memory.counts)
    yield _one(catalogue.MALFORMED, {(): memory.malformed})
    yield _one(catalogue.WORKERS, {(): memory.workers})
    yield _one(catalogue.LAST_FLUSH, {} if memory.flushed is None else {(): memory.flushed})


def _of_record(record: Record | None) -> Iterator[Metric]:
    if record is None:
        return
    owed = dict.fromkeys(get_config().webhooks, (0, 0.0)) | dict(record.pending)
    yield _one(catalogue.PENDING, {(name,): count for name, (count, _) in owed.items()})
    ages: dict[Labels, float] = {
        (name,): readings.age_s(since) if count else 0.0 for name, (count, since) in owed.items()
    }
    yield _one(catalogue.OLDEST_PENDING, ages)
    states: dict[Labels, float] = {(state,): count for state, count in record.incidents.items()}
    yield _one(catalogue.INCIDENTS, {**_zeros(catalogue.INCIDENTS), **states})


def _gate_states(found: Readings) -> dict[Labels, float]:
    states: dict[Labels, float] = {}
    for name in get_config().webhooks:
        state = found.redis.gates.get(name, "unknown") if found.redis else "unknown"
        if found.database and name in found.database.paused:
            state = "paused"
        for possible in catalogue.GATE_STATE.values["state"]:
            states[name, possible] = float(state == possible)
    return states


def _latency(counts: Mapping[str, int]) -> Metric:
    metric = catalogue.LATENCY
    family = HistogramMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    seen = {labels[0] for labels in _counted(metric, counts, depth=2)}
    for webhook in sorted({*get_config().webhooks, *seen}):
        total = 0
        buckets = []
        for bound in _BOUNDS:
            total += counts.get(counters.field(metric.name, webhook, bound), 0)
            buckets.append((bound, total))
        sum_s = counts.get(counters.field(counters.SUM_MS, webhook), 0) / 1000
        family.add_metric([webhook], buckets, sum_s)
    return family


def _zeros(metric: catalogue.Metric) -> dict[Labels, float]:
    """Every time series that can be foreseen: one that begins at 1 hides its first increase."""
    known = {**metric.values, "webhook": list(get_config().webhooks)}
    return dict.fromkeys(product(*(known[label] for label in metric.labels)), 0.0)


def _counted(metric: catalogue.Metric, counts: Mapping[str, int], depth: int | None = None) -> dict[Labels, float]:
    """What stands in the hash for *metric*, by its labels, *depth* of them."""
    found: dict[Labels, float] = {}
    for field, value in counts.items():
        name, *labels = field.split("|")
        if name == metric.name and len(labels) == (len(metric.labels) if depth is None else depth):
            found[tuple(labels)] = float(value)
    return found


def _one(metric: catalogue.Metric, samples: Mapping[Labels, float]) -> Metric:
    family = _family(metric)
    for labels, value in sorted(samples.items()):
        family.add_metric(list(labels), float(value))
    told: Metric = family
    return told


def _family(metric: catalogue.Metric) -> Any:
    return _FAMILIES[metric.type](metric.full_name, metric.help, labels=metric.labels)
