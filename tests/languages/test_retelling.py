"""Sentences are kept in English and retold in the language of who reads them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from webhook_alerts import reasons
from webhook_alerts.retelling import keep, keep_many, retell


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (reasons.ACKNOWLEDGED % {"who": "ana"}, "repetição: reconhecido por ana"),
        (reasons.told_in_minutes(1), "repetição: novo aviso em 1 minuto"),
        (reasons.told_in_minutes(42), "repetição: novo aviso em 42 minutos"),
        (
            reasons.SILENCED % {"reason": "deploy (until it is done)", "time": "12:00"},
            "silenciado: deploy (until it is done) (até 12:00)",
        ),
        (reasons.TAKEN_APART % {"why": "HTTP 400: (x.*"}, "separada em partes: HTTP 400: (x.*"),
        (
            reasons.TAKEN_APART % {"why": reasons.AMBIGUOUS % {"why": reasons.NO_REDIS % {"error": "TimeoutError"}}},
            "separada em partes: Redis fora do ar: TimeoutError (pode ter chegado)",
        ),
        (keep("No answer for %(seconds).1f s.") % {"seconds": 1.3}, "Sem resposta há 1,3 s."),
        (
            keep_many("%(count)d alert waits on disk.", "%(count)d alerts wait on disk.", 3) % {"count": 3},
            "3 alertas esperam em disco.",
        ),
        ("HTTP 404: code 10015: Unknown Webhook", "HTTP 404: code 10015: Unknown Webhook"),
        ("what %(who)s is this?\nnobody knows", "what %(who)s is this?\nnobody knows"),
        ("", ""),
    ],
)
def test_a_kept_sentence_is_retold_with_what_stood_in_its_places(kept: str, told: str) -> None:
    with override("pt-br"):
        assert retell(kept) == told
    with override("en"):
        assert retell(kept) == kept


def test_a_kept_sentence_is_english_whatever_language_is_active() -> None:
    with override("pt-br"):
        assert reasons.told_in_minutes(42) == "repeat: told again in 42 minutes"
        assert reasons.EXPIRED == "expired: it could not be sent in time"
