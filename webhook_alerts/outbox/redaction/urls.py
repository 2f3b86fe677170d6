"""Secrets in addresses: who logs in, and what makes a webhook's address one."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction.marks import mark

USERINFO_HINTS = ("://", "%3a%2f%2f")
_USERINFO = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}://)"
    # RFC 3986, section 3.2.1; and a password with a slash in it, which the standard does not allow but people have.
    r"(?:[^\s/\"'<>?#]{1,500}@|[^\s:/@\"'<>\[]{0,100}:(?![0-9]{1,5}[/?#])[^\s\"'<>]{1,500}@)"
)
_QUOTED_USERINFO = re.compile(r"(%3A%2F%2F)(?:(?!%2F|%3F|%23|%40)[^\s/\"'<>?#&@]){1,500}(%40)", re.IGNORECASE)

WEBHOOK_HINTS = (
    "webhook",
    "hooks",
    "services",
    "workflows",
    "triggers",
    "spaces",
    r"api\.telegram",
    "bot[0-9]{6}",
    r"chat\.googleapis",
    "integration",
    "x-ere",
    "powerplatform",
    r"hook\.[a-z0-9]{2,5}\.make",
    r"maker\.ifttt",
)
_ROUTES = (
    # docs.discord.com/developers/resources/webhook; without the host it stands in urllib3's messages
    r"discord(?:app)?\.com(?::\d+)?/api/(?:v\d{1,2}/)?webhooks/|/api/(?:v\d{1,2}/)?webhooks/(?=\d{15})",
    # docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, and the triggers of its workflows
    r"hooks\.slack(?:-gov)?\.com(?::\d+)?/(?:services|workflows|triggers)/",
    r"/services/(?=T\w{6,12}/B\w{6,12}/)|/(?:workflows|triggers)/(?=T\w{6,12}/)",
    # learn.microsoft.com/microsoftteams: connectors, then the workflows of Power Automate and Logic Apps
    r"webhook\.office\.com(?::\d+)?/webhookb2/|outlook\.office(?:365)?\.com(?::\d+)?/webhook/|/webhook(?:b2)?/(?=[\w-]{36}@)",
    r"logic\.azure\.com(?::\d+)?/workflows/|/workflows/(?=[0-9a-f]{32}/triggers/)",
    r"api\.powerplatform\.com(?::\d+)?/(?:powerautomate/)?automations/",
    # core.telegram.org/bots/api#making-requests
    r"api\.telegram\.org(?::\d+)?/(?:file/)?bot|/bot(?=\d{6,12}(?::|%3A)AA)",
    # developers.google.com/workspace/chat/quickstart/webhooks
    r"chat\.googleapis\.com(?::\d+)?/v1/spaces/|/v1/spaces/(?=[\w-]{1,40}/messages\?)",
    # developers.mattermost.com/integrate/webhooks/incoming: ids of 26; docs.rocket.chat: an id of 17 or 24 and a token
    r"/hooks/(?=[A-Za-z0-9]{17})",
    # help.zapier.com, help.make.com, ifttt.com/maker_webhooks
    r"hooks\.zapier\.com(?::\d+)?/hooks/catch/|hook\.[a-z0-9]{2,5}\.make\.com(?::\d+)?/",
    r"maker\.ifttt\.com(?::\d+)?/trigger/\w{1,60}/(?:json/)?with/key/",
    # developer.pagerduty.com: the integration key in the path of the Events API v1
    r"events(?:\.eu)?\.pagerduty\.com(?::\d+)?/(?:integration|x-ere)/|/integration/(?=[0-9a-f]{32}/)|/x-ere/(?=\w{20})",
)
_SLASH = r"(?:\\{0,2}/|%2F)"
"""As it is, as JSON may write it, and as part of another address."""
_WEBHOOK = re.compile(
    rf"({'|'.join(_ROUTES)})(?!\[redacted:)[^\s\"'<>)\]}}]{{1,2000}}".replace("/", _SLASH),
    re.IGNORECASE,
)


def take_userinfo(text: str) -> str:
    """``https://[redacted:userinfo]@host/path``, and the same as part of another address."""
    if "@" in text:
        text = _USERINFO.sub(rf"\1{mark('userinfo')}@", text)
    return _QUOTED_USERINFO.sub(rf"\1{mark('userinfo')}\2", text) if "%40" in text else text


def take_webhooks(text: str) -> str:
    """``https://hooks.slack.com/services/[redacted:webhook]``: the service stays, the secret goes."""
    return _WEBHOOK.sub(rf"\1{mark('webhook')}", text)
