"""Secrets that are known by their own letters: what vendors publish of their tokens, JWTs, private keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from webhook_alerts.outbox.redaction.marks import mark

TOKENS: Mapping[str, str] = {
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: long-lived and temporary key ids
    "aws key": r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16,}",
    # cloud.google.com/docs/authentication/api-keys; OAuth access tokens and client secrets
    "google key": r"AIza[\w-]{35,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}",
    # docs.github.com: "GitHub's token formats"
    "github token": r"gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{22,}",
    # docs.gitlab.com/security/tokens: "Token prefixes"
    "gitlab token": r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-[\w.-]{20,}",
    # docs.slack.dev/authentication/tokens
    "slack token": r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}",
    # docs.stripe.com/keys; endpoint secrets of docs.stripe.com/webhooks
    "stripe key": r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    # www.twilio.com/docs/iam/api-keys: a SID of 34 characters
    "twilio key": r"SK[0-9a-fA-F]{32}(?![A-Za-z0-9])",
    # www.twilio.com/docs/sendgrid: 22 and 43 characters
    "sendgrid key": r"SG\.[\w-]{16,}\.[\w-]{16,}",
    # console.anthropic.com
    "anthropic key": r"sk-ant-[\w-]{20,}",
    # platform.openai.com: keys of projects, service accounts and admins, and those of old
    "openai key": r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,}|sk-[A-Za-z0-9]{32,}",
    # huggingface.co/docs/hub/security-tokens
    "hugging face token": r"hf_[A-Za-z0-9]{30,}",
    # github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format
    "npm token": r"npm_[A-Za-z0-9]{36,}",
    # pypi.org/help/#apitoken: a macaroon, whose first bytes name pypi.org or test.pypi.org
    "pypi token": r"pypi-AgE[\w-]{32,}",
    # docs.digitalocean.com/reference/api/create-personal-access-token: personal, OAuth and refresh tokens
    "digitalocean token": r"do[opr]_v1_[0-9a-f]{32,}",
    # shopify.dev/changelog: app, custom app, private app and shared secrets
    "shopify token": r"shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32,}",
    # documentation.mailgun.com: private API keys, the old form and the new
    "mailgun key": r"key-[0-9a-zA-Z]{32,}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])",
    # developer.squareup.com: access tokens and application secrets
    "square token": r"sq0[a-z]{3}-[\w-]{22,}",
    # core.telegram.org/bots/api#authorizing-your-bot
    "bot token": r"[0-9]{6,12}:AA[\w-]{30,}",
    # docs.discord.com/developers/reference#authentication: an id in digits, time and HMAC, each in base64
    "discord token": r"[MNO][DTjz][\w-]{22,26}\.[\w-]{6}\.[\w-]{27,}",
    # developer.hashicorp.com/vault/docs/concepts/tokens
    "vault token": r"hv[sbr]\.[\w-]{24,}",
    # www.mercadopago.com.br/developers: production credentials
    "mercado pago token": r"APP_USR-[0-9]{6,}-[\w-]{20,}",
    # RFC 7519: a header that begins with {" in base64url, and the dots between the parts
    "jwt": r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){0,3}|eyJhbGciOi[\w-]*|eyJ0eXAiOi[\w-]*",
}
"""The formats by kind, as regular expressions. Open at the end, so that of a longer token nothing remains."""


_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:" + "|".join(f"({pattern})" for pattern in TOKENS.values()) + ")",
)
_KINDS = tuple(TOKENS)

HINTS = (
    *(r"a(?:kia|sia|bia|cca)[a-z0-9]{16}", "aiza", r"ya29\.", "gocspx-", "gh[opsur]_", "github_pat_", "gl[a-z]{2,5}-"),
    *("xox", "xapp-", "k_(?:live|test)_", "whsec_", r"sk(?:[0-9a-f]{32}|-[\w-]{20})", r"sg\.[\w-]{16}", "hf_", "npm_"),
    *("pypi-", "do[opr]_v1_", "shp[a-z]{2}_", "key-[0-9a-z]{32}", "-[0-9a-f]{8}-[0-9a-f]{8}", "sq0", ":aa"),
    *(rf"{first}[dtjz][\w-]{{22}}" for first in "mno"),
    *(r"hv[sbr]\.", "app_usr-", "eyj"),
)
"""What a text in lower case has when it may hold one of them."""


def take_tokens(text: str) -> str:
    """*text* without the tokens that vendors mark as theirs."""
    return _TOKEN.sub(lambda found: mark(_KINDS[(found.lastindex or 1) - 1]), text)
