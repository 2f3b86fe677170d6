"""The links that messages carry: signed, expiring, and always the same for the same alert."""

from __future__ import annotations

import time

import pytest

from tests.incidents.conftest import an_alert
from webhook_alerts.incidents import links

WEEK = 604_800


def test_a_link_leads_to_its_incident_for_as_long_as_it_is_good():
    alert = an_alert()
    token = links.sign(alert)
    assert links.read(token, WEEK).fingerprint == "f"
    assert links.sign(alert) == token
    made = int(alert.first_seen)
    assert links.read(token, WEEK, now=made + WEEK).made == made
    with pytest.raises(links.LinkExpiredError):
        links.read(token, WEEK, now=made + WEEK + 1)


@pytest.mark.parametrize("forged", ["", "x", "a:b", "WyJmIiwxXQ", None])
def test_a_link_that_somebody_made_up_is_refused(forged):
    token = links.sign(an_alert())
    with pytest.raises(links.LinkError):
        links.read(token[:-1] + ("A" if token[-1] != "A" else "B") if forged is None else forged, WEEK)


def test_a_long_fingerprint_of_the_callers_leads_to_the_stored_one():
    token = links.sign(an_alert(fingerprint="payments/" + "x" * 200))
    assert len(links.read(token, WEEK).fingerprint) == 64


def test_without_an_address_of_the_site_or_with_no_pages_there_is_no_link(configure, settings):
    alert = an_alert(first_seen=time.time())
    assert links.link(alert, configure()) == ""
    config = configure(BASE_URL="https://shop.example/")
    settings.ROOT_URLCONF = "tests.incidents.test_links"  # a project that serves neither our pages nor the admin
    assert links.link(alert, config) == ""


urlpatterns: list[object] = []
