"""What is Discord's own, from rows to requests: forums, threads, messages that cannot be changed, silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.delivery.conftest import an_alert
from webhook_alerts.alert import Level
from webhook_alerts.conf import Config
from webhook_alerts.delivery import update
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Alert, Attempt, Delivery, Message, Pause
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

pytestmark = pytest.mark.django_db


@pytest.fixture
def use(configure: Callable[..., Config], discord: FakeDiscord, db: None) -> Callable[[str], Config]:
    """Send errors to the URL of a webhook called ``forum`` with a query."""

    def to(query: str) -> Config:
        url = f"{discord.url('forum')}{query}"
        return configure(WEBHOOKS={"errors": {"url": url, "channel": "discord", "rate": []}})

    return to


def counted_again(alert: Any) -> None:
    """What was sent is now ×57, and its message due to say so."""
    Alert.objects.filter(pk=alert.id).update(occurrences=57)
    update.mark([alert.id])
    update.mark_now(Message.objects.get(deliveries__alert=alert.id).pk)


def test_a_forum_without_a_thread_pauses_the_webhook_says_what_to_do_and_resumes_with_the_new_url(use, owe, discord):
    use("")
    owe("kept")
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    reason = Pause.objects.get().reason
    assert reason.startswith("HTTP 400: code 220001: ")
    assert "add ?thread_name=* or ?thread_id=<id> to its URL" in reason
    assert Delivery.objects.get().state == "pending"
    use("?thread_name=*")
    assert not gate_for("errors").is_paused()
    assert deliver("errors") == 1
    assert [message["thread_name"] for message in discord.messages("forum")] == ["🔴 kept"]


def test_the_counter_of_a_post_in_a_forum_is_brought_up_to_date_in_its_thread(use, owe, discord):
    use("?thread_name=*")
    (alert,) = owe("again")
    deliver("errors")
    counted_again(alert)
    assert deliver("errors") == 1
    (message,) = discord.messages("forum")
    assert message["embeds"][0]["title"] == "🔴 again ×57"
    assert message["thread_name"] == "🔴 again"
    assert set(Attempt.objects.values_list("status_code", flat=True)) == {200}


def test_what_discord_lets_nobody_change_any_more_is_said_in_a_new_message(errors, owe, discord):
    (alert,) = owe("again")
    deliver("errors")
    counted_again(alert)
    refusal = {"code": 30046, "message": "Maximum number of edits to messages older than 1 hour reached"}
    discord.script("errors", [Answer(429, body={**refusal, "retry_after": 900.0})])
    assert deliver("errors") == 2
    first, second = discord.messages("errors")
    assert [each["embeds"][0]["title"] for each in (first, second)] == ["🔴 again", "🔴 again ×57"]
    assert gate_for("errors").state()["state"] != "cooling_down"
    # From then on it is not asked for again.
    counted_again(alert)
    Alert.objects.filter(pk=alert.id).update(occurrences=99)
    assert deliver("errors") == 1
    assert [entry.method for entry in discord.ledger] == ["POST", "PATCH", "POST", "POST"]


@pytest.mark.parametrize("code", [10008, 10003])
def test_a_message_that_somebody_deleted_does_not_pause_the_webhook(errors, owe, discord, code):
    (alert,) = owe("again")
    deliver("errors")
    counted_again(alert)
    discord.script("errors", [Answer(404, body={"code": code, "message": "Unknown"})])
    assert deliver("errors") == 2
    assert not Pause.objects.exists()
    assert discord.messages("errors")[-1]["embeds"][0]["title"] == "🔴 again ×57"


def test_an_alert_at_info_arrives_without_a_sound_and_is_changed_without_a_word_of_that(errors, discord):
    alert = an_alert("deployed", level=Level.INFO, webhooks=("errors",))
    accept({"alerts": [alert.to_dict()]})
    deliver("errors")
    assert discord.messages("errors")[0]["flags"] == 4096
    counted_again(alert)
    assert deliver("errors") == 1
    assert "×57" in discord.messages("errors")[0]["embeds"][0]["title"]


def test_a_trace_that_is_too_long_arrives_whole_as_a_file(errors, owe, discord):
    owe("boom", exception_type="ValueError", stack_trace="line\n" * 3000 + "ValueError: boom")
    deliver("errors")
    ((name, content),) = discord.messages("errors")[0]["files"].items()
    assert name == "trace-1.txt"
    assert content.endswith("ValueError: boom")
    assert len(content) == 15016
