"""The audit trail: who did what, never changed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from webhook_alerts import audit
from webhook_alerts.alert import uuid7
from webhook_alerts.models import Act

pytestmark = pytest.mark.django_db
LIST = "/admin/webhook_alerts/act/"


@pytest.fixture
def acts(errors) -> None:
    audit.note(Act.Verb.PAUSED, "webhook", "errors", actor="ana", reason="<b>a deployment</b>")
    audit.note(Act.Verb.ACKNOWLEDGED, "incident", "a/b", actor="user0")
    audit.note(Act.Verb.RESOLVED, "incident", "f2")
    audit.note(Act.Verb.RESENT, "message", uuid7(), actor="ana")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 4),
        ({"verb__exact": "paused"}, 1),
        ({"who": "user0"}, 1),
        ({"who": "-"}, 1),
        ({"who": "nobody"}, 0),
        ({"q": "a/b"}, 1),
        ({"q": "errors"}, 1),
        ({"q": "ana"}, 2),
        ({"q": "\x00"}, 4),
        ({"since": "900"}, 4),
    ],
    ids=str,
)
def test_it_is_filtered_and_searched(acts, browse, query, found):
    page = browse("view_act").get(LIST, query)
    assert len(page.context["cl"].result_list) == found


def test_each_act_leads_to_what_it_was_done_to(acts, browse):
    text = browse("view_act").get(LIST).text
    assert 'href="/admin/webhook_alerts/incident/a_2Fb/change/"' in text
    assert 'href="/admin/webhook_alerts/pause/#webhook-errors"' in text
    assert "by itself" in text
    assert "reason: &lt;b&gt;a deployment&lt;/b&gt;" in text


def test_one_act_is_shown_whole_and_cannot_be_changed(acts, browse):
    root = browse(is_superuser=True)
    act = Act.objects.get(verb="paused")
    page = root.get(f"{LIST}{act.pk}/change/")
    assert "&lt;b&gt;a deployment&lt;/b&gt;" in page.text
    before = list(Act.objects.values())
    assert root.post(f"{LIST}{act.pk}/change/", {"actor": "nobody"}).status_code == 403
    assert root.get(f"{LIST}{act.pk}/delete/").status_code == 403
    assert root.get(f"{LIST}add/").status_code == 403
    assert list(Act.objects.values()) == before


def test_it_is_seen_by_who_may(acts, browse):
    assert browse("view_alert").get(LIST).status_code == 403


def test_it_asks_as_many_queries_for_many_rows_as_for_few(errors, browse):
    viewer, asked = browse("view_act"), []
    viewer.get(LIST)  # what is laid over the settings is read now and then
    for more in (5, 45):
        audit.note_all(Act.Verb.RESENT, "message", [uuid7() for _ in range(more)], actor="ana")
        with CaptureQueriesContext(connection) as queries:
            viewer.get(LIST)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 7


def test_what_was_configured_is_told_as_what_has_changed(browse):
    before, after = {"rate": ["30/m"]}, {"rate": ["7/m"], "enabled": False}
    audit.note(Act.Verb.CONFIGURED, "webhook", "errors", actor="ana", before=before, after=after)
    audit.note(Act.Verb.CONFIGURED, "webhook", "ops", actor="ana", before=None, after={"channel": "discord"})
    page = browse("view_act").get(LIST).text
    assert "rate: 30/m → 7/m; enabled: as in the settings → no" in page
    assert "first change here; channel: as in the settings → discord" in page
    assert "None" not in page
