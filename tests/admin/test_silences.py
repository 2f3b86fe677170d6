"""Silences in the admin: made after a preview, refused in a sentence, ended, replaced; never edited."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import history
from webhook_alerts.models import Act, Alert, Incident, Silence

pytestmark = pytest.mark.django_db
LIST = "/admin/webhook_alerts/silence/"
ADD = f"{LIST}add/"
GIVEN = {"matchers": "logger = shop", "reason": "deploying", "duration": "3600", "make": ""}


@pytest.fixture
def keeper(browse: Callable[..., Client]) -> Client:
    """Somebody who may see silences, make them and end them."""
    return browse("view_silence", "add_silence", "change_silence")


def said(response: Any) -> str:
    return html.unescape(response.content.decode())


def made() -> Silence:
    return Silence.objects.get()


def test_one_is_made_by_who_may(keeper):
    answer = keeper.post(ADD, GIVEN, follow=True)
    assert "Silenced until" in said(answer)
    silence = made()
    assert (silence.created_by, silence.reason, silence.announce) == ("user0", "deploying", False)
    assert timedelta(minutes=59) < silence.ends_at - timezone.now() <= timedelta(hours=1)
    assert "logger = shop" in said(answer)
    assert Act.objects.get().verb == "silenced"


def test_the_form_begins_with_what_the_address_names(keeper):
    assert "fingerprint = abc" in said(keeper.get(f"{ADD}?fingerprint=abc"))


def test_an_incident_and_its_silence_lead_to_each_other_for_who_may_see_them(browse, keeper):
    now = timezone.now()
    Incident.objects.create(fingerprint="abc", title="Payment failed", level=40, first_seen=now, last_seen=now)
    keeper.post(ADD, {**GIVEN, "matchers": "fingerprint = abc"})
    page = f"{LIST}{made().pk}/change/"
    assert "Payment failed" not in said(keeper.get(page))
    both = browse("view_silence", "view_incident")
    assert '<a href="/admin/webhook_alerts/incident/abc/change/">Payment failed</a>' in said(both.get(page))
    assert "Silenced until" in said(both.get("/admin/webhook_alerts/incident/abc/change/"))
    Silence.objects.update(ended_at=now)
    assert "Silenced until" not in said(both.get("/admin/webhook_alerts/incident/abc/change/"))


def test_a_preview_says_how_many_and_makes_nothing(keeper):
    history(3)
    Alert.objects.filter(pk=Alert.objects.first().pk).update(logger="shop.pay")
    answer = keeper.post(ADD, {"preview": "", **{key: GIVEN[key] for key in ("matchers", "reason", "duration")}})
    assert "1 of the newest 3 alerts would have been silenced." in said(answer)
    assert not Silence.objects.exists()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"matchers": "logger = shop\ncolour = red"}, "Line 2: there is no"),
        ({"matchers": "level >= debug"}, "nearly"),
        ({"matchers": ""}, "This field is required"),
        ({"reason": " "}, "This field is required"),
        ({"duration": ""}, "Choose a duration, or the time until which"),
        ({"duration": "", "starts_at": "2030-01-02T10:00", "ends_at": "2030-01-02T09:00"}, "ends before it starts"),
        ({"duration": "", "starts_at": "2019-12-31T00:00", "ends_at": "2020-01-01T00:00"}, "ends in the past"),
        ({"duration": "", "ends_at": "tomorrow"}, "Enter a valid date/time"),
        ({"duration": "5"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_changed(keeper, changed, says):
    answer = keeper.post(ADD, {**GIVEN, **changed})
    assert (answer.status_code, says in said(answer)) == (200, True), said(answer)
    assert "Nothing was changed" in said(answer)
    assert not Silence.objects.exists()
    assert not Act.objects.exists()


def test_a_double_click_makes_one(keeper):
    key = re.findall(r'name="key" value="([^"]+)"', said(keeper.get(ADD)))[0]
    for _ in range(2):
        assert "Silenced until" in said(keeper.post(ADD, {**GIVEN, "key": key}, follow=True))
    assert Silence.objects.count() == Act.objects.count() == 1


def test_one_is_ended_once_and_stays_on_record(keeper):
    keeper.post(ADD, GIVEN)
    url = reverse("admin:webhook_alerts_silence_end", args=[made().pk])
    assert keeper.get(url).status_code == 405
    assert made().ended_at is None
    assert "alerts are told again" in said(keeper.post(url, follow=True))
    assert "was over already" in said(keeper.post(url, follow=True))
    assert made().ended_by == "user0"


def test_one_takes_the_place_of_another(keeper):
    keeper.post(ADD, GIVEN)
    first = made()
    form = said(keeper.get(f"{ADD}?replaces={first.pk}"))
    assert "logger = shop" in form
    assert "Takes the place of “deploying”" in form
    keeper.post(f"{ADD}?replaces={first.pk}", {**GIVEN, "duration": "86400"})
    first.refresh_from_db()
    second = Silence.objects.exclude(pk=first.pk).get()
    assert (second.replaces, first.ended_by) == (first, "user0")
    assert keeper.get(f"{ADD}?replaces=nonsense").status_code == 200


def test_whoever_may_only_look_changes_nothing(browse, keeper):
    keeper.post(ADD, GIVEN)
    viewer = browse("view_silence")
    page = viewer.get(reverse("admin:webhook_alerts_silence_change", args=[made().pk]))
    assert "End now" not in said(page)
    assert viewer.get(ADD).status_code == 403
    assert viewer.post(ADD, GIVEN).status_code == 403
    assert viewer.post(reverse("admin:webhook_alerts_silence_end", args=[made().pk])).status_code == 403
    assert made().ended_at is None


def test_whoever_may_make_silences_alone_ends_none(browse, keeper):
    keeper.post(ADD, GIVEN)
    maker = browse("view_silence", "add_silence")
    assert maker.post(reverse("admin:webhook_alerts_silence_end", args=[made().pk])).status_code == 403
    assert maker.post(f"{ADD}?replaces={made().pk}", GIVEN).status_code == 403
    assert made().ended_at is None


def test_the_list_says_what_holds_and_is_filtered(keeper, django_assert_max_num_queries):
    now = timezone.now()
    for name, starts, ends in (("on", -1, 1), ("later", 1, 2), ("over", -2, -1)):
        Silence.objects.create(
            matchers=[{"field": "logger", "op": "=", "value": name}],
            reason=f"reason {name}",
            starts_at=now + timedelta(hours=starts),
            ends_at=now + timedelta(hours=ends),
        )
    shown = {
        key: [
            name for name in ("on", "later", "over") if f"reason {name}" in said(keeper.get(f"{LIST}?standing={key}"))
        ]
        for key in ("active", "pending", "ended")
    }
    assert shown == {"active": ["on"], "pending": ["later"], "ended": ["over"]}
    assert "reason over" not in said(keeper.get(f"{LIST}?q=reason on"))
    with django_assert_max_num_queries(8):
        keeper.get(LIST)
