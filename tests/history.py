"""A long record, written by PostgreSQL itself: alerts by the million in minutes, for what must not grow with them.

Two deliveries an alert, a message for each five of them, an attempt for each message, incidents, tallies as beat would
have counted them, and what operators did. What is owed now is the same whatever the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, connections, transaction
from psycopg import sql

WEBHOOKS = ("errors", "info")
DAYS = 29
"""The alerts are spread evenly over so many days, within retention, however many they are: more of them is busier."""
BATCH = 5
"""Alerts in one message."""
OWED = 400
"""The newest alerts, which no message carries yet."""
AGAIN = 20
"""Messages to each webhook, the newest, that are to be sent again; as many others have a counter to be updated."""
NOISY = "noisy"
"""The fingerprint of one alert in ten."""
UNRESOLVED = 40
"""Incidents that are open, the latest: older ones have been quiet for long."""

_FUNCTIONS = f"""
CREATE FUNCTION pg_temp.moment(n bigint, total bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT now() - interval '{DAYS} days' * (total - n)::float / total - interval '5 seconds'
$$;
CREATE FUNCTION pg_temp.v7(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(mod(n, 4096)), 3, '0')
    || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;
"""
_LEVEL = "CASE WHEN mod(n, 100) = 3 THEN 50 WHEN mod(n, 10) = 1 THEN 30 WHEN mod(n, 10) = 2 THEN 20 ELSE 40 END"

_ALERTS = f"""
INSERT INTO webhook_alerts_alert (id, level, kind, logger, message, details, context, request, exception_type,
  stack_trace, fingerprint, occurrences, samples, first_seen, last_seen, module, function, line, correlation_id,
  environment, service, release, host, process, traceparent, received_at)
SELECT pg_temp.v7(at, n), {_LEVEL}, CASE WHEN mod(n, 50) = 7 THEN 'performance' WHEN mod(n, 4) = 0 THEN 'log'
  ELSE 'error' END,
  'shop.payments', 'Payment ' || n || ' failed: the provider did not answer in time', '{{}}',
  jsonb_build_object('order', n, 'customer', md5(n::text)), '{{}}', 'shop.payments.ProviderTimeoutError',
  repeat('  File "/srv/shop/payments.py", line 42, in charge' || chr(10), 12),
  CASE WHEN mod(n, 10) = 0 THEN '{NOISY}' ELSE md5((n / %(each)s)::text) END,
  CASE WHEN mod(n, 10) = 1 THEN 7 ELSE 1 END, '[]', at, at, 'payments', 'charge', 42, '', 'production', 'shop',
  '2026.11', 'web-1', 'gunicorn', '', at
FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT pg_temp.moment(n, %(count)s) AS at) AS moment
"""

_MESSAGES = f"""
INSERT INTO webhook_alerts_message (id, webhook, state, body, files, due_at, attempts, deferrals, claims, digest,
  resend, before_resend, provider_message_id, reason, created_at, finished_at)
SELECT pg_temp.v7(at, 2 * b + w), (%(webhooks)s::text[])[1 + w], state,
  jsonb_build_object('content', repeat('it broke ', 60)), '[]', at, CASE state WHEN 'failed' THEN 5 ELSE 0 END, 0, 1,
  false, false, '', b::text, CASE state WHEN 'failed' THEN 'HTTP 503' ELSE '' END, at, at + interval '2 seconds'
FROM generate_series(0, (%(count)s - {OWED}) / {BATCH} - 1) AS b, generate_series(0, 1) AS w,
  LATERAL (SELECT pg_temp.moment({BATCH} * b + 1, %(count)s) AS at,
    CASE WHEN mod(b, 50) = 0 THEN 'failed' ELSE 'delivered' END AS state) AS made
"""

_DELIVERIES = f"""
INSERT INTO webhook_alerts_delivery (alert_id, webhook, state, level, reason, alone, message_id, created_at,
  owed_since, delivered_at, settled_at)
SELECT pg_temp.v7(at, n), (%(webhooks)s::text[])[1 + w], state, {_LEVEL},
  CASE state WHEN 'failed' THEN 'HTTP 503' WHEN 'suppressed' THEN 'repeat: told again in 42 minutes' ELSE '' END,
  false, CASE WHEN state IN ('delivered', 'failed')
    THEN pg_temp.v7(pg_temp.moment({BATCH} * b + 1, %(count)s), 2 * b + w) END,
  at, at, CASE state WHEN 'delivered' THEN ended END, CASE WHEN state <> 'pending' THEN ended END
FROM generate_series(1, %(count)s) AS n, generate_series(0, 1) AS w,
  LATERAL (SELECT pg_temp.moment(n, %(count)s) AS at, (n - 1) / {BATCH} AS b) AS made,
  LATERAL (SELECT CASE WHEN n > %(count)s - {OWED} THEN 'pending'
      WHEN mod(n, 5) = 4 AND n <= %(count)s - {OWED + AGAIN * BATCH} THEN 'suppressed'
      WHEN mod(b, 50) = 0 THEN 'failed' ELSE 'delivered' END AS state,
    at + interval '1 second' * (1 + mod(n, 6)) AS ended) AS fate
