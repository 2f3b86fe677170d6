"""A long record in PostgreSQL, made by the server itself: thirty days of alerts, with all that belongs to them.

Two deliveries an alert, a message for each five of them, incidents of a hundred alerts, tallies as beat would have
counted them. What is owed now is the same whatever the history: a backlog of fresh deliveries and some retries.
"""

from __future__ import annotations

from typing import Any

DAYS = 30
PENDING = 2_000
"""Alerts, the newest, that are owed still and that no message carries."""
BATCH = 5
"""Alerts in one message."""
WEBHOOKS = ("errors", "info", "status")

_FUNCTIONS = f"""
CREATE FUNCTION bench_at(number bigint, total bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT (SELECT value FROM bench_now) - interval '{DAYS} days' * (1 - (number + 1)::float / total)
$$;
CREATE FUNCTION bench_id(at timestamptz, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(number % 4096), 3, '0')
    || '8' || lpad(to_hex(number), 15, '0'))::uuid
$$;
"""

_ALERTS = """
INSERT INTO webhook_alerts_alert (
  id, level, kind, logger, message, details, context, request, exception_type, stack_trace, fingerprint, occurrences,
  samples, first_seen, last_seen, module, function, line, correlation_id, environment, service, release, host, process,
  traceparent, received_at)
SELECT bench_id(at, i), CASE WHEN i % 100 = 3 THEN 50 WHEN i % 10 = 1 THEN 30 ELSE 40 END,
  CASE WHEN i % 50 = 7 THEN 'performance' WHEN i % 4 = 0 THEN 'log' ELSE 'error' END, 'shop.payments',
  'payment failed for order ' || i || ': the card issuer did not answer in time', '{{}}',
  jsonb_build_object('order', i, 'currency', 'EUR'), '{{}}', 'shop.errors.PaymentError',
  repeat('  File "/srv/shop/payments.py", line 12, in pay' || chr(10), 4), md5((i % {groups})::text), 1 + i % 3, '[]',
  at, at, 'payments', 'pay', 12, '', 'production', 'shop', '1.0', 'web-1', 'gunicorn', '', at
FROM generate_series(0, {alerts} - 1) AS i, LATERAL (SELECT bench_at(i, {alerts}) AS at) AS moment
"""

_MESSAGES = """
INSERT INTO webhook_alerts_message (
  id, webhook, state, body, files, due_at, attempts, deferrals, claims, digest, resend, before_resend,
  provider_message_id, reason, created_at, finished_at)
SELECT bench_id(at, 2 * b + w), {webhook}, {state},
  jsonb_build_object('content', 'payment failed for order ' || b || repeat(' and more', 20)), '[]',
  CASE WHEN {retry} THEN {now} - interval '1 minute' ELSE at END, CASE WHEN {retry} THEN 1 ELSE 0 END, 0, 1,
  false, false, '', '', '', CASE WHEN {retry} THEN {now} - interval '2 minutes' ELSE at END,
  CASE WHEN {retry} THEN NULL ELSE at END
FROM generate_series(0, ({alerts} - {pending}) / {batch} - 1) AS b, generate_series(0, 1) AS w,
  LATERAL (SELECT bench_at(b * {batch}, {alerts}) AS at) AS moment
"""

_ATTEMPTS = """
INSERT INTO webhook_alerts_attempt (
  id, message_id, webhook, started_at, duration_ms, status_code, outcome, error, response_excerpt, resend, update)
SELECT gen_random_uuid(), id, webhook, created_at, 120, CASE WHEN state = 'delivered' THEN 200 ELSE 500 END,
  CASE WHEN state = 'delivered' THEN 'delivered' ELSE 'retry' END, '', '', false, false
FROM webhook_alerts_message
"""

_DELIVERIES = """
INSERT INTO webhook_alerts_delivery (
  alert_id, webhook, state, level, reason, alone, message_id, created_at, owed_since, delivered_at, settled_at)
SELECT bench_id(at, i), {webhook}, state, CASE WHEN i % 100 = 3 THEN 50 WHEN i % 10 = 1 THEN 30 ELSE 40 END,
  CASE state WHEN 'failed' THEN 'HTTP 500' WHEN 'suppressed' THEN 'repeat: told again in 4 hours' ELSE '' END, false,
  CASE WHEN state <> 'suppressed' AND i < {alerts} - {pending}
    THEN bench_id(bench_at(b * {batch}, {alerts}), 2 * b + w) END,
  owed, owed, CASE WHEN state = 'delivered' THEN at + interval '1 s' * (i % 7) END,
  CASE WHEN state <> 'pending' THEN at + interval '1 s' * (i % 7) END
FROM generate_series(0, {alerts} - 1) AS i, generate_series(0, 1) AS w,
  LATERAL (SELECT bench_at(i, {alerts}) AS at, i / {batch} AS b) AS moment,
  LATERAL (SELECT CASE WHEN i >= {alerts} - {pending} THEN 'pending' WHEN {retry} THEN 'pending'
    WHEN i % 20 = 7 THEN 'suppressed' WHEN b % 100 = 0 THEN 'failed' ELSE 'delivered' END AS state) AS fate,
  LATERAL (SELECT CASE WHEN state = 'pending' THEN {now} - interval '2 minutes' ELSE at END AS owed) AS since
"""

