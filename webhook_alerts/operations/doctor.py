"""What is missing between ``logger.error`` and the channel, looked for along the way that an alert takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import redis
from django.core.checks import run_checks
from django.db import DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string
from kombu import Connection

from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Channel, Verdict
from webhook_alerts.conf import Config, Webhook, get_config
from webhook_alerts.delivery import transport
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.health import workers
from webhook_alerts.models import Alert
from webhook_alerts.outbox.broker import CRITICAL_QUEUE, QUEUE, Broker, app
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.overrides import standing
from webhook_alerts.shared_memory import FLUSHED, client

PATIENCE_S = 2.0
"""How long each answer of a broker, a worker or a webhook is waited for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, whether it is well, what was seen, and what to do if it is not."""

    name: str
    well: bool
    seen: str
    hint: str = ""


def examine(now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Every finding, in the order in which an alert passes. Nothing is sent to anybody."""
    config = get_config()
    yield from _settings(config)
    yield from _overrides()
    yield _handler()
    yield _spool(config)
    broker = _broker()
    yield broker
    if broker.well:
        yield from _workers()
    yield _memory()
    yield _beat(config, now())
    yield database()
    for webhook in config.webhooks.values():
        yield _webhook(webhook)


def _settings(config: Config) -> Iterator[Finding]:
    """Our system checks, and whether anything can be sent at all."""
    wrong = [found for found in run_checks() if str(found.id).startswith("webhook_alerts.")]
    for found in wrong:
        yield Finding(f"settings {found.id}", not found.is_serious(), str(found.msg), str(found.hint or ""))
    if not wrong:
        # With the channels, for a URL on a host that is not the service's own is taken for a webhook of one's own.
        named = ", ".join(f"{webhook.name} ({webhook.channel})" for webhook in config.webhooks.values())
        yield Finding("settings", True, f"sound; webhooks: {named}")


def _overrides() -> Iterator[Finding]:
    """What operators have set over the settings, and what is wrong with it."""
    try:
        found = standing.standing()
    except DatabaseError:
        return  # which is told below
    for problem in get_config().override_problems:
        yield Finding(f"override {problem.id}", problem.id.startswith("W"), problem.message, problem.hint)
    if found:
        yield Finding("overrides", True, "; ".join(map(str, found)))


def _handler() -> Finding:
    """Is our handler on a logger? A remark, for ``notify`` works without, and some want no more."""
    loggers = [logging.root, *(found for found in logging.root.manager.loggerDict.values())]
    on = [
        found.name
        for found in loggers
        if isinstance(found, logging.Logger) and any(isinstance(h, WebhookAlertHandler) for h in found.handlers)
    ]
    if on:
        return Finding("logging", True, f"the handler is on: {', '.join(on)}")
    hint = "Put webhook_alerts.handlers.WebhookAlertHandler into LOGGING, on the root logger for example."
    seen = f"no logger has our handler, so that notify raises alerts and logger.error does not. To change that: {hint}"
    return Finding("logging", True, seen, hint)


def _spool(config: Config) -> Finding:
    found = Spool(config.spool_dir).summary()
    if "error" in found:
        hint = f"Let the user of every process read and write {config.spool_dir}."
        return Finding("spool", False, f"cannot be read: {found['error']}", hint)
    if found["alerts"]:
        hint = (
            "They leave by themselves when the broker answers and a process with alerts runs; or: alerts spool --replay"
        )
        return Finding("spool", False, f"alerts waiting on disk: {found['alerts']}", hint)
    return Finding("spool", True, "empty")


def _broker() -> Finding:
    broker, where = Broker(), "the broker's URL"
    try:
        where = address(app().connection_for_write())
        depth, critical = broker.depth(QUEUE), broker.depth(CRITICAL_QUEUE)
    except Exception as error:  # noqa: BLE001 - whatever a transport raises, the broker does not answer
        hint = "Start it, or mend CELERY_BROKER_URL. Until then alerts wait in the spool."
        return Finding("broker", False, f"does not answer at {where}: {type(error).__name__}", hint)
    finally:
        broker.close()
    seen = f"answers at {where}; batches waiting in the queue {QUEUE}: {depth}, in {CRITICAL_QUEUE}: {critical}"
    return Finding("broker", True, seen)


def address(broker: Connection) -> str:
    """Where it is, so that one sees whether it is the workers' one; nothing that may hold a password."""
    host = str(broker.hostname or "localhost")
    if "/" in host or "@" in host:  # some transports keep their URL whole
        return str(broker.transport_cls)
    port = f":{broker.port}" if broker.port else ""
    return f"{broker.transport_cls}://{host}{port}/{str(broker.virtual_host or '').lstrip('/')}"


