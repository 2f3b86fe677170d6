"""PostgreSQL finds what is owed, looked up or listed by an index, however much has ended before."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import everyday, history
from webhook_alerts.models import Act, Alert, Attempt, Delivery, Incident, Message
from webhook_alerts.silencing import current

ALERTS = 40_000
"""Enough for the planner to choose an index for each row that is looked for."""
_EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_LARGE = {model._meta.db_table for model in (Act, Alert, Attempt, Delivery, Incident, Message)}


@pytest.fixture(scope="module")
def record(django_db_blocker, postgres_server) -> Iterator[None]:
    """The history in a PostgreSQL of this process's own."""
    with (
        django_db_blocker.unblock(),
        history.database(f"webhook_alerts_plans_{os.getpid()}", **postgres_server) as settings,
        history.default(settings),
    ):
        history.build(ALERTS, each=4)
        User.objects.create_superuser("operator")
        yield


@pytest.fixture(autouse=True)
def _configured(record, configure, discord) -> None:
    configure(**everyday.options(discord.url("errors")))
    current.forget()


def plans(work: Callable[[], object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What *work*, which is rolled back, asks for, and how PostgreSQL would find it."""
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        work()
        asked = [query["sql"] for query in captured.captured_queries]
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        for sql in filter(_EXPLAINED.match, asked):
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
            ((planned,),) = cursor.fetchall()
            yield sql, planned[0]["Plan"]


def sequential_scans(work: Callable[[], object]) -> list[str]:
    """The sequential scans over our large tables."""
    return [f"{table}: {sql}" for sql, plan in plans(work) for table in _read_whole(plan)]


def put_together(plan: dict[str, Any]) -> bool:
    """Does *plan* look for all that is in two indexes, before it takes the first of it?"""
    return plan["Node Type"] == "BitmapAnd" or any(map(put_together, plan.get("Plans", ())))


def _read_whole(plan: dict[str, Any], *, is_limited: bool = False) -> Iterator[str]:
    """The large tables that *plan* reads from end to end; the first rows of one, whichever they are, cost nothing."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in _LARGE and ("Filter" in plan or not is_limited):
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _read_whole(part, is_limited=plan["Node Type"] == "Limit")


@pytest.mark.parametrize("name", everyday.WORK)
def test_what_workers_and_beat_do_reads_no_table_from_end_to_end(name):
    assert not sequential_scans(everyday.WORK[name])


def test_no_page_reads_a_table_from_end_to_end():
    """But a search for words, or for what comes all the time: it reads a certain number of rows, here all there are."""
    browser = Client()
    browser.force_login(User.objects.get())
    for name, address in everyday.pages():
        if "words" not in name and "frequent" not in name:
            assert not sequential_scans(partial(browser.get, address)), name


def test_what_is_filtered_by_level_and_outcome_is_found_in_its_order():
    browser = Client()
    browser.force_login(User.objects.get())
    pages = {name: address for name, address in everyday.pages() if "failed, level" in name}
    assert len(pages) == 2
    for name, address in pages.items():
        assert not [sql for sql, plan in plans(partial(browser.get, address)) if put_together(plan)], name


@pytest.mark.parametrize(("index", "name"), [("wa_delivery_settled", "prune"), ("wa_alert_fingerprint", "acknowledge")])
def test_without_its_index_a_table_is_read_from_end_to_end(index, name):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        assert sequential_scans(everyday.WORK[name])
        transaction.set_rollback(True)
