"""What a demo consists of, decided before anything starts and handed to every process by the environment."""

import json
import os
import secrets
import tempfile
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass

from demo import ports
from webhook_alerts.testing import services

VARIABLE = "SHOP_DEMO"
CHANNELS = {
    **dict.fromkeys(("errors", "info", "performance", "members"), "discord"),
    **{service.name: service.name for service in services.EVERY if service.name != "discord"},
}
"""The service that each webhook of the stand-ins belongs to: those of a team at Discord, and one at each other service,

which gets everything, to be compared.
"""
ALSO = tuple(name for name, service in CHANNELS.items() if name == service)


@dataclass(frozen=True)
class Plan:
    """Ports are 0 where the thing is somebody else's: a given Redis, real webhooks."""

    data: str
    web_port: int
    standin_port: int
    smtp_port: int
    redis_port: int
    redis_password: str
    login: str
    password: str

    @property
    def shop_url(self) -> str:
        """The shop's home page."""
        return f"http://{ports.HOST}:{self.web_port}/"

    @property
    def admin_url(self) -> str:
        """The admin's list of alerts."""
        return f"{self.shop_url}admin/webhook_alerts/alert/"

    @property
    def standin_url(self) -> str:
        """The page of the stand-in."""
        return f"http://{ports.HOST}:{self.standin_port}/" if self.standin_port else ""


def current() -> Plan | None:
    """The plan that this process runs under."""
    text = os.environ.get(VARIABLE)
    return Plan(**json.loads(text)) if text else None


def make(environment: MutableMapping[str, str], *, has_webhooks: bool) -> Plan:
    """Decide, and write into *environment* what the shop's settings read. A stand-in only where no webhook is set."""
    plan = Plan(
        data=tempfile.mkdtemp(prefix="webhook-alerts-demo-"),
        web_port=ports.choose(8000),
        standin_port=0 if has_webhooks else ports.choose(8090),
        smtp_port=0 if has_webhooks else ports.anywhere(),
        redis_port=0 if environment.get("REDIS_URL") else ports.anywhere(),
        redis_password=secrets.token_urlsafe(16),
        login="admin",
        password=secrets.token_urlsafe(9),
    )
    environment[VARIABLE] = json.dumps(asdict(plan))
    environment["SHOP_DATA"] = plan.data
    # Short, so that one sees a storm's count without waiting for a minute.
    environment.setdefault("WEBHOOK_DEDUP_WINDOW", "5")
    environment.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    if plan.redis_port:
        environment["REDIS_URL"] = f"redis://:{plan.redis_password}@{ports.HOST}:{plan.redis_port}/0"
    environment.setdefault("WEBHOOK_BASE_URL", plan.shop_url.rstrip("/"))
    if plan.standin_port:
        environment["STANDIN_URL"] = plan.standin_url
        environment["SHOP_ALSO_TELL"] = ",".join(ALSO)
        environment["EMAIL_HOST"], environment["EMAIL_PORT"] = ports.HOST, str(plan.smtp_port)
        for service in services.EVERY:
            for name in (name for name, channel in CHANNELS.items() if channel == service.name):
                environment[f"WEBHOOK_{name.upper()}_URL"] = service(port=plan.standin_port).url(name)
                environment[f"WEBHOOK_{name.upper()}_CHANNEL"] = service.name
    return plan
