"""The dashboard: right in its numbers, bounded in its queries, up to date by itself, and readable by anybody."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.browser import browser
from webhook_alerts.models import Alert, Delivery, Incident
from webhook_alerts.operations import overview
from webhook_alerts.tallies.count import count_due

pytestmark = pytest.mark.django_db
PAGE = "/admin/webhook_alerts/tally/"
UNDER_THE_MOUSE = """
    const over = document.querySelector("#wa-chart .u-over");
    const { left, top, width, height } = over.getBoundingClientRect();
    const at = { clientX: left + width * arguments[0], clientY: top + height / 2, bubbles: true };
    over.dispatchEvent(new MouseEvent("mouseenter", at));
    over.dispatchEvent(new MouseEvent("mousemove", at));
    return [...document.querySelectorAll("#wa-chart .u-value")].map((each) => each.textContent);
"""
"""What the chart says of the piece of time that lies at a part of its width."""
INKED = """
    const canvas = document.querySelector("#wa-chart canvas");
    const parts = [document.querySelector("#wa-chart .u-over"), canvas];
    const [over, whole] = parts.map((each) => each.getBoundingClientRect());
    const x = Math.round(((over.left - whole.left + over.width * arguments[0]) * canvas.width) / whole.width);
    const { data } = canvas.getContext("2d").getImageData(x, 0, 1, canvas.height);
    return data.some((value, at) => at % 4 === 1 && data[at + 2] && value > data[at - 1] + 40);
"""
"""Is anything green at a part of the chart's width?"""
UPLOT = Path(overview.__file__).parents[1] / "static" / "webhook_alerts" / "vendor" / "uplot"


def happened(number: int, *, state: str = "delivered", minutes: float = 20, reason: str = "", took: float = 3) -> None:
    """So many alerts to the webhook called errors that ended some *minutes* ago."""
    now = timezone.now()
    ended = now - timedelta(minutes=minutes)
    for _ in range(number):
        first = ended - timedelta(seconds=took)
        alert = Alert.objects.create(level=40, kind="log", message="it broke", first_seen=first, last_seen=first)
        over = None if state == "pending" else ended
        Delivery.objects.create(
            alert=alert, webhook="errors", level=40, state=state, reason=reason, settled_at=over,
            delivered_at=over if state == "delivered" else None,
        )  # fmt: skip


