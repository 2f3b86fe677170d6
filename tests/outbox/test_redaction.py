"""No secret leaves the process; what is none stays readable, and no text makes it slow."""

import json
import logging
import threading
from urllib.parse import quote

import pytest

from webhook_alerts import notify
from webhook_alerts.conf import get_config, parse
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.outbox.redaction import Redactor, is_sensitive, redactor_for
from webhook_alerts.testing.outbox import override_alerts

SECRET = "Zk9q3vXw7"


@pytest.mark.parametrize(
    "text",
    [
        "password={}",
        "ValueError: password={}",  # the outer key is harmless, the inner one is not
        "a: b: c: senha = {}",
        '{{"user": "ana", "api_key": "{}"}}',
        "{{'dbPassword': '{}', 'x': 1}}",
        "X-Api-Key: {}",
        "Authorization: Bearer {}",
        "sent Bearer {} in a header",
        "Authorization: Basic {}",
        "redis://user:{}@host:6379/0",
        "postgres://{}@host/db",
        "GET /pay?order=7&access_token={}&next=/",
        "https://discord.com/api/webhooks/123456789012345678/{}",
        "https://discordapp.com/api/v10/webhooks/1/{}?wait=true",
        "https://hooks.slack.com/services/T000/B000/{}",
        "https://example.webhook.office.com/webhookb2/{}",
        "Cookie: sessionid={}",
        "client_secret => {}",
    ],
)
def test_a_secret_in_a_text_is_taken_out(text):
    redacted = Redactor().text(text.format(SECRET))
    assert SECRET not in redacted
    assert "[redacted:" in redacted


@pytest.mark.parametrize(
    "text",
    [
        "order=7 total: 9.50",
        "tokenizer: fast",
        "https://example.com/path?page=2",
        "ValueError: invalid literal for int() with base 10: 'x'",
        'File "/app/views.py", line 12, in passwords_view',
        "mail to ana@example.com at 12:30",
    ],
)
def test_what_is_no_secret_stays(text):
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    "key",
    [
        *("password", "db_password", "dbPassword", "userpassword", "password2", "password_hash", "PGPASSWORD"),
        *(
            "X-Api-Key",
            "APIKey",
            "key",
            "secret_key",
            "chave",
            "chave_privada",
            "login",
            "senha",
            "SENHA",
            "nova senha",
        ),
        *("access-token", "csrfmiddlewaretoken", "token", "segredo", "credencial", "credenciais", "credentials"),
        *(
            "secret",
            "client_secret",
            "Authorization",
            "Cookie",
            "session_id",
            "card number",
            "webhook_url",
            "cvv",
            "pin",
        ),
    ],
)
def test_sensitive_keys(key):
    assert is_sensitive(key)
    assert Redactor().mapping({"in": [{key: {"any": "thing"}}]}) == {"in": [{key: "[redacted:secret]"}]}


@pytest.mark.parametrize(
    "key",
    [
        *(
            "tokenizer",
            "passenger",
            "keyboard",
            "monkey",
            "order",
            "author",
            "spinner",
            "secretary",
            "desenhar",
            "resenha",
        ),
        *("KeyError", "token_type", "token_expires", "password_reset", "primary_key", "public_key", "last_login"),
        *("max_tokens", "id", "number", "url", "", "?", "ação"),
    ],
)
def test_harmless_keys(key):
    assert not is_sensitive(key)


def test_keys_and_credentials_of_a_webhook_are_known_by_their_letters_and_plain_headers_are_not():
    key = f"whsec_{'QUJD' * 8}"
    headers = {
        "X-Api-Key": "open-sesame",
        "Cookie": "id=shop-session",
        "X-Env": "production",
        "X-Shop": "shop-4711-abcdefgh",
    }
    url = "https://example.com/h?v=2016-06-01&routing=OnlyLettersOfAKey"
    raw = {"WEBHOOKS": {"errors": {"url": url, "signing_keys": key, "headers": headers}}}
    redactor = redactor_for(parse(raw))
    assert redactor.text("with OnlyLettersOfAKey since 2016-06-01") == "with [redacted:webhook] since 2016-06-01"
    said = redactor.text(f"{key[6:]} {key} open-sesame id=shop-session production shop-4711-abcdefgh")
    assert key not in said
    assert [word for word in said.split() if word in {*headers.values()}] == ["production"]


