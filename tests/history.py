"""A long history, written by PostgreSQL itself: alerts by the million in minutes, for what must not grow with them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction

WEBHOOKS = ("errors", "info")
DAYS = 29
"""The alerts are spread evenly over so many days, within retention, however many they are: more of them is busier."""
OWED = 400
"""Deliveries to each webhook that no message carries yet, and a tenth as many messages that are due."""
NOISY = "noisy"
"""The fingerprint of one alert in ten; the others' incidents have twenty alerts each."""

_ID = """(lpad(to_hex((extract(epoch from {at}) * 1000)::bigint), 12, '0') || '7' || substr(md5({key}), 1, 3)
  || '8' || substr(md5({key}), 4, 15))::uuid"""
"""A version 7 identifier: it begins with its time."""
_AT = "now() - interval '1 day' * {days} * ({count} - n) / {count} - interval '5 seconds'"
_FINGERPRINT = f"CASE WHEN n % 10 = 0 THEN '{NOISY}' ELSE left(md5((n % greatest(1, {{count}} / 20))::text), 32) END"

_ALERTS = """
INSERT INTO webhook_alerts_alert (id, level, kind, logger, message, details, context, request, exception_type,
  stack_trace, fingerprint, occurrences, samples, first_seen, last_seen, module, function, line, correlation_id,
  environment, service, release, host, process, traceparent, received_at)
SELECT {id}, (array[20, 30, 40, 40, 40, 50])[1 + n % 6], (array['log', 'error'])[1 + n % 2], 'shop.payments',
  'Payment ' || n || ' failed: the provider did not answer in time', '{{}}',
  jsonb_build_object('order', n, 'customer', md5(n::text)), '{{}}', 'shop.payments.ProviderTimeoutError',
  repeat('  File "/srv/shop/payments.py", line 42, in charge' || chr(10), 12), {fingerprint},
  CASE WHEN n % 10 = 1 THEN 7 ELSE 1 END, '[]', at, at, 'payments', 'charge', 42, '', 'production', 'shop',
  '2026.11', 'web-1', 'gunicorn', '', at
FROM (SELECT n, {at} AS at FROM generate_series(1, {count}) AS n) AS made
"""
_MESSAGES = """
INSERT INTO webhook_alerts_message (id, webhook, state, body, files, due_at, attempts, deferrals, claims, digest,
  resend, before_resend, provider_message_id, reason, created_at, finished_at)
SELECT {id}, '{webhook}', state, jsonb_build_object('content', repeat('it broke ', 60)), '[]', at,
  CASE state WHEN 'failed' THEN 5 ELSE 0 END, 0, 1, false, false, '', n::text,
  CASE state WHEN 'failed' THEN 'HTTP 503' ELSE '' END, at, at + interval '2 seconds'
FROM (SELECT n, {at} AS at, CASE WHEN n % 50 = 1 THEN 'failed' ELSE 'delivered' END AS state
      FROM generate_series(1, {count}, 5) AS n) AS made
"""
_ATTEMPTS = """
INSERT INTO webhook_alerts_attempt (id, message_id, webhook, started_at, duration_ms, status_code, outcome, error,
  response_excerpt, resend, update)
SELECT gen_random_uuid(), id, webhook, created_at, 180, CASE state WHEN 'failed' THEN 503 ELSE 200 END,
  CASE state WHEN 'failed' THEN 'refused' ELSE 'delivered' END, reason, '', false, false
FROM webhook_alerts_message
"""
_DELIVERIES = """
INSERT INTO webhook_alerts_delivery (alert_id, webhook, state, level, reason, alone, message_id, created_at,
  owed_since, delivered_at, settled_at)
SELECT id, '{webhook}', state, (array[20, 30, 40, 40, 40, 50])[1 + n % 6],
  CASE state WHEN 'failed' THEN 'HTTP 503' WHEN 'suppressed' THEN 'repeat: told again in 42 minutes' ELSE '' END,
  false, CASE WHEN state = 'suppressed' THEN NULL ELSE message END, at, at,
  CASE state WHEN 'delivered' THEN at + interval '2 seconds' END, at + interval '2 seconds'
FROM (SELECT n, {at} AS at, {id} AS id, {message} AS message,
        CASE WHEN n % 5 = 4 THEN 'suppressed' WHEN (n - 1) / 5 % 10 = 0 THEN 'failed' ELSE 'delivered' END AS state
      FROM generate_series(1, {count}) AS n) AS made
"""
_INCIDENTS = """
INSERT INTO webhook_alerts_incident (fingerprint, level, kind, title, logger, exception_type, labels, count, hours,
  first_seen, last_seen, state, state_since, state_by, opened_at, reopened, reopenings, flapping, told, told_level)
SELECT fingerprint, max(level), 'log', 'Payment failed', 'shop.payments', 'ProviderTimeoutError', '{{}}',
  sum(occurrences), jsonb_build_object(((extract(epoch from max(last_seen)) / 3600)::bigint)::text, 3),
  min(first_seen), max(last_seen), (array['open', 'acknowledged', 'resolved', 'resolved', 'resolved'])[
    1 + (('x' || left(md5(fingerprint), 4))::bit(16)::int % 5)], max(last_seen), '', min(first_seen), 0, '[]',
  false, 1, 40
FROM webhook_alerts_alert GROUP BY fingerprint
"""
_TALLIES = """
INSERT INTO webhook_alerts_tally (start, seconds, webhook, measure, level, label, count)
SELECT date_trunc('hour', settled_at), 3600, webhook, state, level, split_part(reason, ':', 1), count(*)
FROM webhook_alerts_delivery WHERE settled_at < date_trunc('hour', now() - interval '2 days') GROUP BY 1, 3, 4, 5, 6
"""
_OTHERS = (
    """INSERT INTO webhook_alerts_repeat (source, alert_id, total, created_at)
    SELECT id, id, 7, received_at FROM webhook_alerts_alert WHERE occurrences > 1""",
    """INSERT INTO webhook_alerts_act (id, at, actor, verb, target, target_id, details)
    SELECT gen_random_uuid(), first_seen, 'ana', 'acknowledged', 'incident', fingerprint, '{{}}'
    FROM webhook_alerts_incident""",
)
_OWED = (
    f"""UPDATE webhook_alerts_delivery SET state = 'pending', message_id = NULL, reason = '', settled_at = NULL,
      delivered_at = NULL, created_at = now(), owed_since = now()
    WHERE id IN (SELECT id FROM webhook_alerts_delivery WHERE webhook = '{{webhook}}' ORDER BY id DESC LIMIT {OWED})""",
    f"""UPDATE webhook_alerts_message SET state = 'pending', due_at = now(), created_at = now(), finished_at = NULL
    WHERE id IN (SELECT id FROM webhook_alerts_message WHERE webhook = '{{webhook}}' ORDER BY id DESC
      OFFSET {OWED // 5} LIMIT {OWED // 10})""",
    """UPDATE webhook_alerts_delivery AS d SET state = 'pending', settled_at = NULL, delivered_at = NULL
    FROM webhook_alerts_message AS m WHERE m.id = d.message_id AND m.state = 'pending'""",
    f"""UPDATE webhook_alerts_message SET update_due_at = now()
    WHERE id IN (SELECT id FROM webhook_alerts_message WHERE webhook = '{{webhook}}' AND state = 'delivered'
      ORDER BY id DESC LIMIT {OWED // 10})""",
)


