"""From rows to signed requests at a receiver, and back."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from tests.delivery.test_deliver import let_time_pass, states
from webhook_alerts.conf import Config
from webhook_alerts.delivery import update
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resend import resend
from webhook_alerts.incidents import state
from webhook_alerts.models import Alert, Attempt, Message, Pause
from webhook_alerts.testing.fake_webhook import FakeWebhook
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db
NEW, OLD = (f"whsec_{base64.b64encode(bytes([byte]) * 32).decode()}" for byte in (1, 2))


@pytest.fixture
def receiver() -> Iterator[FakeWebhook]:
    with FakeWebhook(keys=[OLD], limits=()) as server:
        yield server


@pytest.fixture
def signing(configure: Callable[..., Config], receiver: FakeWebhook, db: None) -> Callable[..., Config]:
    """Configure the one webhook, with these keys and options."""

    def configured(*keys: str, **options: object) -> Config:
        webhook = {"url": receiver.url("errors"), "rate": [], "signing_keys": list(keys), **options}
        return configure(WEBHOOKS={"errors": webhook})

    return configured


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """The time of this process, which stands until it is shifted."""
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


def told(receiver: FakeWebhook) -> list[str]:
    return [alert["message"] for message in receiver.messages("errors") for alert in message["data"]["alerts"]]


def test_33_while_a_signing_secret_is_rotated_every_request_is_believed_at_either_end(signing, owe, receiver):
    signing(OLD)
    owe("before")
    deliver("errors")
    signing(NEW, OLD)  # the sender knows both, the receiver the old one yet
    owe("the sender has both")
    deliver("errors")
    receiver.keys = (NEW,)  # the receiver changes over at a moment of its own
    owe("the receiver has the new one")
    deliver("errors")
    signing(NEW)
    owe("after")
    deliver("errors")
    assert told(receiver) == ["before", "the sender has both", "the receiver has the new one", "after"]
    assert {entry.status for entry in receiver.requests("errors")} == {200}
    assert [len(entry.headers["webhook-signature"].split()) for entry in receiver.requests("errors")] == [1, 2, 2, 1]


def test_a_rotation_in_the_wrong_order_keeps_what_waits_until_the_keys_fit_again(signing, owe, receiver):
    signing(NEW)
    owe("kept")
    assert deliver("errors") == 1
    assert states() == {"pending": 1}
    assert Pause.objects.get().reason == "HTTP 401"
    signing(NEW, OLD)
    gate_for("errors").resume()
    assert deliver("errors") == 1
    assert told(receiver) == ["kept"]


def test_retries_and_resends_keep_id_and_body_and_get_a_signature_of_their_own_time(signing, owe, receiver, clock):
    signing(OLD)
    owe("once more ✓")
    receiver.script("errors", [Answer(500), Answer(reset=True)])
    for _ in range(3):
        deliver("errors")
        let_time_pass()
        clock.shift(60)
    resend([Message.objects.get().pk])
    deliver("errors")
    entries = receiver.requests("errors")
    assert len(entries) == 4
    assert len({(entry.raw, entry.headers["webhook-id"]) for entry in entries}) == 1
    assert len({entry.headers["webhook-timestamp"] for entry in entries}) == 4
    clock.move_to(entries[-1].at)
    Webhook(OLD).verify(entries[-1].raw, dict(entries[-1].headers))
    assert len(receiver.messages("errors")) == 1  # what came twice is dropped by its id
    assert states() == {"delivered": 1}


def test_what_becomes_of_an_incident_is_told_by_the_ids_of_its_alerts(signing, owe, receiver):
    signing(OLD)
    now = time.time()
    owe("broken", fingerprint="f", first_seen=now - 120, last_seen=now)
    deliver("errors")
    assert state.acknowledge("f", "ana")
    deliver("errors")
    assert state.resolve("f", "bob")
    deliver("errors")
    deliver("errors")
    created, acknowledged, resolved = receiver.messages("errors")
    assert [each["type"] for each in (created, acknowledged, resolved)] == ["alert.created", *["alert.updated"] * 2]
    alerts = [each["data"]["alerts"][0] for each in (created, acknowledged, resolved)]
    assert len({(alert["id"], alert["fingerprint"]) for alert in alerts}) == 1
    assert [alert["incident"]["state"] for alert in alerts] == ["open", "acknowledged", "resolved"]
    assert alerts[1]["incident"]["note"] == "acknowledged by ana"
    assert resolved["timestamp"] == alerts[2]["incident"]["since"]


def test_counts_are_told_once_when_the_window_is_over(signing, owe, receiver):
    signing(OLD)
    (alert,) = owe("often")
    deliver("errors")
    Alert.objects.update(occurrences=57)
    update.mark([alert.id])
    assert deliver("errors") == 0
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    deliver("errors")
    deliver("errors")
    assert [each["data"]["alerts"][0]["occurrences"] for each in receiver.messages("errors")] == [1, 57]
    assert list(Attempt.objects.values_list("update", "outcome")) == [(False, "delivered"), (True, "delivered")]


def test_headers_of_the_settings_arrive_and_are_quoted_nowhere(signing, owe, receiver):
    token = "s3cretT0ken-of-a-header"
    signing(OLD, headers={"Authorization": f"Bearer {token}", "X-Team": "shop"})
    owe("with headers")
    key = OLD.removeprefix("whsec_")
    receiver.script("errors", [Answer(500, body={"you sent": [token, f"Bearer {token}", OLD, key], "team": "shop"})])
    deliver("errors")
    (entry,) = receiver.requests("errors")
    assert (entry.headers["authorization"], entry.headers["x-team"]) == (f"Bearer {token}", "shop")
    excerpt = Attempt.objects.get().response_excerpt
    assert "shop" in excerpt
    assert not [secret for secret in (token, key) if secret in excerpt]
    message = Message.objects.get()
    assert not [secret for secret in (token, key) if secret in f"{message.body}{message.reason}"]


def test_gone_is_believed_at_once(signing, owe, receiver):
    signing(OLD)
    owe("one", "two")
    receiver.delete("errors")
    assert deliver("errors") == 1
    assert Pause.objects.get().reason == "HTTP 410"
    assert states() == {"pending": 2}
