"""What channels are sent is in the language of the webhook's readers, whoever acts and whichever worker sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from tests.incidents.conftest import an_alert
from webhook_alerts.alert import Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.conf import Config, get_config
from webhook_alerts.delivery import notice
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.look import look
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.matching import parse
from webhook_alerts.models import Delivery, Tally
from webhook_alerts.reports.send import send_due
from webhook_alerts.silencing import silence
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.django_db
WORDS = {"Request", "User", "characters cut", "CRITICAL", "acknowledge"}
SLOW = {"metric": "checkout", "value": 4200.5, "threshold": 1000, "unit": "ms", "ratio": 4.2}


@pytest.fixture
def portuguese(configure: Callable[..., Config], discord: FakeDiscord, db: None) -> Callable[..., Config]:
    """One webhook whose readers read Portuguese, in an English project; arguments are its options."""

    def set_to(**options: Any) -> Config:
        hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "language": "pt-br", **options}
        return configure(WEBHOOKS={"errors": hook}, BASE_URL="https://loja.example", ENVIRONMENT="produção")

    set_to()
    return set_to


def sent(discord: FakeDiscord) -> dict[str, Any]:
    """The last embed, its fields by their names."""
    embed = discord.messages("errors")[-1]["embeds"][-1]
    fields = {field["name"]: field["value"].strip("`\n").replace("\\", "") for field in embed.get("fields", ())}
    return {**embed, **fields}


def test_a_message_speaks_portuguese_and_so_does_what_becomes_of_it(portuguese, discord):
    alert = an_alert(
        kind=Kind.PERFORMANCE, details=SLOW, occurrences=1234, samples=["x"], request={"path": "/", "user_id": "7"},
        context={f"k{n}": n for n in range(21)},
    )  # fmt: skip
    accept({"alerts": [alert.to_dict()]})
    deliver("errors")
    embed = sent(discord)
    assert embed["title"] == "🔴 ⏱️ checkout ×1.234"
    assert (embed["Valor"], embed["Limite"], embed["Razão"]) == ("4.200,5 ms", "1.000 ms", "4,2×")
    assert {"Requisição", "Usuário", "Também visto", "…"} <= embed.keys()
    assert embed["…"] == "mais 3 no registro"
    with override("en"):  # whoever clicks
        assert state.acknowledge("f", "ana")
    deliver("errors")
    assert sent(discord)["author"] == {"name": "reconhecido por ana"}


FOR_MACHINES = {
    "alertmanager": WORDS,
    "console": {"CRITICAL"},  # which chooses the colour
    "email": {"CRITICAL"},  # a header to filter by
    "file": WORDS,
    "pagerduty": {"characters cut"},  # the details, as a webhook of one's own gets them
    "webhook": WORDS,
}


@pytest.mark.parametrize("name", registry.names())
def test_every_channel_asks_for_its_words(portuguese, name):
    """What is said of an alert differs with the language, in every service's vocabulary."""
    portuguese()
    config = get_config()
    alert = an_alert(
        "x" * 9_000, request={"path": "/checkout", "user_id": "7"}, context={"big": "y" * 900}, level=Level.CRITICAL
    )
    webhook = config.webhooks["errors"]
    told = str(registry.get(name).render([alert], look(webhook, config)).json)
    assert {word for word in WORDS if word in told} <= FOR_MACHINES.get(name, set())


def test_lines_name_their_levels(portuguese, discord):
    accept({"alerts": [an_alert(f"number {n}", fingerprint=f"f{n}").to_dict() for n in range(30)]})
    deliver("errors")
    assert sent(discord)["title"] == "🔴 30 × ERRO"


def test_a_digest_speaks_portuguese(portuguese, discord, settings):
    settings.TIME_ZONE = "America/Sao_Paulo"
    portuguese(digests=["daily 09:00"])
    now = timezone.now().replace(hour=12, minute=20)  # 09:20 in São Paulo
    for hours, measure, count, label in (
        (3, "delivered", 1500, ""),
        (30, "delivered", 1000, ""),
        (3, "failed", 2, "refused"),
    ):
        start = now - timedelta(hours=hours)
        Tally.objects.create(
            start=start, seconds=300, webhook="errors", measure=measure, level=40, label=label, count=count
        )
    assert send_due(now) == 1
    deliver("errors")
    embed = sent(discord)
    assert embed["title"] == "📊 Resumo diário de errors: 1.500 alertas, 50% a mais que antes"
    assert embed["Por nível"] == "erro: 1.500 (antes: 1.000)"
    assert embed["Não entregues"] == "2 × recusada"
    day = (now - timedelta(days=1)).strftime("%d/%m/%Y")
    assert embed["Período"].startswith(f"{day} 09:00 a ")


def test_what_has_waited_is_summed_up_in_portuguese(portuguese, discord):
    alerts = [an_alert(f"number {n}", fingerprint=f"f{n}", first_seen=1.8e9, last_seen=1.8e9) for n in range(213)]
    accept({"alerts": [alert.to_dict() for alert in alerts]})
    Delivery.objects.update(owed_since=timezone.now() - timedelta(hours=1))
    deliver("errors")
    embed = sent(discord)
    assert embed["title"].startswith("🔴 213 alertas enquanto este webhook estava inacessível, ")
    assert embed["Por nível"] == "213 × erro"
    assert embed["Mais frequentes"].endswith("e mais 205 tipos")


def test_notices_about_alerting_are_kept_in_english_and_told_in_portuguese(portuguese, discord):
    with override("pt-br"):
        until = timezone.now() + timedelta(hours=400)
        silence.create(parse("logger = shop"), until, "deploy", "ana", announced=True)
    row = Delivery.objects.get().alert
    assert row.message.startswith("ana has silenced alerts until ")
    assert row.logger == notice.LOGGER
    deliver("errors")
    assert "ana silenciou alertas até " in sent(discord)["title"]
    assert "Em silêncio" in sent(discord)


def test_a_webhook_that_says_nothing_speaks_the_projects_language(portuguese, settings):
    settings.LANGUAGE_CODE = "pt-br"
    config = portuguese(language="")
    with override("en"):
        assert look(config.webhooks["errors"], config).say("User") == "Usuário"