def build(count: int) -> None:
    """So many alerts in an empty, migrated PostgreSQL database, each owed to two webhooks, and what belongs to them.

    The same is owed whatever the *count*. Planner statistics are up to date afterwards.
    """
    with connection.cursor() as cursor:
        # One transaction has one time, from which all identifiers are made. What refers to what is right by the way
        # it is made: checking it would take longer than writing.
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            for statement in _statements(count):
                cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def _statements(count: int) -> Iterator[str]:
    at = _AT.format(days=DAYS, count=count)
    alert = _ID.format(at="at", key="n::text")
    yield _ALERTS.format(id=alert, fingerprint=_FINGERPRINT.format(count=count), at=at, count=count)
    for webhook in WEBHOOKS:
        message = _ID.format(at="at", key=f"('{webhook}' || n)")
        yield _MESSAGES.format(id=message, webhook=webhook, at=at, count=count)
    for webhook in WEBHOOKS:
        first = "(n - (n - 1) % 5)"
        carrier = _ID.format(at=at.replace("- n)", f"- {first})"), key=f"('{webhook}' || {first})")
        own = _ID.format(at=at, key="n::text")
        yield _DELIVERIES.format(webhook=webhook, at=at, id=own, message=carrier, count=count)
    for webhook in WEBHOOKS:
        yield from (statement.format(webhook=webhook) for statement in _OWED)
    yield _ATTEMPTS
    yield _INCIDENTS.format()
    yield _TALLIES
    yield from (statement.format() for statement in _OTHERS)