_INCIDENTS = """
INSERT INTO webhook_alerts_incident (
  fingerprint, level, kind, title, logger, exception_type, labels, count, hours, first_seen, last_seen, state,
  state_since, state_by, opened_at, reopened, reopenings, flapping, told, told_at, told_level)
SELECT md5(g::text), CASE WHEN g % 20 = 3 THEN 50 ELSE 40 END, 'error', 'payment failed for order ' || g,
  'shop.payments', 'shop.errors.PaymentError', '{{"level": "error", "service": "shop"}}', 100,
  (SELECT jsonb_object_agg((extract(epoch FROM {now}) / 3600)::bigint - h, 1 + h % 5) FROM generate_series(0, 9) AS h),
  bench_at(g, {alerts}), bench_at({alerts} - {groups} + g, {alerts}),
  CASE WHEN g % 50 = 1 THEN 'acknowledged' WHEN g % 25 = 2 THEN 'open' ELSE 'resolved' END,
  bench_at(g, {alerts}), '', bench_at(g, {alerts}), 0, '[]', false, 1, bench_at(g, {alerts}), 40
FROM generate_series(0, {groups} - 1) AS g
"""

_TALLIES = """
INSERT INTO webhook_alerts_tally (start, seconds, webhook, measure, level, label, count)
SELECT date_bin(make_interval(secs => seconds), settled_at, 'epoch'), seconds, webhook, measure,
  CASE WHEN measure = 'latency' THEN 0 ELSE level END, label, count(*)
FROM webhook_alerts_delivery,
  LATERAL (
    SELECT CASE WHEN settled_at < date_trunc('hour', {now} - interval '2 days') THEN 3600 ELSE 300 END AS seconds
  ) AS age,
  LATERAL (
    SELECT state AS measure,
      CASE state WHEN 'failed' THEN 'server_error' WHEN 'suppressed' THEN 'repeat' ELSE '' END AS label
    UNION ALL
    SELECT 'latency', ceil(extract(epoch FROM delivered_at - created_at))::int::text WHERE state = 'delivered'
  ) AS what
WHERE settled_at IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6
"""

_ACTS = """
INSERT INTO webhook_alerts_act (id, at, actor, verb, target, target_id, details)
SELECT bench_id(at, i), at, CASE WHEN i % 2 = 0 THEN 'admin' ELSE '' END,
  CASE WHEN i % 10 = 0 THEN 'acknowledged' ELSE 'resolved' END, 'incident', md5((i % {groups})::text), '{{}}'
FROM generate_series(0, {alerts} / 200 - 1) AS i, LATERAL (SELECT bench_at(i, {alerts} / 200) AS at) AS moment
"""

_SILENCES = """
INSERT INTO webhook_alerts_silence (
  id, matchers, starts_at, ends_at, reason, created_at, created_by, ended_by, announce, remind_s, suppressed)
SELECT bench_id(at, i), '[{{"label": "logger", "operator": "=", "value": "shop.idle"}}]', at,
  CASE WHEN i > {alerts} / 2000 - 3 THEN {now} + interval '1 day' ELSE at + interval '1 hour' END,
  'maintenance ' || i, at, 'admin', '', false, 0, 5
FROM generate_series(0, {alerts} / 2000 - 1) AS i, LATERAL (SELECT bench_at(i, {alerts} / 2000) AS at) AS moment
"""


def build(connection: Any, alerts: int) -> None:
    """Fill the migrated, empty database of *connection* (psycopg's, autocommit) with the history of *alerts*."""
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET session_replication_role = replica")  # the rows are made to fit: no foreign key is checked
    connection.execute("CREATE TABLE bench_now AS SELECT now() AS value")
    connection.execute(_FUNCTIONS)
    retry = f"w = 0 AND b >= {(alerts - PENDING) // BATCH - 100}"
    blanks = {
        "alerts": alerts,
        "groups": max(1, alerts // 100),
        "pending": PENDING,
        "batch": BATCH,
        "now": "(SELECT value FROM bench_now)",
        "retry": retry,
        "webhook": f"CASE WHEN w = 0 THEN '{WEBHOOKS[0]}' WHEN b % 3 = 0 THEN '{WEBHOOKS[2]}' ELSE '{WEBHOOKS[1]}' END",
        "state": f"CASE WHEN {retry} THEN 'pending' WHEN b % 100 = 0 THEN 'failed' ELSE 'delivered' END",
    }
    for statement in (_ALERTS, _MESSAGES, _ATTEMPTS, _DELIVERIES, _INCIDENTS, _TALLIES, _ACTS, _SILENCES):
        connection.execute(statement.format(**blanks))
    connection.execute("VACUUM ANALYZE")
