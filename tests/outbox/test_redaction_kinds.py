"""Each kind of secret, alone and among words: it goes, and what is needed to understand stays.

The secrets are made up, and put together here so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import os
import re
import string
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webhook_alerts.outbox.redaction import Redactor, names, tokens, urls
from webhook_alerts.outbox.redaction.hints import one_of
from webhook_alerts.outbox.redaction.redactor import RULES

A = "Ab3dEf6hIj9l" * 20
HEX = "0a1b2c3d4e5f6789" * 8
BODY = "\n".join(base64.b64encode(bytes(range(number, number + 48))).decode() for number in range(5))
BASIC = base64.b64encode(b"ana:hunter2").decode()
BEGIN, END = "-----BEGIN {}PRIVATE KEY{}-----", "-----END {}PRIVATE KEY{}-----"


class Case(NamedTuple):
    """*secret* in *text*, which becomes *redacted*."""

    kind: str
    text: str
    secret: str
    redacted: str


def token(kind: str, secret: str) -> Case:
    return Case(kind, secret, secret, f"[redacted:{kind}]")


TOKENS = [
    *(token("aws key", start + "A2" * 8) for start in ("AKIA", "ASIA", "ABIA", "ACCA")),
    token("google key", "AIza" + A[:35]),
    token("aws key", "ABSK" + A[:128]),
    token("aws key", "bedrock-api-key-" + A[:60]),
    token("azure key", "abc8Q~" + A[:34]),
    token("azure key", A[:76] + "AZDO" + A[:4]),
    token("azure key", A[:76] + "+AStAbCdEw=="),
    token("google key", "ya29." + A[:60]),
    token("google key", "AQ.Ab8RN6" + A[:43]),
    token("google key", "1//0g" + A[:60]),
    token("google key", "1%2F%2F0g" + A[:60]),
    token("google key", "GOCSPX-" + A[:28]),
    *(token("github token", f"gh{letter}_" + A[:36]) for letter in "opsur"),
    token("github token", "github_pat_" + A[:22] + "_" + A[:59]),
    *(
        token("gitlab token", f"gl{name}-" + A[:20])
        for name in ("pat", "dt", "rt", "cbt", "ptt", "ft", "agent", "soat")
    ),
    token("gitlab token", "GR1348941" + A[:20]),
    token("atlassian token", "ATATT3xFfGF0" + A[:180]),
    token("atlassian token", "ATBB" + A[:32]),
    *(token("docker token", f"dckr_{kind}_" + A[:27]) for kind in ("pat", "oat")),
    *(token("slack token", f"xox{letter}-123456789012-123456789012-" + A[:24]) for letter in "abprs"),
    token("slack token", "xoxe.xoxp-1-" + A[:60]),
    token("slack token", "xapp-1-A012-" + A[:40]),
    *(token("stripe key", f"{kind}_{mode}_" + A[:24]) for kind in ("sk", "rk") for mode in ("live", "test")),
    token("stripe key", "whsec_" + A[:32]),
    token("stripe key", "whsk_" + A[:32]),
    token("twilio key", "SK" + HEX[:32]),
    token("sendgrid key", f"SG.{A[:22]}.{A[:43]}"),
    token("anthropic key", f"sk-ant-api03-{A[:93]}AA"),
    token("openai key", "sk-" + A[:48]),
    *(token("openai key", f"sk-{name}-" + A[:60]) for name in ("proj", "svcacct", "admin")),
    token("openai key", "sess-" + A[:40]),
    token("hugging face token", "hf_" + A[:34]),
    token("hugging face token", "api_org_" + A[:34]),
    token("openrouter key", "sk-or-v1-" + HEX[:64]),
    token("groq key", "gsk_" + A[:52]),
    token("xai key", "xai-" + A[:80]),
    token("perplexity key", "pplx-" + A[:48]),
    token("replicate token", "r8_" + A[:37]),
    token("nvidia key", "nvapi-" + A[:64]),
    token("langsmith key", f"lsv2_pt_{HEX[:32]}_{HEX[:10]}"),
    token("elevenlabs key", "sk_" + HEX[:48]),
    token("npm token", "npm_" + A[:36]),
    token("rubygems key", "rubygems_" + HEX[:48]),
    token("crates.io token", "cio" + A[:32]),
    token("nuget key", "oy2" + A[:43].lower()),
    token("artifactory token", "AKCp" + A[:69]),
    token("artifactory token", "cmVmdGtu" + A[:56]),
    token("clojars token", "CLOJARS_" + A[:60].lower()),
    token("pypi token", "pypi-AgEIcHlwaS5vcmc" + A[:80]),
    *(token("digitalocean token", f"do{letter}_v1_" + HEX[:64]) for letter in "opr"),
    *(token("shopify token", f"shp{name}_" + HEX[:32]) for name in ("at", "ca", "pa", "ss")),
    token("mailgun key", "key-" + HEX[:32]),
    token("mailgun key", f"{HEX[:32]}-{HEX[:8]}-{HEX[:8]}"),
    token("brevo key", f"xkeysib-{HEX[:64]}-{A[:16]}"),
    token("mailchimp key", HEX[:32] + "-us12"),
    token("resend key", f"re_{A[:8]}_{A[:24]}"),
    token("paypal token", f"access_token$production${HEX[:16]}${HEX[:32]}"),
    token("asaas key", "$aact_prod_" + A[:60]),
    token("razorpay key", "rzp_live_" + A[:14]),
    token("flutterwave key", f"FLWSECK-{HEX[:32]}-X"),
    token("plaid token", "access-production-8ab976e6-64bc-4b38-98f7-731e7a349970"),
    token("meta token", "EAAG" + A[:120]),
    token("square token", "EAAA" + A[:60]),
    token("square token", "sq0atp-" + A[:22]),
    token("square token", "sq0csp-" + A[:43]),
    *(token("bot token", f"{number}:AA{A[:33]}") for number in ("123456", "123456789", "123456789012")),
    *(token("discord token", f"{start}{A[:24]}.{A[:6]}.{A[:38]}") for start in ("MT", "Nz", "Oj")),
    token("discord token", "mfa." + A[:84]),
    token("vault token", "hvs." + A[:90]),
    token("mercado pago token", f"TEST-1234567890-010203-{A[:32]}-123456789"),
    token("databricks token", "dapi" + HEX[:32]),
    token("heroku key", "HRKU-AA" + A[:58]),
    token("fly.io token", "fm2_" + A[:100]),
    token("fly.io token", "fo1_" + A[:43]),
    token("netlify token", "nfp_" + A[:36]),
    token("supabase key", "sbp_" + HEX[:40]),
    token("supabase key", "sb_secret_" + A[:31]),
    token("planetscale token", "pscale_tkn_" + A[:43]),
    token("terraform token", f"{A[:14]}.atlasv1.{A[:67]}"),
    token("pulumi token", "pul-" + HEX[:40]),
    token("doppler token", "dp.pt." + A[:43]),
    token("doppler token", "dp.st.prd." + A[:43]),
    token("alibaba key", "LTAI" + A[:20]),
    token("tencent key", "AKID" + A[:32]),
    token("grafana token", f"glsa_{A[:32]}_{HEX[:8]}"),
    token("grafana token", "glc_eyJ" + A[:60]),
    token("sentry token", "sntrys_eyJ" + A[:60]),
    token("sentry token", "sntryu_" + HEX[:64]),
    token("new relic key", "NRAK-" + A[:27].upper()),
    token("dynatrace token", f"dt0c01.{A[:24].upper()}.{A[:64].upper()}"),
    token("postman key", f"PMAK-{HEX[:24]}-{HEX[:34]}"),
    token("linear key", "lin_api_" + A[:40]),
    token("notion token", "ntn_" + A[:46]),
    token("notion token", "secret_" + A[:43]),
    token("figma token", "figd_" + A[:40]),
    token("airtable token", f"pat{A[:14]}.{HEX[:64]}"),
    token("sonar token", "squ_" + HEX[:40]),
    token("circleci token", f"CCIPAT_{A[:22]}_{HEX[:40]}"),
    token("hubspot token", "pat-na1-8ab976e6-64bc-4b38-98f7-731e7a349970"),
    token("1password token", "ops_eyJ" + A[:250]),
    token("age key", "AGE-SECRET-KEY-1" + A[:58].upper()),
    token("mercado pago token", f"APP_USR-1234567890-010203-{A[:32]}-123456789"),
    token("jwt", f"eyJhbGciOiJIUzI1NiJ9.eyJ{A[:30]}.{A[:43]}"),
    token("jwt", f"eyJhbGciOiJIUzI1NiJ9{A[:30]}"),  # the rest was cut off
    token("jwt", f"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9{A[:30]}"),
    token("jwt", f"eyJlbmMiOiJBMTI4R0NNIn0.{A[:20]}.{A[:16]}.{A[:30]}.{A[:22]}"),
]
CARDS = [
    token("card", number)
    for number in (
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "2200000000000004",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "3530111333300000",
        "6011111111111117",
        "6062826786276634",
        "6304000000000000",
        "5067 2310 0000 0018",
    )
]
PEM = [
    Case("private key", f"{BEGIN}\n{BODY}\n{END}".format(name, block, name, block), BODY[:60], "[redacted:private key]")
    for name, block in (("", ""), ("RSA ", ""), ("EC ", ""), ("OPENSSH ", ""), ("ENCRYPTED ", ""), ("PGP ", " BLOCK"))
]
PEM += [
    Case("private key", f"{BEGIN}\n{'A' * 64}\n{END}".format("", "", "", ""), "A" * 64, "[redacted:private key]"),
    Case("private key", f"{BEGIN}\n{BODY}\n… cut".format("", ""), BODY[-60:], "[redacted:private key]… cut"),
    Case("private key", f"… cut …\n{BODY}\n{END}".format("", ""), BODY[:60], "… cut …\n[redacted:private key]"),
    Case(
        "private key",
        repr(f"{BEGIN}\n{BODY}\n{END}\n".format("", "", "", "")),
        BODY[:60],
        "'[redacted:private key]\\n'",
    ),
    Case(
        "private key",
        f"{BEGIN}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{HEX[:32]}\n\n{BODY}".format("RSA ", ""),
        BODY[-60:],
        "[redacted:private key]",
    ),
]
WEBHOOKS = [
    Case("webhook", start + secret, secret.split("/")[-1], start + "[redacted:webhook]")
    for start, secret in (
        ("https://discord.com/api/webhooks/", f"123456789012345678/{A[:68]}"),
        ("https://ptb.discord.com/api/v10/webhooks/", f"123456789012345678/{A[:68]}?wait=true"),
        ("https://discord.com/api/webhooks/", "7/" + A[:8]),
        ("https://discordapp.com/api/webhooks/", f"123456789012345678/{A[:68]}"),
        ("discord.com/api/webhooks/", f"123456789012345678/{A[:68]}"),
        ('https://discord.com:443 "POST /api/webhooks/', f"123456789012345678/{A[:68]}"),
        ("Max retries exceeded with url: /services/", f"T01234567/B01234567/{A[:24]}"),
        ("https://hooks.slack.com/services/", f"T01234567/B01234567/{A[:24]}"),
        ("https://hooks.slack.com/workflows/", f"T01234567/A01234567/1/{A[:24]}"),
        ("https://hooks.slack.com/triggers/", f"T01234567/1/{HEX[:32]}"),
        ("https:\\/\\/hooks.slack.com\\/services\\/", f"T01234567\\/B01234567\\/{A[:24]}"),
        ("next=https%3A%2F%2Fhooks.slack.com%2Fservices%2F", f"T01234567%2FB01234567%2F{A[:24]}"),
        ("https://acme.webhook.office.com/webhookb2/", f"{HEX[:36]}/IncomingWebhook/{HEX[:32]}/{HEX[:36]}"),
        ("https://acme.webhook.office.com/webhookb2/", A[:20]),
        ("url: /webhookb2/", f"{HEX[:36]}@{HEX[:36]}/IncomingWebhook/{HEX[:32]}/{HEX[:36]}"),
        ("https://outlook.office.com/webhook/", f"{HEX[:36]}/IncomingWebhook/{HEX[:32]}/{HEX[:36]}"),
        (
            "https://prod-12.westeurope.logic.azure.com:443/workflows/",
            f"{HEX[:32]}/triggers/manual/paths/invoke?sig={A[:43]}",
        ),
        (
            "https://x.environment.api.powerplatform.com:443/powerautomate/automations/",
            f"direct/workflows/{HEX[:32]}/triggers/manual/paths/invoke?sig={A[:43]}",
        ),
        ("https://prod-12.westeurope.logic.azure.com/workflows/", A[:20]),
        ("url: /workflows/", f"{HEX[:32]}/triggers/manual/paths/invoke?api-version=1"),
        ("https://x.environment.api.powerplatform.com/automations/", A[:20]),
        ("https://hooks.slack-gov.com/triggers/", A[:20]),
        ("https://chat.googleapis.com/v1/spaces/", A[:20]),
        ("url: /v1/spaces/", f"AAAA/messages?threadKey={A[:20]}"),
        ("https://api.telegram.org/bot", A[:20]),
        ("https://api.telegram.org/bot", f"123456789:AA{A[:33]}/sendMessage"),
        ("https://chat.googleapis.com/v1/spaces/", f"AAAA/messages?key=AIza{A[:35]}&token={A[:43]}"),
        ("https://chat.example.com/hooks/", "abcdefghijklmnopqrstuvwxyz"),
        ("https://chat.example.com/hooks/", f"{A[:17]}/{A[:48]}"),
        ("https://events.eu.pagerduty.com/x-ere/", A[:20]),
        ("https://hooks.zapier.com/hooks/catch/", f"1234567/{A[:7]}"),
        ("https://hook.eu2.make.com/", A[:32]),
        ("https://maker.ifttt.com/trigger/down/with/key/", A[:22]),
        ("https://events.pagerduty.com/integration/", f"{HEX[:32]}/enqueue"),
        # As urllib3 names them, without the host.
        ("url: /api/webhooks/", f"123456789012345678/{A[:68]}"),
        ("url: /services/", f"T01234567/B01234567/{A[:24]}"),
        ("url: /workflows/", f"T01234567/A01234567/1/{A[:24]}"),
        ("url: /triggers/", f"T01234567/1/{HEX[:32]}"),
        ("url: /webhook/", f"{HEX[:36]}@{HEX[:36]}/IncomingWebhook/{HEX[:32]}/{HEX[:36]}"),
        ("url: /bot", f"1234567890:AA{A[:33]}/sendMessage"),
        ("url: /file/bot", f"123456:AA{A[:33]}/getFile"),
        ("url: /hooks/", "abcdefghijklmnopqrstuvwxyz"),
        ("url: /x-ere/", f"{HEX[:32]}"),
        ("url: /integration/", f"{HEX[:32]}/enqueue"),
    )
]
URLS = [
    Case("userinfo", "https://ana:hunter2@host/path", "hunter2", "https://[redacted:userinfo]@host/path"),
    Case("userinfo", "postgres://shop:hunter2@db:5432/shop", "hunter2", "postgres://[redacted:userinfo]@db:5432/shop"),
    Case("userinfo", "postgres://shop:hun@ter2@db/shop", "ter2", "postgres://[redacted:userinfo]@db/shop"),
    Case("userinfo", "mysql://shop:hun/ter2@db/shop", "ter2", "mysql://[redacted:userinfo]@db/shop"),
    Case("userinfo", "redis://:hunter2@cache:6379/0", "hunter2", "redis://[redacted:userinfo]@cache:6379/0"),
    Case("userinfo", "amqps://u:hunter2@mq//", "hunter2", "amqps://[redacted:userinfo]@mq//"),
    Case("userinfo", "mongodb+srv://u:hunter2@m/db", "hunter2", "mongodb+srv://[redacted:userinfo]@m/db"),
    Case(
        "userinfo",
        f"https://{HEX[:32]}@sentry.example.com/1",
        HEX[:32],
        "https://[redacted:userinfo]@sentry.example.com/1",
    ),
]
AUTHORIZATION = [
    Case("authorization", "Authorization: Bearer hunter2", "hunter2", "Authorization: Bearer [redacted:authorization]"),
    Case("authorization", "sent Bearer hunter2hunter2 to it", "hunter2", "sent Bearer [redacted:authorization] to it"),
    Case("authorization", f"sent Basic {BASIC} to it", BASIC, "sent Basic [redacted:authorization] to it"),
    Case("authorization", f"sent Token {HEX[:40]}", HEX[:40], "sent Token [redacted:authorization]"),
    Case("authorization", f"sent Bot {A[:60]}", A[:60], "sent Bot [redacted:authorization]"),
    *(
        Case("authorization", f"{scheme} {HEX[:8]}-1111", HEX[:8], f"{scheme} [redacted:authorization]")
        for scheme in ("GenieKey", "ApiKey", "SSWS", "Negotiate", "NTLM")
    ),
    Case(
        "authorization",
        "{'Authorization': 'Token hunter2', 'Host': 'x'}",
        "hunter2",
        "{'Authorization': 'Token [redacted:authorization]', 'Host': 'x'}",
    ),
    Case(
        "authorization",
        'Authorization: Digest username="ana", realm="x", response="hunter2", opaque=1',
        "hunter2",
        "Authorization: Digest [redacted:authorization]",
    ),
    Case("secret", "Authorization: hunter2", "hunter2", "Authorization: [redacted:secret]"),
]
PAIRS = [
    Case(
        "secret",
        text.format("hunter2"),
        "hunter2",
        text.format("[redacted:secret]").replace("{{", "{").replace("}}", "}"),
    )
    for text in (
        "password={}",
        "password: {}",
        "password = '{}'",
        'password = "{}"',
        "password = b'{}'",
        "_password={}",
        "PGPASSWORD={}",
        "userPassword={}",
        "senha={}",
        "SENHA_ATUAL={}",
        "segredo: {}",
        "chave={}",
        "chave_de_api={}",
        "credencial={}",
        "login={}",
        "key={}",
        "token={}",
        "routing_key={}",
        "AccountKey={}",
        "SharedAccessKey={}",
        "X-Api-Key: {}",
        "api_key => {}",
        "if token == '{}':",
        "password := {}",
        "--password {}",
        "mysql --password={} shop",
        "/pay?order=7&access_token={}&next=/",
        "/blob?sv=2024&sig={}&se=2025",
        "/oauth?client_secret={}",
        "next=/x%3Ftoken%3D{}%26a=1",
        "user[password]={}&user[name]=ana",
        'config["password"] = "{}"',
        "<password>{}</password>",
        "call(password={}, user=ana)",
        "connect(dsn, password='{}')",
        "Set-Cookie: {}",
        "Cookie: {}",
        '"routing_key": "{}"',
        '\\"password\\": \\"{}\\"',
        "CVV: {}",
        "pin={}",
        "session id: {}",
    )
]
PAIRS += [
    Case("secret", text.format("hunter2"), "hunter2", text.format("[redacted:secret]"))
    for text in (
        "('password', '{}')",
        '("password", "{}")',
        '("password","{}",)',
        '[["token", "{}"]]',
        '["token",\n  "{}"\n]',
        "[('Host', 'x'), ('X-Api-Key', '{}'), ('Accept', '*/*')]",
        "[(b'host', b'x'), (b'cookie', b'{}')]",
        '{{"headers": [["X-Auth-Token", "{}"]]}}'.replace("{{", "").replace("}}", ""),
        '[[\\"token\\", \\"{}\\"]]',
        "os.environ.get('SECRET_KEY', '{}')",
        "Command '['mysql', '--password', '{}', '-h', 'db']' returned 1",
    )
]
PROSE = [
    Case("secret", text.format(secret), secret, text.format("[redacted:secret]"))
    for text, secret in (
        *(
            (text, "hunter2")
            for text in (
                "password is {}",
                "the password is {}.",
                "The Password is: {}",
                "his password was {}, and mine too",
                "passwords are {}",
                "password for ana is {}",
                "the password of the user ana was {}!",
                "password was set to {}",
                "password changed to {}",
                "password is now '{}'",
                'the api key was "{}"',
                "the api key is `{}`",
                "the api key is “{}”",
                "token is {} (old)",
                "a senha é {}",
                "a senha do usuário ana é {}.",
                "a senha foi alterada para {}",
                "A senha era {}",
                "a chave de api é {}",
                "a contraseña é {}",
            )
        ),
        ("a senha é {}", "1234"),
        ("the pin is {}", "4711"),
        ("the cvv was {} and the card is new", "123"),
        ("the api key was {}", "X"),
        ("a senha é {}", "123"),
        ("the password is {}", "swordfish"),
        ("password is {} and it works", "swordfish"),
        ("password is '{}'", "it's my dog"),
        ("password is {}", "pass,w0rd;x1"),
        ("password is {}", "a$b"),
        ("token is {} or so", "abcdefghijklmnopqrst"),
    )
]
PAIRS += [
    Case("secret", "pin ('pin', 4711)", "4711", "('pin', [redacted:secret])"),
    Case("secret", "Cookie: sessionid=hunter2; csrftoken=hunter3; x=y", "hunter3", "Cookie: [redacted:secret]"),
    Case(
        "secret", "<QueryDict: {'password': ['hunter2'], 'a': 1}>", "hunter2", "'password': [redacted:secret], 'a': 1"
    ),
    Case(
        "secret", "credentials={'user': 'ana', 'x': ['hunter2']}, a=1", "hunter2", "credentials=[redacted:secret], a=1"
    ),
    Case("secret", "password=hunter2,hunter3", "hunter3", "password=[redacted:secret]"),
    Case("secret", "password=hunter2)hunter3 next", "hunter3", "password=[redacted:secret] next"),
    Case("secret", 'password = "hunter2 hunter3', "hunter3", 'password = "[redacted:secret]'),
    Case("secret", 'password = "hun\\"hunter3"', "hunter3", 'password = "[redacted:secret]"'),
    Case("secret", 'def f(password: str = "hunter2"):', "hunter2", 'def f(password: str = "[redacted:secret]"):'),
    Case("secret", 'password: Text = "hunter2"', "hunter2", '= "[redacted:secret]"'),
    Case("secret", "password=ghp_" + A[:36] + "~hunter2", "hunter2", "password=[redacted:secret]"),
    Case("secret", "token: <Token hunter2>", "hunter2", "token: [redacted:secret]"),
]
FIELDS = [
    Case("secret", text.format("hunter2"), "hunter2", text.format("[redacted:secret]"))
    for text in (
        # errors of databases
        "DETAIL:  Key (token)=({}) already exists.",
        "DETAIL:  Key (email, api_key)=({}) already exists.",
        "DETALHE:  Chave (senha)=({}) já existe.",
        "(1062, \"Duplicate entry '{}' for key 'shop_user.api_key'\")",
        # bodies of forms, as they are and in a repr
        'form-data; name="password"\r\n\r\n{}\r\n--b--',
        'form-data; name="senha"\n\n{}\n--b--',
        'form-data; name="key"; filename="k"\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b',
        'form-data; name=\\"password\\"\\r\\n\\r\\n{}\\r\\n--b--',
        # markup
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">',
        '<input value="{}" type="password" name="senha">',
        "<senha>{}</senha>",
        # objects of a name and a value
        '{{"name": "API_KEY", "value": "{}"}}',
        # pydantic
        "1 error for Settings\napi_key\n  Input should be a URL [type=url, input_value={}, input_type=str]",
        # commands
        "curl -u ana:{} https://x",
        "curl --user ana:{} https://x",
        "['curl', '-u', 'ana:{}', 'https://x']",
        "mysqldump -uroot -p{} shop",
        "Command '['mysqldump', '-uroot', '-p{}', 'shop']' returned 2",
        "sshpass -p {} ssh x",
        "redis-cli -h x -a {} ping",
        # names that are one word of code
        "SMTP_PASS={}",
        "/login?user=ana&pass={}",
        "{{'pass': '{}'}}",
        "db_auth={}",
        # other signs, and what stands between a name and its secret
        "token -> {}",
        "token → {}",
        "**password**: {}",
        "key%253D{}",
        '{{\\\\\\"password\\\\\\": \\\\\\"{}\\\\\\"}}',  # JSON in JSON in JSON in JSON
        "codigo_de_seguranca={}",
        # names that are said in words, and passwords behind their name
        "token de acesso = {}",
        "senha do banco de dados: {}",
        "Senha incorreta: {}",
        "token for the shop: {}",
        "invalid password '{}' for user ana",
        "senha '{}' inválida",
        "login failed with password {}",
        "ALTER USER ana WITH PASSWORD '{}'",
    )
]
FIELDS += [
    Case("secret", "[{'key': 'DB_PASSWORD', 'value': 'hunter2'}]", "hunter2", "'value': '[redacted:secret]'}]"),
    Case("secret", 'password = given or "hunter2"', "hunter2", 'password = [redacted:secret] or "[redacted:secret]"'),
    Case("secret", "password = 'a' + 'hunter2'", "hunter2", "password = '[redacted:secret]' + '[redacted:secret]'"),
    Case("secret", "requests.get(url, auth=('ana', 'hunter2'))", "hunter2", "auth=[redacted:secret])"),
    Case("secret", "api_key=Secret('hunter2'), a=1", "hunter2", "api_key=[redacted:secret], a=1"),
    Case("secret", "<senha><![CDATA[hunter2]]></senha>", "hunter2", "<senha>[redacted:secret]</senha>"),
    Case("secret", "\x1b[36mpassword\x1b[0m=\x1b[35mhunter2\x1b[0m x", "hunter2", "password=[redacted:secret] x"),
    Case("row", "DETAIL:  Failing row contains (1, ana, hunter2).", "hunter2", "contains ([redacted:row])."),
    Case(
        "userinfo", "next=https%3A%2F%2Fana%3Ahunter2%40host%2Fx", "hunter2", "%3A%2F%2F[redacted:userinfo]%40host%2Fx"
    ),
]
CASES = [*TOKENS, *CARDS, *PEM, *WEBHOOKS, *URLS, *AUTHORIZATION, *PAIRS, *PROSE, *FIELDS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.redacted[:30]}")
def test_a_secret_goes_and_the_rest_stays(case):
    redacted = Redactor().text(case.text)
    assert case.secret not in redacted
    assert case.redacted in redacted


@pytest.mark.parametrize("around", ["{}", "see {} there", "({})", "«{}»", "\n{}\n", "a, {}, b", "x_{}"])
@pytest.mark.parametrize("case", [*TOKENS, *CARDS], ids=lambda case: case.text[:12])
def test_a_token_is_known_whatever_is_around_it(case, around):
    assert Redactor().text(around.format(case.text)) == around.format(case.redacted)


ABOUT = [
    "the password is wrong",
    "password is required",
    "password is too short",
    "password is too common.",
    "The password is incorrect, try again",
    "password was not changed",
    "password has been changed to a new one",
    "password is at least 8 characters",
    "password is 8 characters long",
    "the password is 12-64 characters",
    "password is case-sensitive",
    "the token is *not* read",
    "the `Token` is -1",
    "the length of a key is 128",
    "the same password is chosen, and it fits",
    "record('example_key', 1)",
    "password is None",
    "password is %s",
    "password is ****",
    "password is (unset)",
    "password is 'required'",
    "password for ana is wrong",
    "password is empty",
    "password is sha256 hashed",
    "if password is not self.password:",
    "passwords are hashed",
    "token expired",
    "token is expired",
    "token was revoked yesterday",
    "the token is 3 days old",
    "token is models.Token",
    "token was issued 2024-01-01",
    "the token was 2024-01-01",
    "token was sent to ana",
    "access token is stale",
    "the api key is invalid",
    "the api key is missing",
    "api key is here",
    "key is 256-bit",
    "key is 2048 bits",
    "key is base64",
    "the key to success is persistence",
    "the key is to be here",
    "the primary key is 7",
    "the cache key was order7",
    "the secret is out",
    "login is disabled",
    "the last login was 12:30",
    "the monkey is hunter2",
    "the secretary was ana7",
    "the keyboard is x1",
    "the author is ana7",
    "a senha é obrigatória",
    "senha é obrigatória",
    "a senha foi alterada",
    "a senha é muito curta",
    "a senha está errada",
    "a senha é fraca.",
    "a senha é inválida",
    "a senha é 8 caracteres",
    "a chave é nova",
    "('password', 'token')",
    '["token", "secret"]',
    "('password', 'user', 'email')",
    "('password', models.CharField(max_length=10))",
    "('Host', 'example.com')",
    "('monkey', 'hunter2')",
    "call(password, 'x')",
    "('password', ['This field is required.'])",
    "'password', 'x'",
    "user, 'password', 'x'): refused",
    "monkey",
    "secretary",
    "/tokens/list",
]
HARMLESS = [
    *ABOUT,
    "",
    "the token is invalid",
    "password reset requested",
    "key error: 'name'",
    "KeyError: 'name'",
    "InvalidTokenError: Signature has expired",
    "jwt.exceptions.ExpiredSignatureError: Signature has expired",
    "GET /tokens/list 200",
    "monkey=banana",
    "secretary: Ana",
    "tokenizer=fast tokens=512",
    "token_type=bearer",
    "primary_key=7 foreign key: 8",
    "last_login: 2024-01-01",
    "palavra-chave: livro",
    "Basic authentication failed",
    "Basic Authentication is required",
    "a basic JavaScript runtime, version2.0",
    "Bearer authentication",
    "Token authentication, Bot detection",
    "password=",
    'password = ""',
    "password=None",
    "sorted(items, key=lambda item: item.name)",
    "id 1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "id 41111111-1111-1111-8111-111111111111",
    "id 1b4e28ba2fa111d2883f0016d3cca427",
    "at 2024-01-02T03:04:05.678901+00:00",
    "order 4711, invoice 2024-000123, ref 4111111111111112",
    "commit 979539e8d2b7f3c1a4e5b6c7d8e9f0a1b2c3d4e5",
    "at 1700000000000 ms, 1700000000000000000 ns",
    "took 0.4111111111111111 s",
    "snowflake 123456789012345678",
    "from 10.0.0.1:5432 and [2001:db8::1]:443",
    'File "/srv/app/shop/views/checkout.py", line 12, in charge_card',
    "phone +55 11 91234-5678",
    "https://example.com/a/b?page=2&sort=name#top",
    "https://example.com:8080/@ana/status?x=a@b.example",
    "https://example.com/hooks/pre-commit and /api/webhooks/5/edit",
    "mail ana@example.com, git@github.com:org/repo.git",
    "task-list and disk-usage-of-the-whole-machine-in-bytes",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "Malaysia, Asia; eyJ; SG.1; sk-1; a=b; x: y",
    "ações concluídas: senhas fortes são boas",
    "Migration auth.0012 depends on ('auth', '0011_update_proxy_permissions')",
    "auth: user ana came",
    "pass: 12, fail: 3, pass=7",
    "first pass: done, second pass: 12 items",
    "Key (email)=(ana@example.com) already exists.",
    'Key (id)=(7) is not present in table "orders".',
    "Duplicate entry 'ana' for key 'shop_user.email'",
    'form-data; name="comment"\r\n\r\nhello\r\n--b--',
    '<input type="text" name="comment" value="hello">',
    '{"name": "HOST", "value": "db"}',
    "name\n  Input should be shorter [type=string_too_long, input_value='x', input_type=str]",
    "docker run --user 1000:1000 image; ls -u a",
    "mysql -h db -P 3306 shop",
    "token de acesso: expirado",
    "chave de acesso: inválida",
    "senha incorreta: tente de novo",
    "the password field 'is' required",
    "password reset for ana",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert Redactor().text(text) == text


SOURCE = """Traceback (most recent call last):
  File "/srv/shop/views.py", line 12, in checkout
    password = "hunter2"
  File "/srv/shop/db.py", line 40, in connect
    return connect(host="db", user='ana', password="hunter2", port=5432)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
