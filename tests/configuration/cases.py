"""Every way to write the settings wrongly: the id that names it, the value, and what its message or hint must say."""

from __future__ import annotations

from typing import Any

TOKEN = "s3cretT0ken" * 6
DISCORD = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
PLAIN = f"https://alerts.example.com/{TOKEN}"


def webhooks(**given: Any) -> dict[str, Any]:
    """Settings with these webhooks."""
    return {"WEBHOOKS": given}


def errors(**options: Any) -> dict[str, Any]:
    """Settings with one webhook, on Discord unless *options* say otherwise."""
    return webhooks(errors={"url": DISCORD, **options})


WRONG: list[tuple[str, Any, str]] = [
    ("E001", 42, "must be a dict, not int"),
    ("E001", None, "must be a dict, not NoneType"),
    ("E001", [DISCORD], "must be a dict, not list"),
    ("E002", {"QUEU_SIZE": 5}, "Did you mean 'QUEUE_SIZE'?"),
    ("E002", {"Redact": {}}, "Did you mean 'REDACT'?"),
    ("E002", {"zzzz": 5}, "Known keys: PRESET, WEBHOOKS"),
    ("E002", {"RETENTION": {"deliverd": 3}}, "Did you mean 'delivered'?"),
    ("E002", errors(adress=1), "unknown key: 'adress'"),
    ("E002", errors(batchsize=1), "Did you mean 'batch_size'?"),
    ("E003", {"QUEUE_SIZE": "5000"}, "must be a whole number from 10 to 1000000, not str"),
    ("E003", {"QUEUE_SIZE": True}, "not bool"),
    ("E003", {"FLUSH_INTERVAL": None}, "must be seconds"),
    ("E003", {"MASK_USER_IDS": 1}, "True or False"),
    ("E003", {"IGNORE_LOGGERS": "django"}, "a list of logger names"),
    ("E003", {"REDACT": ["password"]}, "must be a dict"),
    ("E003", {"REDIS_URL": 6379}, "must be a text"),
    ("E003", {"RETENTION": 30}, "must be a dict of days"),
    ("E003", {"ROUTES": ["errors"]}, "must be a dict"),
    ("E003", {"ROUTES": {"error": 1}}, "must be a list of webhook names"),
    ("E003", {"TEMPLATES": "shop.draw"}, "must be a dict"),
    ("E003", {"TEMPLATES": {"error": len}}, "must be a text"),
    ("E003", {"WEBHOOKS": DISCORD}, "must be a dict"),
    ("E003", webhooks(errors=[DISCORD]), "must be a URL or a dict"),
    ("E003", errors(url=b"https://x"), "must be a text, not bytes"),
    ("E003", errors(channel=1), "must be a text"),
    ("E003", errors(enabled="no"), "True or False"),
    ("E004", {"PRESET": "producton"}, "Did you mean 'production'?"),
    ("E004", {"PRESET": 1}, "Choose one of production, staging, development"),
    ("E005", webhooks(**{"My Errors": DISCORD}), "has a bad name"),
    ("E005", webhooks(**{DISCORD: "errors"}), "has a bad name"),
    ("E006", errors(url=f"discord.com/{TOKEN}"), "does not begin with https://"),
    ("E006", errors(url=f"https:///{TOKEN}"), "names no host"),
    ("E006", errors(url=f"https://x:port/{TOKEN}"), "host or port cannot be read"),
    ("E006", errors(url=f"https://x:0/{TOKEN}"), "port is 0"),
    ("E006", errors(url=f"{DISCORD}\n"), "a line break"),
    ("E006", errors(url=PLAIN, channel="discord"), "ends in /api/webhooks/<id>/<token>"),
    ("E007", errors(url=PLAIN.replace("https", "http")), "does not use https"),
    ("E008", errors(channel="discrod"), "Did you mean 'discord'?"),
    ("E008", errors(channel="no.such.Channel"), "dotted path of a Channel class"),
    ("E008", errors(channel="collections.OrderedDict"), "which is no channel"),
    ("E009", errors(rate="often"), "'often' is no rate"),
    ("E009", errors(rate="0/m"), "'0/m' lets nothing through"),
    ("E009", errors(rate=30), "it is int"),
    ("E009", errors(rate=["1/s"] * 9), "more than 8 windows"),
    ("E010", errors(min_level="LOUD"), "Choose one of DEBUG, INFO"),
    ("E010", errors(min_level=11), "is 11, which is no level"),
    ("E011", webhooks(errors={"url": DISCORD, "fallback": "inof"}, info=DISCORD), "Did you mean 'info'?"),
    ("E011", errors(fallback="zzz"), "Name one of the webhooks you add"),
    ("E012", {"ROUTES": {"eror": []}}, "Did you mean 'error'?"),
    ("E012", {"ROUTES": {5: []}}, "There are routes for critical, error"),
    ("E013", {**errors(), "ROUTES": {"info": ["eror"]}}, "Did you mean 'errors'?"),
    ("E013", {**errors(), "ROUTES": {"info": "zzz"}}, "names the webhook 'zzz'"),
    ("E014", {"REDIS_URL": f"http://:{TOKEN}@redis"}, "does not begin with redis://"),
    ("E014", {"REDIS_URL": f"redis://:{TOKEN}@redis:port/0"}, "its port"),
    ("E016", {"TEMPLATES": {"eror": "shop.draw"}}, "Did you mean 'error'?"),
    ("E017", errors(timeout=15.5), "from 1 to 15"),
    ("E018", webhooks(a={"url": DISCORD, "fallback": "a"}), "a → a"),
    ("E019", {"QUEUE_SIZE": 9}, "is 9, which is out of bounds"),
    ("E019", {"QUEUE_SIZE": 10**6000}, "a huge number"),
    ("E019", {"FLUSH_INTERVAL": float("nan")}, "is nan"),
    ("E019", {"DEDUP_WINDOW": float("inf")}, "is inf"),
    ("E019", {"SPOOL_DIR": ""}, "the path of a directory"),
    ("E019", {"RETENTION": {"failed": 0}}, "from 1 to 36500"),
    ("E019", errors(batch_size=0), "from 1 to 100"),
    ("E019", errors(avatar_url="http://example.com/a.png"), "begins with https://"),
    ("E003", {"REDACT": {"keys": "cpf"}}, "must be a list of names"),
    ("E003", {"REDACT": {"patterns": 5}}, "must be a list, or a dict by kind"),
    ("E002", {"REDACT": {"pattern": []}}, "Did you mean 'patterns'?"),
    ("E023", {"REDACT": {"patterns": ["("]}}, "is no regular expression"),
    ("E023", {"REDACT": {"patterns": {"order": "x*"}}}, "matches the empty text"),
    ("E024", {"REDACT": {"function": "no.such.function"}}, "cannot be imported"),
    ("E024", {"REDACT": {"function": "os.sep"}}, "is not the dotted path of a callable"),
]
"""What each makes is this one problem and no other."""