def an_incident(title: str = "Payment failed <b>", state: str = "open") -> Incident:
    now = timezone.now()
    hours = {str(int(now.timestamp() // 3600) - back): 3 + back % 5 for back in range(40)}
    return Incident.objects.create(
        fingerprint=title, title=title, level=40, state=state, first_seen=now - timedelta(days=2), last_seen=now,
        hours=hours,
    )  # fmt: skip


def said(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def watcher(errors, browse):
    return browse("view_dashboard", "view_incident")


def test_only_who_may_sees_it(errors, browse):
    assert browse("view_alert").get(PAGE).status_code == 403
    viewer = browse("view_dashboard")
    assert viewer.get(PAGE).status_code == 200
    assert "/admin/webhook_alerts/tally/" in said(viewer.get("/admin/"))
    assert viewer.post(f"{PAGE}add/").status_code == 404


def test_its_numbers_are_those_of_the_record(watcher):
    happened(7)
    happened(2, state="failed", reason="HTTP 503")
    happened(3, state="suppressed", reason="silenced: x (until 12:00)")
    happened(4, state="pending")
    happened(5, minutes=60 * 30)
    count_due(timezone.now())
    found = overview.overview("24h", timezone.now())
    (line,) = found.lines
    assert (line.name, line.pending, line.delivered, line.suppressed, line.failed) == ("errors", 4, 7, 3, 2)
    assert sum(line.trend) == 7
    assert found.failed_why == {"server_error": 2}
    assert found.suppressed_why == {"silenced": 3}
    assert found.latencies[0] == pytest.approx(3, rel=0.3)
    assert sum(overview.overview("7d", timezone.now()).series.counts["delivered"]) == 12
    page = said(watcher.get(PAGE))
    assert "kept back: silenced" in page
    assert "failed: server error" in page


def test_every_number_leads_to_what_it_counts_where_one_may_look(errors, browse):
    happened(1)
    happened(2, state="failed", reason="HTTP 503")
    happened(4, state="pending")
    an_incident()
    count_due(timezone.now())
    leads = {
        "view_pause": "/admin/webhook_alerts/pause/#webhook-errors",
        "view_delivery": "/admin/webhook_alerts/delivery/?webhook=errors&state__exact=pending",
        "view_message": "/admin/webhook_alerts/message/?webhook=errors&state__exact=failed",
        "view_incident": "/admin/webhook_alerts/incident/?state=unresolved",
    }
    page = said(browse("view_dashboard").get(PAGE))
    assert not any(f'"{url}"' in page for url in leads.values())
    everything = browse("view_dashboard", *leads)
    page = said(everything.get(PAGE))
    assert [url for url in leads.values() if f'"{url}"' not in page] == []
    assert {everything.get(url).status_code for url in leads.values()} == {200}
    assert 'id="webhook-errors"' in said(everything.get(leads["view_pause"]))


def test_an_empty_record_says_what_to_do_first(watcher):
    page = said(watcher.get(PAGE))
    assert "Nothing was ever sent." in page
    assert "manage.py alerts doctor" in page
    happened(1)
    assert "Nothing was ever sent." not in said(watcher.get(PAGE))


def test_the_most_frequent_unresolved_incidents_lead_to_their_pages(watcher):
    row = an_incident()
    an_incident("over", state="resolved")
    answer = watcher.get(PAGE)
    assert "Payment failed &lt;b&gt;" in answer.content.decode()
    assert f"/incident/{row.pk.replace(' ', '%20').replace('<', '_3C').replace('>', '_3E')}/" in said(answer)
    assert ">over<" not in said(answer)


@pytest.mark.parametrize("chosen", ["1h", "24h", "7d", "nonsense", ""])
def test_a_time_is_chosen_and_anything_else_is_a_day(watcher, chosen):
    answer = watcher.get(PAGE, {"range": chosen})
    shown = chosen if chosen in overview.RANGES else "24h"
    assert f'href="?range={shown}" aria-current="true"' in said(answer)


def test_as_many_queries_for_much_as_for_little(watcher, django_assert_max_num_queries):
    for turn in range(2):
        with django_assert_max_num_queries(45):
            watcher.get(PAGE)
        happened(30)
        for number in range(30):
            an_incident(f"{turn} {number}")
        count_due(timezone.now())


def test_with_redis_away_it_says_what_is_unknown(watcher, settings, configure):
    happened(1)
    configure(
        REDIS_URL="redis://127.0.0.1:9/0",
        WEBHOOKS={"errors": {"url": "http://127.0.0.1:9/x", "channel": "webhook"}},
    )
    page = said(watcher.get(PAGE))
    assert "unknown" in page
    assert "Redis" in page


def test_the_chart_library_is_what_it_says_it_is():
    listed = [line.split() for line in (UPLOT / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in listed} == {"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"}
    for digest, name in listed:
        assert hashlib.sha256((UPLOT / name).read_bytes()).hexdigest() == digest
    assert "MIT License" in (UPLOT / "LICENSE").read_text()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_in_a_browser_it_is_drawn_zoomed_and_brought_up_to_date(errors, settings, tmp_path, request):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.admin.policy.strict"]
    site = request.getfixturevalue("live_server").url
    happened(40, minutes=100)
    happened(5, state="failed", reason="HTTP 503", minutes=200)
    happened(9, state="suppressed", reason="repeat: told again in 5 minutes", minutes=400)
    happened(3, state="pending")
    an_incident()
    an_incident("Timeout while charging", state="acknowledged")
    count_due(timezone.now())
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    with browser(tmp_path) as chrome:
        chrome.open(f"{site}/static/webhook_alerts/dashboard.css")
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
        chrome.do("POST", "cookie", cookie=cookie)
        chrome.console()
        chrome.do("POST", "goog/cdp/execute", cmd="Emulation.setTimezoneOverride", params={"timezoneId": "Asia/Tokyo"})
        for width, scheme in ((1200, "light"), (1200, "dark"), (390, "light")):
            chrome.resize(width)
            chrome.prefer(scheme)
            chrome.open(f"{site}{PAGE}")
            assert chrome.run("return document.querySelector('#wa-chart canvas').width > 200")
            assert chrome.overflow() == 0
        assert chrome.console() == []
        chrome.resize(1200)
        assert "healthy" in chrome.run("return document.querySelector('#wa-webhooks td').textContent")
        chrome.click("#wa-numbers summary")
        assert chrome.run(UNDER_THE_MOUSE, 0.999)[1:] == ["0", "0", "0"]
        assert not chrome.run(INKED, 0.99)
        chrome.run("document.querySelector('#wa-incidents a').focus()")
        happened(2, minutes=0)
        chrome.run("document.dispatchEvent(new Event('visibilitychange'))")
        assert chrome.do("POST", "element", using="css selector", value="#wa-now[data-refreshed]")
        assert chrome.run("return document.querySelectorAll('#wa-webhooks td')[3].textContent") == "42"
        latest = chrome.run("return [...document.querySelector('#wa-numbers tbody tr').cells].map((c) => c.innerText)")
        day, _, hour = latest[0].partition(" ")
        assert chrome.run(UNDER_THE_MOUSE, 0.999) == [f"{day[5:7]}/{day[8:]}, {hour}", *latest[1:]]
        assert chrome.run(INKED, 0.99)
        assert chrome.run("return document.activeElement.closest('#wa-incidents') !== null")
        assert chrome.run("return document.getElementById('wa-numbers').open")
        assert chrome.run("return document.getElementById('wa-stale').hidden")
        User.objects.all().delete()
        chrome.run("document.dispatchEvent(new Event('visibilitychange'))")
        assert chrome.says("could not be brought up to date")


@pytest.mark.parametrize("name", ["dashboard.css", "dashboard.js", "overrides.css"])
def test_its_colours_are_those_that_every_admin_has(name):
    text = (UPLOT.parents[1] / name).read_text()
    used = set(re.findall(r'(?:var\(|colour\(")(--[\w-]+)', text))
    assert used
    assert {colour for colour in used if not colour.startswith("--wa-")} == set()
