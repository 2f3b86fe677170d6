"""A run with every failure, and then a search for the webhooks' addresses wherever anything is written to."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.conftest import Project
from tests.servers import Redis
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

pytestmark = pytest.mark.slow
ELSEWHERE = "https://no-such-host.invalid/hooks/" + "S" * 40


def test_no_address_stands_anywhere_whatever_fails(
    make_project: Callable[..., Project], own_redis: Redis, discord: FakeDiscord, tmp_path: Path
) -> None:
    url = discord.url("errors")
    token = url.rsplit("/", 1)[-1]
    quoting = Answer(400, body={"code": 50035, "message": f"Cannot POST {url}"})
    discord.script(
        "errors",
        [Answer(500, body=f"<p>{url}</p>"), Answer(reset=True), Answer(302, {"Location": url}), quoting, quoting],
    )
    hook = {"url": url, "channel": "discord", "rate": [], "min_level": "WARNING", "fallback": "other"}
    project = make_project(
        TEST_WEBHOOKS=json.dumps({"errors": hook, "other": {"url": ELSEWHERE, "rate": []}}),
        REDIS_URL=own_redis.url,
        TEST_BROKER_URL=own_redis.url,
    )
    project.worker("-E")
    project.beat()
    raised = project.manage("shell", "-c", f"import logging; logging.getLogger('shop').error('asked {url} in vain')")
    assert raised.returncode == 0, raised.stderr
    project.run(
        "import requests\nfrom webhook_alerts import notify\n"
        f"try:\n    requests.get('http://127.0.0.1:9/x?u={url}', timeout=1)\n"
        f"except requests.RequestException:\n    notify.exception('requests says its address', hook='{url}')\n"
        "notify.critical('go on')\nassert notify.flush(20)"
    )
    project.wait_until(
        lambda: project.ask("models.Attempt.objects.values('error').distinct().count()") >= 4, what="every failure"
    )
    project.manage("alerts", "status")
    own_redis.freeze()
    project.run(f"import logging; logging.getLogger('shop').error('into the spool: {url}')", timeout=30)
    own_redis.thaw()

    places = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with redis.Redis.from_url(own_redis.url) as memory:
        for key in memory.scan_iter("*"):
            places[f"redis {key!r}"] = memory.dump(key) or b""
            if memory.type(key) == b"list":
                waiting = memory.lrange(key, 0, -1)
                places[f"redis {key!r}"] = b"".join(waiting + [b64decode(json.loads(one)["body"]) for one in waiting])
    places["status"] = project.manage("alerts", "doctor", "--json").stdout.encode()
    assert any(b"redacted:webhook" in data for data in places.values())  # it was there to be found
    assert any(name.endswith(".sqlite3") for name in places)
    for secret in (token, "S" * 40):
        assert [name for name, data in places.items() if secret.encode() in data] == []
