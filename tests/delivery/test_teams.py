"""From rows to requests at the stand-in of Teams' workflows, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Attempt, Delivery, Message, Pause
from webhook_alerts.testing.fake_teams import FakeTeams
from webhook_alerts.testing.fake_teams_rules import found
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def teams() -> Iterator[FakeTeams]:
    with FakeTeams(limits=()) as server:
        yield server
    assert server.failed == []


@pytest.fixture
def errors(configure, teams, db) -> Config:
    return configure(WEBHOOKS={"errors": {"url": teams.url("errors"), "channel": "teams", "rate": []}})


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_alerts_share_cards_and_a_backlog_leaves_as_lines(errors, owe, teams):
    owe(*[f"number {i}" for i in range(60)])
    assert deliver("errors") == 2
    lines, full = (message["card"] for message in teams.messages("errors"))
    assert found(lines, "TextRun")[0]["text"] == "🔴 50 × ERROR"
    assert len(found(full, "Container")) == 10
    assert states() == {"delivered": 60}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 202)}


def test_a_workflow_that_is_off_is_asked_once_and_keeps_its_alerts(errors, owe, teams):
    owe("kept one", "kept two")
    body = {"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "x"}}
    teams.script("errors", [Answer(400, body=body)])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert states() == {"pending": 2}
    assert Pause.objects.get().reason == "HTTP 400: WorkflowTriggerIsNotEnabled"
    gate_for("errors").resume()
    assert deliver("errors") == 1
    assert states() == {"delivered": 2}


def test_its_signature_stands_nowhere_in_the_record(errors, owe, teams):
    owe("boom")
    url = teams.url("errors")
    signature = url.partition("sig=")[2]
    teams.script("errors", [Answer(500, body={"error": {"code": "Odd", "message": f"at {url}"}})])
    assert deliver("errors") == 1
    rows = str([*Attempt.objects.values(), *Message.objects.values()])
    assert "HTTP 500: Odd" in rows
    assert signature not in rows


def test_its_own_rate_is_kept_so_that_the_strict_stand_in_refuses_nothing(configure, owe, db):
    with FakeTeams() as teams:
        configure(WEBHOOKS={"errors": {"url": teams.url("errors"), "channel": "teams", "batch_size": 1}})
        owe(*[f"number {i}" for i in range(6)])
        assert deliver("errors") == 4
        assert gate_for("errors").acquire().reason == "limited"
        assert [entry.status for entry in teams.requests("errors")] == [202] * 4