def test_a_configured_webhook_is_known_by_its_letters():
    url = get_config().webhooks["errors"].url
    redacted = redactor_for(get_config()).text(f"POST {url} and without scheme {url.split('://')[1]}")
    assert "t" * 60 not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Max retries exceeded with url: {path} (Caused by …)",  # as urllib3 says it, without the host
        "404 for {path}",
        "next={quoted}",
        '{{"url": "{slashed}"}}',
        "the service says: no such hook: {part}",
        "user:{password} was refused",
    ],
)
def test_a_configured_webhook_is_known_by_its_path_its_parts_and_as_part_of_another_address(text):
    part = "Zk9q3vXw7Zk9q3vXw7"
    url = f"https://ana:hunter2%21x@hooks2.example.com/incoming/{part}/now"
    redactor = redactor_for(parse({"WEBHOOKS": {"errors": url}}))
    ways = {"path": f"/incoming/{part}/now", "quoted": quote(url, safe=""), "slashed": url.replace("/", "\\/")}
    redacted = redactor.text(text.format(**ways, part=part, password="hunter2%21x"))
    assert part not in redacted
    assert "hunter2" not in redacted
    assert "[redacted:webhook]" in redacted
    assert redactor.text("no answer of hooks2.example.com:443") == "no answer of hooks2.example.com:443"


def test_tokens_and_keys_of_our_own_are_known_by_their_letters():
    token, key = "OnlyLettersOfAHealthToken", "x" * 43 + "="
    redactor = redactor_for(parse({"HEALTH_TOKEN": token, "ENCRYPTION_KEYS": [key]}))
    assert redactor.text(f"sent {token} and {key}") == "sent [redacted:webhook] and [redacted:webhook]"


def test_places_on_this_machine_are_no_secret():
    webhooks = {"here": "console:", "last": "file:///var/log/alerts_fallback.log"}
    redactor = redactor_for(parse({"WEBHOOKS": webhooks}))
    text = "console: cannot write to /var/log/alerts_fallback.log"
    assert redactor.text(text) == text


def test_what_an_alert_is_called_and_where_it_is_to_go_tell_no_secret():
    url, token = "https://hooks.slack.com/services/T01234567/B01234567/" + SECRET * 3, "ghp_" + "A1b2" * 9
    log = logging.Logger(f"shop.{token}")
    log.addHandler(WebhookAlertHandler())
    with override_alerts() as box:
        notify.using(webhook=url).error("its address stands where a name belongs")
        notify.using(webhook=["errors", "Infos"]).error("names stay")
        notify.using(fingerprint=f"refused {token}").error("refused")
        notify.using(fingerprint=f"refused {token}").error("refused")
        notify.using(fingerprint="order 4711").error("order")
        log.error("a logger of its own")
        thread = threading.Thread(target=notify.error, args=("from a thread",), name=f"of {token}")
        thread.start()
        thread.join()
    told = json.dumps([alert.to_dict() for alert in box])
    assert url not in told
    assert SECRET not in told
    assert token not in told
    assert [alert.webhooks for alert in box][:2] == [("[redacted:webhook]",), ("errors", "Infos")]
    assert box[2].occurrences == 2
    assert len(box[2].fingerprint) == 32
    assert box[3].fingerprint == "order 4711"


HOSTILE = """
from webhook_alerts.outbox.redaction import Redactor
unit = ["a-", "password", "=", "a=", "://", '"', "Bearer ", "token: '", "a://", "http", "A", "a.", "token=", "_ "]
for text in unit:
    Redactor().text(text * (1_000_000 // len(text)))
"""


def test_a_megabyte_of_anything_is_redacted_within_the_life_of_a_test(program):
    """A pattern that backtracks over these would take hours; the program is given half a minute for all."""
    program(HOSTILE)