"""

_AGAIN = (
    f"""UPDATE webhook_alerts_message SET state = 'pending', due_at = now(), created_at = now(), finished_at = NULL
    WHERE id IN (SELECT id FROM webhook_alerts_message ORDER BY id DESC LIMIT {AGAIN * len(WEBHOOKS)})""",
    """UPDATE webhook_alerts_delivery AS d SET state = 'pending', settled_at = NULL, delivered_at = NULL
    FROM webhook_alerts_message AS m WHERE m.id = d.message_id AND m.state = 'pending'""",
    f"""UPDATE webhook_alerts_message SET update_due_at = now()
    WHERE id IN (SELECT id FROM webhook_alerts_message WHERE state = 'delivered' ORDER BY id DESC
      LIMIT {AGAIN * len(WEBHOOKS)})""",
)

_ATTEMPTS = """
INSERT INTO webhook_alerts_attempt (id, message_id, webhook, started_at, duration_ms, status_code, outcome, error,
  response_excerpt, resend, update)
SELECT gen_random_uuid(), id, webhook, created_at, 180, CASE state WHEN 'delivered' THEN 200 ELSE 503 END,
  CASE state WHEN 'delivered' THEN 'delivered' ELSE 'refused' END, reason, '', false, false
FROM webhook_alerts_message
"""

_INCIDENTS = f"""
INSERT INTO webhook_alerts_incident (fingerprint, level, kind, title, logger, exception_type, labels, count, hours,
  first_seen, last_seen, state, state_since, state_by, opened_at, reopened, reopenings, flapping, told, told_level)
SELECT fingerprint, max(level), 'log', 'Payment failed', 'shop.payments', 'ProviderTimeoutError', '{{}}',
  sum(occurrences), jsonb_build_object(((extract(epoch from max(last_seen)) / 3600)::bigint)::text, 3),
  min(first_seen), max(last_seen), CASE WHEN row_number() OVER (ORDER BY max(last_seen) DESC) > {UNRESOLVED}
    THEN 'resolved' ELSE 'open' END, max(last_seen), '', min(first_seen), 0, '[]', false, 1, 40
FROM webhook_alerts_alert WHERE level > 20 GROUP BY fingerprint
"""

_TALLIES = """
INSERT INTO webhook_alerts_tally (start, seconds, webhook, measure, level, label, count)
SELECT date_bin(make_interval(secs => seconds), settled_at, 'epoch'), seconds, webhook, measure,
  CASE measure WHEN 'latency' THEN 0 ELSE level END, label, count(*)
FROM webhook_alerts_delivery,
  LATERAL (SELECT CASE WHEN settled_at < date_trunc('hour', now() - interval '2 days') THEN 3600 ELSE 300 END AS seconds
  ) AS age,
  LATERAL (
    SELECT state AS measure, CASE state WHEN 'failed' THEN 'server_error' WHEN 'suppressed' THEN 'repeat' ELSE '' END
      AS label
    UNION ALL
    SELECT 'latency', extract(epoch FROM delivered_at - created_at)::int::text WHERE state = 'delivered'
  ) AS what
WHERE settled_at < date_bin('5 minutes', now() - interval '1 minute', 'epoch')
GROUP BY 1, 2, 3, 4, 5, 6
"""

_OTHERS = (
    """INSERT INTO webhook_alerts_repeat (source, alert_id, total, created_at)
    SELECT id, id, occurrences, received_at FROM webhook_alerts_alert WHERE occurrences > 1""",
    """INSERT INTO webhook_alerts_act (id, at, actor, verb, target, target_id, details)
    SELECT pg_temp.v7(last_seen, row_number() OVER ()), last_seen, CASE state WHEN 'resolved' THEN '' ELSE 'ana' END,
      CASE state WHEN 'resolved' THEN 'resolved' ELSE 'acknowledged' END, 'incident', fingerprint, '{}'
    FROM webhook_alerts_incident""",
    """INSERT INTO webhook_alerts_silence (id, matchers, starts_at, ends_at, reason, created_at, created_by, ended_by,
      announce, remind_s, suppressed)
    SELECT pg_temp.v7(at, n), '["logger = shop.idle"]', at,
      CASE WHEN n > total - 2 THEN now() + interval '1 day' ELSE at + interval '1 hour' END, 'maintenance ' || n, at,
      'ana', '', false, 0, 5
    FROM (SELECT greatest(60, %(count)s / 2000) AS total) AS many, generate_series(1, total) AS n,
      LATERAL (SELECT pg_temp.moment(n, total) AS at) AS made""",
)


def build(count: int, each: int = 20) -> None:
    """So many alerts in an empty, migrated PostgreSQL database, each owed to two webhooks, and what belongs to them.

    An incident has about *each* of them, one after the other, but for one that has a tenth of all and does not end.
    Planner statistics are up to date afterwards.
    """
    values = {"count": count, "each": each, "webhooks": list(WEBHOOKS)}
    with connection.cursor() as cursor:
        # One transaction has one time, from which all identifiers are made. What refers to what is right by the way
        # it is made: checking it would take longer than writing.
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(_FUNCTIONS)
            for statement in (_ALERTS, _MESSAGES, _DELIVERIES, *_AGAIN, _ATTEMPTS, _INCIDENTS, _TALLIES, *_OTHERS):
                cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def database(name: str, *, host: str, port: int | str, user: str) -> Iterator[dict[str, Any]]:
    """The settings of a PostgreSQL database of that *name*, empty and migrated, for the length of the block.

    One that is there already is replaced, and none is left.
    """
    settings = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "HOST": host, "PORT": str(port), "USER": user}
    with psycopg.connect(host=host, port=port, user=user, dbname="postgres", autocommit=True) as server:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with default(settings):
                call_command("migrate", verbosity=0)
            yield settings
        finally:
            server.execute(drop)


@contextmanager
def default(settings: dict[str, Any]) -> Iterator[None]:
    """Django's database, in this thread and in every one that begins in the block, is that of the *settings*."""
    before, own = connections.settings["default"], connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": settings})["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"], connections["default"] = before, own
