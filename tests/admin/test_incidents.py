"""Incidents in the admin: seen at a glance, found fast, and acted upon by who may, once."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import history
from webhook_alerts import audit
from webhook_alerts.admin import incident_acts, paginator
from webhook_alerts.admin.links import incident as address
from webhook_alerts.models import Act, Alert, Incident

pytestmark = pytest.mark.django_db
LIST = "/admin/webhook_alerts/incident/"
ACTS = ("acknowledge_incident", "resolve_incident")


@pytest.fixture
def viewer(browse) -> Client:
    return browse("view_incident")


@pytest.fixture
def operator(browse) -> Client:
    return browse("view_incident", *ACTS)


def incidents(many: int, **values: Any) -> list[Incident]:
    now = timezone.now()
    made = []
    for _ in range(many):
        number = Incident.objects.count()
        made.append(
            Incident.objects.create(
                **{
                    "fingerprint": f"f{number}", "level": 40, "kind": "log", "title": f"it broke {number}",
                    "first_seen": now - timedelta(days=3), "last_seen": now - timedelta(minutes=number), **values,
                }
            )
        )  # fmt: skip
    return made


def keys(page: Any) -> list[str]:
    return [row.pk for row in page.context["cl"].result_list]


def states() -> list[str]:
    return list(Incident.objects.order_by("pk").values_list("state", flat=True))


# Looking


def test_a_row_says_how_it_stands_how_often_and_who_has_it(errors, viewer):
    hour = int(time.time() // 3600)
    incidents(1, state="acknowledged", state_by="ana", count=1234, reopened=2, hours={str(hour): 30, str(hour - 5): 4})
    text = viewer.get(LIST).text
    assert "acknowledged</span>" in text
    assert "ana · came back 2 times" in text
    assert '<td class="field-count_badge">1,234</td>' in text
    assert "<title>34 occurrences in the last 48 hours, at most 30 in an hour</title>" in text
    assert "first 3" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["f0", "f1", "f2", "f3", "f4"]),
        ({"state": "unresolved"}, ["f0", "f1", "f3", "f4"]),
        ({"state": "resolved"}, ["f2"]),
        ({"state": "nonsense"}, ["f0", "f1", "f2", "f3", "f4"]),
        ({"level__exact": 50}, ["f3"]),
        ({"kind__exact": "error"}, ["f4"]),
        ({"since": "900"}, ["f0", "f1", "f2", "f3"]),
        ({"q": "f3"}, ["f3"]),
        ({"q": "BROKE 2"}, ["f2"]),
        ({"q": "00000000-0000-7000-8000-000000000001"}, ["f1"]),
        ({"q": "00000000-0000-7000-8000-000000000002"}, []),
        ({"before": "nonsense"}, ["f0", "f1", "f2", "f3", "f4"]),
    ],
    ids=str,
)
def test_the_list_is_filtered_and_searched(errors, viewer, query, found):
    incidents(1)
    incidents(1, state="acknowledged")
    incidents(1, state="resolved")
    incidents(1, level=50)
    incidents(1, kind="error", last_seen=timezone.now() - timedelta(hours=1))
    now = timezone.now()
    Alert.objects.create(
        pk="00000000-0000-7000-8000-000000000001", level=40, kind="log", fingerprint="f1", first_seen=now, last_seen=now
    )
    assert keys(viewer.get(LIST, query)) == found


def test_what_lies_beyond_the_count_is_reached_even_among_equals(errors, viewer, monkeypatch):
    monkeypatch.setattr(paginator, "CAP", 55)
    incidents(60, last_seen=timezone.now())
    first = viewer.get(LIST)
    older = first.context["cl"].older_link
    second = viewer.get(LIST + older)
    assert len(keys(second)) == 10
    assert set(keys(first)) | set(keys(second)) == {f"f{number}" for number in range(60)}
    assert "Newest" in second.text


def test_a_list_that_is_whole_offers_no_older_and_no_show_all(errors, viewer):
    incidents(3)
    text = viewer.get(LIST).text
    assert "Older" not in text
    assert "Show all" not in text
    assert "Show all" in viewer.get(LIST, {"state": "open"}).text


def test_the_list_asks_as_many_queries_for_many_rows_as_for_few(errors, operator):
    asked = []
    operator.get(LIST)  # what is laid over the settings is read now and then
    for more in (5, 45):
        incidents(more)
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(LIST).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 8


def test_the_page_of_one_shows_its_alerts_messages_and_acts(errors, browse):
    sent = history(25, "it broke")
    (row,) = incidents(1, fingerprint="f1", title="it broke", reopened=1, flapping=True)
    audit.note(Act.Verb.CAME_BACK, "incident", "f1", quiet_s=8040)
    text = browse("view_incident", "add_silence").get(address("f1")).text
    assert len(re.findall("/alert/[^/]+/change/", text)) == 20
    assert reverse("admin:webhook_alerts_message_change", args=[sent[-1].pk]) in text
    assert "?q=f1" in text
    assert "after 2" in text
    assert "comes and goes" in text
    assert 'href="/admin/webhook_alerts/silence/add/?fingerprint=f1"' in text
    assert "/silence/add/" not in browse("view_incident").get(address("f1")).text
    viewer = browse("view_incident")
    with CaptureQueriesContext(connection) as queries:
        viewer.get(address(row.pk))
    assert len(queries) <= 10


def test_a_fingerprint_of_any_text_has_a_page(errors, operator):
    incidents(1, fingerprint="a/b?c=d/act/ é")
    page = operator.get(address("a/b?c=d/act/ é"))
    assert page.status_code == 200
    act = re.search(r'action="([^"]+/act/)"', page.text)[1]
    operator.post(act, {"act": "acknowledge"})
    assert states() == ["acknowledged"]


def test_hostile_titles_are_texts(errors, operator):
    incidents(1, title="<script>alert(1)</script>", logger='"><img src=x>', exception_type="<b>")
    for page in (operator.get(LIST), operator.get(address("f0"))):
        assert "<script>alert(" not in page.text
        assert "<img src=x" not in page.text


# Acting


@pytest.mark.parametrize(
    ("before", "act", "after", "words"),
    [
        ("open", "acknowledge", "acknowledged", "Acknowledged: nothing more is sent"),
        ("open", "resolve", "resolved", "Resolved."),
        ("acknowledged", "resolve", "resolved", "Resolved."),
        ("resolved", "reopen", "open", "Open again."),
        ("acknowledged", "reopen", "open", "Open again."),
        ("acknowledged", "acknowledge", "acknowledged", "Nothing was changed: it is acknowledged"),
        ("resolved", "acknowledge", "resolved", "Nothing was changed: it is resolved"),
        ("open", "reopen", "open", "Nothing was changed: it is open already."),
    ],
)
def test_an_act_on_the_page(errors, operator, before, act, after, words):
    incidents(1, state=before)
    page = operator.post(f"{LIST}f0/act/", {"act": act}, follow=True)
    assert words in page.text
    assert states() == [after]
    acts = Act.objects.filter(target="incident", target_id="f0", actor="user0")
    assert acts.count() == (0 if before == after else 1)


def test_the_page_offers_only_what_changes_something(errors, operator):
    for state, offered in {
        "open": ["acknowledge", "resolve"], "acknowledged": ["resolve", "reopen"], "resolved": ["reopen"]
    }.items():  # fmt: skip
        (row,) = incidents(1, state=state)
        found = re.findall(r'name="act" value="(\w+)"', operator.get(address(row.pk)).text)
        assert found == offered


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "reopen", "destroy", ""])
def test_who_may_only_look_can_do_nothing(errors, viewer, act):
    incidents(1, state="acknowledged" if act == "reopen" else "open")
    before = states()
    assert 'name="act"' not in viewer.get(address("f0")).text
    assert viewer.post(f"{LIST}f0/act/", {"act": act}).status_code == 403
    viewer.post(LIST, {"action": f"{act}_selected", "_selected_action": "f0"})
    assert states() == before


def test_each_act_has_its_permission(errors, browse):
    incidents(1)
    assert browse("view_incident", "acknowledge_incident").post(f"{LIST}f0/act/", {"act": "resolve"}).status_code == 403
    assert browse("view_incident", "resolve_incident").post(f"{LIST}f0/act/", {"act": "acknowledge"}).status_code == 403
    assert browse(*ACTS).post(f"{LIST}f0/act/", {"act": "resolve"}).status_code == 403
    assert states() == ["open"]


def test_an_unknown_act_is_refused_even_to_root(errors, browse):
    incidents(1)
    assert browse(is_superuser=True).post(f"{LIST}f0/act/", {"act": ""}).status_code == 403


def test_a_get_and_a_form_from_elsewhere_change_nothing(errors, operator):
    incidents(1)
    assert operator.get(f"{LIST}f0/act/", {"act": "resolve"}).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(f"{LIST}f0/act/", {"act": "resolve"}).status_code == 403
    assert states() == ["open"]


def test_an_incident_that_is_gone_is_said(errors, operator):
    page = operator.post(f"{LIST}f9/act/", {"act": "resolve"}, follow=True)
    assert "its record was pruned" in page.text


def test_many_are_acknowledged_at_once_and_twice_is_once(errors, operator):
    incidents(3)
    incidents(1, state="resolved")
    chosen = {"action": "acknowledge_selected", "_selected_action": ["f0", "f1", "f3"]}
    page = operator.post(LIST, chosen, follow=True)
    assert "2 incidents were changed." in page.text
    assert "1 incident was left alone" in page.text
    assert states() == ["acknowledged", "acknowledged", "open", "resolved"]
    assert "3 incidents were left alone" in operator.post(LIST, chosen, follow=True).text
    assert Act.objects.count() == 2


def test_more_than_a_page_can_change_is_refused_whole(errors, operator, monkeypatch):
    monkeypatch.setattr(incident_acts, "MOST", 2)
    incidents(3)
    page = operator.post(
        LIST, {"action": "resolve_selected", "_selected_action": "f0", "select_across": "1"}, follow=True
    )
    assert "At most 2 incidents can be changed at once" in page.text
    assert states() == ["open"] * 3