def _workers() -> Iterator[Finding]:
    """Does a living worker consume each of our queues? By the heartbeats, and by asking where those do not say."""
    try:
        heard = workers.workers()
    except redis.RedisError:
        heard = []
    for silent in (worker for worker in heard if not worker.is_alive):
        hint = "Start it again if it should run. A worker of the solo pool is silent while it runs a task."
        yield Finding(f"worker {silent.name}", True, f"silent for {silent.age_s:.0f} s", hint)
    alive = {worker.name for worker in heard if worker.is_alive}
    missing = set(workers.unserved(heard, workers.wanted_queues()))
    if missing:
        try:
            answered: Mapping[str, Any] = app().control.inspect(timeout=PATIENCE_S).active_queues() or {}
        except Exception as error:  # noqa: BLE001 - the broker went away in between, or answers nonsense
            yield Finding("workers", False, f"could not be asked: {type(error).__name__}", "Run it again.")
            return
        alive |= set(answered)
        missing -= {queue["name"] for queues in answered.values() for queue in queues}
    names = ", ".join(name for name in workers.wanted_queues() if name in missing)
    if not alive:
        hint = "Start one: celery -A yourproject worker. If one runs, it uses another broker. Until then alerts wait."
        yield Finding("workers", False, "none is alive", hint)
    elif missing:
        hint = (
            f"Add -Q {names.replace(', ', ',')} to a worker, or start one without -Q; "
            "restart workers after adding a webhook."
        )
        yield Finding("workers", False, f"nobody serves {names}", hint)
    else:
        yield Finding("workers", True, f"every queue is served by {', '.join(sorted(alive))}")


def _memory() -> Finding:
    try:
        client().ping()
    except redis.RedisError as error:
        hint = 'Start Redis, or mend WEBHOOK_ALERTS["REDIS_URL"]. Delivery goes on at a rate counted in the database.'
        return Finding("redis", False, f"does not answer: {type(error).__name__}", hint)
    return Finding("redis", True, "answers")


def _beat(config: Config, now: float) -> Finding:
    hint = (
        "Start it: celery -A yourproject beat. Without it only critical alerts and full batches are sent. "
        f"If it has just started, ask again in {config.flush_interval:g} s."
    )
    try:
        flushed: Any = client().get(FLUSHED)
    except redis.RedisError:
        return Finding("beat", False, "cannot be told while Redis is away", hint)
    if flushed is None:
        return Finding("beat", False, "has never flushed", hint)
    age = now - float(flushed)
    return Finding("beat", age < 3 * config.flush_interval + 5, f"flushed {age:.0f} s ago", hint)


def database() -> Finding:
    """Is the database there, with our tables?"""
    connection = connections[router.db_for_write(Alert)]
    try:
        executor = MigrationExecutor(connection)
        targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] == Alert._meta.app_label]
        missing = executor.migration_plan(targets)
    except DatabaseError as error:
        hint = "Start it, or mend DATABASES. Until then critical alerts go out without a record."
        return Finding("database", False, f"does not answer: {type(error).__name__}", hint)
    if missing:
        seen = f"lacks our migrations: {', '.join(migration.name for migration, _ in missing)}"
        return Finding("database", False, seen, "Run: manage.py migrate")
    return Finding("database", True, "answers, and is migrated")


def _webhook(webhook: Webhook) -> Finding:
    """Ask the service whether the webhook is there, where it has a way to be asked; never sends anything."""
    name = f"webhook {webhook.name}"
    try:
        state = gate_for(webhook).state()
    except DatabaseError:  # which has been told; whether the webhook is there can be asked all the same
        state = {"state": "unknown", "reason": ""}
    if state["state"] == "paused":
        return Finding(name, False, f"paused: {state['reason']}", f"Mend its URL, or: alerts resume {webhook.name}")
    channel = registry.get(webhook.channel)
    if "https" not in channel.schemes:
        return _asked(name, webhook, channel, state["state"])
    try:
        # Without a way to ask, its host is enough: what stands in the query is the secret of some services.
        url = channel.probe(webhook.url) or channel.endpoint(webhook.url).partition("?")[0]
        answer = transport.get(url, timeout=PATIENCE_S, allow_private=get_config().allow_private_networks)
    except transport.TransportError as error:
        return Finding(name, False, f"cannot be reached: {error.reason}", "See that this machine may reach its host.")
    if channel.probe(webhook.url) and not 200 <= answer.status < 300:
        return Finding(name, False, f"answers {answer.status}", "Make a new webhook and put its URL into the settings.")
    return Finding(name, True, f"answers {answer.status}, gate {state['state']}")


def _asked(name: str, webhook: Webhook, channel: Channel, gate: str) -> Finding:
    """The same where no HTTP goes, by what the channel asks with."""
    if not channel.asker:
        return Finding(name, True, f"cannot be asked without sending, gate {gate}")
    hint = f"Mend what carries it; docs/channels.md says of {webhook.channel} what that is."
    try:
        answer = import_string(channel.asker)(webhook.url, timeout=PATIENCE_S)
    except transport.TransportError as error:
        return Finding(name, False, f"cannot be reached: {error.reason}", hint)
    outcome = channel.classify(answer)
    if outcome.verdict is not Verdict.DELIVERED:
        return Finding(name, False, f"would not take it: {outcome.reason}", hint)
    return Finding(name, True, f"answers, gate {gate}")
