"""Secrets that are known by their own letters: what vendors publish of their tokens, JWTs, private keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from webhook_alerts.outbox.redaction.marks import mark

TOKENS: Mapping[str, str] = {
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: long-lived and temporary key ids
    # and of Bedrock, docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
    "aws key": r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16,}|ABSK[A-Za-z0-9+/]{80,}|bedrock-api-key-[A-Za-z0-9+/=]{40,}",
    # learn.microsoft.com/purview: client secrets of Entra, tokens of DevOps, keys of storage and of other services
    "azure key": r"[\w~.-]{3}[78]Q~[\w~.-]{31,}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"
    r"|[A-Za-z0-9/]{20,76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt|ASb|AEh|ACR|ARm))[A-Za-z0-9+/]{5,6}[A-Za-z0-9]?={0,2}",
    # cloud.google.com/docs/authentication/api-keys; OAuth access and refresh tokens and client secrets
    "google key": r"AIza[\w-]{35,}|AQ\.Ab[\w-]{30,}|ya29\.[\w-]{20,}|1(?:\\?/|%2F){2}0[\w-]{40,}|GOCSPX-[\w-]{20,}",
    # docs.github.com: "GitHub's token formats"
    "github token": r"gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{22,}",
    # docs.gitlab.com/security/tokens: "Token prefixes"
    "gitlab token": r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-[\w.-]{20,}|GR1348941[\w-]{20,}",
    # docs.slack.dev/authentication/tokens
    "slack token": r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}",
    # docs.stripe.com/keys; endpoint secrets of docs.stripe.com/webhooks, and of Standard Webhooks
    "stripe key": r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whs(?:ec|k)_[A-Za-z0-9+/=]{24,}",
    # www.twilio.com/docs/iam/api-keys: a SID of 34 characters
    "twilio key": r"SK[0-9a-fA-F]{32}(?![A-Za-z0-9])",
    # www.twilio.com/docs/sendgrid: 22 and 43 characters
    "sendgrid key": r"SG\.[\w-]{16,}\.[\w-]{16,}",
    # console.anthropic.com
    "anthropic key": r"sk-ant-[\w-]{20,}",
    # platform.openai.com: keys of projects, service accounts and admins, and those of old
    "openai key": r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,}|sk-[A-Za-z0-9]{32,}|sess-[A-Za-z0-9]{40,}",
    # huggingface.co/docs/hub/security-tokens
    "hugging face token": r"hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,}",
    # openrouter.ai/docs, console.groq.com, docs.x.ai, docs.perplexity.ai, replicate.com/docs, build.nvidia.com,
    # docs.smith.langchain.com, elevenlabs.io/docs
    "openrouter key": r"sk-or-v1-[0-9a-f]{32,}",
    "groq key": r"gsk_[A-Za-z0-9]{40,}",
    "xai key": r"xai-[A-Za-z0-9]{60,}",
    "perplexity key": r"pplx-[A-Za-z0-9]{40,}",
    "replicate token": r"r8_[A-Za-z0-9]{36,}",
    "nvidia key": r"nvapi-[\w-]{50,}",
    "langsmith key": r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    "elevenlabs key": r"sk_[0-9a-f]{48}",
    # github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format
    "npm token": r"npm_[A-Za-z0-9]{36,}",
    # pypi.org/help/#apitoken: a macaroon, whose first bytes name pypi.org or test.pypi.org
    "pypi token": r"pypi-AgE[\w-]{32,}",
    # guides.rubygems.org/api-key-scopes, crates.io, learn.microsoft.com/nuget, jfrog.com, github.com/clojars
    "rubygems key": r"rubygems_[0-9a-f]{48}",
    "crates.io token": r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])",
    "nuget key": r"oy2[a-z0-9]{43}(?![A-Za-z0-9])",
    "artifactory token": r"AKCp[A-Za-z0-9]{60,}|cmVmdGtu[A-Za-z0-9]{50,}",
    "clojars token": r"CLOJARS_[a-z0-9]{60}",
    # docs.docker.com/security/access-tokens
    "docker token": r"dckr_[op]at_[\w-]{20,}",
    # support.atlassian.com: API tokens, access tokens and app passwords, Bitbucket's among them
    "atlassian token": r"AT(?:ATT|CTT)3[\w=-]{60,}|ATBB[A-Za-z0-9]{28,}",
    # docs.digitalocean.com/reference/api/create-personal-access-token: personal, OAuth and refresh tokens
    "digitalocean token": r"do[opr]_v1_[0-9a-f]{32,}",
    # shopify.dev/changelog: app, custom app, private app and shared secrets
    "shopify token": r"shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32,}",
    # documentation.mailgun.com: private API keys, the old form and the new
    "mailgun key": r"key-[0-9a-zA-Z]{32,}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])",
    # help.brevo.com, mailchimp.com/developer, resend.com/docs
    "brevo key": r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
    "mailchimp key": r"[0-9a-f]{32}-us[0-9]{1,2}(?![\w-])",
    "resend key": r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}",
    # developer.squareup.com: access tokens and application secrets
    "square token": r"sq0[a-z]{3}-[\w-]{22,}|EAAA[\w-]{60}(?![\w-])",
    # developer.paypal.com/braintree, docs.asaas.com, razorpay.com/docs, developer.flutterwave.com, plaid.com/docs
    "paypal token": r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
    "asaas key": r"\$aact_[\w=:+/$-]{40,}",
    "razorpay key": r"rzp_(?:live|test)_[A-Za-z0-9]{14,}",
    "flutterwave key": r"FLWSECK(?:_TEST)?-[0-9a-f]{32}-X",
    "plaid token": r"access-(?:sandbox|development|production)-[0-9a-f-]{36}",
    # developers.facebook.com/docs/facebook-login/guides/access-tokens: WhatsApp's and Instagram's as well
    "meta token": r"EAA[A-Za-z0-9]{80,}",
    # core.telegram.org/bots/api#authorizing-your-bot
    "bot token": r"[0-9]{6,12}:AA[\w-]{30,}",
    # docs.discord.com/developers/reference#authentication: an id in digits, time and HMAC, each in base64
    "discord token": r"[MNO][DTjz][\w-]{22,26}\.[\w-]{6}\.[\w-]{27,}|mfa\.[\w-]{80,}",
    # developer.hashicorp.com/vault/docs/concepts/tokens
    "vault token": r"hv[sbr]\.[\w-]{24,}",
    # www.mercadopago.com.br/developers: credentials for production and for tests
    "mercado pago token": r"(?:APP_USR|TEST)-[0-9]{6,}-[0-9]{4,}-[\w-]{20,}",
    # docs.databricks.com, devcenter.heroku.com, fly.io/docs, docs.netlify.com, supabase.com/docs, planetscale.com/docs,
    # developer.hashicorp.com/terraform, pulumi.com/docs, docs.doppler.com, alibabacloud.com/help, cloud.tencent.com
    "databricks token": r"dapi[0-9a-f]{32}(?:-[0-9])?",
    "heroku key": r"HRKU-[\w-]{30,}",
    "fly.io token": r"fm[12][a-z]?_[\w+/=-]{60,}|fo1_[\w-]{40,}",
    "netlify token": r"nf[a-z]_[A-Za-z0-9]{36}",
    "supabase key": r"sbp_[0-9a-f]{40}|sb_secret_[\w-]{20,}",
    "planetscale token": r"pscale_(?:tkn|pw|oauth)_[\w.=-]{32,}",
    "terraform token": r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}",
    "pulumi token": r"pul-[0-9a-f]{40}",
    "doppler token": r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9-]{2,35}\.)?[A-Za-z0-9]{40,}",
    "alibaba key": r"LTAI[A-Za-z0-9]{17,}",
    "tencent key": r"AKID[A-Za-z0-9]{32,}",
    # grafana.com/docs, docs.sentry.io, docs.newrelic.com, docs.dynatrace.com, learning.postman.com, linear.app,
    # developers.notion.com, figma.com/developers, airtable.com/developers, docs.sonarsource.com, circleci.com/docs,
    # developers.hubspot.com, developer.1password.com, github.com/FiloSottile/age
    "grafana token": r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_eyJ[\w+/=-]{30,}",
    "sentry token": r"sntrys_eyJ[\w+/=-]{30,}|sntryu_[0-9a-f]{64}",
    "new relic key": r"NRAK-[A-Z0-9]{27}",
    "dynatrace token": r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    "postman key": r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "linear key": r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}",
    "notion token": r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])",
    "figma token": r"fig[a-z]_[\w-]{36,}",
    "airtable token": r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
    "sonar token": r"sq[apu]_[0-9a-f]{40}",
    "circleci token": r"CCIPAT_[A-Za-z0-9]{22}_[0-9a-f]{40}",
    "hubspot token": r"pat-[a-z]{2}[0-9]-[0-9a-f-]{36}",
    "1password token": r"ops_eyJ[\w-]{60,}",
    "age key": r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    # RFC 7519: a header that begins with {" in base64url, and the dots between the parts
    "jwt": r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){0,3}|eyJhbGciOi[\w-]{5,}|eyJ0eXAiOi[\w-]{5,}",
}
"""The formats by kind, as regular expressions. Open at the end, so that of a longer token nothing remains."""
SHORTEST = 15
"""Characters that each has at least, none of them white space."""


_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:" + "|".join(f"({pattern})" for pattern in TOKENS.values()) + ")",
)
_KINDS = tuple(TOKENS)

HINTS = (
    *(r"a(?:kia|sia|bia|cca)[a-z0-9]{16}", "absk[a-z0-9+/]{80}", "bedrock-api", "7q~", "8q~", "azdo", "apim", "acdb"),
    *(r"a(?:ba|mc|st|sb|eh|cr|rm)[a-z0-9+/]{5}", "aiza", r"aq\.ab", r"ya29\.", r"1(?:\\?/|%2f){2}0", "gocspx-"),
    *("gh[opsur]_", "github_pat_", "gl[a-z]{2,5}-", "gr1348941", "at(?:att|ctt)3", "atbb[a-z0-9]{28}", "dckr_[op]at_"),
    *(
        "xox",
        "xapp-",
        "k_(?:live|test)_",
        "whs(?:ec|k)_",
        r"sk(?:[0-9a-f]{32}|-[\w-]{20}|_[0-9a-f]{48})",
        r"sg\.[\w-]{16}",
    ),
    *("sess-[a-z0-9]{40}", "hf_", "api_org_", "gsk_", "xai-", "pplx-", "r8_", "nvapi-", "lsv2_", "npm_", "pypi-"),
    *("rubygems_", "cio[a-z0-9]{32}", "oy2[a-z0-9]{43}", "akcp[a-z0-9]{60}", "cmvmdgtu", "clojars_", "do[opr]_v1_"),
    *("shp[a-z]{2}_", "key-[0-9a-z]{32}", "-[0-9a-f]{8}-[0-9a-f]{8}", "xkeysib-", "-us[0-9]", "re_[a-z0-9]{8}_", "sq0"),
    *("eaa[\\w-]{60}", "access_token", "aact_", "rzp_", "flwseck", "access-", ":aa", r"mfa\.", r"hv[sbr]\.", "eyj"),
    *(rf"{first}[dtjz][\w-]{{22}}" for first in "mno"),
    *(
        "app_usr-",
        "test-[0-9]{6}",
        "dapi[0-9a-f]{32}",
        "hrku-",
        "fm[12][a-z]?_",
        "fo1_",
        "nf[a-z]_[a-z0-9]{36}",
        "sbp_",
    ),
    *("sb_secret_", "pscale_", "atlasv1", "pul-[0-9a-f]{40}", r"dp\.[a-z]{2,5}\.", "ltai[a-z0-9]{17}"),
    *("akid[a-z0-9]{32}", "glsa_", "glc_", "sntry", "nrak-", "dt0[a-z][0-9]", "pmak-", "lin_(?:api|oauth)_", "ntn_"),
    *("secret_[a-z0-9]{43}", "fig[a-z]_[\\w-]{36}", "pat[a-z0-9]{14}", "sq[apu]_", "ccipat_", "pat-[a-z]{2}[0-9]-"),
    *("ops_eyj", "age-secret"),
)
"""What a text in lower case has when it may hold one of them."""


def take_tokens(text: str) -> str:
    """*text* without the tokens that vendors mark as theirs."""
    return _TOKEN.sub(lambda found: mark(_KINDS[(found.lastindex or 1) - 1]), text)