shop.errors.DatabaseError: postgres://ana:hunter2@db/shop: FATAL
"""


def test_of_a_trace_only_the_secrets_go():
    redacted = Redactor().text(SOURCE)
    assert redacted == (
        SOURCE.replace('"hunter2"', '"[redacted:secret]"').replace("ana:hunter2", "[redacted:userinfo]")
    )


def test_nested_values_keys_and_every_type():
    secret = TOKENS[0].text
    given = {
        "password": 7,
        "api_key": ["a", {"b": 1}],
        "token": True,
        "senha": {"x": 1.5},
        "secret": None,
        "pin": "",
        secret: 1,
        "list": ["password=hunter2", ("token=hunter2", [secret])],
        "card": 4111111111111111,
        "order": 4711,
        "big": 4 * 10**5000,
    }
    assert Redactor().mapping(given) == {
        "password": "[redacted:secret]",
        "api_key": "[redacted:secret]",
        "token": "[redacted:secret]",
        "senha": "[redacted:secret]",
        "secret": None,
        "pin": "",
        "[redacted:aws key]": 1,
        "list": ["password=[redacted:secret]", ["token=[redacted:secret]", ["[redacted:aws key]"]]],
        "card": "[redacted:card]",
        "order": 4711,
        "big": 4 * 10**5000,
    }


def test_pairs_options_and_named_values():
    given = {
        "headers": [["Host", "x"], ("X-Api-Key", "hunter2"), ["b'cookie'", "b'hunter2'"], ["Authorization", ""]],
        "pair": ("password", 4711),
        "deep": [[["token", {"a": "hunter2"}]]],
        "command": ["mysql", "--password", "hunter2", "-h", "db", "--key"],
        "named": [
            {"name": "API_KEY", "value": "hunter2"},
            {"name": "HOST", "value": "x"},
            {"name": "PIN", "value": None},
        ],
        "header": {"header": "X-Token", "value": ["hunter2"]},
    }
    redacted = Redactor().mapping(given)
    assert "hunter2" not in str(redacted)
    assert "4711" not in str(redacted)
    assert redacted["headers"] == [
        ["Host", "x"],
        ["X-Api-Key", "[redacted:secret]"],
        ["b'cookie'", "[redacted:secret]"],
        ["Authorization", ""],
    ]
    assert redacted["command"] == ["mysql", "--password", "[redacted:secret]", "-h", "db", "--key"]
    assert redacted["named"][1:] == [{"name": "HOST", "value": "x"}, {"name": "PIN", "value": None}]


@pytest.mark.parametrize(
    "items",
    [
        ["password", "token"],  # names of fields
        ["username", "password"],
        ["password", "username", "email"],
        ["the password is wrong", "x"],
        ["the password was refused", "try again"],
        ["monkey", "banana"],
        ["mysql", "--verbose", "x"],
        ["token"],
        ["pin", None],
        [],
    ],
)
def test_lists_that_hold_no_secret_stay(items):
    assert Redactor().json(items) == items


@pytest.mark.parametrize("name", sorted(names.WORDS | {" ".join(pair) for pair in names.PAIRS}))
def test_every_name_counts_in_a_sentence(name):
    text = Redactor().text(f"the {name} is hunter2 and")
    assert text == f"the {name} is [redacted:secret] and"


def test_names_of_the_user_count_in_sentences_and_pairs():
    redactor = Redactor(names=["cpf", "employee number"])
    for text in ("the cpf is {}", "o cpf é {}", "('cpf', '{}')", "employee number is {}"):
        assert redactor.text(text.format("123x4")) == text.format("[redacted:secret]")


def test_of_tokens_written_together_none_stays():
    kinds = ("AKIA" + "A2" * 8, "doo_v1_" + HEX[:64])
    assert Redactor().text("".join(kinds * 6)).count("[redacted:") == 12


def test_two_keys_that_become_the_same_keep_both_values():
    keys = {"AKIA" + "A" * 16: 1, "AKIA" + "B" * 16: 2}
    assert sorted(Redactor().mapping(keys).values()) == [1, 2]


def test_a_text_too_long_is_cut_where_no_half_secret_stays():
    secret = "ghp_" + A[:36]
    for shift in range(60):
        text = ("x" * 99 + "\n") * 1_099 + "y" * (shift + 1) + " " + secret + " " + "z" * 20_000
        redacted = Redactor().text(text)
        assert len(redacted) <= 110_000
        assert "ghp_" not in redacted
        assert redacted.endswith("characters cut]")
    assert "4111" not in Redactor().text(("x" * 99 + "\n") * 1_099 + "4111 1111 1111 1111 " * 1000)
    assert Redactor().text("a" * 200_000) == "\n… [200000 characters cut]"


RULE_CASES = [case for case in CASES if case not in (*PAIRS, *PROSE, *FIELDS)]
WRITTEN = {
    "plain": str,
    "escaped": lambda text: text.replace("/", "\\/"),
    "quoted": lambda text: text.replace("/", "%2F").replace(":", "%3A"),
    "quoted in small letters": lambda text: text.replace("/", "%2f").replace(":", "%3a"),
    "without its scheme": lambda text: text.partition("://")[2] or text,
    "shouted": lambda text: text.upper(),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.apply.__name__)
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_no_rule_is_skipped_by_its_hints(rule, written):
    """Each rule by itself: where it finds something, one of its hints must have been there."""
    look = re.compile(one_of(rule.hints)).search
    skipped = [case.text for case in RULE_CASES if rule.apply(text := written(case.text)) != text]
    skipped = [text for text in skipped if not look(written(text).lower())]
    assert skipped == []


@pytest.mark.parametrize("route", [each for routes in urls._ROUTES for each in re.split(r"\|(?![^(]*\))", routes)])
def test_every_kind_of_webhook_is_known_by_its_route_alone(route):
    pattern = re.compile(route.replace("/", r"(?:\\{0,2}/|%2F)"), re.IGNORECASE)
    look = re.compile(one_of(urls.WEBHOOK_HINTS)).search
    known = [case for case in WEBHOOKS if pattern.search(case.text)]
    assert known
    for case in known:
        assert look(case.text[pattern.search(case.text).start() :].lower())


ASCII = st.characters(min_codepoint=32, max_codepoint=126)
SHAPES = st.sampled_from(sorted(tokens.TOKENS.values())).flatmap(
    lambda pattern: st.from_regex(pattern, fullmatch=True, alphabet=ASCII)
)


@settings(max_examples=int(os.environ.get("REDACTION_EXAMPLES", "300")), deadline=None)
@given(
    st.sampled_from(sorted(tokens.TOKENS)).flatmap(
        lambda kind: st.from_regex(tokens.TOKENS[kind], fullmatch=True, alphabet=ASCII)
    )
)
def test_no_token_of_any_shape_is_skipped(token):
    assert len(token) >= tokens.SHORTEST
    assert not any(map(str.isspace, token))
    if tokens.take_tokens(token) != token:
        assert re.search(one_of(tokens.HINTS), token.lower())


SURROUNDING = st.text(st.sampled_from(string.printable + "çãé“”\u2028\u0130\u212a"), max_size=40)


@settings(max_examples=int(os.environ.get("REDACTION_EXAMPLES", "300")), deadline=None)
@given(st.sampled_from([*TOKENS, *CARDS, *PEM, *WEBHOOKS, *URLS]), SURROUNDING, SURROUNDING)
def test_a_secret_goes_whatever_is_written_around_it(case, before, after):
    assert case.secret not in Redactor().text(f"{before} {case.text} {after}")


@settings(max_examples=int(os.environ.get("REDACTION_EXAMPLES", "300")), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([case.text for case in CASES]),
            st.sampled_from(
                [
                    " is ",
                    " é ",
                    ", ",
                    "hunter2",
                    "password",
                    "token",
                    "=",
                    ":",
                    '"',
                    "'",
                    "[",
                    "]",
                    "{",
                    "}",
                    "(",
                    "<",
                    "\\",
                    " ",
                    "\n",
                    "/",
                    "@",
                ]
            ),
            st.sampled_from(
                ["://", "key: |\n  ", "INSERT INTO a (key) VALUES (", "[parameters: (", "kind: Secret\n", "data:\n "]
            ),
            st.sampled_from(
                ["&quot;", "/callback?code=", "&lt;key&gt;", "key:\n  ", "key: (\n ", "\\n", "grant_type", "1a2b3c"]
            ),
            st.sampled_from(
                ["[redacted:", "[redacted:secret]", "://", "Bearer ", "-----", "--key", "%3D", "4111", "-", ";"]
            ),
            st.text(max_size=8),
        ),
        max_size=12,
    ).map("".join)
)
@example(f"\x1b{TOKENS[0].text}")
def test_a_second_look_finds_nothing_and_none_raises(text):
    once = Redactor().text(text)
    assert Redactor().text(once) == once
