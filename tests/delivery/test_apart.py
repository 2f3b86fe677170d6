"""A digest that is refused is taken apart, against a Discord whose moderation refuses a word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.delivery.conftest import an_alert
from tests.delivery.test_deliver import let_it_get_stale, let_time_pass, states
from webhook_alerts.channels.discord import Discord
from webhook_alerts.conf import Config
from webhook_alerts.delivery.apart import ONE_BY_ONE
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import expire
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resend import resend
from webhook_alerts.delivery.totals import totals
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

pytestmark = pytest.mark.django_db
WORDS = "HTTP 400: code 200000: Message was blocked by automatic moderation"


class ModeratedDiscord(FakeDiscord):
    """It refuses whatever says ``banned``."""

    banned = b"poison"

    def respond(self, entry, match):
        if self.banned in entry.raw:
            return Answer(400, body={"code": 200000, "message": "Message was blocked by automatic moderation"})
        return super().respond(entry, match)


@pytest.fixture
def moderated() -> Iterator[ModeratedDiscord]:
    with ModeratedDiscord(limits=()) as server:
        yield server


@pytest.fixture
def owed(configure: Callable[..., Config], moderated: ModeratedDiscord, owe, db: None) -> Callable[..., None]:
    """Store what became stale while *moderated* was away: each text so many times."""

    def store(texts: dict[str, int], **options: object) -> None:
        about = {"url": moderated.url("errors"), "channel": "discord", "rate": [], **options}
        spare = {"url": moderated.url("spare"), "channel": "discord"}
        configure(WEBHOOKS={"errors": about, "spare": spare})
        owe(*[text for text, often in texts.items() for _ in range(often)])
        let_it_get_stale()

    return store


def deliver_all() -> int:
    """How many requests it took."""
    return sum(iter(lambda: deliver("errors"), 0))


def told(server: FakeDiscord) -> str:
    return json.dumps(server.messages("errors"), ensure_ascii=False)


OFTEN = {f"often {number}": 20 for number in range(7)}
SELDOM = {f"seldom {number}": 1 for number in range(200)}


@pytest.mark.parametrize("often", [1, 2, 5, 10, 40])
def test_of_a_refused_digest_only_the_alerts_fail_whose_title_is_refused(owed, moderated, often):
    owed({**OFTEN, "poison": often, **SELDOM})
    requests = deliver_all()
    assert requests == len(moderated.requests("errors")) == Attempt.objects.count() < 30
    assert states() == {"delivered": 340, "failed": often}
    failed = Delivery.objects.filter(state="failed")
    assert set(failed.values_list("alert__message", "reason")) == {("poison", WORDS)}
    refused = Message.objects.filter(attempt_log__outcome="refused", attempt_log__error=WORDS)
    assert not failed.exclude(message__in=refused).exists()
    assert failed.values("message").distinct().count() == (often if often <= ONE_BY_ONE else 1)
    assert all(f"20 × {text}" in told(moderated) for text in OFTEN)
    sums = {"received": 340 + often, "delivered": 340, "suppressed": 0, "pending": 0, "failed": often}
    assert totals()["errors"] == sums


def test_each_refused_title_costs_so_many_requests_however_long_the_backlog_is(owed, moderated):
    counts = []
    for size in (300, 1200):
        poison = {f"poison {number}": 3 for number in range(5)}
        owed(OFTEN | poison | {f"seldom {size}-{number}": 1 for number in range(size)})
        counts.append(deliver_all())
        assert Delivery.objects.filter(state="failed").count() == 15 * len(counts)
        assert not Delivery.objects.exclude(alert__message__startswith="poison").exclude(state="delivered").exists()
    assert counts[0] == counts[1] <= 5 * 30


def test_what_was_taken_apart_is_not_sent_again_and_says_why(owed):
    owed({**OFTEN, "poison": 5})
    deliver("errors")
    whole = Message.objects.order_by("pk").first()
    assert (whole.state, whole.reason) == ("failed", f"taken apart: {WORDS}")
    assert not whole.deliveries.exists()
    assert resend([whole.pk]) == 0


@pytest.mark.parametrize("status", [400, 413])
def test_a_digest_that_is_refused_once_arrives_in_parts(errors, owe, discord, status):
    owe(*[f"error {i % 10}" for i in range(150)])
    let_it_get_stale()
    discord.script("errors", [Answer(status, body={"code": 40005, "message": "Request entity too large"})])
    assert deliver("errors") == 1 + 8 + 1
    assert states() == {"delivered": 150}
    assert json.dumps(discord.messages("errors")).count("15 alerts while this webhook") == 8


@pytest.mark.parametrize(
    "texts",
    [{f"seldom {number}": 1 for number in range(400)}, {f"often {number}": 5 for number in range(100)}, {"often": 120}],
)
def test_a_service_that_refuses_everything_is_soon_believed(owed, moderated, texts):
    moderated.banned = b""
    owed(texts, fallback="spare")
    assert deliver_all() < 200
    ended = Counter(Delivery.objects.values_list("webhook", "state"))
    assert ended == dict.fromkeys([("errors", "failed"), ("spare", "pending")], sum(texts.values()))


def test_the_parts_wait_for_the_gate_as_everything_does(owed, moderated):
    owed({**OFTEN, "poison": 40}, rate="3/h")
    assert deliver_all() == 3
    assert gate_for("errors").look().reason == "limited"
    assert totals()["errors"]["pending"] >= 100
    assert sum(states().values()) == 180


def test_the_parts_of_a_night_tell_of_the_night(configure, moderated, settings, db):
    settings.TIME_ZONE = "UTC"
    quiet_hours = {"from": "22:00", "to": "07:00"}
    about = {"url": moderated.url("errors"), "channel": "discord", "rate": [], "quiet_hours": quiet_hours}
    configure(WEBHOOKS={"errors": about})
    with time_machine.travel(datetime(2026, 11, 21, 23, tzinfo=UTC)):
        alerts = [an_alert(text) for text, often in {"a": 4, "b": 3, "poison": 3, "c": 1}.items() for _ in range(often)]
        accept({"alerts": [alert.to_dict() for alert in alerts]})
        assert deliver("errors") == 0
    with time_machine.travel(datetime(2026, 11, 22, 7, 1, tzinfo=UTC)):
        deliver_all()
    assert states() == {"delivered": 8, "failed": 3}
    headings = [embed["title"].split(" ", 1)[1] for message in moderated.messages() for embed in message["embeds"]]
    night = "alerts in the quiet hours, 22:00 to 07:00"
    assert sorted(headings) == [f"3 {night}", f"4 {night}", "c"]


def test_a_part_is_as_old_as_the_whole_and_expires_with_it(owed, moderated):
    owed({**OFTEN, "poison": 40})
    moderated.script("errors", [Answer(503)])
    with time_machine.travel(timezone.now() - timedelta(days=4)):
        deliver("errors")
    let_time_pass()
    assert deliver("errors", most=1) == 1
    assert Message.objects.filter(state="pending").count() == 8
    assert expire(timedelta(days=3).total_seconds()) == 180
    assert states() == {"failed": 180}


class Careful(Discord):
    """It draws a sum of many alerts, and no other."""

    def render(self, alerts, style):
        if "By level" in alerts[0].context and alerts[0].message[:4] != "120 ":
            raise KeyError("not expected")
        return super().render(alerts, style)


def test_a_part_that_cannot_be_drawn_leaves_one_by_one(owed, moderated):
    owed({"often": 60, "as often": 40, "poison": 20}, channel=f"{__name__}.{Careful.__name__}")
    assert deliver_all() == 121
    assert states() == {"delivered": 100, "failed": 20}