MISPLACED: list[Any] = [
    DISCORD,
    [DISCORD],
    {DISCORD: 1},
    {"PRESET": DISCORD},
    {"PRESET": TOKEN},
    {"QUEUE_SIZE": DISCORD},
    {"REDIS_URL": DISCORD},
    {"RETENTION": {DISCORD: DISCORD}},
    {"TEMPLATES": {DISCORD: DISCORD}},
    {"ROUTES": {DISCORD: DISCORD}},
    {"ROUTES": {"error": DISCORD}},
    {"REDACT": {"patterns": {DISCORD: TOKEN}, "function": DISCORD}},
    {"WEBHOOKS": [DISCORD]},
    {"WEBHOOKS": {DISCORD: DISCORD}},
    {"WEBHOOKS": {DISCORD: "errors", "info": {"url": DISCORD, "fallback": "zzz"}}},
    {"WEBHOOKS": {DISCORD: 1}, "ROUTES": {"error": DISCORD[:-1]}},
    {"WEBHOOKS": {DISCORD: 1}, "ROUTES": {"error": DISCORD}},
    errors(**{DISCORD: 1}),
    errors(url=f"{DISCORD} "),
    errors(url=DISCORD.replace("https", "http")),
    errors(url=PLAIN, channel="discord"),
    *(errors(**{key: DISCORD}) for key in ("channel", "rate", "min_level", "fallback", "timeout", "batch_size")),
    errors(rate=[DISCORD, TOKEN]),
]
"""Addresses and tokens, in every place where one may be pasted by mistake."""
